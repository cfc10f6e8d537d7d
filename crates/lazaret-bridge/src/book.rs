//! The rules and protocols that follow from a gateway file.
//!
//! Where the file leaves a length open, those of a trace ask for the least that its distributions can draw (what was
//! drawn is in the trace), and those that found a ledger for what somebody stated.

use jiff::Timestamp;
use lazaret_gateway::model::{
    Fill, Gateway, GoodsIx, HoldClock, Quantity, Source, SourceIx, StepIx, StepKind, Zone,
};
use lazaret_vocabulary::event::entry::ProtocolName;
use lazaret_vocabulary::event::rules::{
    ClockFrom, Contact, GoodsRule, HoldRule, InspectionRule, PeopleRule, PlaceRule, Protocol,
    RuleBook, Side, TreatmentRule, VehicleRule,
};
use lazaret_vocabulary::event::{GoodsName, PlaceName, SourceName, StepName};

use crate::open::{Stated, ends, protocol_name};

/// The rules that follow from a gateway file, for a trace of it.
#[must_use]
pub fn rules_of(gateway: &Gateway) -> RuleBook {
    rules_at(End::Least, gateway)
}

/// The rules of a ledger that a trace founds: as [`rules_of`], with what was stated of what the file leaves open.
pub(crate) fn traced_rules(gateway: &Gateway, stated: &Stated) -> RuleBook {
    let mut rules = rules_of(gateway);
    stated.settle_rules(gateway, &mut rules);
    rules
}

/// The protocols of a ledger that a trace founds.
pub(crate) fn traced_protocols(
    gateway: &Gateway,
    from: Timestamp,
    signatures: u8,
    stated: &Stated,
) -> Vec<Protocol> {
    let mut protocols = protocols_of(gateway, from, signatures);
    stated.settle_protocols(gateway, &mut protocols);
    protocols
}

/// The rules that a ledger is founded with, with what was stated of what the file leaves open.
#[must_use]
pub fn founding_rules(gateway: &Gateway, stated: &Stated) -> RuleBook {
    let mut rules = rules_at(End::Most, gateway);
    stated.settle_rules(gateway, &mut rules);
    rules
}

fn rules_at(end: End, gateway: &Gateway) -> RuleBook {
    let dirty = dirty_places(gateway);
    RuleBook {
        gateway: gateway.name.clone(),
        time_zone: gateway.time_zone.iana_name().unwrap_or("UTC").to_owned(),
        places: gateway
            .places
            .iter()
            .zip(&dirty)
            .zip(ways(gateway))
            .map(|((place, &dirty), leads_to)| {
                // A trace has changes of capacity as events, from its first instant on; a ledger begins with what is
                // there, until somebody records a change.
                let fixed = place.changes.is_empty() || end == End::Most;
                let units = place.count.known_constant().filter(|_| fixed);
                let slots = place
                    .slots
                    .as_ref()
                    .and_then(Quantity::known_constant)
                    .filter(|_| fixed);
                let side = match place.zone {
                    Zone::Dirty => Side::Dirty,
                    Zone::Clean if !dirty => Side::Clean,
                    Zone::Clean | Zone::DirtyToClean => Side::DirtyToClean,
                };
                PlaceRule {
                    place: PlaceName::new(place.name.as_str()),
                    side,
                    units: units.map(|units| units as u32),
                    slots: slots.map(|slots| slots as u32),
                    pooled: place.fill == Fill::Pool && units.is_some() && slots.is_some(),
                    contact: if side == Side::DirtyToClean {
                        Contact::Traced
                    } else {
                        Contact::Apart
                    },
                    tail_s: 0,
                    leads_to,
                }
            })
            .collect(),
        goods: gateway
            .goods
            .iter()
            .map(|class| GoodsRule {
                goods: GoodsName::new(class.name.as_str()),
                priority: class.priority,
                apart_from: class
                    .apart_from
                    .iter()
                    .map(|other| GoodsName::new(gateway.goods[other.index()].name.as_str()))
                    .collect(),
                spoiled_by: Vec::new(),
            })
            .collect(),
        vehicles: gateway
            .sources
            .iter()
            .map(|source| VehicleRule {
                source: SourceName::new(source.name.as_str()),
                wash: true,
                dwell_s: dwell_s(end, gateway, source),
                seal: false,
            })
            .collect(),
        people: PeopleRule::default(),
        mass_tolerance_permille: 5,
        clock_tolerance_s: 120,
        remember_s: 7 * 86_400,
        weaker_after_s: None,
    }
}

/// The protocols that follow from a gateway file: one for each class from each source that passes other steps than
/// most.
///
/// * `from` — since when they are in force.
/// * `signatures` — who must sign for a release.
#[must_use]
pub fn protocols_of(gateway: &Gateway, from: Timestamp, signatures: u8) -> Vec<Protocol> {
    protocols_at(End::Least, gateway, from, signatures)
}

/// The protocols that a ledger begins with: as [`protocols_of`], with what was stated of the lengths that the file leaves
/// open, and the most of what was not.
#[must_use]
pub fn founding_protocols(
    gateway: &Gateway,
    from: Timestamp,
    signatures: u8,
    stated: &Stated,
) -> Vec<Protocol> {
    let mut protocols = protocols_at(End::Most, gateway, from, signatures);
    stated.settle_protocols(gateway, &mut protocols);
    protocols
}

fn protocols_at(end: End, gateway: &Gateway, from: Timestamp, signatures: u8) -> Vec<Protocol> {
    let mut protocols = Vec::new();
    for (source_ix, source) in gateway.sources.iter().enumerate() {
        for (goods_ix, goods) in gateway.goods.iter().enumerate() {
            let path = gateway.path(SourceIx(source_ix as u16), GoodsIx(goods_ix as u16));
            let name = protocol_name(gateway, &goods.name, &source.name);
            protocols.push(Protocol {
                protocol: ProtocolName::new(name),
                version: 1,
                goods: vec![GoodsName::new(goods.name.as_str())],
                sources: if gateway.sources.len() == 1 {
                    Vec::new()
                } else {
                    vec![SourceName::new(source.name.as_str())]
                },
                from,
                held_too: false,
                treatments: treatments(end, gateway, &path, goods_ix),
                inspections: inspections(gateway, &path),
                tests: Vec::new(),
                hold: hold(end, gateway, &path, goods_ix),
                signatures,
            });
        }
    }
    protocols
}

/// Places that some lot or vehicle enters before it is clean, whatever the file calls them.
fn dirty_places(gateway: &Gateway) -> Vec<bool> {
    let mut dirty = vec![false; gateway.places.len()];
    for source in 0..gateway.sources.len() {
        if let Some(place) = gateway.sources[source].vehicle.wash_at {
            dirty[place.index()] = true;
        }
        for goods in 0..gateway.goods.len() {
            let path = gateway.path(SourceIx(source as u16), GoodsIx(goods as u16));
            let step = |ix: &StepIx| &gateway.steps[ix.index()];
            let last = path.iter().rposition(|ix| {
                matches!(
                    step(ix).kind,
                    StepKind::Treat | StepKind::Handle | StepKind::Unload { .. }
                )
            });
            let again = path.iter().any(|ix| match &step(ix).kind {
                StepKind::Inspect(inspection) => inspection.again_from.is_some(),
                _ => false,
            });
            // A lot found wanting may be treated anywhere on the way to its last inspection.
            let last = if again {
                path.iter()
                    .rposition(|ix| matches!(step(ix).kind, StepKind::Inspect(_)))
                    .max(last)
            } else {
                last
            };
            for ix in path.iter().take(last.map_or(0, |last| last + 1)) {
                dirty[step(ix).at.index()] = true;
            }
        }
    }
    dirty
}

/// Where things go from each place: onward by the steps, and back by the same ways. A place that no step uses may be
/// entered from anywhere, and left to anywhere.
fn ways(gateway: &Gateway) -> Vec<Vec<PlaceName>> {
    let places = gateway.places.len();
    let mut onward = vec![vec![false; places]; places];
    let mut used = vec![false; places];
    for source in 0..gateway.sources.len() {
        let wash_at = gateway.sources[source].vehicle.wash_at;
        for goods in 0..gateway.goods.len() {
            let path = gateway.path(SourceIx(source as u16), GoodsIx(goods as u16));
            let at = |ix: &StepIx| gateway.steps[ix.index()].at.index();
            for step in &path {
                used[at(step)] = true;
                // A vehicle goes to its wash from wherever it was emptied.
                if let Some(wash) = wash_at
                    && matches!(
                        gateway.steps[step.index()].kind,
                        StepKind::Unload { .. } | StepKind::Handle
                    )
                {
                    onward[at(step)][wash.index()] = true;
                }
            }
            for pair in path.windows(2) {
                onward[at(&pair[0])][at(&pair[1])] = true;
            }
        }
        if let Some(wash) = wash_at {
            used[wash.index()] = true;
        }
    }
    // Back, over as many places as need be: what is found wanting at the end may have to go to the beginning.
    let mut reach = onward.clone();
    for by in 0..places {
        for from in 0..places {
            for to in 0..places {
                reach[from][to] |= reach[from][by] && reach[by][to];
            }
        }
    }
    let name = |place: usize| PlaceName::new(gateway.places[place].name.as_str());
    let mut ways = Vec::with_capacity(places);
    for from in 0..places {
        let mut leads = Vec::new();
        if used[from] {
            let on = (0..places).filter(|&to| onward[from][to]);
            let back = (0..places).filter(|&to| reach[to][from] && !onward[from][to]);
            let aside = (0..places).filter(|&to| !used[to]);
            leads.extend(
                on.chain(back)
                    .chain(aside)
                    .filter(|&to| to != from)
                    .map(name),
            );
        }
        ways.push(leads);
    }
    ways
}

fn treatments(end: End, gateway: &Gateway, path: &[StepIx], goods: usize) -> Vec<TreatmentRule> {
    let mut rules: Vec<TreatmentRule> = Vec::new();
    for ix in path {
        let step = &gateway.steps[ix.index()];
        if !matches!(step.kind, StepKind::Treat) {
            continue;
        }
        let place = PlaceName::new(gateway.places[step.at.index()].name.as_str());
        match (rules.iter_mut()).find(|rule| rule.step.as_str() == step.name) {
            Some(rule) if rule.places.contains(&place) => {}
            Some(rule) => rule.places.push(place),
            None => rules.push(TreatmentRule {
                step: StepName::new(step.name.as_str()),
                contact_s: seconds_at(end, gateway, &step.takes[goods]),
                agents: Vec::new(),
                temperatures: Vec::new(),
                places: vec![place],
            }),
        }
    }
    rules
}

fn inspections(gateway: &Gateway, path: &[StepIx]) -> Vec<InspectionRule> {
    path.iter()
        .enumerate()
        .filter_map(|(at, ix)| {
            let step = &gateway.steps[ix.index()];
            let StepKind::Inspect(inspection) = &step.kind else {
                return None;
            };
            let from = inspection
                .again_from
                .and_then(|from| path.iter().position(|ix| *ix == from))
                .unwrap_or(at);
            let again = path[from.min(at)..at]
                .iter()
                .map(|ix| &gateway.steps[ix.index()])
                .filter(|step| matches!(step.kind, StepKind::Treat))
                .map(|step| StepName::new(step.name.as_str()))
                .collect();
            Some(InspectionRule {
                step: StepName::new(step.name.as_str()),
                again: Some(again),
            })
        })
        .collect()
}

pub(super) fn last_hold(gateway: &Gateway, path: &[StepIx]) -> Option<StepIx> {
    path.iter()
        .rev()
        .copied()
        .find(|ix| matches!(gateway.steps[ix.index()].kind, StepKind::Hold { .. }))
}

fn hold(end: End, gateway: &Gateway, path: &[StepIx], goods: usize) -> Option<HoldRule> {
    let last = last_hold(gateway, path)?;
    let held = path.iter().rposition(|ix| *ix == last)?;
    let done = treatments(end, gateway, &path[..held], goods);
    let step = &gateway.steps[last.index()];
    let StepKind::Hold { clock } = step.kind else {
        return None;
    };
    let named = |ix: StepIx| StepName::new(gateway.steps[ix.index()].name.as_str());
    Some(HoldRule {
        step: StepName::new(step.name.as_str()),
        clock: match clock {
            HoldClock::Stored => ClockFrom::Stored(PlaceName::new(
                gateway.places[step.at.index()].name.as_str(),
            )),
            HoldClock::Arrival => ClockFrom::Arrival,
            HoldClock::StepStart(ix) => ClockFrom::StepStart(named(ix)),
            HoldClock::StepEnd(ix) => ClockFrom::StepEnd(named(ix)),
        },
        hold_s: seconds_at(
            end,
            gateway,
            gateway.goods[goods]
                .hold
                .as_ref()
                .unwrap_or(&step.takes[goods]),
        ),
        before: treatments(end, gateway, &path[held + 1..], goods)
            .into_iter()
            .map(|rule| rule.step)
            .filter(|step| !done.iter().any(|rule| rule.step == *step))
            .collect(),
    })
}

fn dwell_s(end: End, gateway: &Gateway, source: &Source) -> u64 {
    source
        .vehicle
        .quarantine
        .as_ref()
        .map_or(0, |quantity| seconds_at(end, gateway, quantity))
}

/// Which end of what a distribution can draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Least,
    Most,
}

/// The least or most whole seconds that a quantity can draw; zero where it has no such end.
fn seconds_at(end: End, gateway: &Gateway, quantity: &Quantity) -> u64 {
    let (least, most) = ends(gateway, quantity);
    let found = match end {
        End::Least => least,
        End::Most => most.unwrap_or(0.0),
    };
    let whole = match end {
        End::Least => found.floor(),
        End::Most => found.ceil(),
    };
    if whole.is_finite() && whole > 0.0 {
        whole as u64
    } else {
        0
    }
}
