//! Rows by name, made where the name is new.

use lazaret_vocabulary::event::Spot;
use lazaret_vocabulary::event::entry::PersonName;
use lazaret_vocabulary::event::rules::PlaceRule;

use super::super::{
    Convoy, Departure, ExceptionRow, Lot, NONE, Person, Place, State, Unit, Vehicle,
};
use super::{Touch, find};

impl State {
    pub(crate) fn new_lot(&mut self, name: &str, goods: u32) -> u32 {
        let lot = self.lot_names.add(name);
        if lot as usize == self.lots.len() {
            self.lots.push(Lot::new(goods));
        }
        lot
    }

    pub(crate) fn lot_touched(&self, name: &str, touch: &mut Touch) -> Result<u32, String> {
        let lot = find(&self.lot_names, name, "lot")?;
        touch.lots.push(lot);
        Ok(lot)
    }

    pub(crate) fn vehicle_touched(&self, name: &str, touch: &mut Touch) -> Result<u32, String> {
        let vehicle = find(&self.vehicle_names, name, "vehicle")?;
        touch.vehicles.push(vehicle);
        Ok(vehicle)
    }

    pub(crate) fn vehicle(&mut self, name: &str) -> u32 {
        let vehicle = self.vehicle_names.add(name);
        if vehicle as usize == self.vehicles.len() {
            self.vehicles.push(Vehicle::new());
        }
        vehicle
    }

    pub(crate) fn convoy(&mut self, name: &str) -> u32 {
        let convoy = self.convoy_names.add(name);
        if convoy as usize == self.convoys.len() {
            self.convoys.push(Convoy {
                source: NONE,
                arrived: None,
                trial: false,
                manifest: NONE,
            });
        }
        convoy
    }

    pub(crate) fn departure_row(&mut self, name: &str) -> u32 {
        let departure = self.departure_names.add(name);
        if departure as usize == self.departures.len() {
            self.departures.push(Departure {
                left: None,
                lots: Vec::new(),
            });
        }
        departure
    }

    pub(crate) fn exception(&mut self, name: &str, now: i64, because: &str) -> u32 {
        let exception = self.exception_names.add(name);
        if exception as usize == self.exceptions.len() {
            self.exceptions.push(ExceptionRow {
                open: true,
                opened_at: now,
                record: self.seq,
                because: because.to_owned(),
                lots: Vec::new(),
                recalled: Vec::new(),
            });
            self.open_exceptions.insert(exception);
        }
        exception
    }

    pub(crate) fn person(&mut self, name: &PersonName) -> u32 {
        let person = self.person_names.add(name.as_str());
        if person as usize == self.people.len() {
            self.people.push(Person {
                cleared_until: i64::MIN,
                ..Person::default()
            });
        }
        person
    }

    pub(crate) fn place(&mut self, name: &str) -> u32 {
        let place = self.place_names.add(name);
        if place as usize == self.places.len() {
            self.places.push(Place {
                rule: NONE,
                used: 0,
                slots_now: None,
                units: Vec::new(),
            });
        }
        place
    }

    pub(crate) fn unit(&mut self, spot: &Spot) -> u32 {
        let place = self.place(spot.place.as_str());
        let index = spot.unit.saturating_sub(1) as usize;
        let units = &mut self.places[place as usize].units;
        if units.len() <= index {
            units.resize(index + 1, NONE);
        }
        if units[index] == NONE {
            units[index] = self.units.len() as u32;
            self.units.push(Unit {
                place,
                number: spot.unit,
                closed: None,
                broken: false,
                used: 0,
                lots: Vec::new(),
                vehicles: Vec::new(),
                episodes: Vec::new(),
            });
        }
        self.places[place as usize].units[index]
    }

    /// The rule of a place, if the rules in force name it.
    pub(crate) fn place_rule(&self, place: u32) -> Option<&PlaceRule> {
        let rule = self.places.get(place as usize)?.rule;
        self.rules()?.places.get(rule as usize)
    }
}
