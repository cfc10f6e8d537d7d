//! A gateway file that changes while its ledger is in use.

use jiff::Timestamp;
use lazaret_bridge::{
    OpenKind, Renamed, Stated, Wishes, adoption, founding, founding_protocols, founding_rules,
    open_choices,
};
use lazaret_gateway::model::Gateway;
use lazaret_ledger::{Command, CommandId, Ledger, Warning};
use lazaret_vocabulary::event::entry::{Entry, PersonName, Role};
use lazaret_vocabulary::event::{
    ConvoyId, GoodsName, Happening, LotId, PlaceName, SourceName, Spot, VehicleId,
};

const UIJU: &str = include_str!("../../../../examples/uiju/gateway.toml");

fn read(text: &str) -> Gateway {
    let no_files = |_: &str| Err("no files here".to_string());
    lazaret_gateway::read(text, &[] as &[&str], &no_files)
        .unwrap_or_else(|found| panic!("{found:?}"))
        .gateway
}

fn now() -> Timestamp {
    "2026-11-30T12:00:00Z".parse().unwrap()
}

fn say(ledger: &mut Ledger, key: &str, what: impl Into<Happening>) {
    let command = Command {
        id: CommandId::new(key).unwrap(),
        by: PersonName::new("ada"),
        device: None,
        site: None,
        issued_at: now(),
        at: now(),
        crew: Vec::new(),
        acknowledged: vec![Warning::NoPapers],
        corrects: None,
        body: None,
        what: what.into(),
    };
    ledger
        .submit(&command, now())
        .unwrap_or_else(|refusal| panic!("{key}: {refusal}"));
}

/// A ledger founded with a file, and one lot in its warehouse.
fn founded(text: &str) -> Ledger {
    let gateway = read(text);
    let mut ledger = Ledger::default();
    ledger
        .submit(&founding(&gateway, &Stated::default(), now()), now())
        .unwrap();
    let person = PersonName::new("ada");
    let roles = vec![Role::Administrator, Role::YardMaster, Role::Gate];
    say(
        &mut ledger,
        "a",
        Entry::PersonAppointed {
            person: person.clone(),
            roles,
        },
    );
    say(
        &mut ledger,
        "b",
        Entry::PersonCleared {
            person,
            until: "2199-01-01T00:00:00Z".parse().unwrap(),
            agents: Vec::new(),
        },
    );
    for (number, protocol) in founding_protocols(&gateway, now(), 2, &Stated::default())
        .into_iter()
        .enumerate()
    {
        say(
            &mut ledger,
            &format!("p{number}"),
            Entry::ProtocolAdopted {
                protocol: Box::new(protocol),
            },
        );
    }
    let spot = |place: &str| Spot {
        place: PlaceName::new(place),
        unit: 1,
    };
    say(
        &mut ledger,
        "c",
        Happening::ConvoyArrived {
            convoy: ConvoyId::new("k"),
            source: SourceName::new("dandong"),
            vehicles: vec![VehicleId::new("v1"), VehicleId::new("v2")],
        },
    );
    for vehicle in ["v1", "v2"] {
        let lot = LotId::new(format!("{vehicle}-1"));
        let id = VehicleId::new(vehicle);
        say(
            &mut ledger,
            &format!("d{vehicle}"),
            Happening::VehiclePlaced {
                vehicle: id.clone(),
                spot: spot("platform"),
            },
        );
        say(
            &mut ledger,
            &format!("e{vehicle}"),
            Happening::LotUnloaded {
                lot: lot.clone(),
                vehicle: id,
                goods: GoodsName::new("general"),
                spot: spot("platform"),
            },
        );
        say(
            &mut ledger,
            &format!("f{vehicle}"),
            Happening::LotStored {
                lot,
                spot: spot("warehouse"),
            },
        );
    }
    ledger
}

fn stated(all: &[(OpenKind, &str)]) -> Stated {
    let mut stated = Stated::default();
    for (kind, text) in all {
        stated.state(*kind, text).unwrap();
    }
    stated
}

#[test]
fn what_the_file_leaves_open_is_asked_and_never_chosen_in_silence() {
    let gateway = read(UIJU);
    let open = open_choices(&gateway);
    assert_eq!(open.len(), 6, "{open:?}");
    assert_eq!(
        open[1].to_string(),
        "hold of medicine: 14 d to 30 d in the file (step.hold.takes, by unknown.hold_time)"
    );
    assert_eq!(open[1].flag(), "--hold medicine=30d");
    assert_eq!(Stated::default().missing(&gateway), open);
    // One length for all classes, another for one of them.
    let some = stated(&[
        (OpenKind::Hold, "30d"),
        (OpenKind::Hold, "dairy=21 d"),
        (OpenKind::Contact, "disinfect=1 d 6 h"),
    ]);
    assert!(some.missing(&gateway).is_empty() && some.wrong(&gateway).is_empty());
    for protocol in founding_protocols(&gateway, now(), 2, &some) {
        let days = match protocol.protocol.as_str() {
            "dairy" => 21,
            _ => 30,
        };
        assert_eq!(protocol.hold.unwrap().hold_s, days * 86_400);
        assert_eq!(protocol.treatments[0].contact_s, 30 * 3_600);
    }
    // Less than the file allows, more than it allows, and what it does not leave open.
    for (kind, text) in [
        (OpenKind::Hold, "13d"),
        (OpenKind::Hold, "general=31d"),
        (OpenKind::Hold, "genral=20d"),
        (OpenKind::Slots, "yard=10"),
    ] {
        assert_eq!(
            stated(&[(kind, text)]).wrong(&gateway).len().min(1),
            1,
            "{text}"
        );
    }
    for text in [
        "",
        "soon",
        "general=",
        "general=30",
        "general=-3d",
        "1.00001s",
        "general=30d d",
    ] {
        assert!(
            Stated::default().state(OpenKind::Hold, text).is_err(),
            "{text}"
        );
    }
    let exact = UIJU
        .replace("\"uniform(14 d, 30 d)\"", "\"14 d\"")
        .replace("\"uniform(24 h, 48 h)\"", "\"24 h\"");
    // An unknown of one value is none.
    assert_eq!(open_choices(&read(&exact)), Vec::new());
    // What has no end has no longest to offer, and is never nothing.
    let endless = read(&UIJU.replace("\"uniform(14 d, 30 d)\"", "\"exponential(20 d)\""));
    let open = open_choices(&endless);
    assert!(open[1].most.is_none(), "{open:?}");
    assert!(
        founding_protocols(&endless, now(), 2, &Stated::default())
            .iter()
            .all(|protocol| protocol.hold.as_ref().unwrap().hold_s > 365 * 86_400)
    );
    // Room is asked for as well.
    let room = read(&UIJU.replace("slots = 1200", "slots = \"uniform_int(800, 1200)\""));
    let open = open_choices(&room);
    assert_eq!(open[0].flag(), "--slots yard=1200");
    let rules = founding_rules(&room, &stated(&[(OpenKind::Slots, "yard=900")]));
    let yard = rules
        .places
        .iter()
        .find(|place| place.place.as_str() == "yard")
        .unwrap();
    assert_eq!((yard.slots, yard.pooled), (Some(900), true));
}

#[test]
fn what_a_changed_file_leaves_open_anew_is_asked_as_well() {
    let ledger = founded(UIJU);
    // Outside of what is recorded: 30 d is not within it.
    let wider = read(&UIJU.replace("\"uniform(14 d, 30 d)\"", "\"uniform(40 d, 60 d)\""));
    let asked = adoption(&wider, ledger.state(), &Wishes::default(), now());
    assert_eq!(asked.open.len(), 3, "{asked:?}");
    assert!(
        asked.obstacles[0].starts_with("hold of medicine: 40 d to 60 d"),
        "{asked:?}"
    );
    let wishes = Wishes {
        stated: stated(&[(OpenKind::Hold, "45d")]),
        held_too: true,
        ..Wishes::default()
    };
    let asked = adoption(&wider, ledger.state(), &wishes, now());
    assert_eq!(asked.obstacles, Vec::<String>::new());
    assert!(
        asked
            .differences
            .contains(&"general: a hold of 45 d instead of 30 d".to_owned()),
        "{asked:?}"
    );
    // Both lots that are here are told of, each with its place.
    let told: Vec<_> = (asked.lots.iter())
        .map(|lot| (lot.lot.as_str(), lot.spot.as_ref().map(|spot| spot.unit)))
        .collect();
    assert_eq!(told, [("v1-1", Some(1)), ("v2-1", Some(1))]);
    // A class that is new, with a hold that is open.
    let new = read(&UIJU.replace(
        "general  = { share = 0.60 }",
        "general = { share = 0.50 }\ngrain = { share = 0.10 }",
    ));
    let asked = adoption(&new, ledger.state(), &Wishes::default(), now());
    assert!(
        asked.open.iter().any(|open| open.name == "grain"),
        "{asked:?}"
    );
}

#[test]
fn a_file_that_did_not_change_asks_for_nothing() {
    let ledger = founded(UIJU);
    let same = adoption(&read(UIJU), ledger.state(), &Wishes::default(), now());
    assert!(same.entries.is_empty(), "{same:?}");
}

#[test]
fn what_a_changed_file_means_is_said_and_can_be_adopted() {
    let mut ledger = founded(UIJU);
    let place = "[place.yard]";
    let added = UIJU.replace(
        place,
        "[place.coldroom]\nslots = 10\nzone = \"clean\"\n\n[place.yard]",
    );
    let longer = added
        .replace("\"uniform(14 d, 30 d)\"", "\"35 d\"")
        .replace("count = 10 ", "count = 12 ");
    let asked = adoption(&read(&longer), ledger.state(), &Wishes::default(), now());
    assert!(asked.obstacles.is_empty(), "{asked:?}");
    for said in [
        "place coldroom is new",
        "warehouse has 12 units instead of 10",
        "general: a hold of 35 d instead of 30 d",
    ] {
        assert!(
            asked.differences.iter().any(|line| line == said),
            "{said}: {asked:?}"
        );
    }
    let protocols = asked
        .entries
        .iter()
        .filter(|entry| matches!(entry, Entry::ProtocolAdopted { .. }));
    assert_eq!(protocols.count(), 3);
    // A shorter hold asks for less.
    let shorter = UIJU.replace("\"uniform(14 d, 30 d)\"", "\"7 d\"");
    let asked = adoption(&read(&shorter), ledger.state(), &Wishes::default(), now());
    assert!(!asked.weaker.is_empty(), "{asked:?}");
    // A length within what the file leaves open is the operator's choice, and stays.
    let wider = UIJU.replace("\"uniform(14 d, 30 d)\"", "\"uniform(10 d, 40 d)\"");
    assert!(
        adoption(&read(&wider), ledger.state(), &Wishes::default(), now())
            .entries
            .is_empty()
    );
    // More time under treatment asks nobody else.
    let more = UIJU.replace("\"uniform(24 h, 48 h)\"", "\"60 h\"");
    let asked = adoption(&read(&more), ledger.state(), &Wishes::default(), now());
    assert!(asked.weaker.is_empty(), "{asked:?}");
    for (number, entry) in asked.entries.into_iter().enumerate() {
        say(&mut ledger, &format!("adopt{number}"), entry);
    }
    assert!(
        adoption(&read(&more), ledger.state(), &Wishes::default(), now())
            .entries
            .is_empty()
    );
}

#[test]
fn what_is_here_is_not_lost_by_a_changed_file() {
    let ledger = founded(UIJU);
    let renamed = UIJU.replace("general  = { share = 0.60 }", "mixed = { share = 0.60 }");
    let asked = adoption(&read(&renamed), ledger.state(), &Wishes::default(), now());
    assert!(
        asked
            .differences
            .contains(&"goods class general is removed".to_owned())
    );
    assert!(
        asked.obstacles[0].starts_with("2 lots of class general are here and 0 are announced"),
        "{asked:?}"
    );
    let moved = UIJU.replace("platform", "quay");
    let asked = adoption(&read(&moved), ledger.state(), &Wishes::default(), now());
    assert_eq!(
        asked.obstacles,
        ["0 lots and 2 vehicles are in platform: move them first"]
    );
    let fewer = UIJU
        .replace("slots = 8  ", "slots = 1  ")
        .replace("count = 10 ", "count = 1 ");
    let asked = adoption(&read(&fewer), ledger.state(), &Wishes::default(), now());
    let holds =
        |line: &String| line.contains("contains 2 and would have room for 1: nothing can enter");
    assert!(asked.consequences.iter().any(holds), "{asked:?}");
}

#[test]
fn a_class_that_is_renamed_is_held_to_what_it_was_held_to() {
    let mut ledger = founded(UIJU);
    let text = UIJU.replace("general", "mixed");
    let names = |old: &str, new: &str| Renamed {
        old: GoodsName::new(old),
        new: GoodsName::new(new),
    };
    let wish = |names: Renamed| Wishes {
        renamed: vec![names],
        ..Wishes::default()
    };
    // Without the mapping it is in the way: a lot of the class is here.
    let blind = adoption(&read(&text), ledger.state(), &Wishes::default(), now());
    assert!(!blind.obstacles.is_empty(), "{blind:?}");
    let asked = adoption(
        &read(&text),
        ledger.state(),
        &wish(names("general", "mixed")),
        now(),
    );
    assert_eq!(asked.obstacles, Vec::<String>::new());
    assert!(
        asked
            .differences
            .iter()
            .any(|line| line.starts_with("class general is called mixed; 2 lots")),
        "{:?}",
        asked.differences
    );
    // What it is held to stays, and both names are known.
    let old = ledger
        .state()
        .protocols()
        .find(|p| p.protocol.as_str().starts_with("general"));
    let old = old.cloned().unwrap();
    for (nth, entry) in asked.entries.into_iter().enumerate() {
        if let Entry::ProtocolAdopted { protocol } = &entry {
            assert!(
                protocol.protocol.as_str().starts_with("mixed"),
                "{protocol:?}"
            );
            assert_eq!(
                (protocol.signatures, &protocol.tests),
                (old.signatures, &old.tests)
            );
            assert_eq!(protocol.hold, old.hold);
        }
        say(&mut ledger, &format!("renamed-{nth}"), entry);
    }
    let classes = |name: &str| {
        let goods = &ledger.state().rules().unwrap().goods;
        goods.iter().any(|rule| rule.goods.as_str() == name)
    };
    assert!(classes("general") && classes("mixed"));
    // A new name is no way to ask for less, and a mapping of what is not there is told.
    let shorter = text.replace("\"uniform(14 d, 30 d)\"", "\"1 d\"");
    let fresh = founded(UIJU);
    for (text, names) in [
        (&shorter, names("general", "mixed")),
        (&text, names("general", "nothing")),
        (&text, names("nothing", "mixed")),
    ] {
        let asked = adoption(&read(text), fresh.state(), &wish(names.clone()), now());
        assert!(!asked.obstacles.is_empty(), "{names:?}: {asked:?}");
    }
}
