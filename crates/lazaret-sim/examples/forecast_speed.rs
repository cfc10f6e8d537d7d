//! How long a forecast takes:
//! `cargo run --release -p lazaret-sim --example forecast_speed -- FILE LOTS DAYS FUTURES THREADS [PATH=VALUE ...]`.
//!
//! It runs the gateway from empty until so many lots are inside, takes the situation, and forecasts from that.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "it reads a file, measures time and tells it"
)]

use std::error::Error;
use std::ops::ControlFlow;
use std::time::Instant;

use lazaret_sim::forecast::{Settings, forecast};
use lazaret_sim::{Model, Replication, Silent, World};
use lazaret_vocabulary::time::{GateTime, Span};

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [file, lots, days, futures, threads, changes @ ..] = &words[..] else {
        return Err("FILE LOTS DAYS FUTURES THREADS [PATH=VALUE ...]".into());
    };
    let (lots, days): (u64, i64) = (lots.parse()?, days.parse()?);
    let text = std::fs::read_to_string(file)?;
    let none = |_: &str| Err("no CSV files".to_string());
    let mut gateway = lazaret_gateway::read(&text, changes, &none)
        .map_err(|wrong| wrong[0].plain(&text, changes))?
        .gateway;
    let model = Model::compile(&gateway)?;
    let mut world = World::new(&model, Silent);
    world.start(Replication::new(1, 0), GateTime::START)?;
    let mut day = 0;
    while world.lots() < lots && day * 24 < gateway.length.micros() / 3_600_000_000 - 24 {
        day += 1;
        world.advance(GateTime::from_micros(day * 24 * 3_600_000_000));
    }
    let situation = world.situation();
    gateway.length = Span::from_hours(24 * days);
    let began = Instant::now();
    let model = Model::compile_from(&gateway, &situation)?;
    let compiled = began.elapsed().as_secs_f64();
    let settings = Settings {
        seed: 1,
        futures: futures.parse()?,
        days: 14,
        threads: threads.parse()?,
    };
    let began = Instant::now();
    let found = forecast(&model, &settings, || ControlFlow::Continue(()))?;
    println!(
        "day {day}: {} lots named, {} things; compiled in {compiled:.3} s; {} futures of {days} days in {:.3} s on {threads} threads",
        found.lots.len(),
        situation.things.len(),
        found.futures,
        began.elapsed().as_secs_f64()
    );
    Ok(())
}
