//! Reads any bytes as a record of the ledger. What is read is written again, and then means the same.
#![no_main]

use lazaret_ledger::canonical::to_vec;
use lazaret_ledger::chain::read;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(record) = read(bytes) {
        if let Ok(written) = to_vec(&record) {
            let again = read(&written).expect("what the program wrote it can read");
            assert_eq!(to_vec(&again).expect("it was written once"), written);
        }
    }
});
