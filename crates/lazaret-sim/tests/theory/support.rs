//! Replications of a gateway file, and tests of their figures against exact answers.
//!
//! Every statistical check has a fixed number of replications, a fixed seed and the same false-alarm rate, all chosen
//! before the first run. Replications are independent and identically distributed, so a mean over them is compared with
//! its exact value by Student's t.

use lazaret_sim::{Measurements, Model, Moments, Replication, Silent, World, student};
use lazaret_vocabulary::time::GateTime;

/// Chance that one check of a right simulator fails, two-sided. The critical value is Student's quantile at
/// 1 - 1e-4 / 2: 4.40 for 39 degrees of freedom, 4.08 for 99, 3.89 for very many. About 120 checks are made, so one run
/// in eighty of the whole binary on fresh seeds would fail by chance.
pub(crate) const FALSE_ALARM: f64 = 1e-4;

/// The model of a gateway file.
///
/// # Panics
/// With the first thing that is wrong in the file.
pub(crate) fn model(text: &str, overrides: &[&str]) -> Model {
    let reading = lazaret_gateway::read(text, overrides, &|_| Err("no files here".into()))
        .unwrap_or_else(|wrong| panic!("{wrong:#?}"));
    Model::compile(&reading.gateway).expect("the gateway compiles")
}

/// `hours` after the start.
pub(crate) fn hours(hours: f64) -> GateTime {
    GateTime::from_micros((hours * 3.6e9).round() as i64)
}

/// Rows of metrics, one a replication.
pub(crate) struct Sample {
    names: Vec<String>,
    rows: Vec<Vec<f64>>,
}

/// Runs replications 0 to `n` of `model` under `seed`; statistics start `warm_up_h` hours after opening.
pub(crate) fn sample(model: &Model, seed: u64, n: u64, warm_up_h: f64) -> Sample {
    sample_and(model, seed, n, warm_up_h, |_| {})
}

/// As [`sample`], and shows each outcome to `also`.
pub(crate) fn sample_and(
    model: &Model,
    seed: u64,
    n: u64,
    warm_up_h: f64,
    mut also: impl FnMut(&Measurements),
) -> Sample {
    let mut world = World::new(model, Silent);
    let rows = (0..n)
        .map(|number| {
            let outcome = world
                .run(Replication::new(seed, number), hours(warm_up_h))
                .expect("the unknowns make distributions");
            assert!(outcome.deadlock.is_none(), "{:?}", outcome.deadlock);
            also(outcome);
            outcome.values.clone()
        })
        .collect();
    Sample {
        names: model.metrics().iter().map(str::to_owned).collect(),
        rows,
    }
}

impl Sample {
    /// The values of metric `name`, one a replication.
    pub(crate) fn of(&self, name: &str) -> Vec<f64> {
        let at = self
            .names
            .iter()
            .position(|known| known == name)
            .unwrap_or_else(|| panic!("no metric {name}"));
        self.rows.iter().map(|row| row[at]).collect()
    }

    /// Compares the mean of metric `name` with its exact value.
    pub(crate) fn check(&self, name: &str, exact: f64) -> Result<(), String> {
        check_mean(name, &self.of(name), exact)
    }

    /// Compares a mean over cases with its exact value, where each replication gives the mean `name` over its own
    /// `count` cases. The sum over cases less `exact` times their number has mean zero whatever the number of cases
    /// depends on, which the mean of the replications' means has not.
    pub(crate) fn check_over(&self, name: &str, count: &str, exact: f64) -> Result<(), String> {
        let off: Vec<f64> = self
            .of(name)
            .iter()
            .zip(self.of(count))
            .map(|(&mean, n)| if n == 0.0 { 0.0 } else { n * (mean - exact) })
            .collect();
        check_mean(&format!("{name} less {exact}, summed"), &off, 0.0)
    }

    /// Compares the ratio of two metrics' expectations with its exact value, in the same way.
    pub(crate) fn check_ratio(&self, above: &str, below: &str, exact: f64) -> Result<(), String> {
        let off: Vec<f64> = self
            .of(above)
            .iter()
            .zip(self.of(below))
            .map(|(a, b)| a - exact * b)
            .collect();
        check_mean(&format!("{above} less {exact} times {below}"), &off, 0.0)
    }
}

/// Student's test of independent values against their exact mean, at [`FALSE_ALARM`].
pub(crate) fn check_mean(what: &str, values: &[f64], exact: f64) -> Result<(), String> {
    let mut moments = Moments::default();
    values.iter().for_each(|&value| moments.add(value));
    assert_eq!(
        moments.n(),
        values.len() as u64,
        "{what} is not a number somewhere"
    );
    let error = (moments.variance() / moments.n() as f64).sqrt();
    let critical = student(moments.n() - 1, 1.0 - FALSE_ALARM);
    let t = (moments.mean() - exact) / error;
    if error > 0.0 && t.abs() <= critical || moments.mean() == exact {
        return Ok(());
    }
    Err(format!(
        "{what} is {:.6} ± {error:.6}, not {exact:.6}: t = {t:.2}, critical {critical:.2}",
        moments.mean()
    ))
}

/// Tests a share of `n` independent cases against its exact value: the normal approximation at [`FALSE_ALARM`], for
/// which at least ten cases must be expected on either side.
pub(crate) fn check_share(what: &str, cases: f64, n: f64, exact: f64) -> Result<(), String> {
    assert!(n * exact.min(1.0 - exact) >= 10.0, "{what}: too few cases");
    let z = (cases - n * exact) / (n * exact * (1.0 - exact)).sqrt();
    let critical = student(1_000_000, 1.0 - FALSE_ALARM);
    if z.abs() <= critical {
        Ok(())
    } else {
        Err(format!(
            "{what}: {cases} of {n}, not {exact:.6}: z = {z:.2}"
        ))
    }
}

/// Asserts that all checks pass, showing those that do not.
#[track_caller]
pub(crate) fn pass(checks: &[Result<(), String>]) {
    let failed: Vec<&String> = checks.iter().filter_map(|c| c.as_ref().err()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

/// Asserts that a check of a sabotaged model fails: only then is the same check of the right one worth anything.
#[track_caller]
pub(crate) fn fails(check: Result<(), String>) {
    check.expect_err("the check cannot tell a wrong model from a right one");
}

/// Stationary distribution of a Markov chain in continuous time, by the elimination of GrassmannTaksarHeyman1985, which
/// subtracts nothing and so loses no digits.
///
/// * `rates` — rate from each state (row) to each other; the diagonal is not looked at. The chain must be irreducible.
pub(crate) fn stationary(mut rates: Vec<Vec<f64>>) -> Vec<f64> {
    let n = rates.len();
    for last in (1..n).rev() {
        let (above, row) = rates.split_at_mut(last);
        let out: f64 = row[0][..last].iter().sum();
        for from in above {
            let share = from[last] / out;
            from[last] = share;
            if share != 0.0 {
                for to in 0..last {
                    from[to] += share * row[0][to];
                }
            }
        }
    }
    let mut p = vec![1.0; n];
    for state in 1..n {
        p[state] = (0..state).map(|from| p[from] * rates[from][state]).sum();
    }
    let total: f64 = p.iter().sum();
    p.iter_mut().for_each(|p| *p /= total);
    p
}

/// Integral of a smooth `f` by Simpson's rule on 400 strips.
pub(crate) fn integral(f: impl Fn(f64) -> f64, from: f64, to: f64) -> f64 {
    let h = (to - from) / 400.0;
    let weight = |i: u32| match i {
        0 | 400 => 1.0,
        i if i % 2 == 1 => 4.0,
        _ => 2.0,
    };
    (0..=400)
        .map(|i| weight(i) * f(from + f64::from(i) * h))
        .sum::<f64>()
        * h
        / 3.0
}

/// Chance of at most `k` successes in `n` trials of chance `p`.
pub(crate) fn at_most(k: u32, n: u32, p: f64) -> f64 {
    let mut log_term = f64::from(n) * (1.0 - p).ln();
    let mut sum = log_term.exp();
    for i in 1..=k {
        log_term += (f64::from(n - i + 1) / f64::from(i) * p / (1.0 - p)).ln();
        sum += log_term.exp();
    }
    sum
}

#[test]
fn the_solver_agrees_with_a_birth_death_chain() {
    // M/M/1/5 at load 1/2: geometric.
    let mut rates = vec![vec![0.0; 6]; 6];
    for n in 0..5 {
        rates[n][n + 1] = 1.0;
        rates[n + 1][n] = 2.0;
    }
    let p = stationary(rates);
    for (n, p) in p.iter().enumerate() {
        assert!((p - 0.5f64.powi(n as i32) / (2.0 - 1.0 / 32.0)).abs() < 1e-14);
    }
}
