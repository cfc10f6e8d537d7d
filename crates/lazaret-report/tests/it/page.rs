use crate::{page_of, uiju};

#[test]
fn it_needs_nothing_but_itself() {
    let html = uiju();
    for outside in [
        "<script", "<link", "src=", "@import", "http://", "https://", "url(http",
    ] {
        assert!(!html.contains(outside), "{outside} in the page");
    }
}

#[test]
fn every_picture_has_its_table() {
    let html = uiju();
    let pictures = html.matches("role=\"img\"").count();
    let tables = html.matches("<summary>data</summary>").count();
    assert!(pictures >= 6, "{pictures} pictures");
    assert_eq!(pictures, tables);
}

#[test]
fn it_says_what_was_asked_found_assumed_and_how_to_get_it_again() {
    let html = uiju();
    for part in [
        "What can Uiju carry",
        "lots a day are sent inland",
        "Assumptions",
        "hold_time",
        "Caveats",
        "--seed 1",
        "abc",
    ] {
        assert!(html.contains(part), "{part} is missing");
    }
}

#[test]
fn names_are_text_and_never_markup() {
    let html = page_of(
        r#"
gateway = { name = "<b>yard</b> & \"co\"", length = "30 d" }
source.port = { every = "exponential(6 h)", convoy = 1 }
place.quay = { slots = 2 }
step = [{ id = "unload", at = "quay", takes = "exponential(10 h)" }]
"#,
    );
    assert!(html.contains("&lt;b&gt;yard&lt;/b&gt; &amp; &quot;co&quot;"));
    assert!(html.contains("a &lt;suspicion&gt;"));
    assert!(!html.contains("<b>yard") && !html.contains("<suspicion>"));
}
