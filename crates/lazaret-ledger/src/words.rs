//! Events in words: one plain line each, in the vocabulary of the glossary.
//!
//! Screens in other languages make their own from the event; these are for logs, tables, exports and the first look.

use lazaret_vocabulary::event::entry::{Surface, Tally};
use lazaret_vocabulary::event::{Cause, Happening, Thing};

use crate::family::in_family;

/// What happened, as a sentence without a full stop.
#[must_use]
pub fn words(happening: &Happening) -> String {
    in_family!(happening, event => event.words())
}

/// How a surface brought two lots together.
#[must_use]
pub fn surface_words(surface: &Surface) -> String {
    match surface {
        Surface::Vehicle(vehicle) => format!("in vehicle {vehicle}"),
        Surface::Unit(place, unit) => format!("in {place} {unit}"),
        Surface::Person(person) => format!("in the hands of {person}"),
        Surface::Seen => "before witnesses".into(),
    }
}

/// Pieces and mass.
#[must_use]
pub fn tally_words(tally: &Tally) -> String {
    format!(
        "{}, {} kg",
        count_of(u64::from(tally.pieces), "piece"),
        tally.mass_kg
    )
}

pub(crate) fn thing_words(thing: &Thing) -> String {
    match thing {
        Thing::Convoy(convoy) => format!("convoy {convoy}"),
        Thing::Vehicle(vehicle) => format!("vehicle {vehicle}"),
        Thing::Lot(lot) => format!("lot {lot}"),
    }
}

pub(crate) fn cause_words(cause: &Cause) -> String {
    match cause {
        Cause::NoRoom(place) => format!("{place} has no room"),
        Cause::Closed(place) => format!("{place} is closed"),
        Cause::Broken(place) => format!("{place} is broken"),
        Cause::Segregated(place) => format!("{place} holds goods that must be kept apart"),
        Cause::NoResource(resource) => format!("no {resource} is free"),
        Cause::NoVehicle(source) => format!("too few vehicles are at {source}"),
        Cause::SourceClosed(why) => why.clone(),
        Cause::NoDeparture(step) => format!("the next {step} has not come"),
    }
}

pub(crate) fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    match &items[..] {
        [] => "none".into(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// `1 vehicle`, `2 vehicles`.
pub(crate) fn count_of(count: u64, one: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {one}s"),
    }
}
