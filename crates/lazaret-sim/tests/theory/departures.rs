//! Departures that take many lots: the wait for the next of a timetable, and trains too small for all, against a
//! recursion on the numbers left behind.

use crate::support::{Sample, check_mean, fails, model, pass, sample};

/// A lot is ready 30 hours after it came; from then on it waits for a departure. It starts on a Monday.
pub(crate) const FILE: &str = r#"
gateway = { name = "departures", start = 2024-01-01T00:00:00, length = "1120 d" }
source.border = { every = "exponential(1 h)" }
[place]
gate = { slots = "unlimited" }
yard = { slots = "unlimited" }
[[step]]
id = "unload"
at = "gate"
[[step]]
id = "hold"
at = "yard"
takes = "30 h"
"#;
const HOLD: f64 = 30.0;

fn run(dispatch: &str, overrides: &[&str], seed: u64, n: u64) -> Sample {
    let file = format!("{FILE}[[step]]\nid = \"dispatch\"\nat = \"yard\"\n{dispatch}\n");
    // Both ends of what is counted are Mondays, 00:00.
    sample(&model(&file, overrides), seed, n, 24.0 * 7.0 * 20.0)
}

pub(crate) const TIMETABLE: &str = r#"timetable = { days = ["Mon", "Thu"], times = ["06:00"] }"#;

fn check_timetable(sample: &Sample, gaps: &[f64]) -> [Result<(), String>; 4] {
    // Ready lots come as a Poisson process, so one falls into a gap by its length and waits half of it on average.
    let week: f64 = gaps.iter().sum();
    let wait = gaps.iter().map(|gap| gap * gap / 2.0).sum::<f64>() / week;
    [
        sample.check_over("step.dispatch.wait.mean", "step.dispatch.started", wait),
        sample.check_over("lots.time_in_gateway.mean", "lots.dispatched", HOLD + wait),
        sample.check("place.yard.occupancy.mean", HOLD + wait),
        sample.check_over(
            "dispatch.dispatch.load.mean",
            "dispatch.dispatch.departures",
            week / gaps.len() as f64,
        ),
    ]
}

#[test]
fn the_wait_for_the_next_departure_of_a_timetable() {
    let sample = run(TIMETABLE, &[], 801, 60);
    pass(&check_timetable(&sample, &[72.0, 96.0]));
    // 160 weeks without the first 20: two departures a week, always.
    assert!(
        sample
            .of("dispatch.dispatch.departures")
            .iter()
            .all(|&n| n == 280.0)
    );
}

#[test]
fn a_departure_two_hours_off_is_seen() {
    let late = r#"timetable = { days = ["Mon"], times = ["06:00"] }"#;
    let both = r#"timetable = { days = ["Mon", "Fri"], times = ["06:00"] }"#;
    check_timetable(&run(late, &[], 802, 60), &[72.0, 96.0])
        .into_iter()
        .for_each(fails);
    // Monday and Friday: gaps of 96 and 72 hours again, the same wait; Monday and Wednesday differ.
    pass(&check_timetable(&run(both, &[], 803, 60), &[96.0, 72.0]));
    let uneven = r#"timetable = { days = ["Mon", "Wed"], times = ["06:00"] }"#;
    let [wait, time, occupancy, _] = check_timetable(&run(uneven, &[], 804, 60), &[72.0, 96.0]);
    [wait, time, occupancy].into_iter().for_each(fails);
}

/// Trains every 24 hours for at most `most` lots, which do not leave with fewer than `least`.
struct Trains {
    rate: f64,
    least: usize,
    most: usize,
}

/// What the recursion finds: lots left behind, load of a train that leaves, share of trains that leave, share that does
/// not although lots wait.
struct Found {
    left: f64,
    load: f64,
    leave: f64,
    idle: f64,
}

impl Trains {
    /// The number left behind is a Markov chain: each day brings a Poisson number of lots. Its distribution is iterated
    /// until it no longer changes.
    fn solve(&self) -> Found {
        const MOST: usize = 400;
        let day = 24.0 * self.rate;
        let mut come = vec![(-day).exp()];
        for n in 1..MOST {
            come.push(come[n - 1] * day / n as f64);
        }
        let mut left = vec![0.0; MOST];
        left[0] = 1.0;
        loop {
            let mut waiting = vec![0.0; 2 * MOST];
            for (l, p) in left.iter().enumerate().filter(|(_, p)| **p > 1e-18) {
                for (c, q) in come.iter().enumerate() {
                    waiting[l + c] += p * q;
                }
            }
            let mut next = vec![0.0; MOST];
            let mut found = Found {
                left: 0.0,
                load: 0.0,
                leave: 0.0,
                idle: 0.0,
            };
            for (n, p) in waiting.iter().enumerate() {
                let goes = if n >= self.least.max(1) {
                    n.min(self.most)
                } else {
                    0
                };
                next[(n - goes).min(MOST - 1)] += p;
                found.left += (n - goes) as f64 * p;
                found.load += goes as f64 * p;
                if goes > 0 {
                    found.leave += p;
                } else if n > 0 {
                    found.idle += p;
                }
            }
            let change: f64 = next.iter().zip(&left).map(|(a, b)| (a - b).abs()).sum();
            left = next;
            if change < 1e-13 {
                found.load /= found.leave;
                return found;
            }
        }
    }

    /// On average half of a day's lots have come since the last train besides those it left; Little's law gives the wait.
    fn wait(&self) -> f64 {
        12.0 + self.solve().left / self.rate
    }

    fn check(&self, sample: &Sample) -> Vec<Result<(), String>> {
        const DAYS: f64 = 980.0;
        let found = self.solve();
        let idle: Vec<f64> = sample
            .of("dispatch.dispatch.cancelled")
            .iter()
            .map(|n| n / DAYS)
            .collect();
        let leave: Vec<f64> = sample
            .of("dispatch.dispatch.departures")
            .iter()
            .map(|n| n / DAYS)
            .collect();
        let wait = self.wait();
        vec![
            sample.check_over("step.dispatch.wait.mean", "step.dispatch.started", wait),
            sample.check("place.yard.occupancy.mean", self.rate * (HOLD + wait)),
            sample.check_over(
                "dispatch.dispatch.load.mean",
                "dispatch.dispatch.departures",
                found.load,
            ),
            check_mean("share of trains that leave", &leave, found.leave),
            check_mean("share of trains that wait for more", &idle, found.idle),
        ]
    }
}

const SMALL: &str = "every = \"24 h\"\ntakes_up_to = 26";
pub(crate) const LEAST: &str = "every = \"24 h\"\ntakes_up_to = 44\nat_least = 36";

#[test]
fn trains_that_are_sometimes_too_small() {
    let trains = Trains {
        rate: 1.0,
        least: 1,
        most: 26,
    };
    let checks = trains.check(&run(SMALL, &[], 810, 60));
    // Every train finds a lot, by all but one chance in 10^10.
    pass(&checks[..3]);
}

#[test]
fn trains_that_wait_for_a_least_load() {
    let trains = Trains {
        rate: 1.0,
        least: 36,
        most: 44,
    };
    pass(&trains.check(&run(LEAST, &[], 811, 60)));
}

#[test]
fn room_for_one_lot_more_or_less_is_seen() {
    let trains = Trains {
        rate: 1.0,
        least: 1,
        most: 26,
    };
    let checks = trains.check(&run("every = \"24 h\"\ntakes_up_to = 27", &[], 812, 60));
    checks.into_iter().take(2).for_each(fails);
    let trains = Trains {
        rate: 1.0,
        least: 36,
        most: 44,
    };
    let checks = trains.check(&run(
        "every = \"24 h\"\ntakes_up_to = 44\nat_least = 37",
        &[],
        813,
        60,
    ));
    checks.into_iter().for_each(fails);
}

#[test]
fn whoever_goes_first_waits_as_if_alone() {
    let goods = "\n[goods]\nmedicine = { share = 0.75, priority = 1 }\nfood = { share = 0.25 }";
    let dispatch = format!("{SMALL}\n{goods}");
    let wait = |rate| {
        Trains {
            rate,
            least: 1,
            most: 26,
        }
        .wait()
    };
    let (first, all) = (wait(0.75), wait(1.0));
    let second = (all - 0.75 * first) / 0.25;
    let check = |sample: &Sample| {
        [("medicine", first), ("food", second)].map(|(class, wait)| {
            let (time, count) = (
                format!("goods.{class}.time_in_gateway.mean"),
                format!("goods.{class}.dispatched"),
            );
            sample.check_over(&time, &count, HOLD + wait)
        })
    };
    pass(&check(&run(&dispatch, &[], 814, 60)));
    check(&run(&dispatch, &["goods.food.priority=1"], 815, 60))
        .into_iter()
        .for_each(fails);
}
