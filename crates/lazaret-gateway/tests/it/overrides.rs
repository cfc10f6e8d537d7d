//! An override says the same as the change made in the file.

use lazaret_gateway::{Document, read};

const ALL: &str = include_str!("../samples/all.toml");

fn no_files(_: &str) -> Result<String, String> {
    Err("there are no files in this test".to_string())
}

/// Reads the file with `overrides` and the file with `old` written as `new`, and compares what they say.
fn same(overrides: &[&str], changes: &[(&str, &str)]) {
    let mut text = ALL.to_string();
    for (old, new) in changes {
        assert!(text.contains(old), "`{old}` is not in the file");
        text = text.replacen(old, new, 1);
    }
    let none: [&str; 0] = [];
    let written = read(&text, &none, &no_files).unwrap().gateway;
    let put_over = read(ALL, overrides, &no_files).unwrap().gateway;
    assert_eq!(
        format!("{written:?}"),
        format!("{put_over:?}"),
        "{overrides:?}"
    );
}

#[test]
fn an_override_is_a_change_in_the_file() {
    same(
        &["place.yard.slots=440"],
        &[("slots = 2000", "slots = 440")],
    );
    same(
        &["place.yard.slots=unlimited"],
        &[("slots = 2000", "slots = \"unlimited\"")],
    );
    same(&["source.east.fleet=20"], &[("fleet = 100", "fleet = 20")]);
    same(
        &["step.hold.takes=14 d"],
        &[("takes = \"hold_time\"", "takes = \"14 d\"")],
    );
    same(
        &["step.disinfect.takes.medicine=\"3 h\""],
        &[("medicine = \"2 h\"", "medicine = \"3 h\"")],
    );
    same(
        &["vehicle.return=direct"],
        &[("return = \"quarantine 2 d\"", "return = \"direct\"")],
    );
    same(
        &["unknown.hold_time=\"uniform(14 d, 90 d)\""],
        &[("uniform(14 d, 30 d)", "uniform(14 d, 90 d)")],
    );
    same(
        &["gateway.length=365 d"],
        &[("length = \"180 d\"", "length = \"365 d\"")],
    );
    same(
        &["gateway.start=2024-02-01"],
        &[("start = 2024-01-01T06:00:00", "start = 2024-02-01")],
    );
    same(
        &["place.warehouse.from.1.slots=12"],
        &[("slots = 9 }", "slots = 12 }")],
    );
    same(
        &["crew.cleaner.works_holidays=true"],
        &[("count = 60\n", "count = 60\nworks_holidays = true\n")],
    );
    same(
        &["source.ship.timetable.days=Sat"],
        &[("days = \"Mon-Fri\"", "days = \"Sat\"")],
    );
    // A key that the file does not have, in a table that it does not have.
    same(
        &["source.ship.vehicle.back=\"3 d\""],
        &[("convoy = 40", "convoy = 40\nvehicle = { back = \"3 d\" }")],
    );
}

#[test]
fn the_last_override_wins() {
    same(
        &["place.yard.slots=1", "place.yard.slots=440"],
        &[("slots = 2000", "slots = 440")],
    );
}

#[test]
fn a_document_read_with_an_override_is_left_as_it_was() {
    let document = Document::parse(ALL).unwrap();
    let none: [&str; 0] = [];
    let before = document.read(&none, &no_files).unwrap().gateway;
    document.read(&["place.yard.slots=1"], &no_files).unwrap();
    let after = document.read(&none, &no_files).unwrap().gateway;
    assert_eq!(format!("{before:?}"), format!("{after:?}"));
}
