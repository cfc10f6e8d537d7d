//! How well an image could see what it is said to show, and the hour at which it was so.

use lazaret_gateway::diagnostic::Location;

use super::Reader;

/// How well an image could see.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sight {
    /// Share of the place under cloud, from 0 to 1.
    pub cloud: Option<f32>,
    /// Metres of the ground in one pixel.
    pub resolution_m: Option<f32>,
    /// Degrees off the vertical.
    pub angle_deg: Option<f32>,
}

/// Pixels across a thing from which on it is counted for certain; at one pixel it is not seen. An assumption, near Johnson1958's count of
/// cycles for telling what a thing is.
const PIXELS_ACROSS: f64 = 3.0;

impl Sight {
    /// The share of things of `size_m` metres that can be seen, of those that could be seen straight down on a clear day. Clouds
    /// hide their share; what has fewer than three pixels across is lost in proportion; the oblique view hides as the ground is
    /// foreshortened. Without a size the resolution says nothing.
    #[must_use]
    pub fn share(&self, size_m: Option<f64>) -> f64 {
        let clear = 1.0 - f64::from(self.cloud.unwrap_or(0.0));
        let sharp = match (self.resolution_m, size_m) {
            (Some(metres), Some(size)) => {
                let across = size / f64::from(metres);
                ((across - 1.0) / (PIXELS_ACROSS - 1.0)).clamp(0.0, 1.0)
            }
            _ => 1.0,
        };
        let upright = f64::from(self.angle_deg.unwrap_or(0.0)).to_radians().cos();
        clear * sharp * upright
    }
}

impl Reader<'_> {
    /// An hour of the day, such as 07:30.
    pub(super) fn hour(&mut self, (text, at): (&str, Location)) -> Option<f32> {
        if text.is_empty() {
            return None;
        }
        let parts = text
            .split_once(':')
            .map(|(h, m)| (h.parse::<u8>(), m.parse::<u8>()));
        match parts {
            Some((Ok(hour), Ok(minute))) if hour < 24 && minute < 60 => {
                Some(f32::from(hour) + f32::from(minute) / 60.0)
            }
            _ => {
                let message = format!("`{text}` is not a time of day");
                self.error(
                    "bad-time",
                    at,
                    message,
                    "write the local hour and minute, such as 07:30",
                );
                None
            }
        }
    }

    /// How well an image could see: cloud, resolution and angle.
    pub(super) fn sight(&mut self, cells: &[(&str, Location); 3]) -> Option<Box<Sight>> {
        let limits = [
            ("cloud", 0.0..=1.0, "a share from 0 to 1"),
            ("resolution_m", 0.01..=10_000.0, "metres in one pixel"),
            (
                "angle_deg",
                0.0..=89.0,
                "degrees off the vertical, up to 89",
            ),
        ];
        let mut found = [None; 3];
        for ((place, cell), (name, within, help)) in found.iter_mut().zip(cells).zip(limits) {
            let number = self.number(*cell, name);
            if let Some(number) = number
                && !within.contains(&number)
            {
                let message = format!("{number} under {name} is out of range");
                self.error("out-of-range", cell.1, message, &format!("write {help}"));
            }
            *place = number.map(|number| number as f32);
        }
        let [cloud, resolution_m, angle_deg] = found;
        let sight = Sight {
            cloud,
            resolution_m,
            angle_deg,
        };
        (sight != Sight::default()).then(|| Box::new(sight))
    }
}
