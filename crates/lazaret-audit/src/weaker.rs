//! Whether new rules or a new protocol ask for less than those before them.

use jiff::Timestamp;
use lazaret_vocabulary::event::rules::{Contact, PlaceRule, Protocol, RuleBook, Side};
use lazaret_vocabulary::event::{PlaceName, StepName};

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
        let Some(other) = other.filter(|other| other.contact_s >= rule.contact_s) else {
            return Some(format!("{} is shorter or no longer required", rule.step));
        };
        if !kept(&rule.agents, &other.agents)
            || !kept(&rule.temperatures, &other.temperatures)
            || !kept(&rule.places, &other.places)
        {
            return Some(format!(
                "{} may be done by other agents, at other temperatures or elsewhere",
                rule.step
            ));
        }
    }
    for rule in &bound.inspections {
        let Some(other) = (new.inspections.iter()).find(|other| other.step == rule.step) else {
            return Some(format!("{} is gone", rule.step));
        };
        let mut steps = new.treatments.iter().map(|treatment| &treatment.step);
        let again = |again: &Option<Vec<StepName>>, step: &StepName| match again {
            Some(named) => named.contains(step),
            None => true,
        };
        if steps.any(|step| again(&rule.again, step) && !again(&other.again, step)) {
            return Some(format!("{} has less repeated", rule.step));
        }
    }
    for rule in &bound.tests {
        let other = new.tests.iter().find(|other| other.test == rule.test);
        if other.is_none_or(|other| other.not_before_s < rule.not_before_s) {
            return Some(format!(
                "the test {} is earlier or no longer required",
                rule.test
            ));
        }
    }
    if let Some(hold) = &bound.hold {
        let other = new.hold.as_ref();
        if other.is_none_or(|other| {
            other.hold_s < hold.hold_s
                || other.clock != hold.clock
                || other.before.iter().any(|step| !hold.before.contains(step))
        }) {
            return Some("the hold is shorter, gone or counts from something else".into());
        }
    }
    (new.signatures < bound.signatures).then(|| "fewer people sign".into())
}

/// Whether `new` names nothing that `bound` did not allow, where `bound` named anything.
fn kept<T: PartialEq>(bound: &[T], new: &[T]) -> bool {
    bound.is_empty() || !new.is_empty() && new.iter().all(|one| bound.contains(one))
}

/// The first thing that `new` asks less of than `bound`.
///
/// * `comes_from` — whether a vehicle of a source is here.
/// * `there_is` — whether a lot of a class is here or expected.
pub(crate) fn of_rules(
    bound: &RuleBook,
    new: &RuleBook,
    comes_from: impl Fn(&str) -> bool,
    there_is: impl Fn(&str) -> bool,
) -> Option<String> {
    for rule in &bound.places {
        let other = new.places.iter().find(|other| other.place == rule.place);
        if other.map_or(rule.tail_s > 0, |other| less_at(rule, other)) {
            return Some(format!("less is required at {}", rule.place));
        }
    }
    for place in &new.places {
        let known = bound.places.iter().any(|rule| rule.place == place.place);
        if !known && less_than_all(&bound.places, place) {
            return Some(format!("less is required at the new place {}", place.place));
        }
    }
    for rule in &bound.goods {
        let other = new.goods.iter().find(|other| other.goods == rule.goods);
        let asks = !rule.apart_from.is_empty() || !rule.spoiled_by.is_empty();
        if other.is_none() && asks && there_is(rule.goods.as_str()) {
            return Some(format!("{} is no longer a class", rule.goods));
        }
        let all = |bound: &[_], new: &[_]| bound.iter().all(|one| new.contains(one));
        if other.is_some_and(|other| {
            let bears = rule
                .spoiled_by
                .iter()
                .any(|a| !other.spoiled_by.contains(a));
            bears || !all(&rule.apart_from, &other.apart_from)
        }) {
            return Some(format!(
                "{} may stand with more classes, or tolerates more agents",
                rule.goods
            ));
        }
    }
    for rule in &bound.vehicles {
        let other = (new.vehicles.iter()).find(|other| other.source == rule.source);
        let asks = rule.wash || rule.seal || rule.dwell_s > 0;
        if other.is_none() && asks && comes_from(rule.source.as_str()) {
            return Some(format!("vehicles of {} go home with nothing", rule.source));
        }
        if other.is_some_and(|other| {
            rule.wash && !other.wash || rule.seal && !other.seal || other.dwell_s < rule.dwell_s
        }) {
            return Some(format!("vehicles of {} go home with less", rule.source));
        }
    }
    for rule in &new.vehicles {
        let known = (bound.vehicles.iter()).any(|other| other.source == rule.source);
        let washed = bound.vehicles.iter().all(|other| other.wash);
        let sealed = bound.vehicles.iter().all(|other| other.seal);
        let stood = (bound.vehicles.iter()).all(|other| other.dwell_s > rule.dwell_s);
        let less = washed && !rule.wash || sealed && !rule.seal || stood;
        if !known && less && !bound.vehicles.is_empty() {
            return Some(format!(
                "vehicles of {} go home with less than all others",
                rule.source
            ));
        }
    }
    let (was, is) = (&bound.people, &new.people);
    let people = was.on_shift && !is.on_shift
        || was.gate && !is.gate
        || is.rest_s < was.rest_s
        || is.contact_tail_s < was.contact_tail_s;
    let waits = |rules: &RuleBook| rules.weaker_after_s.unwrap_or(86_400);
    let less = people
        || new.mass_tolerance_permille > bound.mass_tolerance_permille
        || new.clock_tolerance_s > bound.clock_tolerance_s
        || new.remember_s < bound.remember_s
        || waits(new) < waits(bound);
    less.then(|| "less is required of people, counts, clocks or changes".into())
}

fn strict(contact: Contact) -> u8 {
    match contact {
        Contact::Apart => 0,
        Contact::Traced => 1,
        Contact::Mixing => 2,
    }
}

/// Whether a new place asks less than each of those on its side, or than each of all where its side had none.
fn less_than_all(bound: &[PlaceRule], new: &PlaceRule) -> bool {
    let mut beside: Vec<_> = bound.iter().filter(|rule| rule.side == new.side).collect();
    if beside.is_empty() {
        beside.extend(bound);
    }
    let Some(least) = beside.iter().map(|rule| strict(rule.contact)).min() else {
        return false;
    };
    let shortest = beside.iter().map(|rule| rule.tail_s).min().unwrap_or(0);
    let mut ways = Vec::new();
    for rule in &beside {
        if rule.leads_to.is_empty() {
            ways.extend(bound.iter().map(|rule| &rule.place));
        }
        ways.extend(&rule.leads_to);
    }
    let free = beside.iter().any(|rule| rule.leads_to.is_empty());
    let was = |to: &PlaceName| bound.iter().any(|rule| rule.place == *to);
    let more = new.leads_to.iter().any(|to| was(to) && !ways.contains(&to));
    strict(new.contact) < least || new.tail_s < shortest || more || new.leads_to.is_empty() && !free
}

/// Whether less is asked at a place: another side of the wall, fewer contacts, more ways out of it.
fn less_at(bound: &PlaceRule, new: &PlaceRule) -> bool {
    let side =
        bound.side != new.side && (bound.side, new.side) != (Side::DirtyToClean, Side::Dirty);
    side || strict(new.contact) < strict(bound.contact)
        || new.tail_s < bound.tail_s
        || !kept(&bound.leads_to, &new.leads_to)
}
