//! Arrivals board.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use lazaret_ledger::chain::Record;
use lazaret_ledger::{ConvoyView, ManifestView, Stage, State};
use lazaret_vocabulary::event::entry::{Entry, ManifestId, ManifestLine};
use lazaret_vocabulary::event::{ConvoyId, Happening, VehicleId};

use super::vehicles::mark_check;
use super::when;
use crate::api::arrivals::{ArrivalRow, ArrivalStage, Mismatch, MismatchKind};
use crate::api::vehicles::MarkCheck;
use crate::words::tally_words;

/// How many vehicles papers name.
pub(crate) fn vehicles_on(state: &State, papers: &ManifestView) -> u32 {
    let mut vehicles: Vec<_> = papers
        .lots
        .iter()
        .filter_map(|lot| state.lot_view(lot)?.vehicle)
        .collect();
    vehicles.sort();
    vehicles.dedup();
    u32::try_from(vehicles.len()).unwrap_or(u32::MAX)
}

/// What boards need of all convoys, gathered in one pass over lots and vehicles.
pub(crate) struct Convoys {
    manifests: HashMap<ManifestId, ManifestView>,
    counts: BTreeMap<String, Count>,
}

#[derive(Clone, Debug, Default)]
struct Count {
    vehicles: u32,
    here: u32,
    lots: u32,
    unloaded: u32,
    mass_kg: u64,
}

impl Convoys {
    pub(crate) fn of(state: &State, convoys: &[ConvoyView]) -> Convoys {
        let manifests: HashMap<ManifestId, ManifestView> = state
            .manifests()
            .map(|manifest| (manifest.manifest.clone(), manifest))
            .collect();
        let counts = convoys
            .iter()
            .map(|convoy| {
                let mut count = Count::default();
                for vehicle in state.vehicles_of(&convoy.convoy) {
                    count.vehicles += 1;
                    let here = state.vehicle_view(&vehicle).is_some_and(|view| view.here);
                    count.here += u32::from(here);
                }
                for lot in state.lots_of(&convoy.convoy) {
                    let Some(view) = state.lot_view(&lot) else {
                        continue;
                    };
                    count.lots += 1;
                    let on_papers = matches!(view.stage, Stage::Announced | Stage::Withdrawn);
                    count.unloaded += u32::from(!on_papers);
                    count.mass_kg += view.tally.map_or(0, |tally| u64::from(tally.mass_kg));
                }
                if count.vehicles == 0 {
                    // Before it comes, a convoy has the vehicles that its papers name.
                    let papers = convoy.manifest.as_ref().and_then(|of| manifests.get(of));
                    count.vehicles = papers.map_or(0, |papers| vehicles_on(state, papers));
                }
                (convoy.convoy.to_string(), count)
            })
            .collect();
        Convoys { manifests, counts }
    }

    pub(crate) fn row(&self, convoy: &ConvoyView, now: Timestamp) -> ArrivalRow {
        let papers = convoy
            .manifest
            .as_ref()
            .and_then(|manifest| self.manifests.get(manifest));
        let count = self
            .counts
            .get(convoy.convoy.as_str())
            .cloned()
            .unwrap_or_default();
        let stage = stage_of(convoy, papers, count.here);
        let due = papers.and_then(|papers| papers.due);
        let mut mismatches = Vec::new();
        if stage == ArrivalStage::Announced && due.is_some_and(|due| due < now) {
            mismatches.push(Mismatch {
                kind: MismatchKind::Late,
                about: convoy.convoy.to_string(),
                papers: due.map(|due| due.to_string()).unwrap_or_default(),
                found: "not here".into(),
                settled: false,
            });
        }
        ArrivalRow {
            convoy: convoy.convoy.clone(),
            source: convoy.source.clone(),
            manifest: convoy.manifest.clone(),
            stage,
            due: when(due),
            arrived: when(convoy.arrived),
            vehicles: count.vehicles,
            vehicles_here: count.here,
            lots: count.lots,
            unloaded: count.unloaded,
            mass_kg: count.mass_kg,
            trial: convoy.trial,
            amended: papers.map_or(0, |papers| papers.amended),
            mismatches,
        }
    }
}

fn stage_of(convoy: &ConvoyView, papers: Option<&ManifestView>, here: u32) -> ArrivalStage {
    match papers {
        _ if convoy.arrived.is_some() && here > 0 => ArrivalStage::Here,
        _ if convoy.arrived.is_some() => ArrivalStage::Gone,
        Some(papers) if papers.withheld => ArrivalStage::Withheld,
        Some(papers) if papers.refused => ArrivalStage::Refused,
        _ => ArrivalStage::Announced,
    }
}

/// The stage of a convoy without counting everything about it.
pub(crate) fn stage(state: &State, convoy: &ConvoyView) -> ArrivalStage {
    let papers = convoy
        .manifest
        .as_ref()
        .and_then(|manifest| state.manifests().find(|known| known.manifest == *manifest));
    let here = if convoy.arrived.is_some() {
        state
            .vehicles_here()
            .filter(|view| view.convoy.as_ref() == Some(&convoy.convoy))
            .count() as u32
    } else {
        0
    };
    stage_of(convoy, papers.as_ref(), here)
}

/// Lines of the papers of a convoy, as last amended, from the records of one of its lots.
pub(crate) fn lines(convoy: &ConvoyId, records: &[Record]) -> Vec<ManifestLine> {
    let mut manifest = None;
    let mut last = Vec::new();
    for event in records.iter().flat_map(|record| &record.events) {
        match &event.happening {
            Happening::Entry(Entry::ManifestAnnounced {
                manifest: id,
                convoy: of,
                lines,
                ..
            }) if of == convoy => {
                manifest = Some(id.clone());
                last.clone_from(lines);
            }
            Happening::Entry(Entry::ManifestAmended {
                manifest: id,
                lines,
                ..
            }) if manifest.as_ref() == Some(id) => last.clone_from(lines),
            _ => {}
        }
    }
    last
}

/// In what papers and world disagree, from the records of a convoy's vehicles and lots.
pub(crate) fn mismatches(
    state: &State,
    lines: &[ManifestLine],
    arrived: bool,
    vehicles: &[VehicleId],
    records: &[Record],
) -> Vec<Mismatch> {
    let mut found = Vec::new();
    let mut add = |kind, about: &str, papers: String, seen: String, settled| {
        found.push(Mismatch {
            kind,
            about: about.into(),
            papers,
            found: seen,
            settled,
        });
    };
    for vehicle in vehicles {
        let on_papers = lines.iter().any(|line| line.vehicle == *vehicle);
        if !on_papers && arrived && !lines.is_empty() {
            add(
                MismatchKind::NoPapers,
                vehicle.as_str(),
                "not announced".into(),
                "came".into(),
                false,
            );
        }
        if mark_check(vehicle.as_str()) == MarkCheck::Fails {
            add(
                MismatchKind::UnverifiedMark,
                vehicle.as_str(),
                vehicle.to_string(),
                "its check digit is wrong".into(),
                false,
            );
        }
        let came = state
            .vehicle_view(vehicle)
            .is_some_and(|view| view.arrived.is_some());
        if on_papers && arrived && !came {
            add(
                MismatchKind::Missing,
                vehicle.as_str(),
                "announced".into(),
                "did not come".into(),
                false,
            );
        }
    }
    let open: Vec<String> = state
        .exceptions(true)
        .into_iter()
        .map(|exception| exception.exception.to_string())
        .collect();
    for event in records.iter().flat_map(|record| &record.events) {
        match &event.happening {
            Happening::Entry(Entry::VehicleChecked {
                vehicle,
                mark,
                seals,
            }) => {
                if mark != vehicle.as_str() {
                    add(
                        MismatchKind::MarkDiffers,
                        vehicle.as_str(),
                        vehicle.to_string(),
                        mark.clone(),
                        false,
                    );
                }
                let mut announced: Vec<&String> = lines
                    .iter()
                    .filter(|line| line.vehicle == *vehicle)
                    .flat_map(|line| &line.seals)
                    .collect();
                let mut seen: Vec<&String> = seals.iter().collect();
                announced.sort();
                announced.dedup();
                seen.sort();
                if announced != seen {
                    let join = |seals: &[&String]| {
                        let texts: Vec<&str> = seals.iter().map(|seal| seal.as_str()).collect();
                        texts.join(", ")
                    };
                    add(
                        MismatchKind::SealsDiffer,
                        vehicle.as_str(),
                        join(&announced),
                        join(&seen),
                        false,
                    );
                }
            }
            Happening::Entry(Entry::DiscrepancyFound {
                lot,
                exception,
                papers,
                found,
            }) => add(
                MismatchKind::TallyDiffers,
                lot.as_str(),
                tally_words(papers),
                tally_words(found),
                !open.iter().any(|name| name == exception.as_str()),
            ),
            _ => {}
        }
    }
    found
}
