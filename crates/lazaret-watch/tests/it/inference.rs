//! Estimates: what is known is recovered, what is contradicted is told, and the same seed says the same.

use std::sync::atomic::{AtomicUsize, Ordering};

use lazaret_watch::attendance::Attendance;
use lazaret_watch::estimate::{
    Ask, Attended, Effort, Estimate, WatchError, estimate, estimate_attended,
};
use lazaret_watch::evidence;
use lazaret_watch::observation::bind;
use lazaret_watch::resume::{Kept, Origin};
use lazaret_watch::rules;

use crate::case::{Case, GATEWAY, HEAD, RULES, count, effort, gateway};

fn answer(rows: &str, as_of: &str, seed: u64, asks: &[&str]) -> Estimate {
    let case = Case {
        effort: effort(seed),
        ..Case::new(rows, "", as_of)
    };
    let asks: Vec<Ask> = asks
        .iter()
        .map(|ask| Ask::parse(ask, &case.gateway).unwrap())
        .collect();
    case.ask(0, |kernel, belief, question| {
        estimate(kernel, belief, question, &asks, &Attendance::nobody()).unwrap()
    })
}

/// Who wants an end after the first run gets its answer, marked as part of what was asked for; who wants one before has none.
#[test]
fn an_end_that_is_wanted_gives_what_is_known() {
    let case = Case {
        effort: Effort {
            runs: 3,
            ..effort(1)
        },
        ..Case::new(&count("a", "2022-01-20", 210), "", "2022-01-21")
    };
    let stopped_after = |days: usize, earlier: Option<&Kept>| {
        let done = AtomicUsize::new(0);
        let course = Attended {
            attendance: Attendance {
                progress: &|more| {
                    done.fetch_add(more, Ordering::Relaxed);
                },
                stop: &|| done.load(Ordering::Relaxed) >= days,
            },
            origin: Origin {
                gateway: GATEWAY,
                rules: &case.rules_text,
            },
            earlier,
        };
        case.ask(0, |kernel, belief, question| {
            estimate_attended(kernel, belief, question, &[], &course)
        })
    };
    let one_run = case.observations.last_day + 1;
    let unknowns = |of: &Estimate| serde_json::to_value(&of.unknowns).unwrap();
    let (whole, kept) = stopped_after(usize::MAX, None).unwrap();
    assert!(!whole.diagnostics[0].starts_with("PARTIAL"));
    let (part, _) = stopped_after(one_run, None).unwrap();
    assert!(
        part.diagnostics[0].starts_with("PARTIAL"),
        "{:?}",
        part.diagnostics
    );
    assert_eq!(part.log_evidence.spread, None);
    assert!(part.rows.is_empty() && !whole.rows.is_empty());
    assert_eq!(unknowns(&part), unknowns(&whole));
    for earlier in [None, Some(&kept)] {
        let early = stopped_after(usize::from(earlier.is_none()) * 3, earlier);
        match earlier {
            None => assert!(matches!(early, Err(WatchError::Stopped))),
            // All of its days are known already: there is nothing left to stop.
            Some(_) => assert_eq!(unknowns(&early.unwrap().0), unknowns(&whole)),
        }
    }
}

/// With a train of 17.5 lots a day and a hold of 12 days the yard settles at 210: counts of that say so.
#[test]
fn counts_of_the_yard_tell_the_hold() {
    let rows = count("a", "2022-01-20", 210)
        + &count("b", "2022-01-25", 212)
        + &count("c", "2022-01-30", 208);
    let told = answer(
        &rows,
        "2022-01-31",
        1,
        &["hold_time > 10 d", "hold_time > 15 d"],
    );
    let hold = &told.unknowns[0];
    assert!(
        hold.posterior.q05 < 12.0 && hold.posterior.q95 > 11.0 && hold.posterior.sd < 1.0,
        "{:?}",
        hold.posterior
    );
    assert!(told.asks[0].probability > 0.95 && told.asks[1].probability < 0.05);
    assert!(hold.gained > 1.0);
    // The twin: counts of a yard twice as full must not be taken for the same hold.
    let fuller = answer(&count("a", "2022-02-05", 420), "2022-02-06", 1, &[]);
    assert!(fuller.unknowns[0].posterior.q05 > 15.0);
}

#[test]
fn without_evidence_the_answer_is_the_prior() {
    let told = answer("", "2022-01-20", 3, &[]);
    let hold = &told.unknowns[0];
    assert!((hold.posterior.mean - hold.prior.mean).abs() < 4.0);
    assert!(told.diagnostics[0].contains("the prior"));
}

#[test]
fn what_the_rest_contradicts_is_told_and_not_averaged() {
    let said = "d,2022-01-10,2022-01-10,trader,press,hold,length,90,90,90,day,D,3,,\n";
    let rows = count("a", "2022-01-20", 210) + &count("b", "2022-01-25", 212) + said;
    let told = answer(&rows, "2022-01-26", 1, &[]);
    assert_eq!(told.conflicts.len(), 1);
    assert_eq!(told.conflicts[0].id, "d");
    assert!(told.conflicts[0].misreport > 0.9);
    assert!(told.unknowns[0].posterior.q95 < 20.0);
}

#[test]
fn only_what_was_published_counts() {
    let late =
        count("a", "2022-01-20", 210).replacen("2022-01-20,2022-01-20", "2022-01-20,2022-02-01", 1);
    let told = answer(&late, "2022-01-26", 1, &[]);
    assert!(told.rows.is_empty());
    assert_eq!(told.unused_rows[0].why, "not yet published");
}

#[test]
fn a_repetition_counts_for_less() {
    let one = "a,2022-01-05,2022-01-05,x,press,hold,length,,40,,day,C,3,,\n";
    let many: String = (0..4)
        .map(|i| format!("r{i},2022-01-05,2022-01-06,y{i},press,hold,length,,40,,day,C,3,,\n"))
        .collect();
    let mean = |rows: &str| {
        answer(rows, "2022-01-08", 1, &[]).unknowns[0]
            .posterior
            .mean
    };
    let differing = many
        .replace(",40,", ",41,")
        .replacen(",41,", ",42,", 1)
        .replacen(",41,", ",39,", 1);
    let alone = mean(one);
    let repeated = mean(&format!("{one}{many}"));
    let independent = mean(&format!("{one}{differing}"));
    assert!(
        alone < repeated && repeated < independent + 0.5,
        "{alone} {repeated} {independent}"
    );
}

#[test]
fn the_same_seed_says_the_same_on_any_number_of_threads() {
    let rows = count("a", "2022-01-20", 210) + &count("b", "2022-01-22", 190);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let told =
            pool.install(|| answer(&rows, "2022-01-23", 7, &["in.yard > 200 on 2022-01-23"]));
        serde_json::to_string(&told).unwrap()
    };
    let one = on(1);
    assert_eq!(one, on(3));
    let other = serde_json::to_string(&answer(&rows, "2022-01-23", 8, &[])).unwrap();
    assert_ne!(one, other);
}

#[test]
fn units_that_do_not_fit_are_told_at_their_place() {
    let gateway = gateway();
    let rules = rules::read(RULES, &gateway).unwrap();
    let text = format!("{HEAD}d,2022-01-10,2022-01-10,t,press,hold,length,90,90,90,wagon,D,3,,\n");
    let rows = evidence::read(&text).unwrap().rows;
    let wrong = bind(&gateway, &rules, &rows, "2022-02-01".parse().unwrap()).unwrap_err();
    let at = wrong[0].labels[0].at;
    assert_eq!((wrong[0].code, &text[at.start..at.end]), ("unit", "wagon"));
}

#[test]
fn rules_that_name_nothing_are_told_with_the_nearest_name() {
    let gateway = gateway();
    let wrong = rules::read(&RULES.replace("\"in.yard\"", "\"in.yrad\""), &gateway).unwrap_err();
    assert_eq!(wrong[0].help.as_deref(), Some("did you mean `in.yard`?"));
    assert!(rules::read("[[observe]]\nsubjct = 1\n", &gateway).is_err());
}
