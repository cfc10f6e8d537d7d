//! Events in words: one plain line each, in the vocabulary of the glossary.
//!
//! Screens in other languages make their own from the event; these are for logs, tables, exports and the first look.

use lazaret_vocabulary::event::entry::{Entry, Outcome, Soiled, Surface, Tally};
use lazaret_vocabulary::event::{Cause, Event, Finding, Happening, Thing};

/// What happened, as a sentence without a full stop.
pub(crate) fn words(happening: &Happening) -> String {
    use Happening as H;
    match happening {
        H::ConvoySent {
            convoy,
            source,
            vehicles,
        } => format!(
            "convoy {convoy} with {} left {source}",
            count_of(u64::from(*vehicles), "vehicle")
        ),
        H::ConvoyCancelled { source, cause } => {
            format!(
                "a convoy from {source} did not leave: {}",
                cause_words(cause)
            )
        }
        H::ConvoyArrived {
            convoy, vehicles, ..
        } => format!(
            "convoy {convoy} arrived with {}",
            count_of(vehicles.len() as u64, "vehicle")
        ),
        H::VehiclePlaced { vehicle, spot } => {
            format!("vehicle {vehicle} stands at {} {}", spot.place, spot.unit)
        }
        H::VehicleLeft { vehicle, spot } => {
            format!("vehicle {vehicle} left {} {}", spot.place, spot.unit)
        }
        H::VehicleStepStarted { vehicle, step, .. } => format!("{step} of {vehicle} began"),
        H::VehicleStepEnded { vehicle, step, .. } => format!("{step} of {vehicle} ended"),
        H::UnloadingStarted { vehicle, spot, .. } => {
            format!(
                "unloading of {vehicle} began at {} {}",
                spot.place, spot.unit
            )
        }
        H::LotUnloaded {
            lot,
            vehicle,
            goods,
            ..
        } => format!("lot {lot} ({goods}) was unloaded from {vehicle}"),
        H::LotStored { lot, spot } => format!("lot {lot} was put in {} {}", spot.place, spot.unit),
        H::TreatmentStarted { lot, step, spot } => {
            format!("{step} of {lot} began in {} {}", spot.place, spot.unit)
        }
        H::TreatmentEnded { lot, step, .. } => format!("{step} of {lot} ended"),
        H::WorkPaused { thing, step, cause } => format!(
            "{step} of {} paused: {}",
            thing_name(thing),
            cause_words(cause)
        ),
        H::WorkResumed { thing, step } => format!("{step} of {} went on", thing_name(thing)),
        H::InspectionStarted { lot, step, .. } => format!("{step} of {lot} began"),
        H::LotInspected { lot, step, finding } => {
            let found = match finding {
                Finding::Pass => "in order",
                Finding::Again => "to be treated again",
                Finding::Fail => "refused",
                Finding::Destroy => "condemned",
            };
            format!("{step} of {lot}: {found}")
        }
        H::HoldStarted { lot, until, .. } => {
            format!("the clock of {lot} runs; held until {until} or later")
        }
        H::HoldRestarted {
            lot,
            until,
            because,
            ..
        } => format!("the clock of {lot} began anew, until {until}: {because}"),
        H::HoldEnded { lot, .. } => format!("the clock of {lot} has run"),
        H::LotReleased { lot } => format!("lot {lot} was released"),
        H::LotLoaded {
            lot,
            departure,
            wagon,
        } => match wagon {
            Some(wagon) => format!("lot {lot} was loaded for {departure}, in {wagon}"),
            None => format!("lot {lot} was loaded for {departure}"),
        },
        H::Departed {
            departure, lots, ..
        } => format!(
            "{departure} left with {}",
            count_of(u64::from(*lots), "lot")
        ),
        H::DepartureCancelled { step, ready, least } => {
            format!("{step} did not leave: {ready} lots ready, {least} the least")
        }
        H::LotSent { lot, spot } => format!("lot {lot} was sent to {} {}", spot.place, spot.unit),
        H::LotDestroyed { lot } => format!("lot {lot} was destroyed"),
        H::LotSentBack { lot } => format!("lot {lot} went back to its sender"),
        H::VehicleEmptied { vehicle } => format!("vehicle {vehicle} is empty"),
        H::VehicleWashed { vehicle } => format!("vehicle {vehicle} was washed"),
        H::VehicleReleased { vehicle } => format!("vehicle {vehicle} left for home"),
        H::VehicleReturned { vehicle, source } => format!("vehicle {vehicle} is back at {source}"),
        H::PlaceOpened { spot } => format!("{} {} opened", spot.place, spot.unit),
        H::PlaceClosed { spot, because } => {
            format!("{} {} closed: {because}", spot.place, spot.unit)
        }
        H::PlaceBroken { spot } => format!("{} {} broke down", spot.place, spot.unit),
        H::PlaceRepaired { spot } => format!("{} {} was repaired", spot.place, spot.unit),
        H::CapacityChanged { place, slots } => format!("{place} has {slots} slots now"),
        H::ShiftStarted { resource } => format!("{resource} came on shift"),
        H::ShiftEnded { resource } => format!("{resource} went off shift"),
        H::Waiting { thing, step, cause } => format!(
            "{} waits for {step}: {}",
            thing_name(thing),
            cause_words(cause)
        ),
        H::Blocked {
            thing, spot, cause, ..
        } => format!(
            "{} is blocked at {} {}: {}",
            thing_name(thing),
            spot.place,
            spot.unit,
            cause_words(cause)
        ),
        H::Deadlocked { places } => format!(
            "nothing can move between {}",
            list(places.iter().map(ToString::to_string))
        ),
        H::Entry(entry) => entry_words(entry),
    }
}

fn entry_words(entry: &Entry) -> String {
    use Entry as E;
    match entry {
        E::RulesAdopted { rules } => format!("the rules of {} were adopted", rules.gateway),
        E::ProtocolAdopted { protocol } => format!(
            "version {} of protocol {} was adopted, from {}",
            protocol.version, protocol.protocol, protocol.from
        ),
        E::RulesProposed { rules } => {
            format!("rules of {} that ask for less were proposed", rules.gateway)
        }
        E::ProtocolProposed { protocol } => format!(
            "version {} of protocol {}, which asks for less, was proposed",
            protocol.version, protocol.protocol
        ),
        E::PersonAppointed { person, roles } if roles.is_empty() => {
            format!("{person} has no role any more")
        }
        E::PersonAppointed { person, roles } => format!(
            "{person} is {}",
            list(roles.iter().map(|role| name_of(role).replace('_', " ")))
        ),
        E::PersonCleared { person, until, .. } => format!("{person} is cleared until {until}"),
        E::ClearanceLapsed { person, because } => {
            format!("the clearance of {person} lapsed: {because}")
        }
        E::PersonShiftStarted { person } => format!("{person} came on shift"),
        E::PersonShiftEnded { person } => format!("{person} went off shift"),
        E::PersonPassedGate { person } => format!("{person} passed the personnel gate"),
        E::PersonReportedSick { person, since, .. } => {
            format!("{person} reported sick since {since}")
        }
        E::ManifestAnnounced {
            manifest,
            convoy,
            lines,
            ..
        } => format!(
            "papers {manifest} announce {} with {convoy}",
            count_of(lines.len() as u64, "lot")
        ),
        E::ManifestAmended {
            manifest, because, ..
        } => format!("papers {manifest} were amended: {because}"),
        E::ManifestWithheld { manifest, because } => {
            format!("papers {manifest} were withheld: {because}")
        }
        E::ManifestRefused { manifest, because } => {
            format!("papers {manifest} were refused: {because}")
        }
        E::ConvoyPostponed {
            convoy,
            due,
            because,
        } => format!("convoy {convoy} comes at {due}: {because}"),
        E::NameVoided { thing, because } => {
            let name = match thing {
                Thing::Convoy(convoy) => format!("convoy {convoy}"),
                Thing::Vehicle(vehicle) => format!("vehicle {vehicle}"),
                Thing::Lot(lot) => format!("lot {lot}"),
            };
            format!("{name} was entered by mistake and is not here: {because}")
        }
        E::TrialDeclared { convoy } => format!("convoy {convoy} is an exercise"),
        E::VehicleChecked {
            vehicle,
            mark,
            seals,
        } => format!(
            "vehicle {vehicle} was checked: mark {mark}, seals {}",
            list(seals.iter().cloned())
        ),
        E::VehicleSealed { vehicle, seal } => format!("vehicle {vehicle} was sealed with {seal}"),
        E::LotCounted { lot, tally } => format!("lot {lot} was counted: {}", tally_words(tally)),
        E::DiscrepancyFound {
            lot, papers, found, ..
        } => format!(
            "lot {lot} has {} and {} by its papers",
            tally_words(found),
            tally_words(papers)
        ),
        E::LossDeclared { lot, lost, because } => {
            format!("{} of {lot} are lost: {because}", tally_words(lost))
        }
        E::LotSplit { lot, parts } => format!(
            "lot {lot} became {}",
            list(parts.iter().map(|part| part.lot.to_string()))
        ),
        E::TreatmentDosed {
            lot,
            step,
            agent,
            dose_mg_m3,
            ..
        } => match dose_mg_m3 {
            Some(dose) => format!("{step} of {lot} is done with {agent}, {dose} mg/m³"),
            None => format!("{step} of {lot} is done with {agent}"),
        },
        E::TreatmentRead { lot, reading, .. } => {
            let line =
                (reading.line.as_ref()).map_or_else(String::new, |at| format!(", line {at}"));
            format!(
                "read for {lot}{line}: {} mg/m³ at {} °C",
                reading.concentration_mg_m3,
                f64::from(reading.temperature_mc) / 1000.0
            )
        }
        E::TreatmentJudged {
            lot,
            step,
            valid: true,
            ..
        } => format!("{step} of {lot} counts"),
        E::TreatmentJudged {
            lot, step, because, ..
        } => format!(
            "{step} of {lot} does not count: {}",
            because.as_deref().unwrap_or("no reason given")
        ),
        E::TreatmentVoided { lot, because } => {
            format!("treatments, tests and clock of {lot} are void: {because}")
        }
        E::SampleTaken { lot, sample, test } => {
            format!("sample {sample} was taken from {lot} for {test}")
        }
        E::ResultEntered {
            sample, outcome, ..
        } => format!(
            "sample {sample} is {}",
            match outcome {
                Outcome::Negative => "negative",
                Outcome::Positive => "positive",
                Outcome::Inconclusive => "inconclusive",
            }
        ),
        E::ContactSeen { lots, because } => format!(
            "{} touched: {because}",
            list(lots.iter().map(ToString::to_string))
        ),
        E::ContaminationFound { on, because, .. } => {
            let on = match on {
                Soiled::Lot(lot) => format!("lot {lot}"),
                Soiled::Vehicle(vehicle) => format!("vehicle {vehicle}"),
                Soiled::Unit(place, unit) => format!("{place} {unit}"),
            };
            format!("contamination was found on {on}: {because}")
        }
        E::ExceptionOpened {
            exception, because, ..
        } => format!("exception {exception} was opened: {because}"),
        E::ExceptionClosed { exception, because } => {
            format!("exception {exception} was settled: {because}")
        }
        E::LotFrozen {
            lot,
            exception,
            link,
        } => match link {
            None => format!("lot {lot} is stopped by {exception}"),
            Some(link) => format!(
                "lot {lot} is stopped by {exception}: it met {} {}",
                link.from,
                surface_words(&link.surface)
            ),
        },
        E::LotRecalled {
            lot,
            exception,
            link,
        } => match link {
            None => format!("lot {lot} is called back by {exception}"),
            Some(link) => format!(
                "lot {lot} is called back by {exception}: it met {} {}",
                link.from,
                surface_words(&link.surface)
            ),
        },
        E::Signed {
            lot,
            signer,
            meaning,
            ..
        } => format!("{signer} signed for {lot}: {meaning}"),
        E::SignatureWithdrawn {
            lot,
            signer,
            because,
        } => format!("{signer} took back their signature for {lot}: {because}"),
        E::CreditAsked { lot, from, witness } => {
            format!("{witness} is asked to witness that the clock of {lot} counts from {from}")
        }
        E::CreditWitnessed { lot, from } => {
            format!("the clock of {lot} was seen to count from {from}")
        }
        E::TimeDoubted { wall, because } => {
            format!("the ledger stopped: {because} (its clock read {wall})")
        }
        E::TimeStated { time, because, .. } => format!("it is {time}: {because}"),
        E::TimeConfirmed { record, time, .. } => match time {
            Some(time) => format!("confirmed that it is {time} (record {record})"),
            None => format!("confirmed the time of record {record}"),
        },
        E::ClockCredited { lot, from, witness } => {
            format!("the clock of {lot} counts from {from}, as {witness} saw")
        }
        E::Worked { thing, people } => format!(
            "{} worked on {}",
            list(people.iter().map(ToString::to_string)),
            thing_name(thing)
        ),
        E::Corrected { record, because } => format!("record {record} is corrected: {because}"),
        E::WarningAcknowledged { warning, by, fact } => {
            format!("{by} saw the warning {}: {fact}", warning.replace('_', " "))
        }
        E::Noted { text, thing } => match thing {
            Some(thing) => format!("note on {}: {text}", thing_name(thing)),
            None => format!("note: {text}"),
        },
    }
}

/// How a surface brought two lots together.
pub(crate) fn surface_words(surface: &Surface) -> String {
    match surface {
        Surface::Vehicle(vehicle) => format!("in vehicle {vehicle}"),
        Surface::Unit(place, unit) => format!("in {place} {unit}"),
        Surface::Person(person) => format!("in the hands of {person}"),
        Surface::Seen => "before witnesses".into(),
    }
}

/// Pieces and mass.
pub(crate) fn tally_words(tally: &Tally) -> String {
    format!(
        "{}, {} kg",
        count_of(u64::from(tally.pieces), "piece"),
        tally.mass_kg
    )
}

/// What happened, a sentence for each event.
pub(crate) fn in_words(events: &[Event]) -> Vec<String> {
    events.iter().map(|event| words(&event.happening)).collect()
}

/// `event` of an event as in JSON.
pub(crate) fn name(event: &Event) -> String {
    serde_json::to_value(event)
        .ok()
        .and_then(|value| value.get("event")?.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// A name as in JSON of anything that is one word there.
pub(crate) fn name_of(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

fn thing_name(thing: &Thing) -> String {
    match thing {
        Thing::Convoy(convoy) => format!("convoy {convoy}"),
        Thing::Vehicle(vehicle) => format!("vehicle {vehicle}"),
        Thing::Lot(lot) => format!("lot {lot}"),
    }
}

fn cause_words(cause: &Cause) -> String {
    match cause {
        Cause::NoRoom(place) => format!("{place} has no room"),
        Cause::Closed(place) => format!("{place} is closed"),
        Cause::Broken(place) => format!("{place} is broken"),
        Cause::Segregated(place) => format!("{place} holds goods that must be kept apart"),
        Cause::NoResource(resource) => format!("no {resource} is free"),
        Cause::NoVehicle(source) => format!("too few vehicles are at {source}"),
        Cause::SourceClosed(why) => why.clone(),
        Cause::NoDeparture(step) => format!("the next {step} has not come"),
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    match &items[..] {
        [] => "none".into(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// `1 vehicle`, `2 vehicles`.
fn count_of(count: u64, one: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {one}s"),
    }
}
