//! Help, schema, completions, man pages.

use crate::lazaret;

fn out(arguments: &[&str]) -> String {
    let said = lazaret(std::path::Path::new("."), arguments);
    assert_eq!(said.code, Some(0), "{}", said.err);
    said.out
}

#[test]
fn the_schema_is_json() {
    let schema: serde_json::Value = serde_json::from_str(&out(&["schema"])).unwrap();
    assert_eq!(
        schema["$schema"],
        "https://json-schema.org/draft/2020-12/schema"
    );
    assert!(
        schema["properties"]["place"]["additionalProperties"]["properties"]["slots"].is_object()
    );
}

#[test]
fn shells_get_completions() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(out(&["completions", shell]).contains("lazaret"), "{shell}");
    }
}

#[test]
fn every_command_has_a_man_page() {
    assert!(out(&["man"]).contains("lazaret"));
    assert!(
        out(&["man", "check"]).contains("utilisation")
            || out(&["man", "check"]).contains("arithmetic")
    );
}

#[test]
fn a_command_that_does_not_exist_is_named_with_the_nearest() {
    let said = lazaret(std::path::Path::new("."), &["chekc"]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("'check'"), "{}", said.err);
}
