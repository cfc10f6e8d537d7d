//! Rows by name, made where the name is new.

use lazaret_vocabulary::event::Spot;
use lazaret_vocabulary::event::entry::PersonName;
use lazaret_vocabulary::event::rules::PlaceRule;

use super::super::{Convoy, Departure, ExceptionRow, Lot, Person, Place, State, Unit, Vehicle};
use super::{Touch, find};
use crate::index::{
    ConvoyIx, DepartureIx, ExceptionIx, GoodsIx, LotIx, Number, PersonIx, PlaceIx, UnitIx,
    VehicleIx,
};

impl State {
    pub(crate) fn new_lot(&mut self, name: &str, goods: GoodsIx) -> LotIx {
        let lot = self.lot_names.add(name);
        if lot.position() == self.lots.len() {
            self.lots.add(Lot::new(goods));
        }
        lot
    }

    pub(crate) fn lot_touched(&self, name: &str, touch: &mut Touch) -> Result<LotIx, String> {
        let lot = find(&self.lot_names, name, "lot")?;
        touch.lots.push(lot);
        Ok(lot)
    }

    pub(crate) fn vehicle_touched(
        &self,
        name: &str,
        touch: &mut Touch,
    ) -> Result<VehicleIx, String> {
        let vehicle = find(&self.vehicle_names, name, "vehicle")?;
        touch.vehicles.push(vehicle);
        Ok(vehicle)
    }

    pub(crate) fn vehicle(&mut self, name: &str) -> VehicleIx {
        let vehicle = self.vehicle_names.add(name);
        if vehicle.position() == self.vehicles.len() {
            self.vehicles.add(Vehicle::new());
        }
        vehicle
    }

    pub(crate) fn convoy(&mut self, name: &str) -> ConvoyIx {
        let convoy = self.convoy_names.add(name);
        if convoy.position() == self.convoys.len() {
            self.convoys.add(Convoy {
                source: None,
                arrived: None,
                trial: false,
                manifest: None,
            });
        }
        convoy
    }

    pub(crate) fn departure_row(&mut self, name: &str) -> DepartureIx {
        let departure = self.departure_names.add(name);
        if departure.position() == self.departures.len() {
            self.departures.add(Departure {
                left: None,
                lots: Vec::new(),
            });
        }
        departure
    }

    pub(crate) fn exception(&mut self, name: &str, now: i64, because: &str) -> ExceptionIx {
        let exception = self.exception_names.add(name);
        if exception.position() == self.exceptions.len() {
            self.exceptions.add(ExceptionRow {
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

    pub(crate) fn person(&mut self, name: &PersonName) -> PersonIx {
        let person = self.person_names.add(name.as_str());
        if person.position() == self.people.len() {
            self.people.add(Person {
                cleared_until: i64::MIN,
                ..Person::default()
            });
        }
        person
    }

    pub(crate) fn place(&mut self, name: &str) -> PlaceIx {
        let place = self.place_names.add(name);
        if place.position() == self.places.len() {
            self.places.add(Place {
                rule: None,
                used: 0,
                slots_now: None,
                units: Vec::new(),
            });
        }
        place
    }

    pub(crate) fn unit(&mut self, spot: &Spot) -> UnitIx {
        let place = self.place(spot.place.as_str());
        let index = spot.unit.saturating_sub(1) as usize;
        let units = &mut self.places[place].units;
        if units.len() <= index {
            units.resize(index + 1, None);
        }
        let known = units[index];
        known.unwrap_or_else(|| {
            let unit = self.units.add(Unit {
                place,
                number: spot.unit,
                closed: None,
                broken: false,
                used: 0,
                lots: Vec::new(),
                vehicles: Vec::new(),
                episodes: Vec::new(),
            });
            self.places[place].units[index] = Some(unit);
            unit
        })
    }

    /// The rule of a place, if the rules in force name it.
    pub(crate) fn place_rule(&self, place: PlaceIx) -> Option<&PlaceRule> {
        let rule = self.places.row(place)?.rule?;
        self.rules()?.places.get(usize::from(rule))
    }
}
