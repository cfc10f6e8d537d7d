//! Treatments are judged by time, agent, gaps, temperature band, concentration and concentration × time.

use lazaret_ledger::Rule;
use lazaret_ledger::treatment::{
    Asked, Judgement, Shortfall, Treatment, ct_mg_s_m3, fault_on_record, judge,
};
use lazaret_vocabulary::event::entry::{AgentName, Entry, LineName, Reading};
use lazaret_vocabulary::event::rules::{
    AgentRule, Band, SetReading, TemperatureRule, TreatmentRule,
};
use lazaret_vocabulary::event::{Cause, Happening, LotId, ResourceName, StepName, Thing};
use proptest::prelude::*;

use crate::scene::{
    HOUR, Scene, after, dosed, protocol, read_on, start, stored, treatment_ended, treatment_started,
};

fn reading(minutes: i64, concentration_mg_m3: u32, temperature_mc: i32) -> Reading {
    Reading {
        at: after(start(), minutes * 60),
        concentration_mg_m3,
        temperature_mc,
        line: None,
    }
}

/// The same readings on a line.
fn on(line: &str, readings: &[Reading]) -> Vec<Reading> {
    (readings.iter())
        .map(|reading| Reading {
            line: Some(LineName::new(line)),
            ..*reading
        })
        .collect()
}

fn fault(agent: Option<&str>, hours: i64, readings: &[Reading]) -> Option<String> {
    let rule = &protocol().treatments[0];
    let agent = agent.map(AgentName::new);
    judge(
        rule,
        &Treatment {
            from: start(),
            to: after(start(), hours * HOUR),
            agent: agent.as_ref(),
            dosed: start(),
            dose_mg_m3: None,
            pauses: &[],
            readings,
        },
    )
    .fault
    .map(|fault| fault.to_string())
}

#[test]
fn each_way_to_fail_says_which() {
    let steady = |c, t| {
        (0..=3)
            .map(|hour| reading(hour * 60, c, t))
            .collect::<Vec<_>>()
    };
    let peroxide = Some("peroxide");
    assert_eq!(fault(peroxide, 3, &steady(300, 20_000)), None);
    let says = |fault: Option<String>, what: &str| assert_eq!(fault.as_deref(), Some(what));
    says(
        fault(peroxide, 1, &steady(300, 20_000)),
        "it lasted 1 hour of 2 hours",
    );
    says(
        fault(None, 3, &steady(300, 20_000)),
        "no agent was recorded",
    );
    says(
        fault(Some("vinegar"), 3, &steady(300, 20_000)),
        "vinegar is not an agent of the protocol",
    );
    let gap = [
        reading(0, 300, 20_000),
        reading(61, 300, 20_000),
        reading(120, 300, 20_000),
    ];
    says(
        fault(peroxide, 2, &gap),
        "there was no reading for 1 hour 1 minute; the limit is 1 hour",
    );
    says(
        fault(peroxide, 2, &gap[..1]),
        "there was no reading for 2 hours; the limit is 1 hour",
    );
    says(
        fault(peroxide, 3, &steady(300, 4_999)),
        "4.999 °C is in no band of the protocol",
    );
    // Bands are half-open: 15 °C is in the warmer one, a thousandth less in the colder, which asks for more.
    assert_eq!(fault(peroxide, 3, &steady(200, 15_000)), None);
    says(
        fault(peroxide, 3, &steady(200, 14_999)),
        "concentration × time was 600 mg·h/m³ of 800 mg·h/m³ at 14.999 °C",
    );
    says(
        fault(peroxide, 3, &steady(99, 20_000)),
        "the least concentration was 99 mg/m³ of 100 mg/m³ at 20.0 °C",
    );
    let mut fades = steady(400, 20_000);
    fades[3].concentration_mg_m3 = 149;
    says(
        fault(peroxide, 3, &fades),
        "the final concentration was 149 mg/m³ of 150 mg/m³ at 20.0 °C",
    );
}

#[test]
fn pauses_are_cut_out_of_time_readings_and_concentration() {
    let rule = &protocol().treatments[0];
    let agent = AgentName::new("peroxide");
    let minute = |minutes: i64| after(start(), minutes * 60);
    let judged = |dosed: i64, pauses: &[(i64, i64)], readings: &[Reading]| {
        let pauses: Vec<_> = pauses
            .iter()
            .map(|&(a, b)| (minute(a), minute(b)))
            .collect();
        judge(
            rule,
            &Treatment {
                from: start(),
                to: minute(240),
                agent: Some(&agent),
                dosed: minute(dosed),
                dose_mg_m3: None,
                pauses: &pauses,
                readings,
            },
        )
    };
    let at = |minutes: i64| reading(minutes, 300, 20_000);
    let steady: Vec<Reading> = [0, 60, 120, 180, 240].map(at).to_vec();
    let whole = judged(0, &[], &steady);
    assert_eq!(
        (whole.contact_s, whole.ct_mg_h_m3, whole.fault),
        (14_400, Some(1_200), None)
    );
    // An hour of it in a pause: neither time nor concentration × time, and what was read in it says nothing.
    let mut thin = steady.clone();
    thin.push(reading(90, 0, -5_000));
    let paused = judged(0, &[(60, 120)], &thin);
    assert_eq!(
        (paused.contact_s, paused.ct_mg_h_m3, paused.fault),
        (10_800, Some(900), None)
    );
    assert_eq!(
        judged(0, &[], &thin)
            .fault
            .map(|fault| fault.to_string())
            .as_deref(),
        Some("-5.0 °C is in no band of the protocol")
    );
    // A pause hides no gap: readings reach as near to it as to the ends.
    let gap = [0, 60, 130, 180, 240].map(at);
    assert_eq!(judged(0, &[(60, 120)], &gap).fault, None);
    let gap = [0, 181, 240].map(at);
    assert_eq!(
        judged(0, &[(60, 120)], &gap)
            .fault
            .map(|fault| fault.to_string())
            .as_deref(),
        Some("there was no reading for 1 hour 1 minute; the limit is 1 hour")
    );
    // Pauses that overlap count once; one that is still open lasts to the end.
    assert_eq!(
        judged(0, &[(230, 9_999), (60, 120), (90, 130)], &steady).contact_s,
        9_600
    );
    assert_eq!(judged(0, &[(0, 240)], &steady).contact_s, 0);
    // One of no length hides no gap.
    let gap = [0, 60, 170, 240].map(at);
    assert_eq!(
        judged(0, &[(115, 115)], &gap)
            .fault
            .map(|fault| fault.to_string())
            .as_deref(),
        Some("there was no reading for 1 hour 50 minutes; the limit is 1 hour")
    );
    // What was read before the agent was applied is not under it.
    let late = judged(120, &[], &steady);
    assert_eq!(
        (late.contact_s, late.ct_mg_h_m3, late.fault),
        (7_200, Some(600), None)
    );
}

proptest! {
    /// However a gas falls, and wherever it is read: never more than an exponential decay between the readings, which is
    /// what was there, and never more than the trapezoid.
    #[test]
    fn ct_is_never_more_than_was_there(
        start in 0_u32..200_000,
        falls in proptest::collection::vec((1_i64..300, 0.0_f64..1.0), 1..20),
    ) {
        let (mut minute, mut now) = (0, start);
        let mut readings = vec![reading(0, now, 20_000)];
        let (mut decay, mut straight) = (0.0, 0.0);
        for (later, share) in falls {
            let next = (f64::from(now) * share) as u32;
            let (c1, c2, seconds) = (f64::from(now), f64::from(next), later as f64 * 60.0);
            straight += f64::midpoint(c1, c2) * seconds;
            decay += seconds * if c2 == 0.0 || c1 == c2 { c1.min(c2) } else { (c1 - c2) / (c1 / c2).ln() };
            (minute, now) = (minute + later, next);
            readings.push(reading(minute, now, 20_000));
        }
        let ct = ct_mg_s_m3(&readings) as f64;
        prop_assert!(ct <= decay * (1.0 + 1e-9) + 1.0, "{ct} of {decay}");
        prop_assert!(ct <= straight + 1.0);
    }

    /// Reading an exponential decay more often never takes away, and comes near to what was there.
    #[test]
    fn reading_more_often_finds_more(start in 10_000_u32..100_000, half_life_h in 6_u32..48) {
        let at = |minute: i64| {
            let halves = minute as f64 / 60.0 / f64::from(half_life_h);
            reading(minute, (f64::from(start) * 0.5_f64.powf(halves)).round() as u32, 20_000)
        };
        let every = |minutes: usize| {
            let readings: Vec<Reading> = (0..=1_440).step_by(minutes).map(at).collect();
            ct_mg_s_m3(&readings) as f64
        };
        let (seldom, often) = (every(1_440), every(60));
        let rate = 2.0_f64.ln() / f64::from(half_life_h);
        let true_mg_s = f64::from(start) * (1.0 - (-rate * 24.0).exp()) / rate * 3_600.0;
        prop_assert!(seldom <= often * (1.0 + 1e-3));
        prop_assert!((often / true_mg_s - 1.0).abs() < 2e-3, "{often} of {true_mg_s}");
    }
}

#[test]
fn what_falls_fast_is_not_what_a_straight_line_says() {
    let grams = |minutes: i64, grams: u32| reading(minutes, grams * 1_000, 20_000);
    let g_h = |readings: &[Reading]| ct_mg_s_m3(readings) / 3_600 / 1_000;
    // 33 falling to 3 g/m³ in 12 h: 150 by exponential decay, 216 by the trapezoid.
    assert_eq!(g_h(&[grams(0, 33), grams(720, 3)]), 119);
    assert_eq!(g_h(&[grams(0, 24), grams(720, 24)]), 288);
    // Topped up at the end: nobody knows when it rose.
    let late = [grams(0, 24), grams(660, 3), grams(720, 24)];
    assert_eq!(ct_mg_s_m3(&late), ct_mg_s_m3(&late[..2]) + 3_000 * 3_600);
    // The largest numbers there are.
    let most = [reading(0, u32::MAX, 0), reading(1, u32::MAX, 0)];
    assert_eq!(ct_mg_s_m3(&most), u64::from(u32::MAX) * 60);
}

/// A fumigation of 12 h at 10 °C or more: 200 g·h/m³, 12 g/m³ at the end.
fn fumigation(band: Band) -> TreatmentRule {
    TreatmentRule {
        step: StepName::new("fumigate"),
        contact_s: 0,
        agents: vec![AgentRule {
            agent: AgentName::new("sf"),
            bands: vec![band],
            readings_every_s: 12 * HOUR as u64,
            lines: 0,
        }],
        temperatures: Vec::new(),
        places: Vec::new(),
    }
}

fn band() -> Band {
    Band {
        from_mc: 10_000,
        below_mc: 60_000,
        contact_s: 12 * HOUR as u64,
        final_mg_m3: 12_000,
        ct_mg_h_m3: 200_000,
        ..Band::default()
    }
}

/// What is said of twelve hours under `sf` with that dose.
fn twelve(rule: &TreatmentRule, dose: Option<u32>, readings: &[Reading]) -> Judgement {
    judge(
        rule,
        &Treatment {
            from: start(),
            to: after(start(), 12 * HOUR),
            agent: Some(&AgentName::new("sf")),
            dosed: start(),
            dose_mg_m3: dose,
            pauses: &[],
            readings,
        },
    )
}

#[test]
fn each_line_is_judged_by_itself_and_the_worst_decides() {
    let rule = fumigation(band());
    let grams = |minutes: i64, tenths: u32| reading(minutes, tenths * 100, 20_000);
    let top = on("top", &[grams(0, 300), grams(720, 300)]);
    let foot = on("foot", &[grams(0, 120), grams(720, 121)]);
    let passes = twelve(&rule, None, &top);
    assert_eq!((passes.fault, passes.ct_mg_h_m3), (None, Some(360_000)));
    // In whatever order they were entered, the foot of the stack had 144 of 200.
    let orders = [
        [top.clone(), foot.clone()].concat(),
        [foot.clone(), top.clone()].concat(),
        vec![
            foot[0].clone(),
            top[0].clone(),
            top[1].clone(),
            foot[1].clone(),
        ],
    ];
    for readings in orders {
        let judged = twelve(&rule, None, &readings);
        assert_eq!(judged.ct_mg_h_m3, Some(144_000));
        assert_eq!(
            judged.fault.map(|fault| fault.to_string()).as_deref(),
            Some("line foot: concentration × time was 144000 mg·h/m³ of 200000 mg·h/m³ at 20.0 °C")
        );
    }
    // Readings without a line are a line of their own, and one line does not fill the gaps of another.
    let unnamed = [top.clone(), vec![grams(0, 300)]].concat();
    assert_eq!(
        twelve(&rule, None, &unnamed)
            .fault
            .map(|fault| fault.to_string())
            .as_deref(),
        Some("there was one reading, but a length of time needs two")
    );
    let mut often = rule.clone();
    often.agents[0].readings_every_s = 6 * HOUR as u64;
    let middle = grams(360, 300);
    let half = [
        top,
        on("top", &[middle]),
        on("foot", &[grams(0, 300), grams(720, 300)]),
    ]
    .concat();
    assert_eq!(
        twelve(&often, None, &half)
            .fault
            .map(|fault| fault.to_string())
            .as_deref(),
        Some("line foot: there was no reading for 12 hours; the limit is 6 hours")
    );
    // A protocol may ask for as many lines as a stack has.
    let mut three = rule;
    three.agents[0].lines = 3;
    let two = [
        on("a", &[grams(0, 300), grams(720, 300)]),
        on("b", &[grams(0, 300), grams(720, 300)]),
    ];
    assert_eq!(
        twelve(&three, None, &two.concat())
            .fault
            .map(|fault| fault.to_string())
            .as_deref(),
        Some("2 of 3 lines were read")
    );
    assert!(twelve(&three, None, &[]).fault.is_some());
}

#[test]
fn the_coldest_line_decides_the_band() {
    let mut rule = fumigation(band());
    rule.agents[0].bands[0].from_mc = 15_000;
    let mut colder = band();
    (colder.from_mc, colder.below_mc, colder.ct_mg_h_m3) = (10_000, 15_000, 400_000);
    rule.agents[0].bands.push(colder);
    let at = |temperature| {
        [
            reading(0, 30_000, temperature),
            reading(720, 30_000, temperature),
        ]
    };
    let both = [on("top", &at(20_000)), on("foot", &at(14_999))].concat();
    assert_eq!(twelve(&rule, None, &on("top", &at(20_000))).fault, None);
    assert_eq!(
        twelve(&rule, None, &both)
            .fault
            .map(|fault| fault.to_string())
            .as_deref(),
        Some("line foot: concentration × time was 360000 mg·h/m³ of 400000 mg·h/m³ at 14.999 °C")
    );
}

#[test]
fn a_start_a_dose_and_set_times_are_asked_for() {
    let says = |rule: &TreatmentRule, dose, readings: &[Reading]| {
        twelve(rule, dose, readings)
            .fault
            .map(|fault| fault.to_string())
    };
    let grams = |minutes: i64, grams: u32| reading(minutes, grams * 1_000, 20_000);
    // The exposure begins when every line has the starting concentration.
    let mut rule = fumigation(band());
    rule.agents[0].bands[0].start_mg_m3 = 24_000;
    assert_eq!(
        says(&rule, None, &[grams(0, 20), grams(720, 20)]).as_deref(),
        Some(
            "no reading reached the starting concentration of 24000 mg/m³; the most was 20000 mg/m³"
        )
    );
    assert_eq!(says(&rule, None, &[grams(0, 24), grams(720, 20)]), None);
    let late = [
        on("a", &[grams(0, 24), grams(720, 20)]),
        on("b", &[grams(0, 5), grams(60, 24), grams(720, 20)]),
    ];
    assert_eq!(
        says(&rule, None, &late.concat()).as_deref(),
        Some("time under the agent was 11 hours of 12 hours at 20.0 °C")
    );
    // A dose is what was recorded with the agent.
    let mut rule = fumigation(band());
    rule.agents[0].bands[0].dose_mg_m3 = 24_000;
    let fine = [grams(0, 24), grams(720, 20)];
    assert_eq!(says(&rule, Some(24_000), &fine), None);
    assert_eq!(
        says(&rule, Some(23_999), &fine).as_deref(),
        Some("the dose was 23999 mg/m³ of 24000 mg/m³")
    );
    assert_eq!(
        says(&rule, None, &fine).as_deref(),
        Some("no dose was recorded, but 24000 mg/m³ are required")
    );
    // Readings at half an hour and at four hours, none of them low.
    let mut rule = fumigation(band());
    let set = |minutes: u64, least_mg_m3| SetReading {
        after_s: minutes * 60,
        within_s: 300,
        least_mg_m3,
    };
    rule.agents[0].bands[0].at = vec![set(30, 20_000), set(240, 15_000)];
    let read = |half: u32, four: i64| {
        [
            grams(0, 24),
            grams(30, half),
            grams(four, 20),
            grams(720, 20),
        ]
    };
    assert_eq!(says(&rule, None, &read(22, 245)), None);
    assert_eq!(
        says(&rule, None, &read(22, 246)).as_deref(),
        Some("there was no reading 4 hours after the exposure began, give or take 5 minutes")
    );
    assert_eq!(
        says(&rule, None, &read(19, 240)).as_deref(),
        Some("the concentration after 30 minutes was 19000 mg/m³ of 20000 mg/m³")
    );
}

#[test]
fn of_two_ways_to_pass_either_will_do() {
    let grams = |minutes: i64, grams: u32| reading(minutes, grams * 1_000, 20_000);
    let thin = [grams(0, 18), grams(720, 13)];
    let (ct, mut dose) = (band(), band());
    (dose.ct_mg_h_m3, dose.dose_mg_m3) = (0, 24_000);
    // As two rows of one band, or as two rules for one agent: none is passed over.
    let mut rows = fumigation(ct.clone());
    rows.agents[0].bands.push(dose.clone());
    let mut rules = fumigation(ct.clone());
    rules.agents.push(fumigation(dose).agents.swap_remove(0));
    for rule in [rows, rules] {
        assert_eq!(twelve(&rule, Some(24_000), &thin).fault, None);
        let fault = twelve(&rule, Some(23_000), &thin)
            .fault
            .unwrap()
            .to_string();
        assert!(fault.starts_with("concentration × time"), "{fault}");
        let strong = [grams(0, 24), grams(720, 20)];
        assert_eq!(twelve(&rule, None, &strong).fault, None);
    }
}

#[test]
fn heat_and_cold_keep_their_temperature_in_every_core() {
    let row = |from_mc, below_mc, minutes: u64, excursions_s| TemperatureRule {
        from_mc,
        below_mc,
        contact_s: minutes * 60,
        readings_every_s: 300,
        lines: 2,
        excursions_s,
    };
    let rule = |row| TreatmentRule {
        step: StepName::new("heat"),
        contact_s: 0,
        agents: Vec::new(),
        temperatures: vec![row],
        places: Vec::new(),
    };
    // A reading every five minutes.
    let core = |line: &str, tenths: &[i32]| {
        let readings: Vec<Reading> = (tenths.iter().enumerate())
            .map(|(nth, tenths)| reading(nth as i64 * 5, 0, tenths * 100))
            .collect();
        on(line, &readings)
    };
    let fault = |rule: &TreatmentRule, readings: &[Vec<Reading>]| {
        judge(
            rule,
            &Treatment {
                from: start(),
                to: after(start(), 6 * HOUR),
                agent: None,
                dosed: start(),
                dose_mg_m3: None,
                pauses: &[],
                readings: &readings.concat(),
            },
        )
        .fault
        .map(|fault| fault.to_string())
    };
    let heat = rule(row(56_000, 90_000, 30, 0));
    let warm = core("a", &[200, 560, 570, 580, 580, 580, 570, 560]);
    assert_eq!(fault(&heat, &[warm.clone(), core("b", &[560; 7])]), None);
    // At 20 °C, or half a degree short in one core, it is no heat treatment.
    assert_eq!(
        fault(
            &heat,
            &[
                warm.clone(),
                core("b", &[560, 560, 560, 559, 560, 560, 560, 560])
            ]
        )
        .as_deref(),
        Some(
            "line b: it was from 56.0 to below 90.0 °C without a break for 15 minutes of 30 minutes"
        )
    );
    assert!(fault(&heat, &[core("a", &[200; 9]), core("b", &[200; 9])]).is_some());
    assert_eq!(
        fault(&heat, &[warm]).as_deref(),
        Some("1 of 2 lines were read")
    );
    assert_eq!(fault(&heat, &[]).as_deref(), Some("nothing was read"));
    // Cold: an excursion breaks it, unless the protocol allows it; it never counts.
    let (mut away, cold) = ([5; 9], core("b", &[5; 9]));
    away[4] = 15;
    let strict = rule(row(-1_000, 1_100, 30, 0));
    assert!(fault(&strict, &[core("a", &away), cold.clone()]).is_some());
    let lenient = rule(row(-1_000, 1_100, 30, 600));
    assert_eq!(fault(&lenient, &[core("a", &away), cold.clone()]), None);
    away[6] = 15;
    assert!(fault(&lenient, &[core("a", &away), cold]).is_some());
    // Below zero the sign stays.
    let freezing = rule(row(-500, -400, 30, 0));
    let said = fault(&freezing, &[core("a", &[0; 9]), core("b", &[0; 9])]).unwrap();
    assert!(said.contains("from -0.5 to below -0.4 °C"), "{said}");
}

#[test]
fn the_warmest_reading_is_bound_where_a_row_says_so() {
    let mut rule = fumigation(band());
    rule.agents[0].bands[0].warmest_mc = Some(25_000);
    let ends = |t| [reading(0, 30_000, 20_000), reading(720, 30_000, t)];
    assert_eq!(twelve(&rule, None, &ends(25_000)).fault, None);
    assert_eq!(
        twelve(&rule, None, &ends(25_001))
            .fault
            .map(|fault| fault.to_string())
            .as_deref(),
        Some("it was 25.001 °C warm, but the limit is 25.0 °C")
    );
}

#[test]
fn two_readings_of_one_line_at_one_instant_agree() {
    let mut scene = Scene::open();
    scene.arrive("k1", &["w1"], "general");
    scene.say("yard", stored("w1-1", "warehouse", 1));
    scene.say("lead", treatment_started("w1-1", 1));
    scene.say("lead", dosed("w1-1", "peroxide"));
    let now = scene.now;
    scene.say("lead", read_on("top", "w1-1", now, 300, 20_000));
    // The same again changes nothing, and another line is another reading.
    scene.say("lead", read_on("top", "w1-1", now, 300, 20_000));
    scene.say("lead", read_on("foot", "w1-1", now, 100, 20_000));
    let refusal = scene.refused("lead", read_on("top", "w1-1", now, 301, 20_000));
    assert_eq!(refusal.rule, Rule::Treated);
    // A line is one line in every spelling.
    let refusal = scene.refused("lead", read_on(" TOP", "w1-1", now, 301, 20_000));
    assert_eq!(refusal.rule, Rule::Treated);
    for name in ["", "a\nb", &"x".repeat(65)] {
        let refusal = scene.refused("lead", read_on(name, "w1-1", now, 300, 20_000));
        assert_eq!(refusal.rule, Rule::Known, "{name}");
    }
}

#[test]
fn rows_that_cannot_be_meant_are_refused() {
    let adopt = |change: &dyn Fn(&mut TreatmentRule)| {
        let mut scene = Scene::open();
        let mut next = protocol();
        next.version = 2;
        change(&mut next.treatments[0]);
        let command = scene.command(
            "admin",
            Entry::ProtocolAdopted {
                protocol: Box::new(next),
            },
        );
        scene
            .submit(&command)
            .err()
            .map(|refusal| refusal.fact.to_string())
    };
    assert_eq!(adopt(&|rule| rule.agents[0].bands[1].ct_mg_h_m3 += 1), None);
    // The same band twice is an alternative, a part of another a slip of the pen.
    let again = |rule: &mut TreatmentRule| {
        let band = rule.agents[0].bands[1].clone();
        rule.agents[0].bands.push(band);
    };
    assert_eq!(adopt(&again), None);
    assert!(adopt(&|rule| rule.agents[0].bands[1].from_mc -= 1).is_some());
    let late = |rule: &mut TreatmentRule| {
        rule.agents[0].bands[0].at.push(SetReading {
            after_s: 3 * HOUR as u64,
            within_s: 0,
            least_mg_m3: 0,
        });
    };
    assert!(adopt(&late).is_some());
    let empty = |rule: &mut TreatmentRule| {
        rule.temperatures.push(TemperatureRule {
            from_mc: 5,
            below_mc: 5,
            contact_s: 1,
            readings_every_s: 1,
            lines: 0,
            excursions_s: 0,
        });
    };
    assert!(adopt(&empty).is_some());
}

/// A record tells why a treatment does not count as a sentence; judged again from the records it is found as data.
#[test]
fn why_a_treatment_does_not_count_is_found_from_its_records() {
    let mut scene = Scene::open();
    scene.arrive("k1", &["w1", "w2"], "general");
    for lot in ["w1-1", "w2-1"] {
        scene.say("yard", stored(lot, "warehouse", 1));
        scene.say("lead", treatment_started(lot, 1));
        scene.say("lead", dosed(lot, "chlorine"));
        // Another agent begins anew.
        scene.wait(HOUR);
        scene.say("lead", dosed(lot, "peroxide"));
        let pause = |scene: &mut Scene, cause: Option<Cause>| {
            let (thing, step) = (Thing::Lot(LotId::new(lot)), StepName::new("disinfect"));
            let what = match cause {
                Some(cause) => Happening::WorkPaused { thing, step, cause },
                None => Happening::WorkResumed { thing, step },
            };
            scene.say("lead", what);
        };
        for hour in 0..=3 {
            if hour > 0 {
                scene.wait(HOUR);
            }
            let now = scene.now;
            scene.say("lead", read_on("top", lot, now, 300, 20_000));
            let foot = if lot == "w1-1" { 99 } else { 300 };
            scene.say("lead", read_on("foot", lot, now, foot, 20_000));
            if hour == 1 {
                pause(
                    &mut scene,
                    Some(Cause::NoResource(ResourceName::new("crew"))),
                );
                scene.wait(60);
                pause(&mut scene, None);
            }
        }
        scene.say("lead", treatment_ended(lot, 1));
    }
    let found = |lot: &str| {
        fault_on_record(
            scene.ledger.state(),
            &LotId::new(lot),
            &StepName::new("disinfect"),
            scene.records.iter().flat_map(|record| &record.events),
        )
    };
    let why = found("w1-1").unwrap();
    assert_eq!(why.line, Some(LineName::new("foot")));
    assert!(
        matches!(
            why.what,
            Shortfall::TooLittle {
                measure: Asked::Least,
                found: 99,
                asked: 100,
                ..
            }
        ),
        "{why}"
    );
    assert_eq!(found("w2-1"), None);
}
