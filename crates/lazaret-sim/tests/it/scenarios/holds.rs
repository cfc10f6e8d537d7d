//! Holds, their clocks, and inspections.

use expect_test::expect;

use super::{check, check_only};

fn hold(clock: &str) -> String {
    format!(
        r#"
[source.r]
every = "40 h"
first = "0 h"
[place.p]
slots = 1
[place.w]
slots = 1
[place.y]
slots = 1
[[step]]
id = "unload"
at = "p"
takes = "1 h"
[[step]]
id = "disinfect"
at = "w"
takes = "2 h"
[[step]]
id = "rest"
does = "treat"
at = "w"
takes = "1 h"
[[step]]
id = "hold"
at = "y"
takes = "6 h"
clock = "{clock}"
"#
    )
}

#[test]
fn a_clock_may_start_when_the_lot_is_stored() {
    check_only(
        &["hold", "takes"],
        "20 h",
        &hold("when stored"),
        expect![[r#"
            06:00 r-1-1 takes a slot in p.1
            07:00 r-1-1-1 takes a slot in w.1
            10:00 r-1-1-1 takes a slot in y.1
            10:00 hold of r-1-1-1 begins, until 16:00
            16:00 hold of r-1-1-1 ends
        "#]],
    );
}

#[test]
fn or_when_the_convoy_arrived() {
    check_only(
        &["hold"],
        "20 h",
        &hold("on arrival"),
        expect![[r#"
        10:00 hold of r-1-1-1 begins, until 12:00
        12:00 hold of r-1-1-1 ends
    "#]],
    );
}

#[test]
fn or_when_a_step_starts() {
    check_only(
        &["hold"],
        "20 h",
        &hold("starts when disinfection starts"),
        expect![[r#"
            10:00 hold of r-1-1-1 begins, until 13:00
            13:00 hold of r-1-1-1 ends
        "#]],
    );
}

#[test]
fn or_when_a_step_ends() {
    check_only(
        &["hold"],
        "20 h",
        &hold("starts when disinfection ends"),
        expect![[r#"
            10:00 hold of r-1-1-1 begins, until 15:00
            15:00 hold of r-1-1-1 ends
        "#]],
    );
}

#[test]
fn a_hold_whose_time_is_over_ends_at_once() {
    check_only(
        &["hold", "released"],
        "20 h",
        &hold("on arrival").replace("takes = \"6 h\"", "takes = \"2 h\""),
        expect![[r#"
            10:00 hold of r-1-1-1 begins, until 10:00
            10:00 hold of r-1-1-1 ends
            10:00 r-1-1-1 is released
        "#]],
    );
}

#[test]
fn a_class_may_have_a_hold_of_its_own() {
    check_only(
        &["hold"],
        "20 h",
        &format!(
            "[goods]\nfood = {{ hold = \"1 h\" }}\n{}",
            hold("when stored")
        ),
        expect![[r#"
            10:00 hold of r-1-1-1 begins, until 11:00
            11:00 hold of r-1-1-1 ends
        "#]],
    );
}

fn inspection(rule: &str) -> String {
    format!(
        r#"
[source.r]
every = "40 h"
first = "0 h"
[place.p]
slots = 1
[place.w]
slots = 1
[place.y]
slots = 1
[[step]]
id = "unload"
at = "p"
[[step]]
id = "disinfect"
at = "w"
takes = "2 h"
[[step]]
id = "inspect"
at = "y"
takes = "1 h"
{rule}
[[step]]
id = "hold"
at = "y"
takes = "6 h"
clock = "starts when disinfection ends"
"#
    )
}

#[test]
fn an_inspection_lets_pass() {
    check(
        "20 h",
        &inspection("pass = 1"),
        expect![[r#"
        06:00 r-1 sets out with 1
        06:00 r-1 arrives
        06:00 r-1-1 takes a slot in p.1
        06:00 r-1-1 begins to be unloaded
        06:00 lot r-1-1-1 (general) is off
        06:00 r-1-1-1 takes a slot in w.1
        06:00 r-1-1-1 begins disinfect
        06:00 r-1-1 is empty
        06:00 r-1-1 leaves p.1
        06:00 r-1-1 is washed
        06:00 r-1-1 goes home
        06:00 r-1-1 is home
        08:00 r-1-1-1 ends disinfect
        08:00 r-1-1-1 takes a slot in y.1
        08:00 r-1-1-1 begins inspect
        09:00 r-1-1-1 inspect: passes
        09:00 hold of r-1-1-1 begins, until 14:00
        14:00 hold of r-1-1-1 ends
        14:00 r-1-1-1 is released
    "#]],
    );
}

#[test]
fn or_has_it_treated_again_and_after_enough_rounds_destroyed() {
    check(
        "20 h",
        &inspection("pass = 0\nagain = { share = 1, from = \"disinfect\", at_most = 1 }"),
        expect![[r#"
            06:00 r-1 sets out with 1
            06:00 r-1 arrives
            06:00 r-1-1 takes a slot in p.1
            06:00 r-1-1 begins to be unloaded
            06:00 lot r-1-1-1 (general) is off
            06:00 r-1-1-1 takes a slot in w.1
            06:00 r-1-1-1 begins disinfect
            06:00 r-1-1 is empty
            06:00 r-1-1 leaves p.1
            06:00 r-1-1 is washed
            06:00 r-1-1 goes home
            06:00 r-1-1 is home
            08:00 r-1-1-1 ends disinfect
            08:00 r-1-1-1 takes a slot in y.1
            08:00 r-1-1-1 begins inspect
            09:00 r-1-1-1 inspect: again
            09:00 r-1-1-1 takes a slot in w.1
            09:00 r-1-1-1 begins disinfect
            11:00 r-1-1-1 ends disinfect
            11:00 r-1-1-1 takes a slot in y.1
            11:00 r-1-1-1 begins inspect
            12:00 r-1-1-1 inspect: to be destroyed
            12:00 r-1-1-1 is destroyed
        "#]],
    );
}

#[test]
fn or_sends_it_back() {
    check_only(
        &["inspect", "sent back", "destroyed"],
        "20 h",
        &inspection("pass = 0\nfail = 1"),
        expect![[r#"
            08:00 r-1-1-1 begins inspect
            09:00 r-1-1-1 inspect: fails
            09:00 r-1-1-1 is sent back
        "#]],
    );
}

#[test]
fn or_has_it_destroyed() {
    check_only(
        &["inspect", "sent back", "destroyed"],
        "20 h",
        &inspection("pass = 0\ndestroy = 1"),
        expect![[r#"
            08:00 r-1-1-1 begins inspect
            09:00 r-1-1-1 inspect: to be destroyed
            09:00 r-1-1-1 is destroyed
        "#]],
    );
}

#[test]
fn a_lot_treated_again_after_its_hold_is_held_anew() {
    // A hold between treatment and inspection starts from the latest treatment.
    check_only(
        &["hold", "inspect", "disinfect", "destroyed"],
        "40 h",
        r#"
[source.r]
every = "80 h"
first = "0 h"
[place.p]
slots = 1
[place.w]
slots = 1
[place.y]
slots = 1
[[step]]
id = "unload"
at = "p"
[[step]]
id = "disinfect"
at = "w"
takes = "2 h"
[[step]]
id = "hold"
at = "y"
takes = "6 h"
clock = "starts when disinfection ends"
[[step]]
id = "inspect"
at = "y"
takes = "1 h"
pass = 0
again = { share = 1, from = "disinfect", at_most = 1 }
"#,
        expect![[r#"
            06:00 r-1-1-1 begins disinfect
            08:00 r-1-1-1 ends disinfect
            08:00 hold of r-1-1-1 begins, until 14:00
            14:00 hold of r-1-1-1 ends
            14:00 r-1-1-1 begins inspect
            15:00 r-1-1-1 inspect: again
            15:00 r-1-1-1 begins disinfect
            17:00 r-1-1-1 ends disinfect
            17:00 hold of r-1-1-1 begins anew, until 23:00
            23:00 hold of r-1-1-1 ends
            23:00 r-1-1-1 begins inspect
            +1d 00:00 r-1-1-1 inspect: to be destroyed
            +1d 00:00 r-1-1-1 is destroyed
        "#]],
    );
}
