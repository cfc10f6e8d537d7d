//! Keys, names and kinds of values.

use super::said;

#[test]
fn an_unknown_section_is_named_with_the_nearest() {
    insta::assert_snapshot!(said(&[("[equipment.plug]", "[equipmnet.plug]")]), @r#"
    75:11: error[unknown-name]: crew or equipment `plug` is not declared
      at `plug`
      help: known: `cleaner`, `sprayer`
    90:2: error[unknown-key]: a gateway file has no section `equipmnet`
      at `equipmnet`
      help: did you mean `equipment`?
    "#);
}

#[test]
fn an_unknown_key_of_a_place() {
    insta::assert_snapshot!(said(&[(r#"slots = 4
"#, r#"slotz = 4
"#)]), @r#"
    54:1: error[unknown-key]: place `platform` has no `slotz`
      at `slotz`
      help: did you mean `slots`?
    "#);
}

#[test]
fn an_unknown_key_of_a_step() {
    insta::assert_snapshot!(said(&[("takes_up_to = 80", "take_up_to = 80")]), @r#"
    128:1: error[unknown-key]: step `dispatch` has no `take_up_to`
      at `take_up_to`
      help: did you mean `takes_up_to`?
    "#);
}

#[test]
fn an_unknown_key_deep_in_a_table() {
    insta::assert_snapshot!(said(&[("at_most = 2", "atmost = 2")]), @r#"
    114:44: error[unknown-key]: `again` has no `atmost`
      at `atmost`
      help: did you mean `at_most`?
    "#);
}

#[test]
fn a_missing_key() {
    insta::assert_snapshot!(said(&[(r#"at = "platform"
"#, "")]), @r#"
    100:6: error[missing-key]: step `unload` has no `at`
      at `"unload"`
      help: add at = "name of a place"
    "#);
}

#[test]
fn a_missing_section() {
    insta::assert_snapshot!(said(&[("[gateway]", "[gatewy]")]), @r#"
    2:2: error[unknown-key]: a gateway file has no section `gatewy`
      at `gatewy`
      help: did you mean `gateway`?
    "#);
}

#[test]
fn a_place_that_does_not_exist() {
    insta::assert_snapshot!(said(&[(r#"at = "platform""#, r#"at = "platfrom""#)]), @r#"
    101:6: error[unknown-name]: place `platfrom` is not declared
      at `"platfrom"`
      help: did you mean `platform`?
    "#);
}

#[test]
fn a_crew_that_does_not_exist() {
    insta::assert_snapshot!(said(&[(r#"crew = "cleaner"
"#, r#"crew = "cleaners"
"#)]), @r#"
    65:8: error[unknown-name]: crew or equipment `cleaners` is not declared
      at `"cleaners"`
      help: did you mean `cleaner`?
    "#);
}

#[test]
fn a_class_that_does_not_exist() {
    insta::assert_snapshot!(said(&[(r#"apart_from = "chemicals""#, r#"apart_from = ["chemical"]"#)]), @r#"
    16:38: error[unknown-name]: goods class `chemical` is not declared
      at `"chemical"`
      help: did you mean `chemicals`?
    "#);
}

#[test]
fn a_word_that_is_not_a_choice() {
    insta::assert_snapshot!(said(&[(r#"fill = "one_by_one""#, r#"fill = "one by one""#)]), @r#"
    62:8: error[unknown-word]: `fill` cannot be `one by one`
      at `"one by one"`
      help: did you mean `one_by_one`?
    "#);
}

#[test]
fn a_route_by_air() {
    insta::assert_snapshot!(said(&[(r#"route = "sea""#, r#"route = "air""#)]), @r#"
    44:9: error[unknown-word]: `route` cannot be `air`
      at `"air"`
      help: known: `rail`, `sea`, `road`
    "#);
}

#[test]
fn a_text_where_a_flag_stands() {
    insta::assert_snapshot!(said(&[(r#"count = 60
"#, r#"count = 60
works_holidays = "no"
"#)]), @r#"
    84:18: error[wrong-kind]: true or false is expected here, not a text
      at `"no"`
    "#);
}

#[test]
fn a_number_where_a_name_stands() {
    insta::assert_snapshot!(said(&[(r#"at = "anchorage""#, "at = 3")]), @r#"
    95:6: error[wrong-kind]: the name of a place is expected here, not a whole number
      at `3`
    "#);
}

#[test]
fn two_steps_of_one_name() {
    insta::assert_snapshot!(said(&[(r#"id = "disinfect""#, r#"id = "unload"
does = "treat""#)]), @r#"
    105:6: error[same-name]: there are two steps `unload`
      at `"unload"`
      and 100:6 `"unload"`: the first
      help: rename one of them
    115:31: error[unknown-name]: step `disinfect` is not declared
      at `"disinfect"`
      help: known: `anchor`, `unload`, `inspect`, `hold`, `dispatch`
    123:22: error[unknown-name]: step `disinfection` is not declared
      at `disinfection`
      help: known: `anchor`, `unload`, `inspect`, `hold`, `dispatch`
    "#);
}

#[test]
fn a_crew_named_as_equipment() {
    insta::assert_snapshot!(said(&[("[equipment.sprayer]", "[equipment.cleaner]"),
        ("{ sprayer = 2 }", "{ cleaner = 2 }")]), @r#"
    87:12: error[same-name]: `cleaner` is both a crew and a piece of equipment
      at `cleaner`
      and 82:7 `cleaner`: the crew
      help: give one of them another name
    "#);
}

#[test]
fn a_name_with_a_space() {
    insta::assert_snapshot!(said(&[("[place.bay]", r#"[place."wash bay"]"#),
        (r#"wash_at = "bay""#, r#"wash_at = "wash bay""#)]), @r#"
    77:8: error[bad-name]: `wash bay` cannot be a name
      at `"wash bay"`
      help: a name begins with a letter and contains only letters, digits, `_` and `-`
    "#);
}

#[test]
fn an_unknown_named_as_a_distribution() {
    insta::assert_snapshot!(said(&[(r#"hold_time = "uniform(14 d, 30 d)""#, r#"gamma = "uniform(14 d, 30 d)""#),
        (r#""hold_time""#, r#""20 d""#)]), @r#"
    11:1: error[bad-name]: `gamma` is a reserved word
      at `gamma`
      help: choose another name
    "#);
}

#[test]
fn half_a_sprayer() {
    insta::assert_snapshot!(said(&[("{ sprayer = 2 }", "{ sprayer = 0.5 }")]), @r#"
    66:21: error[out-of-range]: the number of `sprayer` must be a whole number from 1
      at `0.5`
    "#);
}

#[test]
fn a_step_written_as_one_table() {
    insta::assert_snapshot!(said(&[(r#"[[step]]
id = "anchor""#, r#"[step]
id = "anchor""#)]), @r#"
    1:1: error[missing-section]: this file has no step
      at ``
      help: add [[step]] with id = "unload" and at = "…"
    93:2: error[wrong-kind]: `step` is written in another form
      at `step`
      help: write [[step]], with two brackets, for each one
    "#);
}

#[test]
fn a_place_without_slots() {
    insta::assert_snapshot!(said(&[(r#"slots = 3
"#, "")]), @r#"
    77:8: error[missing-key]: place `bay` has no `slots`
      at `bay`
      help: add slots = 12
    "#);
}

#[test]
fn a_place_with_no_slots() {
    insta::assert_snapshot!(said(&[(r#"slots = 3
"#, r#"slots = 0
"#)]), @r#"
    78:9: error[out-of-range]: a place with no slots holds nothing
      at `0`
      help: write the number of slots, or "unlimited"; for a place that is built later, write count = 0 and from = [{ date = …, count = 5 }]
    "#);
}

#[test]
fn a_time_zone_that_does_not_exist() {
    insta::assert_snapshot!(said(&[(r#""Europe/Warsaw""#, r#""Europe/Warszawa""#)]), @r#"
    4:13: error[unknown-name]: `Europe/Warszawa` is not a time zone
      at `"Europe/Warszawa"`
      help: did you mean `Europe/Warsaw`?
    "#);
}

#[test]
fn several_mistakes_at_once() {
    insta::assert_snapshot!(said(&[(r#"slots = 4
"#, r#"slotz = 4
"#),
        (r#"takes = "1 d""#, r#"takes = "1 dy""#),
        (r#"crew = "cleaner"
"#, r#"crew = "cleener"
"#)]), @r#"
    54:1: error[unknown-key]: place `platform` has no `slotz`
      at `slotz`
      help: did you mean `slots`?
    65:8: error[unknown-name]: crew or equipment `cleener` is not declared
      at `"cleener"`
      help: did you mean `cleaner`?
    96:12: error[unknown-unit]: `dy` is not a unit
      at `dy`
      help: did you mean `days`?
    "#);
}

#[test]
fn a_place_that_is_never_built() {
    insta::assert_snapshot!(said(&[("count = 5\nslots = 4\n", "count = 0\nslots = 4\n")]), @r#"
    53:9: error[out-of-range]: a place with no units holds nothing
      at `0`
      help: if they come later, write count = 0 and from = [{ date = …, count = 5 }]
    "#);
}

#[test]
fn a_place_that_is_built_later() {
    insta::assert_snapshot!(said(&[("slots = 3\n", "slots = 3\ncount = 0\nfrom = [{ date = 2024-02-01, count = 2 }]\n")]), @"");
}
