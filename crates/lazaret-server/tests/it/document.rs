//! The OpenAPI document that the screens are built against is the one that the code says.

use std::path::Path;

#[test]
fn the_committed_document_is_that_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/openapi.json");
    let mut document = lazaret_server::document().to_pretty_json().unwrap();
    document.push('\n');
    if std::env::var_os("LAZARET_WRITE_OPENAPI").is_some() {
        std::fs::write(&path, &document).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == document,
        "web/openapi.json is out of step: run LAZARET_WRITE_OPENAPI=1 cargo test -p lazaret-server document"
    );
}
