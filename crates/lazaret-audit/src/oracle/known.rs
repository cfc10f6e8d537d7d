//! Rule K1: what is spoken of exists.

use lazaret_vocabulary::event::entry::{Entry as E, ManifestLine, PersonName, Soiled};
use lazaret_vocabulary::event::{GoodsName, Happening as H, LotId, Spot, Thing, VehicleId};

use super::{Oracle, spot_of};
use crate::spelling::Of;

impl Oracle {
    /// That everything that is named is there to be named.
    pub(super) fn known(&mut self, what: &H) {
        let Some(unknown) = self.unknown(what) else {
            return;
        };
        self.fail("K1", unknown);
    }

    /// That what gets a name here has one of its own, in one spelling.
    pub(super) fn spelt(&mut self, what: &H) {
        let mut wrong = None;
        let mut see = |of: Of, name: &str| {
            if let Err(why) = self.spellings.see(of, name) {
                wrong.get_or_insert(why);
            }
        };
        match what {
            H::ConvoyArrived {
                convoy, vehicles, ..
            } => {
                see(Of::Convoy, convoy.as_str());
                for vehicle in vehicles {
                    see(Of::Vehicle, vehicle.as_str());
                }
            }
            H::LotUnloaded { lot, .. } => see(Of::Lot, lot.as_str()),
            H::LotLoaded { departure, .. } | H::Departed { departure, .. } => {
                see(Of::Departure, departure.as_str());
            }
            H::Entry(entry) => spelt_in(entry, &mut see),
            _ => {}
        }
        if let Some(why) = wrong {
            self.fail("K1", why);
        }
    }

    fn lot(&self, lot: &LotId) -> Option<String> {
        (!self.lots.contains_key(lot.as_str())).then(|| format!("there is no lot {lot}"))
    }

    fn vehicle(&self, vehicle: &VehicleId) -> Option<String> {
        let known = self.vehicles.contains_key(vehicle.as_str());
        (!known).then(|| format!("vehicle {vehicle} was never here"))
    }

    fn thing(&self, thing: &Thing) -> Option<String> {
        match thing {
            Thing::Lot(lot) => self.lot(lot),
            Thing::Vehicle(vehicle) => self.vehicle(vehicle),
            Thing::Convoy(_) => None,
        }
    }

    fn person(&self, person: &PersonName) -> Option<String> {
        let known = self.people.contains_key(person.as_str());
        (!known).then(|| format!("there is no person {person}"))
    }

    fn exception(&self, exception: &str) -> Option<String> {
        let known = self.exceptions.contains_key(exception);
        (!known).then(|| format!("there is no exception {exception}"))
    }

    fn spot(&self, spot: &Spot) -> Option<String> {
        let (place, unit) = spot_of(spot);
        let known = self
            .place(&place)
            .is_some_and(|rule| rule.units.is_none_or(|units| (1..=units).contains(&unit)));
        (!known).then(|| format!("there is no unit {unit} of {place}"))
    }

    fn goods(&self, goods: &GoodsName) -> Option<String> {
        let mut classes = self.rules.iter().flat_map(|rules| &rules.goods);
        let known = classes.any(|rule| rule.goods == *goods);
        (!known).then(|| format!("there is no goods class {goods}"))
    }

    fn source(&self, source: &str) -> Option<String> {
        let mut sources = self.rules.iter().flat_map(|rules| &rules.vehicles);
        let known = sources.any(|rule| rule.source.as_str() == source);
        (!known).then(|| format!("there is no source {source}"))
    }

    fn manifest(&self, manifest: &str) -> Option<String> {
        let known = self.papers.contains_key(manifest);
        (!known).then(|| format!("there are no papers {manifest}"))
    }

    fn lines(&self, lines: &[ManifestLine]) -> Option<String> {
        let mut named: Vec<&str> = lines.iter().map(|line| line.lot.as_str()).collect();
        named.sort_unstable();
        let twice = named.windows(2).find(|pair| pair[0] == pair[1]);
        twice
            .map(|pair| format!("lot {} is on two lines", pair[0]))
            .or_else(|| lines.iter().find_map(|line| self.goods(&line.goods)))
    }

    /// The first name of something that is not there, in a few words.
    fn unknown(&self, what: &H) -> Option<String> {
        match what {
            H::ConvoyArrived {
                source, vehicles, ..
            } => self.source(source.as_str()).or_else(|| {
                let mut named: Vec<_> = vehicles.iter().collect();
                named.sort_unstable();
                let twice = named.windows(2).find(|pair| pair[0] == pair[1]);
                twice.map(|pair| format!("vehicle {} is named twice", pair[0]))
            }),
            H::VehiclePlaced { vehicle, spot }
            | H::VehicleLeft { vehicle, spot }
            | H::VehicleStepStarted { vehicle, spot, .. }
            | H::VehicleStepEnded { vehicle, spot, .. }
            | H::UnloadingStarted { vehicle, spot, .. } => {
                self.vehicle(vehicle).or_else(|| self.spot(spot))
            }
            H::LotUnloaded {
                vehicle,
                goods,
                spot,
                ..
            } => self
                .vehicle(vehicle)
                .or_else(|| self.goods(goods))
                .or_else(|| self.spot(spot)),
            H::VehicleEmptied { vehicle }
            | H::VehicleWashed { vehicle }
            | H::VehicleReleased { vehicle }
            | H::Entry(E::VehicleChecked { vehicle, .. } | E::VehicleSealed { vehicle, .. }) => {
                self.vehicle(vehicle)
            }
            H::LotStored { lot, spot }
            | H::LotSent { lot, spot }
            | H::TreatmentStarted { lot, spot, .. }
            | H::InspectionStarted { lot, spot, .. } => self.lot(lot).or_else(|| self.spot(spot)),
            H::TreatmentEnded { lot, .. }
            | H::LotInspected { lot, .. }
            | H::HoldStarted { lot, .. }
            | H::HoldRestarted { lot, .. }
            | H::HoldEnded { lot, .. }
            | H::LotReleased { lot }
            | H::LotLoaded { lot, .. }
            | H::LotDestroyed { lot }
            | H::LotSentBack { lot } => self.lot(lot),
            H::WorkPaused { thing, .. }
            | H::WorkResumed { thing, .. }
            | H::Waiting { thing, .. } => self.thing(thing),
            H::PlaceOpened { spot }
            | H::PlaceClosed { spot, .. }
            | H::PlaceBroken { spot }
            | H::PlaceRepaired { spot } => self.spot(spot),
            H::CapacityChanged { place, .. } => self.spot(&Spot {
                place: place.clone(),
                unit: 1,
            }),
            H::Entry(entry) => self.unknown_in(entry),
            _ => None,
        }
    }

    fn unknown_in(&self, entry: &E) -> Option<String> {
        match entry {
            E::PersonCleared { person, .. }
            | E::ClearanceLapsed { person, .. }
            | E::PersonShiftStarted { person }
            | E::PersonShiftEnded { person }
            | E::PersonPassedGate { person }
            | E::PersonReportedSick { person, .. } => self.person(person),
            E::ManifestAnnounced { source, lines, .. } => {
                self.source(source.as_str()).or_else(|| self.lines(lines))
            }
            E::ManifestAmended {
                manifest, lines, ..
            } => self
                .manifest(manifest.as_str())
                .or_else(|| self.lines(lines)),
            E::ManifestWithheld { manifest, .. } | E::ManifestRefused { manifest, .. } => {
                self.manifest(manifest.as_str())
            }
            E::NameVoided { thing, .. } => self.thing(thing),
            E::Noted { thing, .. } => thing.as_ref().and_then(|thing| self.thing(thing)),
            E::LotCounted { lot, .. }
            | E::LossDeclared { lot, .. }
            | E::DiscrepancyFound { lot, .. }
            | E::LotSplit { lot, .. }
            | E::TreatmentDosed { lot, .. }
            | E::TreatmentRead { lot, .. }
            | E::TreatmentJudged { lot, .. }
            | E::TreatmentVoided { lot, .. }
            | E::SampleTaken { lot, .. }
            | E::LotRecalled { lot, .. }
            | E::CreditWitnessed { lot, .. } => self.lot(lot),
            E::LotFrozen { lot, exception, .. } => {
                self.lot(lot).or_else(|| self.exception(exception.as_str()))
            }
            E::Signed { lot, signer, .. } | E::SignatureWithdrawn { lot, signer, .. } => {
                self.lot(lot).or_else(|| self.person(signer))
            }
            E::CreditAsked { lot, witness, .. } | E::ClockCredited { lot, witness, .. } => {
                self.lot(lot).or_else(|| self.person(witness))
            }
            E::StockRecorded { lots } => lots.iter().find_map(|lot| {
                (self.goods(&lot.goods))
                    .or_else(|| self.source(lot.source.as_str()))
                    .or_else(|| self.spot(&lot.spot))
            }),
            E::StockCredited { lot, .. } => self.lot(lot),
            E::ResultEntered { sample, .. } => {
                let known = self.samples.contains_key(sample.as_str());
                (!known).then(|| format!("there is no sample {sample}"))
            }
            E::ContactSeen { lots, .. } | E::ExceptionOpened { lots, .. } => {
                lots.iter().find_map(|lot| self.lot(lot))
            }
            E::ExceptionClosed { exception, .. } => self.exception(exception.as_str()),
            E::ContaminationFound { on, .. } => match on {
                Soiled::Lot(lot) => self.lot(lot),
                Soiled::Vehicle(vehicle) => self.vehicle(vehicle),
                Soiled::Unit(place, unit) => self.spot(&Spot {
                    place: place.clone(),
                    unit: *unit,
                }),
            },
            E::Worked { thing, people } => self
                .thing(thing)
                .or_else(|| people.iter().find_map(|person| self.person(person))),
            _ => None,
        }
    }
}

/// The names that an entry gives.
fn spelt_in(entry: &E, see: &mut impl FnMut(Of, &str)) {
    match entry {
        E::PersonAppointed { person, .. } => see(Of::Person, person.as_str()),
        E::RulesAdopted { rules } => {
            for rule in &rules.places {
                see(Of::Place, rule.place.as_str());
            }
            for rule in &rules.goods {
                see(Of::Goods, rule.goods.as_str());
            }
            for rule in &rules.vehicles {
                see(Of::Source, rule.source.as_str());
            }
        }
        E::ManifestAnnounced {
            manifest,
            convoy,
            lines,
            ..
        } => {
            see(Of::Papers, manifest.as_str());
            see(Of::Convoy, convoy.as_str());
            see_lines(lines, see);
        }
        E::ManifestAmended { lines, .. } => see_lines(lines, see),
        E::TrialDeclared { convoy } => see(Of::Convoy, convoy.as_str()),
        E::LotSplit { parts, .. } => {
            for part in parts {
                see(Of::Lot, part.lot.as_str());
            }
        }
        E::SampleTaken { sample, .. } => see(Of::Sample, sample.as_str()),
        E::StockRecorded { lots } => {
            for lot in lots {
                see(Of::Lot, lot.lot.as_str());
                for test in &lot.tests {
                    see(Of::Sample, test.sample.as_str());
                }
            }
        }
        E::ExceptionOpened { exception, .. }
        | E::DiscrepancyFound { exception, .. }
        | E::ContaminationFound { exception, .. }
        | E::PersonReportedSick { exception, .. } => see(Of::Exception, exception.as_str()),
        _ => {}
    }
}

fn see_lines(lines: &[ManifestLine], see: &mut impl FnMut(Of, &str)) {
    for line in lines {
        see(Of::Vehicle, line.vehicle.as_str());
        see(Of::Lot, line.lot.as_str());
    }
}
