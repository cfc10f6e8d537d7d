//! A gateway file that has changed, as the changes of rules and protocols that it asks for.

use jiff::Timestamp;
use lazaret_gateway::model::Gateway;
use lazaret_ledger::{Less, State};
use lazaret_vocabulary::event::entry::Entry;
use lazaret_vocabulary::event::rules::{PlaceRule, Protocol, RuleBook};
use lazaret_vocabulary::time::Span;

use crate::book::{founding_protocols, founding_rules, protocols_of};

/// What a gateway file asks of a ledger that has other rules.
#[derive(Clone, Debug, Default)]
pub struct Adoption {
    /// What would be recorded, in order; empty if the ledger does what the file says.
    pub entries: Vec<Entry>,
    /// Each difference in one sentence.
    pub differences: Vec<String>,
    /// What it means for what is here, one sentence each.
    pub consequences: Vec<String>,
    /// What must be settled first: with these it is not adopted.
    pub obstacles: Vec<String>,
    /// What it asks less of: a second person and a delay are needed.
    pub weaker: Vec<String>,
}

/// Compares a gateway file with a ledger.
///
/// What a file does not speak of (people, tolerances, tests, signatures, agents) stays as it is recorded. A length that
/// the file leaves open is kept if the recorded one is within it.
///
/// * `now` — from when changed protocols are in force.
#[must_use]
pub fn adoption(gateway: &Gateway, state: &State, now: Timestamp) -> Adoption {
    let mut adoption = Adoption::default();
    let Some(bound) = state.rules() else {
        return adoption;
    };
    let rules = merged(bound, founding_rules(gateway));
    adoption.compare_rules(bound, &rules, state);
    if rules != *bound {
        adoption
            .weaker
            .extend(sentences(&state.weaker_rules(&rules)));
        adoption.entries.push(Entry::RulesAdopted {
            rules: Box::new(rules),
        });
    }
    let least = protocols_of(gateway, now, 2);
    for (least, most) in least.iter().zip(founding_protocols(gateway, now, 2)) {
        let known = state
            .protocols()
            .filter(|known| known.protocol == most.protocol)
            .max_by_key(|known| known.version);
        let next = match known {
            None => {
                let name = &most.protocol;
                adoption.differences.push(format!("protocol {name} is new"));
                most
            }
            Some(known) => {
                let next = next_version(known, least, most, now);
                let said = differences(known, &next);
                if said.is_empty() {
                    continue;
                }
                adoption.differences.extend(said);
                adoption.consequences.push(format!(
                    "lots that are here stay under the version of {} that they came under",
                    next.protocol
                ));
                next
            }
        };
        adoption
            .weaker
            .extend(sentences(&state.weaker_protocol(&next)));
        adoption.entries.push(Entry::ProtocolAdopted {
            protocol: Box::new(next),
        });
    }
    adoption
}

/// The rules of a file with what only the ledger knows.
fn sentences(less: &[Less]) -> impl Iterator<Item = String> + use<'_> {
    less.iter().map(ToString::to_string)
}

fn merged(bound: &RuleBook, mut rules: RuleBook) -> RuleBook {
    rules.people.clone_from(&bound.people);
    rules.mass_tolerance_permille = bound.mass_tolerance_permille;
    rules.clock_tolerance_s = bound.clock_tolerance_s;
    rules.remember_s = bound.remember_s;
    rules.weaker_after_s = bound.weaker_after_s;
    for place in &mut rules.places {
        if let Some(known) = bound.places.iter().find(|known| known.place == place.place) {
            place.tail_s = known.tail_s;
            place.contact = known.contact;
        }
    }
    for goods in &mut rules.goods {
        if let Some(known) = bound.goods.iter().find(|known| known.goods == goods.goods) {
            goods.spoiled_by.clone_from(&known.spoiled_by);
        }
    }
    for vehicle in &mut rules.vehicles {
        let known = bound
            .vehicles
            .iter()
            .find(|known| known.source == vehicle.source);
        if let Some(known) = known {
            vehicle.wash = known.wash;
            vehicle.seal = known.seal;
        }
    }
    rules
}

/// A protocol with the lengths and steps of the file, and with the tests, signatures and agents that are recorded.
fn next_version(known: &Protocol, least: &Protocol, most: Protocol, now: Timestamp) -> Protocol {
    let mut next = most;
    for (rule, least) in next.treatments.iter_mut().zip(&least.treatments) {
        let old = known.treatments.iter().find(|old| old.step == rule.step);
        if let Some(old) = old {
            let within = (least.contact_s..=rule.contact_s).contains(&old.contact_s);
            let contact_s = if within {
                old.contact_s
            } else {
                rule.contact_s
            };
            *rule = old.clone();
            rule.contact_s = contact_s;
        }
    }
    if let (Some(hold), Some(least), Some(old)) = (&mut next.hold, &least.hold, &known.hold)
        && (least.hold_s..=hold.hold_s).contains(&old.hold_s)
    {
        hold.hold_s = old.hold_s;
    }
    next.version = known.version + 1;
    next.from = now;
    next.tests.clone_from(&known.tests);
    next.signatures = known.signatures;
    next
}

fn differences(known: &Protocol, next: &Protocol) -> Vec<String> {
    let name = &next.protocol;
    let span = |seconds: u64| {
        Span::from_micros(
            i64::try_from(seconds)
                .unwrap_or(i64::MAX)
                .saturating_mul(1_000_000),
        )
    };
    let mut said = Vec::new();
    for rule in &known.treatments {
        match next.treatments.iter().find(|other| other.step == rule.step) {
            None => said.push(format!("{name}: no {} any more", rule.step)),
            Some(other) if other.contact_s != rule.contact_s => said.push(format!(
                "{name}: {} takes {} instead of {}",
                rule.step,
                span(other.contact_s),
                span(rule.contact_s)
            )),
            Some(_) => {}
        }
    }
    for rule in &next.treatments {
        if !known.treatments.iter().any(|old| old.step == rule.step) {
            said.push(format!("{name}: {} is new", rule.step));
        }
    }
    if known.inspections != next.inspections {
        said.push(format!("{name}: other inspections"));
    }
    match (&known.hold, &next.hold) {
        (Some(old), Some(new)) if old.hold_s != new.hold_s => said.push(format!(
            "{name}: a hold of {} instead of {}",
            span(new.hold_s),
            span(old.hold_s)
        )),
        (Some(old), Some(new)) if old != new => {
            said.push(format!("{name}: the hold counts from something else"));
        }
        (None, Some(new)) => said.push(format!(
            "{name}: a hold of {}, none before",
            span(new.hold_s)
        )),
        (Some(_), None) => said.push(format!("{name}: no hold any more")),
        _ => {}
    }
    if known.goods != next.goods || known.sources != next.sources {
        said.push(format!("{name}: for other goods or sources"));
    }
    said
}

impl Adoption {
    fn compare_rules(&mut self, bound: &RuleBook, rules: &RuleBook, state: &State) {
        if bound.gateway != rules.gateway {
            self.say(format!(
                "the gateway is called {} instead of {}",
                rules.gateway, bound.gateway
            ));
        }
        if bound.time_zone != rules.time_zone {
            self.say(format!(
                "times are shown in {} instead of {}",
                rules.time_zone, bound.time_zone
            ));
        }
        for place in &bound.places {
            match rules.places.iter().find(|other| other.place == place.place) {
                Some(other) => self.compare_place(place, other, state),
                None => self.removed_place(place, state),
            }
        }
        for place in &rules.places {
            if !bound.places.iter().any(|other| other.place == place.place) {
                self.say(format!("place {} is new", place.place));
            }
        }
        for class in &bound.goods {
            let name = &class.goods;
            let Some(other) = rules.goods.iter().find(|other| other.goods == *name) else {
                self.say(format!("there is no goods class {name} any more"));
                let (here, announced) = state.lots_of_class(name.as_str());
                if here + announced > 0 {
                    self.obstacles.push(format!(
                        "{here} lots of class {name} are here and {announced} are announced: keep the class in the file until they have left, \
                         or amend the papers of those that are announced"
                    ));
                }
                continue;
            };
            if (other.priority, &other.apart_from) != (class.priority, &class.apart_from) {
                self.say(format!(
                    "{name} has another priority or stands apart from other classes"
                ));
            }
        }
        for class in &rules.goods {
            if !bound.goods.iter().any(|other| other.goods == class.goods) {
                self.say(format!("goods class {} is new", class.goods));
            }
        }
        for vehicle in &bound.vehicles {
            let other = rules
                .vehicles
                .iter()
                .find(|other| other.source == vehicle.source);
            match other {
                None => self.say(format!("there is no source {} any more", vehicle.source)),
                Some(other) if other != vehicle => {
                    self.say(format!(
                        "vehicles of {} go home by other rules",
                        vehicle.source
                    ));
                }
                Some(_) => {}
            }
        }
        for vehicle in &rules.vehicles {
            if !bound
                .vehicles
                .iter()
                .any(|other| other.source == vehicle.source)
            {
                self.say(format!("source {} is new", vehicle.source));
            }
        }
    }

    fn removed_place(&mut self, place: &PlaceRule, state: &State) {
        let name = &place.place;
        self.say(format!("there is no place {name} any more"));
        let (mut lots, mut vehicles) = (0, 0);
        for view in state
            .places()
            .iter()
            .filter(|view| view.spot.place == *name)
        {
            lots += view.lots.len();
            vehicles += view.vehicles.len();
        }
        if lots + vehicles > 0 {
            self.obstacles.push(format!(
                "{lots} lots and {vehicles} vehicles are in {name}: move them first"
            ));
        }
    }

    fn compare_place(&mut self, old: &PlaceRule, new: &PlaceRule, state: &State) {
        let name = &new.place;
        let shown = |number: Option<u32>| number.map_or("any number of".into(), |n| n.to_string());
        if old.units != new.units {
            self.say(format!(
                "{name} has {} units instead of {}",
                shown(new.units),
                shown(old.units)
            ));
        }
        if (old.slots, old.pooled) != (new.slots, new.pooled) {
            self.say(format!(
                "{name} has {} slots instead of {}",
                shown(new.slots),
                shown(old.slots)
            ));
        }
        if old.side != new.side {
            self.say(format!("{name} is on another side of the wall"));
        }
        if old.leads_to != new.leads_to {
            self.say(format!("other ways lead on from {name}"));
        }
        let views = state.places();
        let views = views.iter().filter(|view| view.spot.place == *name);
        let used: u64 = views.clone().map(|view| u64::from(view.used)).sum();
        let room = (new.units.zip(new.slots))
            .map(|(units, slots)| u64::from(units) * u64::from(slots))
            .filter(|room| new.pooled && used > *room);
        if let Some(room) = room {
            self.consequences.push(format!(
                "{name} holds {used} and would have room for {room}: nothing new goes in until enough have left"
            ));
        }
        for view in views {
            let unit = view.spot.unit;
            let holds = view.lots.len() + view.vehicles.len();
            if new.units.is_some_and(|units| unit > units) && holds > 0 {
                self.obstacles.push(format!(
                    "unit {unit} of {name} would be gone, and {holds} lots and vehicles are in it: move them first"
                ));
            } else if !new.pooled && new.slots.is_some_and(|slots| view.used > slots) {
                self.consequences.push(format!(
                    "unit {unit} of {name} holds {} and would have room for {}: nothing new goes in until enough have left",
                    view.used,
                    shown(new.slots)
                ));
            }
        }
    }

    fn say(&mut self, difference: String) {
        self.differences.push(difference);
    }
}
