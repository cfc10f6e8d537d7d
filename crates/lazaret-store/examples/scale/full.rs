//! A gateway as large as the largest port, through the ledger's own rules: for figures.

use jiff::Timestamp;
use lazaret_ledger::canonical::to_vec;
use lazaret_ledger::{Accepted, Command, Digest, Ledger, Sealed};
use lazaret_vocabulary::event::entry::{Entry as E, PersonName};
use lazaret_vocabulary::event::rules::Contact;
use lazaret_vocabulary::event::{
    ConvoyId, GoodsName, Happening as H, LotId, SourceName, VehicleId,
};

use crate::scene::{self, Scene, after, spot};

/// A ledger of `lots` held lots, each with half a dozen records, `together` in a bay at a time.
///
/// * `bays` — how many bays there are. In each, one lot of every load waits until the next load is in, so that all
///   lots of a bay hang together.
/// * `treated` — whether they are treated and go to the yard, or only pass through the bay.
/// * `keep` — is given every record that the lots leave behind, in order, the gateway's opening first.
pub(crate) fn full(
    lots: usize,
    together: usize,
    bays: usize,
    treated: bool,
    keep: &mut dyn FnMut(Sealed),
) -> (Ledger, Timestamp) {
    let mut rules = scene::rules();
    for place in &mut rules.places {
        place.units = None;
        place.slots = None;
    }
    rules.remember_s = 600;
    rules.people.gate = false;
    rules.places[1].contact = Contact::Traced;
    let mut protocol = scene::protocol();
    protocol.tests.clear();
    protocol.treatments[0].agents.clear();
    protocol.treatments[0].contact_s = 0;
    let scene = Scene::with(rules, vec![protocol]);
    for record in &scene.records {
        let json = to_vec(record).unwrap();
        keep(Sealed {
            digest: Digest::of(&json),
            record: record.clone(),
            json,
        });
    }
    let (mut ledger, mut now) = (scene.ledger, scene.now);
    let mut count = 0_u64;
    let mut say = |ledger: &mut Ledger, by: &str, what: H, now: Timestamp| {
        count += 1;
        let command = Command {
            id: lazaret_ledger::CommandId::new(format!("f{count}")).unwrap(),
            by: PersonName::new(by),
            device: None,
            site: None,
            issued_at: now,
            at: now,
            crew: Vec::new(),
            acknowledged: vec![lazaret_ledger::Warning::NoPapers],
            corrects: None,
            body: None,
            what,
        };
        match ledger.submit(&command, now) {
            Ok(Accepted::New(sealed)) => keep(*sealed),
            other => panic!("{:?}: {other:?}", command.what),
        }
    };
    let mut waits: Vec<Option<String>> = vec![None; bays];
    for convoy in 0..lots / together {
        let vehicle = format!("v{convoy:07}");
        let bay = convoy % bays;
        let unit = bay as u32 + 1;
        say(
            &mut ledger,
            "yard",
            H::ConvoyArrived {
                convoy: ConvoyId::new(format!("k{convoy}")),
                source: SourceName::new("dandong"),
                vehicles: vec![VehicleId::new(vehicle.as_str())],
            },
            now,
        );
        say(
            &mut ledger,
            "yard",
            scene::placed(&vehicle, "platform", unit),
            now,
        );
        let names: Vec<String> = (0..together)
            .map(|nth| format!("{vehicle}-{nth:02}"))
            .collect();
        for lot in &names {
            say(
                &mut ledger,
                "yard",
                H::LotUnloaded {
                    lot: LotId::new(lot.as_str()),
                    vehicle: VehicleId::new(vehicle.as_str()),
                    goods: GoodsName::new("general"),
                    spot: spot("platform", unit),
                },
                now,
            );
            say(
                &mut ledger,
                "yard",
                scene::stored(lot, "warehouse", unit),
                now,
            );
            if !treated {
                continue;
            }
            say(
                &mut ledger,
                "lead",
                scene::treatment_started(lot, unit),
                now,
            );
        }
        now = after(now, 2);
        let later = after(now, 1);
        for lot in &names {
            if treated {
                say(
                    &mut ledger,
                    "lead",
                    scene::treatment_ended(lot, unit),
                    later,
                );
            }
            let goes = if lot == &names[together - 1] {
                waits[bay].replace(lot.clone())
            } else {
                Some(lot.clone())
            };
            if let Some(lot) = goes {
                let place = if treated { "yard" } else { "platform" };
                say(&mut ledger, "crew", scene::stored(&lot, place, unit), later);
            }
            if !treated {
                continue;
            }
            say(
                &mut ledger,
                "auditor",
                E::Noted {
                    thing: Some(lazaret_vocabulary::event::Thing::Lot(LotId::new(
                        lot.as_str(),
                    ))),
                    text: "seen".into(),
                }
                .into(),
                later,
            );
        }
        now = later;
        // The wagon goes home, so that two million of them are not here at once.
        say(
            &mut ledger,
            "yard",
            H::VehicleEmptied {
                vehicle: VehicleId::new(vehicle.as_str()),
            },
            now,
        );
    }
    (ledger, now)
}
