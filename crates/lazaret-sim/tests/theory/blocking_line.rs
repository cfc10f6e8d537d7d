//! Tandem lines with blocking after service, against their Markov chains.

use std::collections::HashMap;

use crate::support::{Sample, fails, model, pass, sample, stationary};

/// A fleet of six keeps the number before the line finite: a departure with no vehicle at home is lost.
pub(crate) const TWO: &str = r#"
gateway = { name = "line", length = "12000 h" }
source.border = { every = "exponential(1 h)", fleet = 6, when_short = "go_short" }
place.platform  = { slots = 2 }
place.warehouse = { slots = 3 }
step = [
  { id = "unload", at = "platform", takes = "exponential(1.5 h)" },
  { id = "disinfect", at = "warehouse", takes = "exponential(3 h)" },
]
"#;

pub(crate) const THREE: &str = r#"
gateway = { name = "line", length = "12000 h" }
source.border = { every = "exponential(1 h)", fleet = 5, when_short = "go_short" }
place.platform  = { slots = 2 }
place.warehouse = { count = 2, slots = 1 }
place.yard      = { slots = 3 }
step = [
  { id = "unload", at = "platform", takes = "exponential(1 h)" },
  { id = "disinfect", at = "warehouse", takes = "exponential(1.2 h)" },
  { id = "hold", at = "yard", takes = "exponential(3 h)" },
]
"#;

/// Slots and mean service of each of up to three stations; the last may be left out by giving it no slots.
struct Line {
    fleet: usize,
    slots: [usize; 3],
    service: [f64; 3],
}

/// Vehicles out; blocked on the platform; in the warehouse; blocked there; in the yard.
type State = [usize; 5];

impl Line {
    fn moves(&self, [out, stuck, stored, full, held]: State) -> Vec<(f64, State)> {
        let [platform, warehouse, yard] = self.slots;
        let rate = |station: usize, working: usize| working as f64 / self.service[station];
        let mut moves = Vec::new();
        if out < self.fleet {
            moves.push((1.0, [out + 1, stuck, stored, full, held]));
        }
        let unloading = out.min(platform) - stuck;
        moves.push((
            rate(0, unloading),
            if stored < warehouse {
                [out - unloading.min(1), stuck, stored + 1, full, held]
            } else {
                [out, stuck + 1, stored, full, held]
            },
        ));
        // A slot of the warehouse falls free: who is stuck on the platform takes it, and its vehicle goes home.
        let freed = |full: usize, held: usize| {
            if stuck > 0 {
                [out - 1, stuck - 1, stored, full, held]
            } else {
                [out, stuck, stored - 1, full, held]
            }
        };
        if stored > full {
            let next = if yard == 0 {
                freed(full, held)
            } else if held < yard {
                freed(full, held + 1)
            } else {
                [out, stuck, stored, full + 1, held]
            };
            moves.push((rate(1, stored - full), next));
        }
        if held > 0 {
            let next = if full > 0 {
                freed(full - 1, held)
            } else {
                [out, stuck, stored, full, held - 1]
            };
            moves.push((rate(2, held), next));
        }
        moves.retain(|(rate, _)| *rate > 0.0);
        moves
    }

    /// The states that occur, each with its share of time.
    fn solve(&self) -> Vec<(State, f64)> {
        let mut states = vec![[0; 5]];
        let mut at = HashMap::from([([0; 5], 0)]);
        let mut moves = Vec::new();
        let mut from = 0;
        while from < states.len() {
            for (rate, state) in self.moves(states[from]) {
                let to = *at.entry(state).or_insert_with(|| {
                    states.push(state);
                    states.len() - 1
                });
                moves.push((from, to, rate));
            }
            from += 1;
        }
        let mut rates = vec![vec![0.0; states.len()]; states.len()];
        for (from, to, rate) in moves {
            rates[from][to] += rate;
        }
        states.into_iter().zip(stationary(rates)).collect()
    }

    fn check(&self, sample: &Sample) -> Vec<Result<(), String>> {
        let solved = self.solve();
        let mean = |of: &dyn Fn(&State) -> usize| {
            solved.iter().map(|(s, p)| of(s) as f64 * p).sum::<f64>()
        };
        let lost = mean(&|s| usize::from(s[0] == self.fleet));
        let through = 1.0 - lost;
        let stuck = mean(&|s| s[1]);
        let platform = mean(&|s| s[0].min(self.slots[0]));
        let mut checks = vec![
            sample.check("lots.throughput", 24.0 * through),
            sample.check_ratio(
                "source.border.cancelled",
                "source.border.convoys",
                lost / through,
            ),
            sample.check(
                "place.platform.utilisation",
                platform / self.slots[0] as f64,
            ),
            sample.check("place.platform.blocked", stuck),
            sample.check_over(
                "step.unload.blocked.mean",
                "vehicle.returned",
                stuck / through,
            ),
            sample.check(
                "source.border.waiting.mean",
                mean(&|s| s[0].saturating_sub(self.slots[0])),
            ),
            sample.check("place.warehouse.occupancy.mean", mean(&|s| s[2])),
            sample.check(
                "place.warehouse.full",
                mean(&|s| usize::from(s[2] == self.slots[1])),
            ),
            sample.check_over(
                "step.disinfect.wait.mean",
                "step.disinfect.started",
                stuck / through,
            ),
        ];
        if self.slots[2] > 0 {
            checks.extend([
                sample.check("place.warehouse.blocked", mean(&|s| s[3])),
                sample.check("place.yard.occupancy.mean", mean(&|s| s[4])),
            ]);
        }
        checks
    }
}

fn two() -> Line {
    Line {
        fleet: 6,
        slots: [2, 3, 0],
        service: [1.5, 3.0, 1.0],
    }
}

fn three() -> Line {
    Line {
        fleet: 5,
        slots: [2, 2, 3],
        service: [1.0, 1.2, 3.0],
    }
}

#[test]
fn two_stations() {
    pass(&two().check(&sample(&model(TWO, &[]), 601, 80, 300.0)));
}

#[test]
fn three_stations_of_which_the_last_blocks_the_first() {
    pass(&three().check(&sample(&model(THREE, &[]), 602, 80, 300.0)));
}

#[test]
fn a_warehouse_slot_too_many_is_seen() {
    let roomy = model(TWO, &["place.warehouse.slots=4"]);
    two()
        .check(&sample(&roomy, 603, 80, 300.0))
        .into_iter()
        .for_each(fails);
}

#[test]
fn a_line_that_does_not_block_is_seen() {
    let buffered = model(THREE, &["place.yard.buffer=\"unlimited\""]);
    let checks = three().check(&sample(&buffered, 604, 80, 300.0));
    for at in [0, 1, 2, 3, 6, 7, 9] {
        fails(checks[at].clone());
    }
}

#[test]
fn a_hold_four_percent_too_long_is_seen() {
    let slow = model(THREE, &["step.hold.takes=\"exponential(3.12 h)\""]);
    let checks = three().check(&sample(&slow, 605, 80, 300.0));
    for at in [0, 1, 2, 3, 4, 7, 9] {
        fails(checks[at].clone());
    }
}
