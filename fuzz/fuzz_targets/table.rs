//! Reads any bytes as a clerk's table of papers: taken, or refused with a reason that has a place.
#![no_main]

use jiff::tz::TimeZone;
use lazaret_exchange::manifest::{self, Place, Said};
use lazaret_exchange::table::{Choices, Table};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(table) = Table::read(bytes, "text/csv", &Choices::default()) else {
        return;
    };
    let place = Place {
        sources: &["dandong"],
        goods: &["medicine", "general"],
        zone: &TimeZone::UTC,
        is_hazard: |text| text == "3",
    };
    if let Ok(read) = manifest::read(&table, &Said::default(), place) {
        for error in &read.errors {
            assert!(error.row >= 1 && !error.column.is_empty() && !error.message.is_empty());
        }
    }
});
