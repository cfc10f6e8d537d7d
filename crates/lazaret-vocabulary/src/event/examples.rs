//! An example of everything that an event can carry, so that a reader knows every field of each.

use jiff::Timestamp;

use super::entry::{
    LineName, Link, LotPart, ManifestLine, Outcome, Reading, Role, Soiled, StockLot, StockTest,
    StockTreatment, Surface, Tally,
};
use super::rules::{
    AgentRule, Band, ClockFrom, Contact, GoodsRule, HoldRule, InspectionRule, PeopleRule, Pin,
    PlaceRule, Protocol, RuleBook, SetReading, Side, TemperatureRule, TestRule, TreatmentRule,
    VehicleRule,
};
use crate::time::When;

use super::{Cause, ConvoyId, Finding, LotId, Noun, PlaceName, Spot, Thing};

/// One value of a type, with every field that it may have.
pub trait Example {
    /// That value.
    fn example() -> Self;
}

impl<T: Example> Example for Vec<T> {
    fn example() -> Self {
        vec![T::example()]
    }
}

impl<T: Example> Example for Option<T> {
    fn example() -> Self {
        Some(T::example())
    }
}

impl<T: Example> Example for Box<T> {
    fn example() -> Self {
        Box::new(T::example())
    }
}

/// Types of which one value is an example.
macro_rules! examples {
    ($($type:ty = $value:expr;)*) => {$(
        impl Example for $type {
            fn example() -> Self {
                $value
            }
        }
    )*};
}

examples! {
    String = "x".into();
    bool = true;
    u8 = 1;
    u32 = 1;
    u64 = 1;
    usize = 1;
    i32 = 1;
    i64 = 1;
    Noun = Noun::Convoy;
    When = When(Example::example());
    // 2026-01-05T08:00:00Z
    Timestamp = Timestamp::from_second(1_767_600_000).unwrap_or(Timestamp::UNIX_EPOCH);
    Thing = Thing::Convoy(ConvoyId::new("x"));
    Cause = Cause::NoRoom(PlaceName::new("x"));
    Finding = Finding::Pass;
    Outcome = Outcome::Negative;
    Role = Role::Crew;
    Surface = Surface::Seen;
    Soiled = Soiled::Lot(LotId::new("x"));
    Spot = Spot { place: Example::example(), unit: 1 };
    Tally = Tally { pieces: 1, mass_kg: 1 };
    LotPart = LotPart { lot: Example::example(), tally: Example::example() };
    Link = Link { from: Example::example(), surface: Example::example(), records: [1, 2] };
    Pin = Pin { protocol: Example::example(), version: 1 };
    Reading = Reading {
        at: Example::example(),
        concentration_mg_m3: 1,
        temperature_mc: 1,
        line: Some(LineName::new("x")),
    };
    ManifestLine = ManifestLine {
        vehicle: Example::example(),
        lot: Example::example(),
        goods: Example::example(),
        tally: Example::example(),
        hazards: vec![super::entry::Hazard::new("3")],
        seals: Example::example(),
        sender: Example::example(),
        receiver: Example::example(),
    };
    StockTreatment = StockTreatment {
        step: Example::example(),
        from: Example::example(),
        to: Example::example(),
    };
    StockTest = StockTest {
        test: Example::example(),
        sample: Example::example(),
        taken: Example::example(),
    };
    StockLot = StockLot {
        lot: Example::example(),
        goods: Example::example(),
        source: Example::example(),
        spot: Example::example(),
        tally: Example::example(),
        hazards: vec![super::entry::Hazard::new("3")],
        arrived: Example::example(),
        unloaded: Example::example(),
        treatments: Example::example(),
        tests: Example::example(),
        held_from: Example::example(),
    };
    RuleBook = RuleBook {
        gateway: Example::example(),
        time_zone: "UTC".into(),
        places: Example::example(),
        goods: Example::example(),
        vehicles: Example::example(),
        people: Example::example(),
        mass_tolerance_permille: 5,
        clock_tolerance_s: 1,
        remember_s: 1,
        weaker_after_s: Some(86_400),
    };
    PlaceRule = PlaceRule {
        place: Example::example(),
        side: Side::Dirty,
        units: Some(1),
        slots: Some(1),
        pooled: false,
        contact: Contact::Apart,
        tail_s: 0,
        leads_to: Example::example(),
    };
    GoodsRule = GoodsRule {
        goods: Example::example(),
        priority: 0,
        apart_from: Example::example(),
        spoiled_by: Example::example(),
    };
    VehicleRule = VehicleRule { source: Example::example(), wash: true, dwell_s: 0, seal: false };
    PeopleRule = PeopleRule { on_shift: false, rest_s: 0, gate: false, contact_tail_s: Some(1) };
    Protocol = Protocol {
        protocol: Example::example(),
        version: 1,
        goods: Example::example(),
        sources: Example::example(),
        from: Example::example(),
        held_too: false,
        treatments: Example::example(),
        inspections: Example::example(),
        tests: Example::example(),
        hold: Example::example(),
        signatures: 1,
    };
    TreatmentRule = TreatmentRule {
        step: Example::example(),
        contact_s: 1,
        agents: Example::example(),
        temperatures: Example::example(),
        places: Example::example(),
    };
    AgentRule = AgentRule {
        agent: Example::example(),
        bands: Example::example(),
        readings_every_s: 1,
        lines: 1,
    };
    Band = Band {
        from_mc: 0,
        below_mc: 1,
        contact_s: 1,
        least_mg_m3: 1,
        final_mg_m3: 1,
        ct_mg_h_m3: 1,
        dose_mg_m3: 1,
        start_mg_m3: 1,
        warmest_mc: Some(1),
        at: Example::example(),
    };
    SetReading = SetReading { after_s: 1, within_s: 1, least_mg_m3: 1 };
    TemperatureRule = TemperatureRule {
        from_mc: 0,
        below_mc: 1,
        contact_s: 1,
        readings_every_s: 1,
        lines: 1,
        excursions_s: 1,
    };
    InspectionRule = InspectionRule { step: Example::example(), again: Example::example() };
    TestRule = TestRule { test: Example::example(), not_before_s: 0 };
    HoldRule = HoldRule {
        step: Example::example(),
        clock: ClockFrom::Arrival,
        hold_s: 1,
        before: Example::example(),
    };
}
