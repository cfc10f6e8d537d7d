//! Overrides.

use super::said_with;

#[test]
fn without_a_value() {
    insta::assert_snapshot!(said_with(&["place.yard.slots"]), @r#"
    --set:1: error[override]: this override has no `=`
      at `place.yard.slots`
      help: write PATH=VALUE, such as `place.yard.slots=440`
    "#);
}

#[test]
fn without_anything_after_the_sign() {
    insta::assert_snapshot!(said_with(&["place.yard.slots="]), @r#"
    --set:1: error[override]: this override has no value
      at `place.yard.slots=`
      help: write PATH=VALUE, such as `place.yard.slots=440`
    "#);
}

#[test]
fn of_a_section_that_does_not_exist() {
    insta::assert_snapshot!(said_with(&["plaec.yard.slots=3"]), @r#"
    --set:1: error[override]: a gateway file has no section `plaec`
      at `plaec`
      help: did you mean `place`?
    "#);
}

#[test]
fn of_a_place_that_does_not_exist() {
    insta::assert_snapshot!(said_with(&["place.yrad.slots=3"]), @r#"
    --set:7: error[override]: place `yrad` is not declared
      at `yrad`
      help: did you mean `yard`?
    "#);
}

#[test]
fn of_a_key_that_does_not_exist() {
    insta::assert_snapshot!(said_with(&["place.yard.slot=3"]), @r#"
    --set:12: error[unknown-key]: place `yard` has no `slot`
      at `slot`
      help: did you mean `slots`?
    "#);
}

#[test]
fn of_a_step_that_does_not_exist() {
    insta::assert_snapshot!(said_with(&["step.holt.takes=3 d"]), @r#"
    --set:6: error[override]: step `holt` is not declared
      at `holt`
      help: did you mean `hold`?
    "#);
}

#[test]
fn of_an_unknown_that_does_not_exist() {
    insta::assert_snapshot!(said_with(&["unknown.holdtime=3 d"]), @r#"
    --set:9: error[override]: unknown `holdtime` is not declared
      at `holdtime`
      help: did you mean `hold_time`?
    "#);
}

#[test]
fn of_the_wrong_unit() {
    insta::assert_snapshot!(said_with(&["step.hold.takes=3"]), @r#"
    --set:17: error[missing-unit]: this duration has no unit
      at `3`
      help: write "3 h" or "3 d"
    "#);
}

#[test]
fn of_too_short_a_path() {
    insta::assert_snapshot!(said_with(&["place.yard=3"]), @r#"
    --set:1: error[override]: this path is too short
      at `place.yard=3`
      help: write place.NAME.KEY=VALUE
    "#);
}

#[test]
fn of_a_list_position_that_is_not_there() {
    insta::assert_snapshot!(said_with(&["place.warehouse.from.2.count=3"]), @r#"
    --set:22: error[override]: `from` has 2 items, and `2` is not the position of one
      at `2`
      help: positions are counted from 0
    "#);
}

#[test]
fn of_a_value_in_a_value() {
    insta::assert_snapshot!(said_with(&["place.yard.slots.count=3"]), @r#"
    --set:12: error[override]: `slots` is not a table, so nothing in it can be set
      at `slots`
    "#);
}

#[test]
fn of_a_share_above_one() {
    insta::assert_snapshot!(said_with(&["goods.food.share=1.2"]), @r#"
    --set:18: error[out-of-range]: a share lies between 0 and 1
      at `1.2`
    "#);
}

#[test]
fn that_breaks_another_value() {
    insta::assert_snapshot!(said_with(&["source.east.fleet=3", "source.east.when_short=wait"]), @r#"
    --set:19: error[impossible]: a convoy has at least 15 vehicles, but the fleet has only 3, so none would ever leave
      at `3`
      and 33:10 `"uniform_int(15, 20)"`: the convoy
      help: enlarge the fleet, or write when_short = "go_short"
    "#);
}

#[test]
fn with_an_empty_part() {
    insta::assert_snapshot!(said_with(&["place..slots=3"]), @r#"
    --set:7: error[override]: a part of this path is empty
      at ``
      help: write PATH=VALUE, such as `place.yard.slots=440`
    "#);
}

#[test]
fn of_a_step_that_does_not_hold() {
    insta::assert_snapshot!(said_with(&["step.unload.clock=when stored"]), @r#"
    --set:13: error[does-not-apply]: step `unload` does `unload`, which has no `clock`
      at `clock`
      help: remove it, or write does = "hold"
    "#);
}
