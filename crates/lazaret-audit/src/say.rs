//! How findings are worded.

use std::fmt::Display;

use jiff::Timestamp;
use lazaret_vocabulary::event::{Happening, Thing};

/// An instant in µs since 1970, as people read it.
pub(crate) fn instant(us: i64) -> String {
    match Timestamp::from_microsecond(us) {
        Ok(at) => at.to_string(),
        // A clock that does not run has no end.
        Err(_) if us > 0 => "an instant that is not known yet".into(),
        Err(_) => "the beginning".into(),
    }
}

/// The items with commas between them.
pub(crate) fn list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = (items.into_iter()).map(|item| item.to_string()).collect();
    if items.is_empty() {
        return "nothing".into();
    }
    items.join(", ")
}

/// A unit of a place.
pub(crate) fn unit((place, unit): &(String, u32)) -> String {
    format!("{place} {unit}")
}

/// The name of a thing.
pub(crate) fn thing(thing: &Thing) -> &str {
    match thing {
        Thing::Convoy(convoy) => convoy.as_str(),
        Thing::Vehicle(vehicle) => vehicle.as_str(),
        Thing::Lot(lot) => lot.as_str(),
    }
}

/// The name of an event, as records have it.
pub(crate) fn event(what: &Happening) -> &'static str {
    what.name()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_show_dates_and_not_microseconds() {
        assert_eq!(instant(1_642_381_200_000_000), "2022-01-17T01:00:00Z");
        assert_eq!(instant(i64::MAX), "an instant that is not known yet");
        assert_eq!(list(["a", "b"]), "a, b");
        assert_eq!(list(Vec::<String>::new()), "nothing");
    }
}
