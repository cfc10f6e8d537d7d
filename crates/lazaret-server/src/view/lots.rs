//! Lots.

use std::collections::HashMap;

use jiff::Timestamp;
use lazaret_ledger::chain::Record;
use lazaret_ledger::treatment::fault_on_record;
use lazaret_ledger::{Closure, LotView, Stage, State, Way};
use lazaret_vocabulary::event::entry::{Entry, Outcome, PersonName, Role, SampleId};
use lazaret_vocabulary::event::rules::Side;
use lazaret_vocabulary::event::{Happening, LotId, Spot, StepName};

use super::{days_left, refusal, trial, when};
use crate::api::common::{At, RefusalView};
use crate::api::lots::{
    Action, ContactGraph, ContactLink, ContactNode, HoldBar, LotRow, LotStage, SignatureView,
    Target, TestLine, Trace, TraceKind, TraceNode, TreatmentLine,
};
use crate::api::site::Sign;
use crate::words::{surface_words, tally_words};

/// Lots of a contact graph that are sent.
const NODES: usize = 2000;

impl From<Stage> for LotStage {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::Announced => LotStage::Announced,
            Stage::Withdrawn => LotStage::Withdrawn,
            Stage::Held => LotStage::Held,
            Stage::Released => LotStage::Released,
            Stage::Sent => LotStage::Sent,
            Stage::Loaded => LotStage::Loaded,
            Stage::Departed => LotStage::Departed,
            Stage::Destroyed => LotStage::Destroyed,
            Stage::SentBack => LotStage::SentBack,
            Stage::Split => LotStage::Split,
        }
    }
}

/// The sign of a lot: the same on every screen.
pub(crate) fn sign(state: &State, view: &LotView, now: Timestamp) -> Sign {
    if !view.exceptions.is_empty() || view.rejected {
        return Sign::Exception;
    }
    match view.stage {
        Stage::Announced
        | Stage::Withdrawn
        | Stage::Departed
        | Stage::Destroyed
        | Stage::SentBack
        | Stage::Split
        | Stage::Sent => Sign::Waiting,
        Stage::Held | Stage::Released | Stage::Loaded => {
            if state.in_treatment(&view.lot) {
                Sign::Treating
            } else if state.may_leave(&view.lot, Way::Inland, now).is_ok() {
                Sign::Releasable
            } else if !view.treated || is_dirty(state, view.spot.as_ref()) {
                Sign::Dirty
            } else {
                Sign::Holding
            }
        }
    }
}

fn is_dirty(state: &State, spot: Option<&Spot>) -> bool {
    let side = spot.and_then(|spot| {
        let rules = state.rules()?;
        let rule = rules.places.iter().find(|rule| rule.place == spot.place)?;
        Some(rule.side)
    });
    side == Some(Side::Dirty)
}

/// A lot in a list.
pub(crate) fn row(state: &State, lot: &LotId, now: Timestamp) -> Option<LotRow> {
    state.lot_view(lot).map(|view| row_of(state, view, now))
}

pub(crate) fn row_of(state: &State, view: LotView, now: Timestamp) -> LotRow {
    let present = matches!(view.stage, Stage::Held | Stage::Released | Stage::Loaded);
    let why = if present {
        state
            .why_held(&view.lot, now)
            .into_iter()
            .next()
            .map(|refusal| *refusal.fact)
    } else {
        None
    };
    LotRow {
        sign: sign(state, &view, now),
        stage: view.stage.into(),
        days_left: view
            .earliest
            .filter(|_| present)
            .map(|at| days_left(now, at)),
        why: why.as_ref().map(ToString::to_string),
        why_data: why,
        lot: view.lot,
        goods: view.goods,
        spot: view.spot,
        vehicle: view.vehicle,
        convoy: view.convoy,
        tally: view.tally,
        entered: when(view.entered),
        earliest: when(view.earliest),
        signers: view.signers,
        signatures_needed: view.signatures_needed,
        exceptions: view.exceptions,
        recalled: view.recalled,
        trial: view.trial,
    }
}

/// What a card takes from the records of its lot.
pub(crate) struct FromRecords {
    pub(crate) treatments: Vec<TreatmentLine>,
    pub(crate) tests: Vec<TestLine>,
    pub(crate) signatures: Vec<SignatureView>,
    pub(crate) holds: Vec<HoldBar>,
    pub(crate) restarts: u32,
    /// Whether it was ever stopped, called back or restarted.
    pub(crate) marked: bool,
}

/// Reads the records that touched a lot.
pub(crate) fn from_records(state: &State, view: &LotView, records: &[Record]) -> FromRecords {
    let lot = &view.lot;
    let mut out = FromRecords {
        treatments: state
            .treatments_of(lot)
            .into_iter()
            .map(|line| TreatmentLine {
                step: line.step,
                valid: line.valid,
                in_hand: line.in_hand,
                agent: None,
                contact_s: None,
                ct_mg_h_m3: None,
                ended: None,
                because: None,
                fault: None,
            })
            .collect(),
        tests: Vec::new(),
        signatures: Vec::new(),
        holds: Vec::new(),
        restarts: 0,
        marked: view.recalled,
    };
    let mut open: HashMap<SampleId, String> = HashMap::new();
    let mut tests: Vec<(String, bool)> = Vec::new();
    for record in records {
        for event in &record.events {
            read_event(lot, record, event, &mut out, &mut open, &mut tests);
        }
    }
    for line in out.treatments.iter_mut().filter(|l| l.because.is_some()) {
        let events = records.iter().flat_map(|record| &record.events);
        line.fault = fault_on_record(state, lot, &line.step, events);
    }
    // What the protocol still asks is for the state to say.
    for missing in &view.tests_missing {
        if !tests.iter().any(|(test, _)| test == missing.as_str()) {
            tests.push((missing.to_string(), false));
        }
    }
    out.tests = tests
        .into_iter()
        .map(|(test, _)| TestLine {
            passed: !view.tests_missing.iter().any(|m| m.as_str() == test),
            open: open.values().filter(|of| **of == test).count() as u32,
            test: lazaret_vocabulary::event::entry::TestName::new(test),
        })
        .collect();
    for signature in &mut out.signatures {
        signature.counts &= view.signers.contains(&signature.signer);
    }
    // An older signature of somebody who signed again does not count besides the newer one.
    let mut seen: Vec<PersonName> = Vec::new();
    for signature in out.signatures.iter_mut().rev() {
        if seen.contains(&signature.signer) {
            signature.counts = false;
        }
        seen.push(signature.signer.clone());
    }
    out
}

fn read_event(
    lot: &LotId,
    record: &Record,
    event: &lazaret_vocabulary::event::Event,
    out: &mut FromRecords,
    open: &mut HashMap<SampleId, String>,
    tests: &mut Vec<(String, bool)>,
) {
    let line = |treatments: &mut Vec<TreatmentLine>, step: &StepName| {
        treatments.iter().position(|line| line.step == *step)
    };
    match &event.happening {
        Happening::TreatmentEnded { lot: of, step, .. } if of == lot => {
            if let Some(at) = line(&mut out.treatments, step) {
                out.treatments[at].ended = Some(event.at.into());
            }
        }
        Happening::HoldStarted {
            lot: of,
            step,
            until,
        } if of == lot => out.holds.push(HoldBar {
            step: Some(step.clone()),
            from: event.at.into(),
            until: Some(At(*until)),
            broken_because: None,
        }),
        Happening::HoldRestarted {
            lot: of,
            step,
            until,
            because,
        } if of == lot => {
            out.restarts += 1;
            out.marked = true;
            if let Some(last) = out.holds.last_mut() {
                last.until = Some(event.at.into());
                last.broken_because = Some(because.clone());
            }
            out.holds.push(HoldBar {
                step: Some(step.clone()),
                from: event.at.into(),
                until: Some(At(*until)),
                broken_because: None,
            });
        }
        Happening::Entry(entry) => match entry {
            Entry::TreatmentDosed {
                lot: of,
                step,
                agent,
                ..
            } if of == lot => {
                if let Some(at) = line(&mut out.treatments, step) {
                    out.treatments[at].agent = Some(agent.to_string());
                }
            }
            Entry::TreatmentJudged {
                lot: of,
                step,
                contact_s,
                ct_mg_h_m3,
                because,
                ..
            } if of == lot => {
                if let Some(at) = line(&mut out.treatments, step) {
                    let line = &mut out.treatments[at];
                    line.contact_s = Some(*contact_s);
                    line.ct_mg_h_m3 = *ct_mg_h_m3;
                    line.because = because.clone();
                }
            }
            Entry::SampleTaken {
                lot: of,
                sample,
                test,
            } if of == lot => {
                open.insert(sample.clone(), test.to_string());
                if !tests.iter().any(|(known, _)| known == test.as_str()) {
                    tests.push((test.to_string(), false));
                }
            }
            Entry::ResultEntered {
                sample, outcome, ..
            } => {
                let own = open.remove(sample).is_some();
                out.marked |= own && *outcome == Outcome::Positive;
            }
            Entry::LotFrozen { lot: of, .. }
            | Entry::LotRecalled { lot: of, .. }
            | Entry::DiscrepancyFound { lot: of, .. } => out.marked |= of == lot,
            Entry::Signed {
                lot: of,
                signer,
                meaning,
                pin,
                ..
            } if of == lot => out.signatures.push(SignatureView {
                signer: signer.clone(),
                at: event.at.into(),
                meaning: meaning.clone(),
                pin: pin.clone(),
                seq: record.seq,
                counts: true,
            }),
            _ => {}
        },
        _ => {}
    }
}

/// Everything that contamination of a lot may have reached.
pub(crate) fn graph(state: &State, closure: &Closure, now: Timestamp) -> ContactGraph {
    let mut depth: HashMap<&LotId, u32> = HashMap::new();
    let mut graph = ContactGraph {
        total: closure.reached.len() as u64,
        ..ContactGraph::default()
    };
    for chained in closure.reached.iter().take(NODES) {
        let steps = chained
            .link
            .as_ref()
            .map_or(0, |link| depth.get(&link.from).map_or(1, |d| d + 1));
        depth.insert(&chained.lot, steps);
        let Some(view) = state.lot_view(&chained.lot) else {
            continue;
        };
        if let Some(link) = &chained.link {
            graph.links.push(ContactLink {
                from: link.from.clone(),
                to: chained.lot.clone(),
                words: format!(
                    "{} met {} {}",
                    chained.lot,
                    link.from,
                    surface_words(&link.surface)
                ),
                surface: link.surface.clone(),
                records: link.records,
            });
        }
        graph.nodes.push(ContactNode {
            goods: view.goods.clone(),
            stage: view.stage.into(),
            sign: sign(state, &view, now),
            lot: chained.lot.clone(),
            since: chained.since.into(),
            steps,
        });
    }
    graph
}

/// Units that a lot could be moved to by `by`, and why not to the others.
pub(crate) fn targets(state: &State, lot: &LotId, by: &PersonName, now: Timestamp) -> Vec<Target> {
    state
        .places()
        .into_iter()
        .map(|place| {
            let what = Happening::LotStored {
                lot: lot.clone(),
                spot: place.spot.clone(),
            };
            Target {
                place: place.spot.place,
                unit: place.spot.unit,
                refusal: refusal(trial(state, now, by, what)),
            }
        })
        .collect()
}

/// What somebody with `roles` may say of a lot.
pub(crate) fn actions(
    state: &State,
    view: &LotView,
    by: &PersonName,
    roles: &[Role],
    now: Timestamp,
) -> Vec<Action> {
    let lot = view.lot.clone();
    let mut said: Vec<(&str, Happening)> = Vec::new();
    if let Some(spot) = &view.spot {
        for treatment in state.treatments_of(&lot) {
            let (step, spot) = (treatment.step, spot.clone());
            if treatment.in_hand {
                said.push((
                    "treatment_ended",
                    Happening::TreatmentEnded {
                        lot: lot.clone(),
                        step,
                        spot,
                    },
                ));
            } else if !treatment.valid {
                said.push((
                    "treatment_started",
                    Happening::TreatmentStarted {
                        lot: lot.clone(),
                        step,
                        spot,
                    },
                ));
            }
        }
        said.push((
            "lot_stored",
            Happening::LotStored {
                lot: lot.clone(),
                spot: spot.clone(),
            },
        ));
        if let Some(tally) = view.tally {
            let counted = Entry::LotCounted {
                lot: lot.clone(),
                tally,
            };
            said.push(("lot_counted", counted.into()));
        }
        for test in &view.tests_missing {
            let taken = Entry::SampleTaken {
                lot: lot.clone(),
                sample: SampleId::new("~trial"),
                test: test.clone(),
            };
            said.push(("sample_taken", taken.into()));
        }
        let signed = Entry::Signed {
            lot: lot.clone(),
            signer: by.clone(),
            meaning: "release".into(),
            pin: None,
            also: Vec::new(),
        };
        said.push(("signed", signed.into()));
        said.push((
            "lot_loaded",
            Happening::LotLoaded {
                lot: lot.clone(),
                departure: lazaret_vocabulary::event::DepartureId::new("~trial"),
                wagon: None,
            },
        ));
        let opened = Entry::ExceptionOpened {
            exception: lazaret_vocabulary::event::entry::ExceptionId::new("~trial"),
            lots: vec![lot.clone()],
            because: "trial".into(),
        };
        said.push(("exception_opened", opened.into()));
        said.push(("lot_sent_back", Happening::LotSentBack { lot: lot.clone() }));
        said.push(("lot_destroyed", Happening::LotDestroyed { lot }));
    }
    let mut actions: Vec<Action> = Vec::new();
    for (event, what) in said {
        let allowed = lazaret_ledger::role::roles_for(&what);
        if !roles.iter().any(|role| allowed.contains(role)) {
            continue;
        }
        if event == "lot_stored" {
            // Where it is now is no reason why it could not go elsewhere.
            actions.push(Action {
                event: event.into(),
                possible: true,
                refusal: None,
            });
            continue;
        }
        let refusal = refusal(trial(state, now, by, what)).filter(|r| r.warning.is_none());
        actions.push(Action {
            event: event.into(),
            possible: refusal.is_none(),
            refusal,
        });
    }
    actions.dedup_by(|a, b| a.event == b.event && a.possible == b.possible);
    actions
}

/// Back to the papers and forward to the receiver.
pub(crate) fn trace(state: &State, view: &LotView, records: &[Record]) -> Trace {
    let node = |kind, id: String, at: Option<Timestamp>, depth, words: String| TraceNode {
        kind,
        id,
        at: when(at),
        depth,
        words,
    };
    let mut back = Vec::new();
    let mut forward = Vec::new();
    let mut depth = 1;
    let mut parent = view.parent.clone();
    while let Some(lot) = parent {
        let above = state.lot_view(&lot);
        back.push(node(
            TraceKind::Lot,
            lot.to_string(),
            above.as_ref().and_then(|above| above.entered),
            depth,
            "split from".into(),
        ));
        parent = above.and_then(|above| above.parent);
        depth += 1;
    }
    for record in records {
        for event in &record.events {
            match &event.happening {
                Happening::LotStored { lot, spot } if *lot == view.lot => back.push(node(
                    TraceKind::Place,
                    format!("{} {}", spot.place, spot.unit),
                    Some(event.at),
                    depth,
                    "stood in".into(),
                )),
                Happening::Entry(
                    Entry::ManifestAnnounced {
                        manifest, lines, ..
                    }
                    | Entry::ManifestAmended {
                        manifest, lines, ..
                    },
                ) => {
                    if let Some(line) = lines.iter().find(|line| line.lot == view.lot) {
                        back.push(node(
                            TraceKind::Manifest,
                            manifest.to_string(),
                            Some(event.at),
                            depth + 2,
                            format!(
                                "papers: {}{}",
                                tally_words(&line.tally),
                                line.sender
                                    .as_ref()
                                    .map_or(String::new(), |sender| format!(", from {sender}"))
                            ),
                        ));
                        if let Some(receiver) = &line.receiver {
                            forward.push(node(
                                TraceKind::Receiver,
                                receiver.clone(),
                                None,
                                3,
                                "by the papers".into(),
                            ));
                        }
                    }
                }
                _ => {}
            }
        }
    }
    if let Some(vehicle) = &view.vehicle {
        back.push(node(
            TraceKind::Vehicle,
            vehicle.to_string(),
            view.entered,
            depth,
            "came in".into(),
        ));
        for lot in state.lots_by(vehicle) {
            if lot != view.lot
                && state
                    .lot_view(&lot)
                    .is_some_and(|l| l.convoy == view.convoy)
            {
                back.push(node(
                    TraceKind::Lot,
                    lot.to_string(),
                    None,
                    depth + 1,
                    "came in the same vehicle".into(),
                ));
            }
        }
    }
    if let Some(convoy) = &view.convoy {
        back.push(node(
            TraceKind::Convoy,
            convoy.to_string(),
            view.entered,
            depth + 1,
            "came with".into(),
        ));
        let source = state
            .convoys()
            .find(|known| known.convoy == *convoy)
            .and_then(|known| known.source);
        if let Some(source) = source {
            back.push(node(
                TraceKind::Source,
                source.to_string(),
                None,
                depth + 2,
                "came from".into(),
            ));
        }
    }
    // What was here before the ledger came with no convoy that it knows.
    if let Some(source) = view.source.as_ref().filter(|_| view.convoy.is_none()) {
        back.push(node(
            TraceKind::Source,
            source.to_string(),
            view.entered,
            depth,
            "was here before the ledger, from".into(),
        ));
    }
    for part in &view.parts {
        forward.push(node(
            TraceKind::Lot,
            part.to_string(),
            None,
            1,
            "split into".into(),
        ));
    }
    if let Some(departure) = &view.departure {
        let left = state.departure(departure).and_then(|(_, left)| left);
        forward.push(node(
            TraceKind::Departure,
            departure.to_string(),
            left,
            2,
            if left.is_some() {
                "left with".into()
            } else {
                "loaded for".into()
            },
        ));
    }
    back.sort_by_key(|node| node.depth);
    forward.sort_by_key(|node| node.depth);
    Trace {
        lot: view.lot.clone(),
        back,
        forward,
    }
}

/// All reasons as the card shows them.
pub(crate) fn reasons(state: &State, lot: &LotId, now: Timestamp) -> Vec<RefusalView> {
    state
        .why_held(lot, now)
        .iter()
        .map(RefusalView::from)
        .collect()
}
