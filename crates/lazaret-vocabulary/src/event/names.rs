//! Every name in an event, by what it is the name of.
//!
//! The names are found by the types of the fields. Marks of seals are plain texts, and are named where they are.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::doubt::Doubt;

use super::entry::{
    ExceptionId, LineName, Link, LotPart, ManifestId, ManifestLine, Outcome, PersonName, Reading,
    Role, SampleId, Soiled, StockLot, Surface, Tally,
};
use super::rules::{
    AgentName, ClockFrom, HoldRule, Pin, Protocol, ProtocolName, RuleBook, TestName,
};
use super::{
    Cause, ConvoyId, DepartureId, Finding, GoodsName, LotId, PlaceName, ResourceName, SourceName,
    Spot, StepName, Thing, VehicleId,
};

/// What a name is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Noun {
    /// A convoy.
    Convoy,
    /// A vehicle.
    Vehicle,
    /// A lot.
    Lot,
    /// A departure inland.
    Departure,
    /// A source.
    Source,
    /// A place.
    Place,
    /// A step.
    Step,
    /// A goods class.
    Goods,
    /// A crew or a piece of equipment.
    Resource,
    /// Papers of a convoy.
    Manifest,
    /// A person.
    Person,
    /// A sample.
    Sample,
    /// An exception.
    Exception,
    /// An agent of a treatment.
    Agent,
    /// A test.
    Test,
    /// A protocol.
    Protocol,
    /// A line of readings.
    Line,
    /// A seal.
    Seal,
    /// A device that sends commands.
    Device,
    /// A site of the gateway.
    Site,
    /// A record of the ledger.
    Record,
}

impl fmt::Display for Noun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Noun::Convoy => "convoy",
            Noun::Vehicle => "vehicle",
            Noun::Lot => "lot",
            Noun::Departure => "departure",
            Noun::Source => "source",
            Noun::Place => "place",
            Noun::Step => "step",
            Noun::Goods => "goods class",
            Noun::Resource => "crew or equipment",
            Noun::Manifest => "paper",
            Noun::Person => "person",
            Noun::Sample => "sample",
            Noun::Exception => "exception",
            Noun::Agent => "agent",
            Noun::Test => "test",
            Noun::Protocol => "protocol",
            Noun::Line => "line of readings",
            Noun::Seal => "seal",
            Noun::Device => "device",
            Noun::Site => "site",
            Noun::Record => "record",
        })
    }
}

/// A name of any kind, to be looked at or written otherwise.
pub trait Name {
    /// The name as text.
    fn text(&self) -> &str;
    /// Writes it as `text`.
    fn put(&mut self, text: &str);
}

type See<'s> = &'s mut dyn FnMut(Noun, &mut dyn Name);

/// Something that may have names in it.
pub trait Named {
    /// Lets `see` look at each, in the order in which they are written.
    fn each_name(&mut self, see: See<'_>);
}

macro_rules! named {
    ($($name:ident = $noun:ident;)*) => {$(
        impl Name for $name {
            fn text(&self) -> &str {
                self.as_str()
            }
            fn put(&mut self, text: &str) {
                *self = $name::new(text);
            }
        }

        impl Named for $name {
            fn each_name(&mut self, see: See<'_>) {
                see(Noun::$noun, self);
            }
        }
    )*};
}

named! {
    ConvoyId = Convoy;
    VehicleId = Vehicle;
    LotId = Lot;
    DepartureId = Departure;
    SourceName = Source;
    PlaceName = Place;
    StepName = Step;
    GoodsName = Goods;
    ResourceName = Resource;
    ManifestId = Manifest;
    PersonName = Person;
    SampleId = Sample;
    ExceptionId = Exception;
    AgentName = Agent;
    TestName = Test;
    ProtocolName = Protocol;
    LineName = Line;
}

/// What has no names in it.
macro_rules! nameless {
    ($($type:ty),*) => {$(
        impl Named for $type {
            fn each_name(&mut self, _: See<'_>) {}
        }
    )*};
}

// The version that a signature names is filled in by the ledger.
nameless!(
    String, bool, u32, u64, Timestamp, Finding, Outcome, Role, Tally, Pin
);

impl Name for String {
    fn text(&self) -> &str {
        self
    }
    fn put(&mut self, text: &str) {
        text.clone_into(self);
    }
}

impl<T: Named> Named for Vec<T> {
    fn each_name(&mut self, see: See<'_>) {
        self.iter_mut().for_each(|one| one.each_name(see));
    }
}

impl<T: Named> Named for Option<T> {
    fn each_name(&mut self, see: See<'_>) {
        self.iter_mut().for_each(|one| one.each_name(see));
    }
}

impl<T: Named> Named for Box<T> {
    fn each_name(&mut self, see: See<'_>) {
        (**self).each_name(see);
    }
}

/// Lets `$see` look at every name of `$part`, one after the other.
macro_rules! look_at {
    ($see:ident: $($part:expr),+) => {{ $(Named::each_name($part, $see);)+ }};
}

impl Named for Reading {
    fn each_name(&mut self, see: See<'_>) {
        self.line.each_name(see);
    }
}

impl Named for Doubt {
    fn each_name(&mut self, _: See<'_>) {}
}

impl Named for Spot {
    fn each_name(&mut self, see: See<'_>) {
        self.place.each_name(see);
    }
}

impl Named for Thing {
    fn each_name(&mut self, see: See<'_>) {
        match self {
            Thing::Convoy(convoy) => convoy.each_name(see),
            Thing::Vehicle(vehicle) => vehicle.each_name(see),
            Thing::Lot(lot) => lot.each_name(see),
        }
    }
}

impl Named for Cause {
    fn each_name(&mut self, see: See<'_>) {
        match self {
            Cause::NoRoom(place)
            | Cause::Closed(place)
            | Cause::Broken(place)
            | Cause::Segregated(place) => place.each_name(see),
            Cause::NoResource(resource) => resource.each_name(see),
            Cause::NoVehicle(source) => source.each_name(see),
            Cause::NoDeparture(step) => step.each_name(see),
            Cause::SourceClosed(_) => {}
        }
    }
}

impl Named for ManifestLine {
    fn each_name(&mut self, see: See<'_>) {
        look_at!(see: &mut self.vehicle, &mut self.lot, &mut self.goods);
        for seal in &mut self.seals {
            see(Noun::Seal, seal);
        }
    }
}

impl Named for LotPart {
    fn each_name(&mut self, see: See<'_>) {
        self.lot.each_name(see);
    }
}

impl Named for StockLot {
    fn each_name(&mut self, see: See<'_>) {
        look_at!(see: &mut self.lot, &mut self.goods, &mut self.source, &mut self.spot);
        for treatment in &mut self.treatments {
            treatment.step.each_name(see);
        }
        for test in &mut self.tests {
            look_at!(see: &mut test.test, &mut test.sample);
        }
    }
}

impl Named for Link {
    fn each_name(&mut self, see: See<'_>) {
        self.from.each_name(see);
        match &mut self.surface {
            Surface::Vehicle(vehicle) => vehicle.each_name(see),
            Surface::Unit(place, _) => place.each_name(see),
            Surface::Person(person) => person.each_name(see),
            Surface::Seen => {}
        }
    }
}

impl Named for Soiled {
    fn each_name(&mut self, see: See<'_>) {
        match self {
            Soiled::Lot(lot) => lot.each_name(see),
            Soiled::Vehicle(vehicle) => vehicle.each_name(see),
            Soiled::Unit(place, _) => place.each_name(see),
        }
    }
}

impl Named for RuleBook {
    fn each_name(&mut self, see: See<'_>) {
        for rule in &mut self.places {
            rule.place.each_name(see);
        }
        for rule in &mut self.places {
            rule.leads_to.each_name(see);
        }
        for rule in &mut self.goods {
            rule.goods.each_name(see);
        }
        for rule in &mut self.goods {
            look_at!(see: &mut rule.apart_from, &mut rule.spoiled_by);
        }
        for rule in &mut self.vehicles {
            rule.source.each_name(see);
        }
    }
}

impl Named for HoldRule {
    fn each_name(&mut self, see: See<'_>) {
        look_at!(see: &mut self.step, &mut self.before);
        match &mut self.clock {
            ClockFrom::Stored(place) => place.each_name(see),
            ClockFrom::StepStart(step) | ClockFrom::StepEnd(step) => step.each_name(see),
            ClockFrom::Arrival => {}
        }
    }
}

impl Named for Protocol {
    fn each_name(&mut self, see: See<'_>) {
        look_at!(see: &mut self.protocol, &mut self.goods, &mut self.sources);
        for rule in &mut self.treatments {
            look_at!(see: &mut rule.step, &mut rule.places);
            for agent in &mut rule.agents {
                agent.agent.each_name(see);
            }
        }
        for rule in &mut self.inspections {
            look_at!(see: &mut rule.step, &mut rule.again);
        }
        for rule in &mut self.tests {
            rule.test.each_name(see);
        }
        self.hold.each_name(see);
    }
}
