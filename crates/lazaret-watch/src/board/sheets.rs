//! Pages of the questions other than the estimate: a forecast, explanations, what to look at, scores.

use std::fmt::Write as _;

use jiff::civil::Date;
use lazaret_smc::summary::Weighted;

use super::picture::bands;
use super::{escape, events, explanations, head, next, number, over_time, percent};
use crate::compare::Group;
use crate::estimate::{DayEstimate, Series, Summary};
use crate::forecast::{Forecast, ForecastDay};
use crate::next::Suggestion;
use crate::score::{Record, Scored};

const END: &str = "</body></html>\n";

/// A forecast as a page: what is expected by when, and the figures over the days to come.
#[must_use]
pub fn forecast_sheet(made: &Forecast) -> String {
    let title = format!(
        "{}: {} to {}",
        escape(&made.gateway),
        made.as_of,
        made.until
    );
    let mut out = head(
        &title,
        &format!(
            "A forecast from what had been published by {}. Bands hold 90 %, the dark line is the median; hatched is what \
             the gateway file alone says. Seed {}.",
            made.as_of, made.seed
        ),
    );
    events(&mut out, made);
    out.push_str("<h2>Day by day</h2>\n");
    for series in &made.series {
        let days: Vec<DayEstimate> = series.days.iter().map(day).collect();
        if days
            .iter()
            .all(|day| day.posterior.q95 == 0.0 && day.prior.q95 == 0.0)
        {
            continue;
        }
        let picture = bands(
            &Series {
                metric: series.metric.clone(),
                days: days.clone(),
                room: None,
            },
            0,
        );
        over_time(&mut out, &series.metric, &picture, &days, "file alone");
    }
    out + END
}

fn day(of: &ForecastDay) -> DayEstimate {
    DayEstimate {
        date: of.date,
        posterior: Summary::of(&Weighted::equal(of.values.clone())),
        prior: Summary::of(&Weighted::equal(of.climatology.clone())),
    }
}

/// Explanations as a page, each group with its rows.
#[must_use]
pub fn compare_sheet(gateway: &str, as_of: Date, groups: &[Group]) -> String {
    let mut out = head(
        &format!(
            "{}: which explanation, as known on {as_of}",
            escape(gateway)
        ),
        "A share is how much of the belief within its group an explanation has, given what was offered. What predicts the \
         same as another is not scored: no evidence about the gateway can tell the two apart.",
    );
    explanations(&mut out, groups);
    out + END
}

/// What to look at next as a page.
///
/// * `about` — what is to be learned, in words.
#[must_use]
pub fn next_sheet(gateway: &str, as_of: Date, about: &str, looks: &[Suggestion]) -> String {
    let mut out = head(
        &format!(
            "{}: what to look at next, as known on {as_of}",
            escape(gateway)
        ),
        &format!(
            "About {}. The gain is how much one look is expected to tell, in nats; gains that differ by less than two \
             standard errors are alike.",
            escape(about)
        ),
    );
    next(&mut out, looks);
    out + END
}

/// Scores of forecasts as a page.
///
/// * `all` — the whole record that they were added to, if there is one.
#[must_use]
pub fn score_sheet(title: &str, scored: &[Scored], all: Option<&Record>) -> String {
    let mut out = head(
        &escape(title),
        "Each row is a report that was foretold before it was published. A greater log score is better; the file alone is \
         what the gateway file says without any evidence.",
    );
    summary(&mut out, "In sum", &Record::of(scored));
    if let Some(all) = all {
        summary(&mut out, "The whole record", all);
    }
    out.push_str(
        "<h2>Report by report</h2>\n<div class=\"wide\"><table><tr><th>forecast of<th>row<th>about<th>what\
         <th class=\"n\">forecast<th class=\"n\">reported<th>inside 90 %<th class=\"n\">log score<th class=\"n\">file alone</tr>\n",
    );
    for one in scored {
        let (forecast, reported, inside) = match (&one.figure, &one.event) {
            (Some(figure), _) => (
                number(figure.median),
                number(figure.reported),
                if figure.inside[2] { "yes" } else { "NO" },
            ),
            (None, Some(event)) => (
                percent(event.probability),
                if event.happened { "yes" } else { "no" }.to_string(),
                "",
            ),
            (None, None) => (String::new(), "a bound".to_string(), ""),
        };
        let _ = writeln!(
            out,
            "<tr><td>{}<td>{}<td>{}<td>{}<td class=\"n\">{forecast}<td class=\"n\">{reported}<td>{inside}<td class=\"n\">{:.2}<td class=\"n\">{:.2}</tr>",
            one.as_of,
            escape(&one.row),
            one.date,
            escape(&one.metric),
            one.log_score,
            one.log_score_climatology
        );
    }
    out.push_str("</table></div>\n");
    out + END
}

fn summary(out: &mut String, title: &str, record: &Record) {
    let _ = writeln!(
        out,
        "<h2>{title}</h2>\n<table><tr><th><th class=\"n\">forecasts<th class=\"n\">file alone</tr>\n<tr><td>reports foretold<td class=\"n\">{}<td></tr>\n\
         <tr><td>mean log score<td class=\"n\">{:.2}<td class=\"n\">{:.2}</tr>",
        record.reports, record.log_score, record.log_score_climatology
    );
    if let (Some(crps), Some(file)) = (record.crps, record.crps_climatology) {
        let _ = writeln!(
            out,
            "<tr><td>CRPS of figures (smaller is better)<td class=\"n\">{}<td class=\"n\">{}</tr>",
            number(crps),
            number(file)
        );
    }
    if let Some(ratio) = record.crps_to_persistence {
        let _ = writeln!(
            out,
            "<tr><td>CRPS as a share of that of \"as last reported\"<td class=\"n\">{ratio:.2}<td></tr>"
        );
    }
    if let Some(brier) = record.brier {
        let _ = writeln!(
            out,
            "<tr><td>Brier score of yes or no<td class=\"n\">{brier:.3}<td></tr>"
        );
    }
    if let Some(inside) = record.coverage {
        for (level, share) in ["50 %", "80 %", "90 %"].iter().zip(inside) {
            let _ = writeln!(
                out,
                "<tr><td>inside the {level} interval<td class=\"n\">{share}<td></tr>"
            );
        }
    }
    out.push_str("</table>\n");
}
