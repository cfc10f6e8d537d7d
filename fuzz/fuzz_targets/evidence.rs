//! Reads any text as evidence. Every complaint points into the text.
#![no_main]

use lazaret_watch::evidence::read;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Err(said) = read(text) {
        assert!(!said.is_empty());
        for label in said.iter().flat_map(|diagnostic| &diagnostic.labels) {
            assert!(text.get(label.at.start..label.at.end).is_some());
        }
    }
});
