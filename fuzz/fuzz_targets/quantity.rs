//! Reads any text as a quantity: a number with its unit, or a sentence that says why not.
#![no_main]

use lazaret_gateway::quantity::amount;

libfuzzer_sys::fuzz_target!(|text: &str| {
    match amount(text) {
        Ok((number, _)) => assert!(!number.is_nan(), "{text:?} is not a number and was taken for one"),
        Err(why) => assert!(!why.is_empty()),
    }
});
