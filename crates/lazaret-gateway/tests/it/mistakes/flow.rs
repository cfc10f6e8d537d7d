//! Order of steps, zones, sites, vehicles.

use super::said;

#[test]
fn a_step_followed_by_itself() {
    insta::assert_snapshot!(said(&[(r#"id = "inspect""#, r#"id = "inspect"
next = "inspect""#)]), @r#"
    111:8: error[cycle]: step `inspect` is followed by itself
      at `"inspect"`
      and 110:6 `"inspect"`: that step
      help: to treat lots again, add again = { share = 0.1, from = "…" } to an inspection
    "#);
}

#[test]
fn a_step_followed_by_an_earlier_one() {
    insta::assert_snapshot!(said(&[(r#"id = "inspect""#, r#"id = "inspect"
next = "disinfect""#)]), @r#"
    111:8: error[cycle]: step `inspect` is followed by an earlier step, so a lot would loop forever
      at `"disinfect"`
      and 105:6 `"disinfect"`: that step
      help: to treat lots again, add again = { share = 0.1, from = "…" } to an inspection
    "#);
}

#[test]
fn again_from_a_later_step() {
    insta::assert_snapshot!(said(&[(r#"from = "disinfect", at_most"#, r#"from = "hold", at_most"#)]), @r#"
    114:31: error[cycle]: a lot can only be treated again from an earlier step
      at `"hold"`
      and 110:6 `"inspect"`: the inspection
      help: name a step that comes before the inspection
    "#);
}

#[test]
fn again_from_the_unloading() {
    insta::assert_snapshot!(said(&[(r#"from = "disinfect", at_most"#, r#"from = "unload", at_most"#)]), @r#"
    114:31: error[impossible]: a lot cannot be treated again from a step in which it is still on its vehicle
      at `"unload"`
      help: name a step after the unloading
    "#);
}

#[test]
fn a_clock_that_is_not_understood() {
    insta::assert_snapshot!(said(&[(r#""starts when disinfection ends""#, r#""whenever""#)]), @r#"
    122:9: error[unknown-word]: `whenever` does not say when a clock starts
      at `"whenever"`
      help: write "when stored", "on arrival" or "starts when STEP ends"
    "#);
}

#[test]
fn a_clock_of_no_step() {
    insta::assert_snapshot!(said(&[(r#""starts when disinfection ends""#, r#""starts when fumigation ends""#)]), @r#"
    122:22: error[unknown-name]: step `fumigation` is not declared
      at `fumigation`
      help: known: `anchor`, `unload`, `disinfect`, `inspect`, `hold`, `dispatch`
    "#);
}

#[test]
fn a_clock_of_a_later_step() {
    insta::assert_snapshot!(said(&[(r#""starts when disinfection ends""#, r#""starts when dispatch ends""#)]), @r#"
    122:22: error[cycle]: step `dispatch` comes after this hold
      at `dispatch`
      help: name a step that comes before, or write "when stored"
    "#);
}

#[test]
fn a_hold_that_does_not_say_when() {
    insta::assert_snapshot!(said(&[(r#"clock = "starts when disinfection ends"
"#, "")]), @r#"
    119:6: warning[unsaid-clock]: step `hold` does not say when its clock starts, so it starts when a lot is stored
      at `"hold"`
      help: add clock = "when stored", or clock = "starts when disinfect ends"
    "#);
}

#[test]
fn a_hold_of_no_length() {
    insta::assert_snapshot!(said(&[(r#"takes = "hold_time"
"#, ""),
        (r#"hold_time = "uniform(14 d, 30 d)"
"#, "")]), @r#"
    118:6: error[missing-key]: step `hold` has no `takes`
      at `"hold"`
      help: add takes = "14 d"
    "#);
}

#[test]
fn from_clean_back_to_dirty() {
    insta::assert_snapshot!(said(&[(r#"zone = "dirty -> clean""#, r#"zone = "clean""#),
        (r#"count = 5
slots = 4
zone = "dirty""#, r#"count = 5
slots = 4
zone = "dirty -> clean""#),
        (r#"slots = 2000
zone = "clean""#, r#"slots = 2000
zone = "dirty""#)]), @r#"
    119:6: error[zone-order]: lots go back from clean to dirty: `warehouse` to `yard`
      at `"hold"`
      and 58:8 `warehouse`: lots leave here clean
      and 70:8 `yard`: and enter this one dirty
      help: change the zone of a place, or the order of the steps
    "#);
}

#[test]
fn from_dirty_straight_to_clean() {
    insta::assert_snapshot!(said(&[(r#"zone = "dirty -> clean""#, r#"zone = "clean""#)]), @r#"
    105:6: error[zone-order]: lots go from `platform` in the dirty zone to `warehouse` in the clean zone without treatment
      at `"disinfect"`
      and 52:8 `platform`: dirty
      and 58:8 `warehouse`: clean
      help: give `warehouse`, or a place between the two, zone = "dirty -> clean"
    "#);
}

#[test]
fn two_sites_without_a_route() {
    insta::assert_snapshot!(said(&[(r#"from = "harbour"
to = "town""#, r#"from = "town"
to = "harbour""#)]), @r#"
    119:6: error[no-route]: no route leads from site `harbour` to site `town`, where step `hold` is
      at `"hold"`
      help: add [route.NAME] with from = "harbour", to = "town" and takes = "…"
    "#);
}

#[test]
fn a_route_in_a_circle() {
    insta::assert_snapshot!(said(&[(r#"to = "town""#, r#"to = "harbour""#)]), @r#"
    26:6: error[impossible]: route `spur` ends where it begins
      at `"harbour"`
    119:6: error[no-route]: no route leads from site `harbour` to site `town`, where step `hold` is
      at `"hold"`
      help: add [route.NAME] with from = "harbour", to = "town" and takes = "…"
    "#);
}

#[test]
fn nothing_unloads() {
    insta::assert_snapshot!(said(&[(r#"id = "unload""#, r#"id = "look"
does = "handle""#)]), @r#"
    29:9: error[no-unloading]: `medicine` from `east` is never unloaded
      at `east`
      help: make an unloading step apply to it
    100:6: error[no-unloading]: step `look` works on vehicles, but the lots are already unloaded
      at `"look"`
      and 94:6 `"anchor"`: the unloading
      help: move it before the unloading, or write does = "treat"
    "#);
}

#[test]
fn the_ship_is_not_unloaded() {
    insta::assert_snapshot!(said(&[(r#"takes = "triangular(1 h, 2 h, 4 h)""#, r#"takes = "2 h"
sources = ["east"]"#)]), @r#"
    43:9: error[no-unloading]: `medicine` from `ship` is never unloaded
      at `ship`
      help: make an unloading step apply to it
    "#);
}

#[test]
fn a_step_after_the_departure() {
    insta::assert_snapshot!(said(&[(r#"at_least = 10
"#, r#"at_least = 10

[[step]]
id = "count"
at = "yard"
"#)]), @r#"
    132:6: error[after-dispatch]: step `count` comes after `medicine` has left with `dispatch`
      at `"count"`
      and 125:6 `"dispatch"`: the departure
      help: move it before the departure, or restrict one of them by `goods` or `sources`
    "#);
}

#[test]
fn a_key_of_another_kind_of_step() {
    insta::assert_snapshot!(said(&[(r#"takes = "1 d"
sources"#, r#"takes = "1 d"
clock = "when stored"
sources"#)]), @r#"
    97:1: error[does-not-apply]: step `anchor` does `handle`, which has no `clock`
      at `clock`
      help: remove it, or write does = "hold"
    "#);
}

#[test]
fn a_departure_that_takes_time() {
    insta::assert_snapshot!(said(&[(r#"every = "24 h"
"#, r#"every = "24 h"
takes = "1 h"
"#)]), @r#"
    128:1: error[does-not-apply]: step `dispatch` does `dispatch`, which has no `takes`
      at `takes`
      help: remove it: a departure takes no time; `every` says how often one leaves
    "#);
}

#[test]
fn a_time_for_some_classes_only() {
    insta::assert_snapshot!(said(&[(r#"{ medicine = "2 h", other = "uniform(2 h, 4 h)" }"#, r#"{ medicine = "2 h", food = "4 h" }"#)]), @r#"
    107:1: error[missing-key]: step `disinfect` has no duration for `chemicals`
      at `takes`
      help: add chemicals = "…" or other = "…"
    "#);
}

#[test]
fn a_vessel_unloaded_by_class() {
    insta::assert_snapshot!(said(&[(r#"takes = "triangular(1 h, 2 h, 4 h)""#, r#"takes = { food = "1 h", other = "2 h" }"#)]), @r#"
    100:6: error[mixed-vehicle]: step `unload` depends on the goods class, but a vessel from `ship` carries several
      at `"unload"`
      and 43:9 `ship`: comes by sea
      help: write each = "lot" if it is the time of each lot, or give one time for all classes
    "#);
}

#[test]
fn a_vessel_handled_by_class() {
    insta::assert_snapshot!(said(&[(r#"takes = "1 d"
sources = "ship""#, r#"takes = "1 d"
sources = "ship"
goods = ["food"]"#)]), @r#"
    94:6: error[mixed-vehicle]: step `anchor` depends on the goods class, but a vessel from `ship` carries several
      at `"anchor"`
      and 43:9 `ship`: comes by sea
      help: apply it to all classes with one time, and restrict the steps after the unloading
    "#);
}

#[test]
fn lots_of_a_vessel() {
    insta::assert_snapshot!(said(&[("convoy = 40", r#"convoy = 40
lots = 3"#)]), @r#"
    47:1: error[does-not-apply]: by sea `convoy` already says how many lots the vessel has
      at `lots`
      help: remove `lots`
    "#);
}

#[test]
fn more_than_the_most() {
    insta::assert_snapshot!(said(&[("at_least = 10", "at_least = 100")]), @r#"
    129:12: error[impossible]: a departure cannot have at least 100 and at most 80 lots
      at `100`
      and 128:15 `80`: the most
    "#);
}

#[test]
fn a_fleet_too_small_for_a_train() {
    insta::assert_snapshot!(said(&[(r#"fleet = 100
when_short = "go_short""#, "fleet = 10")]), @r#"
    36:9: error[impossible]: a convoy has at least 15 vehicles, but the fleet has only 10, so none would ever leave
      at `10`
      and 33:10 `"uniform_int(15, 20)"`: the convoy
      help: enlarge the fleet, or write when_short = "go_short"
    "#);
}

#[test]
fn washing_that_takes_no_time() {
    insta::assert_snapshot!(said(&[(r#"wash = "30 min"
"#, "")]), @r#"
    132:11: error[missing-key]: the place or crew of the wash is given, but not its duration
      at `"bay"`
      help: add wash = "1 h"
    "#);
}

#[test]
fn a_return_that_is_not_understood() {
    insta::assert_snapshot!(said(&[(r#""quarantine 2 d""#, r#""after 2 d""#)]), @r#"
    135:10: error[unknown-word]: a vehicle cannot return `after 2 d`
      at `"after 2 d"`
      help: write "direct" or "quarantine 14 d"
    "#);
}

#[test]
fn a_return_without_a_unit() {
    insta::assert_snapshot!(said(&[(r#""quarantine 2 d""#, r#""quarantine 2""#)]), @r#"
    135:22: error[missing-unit]: this duration has no unit
      at `2`
      help: write "2 h" or "2 d"
    "#);
}

#[test]
fn goods_and_except_together() {
    insta::assert_snapshot!(said(&[("at_least = 10", r#"at_least = 10
goods = "food"
except = "medicine""#)]), @r#"
    131:10: error[one-of-two]: `goods` and `except` exclude one another
      at `"medicine"`
      and 130:9 `"food"`: the other
      help: keep one of them
    "#);
}

#[test]
fn turns_of_lots_that_are_unloaded_together() {
    let said = said(&[("id = \"unload\"", "id = \"unload\"\nat_once = 2")]);
    assert!(
        said.contains("error[does-not-apply]: all lots of a vehicle are unloaded together here"),
        "{said}"
    );
    assert!(said.contains("at `at_once`"), "{said}");
}

#[test]
fn turns_of_nobody() {
    let said = said(&[(
        "id = \"unload\"",
        "id = \"unload\"\neach = \"lot\"\nat_once = 0",
    )]);
    assert!(
        said.contains("`at_once` must be a whole number from 1 to 65535"),
        "{said}"
    );
}

const REWORK: &str = r#"
[gateway]
name = "rework"
length = "10 d"
[site.near]
[site.far]
[route.out]
from = "near"
to = "far"
takes = "1 h"
[source.s]
every = "1 d"
lots = 2
[place.p]
slots = 2
[place.w]
slots = 2
[place.i]
site = "far"
slots = 2
[[step]]
id = "unload"
at = "p"
[[step]]
id = "spray"
at = "w"
takes = "1 h"
[[step]]
id = "inspect"
at = "i"
again = { share = 0.1, from = "spray" }
"#;

#[test]
fn no_route_back_to_be_treated_again() {
    let said = super::said_of(REWORK, &[]);
    assert!(
        said.contains("error[no-route]: no route leads from site `far` back to site `near`, where step `spray` is"),
        "{said}"
    );
    let route = "[route.back]\nfrom = \"far\"\nto = \"near\"\ntakes = \"1 h\"\n[source.s]";
    let led = REWORK.replace("[source.s]", route);
    assert_eq!(super::said_of(&led, &[]), "");
}

fn warned(text: &str) -> Vec<&'static str> {
    let reading = lazaret_gateway::read(text, &[] as &[&str], &super::no_files).unwrap();
    let check = lazaret_gateway::check::check(&reading);
    check.warnings.iter().map(|warning| warning.code).collect()
}

#[test]
fn places_that_may_wait_for_each_other_or_for_themselves() {
    let one_site = REWORK.replace("site = \"far\"\n", "").replace(
        "[site.far]\n[route.out]\nfrom = \"near\"\nto = \"far\"\ntakes = \"1 h\"\n",
        "",
    );
    assert_eq!(warned(&one_site), ["rework-loop"]);
    for room in ["slots = \"unlimited\"", "slots = 2\nbuffer = \"unlimited\""] {
        let roomy = one_site.replace("[place.w]\nslots = 2", &format!("[place.w]\n{room}"));
        assert_eq!(warned(&roomy), [""; 0], "{room}");
    }
    let itself = one_site
        .replace("at = \"w\"", "at = \"p\"")
        .replace("at = \"i\"", "at = \"p\"");
    assert!(warned(&itself).contains(&"waits-for-itself"));
    let alone = itself.replace("\nlots = 2\n", "\n");
    assert!(!warned(&alone).contains(&"waits-for-itself"));
}

#[test]
fn a_lone_lot_that_must_be_kept_apart_from_other_vehicles_may_wait_for_its_own_place() {
    // Vessels queue as `a`: their `b` lots may not take over a slot beside another vessel.
    let apart = r#"
[gateway]
name = "quay"
start = 2022-01-01T00:00:00
length = "30 d"
[goods]
a = { share = 0.5, apart_from = "b" }
b = {}
[source.s]
route = "sea"
every = "1 d"
[place.quay]
slots = 3
[[step]]
id = "unload"
at = "quay"
takes = "1 h"
[[step]]
id = "disinfect"
at = "quay"
takes = "2 h"
"#;
    assert!(warned(apart).contains(&"waits-for-itself"));
    // Neither does a lot that need not be kept apart, nor one whose vehicle stands as what it carries.
    let together = apart.replace(", apart_from = \"b\"", "");
    assert!(!warned(&together).contains(&"waits-for-itself"));
    let by_road = apart.replace("\"sea\"", "\"road\"");
    assert!(!warned(&by_road).contains(&"waits-for-itself"));
    let elsewhere = apart
        .replace("slots = 3\n", "slots = 3\n[place.shed]\nslots = 3\n")
        .replace(
            "id = \"disinfect\"\nat = \"quay\"",
            "id = \"disinfect\"\nat = \"shed\"",
        );
    assert!(!warned(&elsewhere).contains(&"waits-for-itself"));
}

/// A lot a day is disinfected for 12 hours by one cleaner, and held for four days.
const HELD: &str = r#"
[gateway]
name = "held"
length = "30 d"
[source.s]
every = "1 d"
[place.p]
slots = 2
[place.w]
slots = "unlimited"
[crew.cleaner]
count = 1
[[step]]
id = "unload"
at = "p"
takes = "1 h"
[[step]]
id = "disinfect"
at = "w"
takes = "12 h"
crew = "cleaner"
[[step]]
id = "hold"
at = "w"
takes = "4 d"
clock = "when stored"
"#;

#[test]
fn a_hold_is_no_work_for_the_crew_of_its_step_or_place() {
    let cleaners = |text: &str| {
        let reading = lazaret_gateway::read(text, &[] as &[&str], &super::no_files).unwrap();
        let check = lazaret_gateway::check::check(&reading);
        let load = check.loads.iter().find(|load| load.name == "cleaner");
        load.unwrap().offered
    };
    let of_the_step = HELD.replace("\"4 d\"", "\"4 d\"\ncrew = \"cleaner\"");
    let of_the_place = HELD
        .replace("\"12 h\"\ncrew = \"cleaner\"", "\"12 h\"")
        .replace(
            "slots = \"unlimited\"",
            "slots = \"unlimited\"\ncrew = \"cleaner\"",
        );
    for text in [HELD, &of_the_step, &of_the_place] {
        assert!((cleaners(text) - 0.5).abs() < 1e-9, "{}", cleaners(text));
    }
    assert_eq!(warned(HELD), [""; 0]);
    assert_eq!(warned(&of_the_step), ["unused-crew"]);
    let idle = of_the_step.replace("\"12 h\"\ncrew = \"cleaner\"", "\"12 h\"");
    assert_eq!(warned(&idle), ["unused-crew", "unused-crew"]);
}

#[test]
fn what_needs_more_than_there_ever_is() {
    assert_eq!(warned(HELD), [""; 0]);
    let two = HELD.replace("crew = \"cleaner\"", "needs = { cleaner = 2 }");
    assert!(warned(&two).contains(&"never-enough"));
    // Step and place ask at once for one each.
    let both = HELD.replace(
        "slots = \"unlimited\"",
        "slots = \"unlimited\"\ncrew = \"cleaner\"",
    );
    assert!(warned(&both).contains(&"never-enough"));
    let later = two.replace(
        "count = 1",
        "count = 1\nfrom = [{ date = 2022-01-20, count = 2 }]",
    );
    let later = later.replace("name = \"held\"", "name = \"held\"\nstart = 2022-01-03");
    assert!(!warned(&later).contains(&"never-enough"));
    let leaves = format!(
        "{}\n[[step]]\nid = \"dispatch\"\nat = \"w\"\nevery = \"1 d\"\nat_least = 31\n",
        HELD.replace("slots = \"unlimited\"", "slots = 30")
    );
    assert!(warned(&leaves).contains(&"never-enough"));
    let fits = leaves.replace("at_least = 31", "at_least = 30");
    assert!(!warned(&fits).contains(&"never-enough"));
}
