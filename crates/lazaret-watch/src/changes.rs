//! How an unknown may change over time: it wanders, is drawn anew from time to time, or may be drawn anew on a stated day.
//!
//! Whatever the law, what is believed of the unknown beforehand is the same on every day: its prior. What the law says is how
//! much a value of one day tells of that of another. So what is known of the past fades into the prior as one looks ahead, and
//! never beyond what the prior allows.
//!
//! * **walk(s)**: the unknown's normal score, Φ⁻¹ of its rank in the prior, is an autoregression. In thirty days it moves by the share
//!   s of what is not known beforehand: its correlation over d days is (1 − s²)^(d / 60). It moves in steps of ten days or more.
//! * **regimes(τ)**: it keeps its value for a time that is exponential with mean τ, then is drawn anew.
//! * **on(DATE, p)**: on that day it is drawn anew with the chance p.
//!
//! Up to the day of the answer the steps are unknowns of their own, entries of θ that the evidence weighs. Beyond it they follow from
//! θ by a key: each value of θ has one future, drawn from the law, and many values of θ have many.

use jiff::civil::Date;
use lazaret_gateway::distribution::{normal_cdf, normal_quantile};
use lazaret_smc::prior::{Density, Independent, Table};
use lazaret_smc::random::{Stream, StreamKey};

/// How an unknown may change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Changes {
    /// It wanders: by this share of what is not known of it beforehand, in thirty days; between 0 and 1.
    Walk(f64),
    /// It is drawn anew after waiting times with this mean, in days.
    Regimes(f64),
    /// On this day it is drawn anew with this chance.
    On(Date, f64),
}

/// What may be written for [`Changes`].
pub(crate) const HELP: &str = "write walk(0.3), regimes(90 d) or on(2022-05-01, 0.5)";

impl Changes {
    /// Reads `walk(0.3)`, `regimes(90 d)` or `on(2022-05-01, 0.5)`.
    ///
    /// # Errors
    /// Says in words what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let parts = text
            .strip_suffix(')')
            .and_then(|rest| rest.split_once('('))
            .ok_or_else(|| format!("`{text}` is not a way to change"))?;
        let (law, inside) = (parts.0.trim(), parts.1.trim());
        let share = |text: &str, what: &str| {
            let number: Option<f64> = text.trim().parse().ok();
            number
                .filter(|share| (0.0..=1.0).contains(share))
                .ok_or_else(|| format!("`{}` is not {what} from 0 to 1", text.trim()))
        };
        match law {
            "walk" => Ok(Self::Walk(share(inside, "a share")?)),
            "regimes" => {
                let days = inside.trim_end_matches('d').trim().parse::<f64>().ok();
                let days =
                    days.filter(|days| (1.0..=36_500.0).contains(days) && inside.ends_with('d'));
                days.map(Self::Regimes)
                    .ok_or_else(|| format!("`{inside}` is not a mean waiting time of 1 d or more"))
            }
            "on" => {
                let (date, chance) = inside
                    .split_once(',')
                    .ok_or_else(|| format!("`{inside}` is not a date and a chance"))?;
                let date = date.trim().parse::<Date>();
                let date = date.map_err(|_| format!("`{inside}` does not begin with a date"))?;
                Ok(Self::On(date, share(chance, "a chance")?))
            }
            _ => Err(format!("`{law}` is not a way to change")),
        }
    }
}

/// Days between steps of a walk at least, and steps of it that the evidence weighs at most.
const STEP_DAYS: usize = 10;
const STEPS_MOST: usize = 6;

/// Changes of a regime that the evidence weighs at most, and the chance of more below which they are enough.
const REGIMES_MOST: usize = 3;
const REGIMES_CHANCE: f64 = 0.02;

/// What ranks in the prior of an unknown are worth, and the other way round.
#[derive(Clone, Debug)]
pub(crate) enum Scale {
    /// The entry of θ is the value.
    Density(Density),
    /// The entry of θ is the rank.
    Table(Table),
}

impl Scale {
    fn rank(&self, entry: f64) -> f64 {
        let rank = match self {
            Scale::Density(density) => density.cumulative(entry),
            Scale::Table(_) => entry,
        };
        rank.clamp(1e-9, 1.0 - 1e-9)
    }

    fn value(&self, rank: f64) -> f64 {
        match self {
            Scale::Density(density) => density.quantile(rank.clamp(1e-9, 1.0 - 1e-9)),
            Scale::Table(table) => table.value(rank.clamp(0.0, 1.0 - 1e-12)),
        }
    }

    /// The value that an entry of θ stands for.
    pub(crate) fn of_entry(&self, entry: f64) -> f64 {
        match self {
            Scale::Density(_) => entry,
            Scale::Table(table) => table.value(entry),
        }
    }
}

/// One unknown that changes, as far as the evidence reaches to day `last`.
#[derive(Clone, Debug)]
pub(crate) struct Changing {
    law: Law,
    scale: Scale,
    /// Its first entry of θ; those of its changes follow.
    at: usize,
    last: usize,
    /// Tells its future from those of other unknowns.
    number: u64,
}

/// A law with its day in days since the start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Law {
    Walk(f64),
    Regimes(f64),
    /// None for a day before the start: it has no bearing on the days that are followed.
    On(Option<usize>, f64),
}

impl Changing {
    /// Adds the entries of θ after that of the value itself, which is number `at`.
    ///
    /// * `last` — the last day that the evidence reaches.
    pub(crate) fn new(
        law: Law,
        scale: Scale,
        (at, number): (usize, u64),
        last: usize,
        (name, prior): (&str, &mut Independent),
    ) -> Self {
        let changing = Self {
            law,
            scale,
            at,
            last,
            number,
        };
        let rank = Density::Uniform {
            low: 0.0,
            high: 1.0,
        };
        let score = Density::Normal { mean: 0.0, sd: 1.0 };
        for step in 1..=changing.weighed() {
            match law {
                Law::Walk(_) => prior.push(format!("{name} step {step}"), Box::new(score.clone())),
                Law::Regimes(_) => {
                    prior.push(format!("{name} wait {step}"), Box::new(rank.clone()));
                    prior.push(format!("{name} value {step}"), Box::new(rank.clone()));
                }
                Law::On(..) => prior.push(format!("{name} then"), Box::new(rank.clone())),
            }
        }
        changing
    }

    /// Days between two steps of a walk.
    fn step(&self) -> usize {
        STEP_DAYS.max(self.last.div_ceil(STEPS_MOST))
    }

    /// Changes that the evidence weighs.
    fn weighed(&self) -> usize {
        match self.law {
            Law::Walk(_) => self.last / self.step(),
            Law::Regimes(mean) => {
                let expected = self.last as f64 / mean;
                let (mut term, mut up_to) = ((-expected).exp(), (-expected).exp());
                let mut changes = 0;
                while changes < REGIMES_MOST && 1.0 - up_to > REGIMES_CHANCE {
                    changes += 1;
                    term *= expected / changes as f64;
                    up_to += term;
                }
                changes
            }
            Law::On(day, _) => usize::from(day.is_some_and(|day| day <= self.last)),
        }
    }

    /// The value from day 0 on and at each change up to day `until`, with the day from which it is so.
    pub(crate) fn path(&self, theta: &[f64], until: usize) -> Vec<(usize, f64)> {
        let entries = &theta[self.at..];
        let mut path = vec![(0, self.scale.of_entry(entries[0]))];
        let mut future = future(theta, self.number);
        match self.law {
            Law::Walk(share) => self.walk(share, entries, until, &mut path, &mut future),
            Law::Regimes(mean) => {
                let mut day = 0.0_f64;
                for change in 0.. {
                    let weighed = change < self.weighed();
                    let (wait, rank) = if weighed {
                        (entries[1 + 2 * change], entries[2 + 2 * change])
                    } else {
                        (future.uniform(), future.uniform())
                    };
                    if !weighed {
                        // More changes than are weighed come after the evidence; a waiting time has no memory.
                        day = day.max(self.last as f64);
                    }
                    day += -mean * (-wait.min(1.0 - 1e-12)).ln_1p();
                    if day >= until as f64 {
                        break;
                    }
                    path.push((day as usize + 1, self.scale.value(rank)));
                }
            }
            Law::On(Some(day), chance) if day <= until => {
                let rank = if day <= self.last {
                    entries[1]
                } else {
                    future.uniform()
                };
                // One rank tells both whether and to what: above 1 − p it is drawn anew, evenly in what is left.
                if rank > 1.0 - chance {
                    path.push((day, self.scale.value((rank - 1.0 + chance) / chance)));
                }
            }
            Law::On(..) => {}
        }
        path
    }

    fn walk(
        &self,
        share: f64,
        entries: &[f64],
        until: usize,
        path: &mut Vec<(usize, f64)>,
        future: &mut Stream,
    ) {
        let step = self.step();
        // The correlation over one step.
        let kept = (1.0 - share * share).max(0.0).powf(step as f64 / 60.0);
        let moves = (1.0 - kept * kept).sqrt();
        let mut score = normal_quantile(self.scale.rank(entries[0]));
        let mut weighed = entries[1..].iter().take(self.weighed());
        for number in 1..=until / step {
            let by = weighed
                .next()
                .copied()
                .unwrap_or_else(|| normal_quantile(future.uniform().clamp(1e-12, 1.0 - 1e-12)));
            score = kept * score + moves * by;
            path.push((number * step, self.scale.value(normal_cdf(score))));
        }
    }
}

/// What comes after the evidence: the same for the same θ.
fn future(theta: &[f64], number: u64) -> Stream {
    let key = theta
        .iter()
        .fold(StreamKey::new(0x6368_616e_6765), |key, x| {
            key.child(x.to_bits())
        });
    key.child(number).stream()
}

/// Values of all unknowns over time: each with the day from which they are so, the first from day 0 on.
pub type Path = Vec<(usize, Vec<f64>)>;

/// Puts the paths of single unknowns together.
pub(crate) fn together(each: &[Vec<(usize, f64)>]) -> Path {
    let mut days: Vec<usize> = each.iter().flatten().map(|(day, _)| *day).collect();
    days.push(0);
    days.sort_unstable();
    days.dedup();
    let on = |path: &[(usize, f64)], day: usize| {
        let found = path.iter().rev().find(|(from, _)| *from <= day);
        found.map_or(f64::NAN, |(_, value)| *value)
    };
    days.into_iter()
        .map(|day| (day, each.iter().map(|path| on(path, day)).collect()))
        .collect()
}

/// The values of `path` on `day`.
#[must_use]
pub fn values_on(path: &[(usize, Vec<f64>)], day: usize) -> &[f64] {
    let found = path.iter().rev().find(|(from, _)| *from <= day);
    found
        .or(path.first())
        .map_or(&[], |(_, values)| values.as_slice())
}
