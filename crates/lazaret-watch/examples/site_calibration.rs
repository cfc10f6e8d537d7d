//! Simulation-based calibration: synthetic sites with the evidence pattern of an example, from the prior.
//!
//!     cargo run --release -p lazaret-watch --example site_calibration -- 200 128 64 1
//!
//! Arguments: sites, parameter particles, state particles, seed. Each site draws its unknowns from the prior of Uiju's
//! gateway file, runs, and is reported on by sources that have the grades, dates and measures of the rows of Uiju's
//! evidence, each with a chance of misreports drawn from what its letter leaves open. If probabilities mean what they say, the ranks of the truths in the posteriors are even.
#![allow(clippy::print_stdout, reason = "an example prints")]

use lazaret_smc::calibration::Calibration;
use lazaret_smc::model::{Family, simulate};
use lazaret_smc::prior::Prior;
use lazaret_smc::random::StreamKey;
use lazaret_smc::scores::crps;
use lazaret_smc::summary::Weighted;
use lazaret_watch::attendance::Attendance;
use lazaret_watch::belief::Belief;
use lazaret_watch::estimate::{Course, Effort, Question, Weighed, posterior_courses, weigh};
use lazaret_watch::grades::learn;
use lazaret_watch::kernel::count::CountKernel;
use lazaret_watch::observation::bind;
use lazaret_watch::rules::Metric;
use lazaret_watch::site::Site;

mod uiju;

fn main() {
    let mut arguments = std::env::args().skip(1).map(|a| a.parse::<u64>());
    let mut next = |default: u64| arguments.next().and_then(Result::ok).unwrap_or(default);
    let (sites, thetas, states, seed) = (next(200), next(128), next(64), next(1));
    let (gateway, rules, rows) = uiju::read();
    let as_of = jiff::civil::date(2022, 2, 3);
    let pattern = bind(&gateway, &rules, &rows, as_of).unwrap_or_else(|wrong| panic!("{wrong:?}"));
    let ahead = pattern.last_day + 14;
    let kernel = CountKernel::new(&gateway, ahead + 1).unwrap_or_else(|wrong| panic!("{wrong}"));
    let belief = Belief::of(&gateway);
    let means: Vec<f64> = gateway.unknowns.iter().map(|u| u.prior.mean()).collect();
    let Some(yard) = Metric::parse("in.yard", &gateway) else {
        panic!("no yard");
    };
    let effort = Effort {
        seed,
        thetas: thetas as usize,
        states: states as usize,
        courses: 200,
        runs: 1,
        influence: false,
        grid: false,
    };
    let mut calibration = Calibration::default();
    let (mut ours, mut persistence) = (0.0, 0.0);
    for number in 0..sites {
        let key = StreamKey::new(seed).child(number);
        let mut rng = key.child(1).stream();
        // The truth.
        let theta = belief.prior.sample(&mut rng);
        let empty =
            Site::new(&kernel, &pattern, &belief, &means, 1).unwrap_or_else(|e| panic!("{e}"));
        let truth = Course {
            path: Vec::new(),
            unknowns: belief.unknowns(&theta),
            days: simulate(&empty.model(&theta), ahead, key.child(4)),
        };
        // What the sources say of it.
        let mut observations = pattern.clone();
        let sources = pattern.sources.iter();
        let misreports: Vec<f64> = sources.map(|s| s.draw(0.0, 0.0, &mut rng)).collect();
        for observation in &mut observations.used {
            observation.retold = None;
            let misreport = misreports[observation.source.unwrap_or_else(|| panic!("no source"))];
            let true_figure = truth.truth(observation);
            observation.statement = observation.simulate_if(true_figure, misreport, &mut rng);
        }
        let question = Question {
            gateway: &gateway,
            rows: &rows,
            observations: &observations,
            as_of,
            until: ahead,
            effort: &effort,
        };
        let site =
            Site::new(&kernel, &observations, &belief, &means, 1).unwrap_or_else(|e| panic!("{e}"));
        let run = key.child(2).stream().bits();
        let Weighed { pool, sampler } =
            weigh(&site, &belief, &question, &[run], &Attendance::nobody())
                .unwrap_or_else(|e| panic!("{e}"));
        let courses = posterior_courses(&site, &sampler, &question, key.child(3))
            .unwrap_or_else(|e| panic!("{e}"));
        for (at, unknown) in gateway.unknowns.iter().enumerate() {
            let posterior = pool.posterior_of(|theta| belief.unknowns(theta)[at]);
            calibration.record(&unknown.name, &posterior, truth.unknowns[at], &mut rng);
        }
        let learned = learn(&observations, &courses, &[], key.child(5));
        if let Some(most) = (0..misreports.len()).max_by_key(|s| pattern.sources[*s].rows.len()) {
            let drawn = (0..courses.len()).map(|course| learned.drawn(course, most));
            let believed = Weighted::equal(drawn.collect());
            let name = format!("misreports of {}", pattern.sources[most].name);
            calibration.record(&name, &believed, misreports[most], &mut rng);
        }
        for days in [0, 7, 14] {
            let day = pattern.last_day + days;
            let forecast = Weighted::equal(courses.iter().map(|c| c.value(yard, day)).collect());
            let was = truth.value(yard, day);
            calibration.record(
                &format!("in.yard, {days} days on"),
                &forecast,
                was,
                &mut rng,
            );
            if days == 7 {
                ours += crps(&forecast, was);
                persistence += (truth.value(yard, pattern.last_day) - was).abs();
            }
        }
    }
    println!("| quantity | p of the ranks | truth in the 90 % interval | in the 50 % interval |");
    println!("| --- | --- | --- | --- |");
    for tally in calibration.tallies() {
        println!(
            "| {} | {:.2} | {:.1} % | {:.1} % |",
            tally.name,
            tally.uniformity().p_value,
            100.0 * tally.coverage(0.9),
            100.0 * tally.coverage(0.5)
        );
    }
    println!(
        "{sites} sites; CRPS at 7 days is {:.2} of that of persistence from the true yard",
        ours / persistence
    );
}
