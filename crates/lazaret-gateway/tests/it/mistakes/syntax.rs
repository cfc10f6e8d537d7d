//! Errors of TOML itself.

use super::said;

#[test]
fn a_duration_without_quotes() {
    insta::assert_snapshot!(said(&[(r#"takes = "1 d""#, "takes = 1 d")]), @r#"
    96:9: error[syntax]: a text must be in quotes
      at `1 d`
      help: write it in quotes: takes = "1 d"
    "#);
}

#[test]
fn a_distribution_without_quotes() {
    insta::assert_snapshot!(said(&[(r#"every = "exponential(24 h)""#, "every = exponential(24 h)")]), @r#"
    31:9: error[syntax]: a text must be in quotes
      at `exponential(24 h)`
      help: write it in quotes: every = "exponential(24 h)"
    "#);
}

#[test]
fn a_text_that_does_not_end() {
    insta::assert_snapshot!(said(&[(r#"name = "All""#, r#"name = "All"#)]), @r#"
    3:12: error[syntax]: invalid basic string, expected `"`
      at ``: here
    "#);
}

#[test]
fn a_key_twice() {
    insta::assert_snapshot!(said(&[(r#"slots = 3
"#, r#"slots = 3
slots = 4
"#)]), @r#"
    79:1: error[syntax]: duplicate key
      at `slots`: this key is set twice
      help: remove one of the two
    "#);
}

#[test]
fn a_section_twice() {
    insta::assert_snapshot!(said(&[("[crew.cleaner]", r#"[place.bay]
slots = 2

[crew.cleaner]"#)]), @r#"
    82:8: error[syntax]: duplicate key
      at `bay`: this key is set twice
      help: remove one of the two
    83:1: error[syntax]: duplicate key
      at `slots`: this key is set twice
      help: remove one of the two
    "#);
}

#[test]
fn a_bracket_too_few() {
    insta::assert_snapshot!(said(&[("[place.bay]", "[place.bay")]), @r#"
    77:11: error[syntax]: unclosed table, expected `]`
      at ``: here
    "#);
}

#[test]
fn syntax_and_sense_together() {
    insta::assert_snapshot!(said(&[(r#"takes = "1 d""#, "takes = 1 d"),
        ("triangular(1 h, 2 h, 4 h)", "triangle(1 h, 2 h, 4 h)")]), @r#"
    96:9: error[syntax]: a text must be in quotes
      at `1 d`
      help: write it in quotes: takes = "1 d"
    102:10: error[unknown-distribution]: `triangle` is not a distribution
      at `triangle`
      help: did you mean `triangular`?
    "#);
}

#[test]
fn a_name_with_an_umlaut() {
    insta::assert_snapshot!(said(&[("[place.bay]", "[place.bücht]"), ("wash_at = \"bay\"", "wash_at = \"bücht\"")]), @r#"
    77:9: error[syntax]: invalid unquoted key, expected letters, numbers, `-`, `_`
      at `ü`
      help: put the name in quotes: "bücht"
    "#);
}
