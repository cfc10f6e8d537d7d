//! The answer of `lazaret plan optimise` in words.

use lazaret_vocabulary::figures::{figure, share};

use super::{Feasible, Method, OptimiseAnswer, Tried};
use crate::questions::words::{Words, stopped};

/// Designs of which a warning is printed each; the rest are counted.
const WARNED: usize = 8;

/// Designs of which futures came to a stop.
#[must_use]
pub fn warnings(answer: &OptimiseAnswer) -> Vec<String> {
    let mut all: Vec<String> = answer
        .tried
        .iter()
        .filter_map(|t| stopped(&t.design, &t.stops))
        .collect();
    if all.len() > WARNED {
        let more = all.len() - WARNED;
        all.truncate(WARNED);
        all.push(format!("futures of {more} more designs came to a stop"));
    }
    all
}

/// What has which price, each with its unit.
fn prices(answer: &OptimiseAnswer) -> String {
    let each: Vec<String> = answer
        .prices
        .iter()
        .map(|p| {
            let unit = p.unit.as_deref().unwrap_or_default();
            let free = if p.free > 0.0 {
                format!(" beyond {} {unit}", figure(p.free))
            } else {
                String::new()
            };
            let one = if unit.is_empty() { "one" } else { unit };
            format!(
                "{} for each {one} of {}{}",
                figure(p.each),
                p.path,
                free.trim_end()
            )
        })
        .collect();
    if each.is_empty() {
        String::new()
    } else {
        format!("Prices: {}.\n", each.join(", "))
    }
}

/// What is to be built, and how that was found.
fn found(answer: &OptimiseAnswer) -> String {
    let count = match answer.of {
        Some(n) => format!("all {n} designs"),
        None => format!("{} designs", answer.tried.len()),
    };
    let best = answer.best.map(|i| &answer.tried[i]);
    let mut text = match (&answer.method, best) {
        (Method::NoneFeasible, _) => {
            if answer.constraints.is_empty() {
                format!(
                    "\nFutures of {count} that were run came to a stop, so none of them is recommended.\n"
                )
            } else {
                format!("\nNone of {count} that were run meets all constraints.\n")
            }
        }
        (Method::Front, _) => format!(
            "\nTwo aims: {} of {count} are beaten by no other in both.\n",
            answer.tried.iter().filter(|t| t.on_front).count()
        ),
        (_, Some(best)) => format!("\nBuild: {}.\n", best.design),
        (_, None) => String::new(),
    };
    text += &match &answer.method {
        Method::Kn {
            level,
            matters,
            replications,
        } => format!(
            "Of {count}, it is the best with probability {} or more, if it leads by {} or more; else it is one of the near-best\n({} replications of Kim and Nelson's procedure).\n",
            share(*level),
            figure(*matters),
            figure(*replications as f64)
        ),
        Method::Surface { lowest: true, .. } => format!(
            "Found by a surface through {count}, and then one number at a time: if any of its priced numbers is lowered by itself,\nit is not shown to meet the constraints. There is no guarantee that no other combination is cheaper.\n"
        ),
        Method::Surface {
            improvement_left, ..
        } if answer.aims[0].metric != "cost" && improvement_left.is_finite() => format!(
            "Found by a surface through {count}. One more design is expected to gain {}, which is a guess;\nthere is no guarantee that nothing better exists.\n",
            figure(*improvement_left)
        ),
        Method::Surface { .. } => format!(
            "Found by a surface through {count}. There is no guarantee that nothing better exists; raise `designs` to search further.\n"
        ),
        Method::Certain => {
            format!(
                "The aim does not depend on chance, and {count} that could be chosen were run.\n"
            )
        }
        Method::Front | Method::NoneFeasible => String::new(),
    };
    text
}

/// The answer.
#[must_use]
pub fn text(answer: &OptimiseAnswer) -> Words {
    let best = answer.best.map(|i| &answer.tried[i]);
    let mut text = Words::from(found(answer));
    text += &prices(answer);
    if let Some(best) = best
        && best.feasible == Feasible::Open
    {
        text += "Its constraints are neither refuted nor shown to be met: raise `replications`.\n";
    }
    let mut header: Vec<String> = vec!["design".into()];
    header.extend(answer.aims.iter().map(|a| a.metric.clone()));
    header.extend(answer.constraints.iter().map(|c| c.condition.to_string()));
    header.push(String::new());
    let mut order: Vec<&Tried> = answer.tried.iter().collect();
    let score = |t: &Tried| {
        let a = t.aims[0].value;
        if answer.aims[0].minimise { a } else { -a }
    };
    order.sort_by(|a, b| {
        let rank = |t: &Tried| (t.feasible == Feasible::No, !t.on_front);
        rank(a).cmp(&rank(b)).then(score(a).total_cmp(&score(b)))
    });
    let rows: Vec<Vec<String>> =
        order
            .iter()
            .take(20)
            .map(|t| {
                let mut row = vec![t.design.clone()];
                row.extend(answer.aims.iter().zip(&t.aims).map(|(a, e)| {
                    if a.metric == "cost" {
                        figure(e.value)
                    } else {
                        e.in_words()
                    }
                }));
                row.extend(t.keeps.iter().map(|k| {
                    format!("{} ({} to {})", share(k.value), share(k.low), share(k.high))
                }));
                row.push(match (t.feasible, t.on_front) {
                    (Feasible::No, _) if answer.constraints.is_empty() => "comes to a stop".into(),
                    (Feasible::No, _) => "breaks a constraint".into(),
                    (Feasible::Open, true) => "on the front, not shown to be feasible".into(),
                    (Feasible::Open, false) => "not shown to be feasible".into(),
                    (Feasible::Yes, true) => "on the front".into(),
                    (Feasible::Yes, false) => String::new(),
                });
                row
            })
            .collect();
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let right: Vec<usize> = (1..header.len() - 1).collect();
    text += "\n";
    text.table(&header, rows, &right);
    if answer.tried.len() > 20 {
        text += &format!(
            "… and {} more; --json has them all.\n",
            answer.tried.len() - 20
        );
    }
    text
}
