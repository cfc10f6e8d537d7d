//! Papers: what they announce, how they may change, and what follows once the goods are here.

use jiff::Timestamp;
use lazaret_vocabulary::event::entry::{ManifestId, ManifestLine, Papers, PersonName, Role};
use lazaret_vocabulary::event::{ConvoyId, LotId, SourceName, Thing, VehicleId};

use super::Meaning;
use crate::decide::{Judge, Said};
use crate::gate::unknown;
use crate::index::{ConvoyIx, LotIx, ManifestIx};
use crate::refusal::{Fact, Noun, Refusal, Remedy};
use crate::role::{ENTRANTS, PAPERS};
use crate::rule::Rule;
use crate::segregation::{Class, Hazards};
use crate::state::apply::{Touch, find};
use crate::state::{Absent, Flag, LotStage, Manifest, ManifestStage, State, VehicleStage, micros};
use crate::words::count_of;

impl<'a> Meaning<'a> for Papers<'a> {
    fn who(self) -> &'static [Role] {
        match self {
            Papers::ManifestAnnounced { .. }
            | Papers::ManifestAmended { .. }
            | Papers::ManifestWithheld { .. }
            | Papers::ManifestRefused { .. }
            | Papers::ConvoyPostponed { .. }
            | Papers::TrialDeclared { .. } => PAPERS,
            Papers::NameVoided { .. } => ENTRANTS,
        }
    }

    fn instants(self) -> Vec<(&'static str, Timestamp)> {
        match self {
            Papers::ManifestAnnounced { due, .. } => due.iter().map(|due| ("due", *due)).collect(),
            Papers::ManifestAmended { .. }
            | Papers::ManifestWithheld { .. }
            | Papers::ManifestRefused { .. }
            | Papers::ConvoyPostponed { .. }
            | Papers::NameVoided { .. }
            | Papers::TrialDeclared { .. } => Vec::new(),
        }
    }

    fn decide(self, judge: &Judge<'_>, said: &mut Said) -> Result<(), Refusal> {
        match self {
            Papers::ManifestAnnounced {
                manifest,
                convoy,
                source,
                lines,
                ..
            } => judge.announced(manifest, convoy, source, lines),
            Papers::ManifestAmended {
                manifest,
                lines,
                because,
            } => judge.amended(manifest, lines, because, said),
            Papers::ManifestWithheld { manifest, because } => {
                let known = judge.manifest(manifest)?;
                let fact = format!("its sender took papers {manifest} back: {because}");
                judge.papers_in_question(known, &fact, said);
                Ok(())
            }
            Papers::ManifestRefused { manifest, because } => {
                let known = judge.manifest(manifest)?;
                let fact = format!("papers {manifest} were refused: {because}");
                judge.papers_in_question(known, &fact, said);
                Ok(())
            }
            Papers::ConvoyPostponed {
                convoy,
                due,
                because,
            } => judge.postponed(convoy, *due, because),
            Papers::NameVoided { thing, because } => judge.name_voided(thing, because),
            Papers::TrialDeclared { convoy } => judge.trial_declared(convoy),
        }
    }

    fn apply(
        self,
        state: &mut State,
        by: &PersonName,
        (at, now): (i64, i64),
        touch: &mut Touch,
    ) -> Result<(), String> {
        match self {
            Papers::ConvoyPostponed { convoy, due, .. } => {
                let convoy = find(&state.convoy_names, convoy.as_str(), "convoy")?;
                if let Some(manifest) = state.convoys[convoy].manifest {
                    state.manifests[manifest].due = Some(micros(*due));
                }
            }
            Papers::NameVoided { thing, .. } => state.void_name(thing, by, now, touch)?,
            Papers::ManifestAnnounced {
                manifest,
                convoy,
                source,
                due,
                lines,
            } => {
                let source = state.source_names.add(source.as_str());
                let convoy = state.convoy(convoy.as_str());
                state.convoys[convoy].source = Some(source);
                let number = state.manifest_names.add(manifest.as_str());
                if number == state.manifests.next() {
                    state.manifests.add(Manifest {
                        convoy,
                        stage: ManifestStage::Announced,
                        due: due.map(micros),
                        announced: at.min(now),
                        lots: Vec::new(),
                        amended: 0,
                    });
                } else {
                    // Papers that their sender took back come again.
                    let row = &mut state.manifests[number];
                    row.convoy = convoy;
                    row.stage = ManifestStage::Announced;
                    row.due = due.map(micros);
                    row.announced = at.min(now);
                }
                state.convoys[convoy].manifest = Some(number);
                state.announce(number, lines, touch);
            }
            Papers::ManifestAmended {
                manifest, lines, ..
            } => {
                let number = find(&state.manifest_names, manifest.as_str(), "manifest")?;
                let row = &mut state.manifests[number];
                row.amended = row.amended.saturating_add(1);
                row.stage = ManifestStage::Announced;
                state.announce(number, lines, touch);
            }
            Papers::ManifestWithheld { manifest, .. } => {
                let number = find(&state.manifest_names, manifest.as_str(), "manifest")?;
                state.manifests[number].stage = ManifestStage::Withheld;
                state.announce(number, &[], touch);
            }
            Papers::ManifestRefused { manifest, .. } => {
                let number = find(&state.manifest_names, manifest.as_str(), "manifest")?;
                state.manifests[number].stage = ManifestStage::Refused;
            }
            Papers::TrialDeclared { convoy } => {
                let convoy = state.convoy(convoy.as_str());
                state.convoys[convoy].trial = true;
            }
        }
        Ok(())
    }

    fn words(self) -> String {
        match self {
            Papers::ManifestAnnounced {
                manifest,
                convoy,
                lines,
                ..
            } => format!(
                "papers {manifest} announce {} with {convoy}",
                count_of(lines.len() as u64, "lot")
            ),
            Papers::ManifestAmended {
                manifest, because, ..
            } => format!("papers {manifest} were amended: {because}"),
            Papers::ManifestWithheld { manifest, because } => {
                format!("papers {manifest} were withheld: {because}")
            }
            Papers::ManifestRefused { manifest, because } => {
                format!("papers {manifest} were refused: {because}")
            }
            Papers::ConvoyPostponed {
                convoy,
                due,
                because,
            } => format!("convoy {convoy} comes at {due}: {because}"),
            Papers::NameVoided { thing, because } => {
                let name = match thing {
                    Thing::Convoy(convoy) => format!("convoy {convoy}"),
                    Thing::Vehicle(vehicle) => format!("vehicle {vehicle}"),
                    Thing::Lot(lot) => format!("lot {lot}"),
                };
                format!("{name} was entered by mistake and is not here: {because}")
            }
            Papers::TrialDeclared { convoy } => format!("convoy {convoy} is an exercise"),
        }
    }
}

impl Judge<'_> {
    pub(crate) fn manifest(&self, manifest: &ManifestId) -> Result<ManifestIx, Refusal> {
        self.state
            .manifest_names
            .find(manifest.as_str())
            .ok_or_else(|| {
                Refusal::new(
                    Rule::Known,
                    unknown(Noun::Manifest, manifest.as_str()),
                    Remedy::AnnounceFirst,
                )
            })
    }

    pub(crate) fn announced(
        &self,
        manifest: &ManifestId,
        convoy: &ConvoyId,
        source: &SourceName,
        lines: &[ManifestLine],
    ) -> Result<(), Refusal> {
        let withheld =
            |papers: ManifestIx| self.state.manifests[papers].stage == ManifestStage::Withheld;
        let known = self.state.manifest_names.find(manifest.as_str());
        if known.is_some_and(|papers| !withheld(papers) || self.papers_arrived(papers)) {
            return Err(Refusal::new(
                Rule::Known,
                Fact::PapersKnown {
                    manifest: manifest.clone(),
                },
                Remedy::AmendOrNumber,
            ));
        }
        let sources = &self.rules()?.vehicles;
        let source_known = sources.iter().any(|rule| rule.source == *source);
        self.need(Rule::Known, source_known, || {
            (unknown(Noun::Source, source.as_str()), Remedy::ChooseSource)
        })?;
        let number = self.state.convoy_names.find(convoy.as_str());
        let other = number.and_then(|convoy| self.state.convoys[convoy].manifest);
        // Papers that were taken back make room for others, until the convoy is here.
        if let Some(other) = other.filter(|&other| !withheld(other) || self.papers_arrived(other)) {
            return Err(Refusal::new(
                Rule::Known,
                Fact::PapersForConvoy {
                    manifest: ManifestId::new(self.state.manifest_names.get(other)),
                    convoy: convoy.clone(),
                },
                Remedy::AmendThose,
            ));
        }
        self.lines(lines, number)
    }

    /// That the lines of papers make sense together and with what is here.
    pub(crate) fn lines(
        &self,
        lines: &[ManifestLine],
        convoy: Option<ConvoyIx>,
    ) -> Result<(), Refusal> {
        let rules = self.rules()?;
        let mut names: Vec<&LotId> = lines.iter().map(|line| &line.lot).collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Refusal::new(
                Rule::Known,
                Fact::LotOnTwoLines {
                    lot: pair[0].clone(),
                },
                Remedy::NameLotsApart,
            ));
        }
        for line in lines {
            let goods = rules.goods.iter().any(|rule| rule.goods == line.goods);
            self.need(Rule::Known, goods, || {
                (
                    Fact::UnknownOnLine {
                        vehicle: line.vehicle.clone(),
                        lot: line.lot.clone(),
                        goods: line.goods.clone(),
                    },
                    Remedy::ChooseGoods,
                )
            })?;
            let hazard = line
                .hazards
                .iter()
                .find(|hazard| Class::read(hazard.as_str()).is_none());
            if let Some(hazard) = hazard {
                return Err(Refusal::new(
                    Rule::Known,
                    Fact::UnknownDanger {
                        vehicle: line.vehicle.clone(),
                        lot: line.lot.clone(),
                        hazard: hazard.clone(),
                    },
                    Remedy::WriteClass,
                ));
            }
            if !self
                .state
                .lot_names
                .has_room(line.lot.as_str().len() + line.vehicle.as_str().len())
            {
                return Err(Refusal::new(
                    Rule::Known,
                    Fact::NoRoomForNames,
                    Remedy::NextLedger,
                ));
            }
            if let Some(lot) = self.state.lot_names.find(line.lot.as_str()) {
                let row = self.state.lot(lot);
                // A lot that no papers name any more, and that never came, may be announced anew with any convoy.
                let free =
                    row.stage == LotStage::Withdrawn && self.state.protocol_of(row).is_none();
                let own = free || (convoy.is_some() && row.convoy == convoy);
                if !own
                    || !matches!(
                        row.stage,
                        LotStage::Announced | LotStage::Withdrawn | LotStage::Here
                    )
                {
                    return Err(Refusal::new(
                        Rule::OnePlace,
                        Fact::LotKnownElsewhere {
                            vehicle: line.vehicle.clone(),
                            lot: line.lot.clone(),
                        },
                        Remedy::NameOfItsOwn,
                    ));
                }
            }
        }
        Ok(())
    }

    pub(crate) fn trial_declared(&self, convoy: &ConvoyId) -> Result<(), Refusal> {
        let arrived = self
            .state
            .convoy_names
            .find(convoy.as_str())
            .is_some_and(|convoy| self.state.convoys[convoy].arrived.is_some());
        self.need(Rule::Trial, !arrived, || {
            (
                Fact::ArrivedAsReal {
                    convoy: convoy.clone(),
                },
                Remedy::DeclareTrialFirst,
            )
        })
    }

    /// Whether the convoy of papers is here.
    pub(crate) fn papers_arrived(&self, papers: ManifestIx) -> bool {
        let convoy = self.state.manifests[papers].convoy;
        self.state.convoys[convoy].arrived.is_some()
    }

    pub(crate) fn amended(
        &self,
        manifest: &ManifestId,
        lines: &[ManifestLine],
        because: &str,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        let papers = self.manifest(manifest)?;
        self.lines(lines, Some(self.state.manifests[papers].convoy))?;
        if !self.papers_arrived(papers) || self.without(Rule::Conserved) {
            return Ok(());
        }
        let before = &self.state.manifests[papers].lots;
        let mut changed = Vec::new();
        for &lot in before {
            let name = self.state.lot_id(lot);
            let same = lines
                .iter()
                .find(|line| line.lot == name)
                .is_some_and(|line| self.says_the_same(lot, line));
            let row = self.state.lot(lot);
            if !same && (row.stage.present() || row.stage == LotStage::Announced) {
                changed.push(name);
            }
        }
        for line in lines {
            let listed = self
                .state
                .lot_names
                .find(line.lot.as_str())
                .is_some_and(|lot| before.contains(&lot));
            if !listed {
                changed.push(line.lot.clone());
            }
        }
        if !changed.is_empty() {
            let fact = format!("papers {manifest} changed after the goods had arrived: {because}");
            self.raise("papers", changed, fact, said);
        }
        Ok(())
    }

    /// Whether a line says of a lot what is known of it.
    pub(crate) fn says_the_same(&self, lot: LotIx, line: &ManifestLine) -> bool {
        let row = self.state.lot(lot);
        let classes = line
            .hazards
            .iter()
            .filter_map(|hazard| Class::read(hazard.as_str()));
        self.state.goods_names.get(row.goods) == line.goods.as_str()
            && self.state.vehicle_of(row) == line.vehicle.as_str()
            && (row.pieces, row.mass_kg) == (line.tally.pieces, line.tally.mass_kg)
            && classes.collect::<Hazards>() == row.hazards
    }

    /// Papers taken back or refused when their goods are here already: what they named is stopped.
    pub(crate) fn papers_in_question(&self, papers: ManifestIx, fact: &str, said: &mut Said) {
        if !self.papers_arrived(papers) {
            return;
        }
        let lots: Vec<LotId> = self.state.manifests[papers]
            .lots
            .iter()
            .filter(|&&lot| {
                let stage = self.state.lot(lot).stage;
                stage.present() || stage == LotStage::Announced
            })
            .map(|&lot| self.state.lot_id(lot))
            .collect();
        self.raise("papers", lots, fact.to_owned(), said);
    }

    /// Papers and arrival compared in both directions.
    pub(crate) fn compare_arrival(
        &self,
        papers: ManifestIx,
        vehicles: &[VehicleId],
        said: &mut Said,
    ) {
        let row = &self.state.manifests[papers];
        let announced = |lot: &&LotIx| self.state.lot(**lot).stage == LotStage::Announced;
        let on = |lot: LotIx| self.state.vehicle_of(self.state.lot(lot));
        let came = |name: &str| vehicles.iter().any(|vehicle| vehicle.as_str() == name);
        let mut missing: Vec<&str> = Vec::new();
        let mut lots = Vec::new();
        for &lot in row.lots.iter().filter(announced) {
            let vehicle = on(lot);
            if came(vehicle) {
                continue;
            }
            lots.push(self.state.lot_id(lot));
            if !missing.contains(&vehicle) {
                missing.push(vehicle);
            }
        }
        if !missing.is_empty() {
            let fact = format!("on the papers, but did not arrive: {}", missing.join(", "));
            self.raise("missing", lots, fact, said);
        }
        let extra: Vec<&str> = vehicles
            .iter()
            .map(VehicleId::as_str)
            .filter(|vehicle| {
                !row.lots
                    .iter()
                    .filter(announced)
                    .any(|&lot| on(lot) == *vehicle)
            })
            .collect();
        if !extra.is_empty() {
            let fact = format!("arrived, but not on the papers: {}", extra.join(", "));
            self.raise("unannounced", Vec::new(), fact, said);
        }
    }

    /// A lot of a convoy with papers that none of them names.
    pub(crate) fn unannounced(&self, lot: &LotId, convoy: Option<ConvoyIx>, said: &mut Said) {
        let papers = convoy.and_then(|convoy| self.state.convoys[convoy].manifest);
        let papers =
            papers.filter(|&papers| self.state.manifests[papers].stage != ManifestStage::Withheld);
        if let Some(papers) = papers
            && !self.without(Rule::Conserved)
        {
            let name = self.state.manifest_names.get(papers);
            let fact = format!("papers {name} do not name {lot}");
            self.raise("unannounced", vec![lot.clone()], fact, said);
        }
    }

    pub(crate) fn postponed(
        &self,
        convoy: &ConvoyId,
        due: Timestamp,
        because: &str,
    ) -> Result<(), Refusal> {
        let row = self
            .state
            .convoy_names
            .find(convoy.as_str())
            .map(|convoy| &self.state.convoys[convoy]);
        let Some(row) = row.filter(|row| row.manifest.is_some()) else {
            return Err(Refusal::new(
                Rule::Known,
                Fact::NoPapers {
                    convoy: convoy.clone(),
                },
                Remedy::AnnounceWithDate,
            ));
        };
        if row.arrived.is_some() {
            return Err(Refusal::new(
                Rule::Known,
                Fact::Arrived {
                    convoy: convoy.clone(),
                },
                Remedy::CorrectName,
            ));
        }
        self.need(Rule::Known, !because.trim().is_empty(), || {
            (
                Fact::DelayUnexplained {
                    convoy: convoy.clone(),
                },
                Remedy::SayWhy,
            )
        })?;
        self.need(Rule::Skew, micros(due) > self.now, || {
            (Fact::InstantPast { at: due.into() }, Remedy::InstantToCome)
        })
    }

    /// That a thing may be called a mistake of entry: it is here, and nothing was done with it.
    pub(crate) fn name_voided(&self, thing: &Thing, because: &str) -> Result<(), Refusal> {
        let wrong = |fact: Fact, remedy: Remedy| Err(Refusal::new(Rule::Known, fact, remedy));
        if because.trim().is_empty() {
            return wrong(Fact::VoidingUnexplained, Remedy::SayHow);
        }
        let key = match thing {
            Thing::Convoy(convoy) => {
                return wrong(
                    Fact::IsConvoy {
                        convoy: convoy.clone(),
                    },
                    Remedy::NameLotOrVehicle,
                );
            }
            Thing::Lot(lot) => {
                let number = self.lot_here(lot)?;
                let row = self.state.lot(number);
                let worked = row.treated != 0
                    || row.signatures > 0
                    || row.is(Flag::Released)
                    || row.is(Flag::Clean)
                        && !(self.state.stock.get(&number)).is_some_and(|claim| claim.open)
                    || row.parent.is_some()
                    || self.state.treatments.contains_key(&number)
                    || self.state.samples.iter().any(|sample| sample.lot == number);
                if worked {
                    return wrong(
                        Fact::LotWorkedOn { lot: lot.clone() },
                        Remedy::OpenExceptionInstead,
                    );
                }
                let stops = self.state.exceptions_of(number);
                let other = stops
                    .iter()
                    .find(|exception| !exception.as_str().starts_with("unannounced-"));
                if let Some(other) = other {
                    return Err(Refusal::new(
                        Rule::NoException,
                        Fact::Stopped {
                            lot: lot.clone(),
                            exceptions: vec![other.clone()],
                        },
                        Remedy::ChiefCloses,
                    ));
                }
                Absent::Lot(number)
            }
            Thing::Vehicle(vehicle) => {
                let number = self.vehicle_here(vehicle)?;
                let row = &self.state.vehicles[number];
                if row.opened || row.emptied || row.expected > 0 {
                    return wrong(
                        Fact::VehicleWorkedOn {
                            vehicle: vehicle.clone(),
                        },
                        Remedy::AmendOrRecord,
                    );
                }
                Absent::Vehicle(number)
            }
        };
        let Some(&first) = self.state.voiding.get(&key) else {
            return Ok(());
        };
        let first = self.state.person_names.get(first);
        let by = &self.command.by;
        if first == by.as_str() {
            return wrong(Fact::SaidAlready { person: by.clone() }, Remedy::SecondSays);
        }
        let officer = |person: &str| {
            let roles = self.state.roles_of(&person_named(person));
            roles.contains(&Role::QuarantineOfficer) || roles.contains(&Role::ChiefOfficer)
        };
        self.need(
            Rule::Allowed,
            officer(first) || officer(by.as_str()),
            || {
                (
                    Fact::NeitherOfficer {
                        first: person_named(first),
                        second: by.clone(),
                    },
                    Remedy::OfficerSays,
                )
            },
        )
    }
}

impl State {
    /// One person says that a thing is not here; once a second says the same, it is not.
    pub(crate) fn void_name(
        &mut self,
        thing: &Thing,
        by: &PersonName,
        now: i64,
        touch: &mut Touch,
    ) -> Result<(), String> {
        let key = match thing {
            Thing::Lot(lot) => Absent::Lot(self.lot_touched(lot.as_str(), touch)?),
            Thing::Vehicle(vehicle) => {
                Absent::Vehicle(self.vehicle_touched(vehicle.as_str(), touch)?)
            }
            Thing::Convoy(_) => return Ok(()),
        };
        let by = self.person(by);
        if self.voiding.get(&key).is_none_or(|first| *first == by) {
            self.voiding.insert(key, by);
            return Ok(());
        }
        self.voiding.remove(&key);
        match key {
            Absent::Lot(lot) => {
                self.gone(lot, LotStage::Withdrawn, now);
                self.totals.lots_entered = self.totals.lots_entered.saturating_sub(1);
            }
            Absent::Vehicle(vehicle) => {
                self.take_vehicle(vehicle);
                self.vehicles[vehicle].stage = VehicleStage::Gone;
                self.vehicles_here.remove(&vehicle);
                self.seals.remove(&vehicle);
                self.totals.vehicles_arrived = self.totals.vehicles_arrived.saturating_sub(1);
            }
        }
        Ok(())
    }

    pub(crate) fn announce(
        &mut self,
        manifest: ManifestIx,
        lines: &[ManifestLine],
        touch: &mut Touch,
    ) {
        let convoy = self.manifests[manifest].convoy;
        let arrived = self.convoys[convoy].arrived.is_some();
        for lot in std::mem::take(&mut self.manifests[manifest].lots) {
            if self.lot(lot).stage != LotStage::Announced {
                self.manifests[manifest].lots.push(lot);
                continue;
            }
            self.lots[lot].stage = LotStage::Withdrawn;
            let vehicle = self.lot(lot).vehicle;
            if let Some(vehicle) = vehicle.filter(|_| arrived) {
                let row = &mut self.vehicles[vehicle];
                if row.convoy == Some(convoy) {
                    row.expected = row.expected.saturating_sub(1);
                }
            }
            touch.lots.push(lot);
        }
        for line in lines {
            let goods = self.goods_names.add(line.goods.as_str());
            let vehicle = self.vehicle(line.vehicle.as_str());
            let lot = self.new_lot(line.lot.as_str(), goods);
            // A line for a lot that has been unloaded meanwhile changes only what its papers said, dangers aside.
            if self.lot(lot).stage == LotStage::Withdrawn {
                self.lots[lot].stage = LotStage::Announced;
            }
            let hazards = (line.hazards.iter()).filter_map(|hazard| Class::read(hazard.as_str()));
            let row = &mut self.lots[lot];
            if row.stage.present() {
                // One that came unannounced is on the papers from here on: what becomes of them concerns it, too.
                if !self.manifests[manifest].lots.contains(&lot) {
                    self.manifests[manifest].lots.push(lot);
                }
                // Papers may tell of a danger late. That they no longer tell of one frees nothing.
                hazards.clone().for_each(|class| row.hazards.add(class));
            }
            if row.stage == LotStage::Announced {
                row.goods = goods;
                row.vehicle = Some(vehicle);
                row.convoy = Some(convoy);
                row.pieces = line.tally.pieces;
                row.mass_kg = line.tally.mass_kg;
                row.set(Flag::Tallied, true);
                row.hazards = hazards.collect();
                if arrived {
                    self.expect(lot);
                }
                self.manifests[manifest].lots.push(lot);
            }
            if !line.seals.is_empty() {
                let seals = self.seals.entry(vehicle).or_default();
                for seal in &line.seals {
                    if !seals.contains(seal) {
                        seals.push(seal.clone());
                    }
                }
            }
            touch.lots.push(lot);
        }
    }

    pub(crate) fn expect(&mut self, lot: LotIx) {
        let row = &self.lots[lot];
        if let Some(vehicle) = row.vehicle.filter(|_| row.stage == LotStage::Announced) {
            let vehicle = &mut self.vehicles[vehicle];
            if vehicle.convoy == row.convoy {
                vehicle.expected += 1;
            }
        }
    }
}

pub(crate) fn person_named(name: &str) -> lazaret_vocabulary::event::entry::PersonName {
    lazaret_vocabulary::event::entry::PersonName::new(name)
}
