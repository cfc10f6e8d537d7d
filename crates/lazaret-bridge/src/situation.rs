//! From the records of a ledger to the situation from which the simulator starts.
//!
//! The events of the records say what each vehicle and lot did last, and the gateway file says which step is next. What
//! the records hold and a situation cannot say is listed, never dropped in silence. Events count by when they happened,
//! in the order in which they were recorded.

mod build;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lazaret_gateway::model::{Gateway, StepKind};
use lazaret_sim::Situation;
use lazaret_vocabulary::event::entry::{Entry, ExceptionId, ManifestId};
use lazaret_vocabulary::event::{
    ConvoyId, DepartureId, Event, Finding, GoodsName, Happening, LotId, SourceName, Spot, StepName,
    Thing, VehicleId,
};

/// A situation, and what the records hold that it does not say.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    /// Where everything is.
    pub situation: Situation,
    /// What was left out or assumed, a sentence each.
    pub left_out: Vec<String>,
}

/// Reads records, and knows where everything is after each.
#[derive(Clone, Debug)]
pub struct SituationReader<'a> {
    gateway: &'a Gateway,
    lots: BTreeMap<LotId, LotSeen>,
    vehicles: BTreeMap<VehicleId, VehicleSeen>,
    convoys: BTreeMap<ConvoyId, ConvoySeen>,
    manifests: BTreeMap<ManifestId, ConvoyId>,
    departures: BTreeMap<StepName, (u32, Timestamp)>,
    sources: BTreeMap<SourceName, (u32, Timestamp)>,
    broken: BTreeMap<(String, u32), Timestamp>,
    closed: BTreeMap<(String, u32), String>,
    sick: BTreeMap<String, Timestamp>,
    /// Lots that an exception stops or calls back.
    frozen: BTreeMap<ExceptionId, BTreeSet<LotId>>,
    onward: BTreeMap<DepartureId, Vec<LotId>>,
    corrected: u64,
}

/// What a lot or vehicle did last.
#[derive(Clone, Debug, PartialEq)]
enum Phase {
    /// It came to where it is, or came off its vehicle; nothing was done there yet.
    Came,
    Working {
        step: StepName,
        begun: Timestamp,
        worked_us: i64,
    },
    Resting {
        step: StepName,
        since: Timestamp,
        worked_us: i64,
    },
    /// A step ended.
    Done {
        step: StepName,
    },
    Held {
        step: StepName,
        ends: Timestamp,
    },
    /// An inspection sent it back.
    Again {
        by: StepName,
    },
    Released,
    Sent,
    Loaded(DepartureId),
    /// A vehicle from which lots have come.
    Unloaded,
    Emptied,
    Washed,
    LetGo,
}

#[derive(Clone, Debug)]
struct LotSeen {
    vehicle: Option<VehicleId>,
    source: Option<SourceName>,
    goods: GoodsName,
    arrived: Timestamp,
    spot: Option<Spot>,
    on_vehicle: bool,
    phase: Phase,
    /// When the phase began.
    since: Timestamp,
    again: u16,
    passed: BTreeMap<StepName, (Option<Timestamp>, Option<Timestamp>)>,
    /// The step that it did last.
    last: Option<StepName>,
    /// When it began to wait for its next step, as the record says.
    waits: Option<Timestamp>,
}

#[derive(Clone, Debug)]
struct VehicleSeen {
    source: SourceName,
    convoy: ConvoyId,
    number: u32,
    arrived: Timestamp,
    spot: Option<Spot>,
    phase: Phase,
    since: Timestamp,
    passed: BTreeMap<StepName, (Option<Timestamp>, Option<Timestamp>)>,
    last: Option<StepName>,
    lots: u32,
    waits: Option<Timestamp>,
}

#[derive(Clone, Debug, Default)]
struct ConvoySeen {
    source: Option<SourceName>,
    sent: Option<Timestamp>,
    vehicles: u32,
    arrived: bool,
    due: Option<Timestamp>,
    papers: Vec<(VehicleId, LotId, GoodsName)>,
    withheld: bool,
    trial: bool,
}

impl<'a> SituationReader<'a> {
    /// A reader of the records of `gateway`.
    #[must_use]
    pub fn new(gateway: &'a Gateway) -> Self {
        SituationReader {
            gateway,
            lots: BTreeMap::new(),
            vehicles: BTreeMap::new(),
            convoys: BTreeMap::new(),
            manifests: BTreeMap::new(),
            departures: BTreeMap::new(),
            sources: BTreeMap::new(),
            broken: BTreeMap::new(),
            closed: BTreeMap::new(),
            sick: BTreeMap::new(),
            frozen: BTreeMap::new(),
            onward: BTreeMap::new(),
            corrected: 0,
        }
    }

    /// Takes in the next event.
    pub fn take(&mut self, event: &Event) {
        use Happening as H;
        let at = event.at;
        match &event.happening {
            H::ConvoySent {
                convoy,
                source,
                vehicles,
            } => {
                let seen = self.convoys.entry(convoy.clone()).or_default();
                seen.source = Some(source.clone());
                seen.sent = Some(at);
                seen.vehicles = *vehicles;
                self.came_due(source, at);
            }
            H::ConvoyCancelled { source, .. } => self.came_due(source, at),
            H::ConvoyArrived {
                convoy,
                source,
                vehicles,
            } => self.convoy_arrived(convoy, source, vehicles, at),
            H::Waiting { thing, .. } | H::Blocked { thing, .. } => match thing {
                Thing::Lot(lot) => {
                    if let Some(lot) = self.lots.get_mut(lot) {
                        lot.waits = Some(at);
                    }
                }
                Thing::Vehicle(vehicle) => {
                    if let Some(vehicle) = self.vehicles.get_mut(vehicle) {
                        vehicle.waits = Some(at);
                    }
                }
                Thing::Convoy(_) => {}
            },
            H::PlaceBroken { spot } => {
                self.broken.insert((spot.place.to_string(), spot.unit), at);
            }
            H::PlaceRepaired { spot } => {
                self.broken.remove(&(spot.place.to_string(), spot.unit));
            }
            H::PlaceClosed { spot, because } => {
                self.closed
                    .insert((spot.place.to_string(), spot.unit), because.clone());
            }
            H::PlaceOpened { spot } => {
                self.closed.remove(&(spot.place.to_string(), spot.unit));
            }
            H::Departed {
                departure, step, ..
            } => self.departed(departure, step, at),
            H::DepartureCancelled { step, .. } => self.departure_due(step, at),
            H::Entry(entry) => self.entry(entry, at),
            happening => {
                self.of_vehicle(happening, at);
                self.of_lot(happening, at);
            }
        }
    }

    fn came_due(&mut self, source: &SourceName, at: Timestamp) {
        let due = self.sources.entry(source.clone()).or_insert((0, at));
        due.0 += 1;
        due.1 = due.1.max(at);
    }

    fn departure_due(&mut self, step: &StepName, at: Timestamp) {
        let due = self.departures.entry(step.clone()).or_insert((0, at));
        due.0 += 1;
        due.1 = due.1.max(at);
    }

    fn convoy_arrived(
        &mut self,
        convoy: &ConvoyId,
        source: &SourceName,
        vehicles: &[VehicleId],
        at: Timestamp,
    ) {
        let seen = self.convoys.entry(convoy.clone()).or_default();
        if seen.sent.is_none() && !seen.arrived {
            self.came_due(source, at);
        }
        let seen = self.convoys.entry(convoy.clone()).or_default();
        seen.arrived = true;
        seen.source = Some(source.clone());
        for (nth, vehicle) in vehicles.iter().enumerate() {
            self.vehicles.insert(
                vehicle.clone(),
                VehicleSeen {
                    source: source.clone(),
                    convoy: convoy.clone(),
                    number: nth as u32 + 1,
                    arrived: at,
                    spot: None,
                    phase: Phase::Came,
                    since: at,
                    passed: BTreeMap::new(),
                    last: None,
                    lots: 0,
                    waits: None,
                },
            );
        }
    }

    fn departed(&mut self, departure: &DepartureId, step: &StepName, at: Timestamp) {
        self.departure_due(step, at);
        let loaded = Phase::Loaded(departure.clone());
        self.lots.retain(|_, lot| lot.phase != loaded);
        for lot in self.onward.remove(departure).unwrap_or_default() {
            if let Some(lot) = self.lots.get_mut(&lot) {
                lot.last = Some(step.clone());
            }
        }
    }

    fn of_vehicle(&mut self, happening: &Happening, at: Timestamp) {
        use Happening as H;
        let (H::VehiclePlaced { vehicle, .. }
        | H::VehicleLeft { vehicle, .. }
        | H::VehicleStepStarted { vehicle, .. }
        | H::VehicleStepEnded { vehicle, .. }
        | H::UnloadingStarted { vehicle, .. }
        | H::VehicleEmptied { vehicle }
        | H::VehicleWashed { vehicle }
        | H::VehicleReleased { vehicle }
        | H::VehicleReturned { vehicle, .. }
        | H::LotUnloaded { vehicle, .. }
        | H::WorkPaused {
            thing: Thing::Vehicle(vehicle),
            ..
        }
        | H::WorkResumed {
            thing: Thing::Vehicle(vehicle),
            ..
        }) = happening
        else {
            return;
        };
        if matches!(happening, H::VehicleReturned { .. }) {
            self.vehicles.remove(vehicle);
            return;
        }
        let Some(seen) = self.vehicles.get_mut(vehicle) else {
            return;
        };
        let phase = match happening {
            H::VehiclePlaced { spot, .. } => {
                seen.spot = Some(spot.clone());
                Phase::Came
            }
            H::VehicleLeft { .. } => {
                seen.spot = None;
                return;
            }
            H::VehicleStepStarted { step, .. } | H::UnloadingStarted { step, .. } => {
                seen.passed.entry(step.clone()).or_default().0 = Some(at);
                Phase::Working {
                    step: step.clone(),
                    begun: at,
                    worked_us: 0,
                }
            }
            H::VehicleStepEnded { step, .. } => {
                seen.passed.entry(step.clone()).or_default().1 = Some(at);
                seen.last = Some(step.clone());
                Phase::Done { step: step.clone() }
            }
            H::LotUnloaded { .. } => {
                seen.lots += 1;
                if let Phase::Working { step, .. } = &seen.phase {
                    seen.passed.entry(step.clone()).or_default().1 = Some(at);
                    seen.last = Some(step.clone());
                }
                if seen.phase == Phase::Unloaded {
                    return;
                }
                Phase::Unloaded
            }
            H::VehicleEmptied { .. } => Phase::Emptied,
            H::VehicleWashed { .. } => Phase::Washed,
            H::VehicleReleased { .. } => Phase::LetGo,
            _ => match rests_or_resumes(&seen.phase, happening, at) {
                Some(phase) => phase,
                None => return,
            },
        };
        (seen.phase, seen.since, seen.waits) = (phase, at, None);
    }

    fn of_lot(&mut self, happening: &Happening, at: Timestamp) {
        use Happening as H;
        match happening {
            H::LotUnloaded {
                lot,
                vehicle,
                goods,
                ..
            } => {
                let of = self.vehicles.get(vehicle);
                let seen = LotSeen {
                    vehicle: Some(vehicle.clone()),
                    source: of.map(|of| of.source.clone()),
                    goods: goods.clone(),
                    arrived: of.map_or(at, |of| of.arrived),
                    spot: None,
                    on_vehicle: true,
                    phase: Phase::Came,
                    since: at,
                    again: 0,
                    passed: of.map(|of| of.passed.clone()).unwrap_or_default(),
                    last: of.and_then(|of| of.last.clone()),
                    waits: None,
                };
                self.lots.insert(lot.clone(), seen);
                return;
            }
            H::LotDestroyed { lot } | H::LotSentBack { lot } => {
                self.lots.remove(lot);
                return;
            }
            _ => {}
        }
        let (H::LotStored { lot, .. }
        | H::LotSent { lot, .. }
        | H::LotLoaded { lot, .. }
        | H::TreatmentStarted { lot, .. }
        | H::TreatmentEnded { lot, .. }
        | H::InspectionStarted { lot, .. }
        | H::LotInspected { lot, .. }
        | H::HoldStarted { lot, .. }
        | H::HoldRestarted { lot, .. }
        | H::HoldEnded { lot, .. }
        | H::LotReleased { lot }
        | H::WorkPaused {
            thing: Thing::Lot(lot),
            ..
        }
        | H::WorkResumed {
            thing: Thing::Lot(lot),
            ..
        }) = happening
        else {
            return;
        };
        let Some(seen) = self.lots.get_mut(lot) else {
            return;
        };
        if let H::LotLoaded { departure, .. } = happening {
            let aboard = self.onward.entry(departure.clone()).or_default();
            aboard.push(lot.clone());
        }
        let Some(phase) = lot_phase(seen, happening, at) else {
            return;
        };
        let restarts = matches!(
            (&seen.phase, &phase),
            (Phase::Held { .. }, Phase::Held { .. })
        );
        seen.phase = phase;
        if !restarts {
            seen.since = at;
        }
        seen.waits = None;
    }

    fn entry(&mut self, entry: &Entry, at: Timestamp) {
        match entry {
            Entry::ManifestAnnounced {
                manifest,
                convoy,
                source,
                due,
                lines,
            } => {
                self.manifests.insert(manifest.clone(), convoy.clone());
                let seen = self.convoys.entry(convoy.clone()).or_default();
                seen.source = Some(source.clone());
                seen.due = *due;
                seen.papers = papers(lines);
            }
            Entry::ManifestAmended {
                manifest, lines, ..
            } => {
                if let Some(seen) = self.of_manifest(manifest) {
                    seen.papers = papers(lines);
                }
            }
            Entry::ManifestWithheld { manifest, .. } | Entry::ManifestRefused { manifest, .. } => {
                if let Some(seen) = self.of_manifest(manifest) {
                    seen.withheld = true;
                }
            }
            Entry::ConvoyPostponed { convoy, due, .. } => {
                self.convoys.entry(convoy.clone()).or_default().due = Some(*due);
            }
            Entry::TrialDeclared { convoy } => {
                self.convoys.entry(convoy.clone()).or_default().trial = true;
            }
            Entry::StockRecorded { lots } => {
                for lot in lots {
                    let ended =
                        |step: &StepName, ended: Timestamp| (step.clone(), (None, Some(ended)));
                    let passed = lot.treatments.iter().map(|done| ended(&done.step, done.to));
                    let seen = LotSeen {
                        vehicle: None,
                        source: Some(lot.source.clone()),
                        goods: lot.goods.clone(),
                        arrived: lot.arrived,
                        spot: Some(lot.spot.clone()),
                        on_vehicle: false,
                        phase: Phase::Came,
                        since: at,
                        again: 0,
                        passed: passed.collect(),
                        last: lot.treatments.last().map(|done| done.step.clone()),
                        waits: None,
                    };
                    self.lots.entry(lot.lot.clone()).or_insert(seen);
                }
            }
            Entry::LotSplit { lot, parts } => {
                if let Some(seen) = self.lots.remove(lot) {
                    for part in parts {
                        self.lots.insert(part.lot.clone(), seen.clone());
                    }
                }
            }
            Entry::PersonReportedSick { person, since, .. } => {
                self.sick.insert(person.to_string(), *since);
            }
            Entry::PersonCleared { person, .. } => {
                self.sick.remove(person.as_str());
            }
            Entry::LotFrozen { lot, exception, .. } | Entry::LotRecalled { lot, exception, .. } => {
                let stopped = self.frozen.entry(exception.clone()).or_default();
                stopped.insert(lot.clone());
            }
            Entry::ExceptionOpened {
                exception, lots, ..
            } => {
                let stopped = self.frozen.entry(exception.clone()).or_default();
                stopped.extend(lots.iter().cloned());
            }
            Entry::ExceptionClosed { exception, .. } => {
                self.frozen.remove(exception);
            }
            Entry::Corrected { .. } => self.corrected += 1,
            _ => {}
        }
    }

    fn of_manifest(&mut self, manifest: &ManifestId) -> Option<&mut ConvoySeen> {
        let convoy = self.manifests.get(manifest)?;
        self.convoys.get_mut(convoy)
    }

    /// Where the step `name` is among those of the file.
    fn step(&self, name: &StepName) -> Option<usize> {
        let mut steps = self.gateway.steps.iter();
        steps.position(|step| step.name == name.as_str())
    }

    fn is_hold(&self, step: usize) -> bool {
        matches!(self.gateway.steps[step].kind, StepKind::Hold { .. })
    }

    fn is_dispatch(&self, step: usize) -> bool {
        matches!(self.gateway.steps[step].kind, StepKind::Dispatch(_))
    }
}

fn papers(
    lines: &[lazaret_vocabulary::event::entry::ManifestLine],
) -> Vec<(VehicleId, LotId, GoodsName)> {
    let told = lines
        .iter()
        .map(|line| (line.vehicle.clone(), line.lot.clone(), line.goods.clone()));
    told.collect()
}

/// What a lot does after something happened to it; nothing if it goes on with what it did.
fn lot_phase(seen: &mut LotSeen, happening: &Happening, at: Timestamp) -> Option<Phase> {
    use Happening as H;
    let phase = match happening {
        H::LotStored { spot, .. } => {
            seen.spot = Some(spot.clone());
            seen.on_vehicle = false;
            // A clock that started before the lot was stored runs on.
            match &seen.phase {
                Phase::Held { .. } => return None,
                _ => Phase::Came,
            }
        }
        H::LotSent { spot, .. } => {
            seen.spot = Some(spot.clone());
            seen.on_vehicle = false;
            Phase::Sent
        }
        H::LotLoaded { departure, .. } => Phase::Loaded(departure.clone()),
        H::TreatmentStarted { step, .. } | H::InspectionStarted { step, .. } => {
            seen.passed.entry(step.clone()).or_default().0 = Some(at);
            Phase::Working {
                step: step.clone(),
                begun: at,
                worked_us: 0,
            }
        }
        H::TreatmentEnded { step, .. } => {
            seen.passed.entry(step.clone()).or_default().1 = Some(at);
            seen.last = Some(step.clone());
            Phase::Done { step: step.clone() }
        }
        H::LotInspected { step, finding, .. } => {
            seen.passed.entry(step.clone()).or_default().1 = Some(at);
            seen.last = Some(step.clone());
            if *finding == Finding::Again {
                seen.again = seen.again.saturating_add(1);
                Phase::Again { by: step.clone() }
            } else {
                Phase::Done { step: step.clone() }
            }
        }
        H::HoldStarted { step, until, .. } | H::HoldRestarted { step, until, .. } => Phase::Held {
            step: step.clone(),
            ends: *until,
        },
        H::HoldEnded { step, .. } => {
            seen.last = Some(step.clone());
            Phase::Done { step: step.clone() }
        }
        H::LotReleased { .. } => Phase::Released,
        _ => rests_or_resumes(&seen.phase, happening, at)?,
    };
    Some(phase)
}

/// What becomes of work that stops or is resumed.
fn rests_or_resumes(phase: &Phase, happening: &Happening, at: Timestamp) -> Option<Phase> {
    match (happening, phase) {
        (
            Happening::WorkPaused { .. },
            Phase::Working {
                step,
                begun,
                worked_us,
            },
        ) => Some(Phase::Resting {
            step: step.clone(),
            since: at,
            worked_us: worked_us + (at.as_microsecond() - begun.as_microsecond()),
        }),
        (
            Happening::WorkResumed { .. },
            Phase::Resting {
                step, worked_us, ..
            },
        ) => Some(Phase::Working {
            step: step.clone(),
            begun: at,
            worked_us: *worked_us,
        }),
        _ => None,
    }
}
