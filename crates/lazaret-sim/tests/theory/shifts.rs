//! Shifts, holidays, closures and capacity by date: how much work fits into them, to the last lot. Nothing is random.

use crate::support::{model, sample};

/// Trucks are never short. A lot takes 47 minutes, which divides no shift, so that no lot ends with one.
pub(crate) const FILE: &str = r#"
gateway = { name = "shifts", start = 2024-01-01T00:00:00, length = "28 d", holidays = [2024-01-10] }
source.border = { every = "10 min", first = "0 h", convoy = 12, fleet = 12, when_short = "go_short" }
place.bay = { slots = 5 }
step = [{ id = "unload", at = "bay", takes = "47 min" }]
"#;
pub(crate) const CREW: &str =
    "crew.gang = { count = 2, shift = \"08:00-20:00\", days = \"Mon-Fri\" }\n";

fn worked(file: &str, overrides: &[&str]) -> f64 {
    let returned = sample(&model(file, overrides), 1, 1, 0.0).of("vehicle.returned");
    returned[0]
}

/// Lots that `hands` finish in `hours` without losing a minute.
fn lots(hands: f64, hours: f64) -> f64 {
    hands * (hours * 60.0 / 47.0).floor()
}

#[test]
fn a_gang_that_pauses_works_every_minute_of_its_shifts() {
    let file = format!("{CREW}{FILE}");
    // Four weeks of five days, less the holiday.
    let crew = "place.bay.crew=\"gang\"";
    assert_eq!(worked(&file, &[crew]), lots(2.0, 19.0 * 12.0));
    assert_ne!(
        worked(&file, &[crew, "crew.gang.count=3"]),
        lots(2.0, 19.0 * 12.0)
    );
    let ten_minutes_less = "crew.gang.shift=\"08:00-19:50\"";
    assert_ne!(
        worked(&file, &[crew, ten_minutes_less]),
        lots(2.0, 19.0 * 12.0)
    );
    assert_eq!(
        worked(&file, &[crew, "crew.gang.works_holidays=true"]),
        lots(2.0, 20.0 * 12.0)
    );
}

#[test]
fn a_gang_that_finishes_does_one_more_lot_each_day() {
    let file = format!("{CREW}{FILE}");
    let overrides = [
        "place.bay.crew=\"gang\"",
        "crew.gang.at_shift_end=\"finish\"",
    ];
    // 720 minutes are 15.3 lots.
    assert_eq!(worked(&file, &overrides), 2.0 * 16.0 * 19.0);
}

#[test]
fn two_shifts_that_meet_are_one() {
    let file = format!("{CREW}{FILE}");
    let overrides = [
        "place.bay.crew=\"gang\"",
        "crew.gang.shift=[\"06:00-14:00\", \"14:00-22:00\"]",
        "crew.gang.at_shift_end=\"finish\"",
    ];
    // 960 minutes are 20.4 lots: handing over at 14:00 costs none.
    assert_eq!(worked(&file, &overrides), 2.0 * 21.0 * 19.0);
}

#[test]
fn a_place_that_closes_works_as_long_as_it_is_open() {
    let open = [
        "place.bay.shift=\"08:00-20:00\"",
        "place.bay.closed=[{ from = 2024-01-17T10:00:00, to = 2024-01-19T12:00:00, why = \"flood\" }]",
    ];
    // 28 days of 12 hours less 10 + 12 + 4. A place works on holidays unless it says otherwise.
    assert_eq!(worked(FILE, &open), lots(5.0, 28.0 * 12.0 - 26.0));
    let rests = [open[0], open[1], "place.bay.works_holidays=false"];
    assert_eq!(worked(FILE, &rests), lots(5.0, 27.0 * 12.0 - 26.0));
}

#[test]
fn the_night_of_the_time_change_is_an_hour_short() {
    let file = format!("crew.gang = {{ count = 2, shift = \"22:00-06:00\" }}\n{FILE}");
    let overrides = [
        "place.bay.crew=\"gang\"",
        "gateway.time_zone=\"Europe/Berlin\"",
        "gateway.start=2024-03-25T00:00:00",
        "gateway.length=\"14 d\"",
    ];
    // From Monday 00:00: six hours of the first night, thirteen nights of which that of 31 March has seven hours, and
    // three hours of the last, since 14 days of 24 hours end at 01:00 local time.
    let hours = 6.0 + 13.0 * 8.0 - 1.0 + 3.0;
    assert_eq!(worked(&file, &overrides), lots(2.0, hours));
    assert_ne!(lots(2.0, hours), lots(2.0, hours + 1.0));
    // In autumn it is an hour longer, and 14 days end at 23:00.
    let autumn = [
        overrides[0],
        overrides[1],
        "gateway.start=2024-10-21T00:00:00",
        overrides[3],
    ];
    assert_eq!(
        worked(&file, &autumn),
        lots(2.0, 6.0 + 13.0 * 8.0 + 1.0 + 1.0)
    );
}

#[test]
fn capacity_follows_its_dates() {
    // Built up from 5 to 8 slots after 10 days, dismantled to 2 after 20. Lots in hand are finished first: the eight of day
    // 20 leave before the next two enter.
    let overrides = [
        "place.bay.from=[{ date = 2024-01-11, slots = 8 }, { date = 2024-01-21, slots = 2 }]",
        "source.border.fleet=24",
        "source.border.convoy=24",
    ];
    let sample = sample(&model(FILE, &overrides), 1, 1, 0.0);
    const LOT: f64 = 47.0 / 60.0;
    let (first_five, next_three) = ((480.0 / LOT).ceil(), (240.0 / LOT).ceil());
    let empty = 240.0 + next_three * LOT;
    assert!(empty > first_five * LOT);
    let last_two = 672.0 - empty;
    let finished = 5.0 * first_five + 3.0 * next_three + 2.0 * (last_two / LOT).floor();
    assert_eq!(sample.of("vehicle.returned")[0], finished);
    let occupied = 5.0 * first_five * LOT + 3.0 * next_three * LOT + 2.0 * last_two;
    let occupancy = sample.of("place.bay.occupancy.mean")[0];
    assert!((occupancy - occupied / 672.0).abs() < 1e-9, "{occupancy}");
    // What stands in a slot that is no longer there counts as occupied, but not as a slot.
    let slots = 5.0 * 240.0 + 8.0 * 240.0 + 2.0 * 192.0;
    let utilisation = sample.of("place.bay.utilisation")[0];
    assert!(
        (utilisation - occupied / slots).abs() < 1e-9,
        "{utilisation}"
    );
}
