//! Common random numbers: what is added to a gateway and concerns nobody changes nobody's draws.

use lazaret_sim::{Model, Replication, Tell, World};
use lazaret_vocabulary::event::{Event, Happening};
use lazaret_vocabulary::time::GateTime;

const BASE: &str = r#"
[gateway]
name = "test"
length = "60 d"
[unknown]
hold_time = "uniform(5 d, 10 d)"
[goods]
a = { share = 0.6 }
b = { share = 0.4 }
[source.r]
every = "exponential(24 h)"
convoy = "uniform_int(2, 6)"
lots = 2
travel = "uniform(1 h, 9 h)"
[place.track]
slots = 40
[place.shed]
slots = 90
zone = "dirty -> clean"
breaks = { every = "exponential(9 d)", repair = "exponential(1 d)" }
[place.yard]
slots = 900
zone = "clean"
[[step]]
id = "unload"
at = "track"
takes = "triangular(1 h, 2 h, 4 h)"
[[step]]
id = "disinfect"
at = "shed"
takes = "gamma(6 h, 2 h)"
[[step]]
id = "hold"
at = "yard"
takes = "hold_time"
clock = "when stored"
"#;

/// All that happens to lots of class `a` and to vehicles with them, and to the places of [`BASE`].
fn happenings(toml: &str) -> Vec<String> {
    let none = |_: &str| Err("no files".to_string());
    let reading = match lazaret_gateway::read(toml, &[] as &[&str], &none) {
        Ok(reading) => reading,
        Err(wrong) => panic!("{}", wrong[0].plain(toml, &[] as &[&str])),
    };
    let model = Model::compile(&reading.gateway).unwrap();
    let mut told = Vec::new();
    let mut world = World::new(
        &model,
        Tell(|event: Event| told.push(serde_json::to_string(&event).unwrap())),
    );
    world.run(Replication::new(3, 5), GateTime::START).unwrap();
    drop(world);
    told
}

#[test]
fn an_unused_place_and_crew_change_nothing() {
    let more = BASE.replace(
        "[place.track]",
        "[place.annex]\nslots = 7\nzone = \"dirty\"\n[crew.guard]\ncount = 3\n[place.track]",
    );
    assert_eq!(happenings(BASE), happenings(&more));
}

#[test]
fn a_step_for_one_class_leaves_the_other_as_it_was() {
    let more = BASE.replace(
        "[[step]]\nid = \"hold\"",
        "[[step]]\nid = \"repack\"\nat = \"shed\"\ngoods = \"b\"\ntakes = \"exponential(5 h)\"\n[[step]]\nid = \"hold\"",
    );
    let (before, after) = (happenings(BASE), happenings(&more));
    // Lots of class b take another path; all else is the same to the microsecond.
    let of_b: Vec<String> = before
        .iter()
        .filter(|line| line.contains("\"goods\":\"b\""))
        .map(|line| {
            let from = line.find("\"lot\":").unwrap();
            line[from..].split(',').next().unwrap().to_string()
        })
        .collect();
    let others = |told: &[String]| -> Vec<String> {
        told.iter()
            .filter(|line| !of_b.iter().any(|lot| line.contains(lot)))
            .cloned()
            .collect()
    };
    let (kept, moved) = (others(&before), others(&after));
    assert!(kept.len() > 500 && !of_b.is_empty());
    let first = kept.iter().zip(&moved).find(|(a, b)| a != b);
    assert_eq!(first, None);
    assert_eq!(kept.len(), moved.len());
    assert_ne!(before, after);
}

#[test]
fn another_place_breaking_does_not_shift_the_failures_of_this_one() {
    let more = BASE.replace(
        "[place.track]\nslots = 40",
        "[place.track]\nslots = 40\nbreaks = { every = \"exponential(5 d)\", repair = \"1 s\" }",
    );
    let failures = |told: Vec<String>| -> Vec<String> {
        told.into_iter()
            .filter(|line| line.contains("\"place_broken\"") && line.contains("\"shed\""))
            .collect()
    };
    let (before, after) = (failures(happenings(BASE)), failures(happenings(&more)));
    assert!(before.len() > 2);
    assert_eq!(before, after);
}

#[test]
fn a_changed_distribution_is_a_changed_run() {
    // The comparisons above could fail.
    let more = BASE.replace("gamma(6 h, 2 h)", "gamma(6 h, 2.1 h)");
    assert_ne!(happenings(BASE), happenings(&more));
}

#[test]
fn what_was_drawn_before_a_world_goes_another_way_stays() {
    // A copy that goes on as another replication draws anew, but a hold in hand ends when it was said to.
    let none = |_: &str| Err("no files".to_string());
    let text = BASE.replace("takes = \"hold_time\"", "takes = \"uniform(5 d, 10 d)\"");
    assert_ne!(text, BASE);
    let gateway = lazaret_gateway::read(&text, &[] as &[&str], &none)
        .unwrap()
        .gateway;
    let model = Model::compile(&gateway).unwrap();
    let mut until = std::collections::BTreeMap::new();
    let mut ended = 0;
    let listen = Tell(|event: Event| match event.happening {
        Happening::HoldStarted { lot, until: at, .. } => drop(until.insert(lot, at)),
        Happening::HoldEnded { lot, .. } => {
            assert_eq!(until.remove(&lot), Some(event.at));
            ended += 1;
        }
        _ => {}
    });
    let mut world = World::new(&model, listen);
    world
        .start(Replication::new(3, 0), GateTime::START)
        .unwrap();
    for day in 1..=60 {
        world.advance(GateTime::from_micros(day * 86_400_000_000));
        world.redraw_as(Replication::new(3, day as u64));
    }
    world.finish();
    drop(world);
    assert!(ended > 100, "{ended} holds ended");
}
