//! What happens in the yard: convoys, vehicles, moves, treatments, departures.

use jiff::Timestamp;
use lazaret_gateway::event::entry::{AgentName, Entry};
use lazaret_gateway::event::rules::{ClockFrom, PlaceRule, Side};
use lazaret_gateway::event::{
    ConvoyId, DepartureId, Event, Finding, GoodsName, Happening, LotId, SourceName, Spot, StepName,
    Thing, VehicleId,
};

use super::{Judge, Said};
use crate::gate::Way;
use crate::identity::{Check, WagonId};
use crate::rule::{Refusal, Rule, Warning};
use crate::segregation::{Segregation, class_name, strictest};
use crate::state::{LotStage, ManifestStage, VehicleStage, flag, micros, seconds, some, timestamp};
use crate::treatment::{Treatment, judge};

impl Judge<'_> {
    pub(super) fn yard(&self, what: &Happening, said: &mut Said) -> Result<(), Refusal> {
        use Happening as H;
        match what {
            H::ConvoyArrived {
                convoy,
                source,
                vehicles,
            } => self.arrived(convoy, source, vehicles, said),
            H::VehiclePlaced { vehicle, spot } => self.placed(vehicle, spot),
            H::VehicleLeft { vehicle, spot } => self.vehicle_at(vehicle, spot).map(drop),
            H::VehicleStepStarted { vehicle, spot, .. }
            | H::VehicleStepEnded { vehicle, spot, .. } => self.vehicle_at(vehicle, spot).map(drop),
            H::UnloadingStarted { vehicle, spot, .. } => {
                self.vehicle_at(vehicle, spot)?;
                self.papers_allow(vehicle)
            }
            H::LotUnloaded {
                lot,
                vehicle,
                goods,
                spot,
            } => self.unloaded(lot, vehicle, goods, spot, said),
            H::LotStored { lot, spot } => self.stored(lot, spot, said),
            H::TreatmentStarted { lot, step, spot } => {
                self.treatment_started(lot, step, spot, said)
            }
            H::TreatmentEnded { lot, step, .. } => self.treatment_ended(lot, step, said),
            H::InspectionStarted { lot, step, spot } => {
                let number = self.lot_at(lot, spot)?;
                self.starts_clock(
                    number,
                    said,
                    |from| matches!(from, ClockFrom::StepStart(named) if named == step),
                );
                Ok(())
            }
            H::LotInspected { lot, step, finding } => {
                let number = self.lot_here(lot)?;
                if *finding == Finding::Pass {
                    self.starts_clock(
                        number,
                        said,
                        |from| matches!(from, ClockFrom::StepEnd(named) if named == step),
                    );
                }
                Ok(())
            }
            H::HoldStarted { lot, until, .. } => self.hold_started(lot, *until, said),
            H::HoldRestarted { lot, until, .. } => {
                let number = self.lot_present(lot)?;
                self.never_shorter(number, *until)
            }
            H::HoldEnded { lot, .. } => self.hold_ended(lot),
            // Nobody may say this; it is here for the test that lets somebody say it.
            H::LotReleased { lot } => self.lot_here(lot).map(drop),
            H::LotLoaded { lot, departure } => self.loaded(lot, departure),
            H::Departed {
                departure, lots, ..
            } => self.departed(departure, *lots),
            H::LotSent { lot, spot } => {
                self.gate.may_leave(self.lot(lot)?, Way::Transfer)?;
                self.stored(lot, spot, said)
            }
            H::LotDestroyed { lot } => self.gate.may_leave(self.lot(lot)?, Way::Destroy),
            H::LotSentBack { lot } => self.gate.may_leave(self.lot(lot)?, Way::SendBack),
            H::VehicleEmptied { vehicle } => self.emptied(vehicle),
            H::VehicleWashed { vehicle } => self.washed(vehicle),
            H::VehicleReleased { vehicle } => self.vehicle_released(vehicle),
            H::VehicleReturned { vehicle, .. } => self.vehicle_returned(vehicle),
            H::PlaceOpened { spot }
            | H::PlaceClosed { spot, .. }
            | H::PlaceBroken { spot }
            | H::PlaceRepaired { spot } => self.place(spot).map(drop),
            H::CapacityChanged { place, .. } => self
                .place(&Spot {
                    place: place.clone(),
                    unit: 1,
                })
                .map(drop),
            H::ConvoySent { source, .. } | H::ConvoyCancelled { source, .. } => {
                self.source(source).map(drop)
            }
            H::Waiting { thing, .. } => self.thing(thing),
            H::Blocked { thing, spot, .. } => {
                self.thing(thing)?;
                self.place(spot).map(drop)
            }
            H::WorkPaused { thing, .. } | H::WorkResumed { thing, .. } => self.thing(thing),
            H::DepartureCancelled { .. }
            | H::ShiftStarted { .. }
            | H::ShiftEnded { .. }
            | H::Deadlocked { .. }
            | H::Entry(_) => Ok(()),
        }
    }

    fn thing(&self, thing: &Thing) -> Result<(), Refusal> {
        match thing {
            Thing::Lot(lot) => self.lot_present(lot).map(drop),
            Thing::Vehicle(vehicle) => self.vehicle_here(vehicle).map(drop),
            Thing::Convoy(_) => Ok(()),
        }
    }

    fn source(&self, source: &SourceName) -> Result<(), Refusal> {
        let known = self
            .rules()?
            .vehicles
            .iter()
            .any(|rule| rule.source == *source);
        self.need(Rule::Known, known, || {
            (
                format!("there is no source {source}"),
                "choose one of the sources of the gateway's rules".into(),
            )
        })
    }

    fn arrived(
        &self,
        convoy: &ConvoyId,
        source: &SourceName,
        vehicles: &[VehicleId],
        said: &mut Said,
    ) -> Result<(), Refusal> {
        self.source(source)?;
        let known = self.state.convoy_names.find(convoy.as_str());
        let row = known.map(|convoy| &self.state.convoys[convoy as usize]);
        if row.is_some_and(|row| row.arrived.is_some()) {
            return Err(Refusal::new(
                Rule::Known,
                format!("the arrival of {convoy} is recorded already"),
                "give this convoy a name of its own",
            ));
        }
        for (position, vehicle) in vehicles.iter().enumerate() {
            let number = self.state.vehicle_names.find(vehicle.as_str());
            let here =
                number.is_some_and(|v| self.state.vehicles[v as usize].stage == VehicleStage::Here);
            let twice = vehicles[..position].contains(vehicle);
            self.need(Rule::OnePlace, !here && !twice, || {
                (
                    if twice {
                        format!("vehicle {vehicle} is named twice")
                    } else {
                        format!("vehicle {vehicle} is here already")
                    },
                    "correct the mark, or record that it went home".into(),
                )
            })?;
            if let Check::Fails { expected } = WagonId::read(vehicle.as_str()).check {
                said.warnings.push((
                    Warning::UnverifiedMark,
                    Rule::Known,
                    format!("the check digit of {vehicle} would have to be {expected}"),
                ));
            }
        }
        let papers = row
            .and_then(|row| some(row.manifest))
            .map(|manifest| self.state.manifests[manifest as usize].stage);
        if papers.is_none_or(|stage| stage == ManifestStage::Withheld) {
            said.warnings.push((
                Warning::NoPapers,
                Rule::Known,
                format!("no papers announced {convoy}"),
            ));
        }
        Ok(())
    }

    fn placed(&self, vehicle: &VehicleId, spot: &Spot) -> Result<(), Refusal> {
        let number = self.vehicle_here(vehicle)?;
        let rule = self.place(spot)?;
        let row = &self.state.vehicles[number as usize];
        let from = self.state.spot(row.unit);
        self.need(Rule::OnePlace, from.as_ref() != Some(spot), || {
            (
                format!(
                    "vehicle {vehicle} is in {} {} already",
                    spot.place, spot.unit
                ),
                "choose another place".into(),
            )
        })?;
        self.way(from.as_ref(), spot, vehicle.as_str())?;
        self.need(
            Rule::OneWay,
            rule.side != Side::Clean || row.emptied && row.washed.is_some(),
            || {
                (
                    format!(
                        "vehicle {vehicle} is not empty and washed, and {} is clean",
                        spot.place
                    ),
                    "empty and wash it first, or choose a place on the dirty side".into(),
                )
            },
        )?;
        self.open(spot)?;
        self.room(rule, spot, from.as_ref())
    }

    /// The vehicle, which must be in that unit.
    fn vehicle_at(&self, vehicle: &VehicleId, spot: &Spot) -> Result<u32, Refusal> {
        let number = self.vehicle_here(vehicle)?;
        self.place(spot)?;
        let at = self.state.spot(self.state.vehicles[number as usize].unit);
        self.need(Rule::OnePlace, at.as_ref() == Some(spot), || {
            (
                match &at {
                    Some(at) => format!("vehicle {vehicle} is in {} {}", at.place, at.unit),
                    None => format!("vehicle {vehicle} was not placed anywhere"),
                },
                format!(
                    "record that it was placed in {} {} first",
                    spot.place, spot.unit
                ),
            )
        })?;
        Ok(number)
    }

    fn papers_allow(&self, vehicle: &VehicleId) -> Result<(), Refusal> {
        let number = self.vehicle_here(vehicle)?;
        self.need(Rule::Decided, !self.papers_refused(number), || {
            (
                format!("the papers of vehicle {vehicle} were refused"),
                "have them amended, or send it home unopened".into(),
            )
        })
    }

    fn papers_refused(&self, vehicle: u32) -> bool {
        let convoy = self.state.vehicles[vehicle as usize].convoy;
        some(convoy)
            .and_then(|convoy| some(self.state.convoys[convoy as usize].manifest))
            .is_some_and(|manifest| {
                self.state.manifests[manifest as usize].stage == ManifestStage::Refused
            })
    }

    fn unloaded(
        &self,
        lot: &LotId,
        vehicle: &VehicleId,
        goods: &GoodsName,
        spot: &Spot,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        let carrier = self.vehicle_at(vehicle, spot)?;
        self.papers_allow(vehicle)?;
        let known = self.rules()?.goods.iter().any(|rule| rule.goods == *goods);
        self.need(Rule::Known, known, || {
            (
                format!("there is no goods class {goods}"),
                "choose one of the classes of the gateway's rules".into(),
            )
        })?;
        let class = self
            .state
            .goods_names
            .find(goods.as_str())
            .unwrap_or(u32::MAX);
        let Some(protocol) = self.state.protocol_for(
            class,
            self.state.vehicles[carrier as usize].source,
            self.now,
        ) else {
            return Err(Refusal::new(
                Rule::Known,
                format!("no protocol is in force for {goods}"),
                "adopt one, for this class or for all",
            ));
        };
        if !self.state.lot_names.has_room(lot.as_str().len()) {
            return Err(Refusal::new(
                Rule::Known,
                "the ledger has no room for another name",
                "close this ledger and open the next",
            ));
        }
        if let Some(number) = self.state.lot_names.find(lot.as_str()) {
            let row = self.state.lot(number);
            let announced = row.stage == LotStage::Announced && row.vehicle == carrier;
            if !announced {
                return Err(Refusal::new(
                    Rule::OnePlace,
                    match row.stage {
                        LotStage::Announced => format!(
                            "{lot} is announced on vehicle {}",
                            self.state.vehicle_names.get(row.vehicle)
                        ),
                        stage => format!("{lot} is {}", crate::gate::where_it_is(stage)),
                    },
                    "correct the name, or amend the papers",
                ));
            }
            self.need(Rule::Conserved, row.goods == class, || {
                (
                    format!(
                        "the papers say {} and not {goods}",
                        self.state.goods_names.get(row.goods)
                    ),
                    "have the papers amended, or correct the class".into(),
                )
            })?;
        }
        // What its papers say of its dangers counts from the first moment.
        let announced = self.state.lot_names.find(lot.as_str());
        self.apart(announced, class, spot, said)?;
        self.keep_trials_apart(
            self.state.convoys[self.state.vehicles[carrier as usize].convoy as usize].trial,
            spot,
            None,
        )?;
        // A wait that counts from arrival and needs no treatment runs from the first moment.
        let protocol = &self.state.protocols[usize::from(protocol)].0;
        if let Some(hold) = protocol
            .hold
            .as_ref()
            .filter(|hold| protocol.treatments.is_empty() && hold.clock == ClockFrom::Arrival)
        {
            let from = self.state.vehicles[carrier as usize].arrived;
            said.after.push(Event {
                at: timestamp(from),
                happening: Happening::HoldStarted {
                    lot: lot.clone(),
                    step: hold.step.clone(),
                    until: timestamp(from.saturating_add(seconds(hold.hold_s))),
                },
            });
        }
        Ok(())
    }

    fn stored(&self, lot: &LotId, spot: &Spot, said: &mut Said) -> Result<(), Refusal> {
        let number = self.lot(lot)?;
        let row = self.state.lot(number);
        let movable = row.stage.present();
        if !movable {
            self.lot_here(lot)?;
        }
        let rule = self.place(spot)?;
        let from = self.state.spot(row.unit);
        self.need(
            Rule::OnePlace,
            from.as_ref() != Some(spot) || !row.is(flag::SLOT) || row.stage == LotStage::Sent,
            || {
                (
                    format!("{lot} is in {} {} already", spot.place, spot.unit),
                    "choose another place".into(),
                )
            },
        )?;
        self.need(
            Rule::OnePlace,
            !self.state.treatments.contains_key(&number),
            || {
                (
                    format!("{lot} is under treatment"),
                    "end the treatment first".into(),
                )
            },
        )?;
        if from.as_ref() != Some(spot) {
            self.way(from.as_ref(), spot, lot.as_str())?;
        }
        self.need(
            Rule::OneWay,
            rule.side != Side::Clean || self.state.treated(row),
            || {
                (
                    format!(
                        "{lot} is not treated as its protocol asks, and {} is clean",
                        spot.place
                    ),
                    "complete its treatment first, or choose a place on the dirty side".into(),
                )
            },
        )?;
        let back = row.is(flag::CLEAN) && rule.side != Side::Clean;
        if back {
            said.warnings.push((
                Warning::BackToDirty,
                Rule::OneWay,
                format!("{lot} would go back from the clean side to {}", spot.place),
            ));
            if !self.without(Rule::OneWay) {
                said.before.push(self.now(Entry::TreatmentVoided {
                    lot: lot.clone(),
                    because: format!("it went back to {} {}", spot.place, spot.unit),
                }));
            }
        }
        // What comes from another site has had its slot since it was sent.
        let expected = row.stage == LotStage::Sent && from.as_ref() == Some(spot);
        if !expected {
            self.open(spot)?;
            self.room(rule, spot, from.as_ref().filter(|_| row.is(flag::SLOT)))?;
        }
        self.apart(Some(number), row.goods, spot, said)?;
        self.keep_trials_apart(self.is_trial(number), spot, Some(number))?;
        if !back {
            self.starts_clock(
                number,
                said,
                |from| matches!(from, ClockFrom::Stored(place) if *place == spot.place),
            );
        }
        self.mixing(number, spot, rule.contact, said);
        Ok(())
    }

    fn treatment_started(
        &self,
        lot: &LotId,
        step: &StepName,
        spot: &Spot,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        let number = self.lot_at(lot, spot)?;
        self.need(
            Rule::OnePlace,
            !self.state.treatments.contains_key(&number),
            || {
                (
                    format!("{lot} is under treatment already"),
                    "end that treatment first".into(),
                )
            },
        )?;
        self.starts_clock(
            number,
            said,
            |from| matches!(from, ClockFrom::StepStart(named) if named == step),
        );
        Ok(())
    }

    fn treatment_ended(
        &self,
        lot: &LotId,
        step: &StepName,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        let number = self.lot_here(lot)?;
        let treatment = self.treatment_in_hand(number, lot, step)?;
        self.need(Rule::Treated, self.at >= treatment.from, || {
            (
                format!(
                    "it began at {}, after {}",
                    timestamp(treatment.from),
                    timestamp(self.at)
                ),
                "correct when it ended".into(),
            )
        })?;
        let row = self.state.lot(number);
        let Some(protocol) = self.state.protocol_of(row) else {
            return Ok(());
        };
        let mut treated = row.treated;
        if let Some(bit) = self.state.treatment_bit(number, step) {
            let agent = some(treatment.agent)
                .map(|agent| AgentName::new(self.state.agent_names.get(agent)));
            let judgement = judge(
                &protocol.treatments[bit],
                &Treatment {
                    from: timestamp(treatment.from),
                    to: timestamp(self.at),
                    agent: agent.as_ref(),
                    readings: &treatment.readings,
                },
            );
            let valid = judgement.fault.is_none() || self.without(Rule::Treated);
            if valid {
                treated |= 1 << bit;
            }
            said.after.push(self.now(Entry::TreatmentJudged {
                lot: lot.clone(),
                step: step.clone(),
                valid,
                contact_s: judgement.contact_s,
                ct_mg_h_m3: judgement.ct_mg_h_m3,
                pin: protocol.pin(),
                because: judgement.fault,
            }));
            if !valid {
                return Ok(());
            }
        }
        let base = match &protocol.hold {
            Some(hold) if matches!(&hold.clock, ClockFrom::StepEnd(named) if named == step) => {
                Some(self.now)
            }
            _ => row.base,
        };
        let complete = treated.count_ones() as usize == protocol.treatments.len();
        said.after.extend(self.clock_event(number, complete, base));
        Ok(())
    }

    fn treatment_in_hand(
        &self,
        lot: u32,
        name: &LotId,
        step: &StepName,
    ) -> Result<&crate::state::OpenTreatment, Refusal> {
        let treatment = self.state.treatments.get(&lot);
        treatment
            .filter(|treatment| self.state.step_names.get(treatment.step) == step.as_str())
            .ok_or_else(|| {
                Refusal::new(
                    Rule::Treated,
                    match treatment {
                        Some(other) => format!(
                            "{name} is under {} and not {step}",
                            self.state.step_names.get(other.step)
                        ),
                        None => format!("{step} of {name} has not begun"),
                    },
                    "record its beginning first",
                )
            })
    }

    pub(super) fn in_hand(
        &self,
        lot: &LotId,
        step: &StepName,
    ) -> Result<(u32, &crate::state::OpenTreatment), Refusal> {
        let number = self.lot_here(lot)?;
        Ok((number, self.treatment_in_hand(number, lot, step)?))
    }

    /// The lot, which must be in that unit.
    fn lot_at(&self, lot: &LotId, spot: &Spot) -> Result<u32, Refusal> {
        let number = self.lot_here(lot)?;
        self.place(spot)?;
        let at = self.state.spot(self.state.lot(number).unit);
        self.need(Rule::OnePlace, at.as_ref() == Some(spot), || {
            (
                match &at {
                    Some(at) => format!("{lot} is in {} {}", at.place, at.unit),
                    None => format!("{lot} is nowhere"),
                },
                format!(
                    "record that it was brought to {} {} first",
                    spot.place, spot.unit
                ),
            )
        })?;
        Ok(number)
    }

    /// Whether the event at hand, being what the clock of `lot` counts from, starts it.
    fn starts_clock(&self, lot: u32, said: &mut Said, is: impl Fn(&ClockFrom) -> bool) {
        let row = self.state.lot(lot);
        let Some(protocol) = self.state.protocol_of(row) else {
            return;
        };
        let base = match &protocol.hold {
            Some(hold) if is(&hold.clock) => Some(self.now),
            _ => row.base,
        };
        said.after
            .extend(self.clock_event(lot, self.state.treated(row), base));
    }

    /// The beginning of the hold of `lot`, if nothing is missing for it and it has not begun.
    fn clock_event(&self, lot: u32, treated: bool, base: Option<i64>) -> Option<Event> {
        let row = self.state.lot(lot);
        let hold = self.state.protocol_of(row)?.hold.as_ref()?;
        // A wait that counts from something before the treatment may begin with it; any other begins now at the
        // earliest, when the last thing it waited for has come.
        let from = match hold.clock {
            ClockFrom::Arrival | ClockFrom::StepStart(_) => base?,
            ClockFrom::Stored(_) | ClockFrom::StepEnd(_) => base?.max(self.now),
        }
        .max(row.floor);
        (treated && row.clock.is_none()).then(|| Event {
            at: timestamp(from),
            happening: Happening::HoldStarted {
                lot: self.state.lot_id(lot),
                step: hold.step.clone(),
                until: timestamp(from.saturating_add(row.hold_us)),
            },
        })
    }

    fn hold_started(&self, lot: &LotId, until: Timestamp, said: &mut Said) -> Result<(), Refusal> {
        let number = self.lot_here(lot)?;
        let row = self.state.lot(number);
        self.need(Rule::Treated, self.state.treated(row), || {
            (
                format!("{lot} is not treated as its protocol asks"),
                "complete its treatment; the clock then starts by itself".into(),
            )
        })?;
        if row.clock.is_some() {
            return self.never_shorter(number, until);
        }
        if self
            .state
            .protocol_of(row)
            .is_none_or(|protocol| protocol.hold.is_none())
        {
            return Err(Refusal::new(
                Rule::Known,
                format!("the protocol of {lot} asks for no hold"),
                "open an exception to stop it, or adopt a protocol with a hold",
            ));
        }
        // Said before what the clock counts from: it starts now, and not when somebody says it did.
        let from = self.now.max(row.floor);
        said.before
            .extend(self.clock_event(number, true, Some(from)));
        let least = from.saturating_add(row.hold_us);
        if micros(until) < least {
            return Err(self.too_short(lot, least));
        }
        Ok(())
    }

    fn never_shorter(&self, lot: u32, until: Timestamp) -> Result<(), Refusal> {
        let row = self.state.lot(lot);
        let earliest = self.state.earliest(row);
        if row.clock.is_some() && micros(until) < earliest {
            return Err(self.too_short(&self.state.lot_id(lot), earliest));
        }
        Ok(())
    }

    fn too_short(&self, lot: &LotId, least: i64) -> Refusal {
        Refusal::new(
            Rule::NeverShorter,
            format!("{lot} is held until {}", timestamp(least)),
            "give that instant or a later one",
        )
    }

    fn hold_ended(&self, lot: &LotId) -> Result<(), Refusal> {
        let number = self.lot_present(lot)?;
        let earliest = self.state.earliest(self.state.lot(number));
        self.need(Rule::ClockRun, earliest <= self.now, || {
            (
                if earliest == i64::MAX {
                    format!("the clock of {lot} has not begun")
                } else {
                    format!("{lot} is held until {}", timestamp(earliest))
                },
                "wait until the clock has run".into(),
            )
        })
    }

    pub(super) fn lot_present(&self, lot: &LotId) -> Result<u32, Refusal> {
        let number = self.lot(lot)?;
        if self.state.lot(number).stage.present() {
            return Ok(number);
        }
        self.lot_here(lot)
    }

    fn loaded(&self, lot: &LotId, departure: &DepartureId) -> Result<(), Refusal> {
        let number = self.lot_here(lot)?;
        self.gate.may_leave(number, Way::Inland)?;
        let Some(train) = self.state.departure_names.find(departure.as_str()) else {
            return Ok(());
        };
        let train = &self.state.departures[train as usize];
        self.need(Rule::OnePlace, train.left.is_none(), || {
            (
                format!("{departure} has left"),
                "choose a departure that is being loaded".into(),
            )
        })?;
        let row = self.state.lot(number);
        for &other in &train.lots {
            let other_row = self.state.lot(other);
            self.need(
                Rule::Trial,
                row.is(flag::TRIAL) == other_row.is(flag::TRIAL),
                || {
                    (
                        format!(
                            "of {lot} and {}, one belongs to a trial run",
                            self.state.lot_id(other)
                        ),
                        "give the trial run a departure of its own".into(),
                    )
                },
            )?;
            // Wagons of one train are apart from each other; what needs a whole compartment between needs another train.
            let apart = strictest(row.hazards, other_row.hazards);
            self.need(Rule::Apart, apart < Segregation::Compartment, || {
                (
                    format!(
                        "{lot} ({}) and {} ({}) must have a whole compartment between them",
                        classes(row.hazards),
                        self.state.lot_id(other),
                        classes(other_row.hazards)
                    ),
                    "choose another departure".into(),
                )
            })?;
        }
        Ok(())
    }

    fn departed(&self, departure: &DepartureId, lots: u32) -> Result<(), Refusal> {
        let train = self
            .state
            .departure_names
            .find(departure.as_str())
            .map(|train| &self.state.departures[train as usize]);
        if let Some(train) = train {
            if train.left.is_some() {
                return Err(Refusal::new(
                    Rule::OnePlace,
                    format!("{departure} has left already"),
                    "correct the name",
                ));
            }
            for &lot in &train.lots {
                self.gate.may_leave(lot, Way::Inland)?;
            }
        }
        let loaded = train.map_or(0, |train| train.lots.len());
        self.need(Rule::Conserved, loaded == lots as usize, || {
            (
                format!("{loaded} lots are loaded for {departure}, not {lots}"),
                "record each lot that was loaded or taken off, then the departure".into(),
            )
        })
    }

    fn emptied(&self, vehicle: &VehicleId) -> Result<(), Refusal> {
        let number = self.vehicle_here(vehicle)?;
        let left = self.state.vehicles[number as usize].expected;
        self.need(Rule::Conserved, left == 0, || {
            (
                format!("by its papers {left} lots are still on vehicle {vehicle}"),
                "record their unloading, or have the papers amended".into(),
            )
        })
    }

    fn washed(&self, vehicle: &VehicleId) -> Result<(), Refusal> {
        let number = self.vehicle_here(vehicle)?;
        self.need(
            Rule::VehicleClean,
            self.state.vehicles[number as usize].emptied,
            || {
                (
                    format!("vehicle {vehicle} is not empty"),
                    "record that it was emptied; a wash before that does not count".into(),
                )
            },
        )
    }

    fn vehicle_released(&self, vehicle: &VehicleId) -> Result<(), Refusal> {
        let number = self.vehicle_here(vehicle)?;
        let row = &self.state.vehicles[number as usize];
        if !row.opened && self.papers_refused(number) {
            // Turned away as it came: never opened, so nothing of the gateway is in it and nothing of it is here.
            return Ok(());
        }
        self.need(Rule::VehicleClean, row.emptied, || {
            (
                format!("vehicle {vehicle} is not empty"),
                "record that it was emptied".into(),
            )
        })?;
        let rules = self.rules()?;
        let source = self.state.source_names.get(row.source);
        let Some(rule) = rules
            .vehicles
            .iter()
            .find(|rule| rule.source.as_str() == source)
        else {
            return Ok(());
        };
        self.need(
            Rule::VehicleClean,
            !rule.wash || row.washed.is_some(),
            || {
                (
                    format!("vehicle {vehicle} was not washed since it was emptied"),
                    "wash and disinfect it".into(),
                )
            },
        )?;
        let stands_until = row.washed.map_or(i64::MIN, |washed| {
            washed.saturating_add(seconds(rule.dwell_s))
        });
        if stands_until > self.now && !self.without(Rule::VehicleClean) {
            let until = timestamp(stands_until);
            let mut refusal = Refusal::new(
                Rule::VehicleClean,
                format!("vehicle {vehicle} must stand until {until}"),
                format!("wait until {until}"),
            );
            refusal.retry_at = Some(until);
            return Err(refusal);
        }
        self.need(Rule::VehicleClean, !rule.seal || row.sealed, || {
            (
                format!("vehicle {vehicle} is not sealed"),
                "check its mark, seal it and record the seal".into(),
            )
        })
    }

    fn vehicle_returned(&self, vehicle: &VehicleId) -> Result<(), Refusal> {
        let gone = self
            .state
            .vehicle_names
            .find(vehicle.as_str())
            .is_some_and(|v| self.state.vehicles[v as usize].stage == VehicleStage::Gone);
        self.need(Rule::OnePlace, gone, || {
            (
                format!("vehicle {vehicle} has not gone home"),
                "record that it left first".into(),
            )
        })
    }

    /// That the rules know a way from where it is.
    fn way(&self, from: Option<&Spot>, to: &Spot, name: &str) -> Result<(), Refusal> {
        let Some(from) = from else {
            return Ok(());
        };
        // Where it stands may have been taken out of the rules since; anything may be moved out of there.
        let Some(rule) = self
            .rules()?
            .places
            .iter()
            .find(|rule| rule.place == from.place)
        else {
            return Ok(());
        };
        let leads =
            rule.leads_to.is_empty() || from.place == to.place || rule.leads_to.contains(&to.place);
        self.need(Rule::OnePlace, leads, || {
            (
                format!(
                    "no way leads from {} to {} for {name}",
                    from.place, to.place
                ),
                format!(
                    "go by {}",
                    rule.leads_to
                        .iter()
                        .map(lazaret_gateway::event::PlaceName::as_str)
                        .collect::<Vec<_>>()
                        .join(" or ")
                ),
            )
        })
    }

    fn open(&self, spot: &Spot) -> Result<(), Refusal> {
        let Some(unit) = self.state.unit_at(spot) else {
            return Ok(());
        };
        let closed = unit.closed.as_deref();
        self.need(Rule::Open, closed.is_none() && !unit.broken, || {
            (
                match closed {
                    Some(why) => format!("{} {} is closed: {why}", spot.place, spot.unit),
                    None => format!("{} {} is broken", spot.place, spot.unit),
                },
                "choose another unit, or open or repair it first".into(),
            )
        })
    }

    /// That there is room for one more.
    ///
    /// * `from` — where it has a slot now, which it would give up.
    fn room(&self, rule: &PlaceRule, spot: &Spot, from: Option<&Spot>) -> Result<(), Refusal> {
        self.room_for(rule, spot, from, 1)
    }

    pub(super) fn room_for(
        &self,
        rule: &PlaceRule,
        spot: &Spot,
        from: Option<&Spot>,
        more: u32,
    ) -> Result<(), Refusal> {
        let (slots_now, used) =
            self.state
                .place_names
                .find(spot.place.as_str())
                .map_or((None, 0), |place| {
                    let place = &self.state.places[place as usize];
                    (place.slots_now, place.used)
                });
        let given_up = u32::from(from.is_some_and(|from| from.place == spot.place));
        let total = slots_now.or_else(|| {
            rule.pooled
                .then(|| Some(rule.slots?.saturating_mul(rule.units?)))
                .flatten()
        });
        if let Some(total) = total {
            let would = used.saturating_sub(given_up).saturating_add(more);
            self.need(Rule::Room, would <= total, || {
                (
                    format!("{} has {total} slots, and {used} are taken", spot.place),
                    "free a slot, or choose another place".into(),
                )
            })?;
        }
        if rule.pooled || slots_now.is_some() {
            return Ok(());
        }
        let Some(slots) = rule.slots else {
            return Ok(());
        };
        let used = self.state.unit_at(spot).map_or(0, |unit| unit.used);
        let given_up = u32::from(from == Some(spot));
        let would = used.saturating_sub(given_up).saturating_add(more);
        self.need(Rule::Room, would <= slots, || {
            (
                format!(
                    "{} {} has {slots} slots, and {used} are taken",
                    spot.place, spot.unit
                ),
                "free a slot, or choose another unit".into(),
            )
        })
    }

    /// That nothing in the unit must be kept apart from goods of that class, or from that lot.
    fn apart(
        &self,
        lot: Option<u32>,
        goods: u32,
        spot: &Spot,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        let Some(unit) = self.state.unit_at(spot) else {
            return Ok(());
        };
        let rules = self.rules()?;
        let hazards = lot.map_or(0, |lot| self.state.lot(lot).hazards);
        let name = self.state.goods_names.get(goods);
        let segregated = rules.goods.iter().any(|rule| !rule.apart_from.is_empty());
        if !segregated && hazards == 0 {
            return Ok(());
        }
        for &other in unit.lots.iter().filter(|&&other| Some(other) != lot) {
            let row = self.state.lot(other);
            let other_name = self.state.goods_names.get(row.goods);
            let apart = rules.goods.iter().any(|rule| {
                let pair = |a: &str, b: &str| {
                    rule.goods.as_str() == a && rule.apart_from.iter().any(|g| g.as_str() == b)
                };
                pair(name, other_name) || pair(other_name, name)
            });
            self.need(Rule::Apart, !apart, || {
                (
                    format!(
                        "{} ({other_name}) is in {} {}, and {name} must be kept apart from it",
                        self.state.lot_id(other),
                        spot.place,
                        spot.unit
                    ),
                    "choose another unit".into(),
                )
            })?;
            let asked = strictest(hazards, row.hazards);
            self.need(Rule::Apart, asked < Segregation::Separated, || {
                (
                    format!(
                        "{} ({}) is in {} {}, and {} must be separated from it",
                        self.state.lot_id(other),
                        classes(row.hazards),
                        spot.place,
                        spot.unit,
                        classes(hazards)
                    ),
                    "choose another unit".into(),
                )
            })?;
            if asked == Segregation::Away {
                said.warnings.push((
                    Warning::Near,
                    Rule::Apart,
                    format!(
                        "{} ({}) must be kept away from {}",
                        self.state.lot_id(other),
                        classes(row.hazards),
                        classes(hazards)
                    ),
                ));
            }
        }
        Ok(())
    }

    fn keep_trials_apart(&self, trial: bool, spot: &Spot, lot: Option<u32>) -> Result<(), Refusal> {
        let other = self.state.unit_at(spot).and_then(|unit| {
            unit.lots
                .iter()
                .copied()
                // The first other lot tells: a unit never has both kinds.
                .find(|&other| Some(other) != lot)
                .filter(|&other| self.is_trial(other) != trial)
        });
        self.need(Rule::Trial, other.is_none(), || {
            let other = other.map_or_else(|| LotId::new(""), |other| self.state.lot_id(other));
            (
                format!(
                    "{} {} has {other}, which {} to a trial run",
                    spot.place,
                    spot.unit,
                    if trial { "does not belong" } else { "belongs" }
                ),
                "choose another unit".into(),
            )
        })
    }
}

fn classes(mask: u32) -> String {
    let classes: Vec<&str> = (0..32)
        .filter(|class| mask >> class & 1 == 1)
        .map(|class| class_name(class as u8))
        .collect();
    if classes.is_empty() {
        "no hazard".into()
    } else {
        format!("class {}", classes.join(" and "))
    }
}
