//! Reads any bytes as the body of a command of the API.
#![no_main]

use lazaret_server::api::commands::CommandRequest;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(request) = serde_json::from_slice::<CommandRequest>(bytes) {
        let text = serde_json::to_string(&request.id).expect("a key is a text");
        assert!(!text.is_empty());
    }
});
