//! The answer of `lazaret plan hold` in words.

use lazaret_vocabulary::figures::{figure, interval, share};

use super::{Hazard, HoldPriced, Shortest};
use crate::questions::words::Words;

fn days(x: f64) -> String {
    if x.is_finite() {
        format!("{} days", figure(x.ceil()))
    } else {
        "no hold up to the longest".into()
    }
}

/// * `certain` — whether every input is known exactly, so that there is one answer and no spread.
fn shortest(s: &Shortest, confidence: f64, certain: bool) -> String {
    if certain {
        return days(s.sure_days);
    }
    let mut text = format!(
        "{} for {} of the possible inputs; {} for half of them",
        days(s.sure_days),
        share(confidence),
        days(s.median_days)
    );
    if s.never > 0.0 {
        text += &format!("; for {} of them no hold is long enough", share(s.never));
    }
    text
}

/// The answer.
#[must_use]
pub fn text(answer: &HoldPriced, hazard: &Hazard) -> Words {
    let hold = &answer.hold;
    let target = hazard.target;
    let certain = hold.sampled == 1;
    let mut text = Words::from(format!(
        "\n{}, {}\n\n",
        hold.hazard,
        hold.goods.replace('_', " ")
    ));
    text += &format!(
        "To release a live hazard with at most 1 in {} lots: {}.\n",
        figure((1.0 / target.risk).round()),
        shortest(&hold.for_risk, target.confidence, certain)
    );
    if let (Some(s), Some(r)) = (&hold.for_reduction, target.reduction) {
        let interval = if certain {
            String::new()
        } else {
            format!(
                " (interval {})",
                interval(s.low_days.floor(), s.high_days.ceil())
            )
        };
        text += &format!(
            "To inactivate {} by time alone: {}{interval}.\n",
            exact_share(r),
            shortest(s, target.confidence, certain),
        );
    }
    if hold.clean_lots_stopped.median > 0.0 {
        text += &format!(
            "The test stops {} of clean lots.\n",
            share(hold.clean_lots_stopped.median)
        );
    }
    let rows: Vec<Vec<String>> = hold
        .table
        .iter()
        .map(|d| {
            vec![
                figure(d.days),
                scientific(d.survives.median),
                scientific(d.risk.median),
                format!("{} to {}", scientific(d.risk.low), scientific(d.risk.high)),
                scientific(d.risk_released.median),
            ]
        })
        .collect();
    text += "\n";
    text.table(
        &[
            "days held",
            "survives",
            "risk a lot",
            "interval",
            "risk per released lot",
        ],
        rows,
        &[0, 1, 2, 3, 4],
    );
    if let Some(price) = &answer.price {
        text += &format!(
            "\nOne day of hold needs {} slots at {} lots a day",
            figure(price.slots_a_day_of_hold),
            figure(price.lots_a_day)
        );
        if let Some(n) = price.slots_for_sure_hold {
            text += &format!("; the certain hold needs {}", figure(n));
        }
        text += &match price.slots {
            Some(n) => format!("; there are {}.\n", figure(n)),
            None => ".\n".to_owned(),
        };
    }
    for source in &hazard.hazard.sources {
        text += &format!("\nSource: {source}");
    }
    for assumption in &hazard.hazard.assumptions {
        text += &format!("\nAssumed: {assumption}");
    }
    text += &if certain {
        "\n\nEvery input is a known number, so nothing has an interval.\n".to_owned()
    } else {
        format!(
            "\n\nIntervals contain {} of {} sets of the uncertain inputs.\n",
            share(hold.level),
            figure(hold.sampled as f64)
        )
    };
    text
}

/// 99.99 % must not become 100 %.
fn exact_share(p: f64) -> String {
    let text = format!("{:.6}", 100.0 * p);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

fn scientific(x: f64) -> String {
    if x == 0.0 || (0.01..=1.0).contains(&x) {
        figure(x)
    } else {
        format!("{x:.1e}")
    }
}
