//! Machine repair: a fleet that is out, unloaded by a few slots and on its way home again. A closed network of a station
//! that sends one vehicle at a time, delays, and slots; its product form is exact for delays of any shape (BCMP1975).

use crate::support::{Sample, fails, model, pass, sample};

pub(crate) const FILE: &str = r#"
gateway = { name = "shuttle", length = "12000 h" }
source.border = { every = "exponential(20 min)", fleet = 12, when_short = "go_short", travel = "uniform(1 h, 3 h)" }
place.platform = { slots = 2 }
step = [{ id = "unload", at = "platform", takes = "exponential(1.5 h)" }]
vehicle = { wash = "30 min", back = "lognormal(4 h, 2 h)" }
"#;

/// Hours at the source until the next one is sent, on the way there and back together, unloading; slots.
const SENDING: f64 = 1.0 / 3.0;
const AWAY: f64 = 2.0 + 0.5 + 4.0;
const UNLOADING: f64 = 1.5;
const SLOTS: usize = 2;

/// Shares of time of (at home, at the platform), the others being on their way.
fn product_form(fleet: usize) -> Vec<(usize, usize, f64)> {
    let mut states = Vec::new();
    for home in 0..=fleet {
        for at_platform in 0..=fleet - home {
            let away: f64 = (1..=fleet - home - at_platform)
                .map(|n| AWAY / n as f64)
                .product();
            let platform: f64 = (1..=at_platform)
                .map(|n| UNLOADING / n.min(SLOTS) as f64)
                .product();
            states.push((
                home,
                at_platform,
                SENDING.powi(home as i32) * away * platform,
            ));
        }
    }
    let total: f64 = states.iter().map(|state| state.2).sum();
    states.iter_mut().for_each(|state| state.2 /= total);
    states
}

fn check(sample: &Sample, fleet: usize) -> Vec<Result<(), String>> {
    let states = product_form(fleet);
    let mean = |of: &dyn Fn(usize, usize) -> usize| {
        states
            .iter()
            .map(|&(h, n, p)| of(h, n) as f64 * p)
            .sum::<f64>()
    };
    let stranded = mean(&|home, _| usize::from(home == 0));
    let sent = (1.0 - stranded) / SENDING;
    let at_platform = mean(&|_, n| n);
    let queue = mean(&|_, n| n.saturating_sub(SLOTS));
    vec![
        sample.check("lots.throughput", 24.0 * sent),
        sample.check_ratio(
            "source.border.cancelled",
            "source.border.convoys",
            stranded / (1.0 - stranded),
        ),
        sample.check("place.platform.occupancy.mean", at_platform - queue),
        sample.check("source.border.waiting.mean", queue),
        sample.check_over("step.unload.wait.mean", "step.unload.started", queue / sent),
        sample.check_over(
            "vehicle.turn_round.mean",
            "vehicle.returned",
            at_platform / sent + 4.5,
        ),
        sample.check_over(
            "vehicle.stay.mean",
            "vehicle.returned",
            at_platform / sent + 0.5,
        ),
    ]
}

#[test]
fn twelve_vehicles_and_two_slots() {
    pass(&check(&sample(&model(FILE, &[]), 701, 80, 300.0), 12));
}

#[test]
fn one_vehicle_more_is_seen() {
    let more = model(FILE, &["source.border.fleet=13"]);
    check(&sample(&more, 702, 80, 300.0), 12)
        .into_iter()
        .for_each(fails);
}

#[test]
fn a_way_home_five_percent_too_long_is_seen() {
    let long = model(FILE, &["vehicle.back=\"lognormal(4.2 h, 2 h)\""]);
    check(&sample(&long, 703, 80, 300.0), 12)
        .into_iter()
        .for_each(fails);
}

#[test]
fn where_departures_are_frequent_it_is_the_classical_repair_shop() {
    // Sent again at once, a vehicle is "running" for `AWAY` and then "broken": the finite-source queue, from its
    // birth-death equations. Departures are due every 18 s; to wait for one takes less than a thousandth of the cycle.
    const FLEET: usize = 6;
    let mut p = vec![1.0];
    for n in 1..=FLEET {
        let running = (FLEET - n + 1) as f64 / AWAY;
        p.push(p[n - 1] * running * UNLOADING / n.min(SLOTS) as f64);
    }
    let total: f64 = p.iter().sum();
    let busy: f64 = p
        .iter()
        .enumerate()
        .map(|(n, p)| n.min(SLOTS) as f64 * p)
        .sum::<f64>()
        / total;
    let shop = |fleet: usize| {
        let fleet = format!("source.border.fleet={fleet}");
        let wait = "source.border.when_short=\"wait\"";
        let often = "source.border.every=\"18 s\"";
        let length = "gateway.length=\"3000 h\"";
        sample(&model(FILE, &[&fleet, wait, often, length]), 704, 40, 300.0)
    };
    pass(&[shop(FLEET).check("place.platform.occupancy.mean", busy)]);
    fails(shop(FLEET + 1).check("place.platform.occupancy.mean", busy));
}
