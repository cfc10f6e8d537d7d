//! Synthetic sites with biased opinions, shared stories and an unknown that wanders: do 90 % mean 90 %, and what becomes of them under the
//! old model of evidence, by which an opinion is a measurement, ten papers are ten heads and nothing changes.

use lazaret_smc::calibration::Calibration;
use lazaret_smc::model::{Family, simulate};
use lazaret_smc::prior::Prior;
use lazaret_smc::random::{Stream, StreamKey};
use lazaret_smc::scores::crps;
use lazaret_smc::summary::Weighted;
use lazaret_watch::attendance::Attendance;
use lazaret_watch::belief::Belief;
use lazaret_watch::course::posterior_courses;
use lazaret_watch::estimate::{Course, Effort, Question, Weighed, weigh};
use lazaret_watch::evidence;
use lazaret_watch::kernel::count::CountKernel;
use lazaret_watch::observation::{Observations, Statement, bind};
use lazaret_watch::rules::{self, Metric, Rules};
use lazaret_watch::site::Site;

use crate::case::{Case, HEAD, RULES, effort, gateway};

const DAY: f64 = 86_400.0;
const AS_OF: &str = "2022-02-05";
const AHEAD: usize = 14;

/// What is true of every site: the hold wanders, guesses are good for a factor of two, the four papers tell one tale with 9 in 10.
const TRUE: &str =
    "[unknown.hold_time]\nchanges = \"walk(0.5)\"\n[copies]\nstated = 0.9\nalike = 0.0001\n";

/// The old model of evidence.
const OLD: &str = "[kinds]\nexpected = 0\nhearsay = 0\nrule = 0\nannounced = 0\n[copies]\nstated = 0.0001\nalike = 0.0001\n";

/// One step wrong: guesses taken for plans, papers half as surely of one tale, half the misreports, a hold that hardly wanders.
const ONE_STEP: [(&str, &str); 4] = [
    ("kinds", "[kinds]\nexpected = 0.5\n"),
    ("stories", "[copies]\nstated = 0.5\nalike = 0.0001\n"),
    (
        "grades",
        "[grades]\nmisreport = { A = 0.01, B = 0.04, C = 0.10 }\n",
    ),
    ("changes", "[unknown.hold_time]\nchanges = \"walk(0.25)\"\n"),
];

fn rules(more: &str) -> Rules {
    // A section that the variant names takes the place of the true one.
    let mut text = format!("{RULES}\n");
    let name = more.lines().next().unwrap_or("").to_string();
    let mut kept = true;
    for line in TRUE.lines() {
        if line.starts_with('[') {
            kept = line != name;
        }
        if kept && !more.contains("[kinds]\nexpected = 0\n") {
            text += &format!("{line}\n");
        }
    }
    rules::read(&format!("{text}{more}"), &gateway()).unwrap()
}

/// Rows of a site: dates, source, what, unit, grades, kind and story. Values are filled in once the truth is known.
const ROWS: [(&str, &str, &str, &str, &str, &str, &str); 9] = [
    (
        "2022-01-06",
        "paper 1",
        "hold,length",
        "day",
        "C,2",
        "expected",
        "tale",
    ),
    (
        "2022-01-06",
        "paper 2",
        "hold,length",
        "day",
        "C,2",
        "expected",
        "tale",
    ),
    (
        "2022-01-06",
        "paper 3",
        "hold,length",
        "day",
        "C,2",
        "expected",
        "tale",
    ),
    (
        "2022-01-07",
        "paper 4",
        "hold,length",
        "day",
        "C,2",
        "expected",
        "tale",
    ),
    (
        "2022-01-14",
        "west eye",
        "west,wagons",
        "",
        "B,2",
        "seen",
        "",
    ),
    (
        "2022-01-22",
        "trader",
        "hold,length",
        "day",
        "B,2",
        "expected",
        "",
    ),
    (
        "2022-01-25",
        "satellite",
        "yard,lots",
        "",
        "B,2",
        "seen",
        "",
    ),
    (
        "2022-02-02",
        "satellite",
        "yard,lots",
        "",
        "B,2",
        "seen",
        "",
    ),
    (
        "2022-02-03",
        "driver",
        "hold,length",
        "day",
        "C,3",
        "hearsay",
        "",
    ),
];

fn text(values: &[f64]) -> String {
    let mut text = HEAD.trim_end().to_string() + ",kind,story\n";
    for (at, ((date, source, what, unit, grades, kind, story), value)) in
        ROWS.iter().zip(values).enumerate()
    {
        text += &format!(
            "r{at},{date},{date},{source},x,{what},,{value},,{unit},{grades},,,{kind},{story}\n"
        );
    }
    text
}

fn observed(values: &[f64], rules: &Rules) -> (Vec<evidence::Row>, Observations) {
    let rows = evidence::read(&text(values)).unwrap().rows;
    let bound = bind(&gateway(), rules, &rows, AS_OF.parse().unwrap()).unwrap();
    (rows, bound)
}

/// What is said of a true course: misreports, opinions that are off by a factor, and a tale that the other papers repeat.
fn reports(truth: &Course, pattern: &Observations, rng: &mut Stream) -> Vec<f64> {
    let misreports: Vec<f64> = pattern
        .sources
        .iter()
        .map(|s| s.draw(0.0, 0.0, rng))
        .collect();
    let one_origin = rng.uniform() < 0.9;
    let mut values = vec![0.0; ROWS.len()];
    for observation in &pattern.used {
        let figure = |said: Statement| match said {
            Statement::Between(low, high) => (0.5 * (low + high)).max(0.0),
            Statement::Is(yes) => f64::from(u8::from(yes)),
        };
        let alone = {
            let misreport = misreports[observation.source.unwrap()];
            figure(observation.simulate_if(truth.truth(observation), misreport, rng))
        };
        let retold = observation.retold.is_some() && one_origin;
        values[observation.row] = if retold {
            // Word for word, or a tenth off.
            let first: f64 = values[0];
            let off: f64 = rand_distr::Distribution::sample(&rand_distr::StandardNormal, rng);
            if rng.uniform() < 0.5 {
                first
            } else {
                (first * (0.1 * off).exp()).round()
            }
        } else {
            alone
        };
    }
    values
}

/// How sites fare under one set of rules.
#[derive(Default)]
struct Fared {
    calibration: Calibration,
    ours: f64,
    persistence: f64,
}

fn judge(
    fared: &mut Fared,
    judged: &Rules,
    values: &[f64],
    truth: &Course,
    key: StreamKey,
    sizes: (usize, usize),
) {
    let gateway = gateway();
    let (rows, observations) = observed(values, judged);
    let belief = Belief::changing(&gateway, &judged.changes, observations.last_day);
    let last = observations.last_day;
    let effort = Effort {
        thetas: sizes.0,
        states: sizes.1,
        courses: 150,
        runs: 1,
        influence: false,
        ..effort(1)
    };
    let question = Question {
        gateway: &gateway,
        rows: &rows,
        observations: &observations,
        as_of: AS_OF.parse().unwrap(),
        until: last + AHEAD,
        effort: &effort,
    };
    let kernel = CountKernel::new(&gateway, question.until + 1).unwrap();
    let means: Vec<f64> = gateway.unknowns.iter().map(|u| u.prior.mean()).collect();
    let site = Site::new(&kernel, &observations, &belief, &means, 1).unwrap();
    let run = key.child(2).stream().bits();
    let Weighed { sampler, .. } =
        weigh(&site, &belief, &question, &[run], &Attendance::nobody()).unwrap();
    let courses = posterior_courses(&site, &sampler, &question, key.child(3)).unwrap();
    let mut rng = key.child(4).stream();
    let yard = Metric::parse("in.yard", &gateway).unwrap();
    for (name, day) in [
        ("now", last),
        ("in a week", last + 7),
        ("in two weeks", last + 14),
    ] {
        let hold = |c: &Course| c.unknowns_on(day)[0] / DAY;
        let believed = Weighted::equal(courses.iter().map(hold).collect());
        fared
            .calibration
            .record(&format!("hold {name}"), &believed, hold(truth), &mut rng);
        let stands = |c: &Course| c.value(yard, day);
        let believed = Weighted::equal(courses.iter().map(stands).collect());
        fared
            .calibration
            .record(&format!("yard {name}"), &believed, stands(truth), &mut rng);
        if name == "in a week" {
            fared.ours += crps(&believed, stands(truth));
            // As last reported, with the drift of the last two reports carried on.
            let (from, to) = (values[6], values[7]);
            fared.persistence += (to + (to - from) * 10.0 / 8.0 - stands(truth)).abs();
        }
    }
}

/// Judges so many sites under each of the `variants`.
fn sites(count: u64, seed: u64, sizes: (usize, usize), variants: &[&str]) -> Vec<Fared> {
    use rayon::prelude::*;
    let gateway = gateway();
    let truly = rules("");
    let (_, pattern) = observed(&[10.0; ROWS.len()], &truly);
    let until = pattern.last_day + AHEAD;
    let kernel = CountKernel::new(&gateway, until + 1).unwrap();
    let belief = Belief::changing(&gateway, &truly.changes, pattern.last_day);
    let means: Vec<f64> = gateway.unknowns.iter().map(|u| u.prior.mean()).collect();
    let site = Site::new(&kernel, &pattern, &belief, &means, 1)
        .unwrap()
        .reaching(until);
    let made: Vec<(StreamKey, Course, Vec<f64>)> = (0..count)
        .map(|number| {
            let key = StreamKey::new(seed).child(number);
            let mut rng = key.child(1).stream();
            let theta = belief.prior.sample(&mut rng);
            let truth = Course {
                unknowns: belief.unknowns(&theta),
                path: belief.path(&theta, until),
                days: simulate(&site.model(&theta), until, key.child(5)),
            };
            let values = reports(&truth, &pattern, &mut rng);
            (key, truth, values)
        })
        .collect();
    variants
        .par_iter()
        .map(|more| {
            let judged = rules(more);
            let mut fared = Fared::default();
            for (key, truth, values) in &made {
                judge(&mut fared, &judged, values, truth, *key, sizes);
            }
            fared
        })
        .collect()
}

fn nightly() -> bool {
    std::env::var("LAZARET_NIGHTLY").is_ok()
}

fn coverage(of: &Fared, name: &str) -> f64 {
    let all = of.calibration.tallies();
    all.iter().find(|t| t.name == name).unwrap().coverage(0.9)
}

/// Share of all six quantities that 90 % intervals hold.
fn held(of: &Fared) -> f64 {
    let all = of.calibration.tallies();
    all.iter().map(|t| t.coverage(0.9)).sum::<f64>() / all.len() as f64
}

/// In every run 40 sites: of six quantities, which hang together, the 90 % intervals hold at least 78 % on the whole: for 40 independent
/// figures a false alarm in a hundred thousand would need 70 %, for the mean of six less. Nightly 1000 sites: each rank test above 0.01 / 6, as there
/// are six, and each coverage from 88 to 92 %, which is two standard errors.
#[test]
fn opinions_stories_and_changes_are_weighed_so_that_ninety_percent_mean_it() {
    let (count, sizes) = if nightly() {
        (1000, (256, 64))
    } else {
        (40, (64, 32))
    };
    let fared = sites(count, 3, sizes, &["", OLD]);
    let (ours, old) = (&fared[0], &fared[1]);
    for tally in ours.calibration.tallies() {
        println!(
            "{}: p {:.3}, in 90 % {:.3}, by the old model {:.3}",
            tally.name,
            tally.uniformity().p_value,
            tally.coverage(0.9),
            coverage(old, &tally.name)
        );
    }
    let skill = ours.ours / ours.persistence;
    println!("CRPS at 7 days is {skill:.2} of that of persistence with drift");
    assert!(held(ours) > 0.78, "{}", held(ours));
    // The old model is sure of what four papers copied from one guess.
    assert!(
        coverage(old, "hold now") < 0.75,
        "{}",
        coverage(old, "hold now")
    );
    assert!(coverage(old, "hold now") < coverage(ours, "hold now") - 0.1);
    assert!(skill < 0.6, "{skill}");
    if nightly() {
        assert!(skill <= 0.5, "{skill}");
        for tally in ours.calibration.tallies() {
            assert!(tally.uniformity().p_value > 0.01 / 6.0, "{}", tally.name);
            assert!(
                (0.88..=0.92).contains(&tally.coverage(0.9)),
                "{}",
                tally.name
            );
        }
    }
}

/// Nightly 300 sites and every step; else 16 sites and the wrong kinds: then at least 65 %, for at 80 % in truth fewer of 16 come out in one run of
/// a hundred thousand only below 37 %.
#[test]
fn one_wrong_step_still_leaves_four_in_five() {
    let (count, sizes) = if nightly() {
        (300, (256, 64))
    } else {
        (16, (64, 32))
    };
    let steps = if nightly() {
        &ONE_STEP[..]
    } else {
        &ONE_STEP[..1]
    };
    let variants: Vec<&str> = steps.iter().map(|(_, more)| *more).collect();
    let fared = sites(count, 8, sizes, &variants);
    for ((name, _), of) in steps.iter().zip(&fared) {
        println!(
            "wrong {name}: 90 % intervals hold {:.3}, hold now {:.3}",
            held(of),
            coverage(of, "hold now")
        );
        assert!(
            held(of) > if nightly() { 0.8 } else { 0.65 },
            "{name}: {}",
            held(of)
        );
    }
}

/// Mean CRPS of the yard in a week over worlds of the prior: of what is believed after three images of so many lots under such clouds,
/// and before them.
fn skill_under(lots: u32, cloud: &str) -> (f64, f64) {
    use lazaret_watch::estimate::estimate;
    let mut text = HEAD.trim_end().to_string() + ",cloud\n";
    for day in ["2022-01-10", "2022-01-18", "2022-01-26"] {
        text += &format!("{day},{day},{day},sat,image,yard,lots,,{lots},,,A,1,,,{cloud}\n");
    }
    let asked = |seed: u64| {
        let case = Case {
            effort: Effort {
                seed,
                courses: 400,
                influence: false,
                ..effort(seed)
            },
            ..Case::of(&text, "", "2022-01-28")
        };
        case.ask(7, |kernel, belief, question| {
            let found = estimate(kernel, belief, question, &[], &Attendance::nobody()).unwrap();
            (found, question.until)
        })
    };
    let ((found, day), (other, _)) = (asked(1), asked(2));
    let yard = Metric::parse("in.yard", &gateway()).unwrap();
    let values = |courses: &[Course]| -> Vec<f64> {
        courses
            .iter()
            .map(|course| course.value(yard, day))
            .collect()
    };
    let truths = values(&other.before);
    let mean = |courses: &[Course]| -> f64 {
        let believed = Weighted::equal(values(courses));
        truths
            .iter()
            .map(|truth| crps(&believed, *truth))
            .sum::<f64>()
            / truths.len() as f64
    };
    (mean(&found.after), mean(&found.before))
}

/// Images of nothing but cloud leave the prior as it is: the scores of two samples of 400 of one distribution differ by half a per cent.
#[test]
fn evidence_that_says_nothing_makes_no_forecast_worse() {
    let (after, before) = skill_under(0, "1.0");
    assert!(after <= 1.02 * before, "{after} {before}");
    // Images of far fewer lots than these worlds have, under a clear sky, do.
    let (after, before) = skill_under(60, "0.0");
    assert!(after > 1.02 * before, "{after} {before}");
}
