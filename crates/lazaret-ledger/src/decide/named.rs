//! Every name in a happening, by what it is the name of.
//!
//! A new variant or field does not compile until its names are listed here.

use lazaret_vocabulary::event::entry::{
    AgentName, Entry, ExceptionId, LineName, Link, LotPart, ManifestId, ManifestLine, PersonName,
    ProtocolName, SampleId, Soiled, Surface, TestName,
};
use lazaret_vocabulary::event::rules::{ClockFrom, HoldRule, Protocol, RuleBook};
use lazaret_vocabulary::event::{
    Cause, ConvoyId, DepartureId, GoodsName, Happening, LotId, PlaceName, ResourceName, SourceName,
    Spot, StepName, Thing, VehicleId,
};

use super::door::Name;
use crate::refusal::Noun;

macro_rules! named {
    ($($name:ident = $what:ident;)*) => {$(
        impl Name for $name {
            fn text(&self) -> &str {
                self.as_str()
            }
            fn put(&mut self, text: &str) {
                *self = $name::new(text);
            }
        }

        impl Named for $name {
            fn see(&mut self, see: See<'_>) {
                see(Noun::$what, self);
            }
        }
    )*};
}

type See<'s> = &'s mut dyn FnMut(Noun, &mut dyn Name);

/// Something with names in it.
trait Named {
    fn see(&mut self, see: See<'_>);
}

named! {
    ConvoyId = Convoy;
    VehicleId = Vehicle;
    LotId = Lot;
    DepartureId = Departure;
    SourceName = Source;
    PlaceName = Place;
    StepName = Step;
    GoodsName = Goods;
    ResourceName = Resource;
    ManifestId = Manifest;
    PersonName = Person;
    SampleId = Sample;
    ExceptionId = Exception;
    AgentName = Agent;
    TestName = Test;
    ProtocolName = Protocol;
    LineName = Line;
}

impl Name for String {
    fn text(&self) -> &str {
        self
    }
    fn put(&mut self, text: &str) {
        text.clone_into(self);
    }
}

impl<T: Named> Named for Vec<T> {
    fn see(&mut self, see: See<'_>) {
        self.iter_mut().for_each(|one| one.see(see));
    }
}

impl<T: Named> Named for Option<T> {
    fn see(&mut self, see: See<'_>) {
        self.iter_mut().for_each(|one| one.see(see));
    }
}

/// Lets `$see` look at every name of `$part`, one after the other.
macro_rules! look_at {
    ($see:ident: $($part:expr),+) => {{ $(Named::see($part, $see);)+ }};
}

impl Named for Spot {
    fn see(&mut self, see: See<'_>) {
        self.place.see(see);
    }
}

impl Named for Thing {
    fn see(&mut self, see: See<'_>) {
        match self {
            Thing::Convoy(convoy) => convoy.see(see),
            Thing::Vehicle(vehicle) => vehicle.see(see),
            Thing::Lot(lot) => lot.see(see),
        }
    }
}

impl Named for Cause {
    fn see(&mut self, see: See<'_>) {
        match self {
            Cause::NoRoom(place)
            | Cause::Closed(place)
            | Cause::Broken(place)
            | Cause::Segregated(place) => place.see(see),
            Cause::NoResource(resource) => resource.see(see),
            Cause::NoVehicle(source) => source.see(see),
            Cause::NoDeparture(step) => step.see(see),
            Cause::SourceClosed(_) => {}
        }
    }
}

impl Named for ManifestLine {
    fn see(&mut self, see: See<'_>) {
        look_at!(see: &mut self.vehicle, &mut self.lot, &mut self.goods);
        for seal in &mut self.seals {
            see(Noun::Seal, seal);
        }
    }
}

impl Named for LotPart {
    fn see(&mut self, see: See<'_>) {
        self.lot.see(see);
    }
}

impl Named for Link {
    fn see(&mut self, see: See<'_>) {
        self.from.see(see);
        match &mut self.surface {
            Surface::Vehicle(vehicle) => vehicle.see(see),
            Surface::Unit(place, _) => place.see(see),
            Surface::Person(person) => person.see(see),
            Surface::Seen => {}
        }
    }
}

impl Named for Soiled {
    fn see(&mut self, see: See<'_>) {
        match self {
            Soiled::Lot(lot) => lot.see(see),
            Soiled::Vehicle(vehicle) => vehicle.see(see),
            Soiled::Unit(place, _) => place.see(see),
        }
    }
}

impl Named for RuleBook {
    fn see(&mut self, see: See<'_>) {
        for rule in &mut self.places {
            rule.place.see(see);
        }
        for rule in &mut self.places {
            rule.leads_to.see(see);
        }
        for rule in &mut self.goods {
            rule.goods.see(see);
        }
        for rule in &mut self.goods {
            look_at!(see: &mut rule.apart_from, &mut rule.spoiled_by);
        }
        for rule in &mut self.vehicles {
            rule.source.see(see);
        }
    }
}

impl Named for HoldRule {
    fn see(&mut self, see: See<'_>) {
        look_at!(see: &mut self.step, &mut self.before);
        match &mut self.clock {
            ClockFrom::Stored(place) => place.see(see),
            ClockFrom::StepStart(step) | ClockFrom::StepEnd(step) => step.see(see),
            ClockFrom::Arrival => {}
        }
    }
}

impl Named for Protocol {
    fn see(&mut self, see: See<'_>) {
        look_at!(see: &mut self.protocol, &mut self.goods, &mut self.sources);
        for rule in &mut self.treatments {
            look_at!(see: &mut rule.step, &mut rule.places);
            for agent in &mut rule.agents {
                agent.agent.see(see);
            }
        }
        for rule in &mut self.inspections {
            look_at!(see: &mut rule.step, &mut rule.again);
        }
        for rule in &mut self.tests {
            rule.test.see(see);
        }
        self.hold.see(see);
    }
}

/// Lets `see` look at every name, in the order in which they are written.
pub(super) fn every_name(happening: &mut Happening, see: See<'_>) {
    use Happening as H;
    match happening {
        H::ConvoySent { convoy, source, .. } => look_at!(see: convoy, source),
        H::ConvoyCancelled { source, cause } => look_at!(see: source, cause),
        H::ConvoyArrived {
            convoy,
            source,
            vehicles,
        } => look_at!(see: convoy, source, vehicles),
        H::VehiclePlaced { vehicle, spot } | H::VehicleLeft { vehicle, spot } => {
            look_at!(see: vehicle, spot);
        }
        H::VehicleStepStarted {
            vehicle,
            step,
            spot,
        }
        | H::VehicleStepEnded {
            vehicle,
            step,
            spot,
        }
        | H::UnloadingStarted {
            vehicle,
            step,
            spot,
        } => look_at!(see: vehicle, step, spot),
        H::LotUnloaded {
            lot,
            vehicle,
            goods,
            spot,
        } => look_at!(see: lot, vehicle, goods, spot),
        H::LotStored { lot, spot } | H::LotSent { lot, spot } => look_at!(see: lot, spot),
        H::TreatmentStarted { lot, step, spot }
        | H::TreatmentEnded { lot, step, spot }
        | H::InspectionStarted { lot, step, spot } => look_at!(see: lot, step, spot),
        H::WorkPaused { thing, step, cause } => look_at!(see: thing, step, cause),
        H::WorkResumed { thing, step } => look_at!(see: thing, step),
        H::LotInspected { lot, step, .. }
        | H::HoldStarted { lot, step, .. }
        | H::HoldRestarted { lot, step, .. }
        | H::HoldEnded { lot, step } => look_at!(see: lot, step),
        H::LotReleased { lot } | H::LotDestroyed { lot } | H::LotSentBack { lot } => lot.see(see),
        H::LotLoaded {
            lot,
            departure,
            wagon,
        } => look_at!(see: lot, departure, wagon),
        H::Departed {
            departure, step, ..
        } => look_at!(see: departure, step),
        H::DepartureCancelled { step, .. } => step.see(see),
        H::VehicleEmptied { vehicle }
        | H::VehicleWashed { vehicle }
        | H::VehicleReleased { vehicle } => vehicle.see(see),
        H::VehicleReturned { vehicle, source } => look_at!(see: vehicle, source),
        H::PlaceOpened { spot }
        | H::PlaceClosed { spot, .. }
        | H::PlaceBroken { spot }
        | H::PlaceRepaired { spot } => spot.see(see),
        H::CapacityChanged { place, .. } => place.see(see),
        H::ShiftStarted { resource } | H::ShiftEnded { resource } => resource.see(see),
        H::Waiting { thing, step, cause } => look_at!(see: thing, step, cause),
        H::Blocked {
            thing,
            step,
            spot,
            cause,
        } => look_at!(see: thing, step, spot, cause),
        H::Deadlocked { places } => places.see(see),
        H::Entry(entry) => names_of_entry(entry, see),
    }
}

fn names_of_entry(entry: &mut Entry, see: See<'_>) {
    use Entry as E;
    match entry {
        E::RulesAdopted { rules } | E::RulesProposed { rules } => rules.see(see),
        E::ProtocolAdopted { protocol } | E::ProtocolProposed { protocol } => protocol.see(see),
        E::PersonCleared { person, agents, .. } => look_at!(see: person, agents),
        E::PersonAppointed { person, .. }
        | E::ClearanceLapsed { person, .. }
        | E::PersonShiftStarted { person }
        | E::PersonShiftEnded { person }
        | E::PersonPassedGate { person } => person.see(see),
        E::PersonReportedSick {
            person, exception, ..
        } => look_at!(see: person, exception),
        E::ManifestAnnounced {
            manifest,
            convoy,
            source,
            lines,
            ..
        } => look_at!(see: manifest, convoy, source, lines),
        E::ManifestAmended {
            manifest, lines, ..
        } => look_at!(see: manifest, lines),
        E::ManifestWithheld { manifest, .. } | E::ManifestRefused { manifest, .. } => {
            manifest.see(see);
        }
        E::TrialDeclared { convoy } | E::ConvoyPostponed { convoy, .. } => convoy.see(see),
        E::NameVoided { thing, .. } => thing.see(see),
        E::VehicleChecked { vehicle, seals, .. } => {
            vehicle.see(see);
            for seal in seals {
                see(Noun::Seal, seal);
            }
        }
        E::VehicleSealed { vehicle, seal } => {
            vehicle.see(see);
            see(Noun::Seal, seal);
        }
        E::LotCounted { lot, .. }
        | E::LossDeclared { lot, .. }
        | E::TreatmentVoided { lot, .. } => {
            lot.see(see);
        }
        E::DiscrepancyFound { lot, exception, .. } => look_at!(see: lot, exception),
        E::LotSplit { lot, parts } => look_at!(see: lot, parts),
        E::TreatmentDosed {
            lot, step, agent, ..
        } => look_at!(see: lot, step, agent),
        E::TreatmentRead { lot, step, reading } => {
            look_at!(see: lot, step, &mut reading.line);
        }
        E::TreatmentJudged { lot, step, pin, .. } => look_at!(see: lot, step, &mut pin.protocol),
        E::SampleTaken { lot, sample, test } => look_at!(see: lot, sample, test),
        E::ResultEntered {
            sample, exception, ..
        } => look_at!(see: sample, exception),
        E::ContactSeen { lots, .. } => lots.see(see),
        E::ContaminationFound { on, exception, .. } => look_at!(see: on, exception),
        E::ExceptionOpened {
            exception, lots, ..
        } => look_at!(see: exception, lots),
        E::ExceptionClosed { exception, .. } => exception.see(see),
        E::LotFrozen {
            lot,
            exception,
            link,
        }
        | E::LotRecalled {
            lot,
            exception,
            link,
        } => look_at!(see: lot, exception, link),
        E::Signed { lot, signer, .. } | E::SignatureWithdrawn { lot, signer, .. } => {
            look_at!(see: lot, signer);
        }
        E::ClockCredited { lot, witness, .. } | E::CreditAsked { lot, witness, .. } => {
            look_at!(see: lot, witness);
        }
        E::CreditWitnessed { lot, .. } => lot.see(see),
        E::Worked { thing, people } => look_at!(see: thing, people),
        E::WarningAcknowledged { by, .. } => by.see(see),
        E::Noted { thing, .. } => thing.see(see),
        E::Corrected { .. }
        | E::TimeDoubted { .. }
        | E::TimeStated { .. }
        | E::TimeConfirmed { .. } => {}
    }
}
