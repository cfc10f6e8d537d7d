//! What rows teach about those who say them: exactly, where it can be summed by hand, and in the answers.

use lazaret_smc::filter::{Emphasis, Filter, FilterSettings};
use lazaret_smc::model::Family;
use lazaret_smc::random::StreamKey;
use lazaret_watch::attendance::Attendance;
use lazaret_watch::belief::Belief;
use lazaret_watch::course::Course;
use lazaret_watch::estimate::{Attended, Effort, Estimate, estimate_attended};
use lazaret_watch::forecast::{Forecast, both_courses, of_courses};
use lazaret_watch::grades::{COUNTED_MOST, Graded, learn};
use lazaret_watch::kernel::Figures;
use lazaret_watch::kernel::count::CountKernel;
use lazaret_watch::next::{Aim, next};
use lazaret_watch::resume::{Kept, Origin};
use lazaret_watch::rules;
use lazaret_watch::score::{backtest, score_forecast};
use lazaret_watch::site::Site;

use crate::case::{Case, GATEWAY, count, effort, gateway};

/// A statement of the length of the hold.
fn hold(id: &str, day: &str, source: &str, days: u32) -> String {
    format!("{id},{day},{day},{source},press,hold,length,{days},{days},{days},day,B,2,,\n")
}

/// A case whose rows and sources are not weighed one by one.
fn quick(rows: &str, more_rules: &str, as_of: &str) -> Case {
    Case {
        effort: Effort {
            influence: false,
            ..effort(1)
        },
        ..Case::new(rows, more_rules, as_of)
    }
}

fn estimate(case: &Case, earlier: Option<&Kept>) -> (Estimate, Kept) {
    case.ask(0, |kernel, belief, question| {
        let course = Attended {
            attendance: Attendance::nobody(),
            origin: Origin {
                gateway: GATEWAY,
                rules: &case.rules_text,
            },
            earlier,
        };
        estimate_attended(kernel, belief, question, &[], &course).unwrap()
    })
}

fn of<'a>(estimate: &'a Estimate, source: &str) -> &'a Graded {
    estimate.grades.iter().find(|g| g.source == source).unwrap()
}

/// Counts of the yard say that goods are held for twelve days; the paper says otherwise time and again, the clerk does not.
fn liar() -> String {
    let mut rows = count("a", "2022-01-20", 210)
        + &count("b", "2022-01-25", 212)
        + &count("c", "2022-01-30", 208);
    for (i, (lie, truth)) in [(60, 12), (75, 11), (90, 13), (50, 12)].iter().enumerate() {
        let day = format!("2022-01-{}", 10 + 5 * i);
        rows += &hold(&format!("p{i}"), &day, "paper", *lie);
        rows += &hold(&format!("k{i}"), &day, "clerk", *truth);
    }
    rows
}

/// Rows that were set aside teach nothing in the answer either: what is left is what the other rows alone say.
#[test]
fn rows_that_were_left_out_teach_nothing_in_the_answer() {
    let whole = Case::new(&liar(), "", "2022-01-31");
    let last = hold("p3", "2022-01-25", "paper", 50);
    assert!(liar().contains(&last));
    let shorter = Case::new(&liar().replace(&last, ""), "", "2022-01-31");
    let learned = |case: &Case, left_out: &[usize]| {
        let course = Course {
            path: Vec::new(),
            unknowns: vec![12.0 * 86_400.0],
            days: vec![Figures::default(); case.observations.last_day + 1],
        };
        learn(&case.observations, &[course], left_out, StreamKey::new(1))
    };
    let used = whole.observations.used.iter();
    let row = used.clone().position(|o| whole.rows[o.row].id == "p3");
    let row = row.unwrap();
    let (without, alone) = (learned(&whole, &[row]), learned(&shorter, &[]));
    assert_eq!(without.sources, alone.sources);
    // It counts as a misreport itself; all others are judged as if it did not stand there.
    let mut rows = without.rows.clone();
    assert_eq!(rows.remove(row), 1.0);
    assert_eq!(rows, alone.rows);
    // With it more is held against the paper.
    assert_ne!(learned(&whole, &[]).sources, alone.sources);
}

#[test]
fn who_lies_often_is_believed_less_than_who_does_not() {
    let case = Case::new(&liar(), "", "2022-01-31");
    let (told, _) = estimate(&case, None);
    let (paper, clerk) = (of(&told, "paper"), of(&told, "clerk"));
    assert_eq!((paper.rows, paper.letter), (4, 'B'));
    assert!((paper.before.mean - 0.08).abs() < 1e-9 && (clerk.before.mean - 0.08).abs() < 1e-9);
    // All four, or none but a few by accident: (8 · 0.08 + 4) / 12 and (8 · 0.08) / 12.
    assert!((paper.after.mean - 0.387).abs() < 0.01, "{paper:?}");
    assert!((clerk.after.mean - 0.053).abs() < 0.01, "{clerk:?}");
    assert!(paper.after.q05 > 0.15 && paper.after.q95 < 0.7, "{paper:?}");
    let moved = told.sources.iter().find(|s| s.name == "paper").unwrap();
    assert_eq!(moved.learned, Some(paper.after));
    assert!(moved.misreport > 0.99 && moved.misreport_in_words().starts_with("8 % → 39 % ("));
    let said = |text: &str| told.diagnostics.iter().any(|said| said.contains(text));
    assert!(said("paper errs more often than its letter B says") && !said("clerk errs"));
    // The twin: a program that learns nothing leaves both where they were.
    let (firm, _) = estimate(
        &quick(&liar(), "[grades]\nlearn = false", "2022-01-31"),
        None,
    );
    for source in ["paper", "clerk"] {
        assert_eq!(of(&firm, source).after, of(&firm, source).before);
    }
    assert!((of(&firm, "paper").after.mean - 0.08).abs() < 1e-9);
    // One whose letter weighs much is learned about slowly.
    let (slow, _) = estimate(
        &quick(&liar(), "[source.paper]\nstrength = 100", "2022-01-31"),
        None,
    );
    assert!((of(&slow, "paper").after.mean - (8.0 + 4.0) / 104.0).abs() < 0.01);
    assert!((of(&slow, "clerk").after.mean - clerk.after.mean).abs() < 0.01);
}

/// What is known of a source with rows of two letters is what is known of each, by its share of the rows.
#[test]
fn rows_of_two_letters_count_by_their_number() {
    let more = hold("q", "2022-01-21", "paper", 12).replace(",B,2,", ",A,2,");
    let case = Case::new(&format!("{}{more}", liar()), "", "2022-01-31");
    let (told, _) = estimate(&case, None);
    let paper = told.sources.iter().find(|s| s.name == "paper").unwrap();
    let letters: Vec<&Graded> = told.grades.iter().filter(|g| g.source == "paper").collect();
    let [four, one] = letters[..] else {
        panic!("{letters:?}");
    };
    assert_eq!((four.rows, one.rows), (4, 1));
    let by_rows = 0.8 * four.after.mean + 0.2 * one.after.mean;
    assert!((paper.learned.unwrap().mean - by_rows).abs() < 1e-9);
    let evenly = 0.5 * (four.after.mean + one.after.mean);
    assert!((by_rows - evenly).abs() > 0.01, "{four:?} {one:?}");
}

/// Four lies of one paper are odd by its letter, and no surprise once it is known to lie.
#[test]
fn how_odd_the_evidence_is_goes_by_what_was_learned() {
    let odd = |rules: &str| {
        estimate(&quick(&liar(), rules, "2022-01-31"), None)
            .0
            .predictive_check
    };
    let (learned, firm) = (odd(""), odd("[grades]\nlearn = false"));
    assert!(learned > 0.1 && firm < 0.02, "{learned} {firm}");
}

/// E\[bᵐ (1 − b)ⁿ\] for b ~ Beta of mean 0.08 and strength 8.
fn moment(m: usize, n: usize) -> f64 {
    let rising = |from: f64, count: usize| -> f64 { (0..count).map(|i| from + i as f64).product() };
    rising(8.0 * 0.08, m) * rising(8.0 * 0.92, n) / rising(8.0, m + n)
}

/// Evidence of rows about the hold, which is known, by all ways in which they can be right and wrong.
fn exactly(case: &Case, hold: f64, without: Option<usize>) -> f64 {
    let sources = case.observations.sources.iter();
    let of_source = |rows: &[usize]| {
        let said: Vec<(f64, f64)> = rows
            .iter()
            .filter(|row| Some(**row) != without)
            .map(|row| {
                let observation = &case.observations.used[*row];
                observation.either(observation.truth(&Figures::default(), &[0.0; 4], None, &[hold]))
            })
            .collect();
        let n = said.len();
        let ways = (0..1usize << n).map(|ways| {
            let wrong = ways.count_ones() as usize;
            let each = said.iter().enumerate();
            let each = each.map(|(i, s)| if ways >> i & 1 == 1 { s.1 } else { s.0 });
            each.product::<f64>() * moment(wrong, n - wrong)
        });
        ways.sum::<f64>()
    };
    sources.map(|source| of_source(&source.rows)).product()
}

/// Filters of the site at a hold that is known estimate the evidence without bias: several rows of a source on one day,
/// repetitions and rows left out included. Twins: nothing learned, and the row not left out.
#[test]
fn the_filter_learns_what_the_sum_over_all_ways_says() {
    let said = [
        ("2022-01-03", "paper", 40),
        ("2022-01-03", "paper", 20),
        ("2022-01-04", "clerk", 27),
        ("2022-01-06", "paper", 22),
        ("2022-01-06", "clerk", 22),
        ("2022-01-07", "paper", 60),
        ("2022-01-08", "clerk", 80),
        ("2022-01-08", "clerk", 16),
        ("2022-01-09", "paper", 30),
    ];
    let rows: String = said
        .iter()
        .enumerate()
        .map(|(i, (day, source, days))| hold(&format!("r{i}"), day, source, *days))
        .collect();
    let case = quick(&rows, "", "2022-01-10");
    let repeats = case.observations.used.iter().filter(|o| o.retold.is_some());
    assert_eq!(repeats.count(), 1);
    let hold = 21.0 * 86_400.0;
    let ratios = |case: &Case, emphasis: Emphasis, exact: f64| -> (f64, f64) {
        let kernel = CountKernel::new(&case.gateway, 20).unwrap();
        let belief = Belief::of(&case.gateway);
        let site = Site::new(&kernel, &case.observations, &belief, &[hold], 1).unwrap();
        let settings = FilterSettings {
            particles: 64,
            emphasis,
            ..FilterSettings::default()
        };
        let ratios: Vec<f64> = (0..300)
            .map(|seed| {
                let key = StreamKey::new(seed);
                let filter = Filter::run(&site.model(&[hold]), 9, &settings, key).unwrap();
                filter.log_evidence().exp() / exact
            })
            .collect();
        let n = ratios.len() as f64;
        let mean = ratios.iter().sum::<f64>() / n;
        let variance = ratios.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / (n - 1.0);
        (mean, (variance / n).sqrt())
    };
    // Five standard errors: one false alarm in a million. Particles carry what is learned as one Beta, which five rows of a source
    // make wrong by one in ten thousand; nothing else varies here.
    let agrees = |(mean, error): (f64, f64)| (mean - 1.0).abs() <= 5.0 * error + 5e-4;
    let all = exactly(&case, hold, None);
    let found = ratios(&case, Emphasis::default(), all);
    assert!(agrees(found), "{found:?}");
    let row = 1;
    let found = ratios(
        &case,
        Emphasis::without(&[row]),
        exactly(&case, hold, Some(row)),
    );
    assert!(agrees(found), "{found:?}");
    let firm = quick(&rows, "[grades]\nlearn = false", "2022-01-10");
    assert!(!agrees(ratios(&firm, Emphasis::default(), all)));
    assert!(!agrees(ratios(
        &case,
        Emphasis::default(),
        exactly(&case, hold, Some(row))
    )));
}

/// New rows of a source about new days: its earlier rows, one of which was the last that it had, teach as if the new had
/// been known from the start, to the last bit.
#[test]
fn what_was_learned_is_kept_and_gone_on_from() {
    let early = liar();
    let late = hold("p9", "2022-02-02", "paper", 33) + &count("d", "2022-02-03", 209);
    let (_, kept) = estimate(&quick(&early, "", "2022-01-31"), None);
    // In the file the new rows stand before the old.
    let all = quick(&format!("{late}{early}"), "", "2022-02-04");
    let (resumed, _) = estimate(&all, Some(&kept));
    let (straight, _) = estimate(&all, None);
    let text = |told: &Estimate| serde_json::to_string(told).unwrap();
    assert!(of(&straight, "paper").rows == 5);
    assert_eq!(text(&resumed), text(&straight));
}

#[test]
fn a_look_by_a_known_liar_is_worth_less() {
    let looks = "
[[look]]
name = \"anybody\"
of = \"hold_time\"
measure = \"duration\"
source_grade = \"B\"
[[look]]
name = \"the paper\"
of = \"hold_time\"
measure = \"duration\"
source_grade = \"B\"
source = \"paper\"
";
    // Everybody knows that trains bring fifteen to twenty wagons; how long goods are held nobody does.
    let rows: String = (0..4)
        .map(|i| {
            let day = format!("2022-01-{}", 10 + i);
            format!("p{i},{day},{day},paper,press,west,wagons,38,38,38,,B,2,,\n")
        })
        .collect();
    let gains = |rules: &str| {
        let case = quick(&rows, rules, "2022-01-15");
        case.ask(3, |kernel, belief, question| {
            let (_, courses) =
                both_courses(kernel, belief, question, &Attendance::nobody()).unwrap();
            let aim = Aim::Unknown(0);
            let ranked = next(
                question,
                &case.rules,
                &courses,
                &aim,
                1,
                StreamKey::new(3),
                &Attendance::nobody(),
            )
            .unwrap();
            let gain = |name: &str| ranked.iter().find(|s| s.look == name).unwrap().gain;
            (gain("anybody"), gain("the paper"))
        })
    };
    let (anybody, paper) = gains(looks);
    assert!(paper < 0.85 * anybody, "{paper} {anybody}");
    // The twin: where nothing is learned the two are the same but for chance.
    let (anybody, paper) = gains(&format!("{looks}\n[grades]\nlearn = false"));
    assert!(paper > 0.9 * anybody, "{paper} {anybody}");
}

#[test]
fn a_forecast_expects_of_a_source_what_it_has_learned() {
    let late = count("d", "2022-02-05", 290)
        .replace(",sat,", ",paper,")
        .replace(",A,1,", ",B,1,");
    let case = quick(&liar(), "", "2022-01-31");
    let forecast = case.ask(10, |kernel, belief, question| {
        let (prior, posterior) =
            both_courses(kernel, belief, question, &Attendance::nobody()).unwrap();
        of_courses(question, &prior, &posterior)
    });
    let learned = forecast.misreport_of("paper", 'B').unwrap();
    assert!((learned - 0.387).abs() < 0.01, "{learned}");
    let text = serde_json::to_string(&forecast).unwrap();
    let forecast: Forecast = serde_json::from_str(&text).unwrap();
    assert!((forecast.misreport_of("paper", 'B').unwrap() - learned).abs() < 1e-12);
    let after = quick(&format!("{}{late}", liar()), "", "2022-02-10");
    let score = |forecast: &Forecast| {
        score_forecast(&after.gateway, forecast, &after.rows, &after.observations).scored[0]
            .log_score
    };
    // That the paper would be wrong once more was to be expected.
    let mut forgetful = forecast.clone();
    forgetful.grades.clear();
    assert!((score(&forecast) - score(&forgetful) - (learned / 0.08).ln()).abs() < 0.3);
}

/// The twelfth day's report is foretold better by who has learned that the paper is wrong each time.
#[test]
fn a_back_test_learns_as_it_goes() {
    let rows: String = (0..5)
        .map(|i| {
            let day = format!("2022-01-{:02}", 4 + 2 * i);
            format!("p{i},{day},{day},paper,press,west,wagons,38,38,38,,B,2,,\n")
        })
        .collect();
    let scores = |rules: &str| -> Vec<f64> {
        let case = quick(&rows, rules, "2022-01-12");
        let effort = Effort {
            thetas: 32,
            states: 16,
            courses: 100,
            influence: false,
            ..effort(1)
        };
        let kernel = CountKernel::new(&case.gateway, 13).unwrap();
        let belief = Belief::of(&case.gateway);
        let origin = Origin {
            gateway: GATEWAY,
            rules: &case.rules_text,
        };
        let walk = backtest(
            &kernel,
            &case.gateway,
            &belief,
            &case.rules,
            &case.rows,
            case.as_of,
            &effort,
            origin,
            &Attendance::nobody(),
        );
        let scored = walk.unwrap().scoring.scored;
        scored.iter().map(|s| s.log_score).collect()
    };
    let (learned, firm) = (scores(""), scores("[grades]\nlearn = false"));
    assert_eq!(learned.len(), 5);
    // (8 · 0.08 + i) / (8 + i) rather than 0.08.
    for (i, (learned, firm)) in learned.iter().zip(&firm).enumerate() {
        let i = i as f64;
        let expected = ((0.64 + i) / (8.0 + i) / 0.08).ln();
        assert!(
            (learned - firm - expected).abs() < 0.02,
            "{i}: {learned} {firm}"
        );
    }
}

#[test]
fn sources_that_the_rules_misspell_are_told() {
    let case = quick(&liar(), "[source.papper]\nstrength = 20", "2022-01-31");
    assert_eq!(case.observations.unheard.len(), 1);
    assert!(case.observations.unheard[0].ends_with("did you mean `paper`?"));
    assert!(
        estimate(&case, None)
            .0
            .diagnostics
            .contains(&case.observations.unheard[0])
    );
    let case = quick(&liar(), "[source.paper]\nstrength = 20", "2022-01-31");
    assert!(case.observations.unheard.is_empty());
}

#[test]
fn rules_about_learning_are_read_and_their_mistakes_told() {
    let gateway = gateway();
    let read = |text: &str| rules::read(text, &gateway);
    assert!((read("").unwrap().strength - 8.0).abs() < 1e-12);
    let rules = read("[grades]\nstrength = 20\n[source.x]\nmisreport = 0.3\nstrength = 2").unwrap();
    assert_eq!(
        (rules.strength_of("x"), rules.strength_of("y")),
        (2.0, 20.0)
    );
    assert!(
        read("[grades]\nlearn = false")
            .unwrap()
            .strength
            .is_infinite()
    );
    assert!(
        read("[grades]\nstrength = inf")
            .unwrap()
            .strength
            .is_infinite()
    );
    for wrong in ["0", "-3", "nan"] {
        let text = format!("[grades]\nstrength = {wrong}");
        let told = read(&text).unwrap_err();
        let at = told[0].labels[0].at;
        assert_eq!(&text[at.start..at.end], wrong);
        assert!(told[0].help.as_deref().unwrap().contains("such as 8"));
    }
}

#[test]
fn of_too_many_sources_those_with_most_rows_are_followed() {
    let mut rows = String::new();
    for source in 0..COUNTED_MOST + 3 {
        for i in 0..2 + usize::from(source >= 3) {
            let day = format!("2022-01-{:02}", 5 + i);
            rows += &hold(
                &format!("r{source}x{i}"),
                &day,
                &format!("s{source}"),
                10 + source as u32,
            );
        }
    }
    let case = quick(&rows, "", "2022-01-10");
    let crowded: Vec<&str> = case
        .observations
        .sources
        .iter()
        .filter(|source| source.crowded_out)
        .map(|source| source.name.as_str())
        .collect();
    assert_eq!(crowded, ["s0", "s1", "s2"]);
    let slots = case.observations.sources.iter().filter_map(|s| s.slot);
    assert_eq!(slots.max(), Some(COUNTED_MOST - 1));
}
