//! What each row did, from courses that were drawn with it: against sums over a grid without it.

use lazaret_smc::filter::Emphasis;
use lazaret_smc::model::Family;
use lazaret_smc::weights::log_mean_exp;
use lazaret_watch::attendance::Attendance;
use lazaret_watch::estimate::{Effort, Influence, estimate};
use lazaret_watch::site::Site;

use crate::case::{Case, HEAD};

/// Two rows of one source, of which one is far off, a tale of three papers, and a sighting.
const ROWS: [(&str, &str, &str, &str, &str); 7] = [
    ("a1", "2022-01-05", "alpha", "18", "C,2,,,"),
    ("a2", "2022-01-09", "alpha", "60", "C,2,,,"),
    ("b1", "2022-01-10", "paper one", "25", "C,3,,,tale"),
    ("b2", "2022-01-10", "paper two", "25", "C,3,,,tale"),
    ("b3", "2022-01-11", "paper three", "27", "D,3,,,tale"),
    ("c1", "2022-01-12", "beta", "21", "B,2,,,"),
    ("a3", "2022-01-14", "alpha", "20", "C,2,,,"),
];

fn case() -> Case {
    let mut text = HEAD.trim_end().to_string() + ",story\n";
    for (id, date, source, days, rest) in ROWS {
        text += &format!("{id},{date},{date},{source},press,hold,length,,{days},,day,{rest}\n");
    }
    Case {
        effort: Effort {
            thetas: 512,
            states: 16,
            runs: 2,
            ..crate::case::effort(3)
        },
        ..Case::of(
            &text,
            "[copies]\nstated = 0.8\nalike = 0.0001\n",
            "2022-01-20",
        )
    }
}

/// Log-evidence of some rows given all others, and the mean of the hold without them, in days.
fn exactly(case: &Case, gone: &[usize]) -> (f64, f64) {
    case.ask(0, |kernel, belief, question| {
        let means: Vec<f64> = question
            .gateway
            .unknowns
            .iter()
            .map(|u| u.prior.mean())
            .collect();
        let site = Site::new(kernel, question.observations, belief, &means, 1).unwrap();
        let last = question.observations.last_day;
        let grid: Vec<f64> = (0..4000)
            .map(|i| {
                let rank = (f64::from(i) + 0.5) / 4000.0;
                let prior = &question.gateway.unknowns[0].prior;
                let (mut low, mut high) = (0.0, 400.0 * 86_400.0);
                for _ in 0..60 {
                    let middle = 0.5 * (low + high);
                    if below(prior, middle) < rank {
                        low = middle;
                    } else {
                        high = middle;
                    }
                }
                0.5 * (low + high)
            })
            .collect();
        let logs = |emphasis: &Emphasis| -> Vec<f64> {
            let of = |hold: &f64| site.without_state(&[*hold], last, emphasis).unwrap();
            grid.iter().map(|hold| of(hold).iter().sum()).collect()
        };
        let all = logs(&Emphasis::default());
        let others = logs(&Emphasis::without(gone));
        let weights: Vec<f64> = others.iter().map(|log| log.exp()).collect();
        let total: f64 = weights.iter().sum();
        let mean: f64 = grid.iter().zip(&weights).map(|(x, w)| x * w / total).sum();
        (log_mean_exp(&all) - log_mean_exp(&others), mean / 86_400.0)
    })
}

/// The share of a lognormal prior that lies below `x`.
fn below(prior: &lazaret_gateway::distribution::Distribution, x: f64) -> f64 {
    let (mean, variance) = (prior.mean(), prior.variance());
    let square = (variance / (mean * mean)).ln_1p();
    let at = (x.ln() - mean.ln() + square / 2.0) / square.sqrt();
    lazaret_gateway::distribution::normal_cdf(at)
}

/// The sampler keeps 256 values of the hold: what it says of the source that moved the answer most was off by 0.18 nats. A program
/// that left no row out would be off by the log-evidence of the rows itself, which is more than 0.5 for each group.
#[test]
fn leaving_rows_out_by_weighing_courses_agrees_with_a_grid() {
    let case = case();
    let answer = case.ask(0, |kernel, belief, question| {
        estimate(kernel, belief, question, &[], &Attendance::nobody()).unwrap()
    });
    let mean = answer.unknowns[0].posterior.mean;
    let mut looked_at = 0;
    let all = answer
        .rows
        .iter()
        .chain(&answer.sources)
        .chain(&answer.stories);
    for influence in all {
        let gone: Vec<usize> = (0..case.observations.used.len())
            .filter(|at| influence.rows.contains(&case.observations.used[*at].row))
            .collect();
        let (log_evidence, without) = exactly(&case, &gone);
        let off = |of: &Influence| {
            (
                of.log_evidence - log_evidence,
                mean - of.shifts[0].mean - without,
            )
        };
        let (a, b) = off(influence);
        assert!(
            a.abs() < 0.35,
            "{}: log-evidence is off by {a}",
            influence.name
        );
        assert!(
            b.abs() < 1.5,
            "{}: the hold is off by {b} d",
            influence.name
        );
        assert!(!influence.rough, "{}", influence.name);
        assert!(log_evidence < -0.5, "{}", influence.name);
        looked_at += 1;
    }
    // Seven rows, five sources, one story.
    assert_eq!(looked_at, 13);
}
