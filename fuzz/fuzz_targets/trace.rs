//! Reads any text as the lines of a trace and makes commands of the events.
#![no_main]

use std::sync::LazyLock;

use lazaret_bridge::Importer;
use lazaret_gateway::model::Gateway;
use lazaret_vocabulary::event::Event;

static GATEWAY: LazyLock<Gateway> = LazyLock::new(|| {
    let text = include_str!("../../examples/uiju/gateway.toml");
    let no_files = |_: &str| Err("no files here".to_string());
    lazaret_gateway::read(text, &[] as &[&str], &no_files)
        .expect("the example is a gateway file")
        .gateway
});

libfuzzer_sys::fuzz_target!(|text: &str| {
    let mut importer = Importer::new(&GATEWAY);
    for line in text.lines() {
        if let Ok(event) = serde_json::from_str::<Event>(line) {
            let _ = importer.commands(&event);
        }
    }
    let _ = importer.finish();
});
