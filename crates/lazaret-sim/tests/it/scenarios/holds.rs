//! Holds, their clocks, and inspections.

use expect_test::expect;

use super::{check, check_only, figures, trace};

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

fn held_since(clock: &str, source: &str, each: &str) -> String {
    format!(
        r#"
[source.r]
every = "20 h"
first = "0 h"
{source}
[place.gate]
slots = 9
[place.p]
slots = 1
[place.y]
slots = 99
[[step]]
id = "check"
does = "handle"
at = "gate"
takes = "30 min"
[[step]]
id = "unload"
at = "p"
takes = "1 h"
{each}
[[step]]
id = "hold"
at = "y"
takes = "10 h"
clock = "starts when {clock}"
[[step]]
id = "dispatch"
at = "y"
every = "1 h"
"#
    )
}

#[test]
fn a_clock_may_start_with_work_on_the_vehicle() {
    // Every second vehicle finds the memory of lots that are gone.
    for (clock, begins, each) in [
        ("check starts", 0.0, ""),
        ("check ends", 0.5, ""),
        ("unload starts", 0.5, ""),
        ("unload ends", 1.5, ""),
        ("check starts", 0.0, "each = \"lot\""),
        ("check ends", 0.5, "each = \"lot\""),
        ("unload starts", 0.5, "each = \"lot\""),
        ("unload ends", 1.5, "each = \"lot\""),
    ] {
        for source in ["lots = 1", "lots = 3", "route = \"sea\"\nconvoy = 4"] {
            let toml = held_since(clock, source, each);
            let ends: Vec<String> = trace("90 h", &toml)
                .lines()
                .filter(|line| line.contains("hold of") && line.contains("begins"))
                .map(|line| line.rsplit("until ").next().unwrap().to_string())
                .collect();
            assert!(ends.len() >= 3, "{clock}, {source}, {each}");
            let starts = [0.0, 20.0, 40.0, 60.0, 80.0];
            let per_convoy = ends.len() / starts.len();
            for (nth, end) in ends.iter().enumerate() {
                let hours = 6.0 + starts[nth / per_convoy] + begins + 10.0;
                let (day, minutes) = ((hours / 24.0) as u32, (hours * 60.0) as u32 % 1440);
                let clock_time = format!("{:02}:{:02}", minutes / 60, minutes % 60);
                let expected = if day == 0 {
                    clock_time
                } else {
                    format!("+{day}d {clock_time}")
                };
                assert_eq!(*end, expected, "{clock}, {source}, {each}");
            }
        }
    }
}

#[test]
fn a_clock_on_a_step_that_the_class_passes_by_starts_when_the_lot_is_stored() {
    let toml = hold("starts when disinfection ends").replace(
        "id = \"disinfect\"\n",
        "id = \"disinfect\"\ngoods = \"a\"\n",
    );
    // The second lot has the memory of the first.
    check_only(
        &["hold"],
        "70 h",
        &format!("[goods]\na = {{ share = 0 }}\nb = {{ share = 1 }}\n{toml}"),
        expect![[r#"
            08:00 hold of r-1-1-1 begins, until 14:00
            14:00 hold of r-1-1-1 ends
            +2d 00:00 hold of r-2-1-1 begins, until +2d 06:00
            +2d 06:00 hold of r-2-1-1 ends
        "#]],
    );
}

const BACK: &str = r#"
[source.s]
route = "road"
every = "99 d"
first = "0 h"
[place.dock]
slots = 1
[place.warehouse]
slots = 1
[place.hall]
slots = 1
[[step]]
id = "unload"
at = "dock"
takes = "1 h"
[[step]]
id = "disinfect"
at = "warehouse"
takes = "2 h"
[[step]]
id = "dry"
at = "warehouse"
takes = "3 h"
[[step]]
id = "inspect"
at = "hall"
takes = "1 h"
again = { share = 1.0, from = "dry", at_most = 1 }
"#;

#[test]
fn a_lot_goes_back_to_the_place_of_the_step() {
    check_only(
        &["takes", "begins", "inspect", "destroyed"],
        "2 d",
        BACK,
        expect![[r#"
            06:00 s-1-1 takes a slot in dock.1
            06:00 s-1-1 begins to be unloaded
            07:00 s-1-1-1 takes a slot in warehouse.1
            07:00 s-1-1-1 begins disinfect
            09:00 s-1-1-1 begins dry
            12:00 s-1-1-1 takes a slot in hall.1
            12:00 s-1-1-1 begins inspect
            13:00 s-1-1-1 inspect: again
            13:00 s-1-1-1 takes a slot in warehouse.1
            13:00 s-1-1-1 begins dry
            16:00 s-1-1-1 takes a slot in hall.1
            16:00 s-1-1-1 begins inspect
            17:00 s-1-1-1 inspect: to be destroyed
            17:00 s-1-1-1 is destroyed
        "#]],
    );
}

#[test]
fn a_lot_goes_back_to_another_site_by_the_route() {
    let sites = BACK
        .replace(
            "[place.warehouse]\n",
            "[place.warehouse]\nsite = \"near\"\n",
        )
        .replace("[place.dock]\n", "[place.dock]\nsite = \"near\"\n")
        .replace("[place.hall]\n", "[place.hall]\nsite = \"far\"\n");
    let toml = format!(
        r#"
[site.near]
[site.far]
[route.out]
from = "near"
to = "far"
takes = "4 h"
[route.back]
from = "far"
to = "near"
takes = "5 h"
{sites}"#
    );
    check_only(
        &["sets out for", "begins", "inspect", "destroyed"],
        "3 d",
        &toml,
        expect![[r#"
            06:00 s-1-1 begins to be unloaded
            07:00 s-1-1-1 begins disinfect
            09:00 s-1-1-1 begins dry
            12:00 s-1-1-1 sets out for hall.1
            16:00 s-1-1-1 begins inspect
            17:00 s-1-1-1 inspect: again
            17:00 s-1-1-1 sets out for warehouse.1
            22:00 s-1-1-1 begins dry
            +1d 01:00 s-1-1-1 sets out for hall.1
            +1d 05:00 s-1-1-1 begins inspect
            +1d 06:00 s-1-1-1 inspect: to be destroyed
            +1d 06:00 s-1-1-1 is destroyed
        "#]],
    );
    figures(
        &["step.dry.wait.mean", "step.inspect.wait.mean"],
        "3 d",
        &toml,
        expect![[r#"
            step.dry.wait.mean = 0
            step.inspect.wait.mean = 0
        "#]],
    );
}

#[test]
fn a_lot_may_be_treated_again_hundreds_of_times() {
    for at_most in [3, 254, 255, 256, 300, 1000] {
        let toml = BACK
            .replace("at_most = 1", &format!("at_most = {at_most}"))
            .replace("3 h", "1 min")
            .replace("1 h", "1 min");
        let values = super::values("10 d", &toml);
        assert_eq!(values["step.dry.started"], f64::from(at_most) + 1.0);
        assert_eq!(values["lots.destroyed"], 1.0);
    }
}
