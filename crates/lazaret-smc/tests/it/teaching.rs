//! Rows that teach: reports of sources whose chance to err is learned, against the sum over all that may have happened.
//!
//! A source errs with a chance b that is the same for all its reports, b ~ Beta. The particles carry how often it has
//! erred; the exact answer integrates b out of a polynomial for each path of the chain, without any urn.

use lazaret_smc::filter::{Emphasis, Filter, FilterSettings};
use lazaret_smc::model::StateSpaceModel;
use lazaret_smc::prior::Independent;
use lazaret_smc::random::{Stream, StreamKey};
use lazaret_smc::smc2::{Revised, Smc2, Smc2Settings};
use lazaret_smc::{Conflict, OnConflict};

use crate::support::{FALSE_ALARM, check_mean};

const SOURCES: usize = 2;
const STATES: usize = 2;
const DAYS: usize = 6;
/// Reports expected, before any are seen, to weigh as much as a source's grade.
const STRENGTH: f64 = 3.0;
/// Mean of b by source.
const MEAN: [f64; SOURCES] = [0.2, 0.4];
const START: [f64; STATES] = [0.7, 0.3];
const MOVE: [[f64; STATES]; STATES] = [[0.8, 0.2], [0.3, 0.7]];

#[derive(Clone, Copy, Debug)]
struct Report {
    time: usize,
    source: usize,
    /// Likelihood if it is right, by state.
    right: [f64; STATES],
    /// Likelihood if it errs.
    wrong: f64,
}

/// How a report is remembered.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Memory {
    /// By a draw given the state and the report.
    Drawn,
    /// Sabotage: by a draw that does not look at the report.
    DrawnBlindly,
    /// Sabotage: not at all, but the report is counted.
    AlwaysRight,
}

#[derive(Clone, Debug)]
struct Press {
    reports: Vec<Report>,
    memory: Memory,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Believed {
    x: usize,
    erred: [u32; SOURCES],
    taken: [u32; SOURCES],
}

impl Believed {
    fn chance(&self, source: usize) -> f64 {
        (STRENGTH * MEAN[source] + f64::from(self.erred[source]))
            / (STRENGTH + f64::from(self.taken[source]))
    }
}

impl Press {
    /// Two or three reports a day, of which the first two are of one source; some contradict each other.
    fn example() -> Self {
        let table = [[0.9, 0.1], [0.15, 0.8], [0.6, 0.0], [0.3, 0.7]];
        let reports = (0..DAYS)
            .flat_map(|time| {
                let second = usize::from(time % 3 == 1);
                [
                    (0, time % 4),
                    (second, (time + 1) % 4),
                    (1, (time * time) % 4),
                ]
                .into_iter()
                .take(2 + time % 2)
                .map(move |(source, row)| Report {
                    time,
                    source,
                    right: table[row],
                    wrong: 0.25,
                })
            })
            .collect();
        Self {
            reports,
            memory: Memory::Drawn,
        }
    }

    fn remembering(&self, memory: Memory) -> Self {
        Self {
            memory,
            ..self.clone()
        }
    }

    fn without(&self, row: usize) -> Self {
        let mut press = self.clone();
        press.reports.remove(row);
        press
    }

    /// Evidence, mean chance to err of each source and chance of state 1 at the start, over all paths and all errors.
    fn exactly(&self) -> ([f64; SOURCES], f64, f64) {
        let (mut evidence, mut started) = (0.0, 0.0);
        let mut chances = [0.0; SOURCES];
        for path in 0..STATES.pow(DAYS as u32) {
            let x = |time: usize| path / STATES.pow(time as u32) % STATES;
            let mut p = START[x(0)];
            for time in 1..DAYS {
                p *= MOVE[x(time - 1)][x(time)];
            }
            // For each source the integral over b of the product of b·wrong + (1 − b)·right, and that times b.
            let mut means = [0.0; SOURCES];
            for (source, mean) in means.iter_mut().enumerate() {
                let mut polynomial = vec![1.0]; // by the number of errors
                for report in self.reports.iter().filter(|r| r.source == source) {
                    let mut next = vec![0.0; polynomial.len() + 1];
                    for (errors, weight) in polynomial.iter().enumerate() {
                        next[errors] += weight * report.right[x(report.time)];
                        next[errors + 1] += weight * report.wrong;
                    }
                    polynomial = next;
                }
                let n = polynomial.len() - 1;
                let integral = |more: usize| -> f64 {
                    let terms = polynomial.iter().enumerate();
                    terms
                        .map(|(errors, weight)| weight * moment(source, errors + more, n - errors))
                        .sum()
                };
                p *= integral(0);
                *mean = integral(1) / integral(0);
            }
            evidence += p;
            started += p * x(0) as f64;
            for (sum, mean) in chances.iter_mut().zip(means) {
                *sum += p * mean;
            }
        }
        (
            chances.map(|sum| sum / evidence),
            evidence,
            started / evidence,
        )
    }
}

/// E\[bᵐ (1 − b)ⁿ\] for b ~ Beta, by its rising factorials.
fn moment(source: usize, m: usize, n: usize) -> f64 {
    let (a, b) = (STRENGTH * MEAN[source], STRENGTH * (1.0 - MEAN[source]));
    let rising = |from: f64, count: usize| -> f64 { (0..count).map(|i| from + i as f64).product() };
    rising(a, m) * rising(b, n) / rising(a + b, m + n)
}

impl StateSpaceModel for Press {
    type State = Believed;

    fn initialise(&self, rng: &mut Stream) -> Believed {
        Believed {
            x: usize::from(rng.uniform() < START[1]),
            erred: [0; SOURCES],
            taken: [0; SOURCES],
        }
    }

    fn step(&self, state: &mut Believed, _time: usize, rng: &mut Stream) {
        state.x = usize::from(rng.uniform() < MOVE[state.x][1]);
    }

    fn rows(&self, time: usize) -> impl Iterator<Item = usize> + '_ {
        (0..self.reports.len()).filter(move |row| self.reports[*row].time == time)
    }

    fn log_likelihood(&self, state: &Believed, _time: usize, row: usize) -> f64 {
        let report = &self.reports[row];
        let chance = state.chance(report.source);
        (chance * report.wrong + (1.0 - chance) * report.right[state.x]).ln()
    }

    fn taken_in(
        &self,
        state: &mut Believed,
        _time: usize,
        row: usize,
        exponent: f64,
        rng: &mut Stream,
    ) {
        let report = &self.reports[row];
        let chance = state.chance(report.source);
        let wrong = chance * report.wrong.powf(exponent);
        let right = (1.0 - chance) * report.right[state.x].powf(exponent);
        let erred = match self.memory {
            Memory::Drawn => rng.uniform() < wrong / (wrong + right),
            Memory::DrawnBlindly => rng.uniform() < chance,
            Memory::AlwaysRight => false,
        };
        state.erred[report.source] += u32::from(erred);
        state.taken[report.source] += 1;
    }
}

/// Ratios of the evidence to `exact`, and chances to err at the end, over independent filters.
fn estimates(press: &Press, emphasis: &Emphasis, exact: f64) -> [Vec<f64>; 1 + SOURCES] {
    let mut found = [const { Vec::new() }; 1 + SOURCES];
    for seed in 0..400 {
        let settings = FilterSettings {
            particles: 400,
            emphasis: emphasis.clone(),
            ..FilterSettings::default()
        };
        let filter = Filter::run(press, DAYS - 1, &settings, StreamKey::new(seed)).unwrap();
        found[0].push(filter.log_evidence().exp() / exact);
        for source in 0..SOURCES {
            found[1 + source].push(filter.mean(|state| state.chance(source)));
        }
    }
    found
}

#[test]
fn what_is_learned_of_sources_is_what_all_paths_and_errors_say() {
    let press = Press::example();
    let (chances, evidence, _) = press.exactly();
    let [ratios, first, second] = estimates(&press, &Emphasis::default(), evidence);
    check_mean(&ratios, 1.0, FALSE_ALARM).unwrap();
    check_mean(&first, chances[0], FALSE_ALARM).unwrap();
    check_mean(&second, chances[1], FALSE_ALARM).unwrap();
    // The example must teach something, or it would check nothing.
    assert!((chances[1] - MEAN[1]).abs() > 0.03, "{chances:?}");
}

#[test]
fn the_checks_of_what_is_learned_can_fail() {
    let (chances, evidence, _) = Press::example().exactly();
    for memory in [Memory::DrawnBlindly, Memory::AlwaysRight] {
        let press = Press::example().remembering(memory);
        let [ratios, first, _] = estimates(&press, &Emphasis::default(), evidence);
        assert!(
            check_mean(&ratios, 1.0, FALSE_ALARM).is_err(),
            "{memory:?}: evidence"
        );
        assert!(
            check_mean(&first, chances[0], FALSE_ALARM).is_err(),
            "{memory:?}: chances"
        );
    }
}

#[test]
fn a_row_that_is_left_out_teaches_nothing() {
    let press = Press::example();
    let row = 1;
    let (chances, evidence, _) = press.without(row).exactly();
    let [ratios, first, _] = estimates(&press, &Emphasis::without(&[row]), evidence);
    check_mean(&ratios, 1.0, FALSE_ALARM).unwrap();
    check_mean(&first, chances[0], FALSE_ALARM).unwrap();
    // Raised to a power near 0 it teaches next to nothing either, though it is counted.
    let mut faint = Emphasis::default();
    faint.set(row, 1e-6);
    let [ratios, ..] = estimates(&press, &faint, evidence);
    check_mean(&ratios, 1.0, FALSE_ALARM).unwrap();
    let [ratios, ..] = estimates(&press, &Emphasis::default(), evidence);
    assert!(check_mean(&ratios, 1.0, FALSE_ALARM).is_err());
}

#[test]
fn a_row_that_is_set_aside_teaches_nothing() {
    let mut press = Press::example();
    press.reports.insert(
        3,
        Report {
            time: 1,
            source: 0,
            right: [0.0; STATES],
            wrong: 0.0,
        },
    );
    let settings = FilterSettings {
        particles: 100,
        on_conflict: OnConflict::SetAside,
        ..FilterSettings::default()
    };
    let filter = Filter::run(&press, DAYS - 1, &settings, StreamKey::new(1)).unwrap();
    assert_eq!(filter.conflicts().len(), 1);
    let of_source = |source: usize| press.reports.iter().filter(|r| r.source == source).count();
    for state in filter.population() {
        let expected = [of_source(0) - 1, of_source(1)].map(|n| n as u32);
        assert_eq!(state.taken, expected);
    }
    let mut sampler = sampler(&press, 1, OnConflict::SetAside);
    sampler
        .run_to(&|_: &[f64]| press.clone(), &Independent::new(), DAYS - 1)
        .unwrap();
    let rows: Vec<usize> = sampler
        .conflicts()
        .iter()
        .map(|c: &Conflict| c.row)
        .collect();
    assert_eq!(rows, [3]);
    let taken = sampler.present(&|_: &[f64]| press.clone(), |s| f64::from(s.taken[0]));
    assert_eq!(taken.mean(), (of_source(0) - 1) as f64);
}

fn sampler(press: &Press, seed: u64, on_conflict: OnConflict) -> Smc2<Vec<Believed>> {
    let settings = Smc2Settings {
        state_particles: 200,
        on_conflict,
        ..Smc2Settings::default()
    };
    let family = |_: &[f64]| press.clone();
    Smc2::start(&family, &Independent::new(), &settings, seed).unwrap()
}

/// Of every way in which the sampler takes rows in: day by day, again for paths, again without a row.
#[test]
fn the_sampler_learns_the_same_in_all_its_ways() {
    let press = Press::example();
    let row = 1;
    let (chances, evidence, started) = press.exactly();
    let (_, without, _) = press.without(row).exactly();
    let family = |_: &[f64]| press.clone();
    let prior = Independent::new();
    let mut found = [const { Vec::new() }; 5];
    for seed in 0..300 {
        let mut sampler = sampler(&press, seed, OnConflict::Stop);
        sampler.run_to(&family, &prior, DAYS - 1).unwrap();
        found[0].push(sampler.log_evidence().exp() / evidence);
        found[1].push(sampler.present(&family, |s| s.chance(0)).mean());
        let left_out = sampler.leave_out(&family, &[row]).unwrap();
        found[2].push(left_out.log_evidence.exp() / without);
        let key = StreamKey::new(seed).child(77);
        let record = |state: &Believed, _: usize| *state;
        let path = &sampler.paths(&family, 1, DAYS - 1, key, record).unwrap()[0];
        found[3].push(path.values[DAYS - 1].chance(0));
        found[4].push(path.values[0].x as f64);
        // What is woken has run again: it refuses if the likelihoods are not those of the first run.
        if seed < 10 {
            let again = Smc2::resume(&sampler.save(), &family, &prior).unwrap();
            let chance = |s: &Believed| s.chance(0);
            assert!(again.present(&family, chance) == sampler.present(&family, chance));
        }
    }
    let expected = [1.0, chances[0], 1.0, chances[0], started];
    for (which, (values, expected)) in found.iter().zip(expected).enumerate() {
        check_mean(values, expected, FALSE_ALARM).unwrap_or_else(|e| panic!("{which}: {e}"));
    }
}

#[test]
fn a_late_row_teaches_as_one_in_time() {
    let press = Press::example();
    let late = 0;
    let mut early = press.clone();
    early.reports[late].time = DAYS + 1; // not yet known
    let (chances, evidence, _) = press.exactly();
    let prior = Independent::new();
    let (mut ratios, mut found) = (Vec::new(), Vec::new());
    for seed in 0..300 {
        let mut sampler = sampler(&press, seed, OnConflict::Stop);
        let before = |_: &[f64]| early.clone();
        sampler.run_to(&before, &prior, DAYS - 1).unwrap();
        let after = |_: &[f64]| press.clone();
        assert_eq!(sampler.revise(&after, &prior).unwrap(), Revised::Reweighted);
        ratios.push(sampler.log_evidence().exp() / evidence);
        found.push(sampler.present(&after, |s| s.chance(0)).mean());
    }
    check_mean(&ratios, 1.0, FALSE_ALARM).unwrap();
    check_mean(&found, chances[0], FALSE_ALARM).unwrap();
}
