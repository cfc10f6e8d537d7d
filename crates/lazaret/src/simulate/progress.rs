//! A progress bar for what takes more than a second, on a terminal.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use lazaret_sim::study::Stop;
use lazaret_sim::{LEVEL, MetricNames, Moments};

const QUIET: Duration = Duration::from_secs(1);

pub(crate) struct Progress {
    shown: bool,
    began: Instant,
    bar: Option<ProgressBar>,
    most: u64,
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
            shown: stderr().is_terminal(),
            began: Instant::now(),
            bar: None,
            most,
            settling,
            aim,
            rows: 0,
        }
    }

    pub(crate) fn take(&mut self, values: &[f64]) {
        if !self.shown {
            return;
        }
        self.rows += 1;
        for (at, _, moments) in &mut self.settling {
            moments.add(values[*at]);
        }
        if self.bar.is_none() && self.began.elapsed() > QUIET {
            let style = ProgressStyle::with_template(
                "{bar:30} {pos} of {len} replications, {eta} left  {msg}",
            )
            .unwrap_or_else(|_| ProgressStyle::default_bar());
            self.bar = Some(
                ProgressBar::new(self.most)
                    .with_style(style)
                    .with_elapsed(self.began.elapsed()),
            );
        }
        if let Some(bar) = &self.bar {
            bar.set_position(self.rows);
            if self.rows.is_multiple_of(10) {
                bar.set_message(self.worst());
            }
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
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
