//! A gateway file that has changed, as the changes of rules and protocols that it asks for.

use jiff::Timestamp;
use lazaret_gateway::model::Gateway;
use lazaret_ledger::{Less, State};
use lazaret_vocabulary::event::entry::{Entry, ProtocolName};
use lazaret_vocabulary::event::rules::{PlaceRule, Protocol, RuleBook};
use lazaret_vocabulary::event::{GoodsName, LotId, Spot, StepName};
use lazaret_vocabulary::time::Span;

use crate::book::{founding_protocols, founding_rules, protocols_of};
use crate::open::{Open, OpenKind, Stated};

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
    /// What the file leaves open and somebody has to state; each is an obstacle too.
    pub open: Vec<Open>,
    /// Every lot that is here, with its date before and after.
    pub lots: Vec<LotOutlook>,
}

/// A goods class that a changed file calls otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamed {
    /// The class as the ledger knows it.
    pub old: GoodsName,
    /// What the file calls it.
    pub new: GoodsName,
}

/// What somebody says of a changed file besides the file itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// Classes that the file calls otherwise. What the ledger asks of the old name it asks of the new one, and the old
    /// name stays known while lots of it are here or announced.
    pub renamed: Vec<Renamed>,
    /// What they state of what the file leaves open.
    pub stated: Stated,
    /// Whether longer holds and more tests bind the lots that are here, too.
    pub held_too: bool,
}

/// What a changed file means for one lot that is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LotOutlook {
    /// The lot.
    pub lot: LotId,
    /// Where it is, unless it is between two places.
    pub spot: Option<Spot>,
    /// When its clock has run now, if it runs.
    pub before: Option<Timestamp>,
    /// When it would have run.
    pub after: Option<Timestamp>,
    /// What becomes of it and of where it is, one sentence each.
    pub notes: Vec<String>,
}

/// Compares a gateway file with a ledger.
///
/// What a file does not speak of (people, tolerances, tests, signatures, agents) stays as it is recorded. A length or
/// capacity that the file leaves open is kept if the recorded one is within it; otherwise somebody has to state it.
///
/// * `now` — from when changed protocols are in force.
#[must_use]
pub fn adoption(gateway: &Gateway, state: &State, wishes: &Wishes, now: Timestamp) -> Adoption {
    let mut adoption = Adoption::default();
    let Some(bound) = state.rules() else {
        return adoption;
    };
    let missing = wishes.stated.missing(gateway);
    adoption.obstacles.extend(wishes.stated.wrong(gateway));
    let mut rules = adoption.merged(bound, founding_rules(gateway, &wishes.stated), &missing);
    for names in &wishes.renamed {
        adoption.rename(names, bound, &mut rules, state);
    }
    adoption.compare_rules(bound, &rules, state);
    adoption.outlook(&rules, state);
    if rules != *bound {
        adoption
            .weaker
            .extend(sentences(&state.weaker_rules(&rules)));
        adoption.entries.push(Entry::RulesAdopted {
            rules: Box::new(rules),
        });
    }
    let least = protocols_of(gateway, now, 2);
    for (least, most) in least
        .iter()
        .zip(founding_protocols(gateway, now, 2, &wishes.stated))
    {
        adoption.protocol(least, most, &missing, (state, wishes, now));
    }
    adoption
}

fn sentences(less: &[Less]) -> impl Iterator<Item = String> + use<'_> {
    less.iter().map(ToString::to_string)
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
///
/// Gives also the kinds and names of lengths that the file leaves open, that nobody stated, and outside of which the
/// recorded one is.
fn next_version(
    known: &Protocol,
    least: &Protocol,
    most: Protocol,
    missing: &[Open],
    now: Timestamp,
) -> (Protocol, Vec<Open>) {
    let mut next = most;
    let mut asked = Vec::new();
    for (rule, least) in next.treatments.iter_mut().zip(&least.treatments) {
        let open = open_of(
            missing,
            OpenKind::Contact,
            &next.protocol,
            &next.goods,
            &rule.step,
        );
        let old = known.treatments.iter().find(|old| old.step == rule.step);
        let kept = old.map(|old| old.contact_s).filter(|old| {
            open.is_some_and(|open| (least.contact_s..=open.most.unwrap_or(u64::MAX)).contains(old))
        });
        let contact_s = kept.unwrap_or(rule.contact_s);
        if kept.is_none() {
            asked.extend(open.cloned());
        }
        if let Some(old) = old {
            *rule = old.clone();
        }
        rule.contact_s = contact_s;
    }
    if let (Some(hold), Some(least)) = (&mut next.hold, &least.hold) {
        let open = open_of(
            missing,
            OpenKind::Hold,
            &next.protocol,
            &next.goods,
            &hold.step,
        );
        let old = known.hold.as_ref().map(|old| old.hold_s).filter(|old| {
            open.is_some_and(|open| (least.hold_s..=open.most.unwrap_or(u64::MAX)).contains(old))
        });
        match old {
            Some(old) => hold.hold_s = old,
            None => asked.extend(open.cloned()),
        }
    }
    next.version = known.version + 1;
    next.from = now;
    next.tests.clone_from(&known.tests);
    next.signatures = known.signatures;
    (next, asked)
}

/// What the file leaves open of a length of a protocol, if nobody stated it.
fn open_of<'o>(
    missing: &'o [Open],
    kind: OpenKind,
    protocol: &ProtocolName,
    goods: &[GoodsName],
    step: &StepName,
) -> Option<&'o Open> {
    missing.iter().find(|open| {
        open.kind == kind
            && match kind {
                OpenKind::Contact => goods
                    .iter()
                    .any(|goods| open.name == format!("{step} of {goods}")),
                _ => open.name == protocol.as_str(),
            }
    })
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
    /// The rules of a file with what only the ledger knows.
    fn merged(&mut self, bound: &RuleBook, mut rules: RuleBook, missing: &[Open]) -> RuleBook {
        rules.people.clone_from(&bound.people);
        rules.mass_tolerance_permille = bound.mass_tolerance_permille;
        rules.clock_tolerance_s = bound.clock_tolerance_s;
        rules.remember_s = bound.remember_s;
        rules.weaker_after_s = bound.weaker_after_s;
        let mut keep = |kind, name: &str, known: Option<u64>| {
            let open = missing.iter().find(|o| o.kind == kind && o.name == name)?;
            let within =
                |known: &u64| *known >= open.least && open.most.is_none_or(|most| *known <= most);
            let kept = known.filter(within);
            if kept.is_none() {
                self.ask(open);
            }
            kept
        };
        for place in &mut rules.places {
            let known = bound.places.iter().find(|known| known.place == place.place);
            let name = place.place.as_str();
            let of = |number: Option<u32>| number.map(u64::from);
            let units = known.and_then(|known| of(known.units));
            let slots = known.and_then(|known| of(known.slots));
            if let Some(units) = keep(OpenKind::Units, name, units) {
                place.units = u32::try_from(units).ok();
            }
            if let Some(slots) = keep(OpenKind::Slots, name, slots) {
                place.slots = u32::try_from(slots).ok();
            }
            if let Some(known) = known {
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
            let dwell = known.map(|known| known.dwell_s);
            if let Some(dwell) = keep(OpenKind::Dwell, vehicle.source.as_str(), dwell) {
                vehicle.dwell_s = dwell;
            }
            if let Some(known) = known {
                vehicle.wash = known.wash;
                vehicle.seal = known.seal;
            }
        }
        rules
    }

    /// Says that somebody has to state what the file leaves open.
    fn ask(&mut self, open: &Open) {
        let line = format!("{open}: state what counts, such as {}", open.flag());
        if !self.obstacles.contains(&line) {
            self.obstacles.push(line);
            self.open.push(open.clone());
        }
    }

    /// Compares one protocol of the file with what is recorded.
    fn protocol(
        &mut self,
        least: &Protocol,
        most: Protocol,
        missing: &[Open],
        (state, wishes, now): (&State, &Wishes, Timestamp),
    ) {
        let known = latest(state, &most.protocol);
        let former = former_name(&most, &wishes.renamed).filter(|_| known.is_none());
        if let Some(old) = former
            && let Some(known) = latest(state, &old.protocol)
        {
            let next = self.protocol_renamed(&old, known, (least, most), missing, (state, now));
            self.entries.push(Entry::ProtocolAdopted {
                protocol: Box::new(next),
            });
            return;
        }
        let mut next = match known {
            None => {
                let name = &most.protocol;
                self.differences.push(format!("protocol {name} is new"));
                let steps = most
                    .treatments
                    .iter()
                    .map(|rule| (OpenKind::Contact, &rule.step));
                let holds = most.hold.iter().map(|rule| (OpenKind::Hold, &rule.step));
                for (kind, step) in steps.chain(holds) {
                    if let Some(open) = open_of(missing, kind, &most.protocol, &most.goods, step) {
                        self.ask(open);
                    }
                }
                most
            }
            Some(known) => {
                let (next, asked) = next_version(known, least, most, missing, now);
                for open in &asked {
                    self.ask(open);
                }
                let said = differences(known, &next);
                if said.is_empty() {
                    return;
                }
                self.differences.extend(said);
                next
            }
        };
        if known.is_some() {
            next.held_too = wishes.held_too;
            self.consequences.push(if wishes.held_too {
                format!(
                    "lots that are here are bound by {} too where it is longer or asks for more",
                    next.protocol
                )
            } else {
                format!(
                    "lots that are here stay under the version of {} that was in force when they came",
                    next.protocol
                )
            });
            self.moved(&next, state);
        }
        self.weaker.extend(sentences(&state.weaker_protocol(&next)));
        self.entries.push(Entry::ProtocolAdopted {
            protocol: Box::new(next),
        });
    }

    /// What a version that binds held lots too makes of each.
    fn moved(&mut self, next: &Protocol, state: &State) {
        for moved in state.preview(next) {
            let Some(row) = self.lots.iter_mut().find(|row| row.lot == moved.lot) else {
                continue;
            };
            row.after = moved.after;
            for test in &moved.more_tests {
                row.notes.push(format!("has to pass {test} too"));
            }
            if moved.unreleased {
                row.notes.push("loses its release".into());
            }
        }
    }

    /// Lists every lot that is here, with what becomes of where it is.
    fn outlook(&mut self, rules: &RuleBook, state: &State) {
        let units = state.places();
        let too_full = |spot: &Spot, rule: &PlaceRule| {
            let unit = units.iter().find(|unit| unit.spot == *spot);
            !rule.pooled
                && rule
                    .slots
                    .zip(unit)
                    .is_some_and(|(slots, unit)| unit.used > slots)
        };
        for view in state.lots_here() {
            let mut notes = Vec::new();
            if let Some(spot) = &view.spot {
                match rules.places.iter().find(|rule| rule.place == spot.place) {
                    None => notes.push(format!("{} vanishes: move the lot first", spot.place)),
                    Some(rule) if rule.units.is_some_and(|units| spot.unit > units) => {
                        notes.push(format!(
                            "unit {} of {} vanishes: move the lot first",
                            spot.unit, spot.place
                        ));
                    }
                    Some(rule) if too_full(spot, rule) => notes.push(format!(
                        "{} {} holds more than it would have room for",
                        spot.place, spot.unit
                    )),
                    Some(_) => {}
                }
            }
            if !rules.goods.iter().any(|rule| rule.goods == view.goods) {
                notes.push(format!("its class {} is not in the file", view.goods));
            }
            self.lots.push(LotOutlook {
                before: view.earliest,
                after: view.earliest,
                lot: view.lot,
                spot: view.spot,
                notes,
            });
        }
    }

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
        missing: &[Open],
        (state, now): (&State, Timestamp),
    ) -> Protocol {
        let (name, goods) = (most.protocol.clone(), most.goods.clone());
        let (mut next, asked) = next_version(known, least, most, missing, now);
        for open in &asked {
            self.ask(open);
        }
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
