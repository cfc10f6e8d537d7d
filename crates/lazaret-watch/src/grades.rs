//! How often each source misreports: what its letter says beforehand, and what its rows teach.
//!
//! The chance b of a misreport is the same for all rows of a source that have the same letter. Beforehand
//! b ~ Beta(k·b₀, k·(1 − b₀)): b₀ is the letter's, and k, the **strength**, is how many reports it would take to weigh as
//! much as the letter (*pseudo-reports*). Of n rows of which m were misreports, the next is one with the chance
//! (k·b₀ + m) / (k + n): the Beta-binomial, or Pólya's urn. Nobody tells which rows were misreports. A particle draws that
//! for each row it takes in and carries m ([`site`](crate::site)); for an answer, [`learn`] sums over all that m may
//! have been along each course, so that nothing is left to chance but the courses themselves.

use lazaret_smc::random::{Stream, StreamKey};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use statrs::distribution::{Beta, ContinuousCDF};

use crate::course::Course;
use crate::observation::{Observation, Observations};
pub use crate::sources::{COUNTED_MOST, Source};

/// Rows of a source up to which the chance of each is worked out without itself; of more, one row says too little about
/// its source to matter.
const ROWS_EXACT: usize = 500;

/// Products that all courses together may cost; beyond it only some of the courses are followed. A row costs as many as
/// its source has rows, and what it takes to say how likely it is along a course.
const WORK_MOST: f64 = 1e9;
const WORK_OF_A_ROW: f64 = 1000.0;

/// Courses followed at a time, so that what is known of each need not be kept for all.
const AT_ONCE: usize = 16;

/// A chance that is not known for certain.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chance {
    /// Its mean: the chance of the next row.
    pub mean: f64,
    /// 5 % lie below.
    pub q05: f64,
    /// 5 % lie above.
    pub q95: f64,
}

/// What became of a source's grade.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Graded {
    /// The source.
    pub source: String,
    /// Its letter.
    pub letter: char,
    /// Rows of it that were taken in.
    pub rows: usize,
    /// Chance of a misreport by its letter.
    pub before: Chance,
    /// The same given all the evidence.
    pub after: Chance,
}

/// What the evidence teaches about its sources along courses drawn from what is believed after it.
#[derive(Clone, Debug)]
pub struct Learned {
    /// By source, in the order of [`Observations::sources`].
    pub sources: Vec<Graded>,
    /// By row used: the chance that it is a misreport, given everything. A row that may be a repetition is judged as if
    /// it spoke for itself.
    pub rows: Vec<f64>,
    beliefs: Vec<Mixture>,
    /// For courses that were followed, taken evenly of all, by source: mean of its chance along the course, and a draw.
    followed: Vec<Vec<(f64, f64)>>,
    courses: usize,
}

impl Learned {
    /// Chance that the next row of source number `source` is a misreport, if course number `course` is the true one.
    #[must_use]
    pub fn chance(&self, course: usize, source: usize) -> f64 {
        self.followed(course)[source].0
    }

    /// A draw of the chance of a misreport of source number `source`, if course number `course` is the true one.
    #[must_use]
    pub fn drawn(&self, course: usize, source: usize) -> f64 {
        self.followed(course)[source].1
    }

    fn followed(&self, course: usize) -> &[(f64, f64)] {
        &self.followed[course * self.followed.len() / self.courses]
    }

    /// The chance of a misreport of one of the rows of `sources`, by their numbers; none if they have no rows.
    #[must_use]
    pub fn pooled(&self, sources: &[usize]) -> Option<Chance> {
        let rows: usize = sources.iter().map(|s| self.sources[*s].rows).sum();
        let parts = sources.iter().flat_map(|s| {
            let share = self.sources[*s].rows as f64 / rows.max(1) as f64;
            let parts = self.beliefs[*s].0.iter();
            parts.map(move |(weight, part)| (share * weight, *part))
        });
        (rows > 0).then(|| Mixture(parts.collect()).chance())
    }
}

/// Sums over all that the sources may have done along each course.
///
/// * `courses` — draws of equal weight from what is believed after the evidence.
/// * `left_out` — rows among those used that were not taken in.
/// * `key` — for the draws.
#[must_use]
pub fn learn(
    observations: &Observations,
    courses: &[Course],
    left_out: &[usize],
    key: StreamKey,
) -> Learned {
    let taken: Vec<Vec<usize>> = observations
        .sources
        .iter()
        .map(|source| {
            let rows = source.rows.iter().copied();
            rows.filter(|row| !left_out.contains(row)).collect()
        })
        .collect();
    let work = |rows: &Vec<usize>| rows.len() as f64 * (rows.len() as f64 + WORK_OF_A_ROW);
    let affordable = WORK_MOST / taken.iter().map(work).sum::<f64>().max(1.0);
    let followed = courses.len().min((affordable as usize).max(10));
    let mut counts: Vec<Vec<f64>> = taken.iter().map(|rows| vec![0.0; rows.len() + 1]).collect();
    let mut rows = vec![0.0; observations.used.len()];
    let mut each = Vec::with_capacity(followed);
    for first in (0..followed).step_by(AT_ONCE) {
        let some: Vec<Vec<Along>> = (first..followed.min(first + AT_ONCE))
            .into_par_iter()
            .map(|i| {
                // Courses that follow one another may be of one θ: take them evenly.
                let course = &courses[i * courses.len() / followed];
                let mut rng = key.child(i as u64).stream();
                let origins = origins(observations, course, left_out);
                let sources = observations.sources.iter().zip(&taken);
                sources
                    .map(|(source, rows)| {
                        along(source, rows, observations, course, &origins, &mut rng)
                    })
                    .collect()
            })
            .collect();
        // One after the other, so that sums do not depend on the threads.
        for course in some {
            for ((along, counts), taken) in course.iter().zip(&mut counts).zip(&taken) {
                for (offset, weight) in along.erred.weights.iter().enumerate() {
                    counts[along.erred.least + offset] += weight / followed as f64;
                }
                for (row, chance) in taken.iter().zip(&along.rows) {
                    rows[*row] += chance / followed as f64;
                }
            }
            let chances = course.into_iter().map(|along| (along.chance, along.drawn));
            each.push(chances.collect());
        }
    }
    for row in left_out {
        rows[*row] = 1.0;
    }
    let (mut sources, mut beliefs) = (Vec::new(), Vec::new());
    for ((source, counts), taken) in observations.sources.iter().zip(&mut counts).zip(&taken) {
        if followed == 0 {
            counts[0] = 1.0;
        }
        let belief = Mixture::after(source, counts);
        sources.push(Graded {
            source: source.name.clone(),
            letter: source.letter.letter(),
            rows: taken.len(),
            before: Mixture::after(source, &[1.0]).chance(),
            after: belief.chance(),
        });
        beliefs.push(belief);
    }
    Learned {
        sources,
        rows,
        beliefs,
        followed: each,
        courses: courses.len(),
    }
}

/// The chance that each story has one origin along a course. Of a story of two rows nothing more is known than beforehand, as it
/// is weighed with its second row; of a longer one, what its other rows say.
fn origins(observations: &Observations, course: &Course, left_out: &[usize]) -> Vec<f64> {
    let used = &observations.used;
    observations
        .stories
        .iter()
        .map(|story| {
            if story.rows.len() < 3 {
                return story.chance;
            }
            let told = story.rows.iter().filter(|row| !left_out.contains(row));
            let factors = told.filter_map(|row| {
                let observation = &used[*row];
                let retold = observation.retold?;
                let (right, wrong) = observation.alone(course.truth(observation));
                let b = observation.misreport;
                Some(retold.likely.ln() - ((1.0 - b) * right + b * wrong).max(1e-300).ln())
            });
            let odds = (story.chance / (1.0 - story.chance)).ln() + factors.sum::<f64>();
            1.0 / (1.0 + (-odds).exp())
        })
        .collect()
}

/// What one source did along one course.
struct Along {
    /// Of its rows so many were misreports.
    erred: Misreports,
    /// Chance that each is one.
    rows: Vec<f64>,
    /// Chance of its next.
    chance: f64,
    /// A draw of its chance.
    drawn: f64,
}

fn along(
    source: &Source,
    rows: &[usize],
    observations: &Observations,
    course: &Course,
    stories: &[f64],
    rng: &mut Stream,
) -> Along {
    let said: Vec<Said> = rows
        .iter()
        .map(|row| {
            let observation = &observations.used[*row];
            Said::of(observation, course.truth(observation), stories)
        })
        .collect();
    let (erred, rows) = if source.strength.is_finite() {
        tally(source, &said)
    } else {
        let rows = said.iter().map(|said| said.misreport(source.misreport));
        (Misreports::none(), rows.collect())
    };
    let taken = said.len() as f64;
    let chance = erred.mean_of(|m| source.chance(m, taken));
    let drawn = source.draw(erred.pick(rng.uniform()) as f64, taken, rng);
    Along {
        erred,
        rows,
        chance,
        drawn,
    }
}

/// How likely a row is along a course: as a right report and as a misreport.
#[derive(Clone, Copy, Debug)]
struct Said {
    right: f64,
    wrong: f64,
    /// The same if it repeats nothing.
    alone: (f64, f64),
}

impl Said {
    /// * `stories` — the chance that each story has one origin.
    fn of(observation: &Observation, truth: f64, stories: &[f64]) -> Self {
        let alone = observation.alone(truth);
        let mixed = |p: f64| {
            observation.retold.map_or(p, |retold| {
                let chance = stories[retold.story];
                chance * retold.likely + (1.0 - chance) * p
            })
        };
        Self {
            right: mixed(alone.0),
            wrong: mixed(alone.1),
            alone,
        }
    }

    /// Chance that it is a misreport if one is made with the chance `b`, as if it spoke for itself.
    fn misreport(&self, b: f64) -> f64 {
        let (right, wrong) = self.alone;
        b * wrong / (b * wrong + (1.0 - b) * right)
    }
}

/// How many of the rows taken in were misreports: probabilities from `least` on, which sum to 1.
#[derive(Clone, Debug)]
pub(crate) struct Misreports {
    least: usize,
    weights: Vec<f64>,
}

impl Misreports {
    pub(crate) fn none() -> Self {
        Self {
            least: 0,
            weights: vec![1.0],
        }
    }

    fn mean_of(&self, f: impl Fn(f64) -> f64) -> f64 {
        let each = self.weights.iter().enumerate();
        each.map(|(offset, weight)| weight * f((self.least + offset) as f64))
            .sum()
    }

    /// The number at which the running sum passes `point`.
    fn pick(&self, point: f64) -> usize {
        let mut left = point;
        let at = self.weights.iter().position(|weight| {
            left -= weight;
            left < 0.0
        });
        self.least + at.unwrap_or(self.weights.len() - 1)
    }

    /// After one row more, of `taken` before it.
    fn then(&self, source: &Source, taken: usize, said: &Said) -> Self {
        self.after(source, taken, (said.right, said.wrong)).0
    }

    /// After one row more, of `taken` before it, and the probability of that row.
    ///
    /// * `said` — how likely it is as a right report and as a misreport.
    pub(crate) fn after(&self, source: &Source, taken: usize, said: (f64, f64)) -> (Self, f64) {
        let mut weights = vec![0.0; self.weights.len() + 1];
        for (offset, weight) in self.weights.iter().enumerate() {
            let b = source.chance((self.least + offset) as f64, taken as f64);
            weights[offset] += weight * (1.0 - b) * said.0;
            weights[offset + 1] += weight * b * said.1;
        }
        let total: f64 = weights.iter().sum();
        for weight in &mut weights {
            *weight /= total;
        }
        let after = Self {
            least: self.least,
            weights,
        };
        (after.trimmed(), total)
    }

    /// Without ends that are as good as impossible, so that thousands of rows cost what matters of them.
    fn trimmed(mut self) -> Self {
        const NOTHING: f64 = 1e-60;
        while self.weights.len() > 1 && self.weights.last().is_some_and(|w| *w < NOTHING) {
            self.weights.pop();
        }
        let none = self.weights.iter().take_while(|w| **w < NOTHING).count();
        self.weights.drain(..none);
        self.least += none;
        self
    }
}

/// How many of the rows were misreports, and the chance of each, given all rows and the truths of a course.
fn tally(source: &Source, said: &[Said]) -> (Misreports, Vec<f64>) {
    let mut last = Misreports::none();
    if said.len() > ROWS_EXACT {
        for (taken, said) in said.iter().enumerate() {
            last = last.then(source, taken, said);
        }
        let b = last.mean_of(|m| source.chance(m, said.len() as f64));
        return (last, said.iter().map(|said| said.misreport(b)).collect());
    }
    let mut before = Vec::with_capacity(said.len());
    for (taken, said) in said.iter().enumerate() {
        let next = last.then(source, taken, said);
        before.push(std::mem::replace(&mut last, next));
    }
    // Backwards: how likely the later rows are, by the number of misreports before them.
    let mut later = Later::of(&last);
    let mut rows = vec![0.0; said.len()];
    for (taken, (tally, said)) in before.iter().zip(said).enumerate().rev() {
        let (wrong, right) = later.back(source, taken, tally, (said.right, said.wrong));
        rows[taken] = wrong * said.alone.1 / (wrong * said.alone.1 + right * said.alone.0);
    }
    (last, rows)
}

/// The logarithm of how likely all rows of a source are, and that of each row given all others.
///
/// * `said` — how likely each is as a right report and as a misreport, in the order taken in.
pub(crate) fn each_given_others(source: &Source, said: &[(f64, f64)]) -> (f64, Vec<f64>) {
    if source.strength.is_infinite() || said.len() < 2 {
        let logs: Vec<f64> = said
            .iter()
            .map(|(right, wrong)| {
                let b = source.misreport;
                ((1.0 - b) * right + b * wrong).ln()
            })
            .collect();
        return (logs.iter().sum(), logs);
    }
    let mut tallies = Vec::with_capacity(said.len());
    let mut last = Misreports::none();
    let mut sum = 0.0;
    for (taken, said) in said.iter().enumerate() {
        let (next, p) = last.after(source, taken, *said);
        sum += p.ln();
        tallies.push(std::mem::replace(&mut last, next));
    }
    if said.len() > ROWS_EXACT {
        let b = last.mean_of(|m| source.chance(m, said.len() as f64));
        let logs = said
            .iter()
            .map(|(right, wrong)| ((1.0 - b) * right + b * wrong).ln());
        return (sum, logs.collect());
    }
    let mut later = Later::of(&last);
    let mut logs = vec![0.0; said.len()];
    for (taken, (tally, said)) in tallies.iter().zip(said).enumerate().rev() {
        let (wrong, right) = later.back(source, taken, tally, *said);
        logs[taken] = ((wrong * said.1 + right * said.0) / (wrong + right)).ln();
    }
    (sum, logs)
}

/// How likely the later rows are, by the number of misreports before them, in any scale.
struct Later(Misreports);

impl Later {
    /// After the last row nothing is left.
    fn of(last: &Misreports) -> Self {
        Self(Misreports {
            least: last.least,
            weights: vec![1.0; last.weights.len()],
        })
    }

    /// Goes back by one row and returns how likely all others are together with its being wrong and right, up to a factor.
    ///
    /// * `before` — what was known before the row, of which so many were `taken`.
    fn back(
        &mut self,
        source: &Source,
        taken: usize,
        before: &Misreports,
        said: (f64, f64),
    ) -> (f64, f64) {
        let of = |m: usize| {
            let at = m.checked_sub(self.0.least);
            at.and_then(|at| self.0.weights.get(at))
                .copied()
                .unwrap_or(0.0)
        };
        let (mut wrong, mut right) = (0.0, 0.0);
        let mut earlier = Vec::with_capacity(before.weights.len());
        for (offset, weight) in before.weights.iter().enumerate() {
            let m = before.least + offset;
            let b = source.chance(m as f64, taken as f64);
            let (if_wrong, if_right) = (b * of(m + 1), (1.0 - b) * of(m));
            wrong += weight * if_wrong;
            right += weight * if_right;
            earlier.push(if_wrong * said.1 + if_right * said.0);
        }
        let greatest = earlier.iter().fold(f64::MIN_POSITIVE, |a, b| a.max(*b));
        for value in &mut earlier {
            *value /= greatest;
        }
        self.0 = Misreports {
            least: before.least,
            weights: earlier,
        };
        (wrong, right)
    }
}

/// What is believed of a chance: weights and, for each, a distribution.
#[derive(Clone, Debug)]
struct Mixture(Vec<(f64, Part)>);

#[derive(Clone, Copy, Debug)]
enum Part {
    Beta(f64, f64),
    Known(f64),
}

impl Mixture {
    /// After rows of which `counts` tells how likely each number of misreports is.
    fn after(source: &Source, counts: &[f64]) -> Self {
        if source.strength.is_infinite() {
            return Self(vec![(1.0, Part::Known(source.misreport))]);
        }
        let taken = (counts.len() - 1) as f64;
        let parts = counts.iter().enumerate();
        let parts = parts
            .filter(|(_, weight)| **weight > 1e-12)
            .map(|(erred, weight)| {
                let (a, b) = source.shape(erred as f64, taken);
                (*weight, Part::Beta(a, b))
            });
        Self(parts.collect())
    }

    fn chance(&self) -> Chance {
        let total: f64 = self.0.iter().map(|(weight, _)| weight).sum();
        let mean = self.0.iter().map(|(weight, part)| {
            let mean = match part {
                Part::Beta(a, b) => a / (a + b),
                Part::Known(b) => *b,
            };
            weight * mean / total
        });
        Chance {
            mean: mean.sum(),
            q05: self.quantile(0.05 * total),
            q95: self.quantile(0.95 * total),
        }
    }

    fn quantile(&self, level: f64) -> f64 {
        if let [(_, Part::Known(b))] = self.0[..] {
            return b;
        }
        let betas: Vec<(f64, Result<Beta, f64>)> = self
            .0
            .iter()
            .map(|(weight, part)| match part {
                Part::Beta(a, b) => (*weight, Beta::new(*a, *b).map_err(|_| a / (a + b))),
                Part::Known(b) => (*weight, Err(*b)),
            })
            .collect();
        let below = |x: f64| -> f64 {
            let each = betas.iter().map(|(weight, part)| match part {
                Ok(beta) => weight * beta.cdf(x),
                Err(known) => weight * f64::from(u8::from(*known <= x)),
            });
            each.sum()
        };
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..40 {
            let middle = 0.5 * (low + high);
            if below(middle) < level {
                low = middle;
            } else {
                high = middle;
            }
        }
        0.5 * (low + high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::SourceGrade;

    fn source(misreport: f64, strength: f64, rows: usize) -> Source {
        Source {
            name: "s".to_string(),
            letter: SourceGrade::parse("B").unwrap(),
            misreport,
            strength,
            rows: (0..rows).collect(),
            slot: None,
            crowded_out: false,
        }
    }

    fn said() -> Vec<Said> {
        [
            (0.7, 0.1, None),
            (1e-9, 0.1, None),
            (0.02, 0.3, None),
            // A repetition with the chance 0.4, of the same and of something else.
            (0.01, 0.2, Some(true)),
            (0.5, 0.2, Some(false)),
        ]
        .map(|(right, wrong, copies)| {
            let c = |p: f64| match copies {
                Some(true) => 0.4 + 0.6 * p,
                Some(false) => 0.6 * p,
                None => p,
            };
            Said {
                right: c(right),
                wrong: c(wrong),
                alone: (right, wrong),
            }
        })
        .to_vec()
    }

    /// By all 2ⁿ ways in which the rows can be right and wrong: the distribution of the number of misreports, and the
    /// chance of each row if it repeats nothing. The order of the rows does not come into it.
    fn by_enumeration(source: &Source, said: &[Said]) -> (Vec<f64>, Vec<f64>) {
        let n = said.len();
        let rising =
            |from: f64, count: usize| -> f64 { (0..count).map(|i| from + i as f64).product() };
        let (a, b) = source.shape(0.0, 0.0);
        let prior = |m: usize| rising(a, m) * rising(b, n - m) / rising(a + b, n);
        let mut counts = vec![0.0; n + 1];
        for ways in 0..1usize << n {
            let m = ways.count_ones() as usize;
            let each = said.iter().enumerate();
            let p: f64 = each
                .map(|(i, s)| if ways >> i & 1 == 1 { s.wrong } else { s.right })
                .product();
            counts[m] += prior(m) * p;
        }
        let total: f64 = counts.iter().sum();
        counts.iter_mut().for_each(|count| *count /= total);
        let chances = (0..n).map(|row| {
            let (mut wrong, mut all) = (0.0, 0.0);
            for ways in 0..1usize << n {
                let m = ways.count_ones() as usize;
                let each = said.iter().enumerate();
                let p: f64 = each
                    .map(|(i, s)| match (i == row, ways >> i & 1 == 1) {
                        (true, true) => s.alone.1,
                        (true, false) => s.alone.0,
                        (false, true) => s.wrong,
                        (false, false) => s.right,
                    })
                    .product();
                all += prior(m) * p;
                wrong += if ways >> row & 1 == 1 {
                    prior(m) * p
                } else {
                    0.0
                };
            }
            wrong / all
        });
        (counts, chances.collect())
    }

    fn differ(a: &[f64], b: &[f64]) -> f64 {
        assert_eq!(a.len(), b.len());
        a.iter()
            .zip(b)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f64::max)
    }

    #[test]
    fn the_tally_is_the_sum_over_all_that_may_have_happened() {
        let source = source(0.15, 4.0, 5);
        let (erred, rows) = tally(&source, &said());
        let (counts, chances) = by_enumeration(&source, &said());
        assert_eq!(erred.least, 0);
        assert!(differ(&erred.weights, &counts) < 1e-12);
        assert!(differ(&rows, &chances) < 1e-12);
        // The twin: a source of another strength, or rows that do not teach, must not pass.
        let other = by_enumeration(
            &Source {
                strength: 5.0,
                ..source.clone()
            },
            &said(),
        );
        assert!(differ(&erred.weights, &other.0) > 1e-3 && differ(&rows, &other.1) > 1e-3);
        let untaught: Vec<f64> = said().iter().map(|s| s.misreport(0.15)).collect();
        assert!(differ(&rows, &untaught) > 1e-2);
    }

    #[test]
    fn an_unshakeable_letter_is_kept() {
        let firm = source(0.15, f64::INFINITY, 5);
        assert_eq!(firm.chance(3.0, 4.0), 0.15);
        let nearly = source(0.15, 1e9, 5);
        let (_, rows) = tally(&nearly, &said());
        let untaught: Vec<f64> = said().iter().map(|s| s.misreport(0.15)).collect();
        assert!(differ(&rows, &untaught) < 1e-6);
        let belief = Mixture::after(&firm, &[0.2, 0.8]).chance();
        assert_eq!((belief.mean, belief.q05, belief.q95), (0.15, 0.15, 0.15));
    }

    #[test]
    fn many_rows_cost_little_and_say_what_few_would() {
        // 3000 rows of which every fifth is clearly wrong: b is 0.2 and hardly anything else.
        let row = |wrong: bool| Said {
            right: if wrong { 1e-12 } else { 0.9 },
            wrong: 0.1,
            alone: (if wrong { 1e-12 } else { 0.9 }, 0.1),
        };
        let said: Vec<Said> = (0..3000).map(|i| row(i % 5 == 0)).collect();
        let source = source(0.08, 8.0, said.len());
        let (erred, rows) = tally(&source, &said);
        assert!(erred.weights.len() < 1500, "{}", erred.weights.len());
        let b = erred.mean_of(|m| source.chance(m, 3000.0));
        // Of the 2400 others some are misreports that happen to be likely: 1 in 37.
        assert!((0.2..0.24).contains(&b), "{b}");
        assert!(rows[0] > 0.99 && rows[1] < 0.05, "{} {}", rows[0], rows[1]);
        // Up to `ROWS_EXACT` rows a row is judged without itself: the way of many rows must agree with it.
        let some = &said[..ROWS_EXACT];
        let (erred, exactly) = tally(&source, some);
        let b = erred.mean_of(|m| source.chance(m, some.len() as f64));
        let shortly: Vec<f64> = some.iter().map(|s| s.misreport(b)).collect();
        assert!(
            differ(&exactly, &shortly) < 2e-3,
            "{}",
            differ(&exactly, &shortly)
        );
    }

    #[test]
    fn quantiles_of_what_is_believed_are_those_of_the_beta() {
        let source = source(0.25, 4.0, 2);
        // After 1 of 2: Beta(2, 4), whose distribution is a polynomial.
        let chance = Mixture::after(&source, &[0.0, 1.0, 0.0]).chance();
        assert!((chance.mean - 1.0 / 3.0).abs() < 1e-12);
        let below = |x: f64| 1.0 - (1.0 - x).powi(5) - 5.0 * x * (1.0 - x).powi(4);
        assert!((below(chance.q05) - 0.05).abs() < 1e-9);
        assert!((below(chance.q95) - 0.95).abs() < 1e-9);
    }

    #[test]
    fn draws_of_a_chance_have_its_mean() {
        let source = source(0.02, 8.0, 2);
        let mut rng = StreamKey::new(5).stream();
        let n = 20_000;
        let sum: f64 = (0..n).map(|_| source.draw(1.0, 3.0, &mut rng)).sum();
        // Standard deviation of Beta(1.16, 9.84) is 0.089: four standard errors, one false alarm in 16 000.
        let mean = sum / f64::from(n);
        assert!((mean - source.chance(1.0, 3.0)).abs() < 4.0 * 0.089 / f64::from(n).sqrt());
        assert!((mean - source.chance(0.0, 3.0)).abs() > 0.05);
        let brittle = Source {
            strength: 0.1,
            misreport: 1e-4,
            ..source
        };
        assert!((0..2000).all(|_| (0.0..=1.0).contains(&brittle.draw(0.0, 0.0, &mut rng))));
    }
}
