//! A gateway file that has changed, as the changes of rules and protocols that it asks for.

use jiff::Timestamp;
use lazaret_gateway::model::Gateway;
use lazaret_ledger::{Less, State};
use lazaret_vocabulary::event::GoodsName;
use lazaret_vocabulary::event::entry::{Entry, ProtocolName};
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

/// A goods class that a changed file calls otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamed {
    /// The class as the ledger knows it.
    pub old: GoodsName,
    /// What the file calls it.
    pub new: GoodsName,
}

/// Compares a gateway file with a ledger.
///
/// What a file does not speak of (people, tolerances, tests, signatures, agents) stays as it is recorded. A length that
/// the file leaves open is kept if the recorded one is within it.
///
/// * `renamed` — classes that the file calls otherwise. What the ledger asks of the old name it asks of the new one, and the
///   old name stays known while lots of it are here or announced.
/// * `now` — from when changed protocols are in force.
#[must_use]
pub fn adoption(gateway: &Gateway, state: &State, renamed: &[Renamed], now: Timestamp) -> Adoption {
    let mut adoption = Adoption::default();
    let Some(bound) = state.rules() else {
        return adoption;
    };
    let mut rules = merged(bound, founding_rules(gateway));
    for names in renamed {
        adoption.rename(names, bound, &mut rules, state);
    }
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
        let known = latest(state, &most.protocol);
        let former = former_name(&most, renamed).filter(|_| known.is_none());
        if let Some(old) = former
            && let Some(known) = latest(state, &old.protocol)
        {
            let next = adoption.protocol_renamed(&old, known, (least, most), state, now);
            adoption.entries.push(Entry::ProtocolAdopted {
                protocol: Box::new(next),
            });
            continue;
        }
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
                    "lots that are here stay under the version of {} that was in force when they came",
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

/// The latest version of a protocol.
fn latest<'s>(state: &'s State, name: &ProtocolName) -> Option<&'s Protocol> {
    let known = state.protocols().filter(|known| known.protocol == *name);
    known.max_by_key(|known| known.version)
}

/// The protocol as it would be called under the old name of its class, if that was renamed.
fn former_name(protocol: &Protocol, renamed: &[Renamed]) -> Option<Protocol> {
    let names = renamed
        .iter()
        .find(|names| protocol.goods.contains(&names.new))?;
    let mut old = protocol.clone();
    let rest = protocol
        .protocol
        .as_str()
        .strip_prefix(names.new.as_str())?;
    old.protocol = ProtocolName::new(format!("{}{rest}", names.old));
    old.goods = vec![names.old.clone()];
    Some(old)
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
            None => said.push(format!("{name}: no longer requires {}", rule.step)),
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
            said.push(format!(
                "{name}: the clock of the hold starts at another event"
            ));
        }
        (None, Some(new)) => said.push(format!(
            "{name}: a hold of {}, none before",
            span(new.hold_s)
        )),
        (Some(_), None) => said.push(format!("{name}: no longer has a hold")),
        _ => {}
    }
    if known.goods != next.goods || known.sources != next.sources {
        said.push(format!("{name}: for other goods or sources"));
    }
    said
}

impl Adoption {
    /// Gives a class its new name; the old one stays beside it while lots of it are here or announced.
    fn rename(&mut self, names: &Renamed, bound: &RuleBook, rules: &mut RuleBook, state: &State) {
        let Renamed { old, new } = names;
        let class = |book: &RuleBook, name: &GoodsName| {
            (book.goods.iter())
                .find(|rule| rule.goods == *name)
                .cloned()
        };
        let (Some(was), Some(mut is)) = (class(bound, old), class(rules, new)) else {
            self.obstacles.push(format!(
                "{old} cannot become {new}: {old} must be a goods class of the ledger, and {new} one of the file"
            ));
            return;
        };
        if class(rules, old).is_some() {
            self.obstacles.push(format!(
                "{old} cannot become {new}: the file has a goods class {old} as well"
            ));
            return;
        }
        if class(bound, new).is_none() {
            is.spoiled_by.clone_from(&was.spoiled_by);
            let fewer = (was.apart_from.iter())
                .find(|other| !is.apart_from.contains(other) && *other != old);
            if let Some(other) = fewer {
                self.obstacles.push(format!(
                    "{new} would not be kept apart from {other}, and {old} is: adopt that under the old name first, by two people"
                ));
            }
            for rule in &mut rules.goods {
                if rule.goods == *new {
                    rule.clone_from(&is);
                }
            }
        }
        let (here, announced) = state.lots_of_class(old.as_str());
        if here + announced == 0 {
            self.say(format!("class {old} is called {new}"));
            return;
        }
        self.say(format!(
            "class {old} is called {new}; {here} lots that are here and {announced} that are announced keep the old name until they have left"
        ));
        rules.goods.push(was);
    }

    /// The first version of a protocol under a new name, with what is recorded under the old one.
    fn protocol_renamed(
        &mut self,
        old: &Protocol,
        known: &Protocol,
        (least, most): (&Protocol, Protocol),
        state: &State,
        now: Timestamp,
    ) -> Protocol {
        let (name, goods) = (most.protocol.clone(), most.goods.clone());
        let mut next = next_version(known, least, most, now);
        // Asked under the old name, which has something to be compared with.
        (next.protocol, next.goods) = (old.protocol.clone(), old.goods.clone());
        self.differences.extend(differences(known, &next));
        for less in state.weaker_protocol(&next) {
            self.obstacles.push(format!(
                "under its new name {name} would ask for less ({less}): adopt that under the old name first, by two people"
            ));
        }
        (next.protocol, next.goods, next.version) = (name, goods, 1);
        next
    }

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
                self.say(format!("goods class {name} is removed"));
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
                    "{name} has a different priority or is kept apart from different classes"
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
                None => self.say(format!("source {} is removed", vehicle.source)),
                Some(other) if other != vehicle => {
                    self.say(format!(
                        "vehicles of {} go home under other rules",
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
        self.say(format!("place {name} is removed"));
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
            self.say(format!("the ways out of {name} change"));
        }
        let views = state.places();
        let views = views.iter().filter(|view| view.spot.place == *name);
        let used: u64 = views.clone().map(|view| u64::from(view.used)).sum();
        let room = (new.units.zip(new.slots))
            .map(|(units, slots)| u64::from(units) * u64::from(slots))
            .filter(|room| new.pooled && used > *room);
        if let Some(room) = room {
            self.consequences.push(format!(
                "{name} contains {used} and would have room for {room}: nothing can enter until enough have left"
            ));
        }
        for view in views {
            let unit = view.spot.unit;
            let holds = view.lots.len() + view.vehicles.len();
            if new.units.is_some_and(|units| unit > units) && holds > 0 {
                self.obstacles.push(format!(
                    "unit {unit} of {name} would disappear, but {holds} lots and vehicles are in it: move them first"
                ));
            } else if !new.pooled && new.slots.is_some_and(|slots| view.used > slots) {
                self.consequences.push(format!(
                    "unit {unit} of {name} contains {} and would have room for {}: nothing can enter until enough have left",
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
