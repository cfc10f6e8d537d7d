//! What analysts publish besides counts of a day, and how well they could look.

use lazaret_smc::random::StreamKey;
use lazaret_smc::weights::log_mean_exp;
use lazaret_watch::attendance::Attendance;
use lazaret_watch::estimate::{Course, Effort, estimate, prior_courses};
use lazaret_watch::evidence::{self, Sight};
use lazaret_watch::kernel::Figures;
use lazaret_watch::observation::{Statement, Why};
use lazaret_watch::site::Site;

use crate::case::{Case, HEAD, effort};

fn rule(quantity: &str, of: &str, measure: &str, more: &str) -> String {
    format!(
        "[[observe]]\nsubject = \"site\"\nquantity = \"{quantity}\"\nof = \"{of}\"\nmeasure = \"{measure}\"\n{more}\n"
    )
}

fn row(id: &str, dates: &str, published: &str, quantity: &str, value: &str) -> String {
    format!("{id},{dates},{published},eye {id},image,site,{quantity},{value},B,2,,\n")
}

/// Evidence by the filter, its error, and the mean likelihood over courses of the prior, which keep every day of theirs.
fn both_ways(case: &mut Case) -> (f64, f64, f64, f64) {
    case.effort = Effort {
        states: 128,
        thetas: 96,
        courses: 2500,
        runs: 2,
        influence: false,
        ..effort(4)
    };
    let (log, error) = case.ask(0, |kernel, belief, question| {
        let effort = Effort {
            courses: 50,
            ..question.effort.clone()
        };
        let question = lazaret_watch::estimate::Question {
            effort: &effort,
            ..*question
        };
        let made = estimate(kernel, belief, &question, &[], &Attendance::nobody()).unwrap();
        (made.log_evidence.mean, made.log_evidence.error)
    });
    let logs = case.ask(0, |kernel, belief, question| {
        let means: Vec<f64> = question
            .gateway
            .unknowns
            .iter()
            .map(|u| u.prior.mean())
            .collect();
        let site = Site::new(kernel, question.observations, belief, &means, 1).unwrap();
        let courses = prior_courses(&site, belief, question, StreamKey::new(9));
        let used = &question.observations.used;
        let of = |course: &Course| -> f64 {
            used.iter().map(|o| o.log_likelihood(course.truth(o))).sum()
        };
        courses.iter().map(of).collect::<Vec<f64>>()
    });
    let plain = log_mean_exp(&logs);
    let n = logs.len() as f64;
    let spread = logs
        .iter()
        .map(|log| ((log - plain).exp() - 1.0).powi(2))
        .sum::<f64>()
        / n;
    (log, error, plain, (spread / n).sqrt())
}

/// Trend, cohort, money by the month with its lag and other routes, first departure: the filter, which keeps a ring of days, weighs
/// them as courses do, which keep all. Four comparisons at four standard errors.
#[test]
fn what_compares_days_is_weighed_by_the_filter_as_along_whole_courses() {
    let cases = [
        (
            rule("trend", "in.yard", "growth", ""),
            row(
                "a",
                "2022-01-15/2022-01-29",
                "2022-01-30",
                "trend",
                ",40,,percent",
            ),
        ),
        (
            rule("cohort", "in.yard", "remains", ""),
            row(
                "a",
                "2022-01-15/2022-01-29",
                "2022-01-30",
                "cohort",
                ",0.5,,share",
            ),
        ),
        (
            rule(
                "money",
                "vehicles",
                "total",
                "scale = 0.1\nscale_error = 0.2\nlag_days = 5\nbesides = [10, 4]\nerror_at_least = 1",
            ),
            row(
                "a",
                "2022-01-05/2022-01-20",
                "2022-01-30",
                "money",
                ",37,,USD million",
            ),
        ),
        (
            rule("gone", "dispatched_total", "first_seen", "seen = 0.1"),
            row(
                "a",
                "2022-01-12/2022-01-24",
                "2022-01-30",
                "gone",
                "1,1,1,bool",
            ),
        ),
    ];
    for (rules, rows) in cases {
        let mut case = Case::new(&rows, &rules, "2022-02-01");
        assert!(!case.observations.used.is_empty(), "{rows}");
        let (log, error, plain, plain_error) = both_ways(&mut case);
        assert!(
            (log - plain).abs() < 4.0 * error.hypot(plain_error) + 0.01,
            "{rows}: {log} ± {error} by the filter, {plain} ± {plain_error} along courses"
        );
    }
}

/// A course whose yard holds 100, 80, 30 on its days, of which 25, 20, 60 leave.
fn course() -> Course {
    let day = |stands: u32, leave: u32, total: u32| {
        let mut day = Figures {
            dispatched: leave,
            dispatched_total: total,
            ..Figures::default()
        };
        day.places[1] = stands;
        day
    };
    Course {
        path: Vec::new(),
        unknowns: vec![0.0],
        days: vec![day(100, 0, 0), day(80, 20, 20), day(30, 60, 80)],
    }
}

#[test]
fn trends_and_cohorts_are_what_they_are_by_hand() {
    let rules = rule("trend", "in.yard", "growth", "") + &rule("cohort", "in.yard", "remains", "");
    let rows = row(
        "a",
        "2022-01-01/2022-01-03",
        "2022-01-03",
        "trend",
        ",-70,,percent",
    ) + &row(
        "b",
        "2022-01-01/2022-01-03",
        "2022-01-03",
        "cohort",
        ",0.2,,share",
    ) + &row("c", "2022-01-03", "2022-01-03", "cohort", ",0.2,,share");
    let case = Case::new(&rows, &rules, "2022-01-03");
    let used = &case.observations.used;
    // From 100 to 30; of the 100 that stood there 80 have left since, the oldest first.
    assert!((course().truth(&used[0]) - 0.3).abs() < 1e-12);
    assert!((course().truth(&used[1]) - 0.2).abs() < 1e-12);
    assert!(matches!(used[0].statement, Statement::Between(a, b) if a < 0.3 && 0.3 < b));
    assert!(used[0].log_likelihood(0.3) > used[0].log_likelihood(0.6) + 1.0);
    // A cohort of one day is none.
    assert_eq!(case.observations.unused[0].why, Why::OneDay);
}

#[test]
fn what_arrives_later_than_it_is_counted_waits_for_its_day() {
    let rules = rule(
        "money",
        "vehicles",
        "total",
        "lag_days = 10\nbesides = [10, 4]\nerror_at_least = 3",
    );
    let rows = row(
        "a",
        "2022-01-01/2022-01-05",
        "2022-01-06",
        "money",
        ",37,,lot",
    );
    let early = Case::new(&rows, &rules, "2022-01-14");
    assert_eq!(early.observations.unused[0].why, Why::NotYetThere);
    let late = Case::new(&rows, &rules, "2022-01-15");
    let used = &late.observations.used[0];
    assert_eq!((used.day, used.window), (14, 5));
    assert!((used.least - 5.0).abs() < 1e-12);
    // Twenty come in those days, and ten more by other routes are in the figure.
    let truth = used.truth(&Figures::default(), &[0.0, 20.0, 0.0, 0.0], None, &[0.0]);
    assert!((truth - 30.0).abs() < 1e-12);
}

#[test]
fn a_first_sighting_says_that_none_was_seen_before() {
    let rules = rule(
        "gone",
        "dispatched_total",
        "first_seen",
        "seen = 0.5\nfalse_alarm = 0.0001",
    );
    let rows = row(
        "a",
        "2022-01-03/2022-01-07",
        "2022-01-08",
        "gone",
        "1,1,1,bool",
    );
    let used = Case::new(&rows, &rules, "2022-01-08").observations.used;
    assert_eq!(used.iter().map(|o| o.day).collect::<Vec<_>>(), [2, 6]);
    let say = |of: usize, gone: f64| used[of].alone(gone).0;
    // Of three that have gone none is noticed with 0.5³, and some with the rest.
    assert!((say(0, 3.0) - 0.125).abs() < 1e-3 && (say(1, 3.0) - 0.875).abs() < 1e-3);
    assert!(say(0, 0.0) > 0.99 && say(1, 0.0) < 0.01);
}

#[test]
fn up_to_may_say_what_was_reached() {
    let of = |more: &str| {
        let rules = rule(
            "stay",
            "hold_time",
            "duration",
            &format!("range = [0, 200]\n{more}"),
        );
        let case = Case::new(
            &row("a", "2022-01-05", "2022-01-05", "stay", ",,92,day"),
            &rules,
            "2022-01-06",
        );
        let used = &case.observations.used[0];
        used.log_likelihood(92.0) - used.log_likelihood(20.0)
    };
    assert!(
        of("").abs() < 0.8,
        "at most 92 speaks for 92 and for 20: {}",
        of("")
    );
    assert!(of("up_to = \"reached\"") > 3.0);
}

fn sighted(rows: &str, more: &str) -> Case {
    let head = HEAD.trim_end().to_string() + ",time,cloud,resolution_m,angle_deg\n";
    let rules = rule("lots", "in.yard", "count", "size_m = 6\nrange = [0, 400]") + more;
    Case::of(&format!("{head}{rows}"), &rules, "2022-01-20")
}

fn look(id: &str, value: &str, sight: &str) -> String {
    format!("{id},2022-01-18,2022-01-19,eye,image,site,lots,{value},,B,2,,,{sight}\n")
}

#[test]
fn no_image_is_never_an_image_of_nothing() {
    let rows = look("clear", "0,0,0", ",0,0.5,0")
        + &look("half", "0,0,0", ",0.5,0.5,0")
        + &look("cloudy", "0,0,0", ",1,0.5,0")
        + &look("blurred", "0,0,0", ",0,10,0")
        + &look("none", ",,", ",1,,");
    let case = sighted(&rows, "");
    let id = |at: usize| case.rows[at].id.to_string();
    let against = |name: &str| {
        let observation = case
            .observations
            .used
            .iter()
            .find(|o| id(o.row) == name)
            .unwrap();
        observation.log_likelihood(0.0) - observation.log_likelihood(60.0)
    };
    // A clear image of nothing speaks against sixty lots; one under cloud, or too coarse for a lot, says nothing at all.
    assert!(
        against("clear") > 3.0 && against("half") > 1.0,
        "{} {}",
        against("clear"),
        against("half")
    );
    assert!(against("cloudy").abs() < 1e-9 && against("blurred").abs() < 1e-9);
    assert_eq!(case.observations.unused[0].why, Why::NoValue);
    assert!(
        Why::NoValue
            .in_words()
            .contains("never counts as nothing there")
    );
}

#[test]
fn what_an_image_can_show_falls_with_cloud_pixels_and_angle() {
    let of = |cloud: f32, resolution_m: f32, angle_deg: f32| Sight {
        cloud: Some(cloud),
        resolution_m: Some(resolution_m),
        angle_deg: Some(angle_deg),
    };
    let near = |found: f64, hand: f64| assert!((found - hand).abs() < 1e-6, "{found} {hand}");
    near(of(0.0, 2.0, 0.0).share(Some(6.0)), 1.0);
    // Two pixels across of the three that it takes, one of which shows nothing: half.
    near(of(0.0, 3.0, 0.0).share(Some(6.0)), 0.5);
    near(of(0.25, 3.0, 60.0).share(Some(6.0)), 0.75 * 0.5 * 0.5);
    near(of(0.25, 30.0, 0.0).share(None), 0.75);
}

#[test]
fn an_image_of_the_morning_shows_the_end_of_the_day_before() {
    let rows = look("morning", "40,40,40", "07:30,,,") + &look("evening", "40,40,40", "17:00,,,");
    let days: Vec<usize> = sighted(&rows, "")
        .observations
        .used
        .iter()
        .map(|o| o.day)
        .collect();
    assert_eq!(days, [16, 17]);
    let wrong = |cells: &str| {
        let head = HEAD.trim_end().to_string() + ",time,cloud,resolution_m,angle_deg\n";
        let wrong = evidence::read(&format!("{head}{}", look("a", "1,1,1", cells))).unwrap_err();
        wrong[0].message.clone()
    };
    assert!(wrong("25:00,,,").contains("not a time of day"));
    assert!(wrong(",80,,").contains("out of range"));
    assert!(wrong(",,0,").contains("out of range"));
}
