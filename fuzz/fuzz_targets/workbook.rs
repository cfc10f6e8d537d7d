//! Reads any bytes as a workbook: under its limits, and never with a panic.
#![no_main]

use lazaret_exchange::table::{Choices, Table};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut workbook = b"PK".to_vec();
    workbook.extend_from_slice(bytes);
    let choices = Choices {
        hidden_rows: Some(true),
        ..Choices::default()
    };
    let _ = Table::read(&workbook, "", &choices);
});
