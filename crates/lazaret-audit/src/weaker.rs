//! Whether new rules or a new protocol ask for less than those before them.

use jiff::Timestamp;
use lazaret_vocabulary::event::rules::{Protocol, RuleBook, Side};

/// A change that is proposed by one and adopted by another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Rules(Box<RuleBook>),
    Protocol(Box<Protocol>),
}

impl Change {
    /// A protocol, whenever it is to hold from.
    pub(crate) fn protocol(protocol: &Protocol) -> Change {
        let mut protocol = protocol.clone();
        protocol.from = Timestamp::UNIX_EPOCH;
        Change::Protocol(Box::new(protocol))
    }
}

/// The first thing that `new` asks less of than `bound`.
pub(crate) fn of_protocol(bound: &Protocol, new: &Protocol) -> Option<String> {
    for rule in &bound.treatments {
        let other = new.treatments.iter().find(|other| other.step == rule.step);
        if other.is_none_or(|other| other.contact_s < rule.contact_s) {
            return Some(format!("{} is shorter or gone", rule.step));
        }
    }
    for rule in &bound.inspections {
        if !new.inspections.iter().any(|other| other.step == rule.step) {
            return Some(format!("{} is gone", rule.step));
        }
    }
    for rule in &bound.tests {
        let other = new.tests.iter().find(|other| other.test == rule.test);
        if other.is_none_or(|other| other.not_before_s < rule.not_before_s) {
            return Some(format!("the test {} is earlier or gone", rule.test));
        }
    }
    if let Some(hold) = &bound.hold {
        let other = new.hold.as_ref();
        if other.is_none_or(|other| other.hold_s < hold.hold_s || other.clock != hold.clock) {
            return Some("the hold is shorter, gone or counts from something else".into());
        }
    }
    (new.signatures < bound.signatures).then(|| "fewer people sign".into())
}

/// The first thing that `new` asks less of than `bound`.
pub(crate) fn of_rules(bound: &RuleBook, new: &RuleBook) -> Option<String> {
    for rule in &bound.places {
        let other = new.places.iter().find(|other| other.place == rule.place);
        if other.is_some_and(|other| {
            (rule.side == Side::Clean) != (other.side == Side::Clean) || other.tail_s < rule.tail_s
        }) {
            return Some(format!("{} is on another side or counts less", rule.place));
        }
    }
    for rule in &bound.vehicles {
        let other = new
            .vehicles
            .iter()
            .find(|other| other.source == rule.source);
        if other.is_some_and(|other| {
            rule.wash && !other.wash || rule.seal && !other.seal || other.dwell_s < rule.dwell_s
        }) {
            return Some(format!("vehicles of {} go home with less", rule.source));
        }
    }
    let (was, is) = (&bound.people, &new.people);
    let people = was.on_shift && !is.on_shift || was.gate && !is.gate || is.rest_s < was.rest_s;
    let less = people
        || new.mass_tolerance_permille > bound.mass_tolerance_permille
        || new.clock_tolerance_s > bound.clock_tolerance_s
        || new.remember_s < bound.remember_s;
    less.then(|| "people, counts or clocks are held to less".into())
}
