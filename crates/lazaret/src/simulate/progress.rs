//! How far a study is, and which figure is farthest from settled.

use lazaret_sim::study::Stop;
use lazaret_sim::{LEVEL, MetricNames, Moments};

use crate::waiting::Bar;

pub(crate) struct Progress {
    bar: Bar,
    /// Metrics that must settle: position, name, what is known of it.
    settling: Vec<(usize, String, Moments)>,
    aim: Aim,
    rows: u64,
}

enum Aim {
    Share(f64),
    HalfWidth(f64),
}

impl Progress {
    pub(crate) fn new(stop: &Stop, metrics: &MetricNames) -> Self {
        let (most, settling, aim) = match stop {
            Stop::After(n) => (*n, Vec::new(), Aim::Share(0.0)),
            Stop::Relative {
                metrics,
                share,
                limit,
            } => (*limit, metrics.clone(), Aim::Share(*share)),
            Stop::Absolute {
                metric,
                half_width,
                limit,
            } => (*limit, vec![*metric], Aim::HalfWidth(*half_width)),
        };
        let settling = settling
            .into_iter()
            .filter_map(|at| Some((at, metrics.iter().nth(at)?.to_string(), Moments::default())))
            .collect();
        Progress {
            bar: Bar::new("replications", Some(most), false),
            settling,
            aim,
            rows: 0,
        }
    }

    pub(crate) fn take(&mut self, values: &[f64]) {
        if !self.bar.is_shown() {
            return;
        }
        self.rows += 1;
        for (at, _, moments) in &mut self.settling {
            moments.add(values[*at]);
        }
        self.bar.advance(1);
        if self.rows.is_multiple_of(10) {
            self.bar.tell(self.worst());
        }
    }

    /// The figure that is farthest from settled.
    fn worst(&self) -> String {
        let distance = |moments: &Moments| {
            let half = moments.half_width(LEVEL);
            match self.aim {
                Aim::Share(share) => half / (share * moments.mean().abs()),
                Aim::HalfWidth(aim) => half / aim,
            }
        };
        let worst = self
            .settling
            .iter()
            .filter(|(_, _, moments)| moments.n() > 1)
            .max_by(|a, b| distance(&a.2).total_cmp(&distance(&b.2)));
        let Some((_, name, moments)) = worst else {
            return String::new();
        };
        let half = moments.half_width(LEVEL);
        match self.aim {
            Aim::Share(share) => format!(
                "{name} known to {:.1} % (aim {:.0} %)",
                100.0 * half / moments.mean().abs(),
                100.0 * share
            ),
            Aim::HalfWidth(aim) => format!("{name} known to {half:.3} (aim {aim})"),
        }
    }

    pub(crate) fn clear(&self) {
        self.bar.end();
    }
}
