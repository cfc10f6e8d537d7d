//! Reports as their readers meet them.

#![allow(clippy::disallowed_methods, reason = "tests read files and clocks")]

mod browser;
mod flows;
mod page;

use lazaret_report::flows::Flows;
use lazaret_report::{Again, study};
use lazaret_sim::Model;
use lazaret_sim::study::{Settings, Stop};

/// The page of a gateway file after a few replications.
fn page_of(text: &str) -> String {
    let reading = lazaret_gateway::read(text, &[] as &[&str], &|_| Err("no files".into())).unwrap();
    let model = Model::compile(&reading.gateway).unwrap();
    let settings = Settings {
        seed: 1,
        stop: Stop::After(30),
        threads: 1,
    };
    let study =
        lazaret_sim::study::run(
            &model,
            &settings,
            |_, _| std::ops::ControlFlow::Continue(()),
        )
        .unwrap();
    let flows = Flows::count(&model, 1, 30).unwrap();
    let told = study::Told {
        flows: &flows,
        file: (text, &["place.yard.slots=7".to_string()]),
        model: &model,
        study: &study,
        suspicions: &["a <suspicion>".to_string()],
        again: Again {
            command: "lazaret report gateway.toml --seed 1".into(),
            seed: 1,
            version: "0.1.0".into(),
            file_hash: "abc".into(),
        },
    };
    study::page(&told).html()
}

fn uiju() -> String {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/uiju/gateway.toml"
    );
    page_of(&std::fs::read_to_string(path).unwrap())
}
