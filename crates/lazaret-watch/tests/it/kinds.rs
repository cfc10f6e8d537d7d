//! What kind of statement a row is, whose story it tells, and what a figure with bounds says.

use lazaret_smc::filter::{Emphasis, Filter, FilterSettings};
use lazaret_smc::model::Family;
use lazaret_smc::random::StreamKey;
use lazaret_watch::attendance::Attendance;
use lazaret_watch::belief::Belief;
use lazaret_watch::course::Course;
use lazaret_watch::estimate::{Effort, Estimate, estimate};
use lazaret_watch::evidence::read;
use lazaret_watch::grades::learn;
use lazaret_watch::kernel::Figures;
use lazaret_watch::kernel::count::CountKernel;
use lazaret_watch::kind::Kind;
use lazaret_watch::rules;
use lazaret_watch::site::Site;

use crate::case::{Case, HEAD, effort, gateway};

const DAY: f64 = 86_400.0;

fn head() -> String {
    HEAD.replace("claim,url", "claim,url,copies,kind,story")
}

/// A statement of the length of the hold: who says it, its columns low, best and high, its grades, kind and story.
fn said(
    id: &str,
    day: &str,
    by: &str,
    figures: &str,
    grades: &str,
    kind: &str,
    story: &str,
) -> String {
    format!("{id},{day},{day},{by},press,hold,length,{figures},day,{grades},,,,{kind},{story}\n")
}

fn case(rows: &str, rules: &str) -> Case {
    Case {
        effort: Effort {
            influence: false,
            runs: 2,
            ..effort(1)
        },
        ..Case::of(&format!("{}{rows}", head()), rules, "2022-01-25")
    }
}

fn told(case: &Case) -> Estimate {
    case.ask(0, |kernel, belief, question| {
        estimate(kernel, belief, question, &[], &Attendance::nobody()).unwrap()
    })
}

/// The log-likelihood of the only row if goods are held for `days`.
fn log_likelihood(case: &Case, days: f64) -> f64 {
    let row = &case.observations.used[0];
    row.log_likelihood(row.truth(&Figures::default(), &[0.0; 4], None, &[days * DAY]))
}

/// Where the truth is 20 beyond doubt, a report of 100 is as likely a misreport as one of 4.
#[test]
fn too_much_and_too_little_are_equally_odd() {
    let misreport = |figure: u32| {
        let rows = said("A1", "2022-01-18", "P", ",20,", "B,1", "seen", "")
            + &said(
                "A2",
                "2022-01-20",
                "Q",
                &format!(",{figure},"),
                "B,5",
                "seen",
                "",
            );
        let case = case(&rows, "");
        let course = Course {
            path: Vec::new(),
            unknowns: vec![20.0 * DAY],
            days: vec![Figures::default(); case.observations.last_day + 1],
        };
        learn(&case.observations, &[course], &[], StreamKey::new(1)).rows[1]
    };
    let (much, little) = (misreport(100), misreport(4));
    assert!((much - little).abs() < 0.1, "{much} and {little}");
    assert!((0.1..0.9).contains(&much) && misreport(20) < 0.1);
}

#[test]
fn a_figure_is_not_dropped_for_the_bounds_beside_it() {
    let row = |figures: &str| {
        case(
            &said("A1", "2022-01-18", "P", figures, "A,1", "seen", ""),
            "",
        )
    };
    let more = |figures: &str, days: f64, than: f64| {
        let case = row(figures);
        log_likelihood(&case, days) - log_likelihood(&case, than)
    };
    // "At least 15" does not tell 90 from 40; "about 90, at least 15" and "90 (10 to 100)" do.
    assert!(more("15,,", 90.0, 40.0).abs() < 0.01);
    assert!(more("15,90,", 90.0, 40.0) > 0.2 && more("15,90,", 90.0, 118.0) > 2.0);
    assert!(more("10,90,100", 90.0, 30.0) > 0.3 && more("10,90,100", 90.0, 118.0) > 1.0);
    // What an interval leaves open stays open.
    assert!(more("14,,92", 30.0, 70.0).abs() < 0.1);
}

#[test]
fn a_guess_or_a_rule_of_elsewhere_leaves_open_what_a_sighting_excludes() {
    let above = |kind: &str, rules: &str| {
        let case = case(
            &said("A1", "2022-01-18", "P", "14,,30", "B,2", kind, ""),
            rules,
        );
        told(&case).unknowns[0].posterior.q95
    };
    let (seen, guessed) = (above("seen", ""), above("expected", ""));
    assert!(seen < 32.0 && guessed > seen + 4.0, "{seen} {guessed}");
    // How wide is for the rules to say.
    let narrow = above("expected", "[kinds]\nexpected = 0.05");
    assert!(narrow < 34.0, "{narrow}");
    // A rule of another place says less than one of this.
    let text = format!("{}\n", crate::case::RULES);
    let elsewhere = text.replace("of = \"hold_time\"", "of = \"hold_time\"\ntransfer = true");
    let gateway = gateway();
    let rule = |text: &str| rules::read(text, &gateway).unwrap().observe[2].transfer;
    assert_eq!((rule(&text), rule(&elsewhere)), (0.0, 1.0));
}

#[test]
fn kinds_that_no_row_names_are_assumed_and_said() {
    let rows = said("A1", "2022-01-18", "P", ",20,", "B,2", "", "")
        + &said("A2", "2022-01-12", "Q", ",30,", "B,2", "recorded", "");
    let case = case(&rows, "");
    let kinds: Vec<(Kind, bool)> = case
        .observations
        .used
        .iter()
        .map(|o| (o.kind, o.kind_assumed))
        .collect();
    assert_eq!(kinds, [(Kind::Recorded, false), (Kind::Hearsay, true)]);
    let said = told(&case).diagnostics;
    assert!(
        said.iter()
            .any(|said| said.contains("treated as hearsay: A1.")),
        "{said:?}"
    );
    let wrong = read(&format!("{}{}", head(), rows.replace("recorded", "guess"))).unwrap_err();
    assert_eq!(wrong[0].code, "unknown-kind");
    let gateway = gateway();
    for wrong in [
        "[kinds]\nguess = 0.3",
        "[kinds]\nrule = 9",
        "[kinds]\nrule = { holds = 0.2 }",
    ] {
        let told = rules::read(wrong, &gateway).unwrap_err();
        assert!(told[0].help.is_some(), "{wrong}");
    }
}

/// One man's word, and ten papers that retell it in other words on other days.
fn papers(story: &str) -> String {
    let mut rows = said("m", "2022-01-05", "man", ",60,", "C,3", "hearsay", story);
    for (i, figure) in [59, 61, 60, 62, 58, 60, 61, 59, 62, 60].iter().enumerate() {
        let day = format!("2022-01-{:02}", 6 + i);
        let by = format!("paper {i}");
        rows += &said(
            &format!("p{i}"),
            &day,
            &by,
            &format!(",{figure},"),
            "C,3",
            "hearsay",
            story,
        );
    }
    rows
}

#[test]
fn ten_papers_that_retell_one_man_weigh_little_more_than_he() {
    let mean = |rows: &str, rules: &str| told(&case(rows, rules)).unknowns[0].posterior.mean;
    let man = said("m", "2022-01-05", "man", ",60,", "C,3", "hearsay", "");
    let alone = mean(&man, "");
    let retold = mean(&papers("the man"), "");
    let apart = mean(&papers(""), "[copies]\nalike = 0.0");
    let prior = 20.0;
    assert!(apart > 50.0 && alone < 45.0, "{alone} {apart}");
    assert!(
        (retold - prior) < 1.35 * (alone - prior) + 1.0,
        "{alone} {retold} {apart}"
    );
    // Nobody said that they go back to one: their likeness says that they may.
    let guessed = case(&papers(""), "");
    assert_eq!(guessed.observations.stories.len(), 1);
    assert!(!guessed.observations.stories[0].stated);
    let said = told(&guessed).diagnostics;
    assert!(
        said.iter().any(|said| said.contains("by their likeness")),
        "{said:?}"
    );
}

/// "About 18" and "16 to 21" are two witnesses who agree, not one who is retold, whichever comes first; two figures that differ
/// by a digit may be one.
#[test]
fn a_figure_and_a_range_are_not_taken_for_one_story() {
    let story = |a: &str, b: &str| {
        let rows = said("a", "2022-01-05", "x", a, "B,2", "hearsay", "")
            + &said("b", "2022-01-06", "y", b, "B,2", "hearsay", "");
        !case(&rows, "").observations.stories.is_empty()
    };
    for (a, b, alike) in [
        (",18,", ",19,", true),
        (",18,", "18,18,18", true),
        ("16,,21", "16,,20", true),
        ("16,,", "17,,", true),
        (",18,", "16,,21", false),
        (",18,", "18,,", false),
        ("18,,", ",,19", false),
    ] {
        assert_eq!(story(a, b), alike, "{a} {b}");
        assert_eq!(story(b, a), alike, "{b} {a}");
    }
}

/// Filters draw whether a story has one origin; the sum over all ways says what they must find on average. With sources that speak
/// twice, so that what is learned of them and of stories goes together.
#[test]
fn filters_follow_stories_as_the_sum_over_all_ways_says() {
    let rows = said("a", "2022-01-03", "x", ",40,", "B,2", "hearsay", "s")
        + &said("b", "2022-01-04", "y", ",38,", "C,2", "hearsay", "s")
        + &said("c", "2022-01-05", "z", ",43,", "C,3", "hearsay", "s")
        + &said("d", "2022-01-06", "y", ",18,", "C,2", "hearsay", "")
        + &said("e", "2022-01-07", "x", ",60,", "B,2", "hearsay", "t")
        + &said("f", "2022-01-08", "w", ",66,", "B,3", "hearsay", "t")
        + &said("g", "2022-01-09", "y", ",39,", "C,2", "hearsay", "s");
    let case = case(&rows, "[copies]\nalike = 0.0\nstated = 0.6");
    assert_eq!(case.observations.stories.len(), 2);
    let hold = [25.0 * DAY];
    let kernel = CountKernel::new(&case.gateway, 30).unwrap();
    let belief = Belief::of(&case.gateway);
    let site = Site::new(&kernel, &case.observations, &belief, &hold, 1).unwrap();
    let exact: f64 = site
        .without_state(&hold, 10, &Emphasis::default())
        .unwrap()
        .iter()
        .sum();
    let settings = FilterSettings {
        particles: 64,
        ..FilterSettings::default()
    };
    let ratios: Vec<f64> = (0..300)
        .map(|seed| {
            let filter =
                Filter::run(&site.model(&hold), 10, &settings, StreamKey::new(seed)).unwrap();
            (filter.log_evidence() - exact).exp()
        })
        .collect();
    let n = ratios.len() as f64;
    let mean = ratios.iter().sum::<f64>() / n;
    let variance = ratios.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let error = (variance / n).sqrt();
    // Five standard errors: one false alarm in a million.
    assert!((mean - 1.0).abs() <= 5.0 * error, "{mean} ± {error}");
    // The twin: stories that nobody follows are something else by far.
    let apart = self::case(
        &rows.replace(",s\n", ",\n").replace(",t\n", ",\n"),
        "[copies]\nalike = 0.0",
    );
    let site = Site::new(&kernel, &apart.observations, &belief, &hold, 1).unwrap();
    let other: f64 = site
        .without_state(&hold, 10, &Emphasis::default())
        .unwrap()
        .iter()
        .sum();
    assert!(
        ((other - exact).exp() - mean).abs() > 20.0 * error,
        "{other} {exact}"
    );
}

#[test]
fn rows_that_copy_in_a_circle_and_negative_figures_are_told() {
    let row = |id: &str, copies: &str| {
        format!("{id},2022-01-05,2022-01-05,x{id},press,hold,length,,20,,day,B,3,,,{copies},,\n")
    };
    let text = head() + &row("a", "c") + &row("b", "a") + &row("c", "b");
    let codes: Vec<&str> = read(&text).unwrap_err().iter().map(|d| d.code).collect();
    assert_eq!(codes, ["copies-circle"; 3]);
    assert!(read(&(head() + &row("a", "") + &row("b", "a") + &row("c", "b"))).is_ok());
    let gateway = gateway();
    let rules = rules::read(crate::case::RULES, &gateway).unwrap();
    let text = head() + &row("a", "").replace(",20,", ",-20,");
    let rows = read(&text).unwrap().rows;
    let day = "2022-02-01".parse().unwrap();
    let wrong = lazaret_watch::observation::bind(&gateway, &rules, &rows, day).unwrap_err();
    assert_eq!(wrong[0].code, "negative");
}

/// A clerk who truly counts a place that changes looks like one who errs: the change is named first.
#[test]
fn a_place_that_changes_is_thought_of_before_a_liar() {
    let counted = |figures: [u32; 5]| -> String {
        let each = figures.iter().enumerate();
        each.map(|(i, wagons)| {
            let day = format!("2022-01-{:02}", 6 + 2 * i);
            format!("w{i},{day},{day},clerk,official,west,wagons,,{wagons},,,A,1,,,,recorded,\n")
        })
        .collect()
    };
    let warned = |figures| {
        let said = told(&case(&counted(figures), "")).diagnostics;
        said.iter()
            .any(|said| said.contains("The place may have changed"))
    };
    assert!(warned([38, 17, 2, 16, 36]));
    assert!(!warned([17, 16, 18, 19, 15]));
}
