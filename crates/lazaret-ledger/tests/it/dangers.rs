//! The ledger's tables of segregation, every cell compared with the auditor's, which were transcribed a second time and
//! as they are printed.

use lazaret_audit::dangers::pair;
use lazaret_ledger::Warning;
use lazaret_ledger::segregation::{Class, Hazards, Segregation, between};
use lazaret_vocabulary::event::entry::{Entry as E, Hazard, ManifestId, ManifestLine};

use crate::scene::{Scene, announced, arrived, line, placed, stored, unloaded};

fn number(asked: Segregation) -> u8 {
    match asked {
        Segregation::None => 0,
        Segregation::UnderNote(_) | Segregation::Away => 1,
        Segregation::Separated => 2,
        Segregation::Compartment => 3,
        Segregation::Lengthwise => 4,
    }
}

#[test]
fn every_cell_is_that_of_the_printed_tables() {
    let mut cells = 0;
    for a in Class::all() {
        for b in Class::all() {
            let printed = pair(&a.to_string(), &b.to_string()).unwrap();
            assert_eq!(number(between(a, b)), printed, "{a} and {b}");
            assert_eq!(between(a, b), between(b, a), "{a} and {b}");
            cells += 1;
        }
    }
    // Six divisions with thirteen groups or none, and fourteen other classes.
    assert_eq!(cells, (6 * 14 + 14) * (6 * 14 + 14));
    let class = |text| Class::read(text).unwrap();
    let between = |a, b| between(class(a), class(b));
    assert_eq!(between("2.1", "4.3"), Segregation::Separated);
    assert_eq!(between("3", "4.3"), Segregation::Separated);
    assert_eq!(between("1.4G", "1.1D"), Segregation::UnderNote(1));
    assert_eq!(between("1.4S", "1.1B"), Segregation::None);
    assert_eq!(between("1.4S", "1.1L"), Segregation::Separated);
    assert_eq!(between("1.1", "1.1"), Segregation::Separated);
}

#[test]
fn a_class_is_read_however_papers_write_it() {
    let said = |text| Class::read(text).map(|class| class.to_string());
    for (text, meant) in [
        ("3", "3"),
        (" 2.1\t", "2.1"),
        ("1.4s", "1.4S"),
        ("1.1 D", "1.1D"),
        ("class 6.1", "6.1"),
        ("Division 1.3 g", "1.3G"),
    ] {
        assert_eq!(said(text).as_deref(), Some(meant), "{text}");
    }
    for text in [
        "", "1", "2", "10", "3.1", "2.1.", "3D", "1.4I", "1.4M", "1.1DD", "1.1D S", "6.1 (3)",
        "class", "١.١",
    ] {
        assert_eq!(said(text), None, "{text}");
    }
    for class in Class::all() {
        assert_eq!(Class::read(&class.to_string()), Some(class));
    }
}

#[test]
fn the_strictest_of_all_pairs_counts() {
    let of = |classes: &[&str]| -> Hazards {
        (classes.iter().map(|class| Class::read(class).unwrap())).collect()
    };
    let strictest = |a: &[&str], b: &[&str]| of(a).strictest(&of(b)).0;
    // A flammable liquid that is toxic too, and an oxidiser that is corrosive too.
    assert_eq!(
        strictest(&["3", "6.1"], &["5.1", "8"]),
        Segregation::Separated
    );
    assert_eq!(
        strictest(&["1.4S", "8"], &["1.4S", "6.2"]),
        Segregation::Lengthwise
    );
    assert_eq!(strictest(&[], &["1.1D"]), Segregation::None);
    assert_eq!(
        of(&["8", "1.4S", "1.4D", "3"]).to_string(),
        "class 1.4D and 1.4S and 3 and 8"
    );
}

fn dangerous(vehicle: &str, hazards: &[&str]) -> ManifestLine {
    ManifestLine {
        hazards: hazards.iter().map(|class| Hazard::new(*class)).collect(),
        ..line(vehicle)
    }
}

/// Two lots with those dangers, on platforms that are not beside each other.
fn two(first: &[&str], second: &[&str]) -> Scene {
    let mut rules = crate::scene::rules();
    rules.places[0].units = Some(3);
    let mut scene = Scene::with(rules, vec![crate::scene::protocol()]);
    let lines = vec![dangerous("w1", first), dangerous("w2", second)];
    scene.say("yard", announced("k1", lines));
    scene.say("yard", arrived("k1", &["w1", "w2"]));
    for (vehicle, unit) in [("w1", 1), ("w2", 3)] {
        let lot = format!("{vehicle}-1");
        scene.say("yard", placed(vehicle, "platform", unit));
        scene.say("yard", unloaded(&lot, vehicle, "general", "platform", unit));
    }
    scene
}

/// What the ledger says of storing the second lot in `unit` of the warehouse when the first is in unit 1: the fact, and
/// whether it is a warning only; none if it says nothing.
fn said(first: &[&str], second: &[&str], unit: u32) -> Option<(String, bool)> {
    let mut scene = two(first, second);
    scene.say("yard", stored("w1-1", "warehouse", 1));
    let command = scene.command("yard", stored("w2-1", "warehouse", unit));
    let refusal = scene.submit(&command).err()?;
    Some((
        refusal.fact.to_string(),
        refusal.warning == Some(Warning::Near),
    ))
}

#[test]
fn what_needs_a_compartment_between_is_not_beside_it() {
    // Acetylene and carbide, petrol and carbide: not in one unit, as older tables have it.
    for gas in ["2.1", "3"] {
        let (fact, warning) = said(&[gas], &["4.3"], 1).unwrap();
        let is = format!(
            "w1-1 (class {gas}) is in warehouse 1, and class 4.3 must be separated from it"
        );
        assert_eq!((fact, warning), (is, false));
        assert_eq!(said(&[gas], &["4.3"], 2), None);
    }
    let beside =
        "w1-1 (class 6.2) is in warehouse 1, and class 3 must have a complete unit between";
    assert_eq!(said(&["6.2"], &["3"], 2), Some((beside.into(), false)));
    assert_eq!(said(&["6.2"], &["3"], 3), None);
    assert_eq!(
        said(&["1.1D"], &["2.1"], 2).map(|(_, warning)| warning),
        Some(false)
    );
}

#[test]
fn explosives_are_together_by_their_groups() {
    assert_eq!(said(&["1.4S"], &["1.1D"], 1), None);
    assert_eq!(said(&["1.1d"], &["1.2 D"], 1), None);
    let apart = |first, second| said(&[first], &[second], 1).unwrap();
    assert_eq!(
        apart("1.1B", "1.1D"),
        (
            "w1-1 (class 1.1B) is in warehouse 1, and class 1.1D must be separated from it".into(),
            false
        )
    );
    assert_eq!(
        apart("1.3G", "1.1D"),
        (
            "w1-1 (class 1.3G) must be placed as note 1 of IMDG 7.2.7.1.4 allows next to class 1.1D"
                .into(),
            true
        )
    );
    // Without a group nobody knows, and that is not a yes.
    let mut scene = two(&["1.4"], &["1.4S"]);
    scene.say("yard", stored("w1-1", "warehouse", 1));
    let refusal = scene.refused("yard", stored("w2-1", "warehouse", 1));
    assert_eq!(
        refusal.remedy.to_string(),
        "choose another unit, or have the papers name the compatibility group, such as 1.4S"
    );
}

#[test]
fn a_danger_that_papers_tell_late_counts_and_stays() {
    let mut scene = two(&[], &["5.1"]);
    scene.say("yard", stored("w1-1", "warehouse", 1));
    for told in [&["3"] as &[&str], &[]] {
        let lines = vec![dangerous("w1", told), dangerous("w2", &["5.1"])];
        scene.say(
            "yard",
            E::ManifestAmended {
                manifest: ManifestId::new("papers"),
                lines,
                because: "forgotten".into(),
            },
        );
        let refusal = scene.refused("yard", stored("w2-1", "warehouse", 1));
        assert!(
            refusal.fact.to_string().contains("must be separated"),
            "{}",
            refusal.fact.to_string()
        );
    }
}
