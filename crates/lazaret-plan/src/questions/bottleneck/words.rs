//! The answer of `lazaret plan bottleneck` in words.

use lazaret_vocabulary::figures::figure;

use super::{BottleneckAnswer, Gain, Headline};

/// What to build next, in a sentence.
#[must_use]
pub fn headline(answer: &BottleneckAnswer) -> String {
    /// More than these are only counted.
    const NAMED: usize = 4;
    let worth = |g: &Gain| format!("{} ({} {})", g.what, figure(g.gain.value), answer.unit);
    match &answer.headline {
        Headline::Build { gain } => {
            let g = &answer.gains[*gain];
            format!(
                "Build next: {}. It is worth {} {} of {}.",
                g.what,
                figure(g.gain.value),
                answer.unit,
                answer.metric
            )
        }
        Headline::Undecided { between, more } => {
            let names: Vec<String> = between
                .iter()
                .take(NAMED)
                .map(|&i| worth(&answer.gains[i]))
                .collect();
            let others = match between.len().saturating_sub(NAMED) {
                0 => String::new(),
                n => format!(" and {n} others"),
            };
            let more = match more {
                Some(n) => format!("about {} more replications would decide", figure(*n as f64)),
                None => "no feasible number of replications would decide".into(),
            };
            let what = if between.len() == 1 {
                "Not shown yet to be a gain"
            } else {
                "Undecided between"
            };
            format!("{what}: {}{others}; {more}.", names.join(", "))
        }
        Headline::Nothing if answer.gains.is_empty() => {
            "The file has no known number that could be increased by one.".to_owned()
        }
        Headline::Nothing => format!(
            "Nothing that matters: one more of any single thing changes {} by less than 1 %.",
            answer.metric
        ),
    }
}

/// Step and reason of a metric of waiting.
#[must_use]
pub fn wait(metric: &str) -> (String, String) {
    let step = metric.strip_prefix("step.").unwrap_or(metric);
    for (end, why) in [
        (".wait.no_room.mean", "waits for room"),
        (".wait.closed.mean", "waits for a closed or broken place"),
        (
            ".wait.segregated.mean",
            "waits for goods that must be kept apart",
        ),
        (".wait.no_resource.mean", "waits for crew or equipment"),
        (".wait.no_departure.mean", "waits for a departure"),
        (".paused.mean", "work stopped between shifts"),
        (".blocked.mean", "done, but blocked by what comes next"),
    ] {
        if let Some(step) = step.strip_suffix(end) {
            return (step.to_owned(), why.to_owned());
        }
    }
    (step.to_owned(), String::new())
}
