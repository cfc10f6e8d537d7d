//! What new rules or a new protocol ask less of than those in force.
//!
//! Such a change needs a second person and time: somebody else proposes it first, and it can be adopted no sooner than
//! the rules in force say.

use lazaret_vocabulary::event::PlaceName;
use lazaret_vocabulary::event::rules::{
    Contact, InspectionRule, PlaceRule, Protocol, RuleBook, Side, VehicleRule,
};

use super::Judge;
use crate::chain::Digest;
use crate::index::{GoodsIx, SourceIx};
use crate::refusal::{Fact, Less, Refusal, Remedy};
use crate::rule::Rule;
use crate::state::{LotStage, State, VehicleStage, micros, seconds, timestamp};

/// How long a weaker change waits where the rules do not say, in seconds.
const WEAKER_AFTER_S: u64 = 86_400;

impl State {
    /// What `protocol` asks less of than what binds the same goods without it, one by one; empty if nothing.
    #[must_use]
    pub fn weaker_protocol(&self, protocol: &Protocol) -> Vec<Less> {
        let Some(rules) = self.rules() else {
            return Vec::new();
        };
        let mut found = Vec::new();
        let from = micros(protocol.from).max(self.recorded_at);
        let known = (rules.vehicles.iter())
            .filter_map(|source| self.source_names.find(source.source.as_str()));
        // A lot that no papers name may come from nowhere that is known.
        let sources: Vec<Option<SourceIx>> = known.map(Some).chain([None]).collect();
        for goods in &rules.goods {
            for &source in &sources {
                let goods = self.goods_names.find(goods.goods.as_str());
                if goods.is_none() {
                    continue;
                }
                let Some(bound) = self.bound_instead(protocol, goods, source, from) else {
                    continue;
                };
                for less in less_of_protocol(bound, protocol) {
                    if !found.contains(&less) {
                        found.push(less);
                    }
                }
            }
        }
        found
    }

    /// The protocol that lots of a class from a source would be under without `protocol`, if that takes its place.
    fn bound_instead(
        &self,
        protocol: &Protocol,
        goods: Option<GoodsIx>,
        source: Option<SourceIx>,
        from: i64,
    ) -> Option<&Protocol> {
        let rank = self.speaks_of(protocol, goods, source)?;
        let bound = self.protocol_for(goods, source, from)?;
        let bound = &self.protocols[bound].0;
        let other = self.speaks_of(bound, goods, source)?;
        // Of two that speak as closely the later goes before.
        (other <= rank).then_some(bound)
    }

    /// What `rules` ask less of than those in force, one by one; empty if nothing.
    #[must_use]
    pub fn weaker_rules(&self, rules: &RuleBook) -> Vec<Less> {
        let Some(bound) = self.rules() else {
            return Vec::new();
        };
        let mut less = less_of_rules(bound, rules);
        // Without a rule of its own nothing more is asked of what is here.
        less.extend(
            (bound.vehicles.iter())
                .filter(|rule| rule.wash || rule.seal || rule.dwell_s > 0)
                .filter(|rule| !rules.vehicles.iter().any(|new| new.source == rule.source))
                .filter(|rule| self.comes_from(rule.source.as_str()))
                .map(|rule| Less::HomeWithLess {
                    source: rule.source.clone(),
                }),
        );
        let gone = (bound.goods.iter())
            .filter(|rule| !rules.goods.iter().any(|new| new.goods == rule.goods))
            .filter(|rule| self.there_is(rule.goods.as_str()));
        for rule in gone {
            let goods = rule.goods.clone();
            if !rule.apart_from.is_empty() {
                less.push(Less::ApartFromFewer { goods });
            } else if !rule.spoiled_by.is_empty() {
                less.push(Less::BearsMore { goods });
            }
        }
        less
    }

    /// Whether a vehicle from there is here.
    fn comes_from(&self, source: &str) -> bool {
        let Some(source) = self.source_names.find(source) else {
            return false;
        };
        (self.vehicles.iter())
            .any(|row| row.stage == VehicleStage::Here && row.source == Some(source))
    }

    /// Whether a lot of that class is here or expected.
    fn there_is(&self, goods: &str) -> bool {
        let goods = self.goods_names.find(goods);
        (self.lots.iter()).any(|row| {
            (row.stage.present() || row.stage == LotStage::Announced) && Some(row.goods) == goods
        })
    }
}

/// A change of rules or of a protocol.
#[derive(Clone, Copy)]
pub(crate) enum Change<'a> {
    Rules(&'a RuleBook),
    Protocol(&'a Protocol),
}

impl Change<'_> {
    /// The digest under which a change is proposed and adopted: from when it holds may differ between the two.
    pub(crate) fn digest(self) -> Option<Digest> {
        let bytes = match self {
            Change::Rules(rules) => crate::canonical::to_vec(rules),
            Change::Protocol(protocol) => {
                let mut protocol = protocol.clone();
                protocol.from = timestamp(0);
                crate::canonical::to_vec(&protocol)
            }
        };
        bytes.ok().map(|bytes| Digest::of(&bytes))
    }
}

impl Judge<'_> {
    /// That a change which asks for less was proposed by somebody else, long enough ago.
    pub(crate) fn may_ask_for_less(
        &self,
        change: Change<'_>,
        less: &[Less],
    ) -> Result<(), Refusal> {
        // Before the first goods came there is nothing that a change could free.
        if less.is_empty() || !self.state.has_goods() {
            return Ok(());
        }
        let digest = change.digest();
        let by = self.command.by.as_str();
        let second = self.state.proposals.iter().find(|proposal| {
            Some(Digest(proposal.digest)) == digest
                && self.state.person_names.get(proposal.by) != by
        });
        self.need(Rule::Allowed, second.is_some(), || {
            (
                Fact::AsksLess {
                    less: less.to_vec(),
                },
                Remedy::ProposeFirst,
            )
        })?;
        let waits = self.rules()?.weaker_after_s.unwrap_or(WEAKER_AFTER_S);
        let from = second.map_or(i64::MIN, |proposal| {
            proposal.at.saturating_add(seconds(waits))
        });
        if from > self.now && !self.without(Rule::Allowed) {
            let from = timestamp(from);
            return Err(Refusal::until(
                Rule::Allowed,
                from,
                Fact::LessWaits {
                    until: from.into(),
                    less: less.to_vec(),
                },
                Remedy::WaitUntil { until: from.into() },
            ));
        }
        Ok(())
    }
}

fn less_of_protocol(bound: &Protocol, new: &Protocol) -> Vec<Less> {
    let name = || new.protocol.clone();
    let mut less = Vec::new();
    let mut say = |holds: bool, what: Less| {
        if !holds {
            less.push(what);
        }
    };
    for rule in &bound.treatments {
        let (protocol, step) = (name(), rule.step.clone());
        let other = new.treatments.iter().find(|other| other.step == rule.step);
        let Some(other) = other else {
            say(false, Less::NoStep { protocol, step });
            continue;
        };
        say(
            other.contact_s >= rule.contact_s,
            Less::ShorterStep {
                protocol: name(),
                step: step.clone(),
                contact_s: other.contact_s,
                before_s: rule.contact_s,
            },
        );
        // Whether other bands ask for more or less depends on the temperature of the day.
        let same = rule.agents.is_empty()
            || !other.agents.is_empty()
                && other.agents.iter().all(|agent| rule.agents.contains(agent));
        let (protocol, step) = (name(), rule.step.clone());
        say(same, Less::OtherAgents { protocol, step });
        let same = rule.temperatures.is_empty()
            || !other.temperatures.is_empty()
                && (other.temperatures.iter()).all(|row| rule.temperatures.contains(row));
        let (protocol, step) = (name(), rule.step.clone());
        say(same, Less::OtherTemperatures { protocol, step });
        let same = rule.places.is_empty()
            || !other.places.is_empty()
                && (other.places.iter()).all(|place| rule.places.contains(place));
        let (protocol, step) = (name(), rule.step.clone());
        say(same, Less::OtherPlaces { protocol, step });
    }
    for rule in &bound.inspections {
        let (protocol, step) = (name(), rule.step.clone());
        let Some(other) = (new.inspections.iter()).find(|other| other.step == rule.step) else {
            say(false, Less::NoStep { protocol, step });
            continue;
        };
        let repeats = |rule: &InspectionRule, step| {
            rule.again.as_ref().is_none_or(|again| again.contains(step))
        };
        let kept = (new.treatments.iter().map(|treatment| &treatment.step))
            .all(|treatment| !repeats(rule, treatment) || repeats(other, treatment));
        say(kept, Less::RepeatsFewer { protocol, step });
    }
    for rule in &bound.tests {
        let (protocol, test) = (name(), rule.test.clone());
        let other = new.tests.iter().find(|other| other.test == rule.test);
        let Some(other) = other else {
            say(false, Less::NoTest { protocol, test });
            continue;
        };
        say(
            other.not_before_s >= rule.not_before_s,
            Less::EarlierTest {
                protocol,
                test,
                not_before_s: other.not_before_s,
                before_s: rule.not_before_s,
            },
        );
    }
    if let Some(hold) = &bound.hold {
        let protocol = name();
        match &new.hold {
            None => say(false, Less::NoHold { protocol }),
            Some(other) => {
                say(
                    other.hold_s >= hold.hold_s,
                    Less::ShorterHold {
                        protocol,
                        hold_s: other.hold_s,
                        before_s: hold.hold_s,
                    },
                );
                let protocol = name();
                say(other.clock == hold.clock, Less::OtherClock { protocol });
                let before = other.before.iter().all(|step| hold.before.contains(step));
                let protocol = name();
                say(before, Less::HoldBeforeMore { protocol });
            }
        }
    }
    say(
        new.signatures >= bound.signatures,
        Less::FewerSignatures {
            protocol: name(),
            signatures: new.signatures,
            before: bound.signatures,
        },
    );
    less
}

fn less_of_rules(bound: &RuleBook, new: &RuleBook) -> Vec<Less> {
    let mut less = Vec::new();
    let mut say = |holds: bool, what: Less| {
        if !holds {
            less.push(what);
        }
    };
    for rule in &bound.places {
        let place = || rule.place.clone();
        match new.places.iter().find(|other| other.place == rule.place) {
            Some(other) => {
                for what in less_of_place(rule, other) {
                    say(false, what);
                }
            }
            None => say(rule.tail_s == 0, Less::ShorterContacts { place: place() }),
        }
    }
    for rule in &new.places {
        let known = bound.places.iter().any(|other| other.place == rule.place);
        let place = rule.place.clone();
        say(known || !asks_least(bound, rule), Less::NewPlace { place });
    }
    for rule in &bound.goods {
        let Some(other) = new.goods.iter().find(|other| other.goods == rule.goods) else {
            continue;
        };
        let goods = || rule.goods.clone();
        let kept = |wanted: &[_], found: &[_]| wanted.iter().all(|one| found.contains(one));
        say(
            kept(&rule.apart_from, &other.apart_from),
            Less::ApartFromFewer { goods: goods() },
        );
        let spoiled = rule
            .spoiled_by
            .iter()
            .all(|agent| other.spoiled_by.contains(agent));
        say(spoiled, Less::BearsMore { goods: goods() });
    }
    for rule in &bound.vehicles {
        let Some(other) = new
            .vehicles
            .iter()
            .find(|other| other.source == rule.source)
        else {
            continue;
        };
        let kept = (other.wash || !rule.wash)
            && (other.seal || !rule.seal)
            && other.dwell_s >= rule.dwell_s;
        say(
            kept,
            Less::HomeWithLess {
                source: rule.source.clone(),
            },
        );
    }
    for rule in &new.vehicles {
        let known = |other: &VehicleRule| other.source == rule.source;
        let all = |asks: fn(&VehicleRule) -> bool| bound.vehicles.iter().all(asks);
        let dwell = bound.vehicles.iter().map(|other| other.dwell_s).min();
        let kept = (rule.wash || !all(|other| other.wash))
            && (rule.seal || !all(|other| other.seal))
            && rule.dwell_s >= dwell.unwrap_or(0);
        say(
            kept || bound.vehicles.iter().any(known),
            Less::HomeWithLess {
                source: rule.source.clone(),
            },
        );
    }
    let (people, now) = (&bound.people, &new.people);
    say(now.on_shift || !people.on_shift, Less::OffShift);
    say(now.gate || !people.gate, Less::NoGate);
    say(now.rest_s >= people.rest_s, Less::LessRest);
    let tail = |tail: Option<u64>| tail.map_or(-1, i128::from);
    say(
        tail(now.contact_tail_s) >= tail(people.contact_tail_s),
        Less::FewerPeopleContacts,
    );
    say(
        new.mass_tolerance_permille <= bound.mass_tolerance_permille,
        Less::CountsDiffer,
    );
    say(
        new.clock_tolerance_s <= bound.clock_tolerance_s,
        Less::ClocksAhead,
    );
    say(new.remember_s >= bound.remember_s, Less::KeysForgotten);
    let waits = |rules: &RuleBook| rules.weaker_after_s.unwrap_or(WEAKER_AFTER_S);
    say(waits(new) >= waits(bound), Less::ShorterWait);
    less
}

/// How much a kind of contact asks for.
fn strict(contact: Contact) -> u8 {
    match contact {
        Contact::Apart => 0,
        Contact::Traced => 1,
        Contact::Mixing => 2,
    }
}

/// Whether a new place asks less than every place of its side (of all, if its side has none): who may choose between it and
/// them would choose it.
fn asks_least(bound: &RuleBook, new: &PlaceRule) -> bool {
    let same = |rule: &&PlaceRule| rule.side == new.side;
    let sided = bound.places.iter().any(|rule| rule.side == new.side);
    let peers: Vec<&PlaceRule> = (bound.places.iter())
        .filter(|rule| !sided || same(rule))
        .collect();
    if peers.is_empty() {
        return false;
    }
    let anywhere = peers.iter().any(|rule| rule.leads_to.is_empty());
    // Another new place is judged by itself.
    let known = |to: &PlaceName| bound.places.iter().any(|rule| rule.place == *to);
    let led = |to: &PlaceName| peers.iter().any(|rule| rule.leads_to.contains(to));
    let further = new.leads_to.is_empty() || new.leads_to.iter().any(|to| known(to) && !led(to));
    (peers.iter()).all(|rule| strict(rule.contact) > strict(new.contact))
        || peers.iter().all(|rule| rule.tail_s > new.tail_s)
        || !anywhere && further
}

fn less_of_place(rule: &PlaceRule, other: &PlaceRule) -> Vec<Less> {
    let place = || rule.place.clone();
    let clean = |side: Side| side == Side::Clean;
    let mut less = Vec::new();
    let mut say = |holds: bool, what: Less| {
        if !holds {
            less.push(what);
        }
    };
    // A place that is no longer clean lets untreated goods in, where clean ones may stand.
    say(
        clean(other.side) || !clean(rule.side),
        Less::NotClean { place: place() },
    );
    // On the clean side nobody who works there needs the personnel gate, though what stands there was never treated.
    say(
        match rule.side {
            Side::Dirty => other.side == Side::Dirty,
            Side::DirtyToClean => !clean(other.side),
            Side::Clean => true,
        },
        Less::NotDirty { place: place() },
    );
    say(
        strict(other.contact) >= strict(rule.contact),
        Less::FewerContacts { place: place() },
    );
    say(
        other.tail_s >= rule.tail_s,
        Less::ShorterContacts { place: place() },
    );
    let ways = rule.leads_to.is_empty()
        || !other.leads_to.is_empty() && other.leads_to.iter().all(|to| rule.leads_to.contains(to));
    say(ways, Less::MoreWays { place: place() });
    less
}
