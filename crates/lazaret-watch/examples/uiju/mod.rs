//! The example of Uiju as it is in the repository: its gateway, how it is observed, the evidence about it.

use lazaret_gateway::model::Gateway;
use lazaret_watch::evidence::{self, Row};
use lazaret_watch::rules::{self, Rules};

pub(crate) fn read() -> (Gateway, Rules, Vec<Row>) {
    let observe = include_str!("../../../../examples/uiju/observe.toml");
    let changes = rules::priors(observe);
    let no_files = |_: &str| Err("no files here".to_string());
    let text = include_str!("../../../../examples/uiju/gateway.toml");
    let gateway = match lazaret_gateway::read(text, &changes, &no_files) {
        Ok(reading) => reading.gateway,
        Err(wrong) => panic!("{wrong:?}"),
    };
    let rules = rules::read(observe, &gateway).unwrap_or_else(|wrong| panic!("{wrong:?}"));
    let rows = evidence::read(include_str!("../../../../examples/uiju/evidence.csv"))
        .unwrap_or_else(|wrong| panic!("{wrong:?}"))
        .rows;
    (gateway, rules, rows)
}
