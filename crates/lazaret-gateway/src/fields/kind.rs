//! What a key may be: the kinds of values, their bounds, and what a name may refer to.

use crate::model::Dimension;

/// A part of the file with keys of its own.
#[derive(Debug)]
pub struct Section {
    /// Its name: the first word of its header.
    pub name: &'static str,
    /// How it is written.
    pub form: Form,
    /// What it describes.
    pub doc: &'static str,
    /// Its keys.
    pub fields: &'static [Field],
}

/// How a section is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Once: `[gateway]`.
    One,
    /// Once, and each of its keys is a name of its own: `[unknown]`.
    Values,
    /// Once for each name: `[place.yard]`.
    Named,
    /// As a list: `[[step]]`.
    List,
}

/// A key.
#[derive(Debug)]
pub struct Field {
    /// The key.
    pub name: &'static str,
    /// What its value may be.
    pub kind: Kind,
    /// What holds if it is left out; empty if nothing does.
    pub default: &'static str,
    /// Whether it must be there.
    pub required: bool,
    /// What it means.
    pub doc: &'static str,
}

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Any text.
    Text,
    /// The name of a time zone.
    Zone,
    /// A date, or a local date and time.
    Moment,
    /// A list of dates.
    Dates,
    /// True or false.
    Flag,
    /// A whole number between two bounds.
    Whole(i64, i64),
    /// A share, from 0 to 1: a number, a percentage or an unknown.
    Share,
    /// A number, duration or mass: a constant, a distribution or an unknown.
    Quantity(Dimension, Bound),
    /// A quantity of any dimension, without unknowns.
    Prior,
    /// A duration that is known.
    Fixed,
    /// A quantity, or one for each goods class.
    ByClass(Dimension, Bound),
    /// A quantity, or `unlimited`.
    Slots(Bound),
    /// One of these words.
    Choice(&'static [(&'static str, &'static str)]),
    /// The name of a thing.
    Name(Thing),
    /// A list of names of things, or one name.
    Names(Thing),
    /// How many of each crew or equipment.
    Needs,
    /// The share of each goods class.
    Shares,
    /// One window of the day or a list of them.
    Windows,
    /// Days of the week.
    Days,
    /// Times of day.
    Times,
    /// From what the clock of a hold starts.
    Clock,
    /// How a vehicle goes home.
    Return,
    /// A table with these keys.
    Table(&'static [Field]),
    /// A list of tables with these keys.
    Tables(&'static [Field]),
}

/// What a name may refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A goods class.
    Goods,
    /// A source.
    Source,
    /// A place.
    Place,
    /// A crew or equipment.
    Resource,
    /// A step.
    Step,
    /// A site.
    Site,
}

impl Thing {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Thing::Goods => "goods class",
            Thing::Source => "source",
            Thing::Place => "place",
            Thing::Resource => "crew or equipment",
            Thing::Step => "step",
            Thing::Site => "site",
        }
    }
}

/// Between what a quantity must lie, in base units.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// The least it may be.
    pub least: f64,
    /// The greatest it may be.
    pub greatest: f64,
    /// Whether it counts things, so that a constant must be whole. Draws are rounded to the nearest whole number.
    pub whole: bool,
    /// Whether it must be above zero on average, and if constant above zero.
    pub positive: bool,
}

/// The longest time that a file may name: 200 years.
pub const LONGEST_S: f64 = 200.0 * 365.25 * 86_400.0;
/// The most slots in a unit.
pub const MOST: f64 = 1e9;
/// The most people of a crew, pieces of equipment, vehicles of a fleet.
pub const UNITS_MOST: f64 = 1e6;
/// The most units of a place.
pub const PLACE_UNITS_MOST: f64 = 65_535.0;
/// The most vehicles in a convoy and lots in a vehicle.
pub const CONVOY_MOST: f64 = 65_535.0;

pub(super) const TIME: Bound = Bound {
    least: 0.0,
    greatest: LONGEST_S,
    whole: false,
    positive: false,
};
pub(super) const INTERVAL: Bound = Bound {
    positive: true,
    ..TIME
};
pub(super) const COUNT: Bound = Bound {
    least: 1.0,
    greatest: MOST,
    whole: true,
    positive: true,
};
/// Crew and equipment: each has a state of its own in the simulator.
pub(super) const UNITS: Bound = Bound {
    greatest: UNITS_MOST,
    ..COUNT
};
pub(super) const UNITS_OR_NONE: Bound = Bound {
    least: 0.0,
    positive: false,
    ..UNITS
};
pub(super) const PLACE_UNITS_OR_NONE: Bound = Bound {
    greatest: PLACE_UNITS_MOST,
    ..UNITS_OR_NONE
};
pub(super) const COUNT_OR_NONE: Bound = Bound {
    least: 0.0,
    positive: false,
    ..COUNT
};
pub(super) const CONVOY: Bound = Bound {
    least: 0.0,
    greatest: CONVOY_MOST,
    ..COUNT
};
pub(super) const MASS: Bound = Bound {
    least: 0.0,
    greatest: 1e12,
    whole: false,
    positive: true,
};

pub(super) const fn field(
    name: &'static str,
    kind: Kind,
    default: &'static str,
    doc: &'static str,
) -> Field {
    Field {
        name,
        kind,
        default,
        required: false,
        doc,
    }
}

pub(super) const fn required(name: &'static str, kind: Kind, doc: &'static str) -> Field {
    Field {
        name,
        kind,
        default: "",
        required: true,
        doc,
    }
}
