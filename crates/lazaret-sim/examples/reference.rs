//! Runs replications of a gateway file on one thread and prints the seven figures of gateway-ref, for profiling.

#![allow(clippy::disallowed_methods, reason = "a program that measures")]
#![allow(clippy::print_stdout)]
use lazaret_sim::{Model, Moments, Replication, Silent, World};
use lazaret_vocabulary::time::GateTime;

fn main() {
    let mut args = std::env::args().skip(1);
    let file = args.next().expect("a gateway file");
    let n: u64 = args
        .next()
        .map_or(20, |n| n.parse().expect("a number of replications"));
    let overrides: Vec<String> = args.collect();
    let text = std::fs::read_to_string(file).expect("readable");
    let reading =
        lazaret_gateway::read(&text, &overrides, &|_| Err("none".into())).expect("a gateway");
    let model = Model::compile(&reading.gateway).expect("compiles");
    let names = [
        "lots.dispatched",
        "lots.time_in_gateway.mean",
        "lots.time_in_gateway.p95",
        "place.yard.occupancy.mean",
        "place.yard.occupancy.max",
        "vehicle.turn_round.mean",
        "place.platform.utilisation",
    ];
    let at: Vec<usize> = names
        .iter()
        .map(|name| model.metrics().position(name).expect("metric"))
        .collect();
    let mut moments = vec![Moments::default(); names.len()];
    let mut world = World::new(&model, Silent);
    let begin = std::time::Instant::now();
    for number in 0..n {
        let outcome = world
            .replicate(Replication::new(1, number), GateTime::START)
            .expect("runs");
        for (moments, &at) in moments.iter_mut().zip(&at) {
            moments.add(outcome.values[at]);
        }
    }
    println!(
        "{:.3} ms a replication",
        begin.elapsed().as_secs_f64() * 1e3 / n as f64
    );
    for (name, moments) in names.iter().zip(&moments) {
        let e = moments.estimate();
        println!("{name:32} {:12.4} ± {:.4}", e.mean, e.half_width());
    }
}
