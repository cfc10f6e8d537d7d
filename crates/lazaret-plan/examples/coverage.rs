//! Measures how often each interval of this crate holds the true value, on models whose answers are exact, and prints the
//! table that `docs/plan.md` publishes: `cargo run --release -p lazaret-plan --example coverage`.

use std::convert::Infallible;
use std::io::Write;

use lazaret_plan::compare::compare;
use lazaret_plan::estimate::{mean, quantile, share};
use lazaret_plan::kriging::{Observation, Surface};
use lazaret_plan::questions::capacity::search::{Range, crossing};
use lazaret_plan::questions::sensitivity::morris::MorrisPlan;
use lazaret_plan::questions::sensitivity::sobol::SobolPlan;
use lazaret_plan::random::Stream;
use lazaret_plan::sequential::{Next, Precision, Target};

const REPETITIONS: u64 = 2000;

fn covered(hits: impl Fn(&mut Stream) -> bool, seed: u64) -> f64 {
    (0..REPETITIONS)
        .filter(|&i| hits(&mut Stream::new(seed, i)))
        .count() as f64
        / REPETITIONS as f64
}

fn exponential(s: &mut Stream) -> f64 {
    -s.uniform().ln()
}

fn main() {
    let of = |n: usize, s: &mut Stream, f: fn(&mut Stream) -> f64| {
        (0..n).map(|_| f(s)).collect::<Vec<f64>>()
    };
    let rows: Vec<(&str, f64)> = vec![
        (
            "mean of 5 normal values",
            covered(
                |s| mean(&of(5, s, Stream::normal), 0.95).unwrap().holds(0.0),
                1,
            ),
        ),
        (
            "mean of 30 exponential values",
            covered(
                |s| mean(&of(30, s, exponential), 0.95).unwrap().holds(1.0),
                2,
            ),
        ),
        (
            "mean of 200 exponential values",
            covered(
                |s| mean(&of(200, s, exponential), 0.95).unwrap().holds(1.0),
                3,
            ),
        ),
        (
            "90 % quantile of 100 exponential values",
            covered(
                |s| {
                    quantile(&of(100, s, exponential), 0.9, 0.95)
                        .unwrap()
                        .holds(10f64.ln())
                },
                4,
            ),
        ),
        (
            "median of 50 normal values",
            covered(
                |s| {
                    quantile(&of(50, s, Stream::normal), 0.5, 0.95)
                        .unwrap()
                        .holds(0.0)
                },
                5,
            ),
        ),
        (
            "share of 7 % in 200 trials",
            covered(
                |s| {
                    share(
                        (0..200).filter(|_| s.uniform() < 0.07).count() as u64,
                        200,
                        0.95,
                    )
                    .unwrap()
                    .holds(0.07)
                },
                6,
            ),
        ),
        (
            "three paired differences of 20 normal pairs, together",
            covered(
                |s| {
                    let luck = of(20, s, Stream::normal);
                    let mut around = |m: f64| {
                        luck.iter()
                            .map(|l| m + l + 0.3 * s.normal())
                            .collect::<Vec<f64>>()
                    };
                    let base = around(0.0);
                    let others = vec![around(0.0), around(0.3), around(-0.5)];
                    let all = compare(&base, &others, 0.95, None).unwrap();
                    all.iter()
                        .zip([0.0, 0.3, -0.5])
                        .all(|(d, t)| d.low <= t && t <= d.high)
                },
                7,
            ),
        ),
        (
            "mean of exponential values, stopped at a half-width of 0.1",
            covered(
                |s| {
                    let rule = Precision {
                        level: 0.95,
                        target: Target::Absolute(0.1),
                        first: 30,
                        most: 1_000_000,
                    };
                    let mut xs = Vec::new();
                    loop {
                        match rule.next(&xs).unwrap() {
                            Next::Run(n) => xs.extend((0..n).map(|_| exponential(s))),
                            Next::Enough(e) | Next::Spent(e) => return e.holds(1.0),
                        }
                    }
                },
                8,
            ),
        ),
        (
            "crossing of a mean margin, 15 replications",
            covered(
                |s| {
                    let luck = of(15, s, Stream::normal);
                    let range = Range {
                        low: 0.0,
                        high: 40.0,
                        step: 0.01,
                    };
                    let c = crossing(range, 0.95, |x| {
                        Ok::<_, Infallible>(
                            luck.iter().map(|l| 2.0 * (12.34 - x) + 5.0 * l).collect(),
                        )
                    });
                    let c = c.unwrap();
                    c.low <= 12.34 && 12.34 <= c.high
                },
                9,
            ),
        ),
        (
            "importance by 20 Morris trajectories of a product",
            covered(morris, 10),
        ),
        (
            "first-order Sobol index, 12 scrambles of 64",
            covered(|s| sobol(s).0, 11),
        ),
        (
            "share owed to variability, 12 scrambles of 64",
            covered(|s| sobol(s).1, 12),
        ),
        (
            "kriging, a new place of a random smooth function",
            covered(kriging, 13),
        ),
    ];
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "| interval, stated at 95 % | covers |\n| --- | --- |");
    for (name, share) in rows {
        let _ = writeln!(out, "| {name} | {:.1} % |", 100.0 * share);
    }
}

/// The effect of the first input of x y is y, whose mean over the grid is one half.
fn morris(s: &mut Stream) -> bool {
    let plan = MorrisPlan::new(2, 20, s.bits());
    let values: Vec<f64> = plan.runs().map(|(x, _)| x[0] * x[1]).collect();
    plan.analyse(&values, 0.95).unwrap()[0]
        .importance
        .holds(0.5)
}

/// A yard without limits: rate uniform on 10..20, hold uniform on 14..30, Poisson-like noise.
fn sobol(s: &mut Stream) -> (bool, bool) {
    let seed = s.bits();
    let plan = SobolPlan::new(2, 64, 12, true, seed).unwrap();
    let values: Vec<f64> = (0..plan.len())
        .map(|i| {
            let (u, r) = plan.run(i);
            let mean = (10.0 + 10.0 * u[0]) * (14.0 + 16.0 * u[1]);
            mean + mean.sqrt() * Stream::new(seed ^ 0x55, r).normal()
        })
        .collect();
    let found = plan.analyse(&values, 0.95).unwrap();
    let (mr, vr, mh, vh) = (15.0, 100.0 / 12.0, 22.0, 256.0 / 12.0);
    let all = vr * mh * mh + vh * mr * mr + vr * vh + mr * mh;
    let holds =
        |i: lazaret_plan::questions::sensitivity::sobol::Index, x: f64| i.low <= x && x <= i.high;
    (
        holds(found.inputs[1].first, vh * mr * mr / all),
        found.chance.is_some_and(|c| holds(c.total, mr * mh / all)),
    )
}

fn kriging(s: &mut Stream) -> bool {
    let waves: Vec<(f64, f64, f64)> = (0..3)
        .map(|_| (s.normal(), 2.0 + 6.0 * s.uniform(), 6.3 * s.uniform()))
        .collect();
    let f = |x: f64| {
        waves
            .iter()
            .map(|(a, w, p)| a * (w * x + p).sin())
            .sum::<f64>()
    };
    let seen: Vec<Observation> = (0..16)
        .map(|i| {
            let x = (f64::from(i) + s.uniform()) / 16.0;
            Observation {
                at: vec![x],
                mean: f(x) + 0.4 * s.normal(),
                noise: 0.16,
            }
        })
        .collect();
    let x = 0.05 + 0.9 * s.uniform();
    let p = Surface::fit(&seen).unwrap().predict(&[x]);
    (p.mean - f(x)).abs() <= 1.96 * p.sd
}
