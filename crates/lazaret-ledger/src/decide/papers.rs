//! Papers: what they announce, how they may change, and what follows once the goods are here.

use jiff::Timestamp;
use lazaret_vocabulary::event::entry::{Entry, ExceptionId, ManifestId, ManifestLine, Role};
use lazaret_vocabulary::event::{ConvoyId, LotId, SourceName, Thing, VehicleId};

use super::{Judge, Said};
use crate::gate::unknown;
use crate::refusal::{Fact, Noun, Refusal, Remedy};
use crate::rule::Rule;
use crate::segregation::{Class, Hazards};
use crate::state::{LotStage, ManifestStage, flag, micros, some};

impl Judge<'_> {
    /// Opens an exception of the ledger's own: stops lots, and tells whoever settles exceptions.
    pub(super) fn raise(&self, kind: &str, lots: Vec<LotId>, because: String, said: &mut Said) {
        let next = self.state.seq() + 1;
        let taken = |name: &str| self.state.exception_names.find(name).is_some();
        let plain = format!("{kind}-{next}");
        let name = (2..)
            .map(|again| format!("{plain}-{again}"))
            .find(|name| !taken(name))
            .filter(|_| taken(&plain))
            .unwrap_or(plain);
        said.after.push(self.now(Entry::ExceptionOpened {
            exception: ExceptionId::new(name),
            lots,
            because,
        }));
    }

    pub(super) fn manifest(&self, manifest: &ManifestId) -> Result<u32, Refusal> {
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

    pub(super) fn announced(
        &self,
        manifest: &ManifestId,
        convoy: &ConvoyId,
        source: &SourceName,
        lines: &[ManifestLine],
    ) -> Result<(), Refusal> {
        let withheld =
            |papers: u32| self.state.manifests[papers as usize].stage == ManifestStage::Withheld;
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
        let other = number.and_then(|convoy| some(self.state.convoys[convoy as usize].manifest));
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
    fn lines(&self, lines: &[ManifestLine], convoy: Option<u32>) -> Result<(), Refusal> {
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
                let own = free || convoy.is_some_and(|convoy| row.convoy == convoy);
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

    pub(super) fn trial_declared(&self, convoy: &ConvoyId) -> Result<(), Refusal> {
        let arrived = self
            .state
            .convoy_names
            .find(convoy.as_str())
            .is_some_and(|convoy| self.state.convoys[convoy as usize].arrived.is_some());
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
    fn papers_arrived(&self, papers: u32) -> bool {
        let convoy = self.state.manifests[papers as usize].convoy;
        self.state.convoys[convoy as usize].arrived.is_some()
    }

    pub(super) fn amended(
        &self,
        manifest: &ManifestId,
        lines: &[ManifestLine],
        because: &str,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        let papers = self.manifest(manifest)?;
        self.lines(lines, Some(self.state.manifests[papers as usize].convoy))?;
        if !self.papers_arrived(papers) || self.without(Rule::Conserved) {
            return Ok(());
        }
        let before = &self.state.manifests[papers as usize].lots;
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
            let fact = format!("papers {manifest} changed after the goods had come: {because}");
            self.raise("papers", changed, fact, said);
        }
        Ok(())
    }

    /// Whether a line says of a lot what is known of it.
    fn says_the_same(&self, lot: u32, line: &ManifestLine) -> bool {
        let row = self.state.lot(lot);
        let classes = line
            .hazards
            .iter()
            .filter_map(|hazard| Class::read(hazard.as_str()));
        self.state.goods_names.get(row.goods) == line.goods.as_str()
            && self.state.vehicle_names.get(row.vehicle) == line.vehicle.as_str()
            && (row.pieces, row.mass_kg) == (line.tally.pieces, line.tally.mass_kg)
            && classes.collect::<Hazards>() == row.hazards
    }

    /// Papers taken back or refused when their goods are here already: what they named is stopped.
    pub(super) fn papers_in_question(&self, papers: u32, fact: &str, said: &mut Said) {
        if !self.papers_arrived(papers) {
            return;
        }
        let lots: Vec<LotId> = self.state.manifests[papers as usize]
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
    pub(super) fn compare_arrival(&self, papers: u32, vehicles: &[VehicleId], said: &mut Said) {
        let row = &self.state.manifests[papers as usize];
        let announced = |lot: &&u32| self.state.lot(**lot).stage == LotStage::Announced;
        let on = |lot: u32| self.state.vehicle_names.get(self.state.lot(lot).vehicle);
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
            let fact = format!("on the papers, and did not come: {}", missing.join(", "));
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
            let fact = format!("came, and is not on the papers: {}", extra.join(", "));
            self.raise("unannounced", Vec::new(), fact, said);
        }
    }

    /// A lot of a convoy with papers that none of them names.
    pub(super) fn unannounced(&self, lot: &LotId, convoy: u32, said: &mut Said) {
        let papers = some(self.state.convoys[convoy as usize].manifest).filter(|&papers| {
            self.state.manifests[papers as usize].stage != ManifestStage::Withheld
        });
        if let Some(papers) = papers
            && !self.without(Rule::Conserved)
        {
            let name = self.state.manifest_names.get(papers);
            let fact = format!("papers {name} do not name {lot}");
            self.raise("unannounced", vec![lot.clone()], fact, said);
        }
    }

    pub(super) fn postponed(
        &self,
        convoy: &ConvoyId,
        due: Timestamp,
        because: &str,
    ) -> Result<(), Refusal> {
        let row = self
            .state
            .convoy_names
            .find(convoy.as_str())
            .map(|convoy| &self.state.convoys[convoy as usize]);
        let Some(row) = row.filter(|row| some(row.manifest).is_some()) else {
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
    pub(super) fn name_voided(&self, thing: &Thing, because: &str) -> Result<(), Refusal> {
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
                    || row.is(flag::RELEASED)
                    || row.is(flag::CLEAN)
                    || some(row.parent).is_some()
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
                (true, number)
            }
            Thing::Vehicle(vehicle) => {
                let number = self.vehicle_here(vehicle)?;
                let row = &self.state.vehicles[number as usize];
                if row.opened || row.emptied || row.expected > 0 {
                    return wrong(
                        Fact::VehicleWorkedOn {
                            vehicle: vehicle.clone(),
                        },
                        Remedy::AmendOrRecord,
                    );
                }
                (false, number)
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

fn person_named(name: &str) -> lazaret_vocabulary::event::entry::PersonName {
    lazaret_vocabulary::event::entry::PersonName::new(name)
}
