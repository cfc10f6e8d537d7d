//! Reads any text as a gateway file and compiles what can be read. What stands before a NUL byte is an override, if there is one.
//!
//! `cargo +nightly fuzz run read` with crates/lazaret-gateway/tests/samples as a second corpus folder.
#![no_main]

use lazaret_gateway::check::check;
use lazaret_gateway::diagnostic::{Diagnostic, Text};
use lazaret_gateway::read;
use lazaret_sim::Model;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (overrides, text) = match text.split_once('\0') {
        Some((first, rest)) => (vec![first], rest),
        None => (Vec::new(), text),
    };
    let csv = |_: &str| Ok("x\n1\n2\n".to_string());
    let said = match read(text, &overrides, &csv) {
        Ok(reading) => {
            // The compile step may refuse, in words; it may not panic.
            let _ = Model::compile(&reading.gateway);
            check(&reading).warnings
        }
        Err(said) => {
            assert!(said.iter().any(Diagnostic::is_error));
            said
        }
    };
    for label in said.iter().flat_map(|diagnostic| &diagnostic.labels) {
        let of = match label.at.text {
            Text::File => text,
            Text::Override(i) => overrides[i],
        };
        assert!(of.get(label.at.start..label.at.end).is_some());
    }
});
