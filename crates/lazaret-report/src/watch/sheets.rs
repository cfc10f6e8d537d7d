//! Pages of the questions other than the estimate: a forecast, explanations, what to look at, scores.

use std::fmt::Write as _;

use jiff::civil::Date;
use lazaret_smc::summary::Weighted;
use lazaret_vocabulary::figures::{chance, number};
use lazaret_watch::compare::Group;
use lazaret_watch::estimate::{DayEstimate, Series, Summary};
use lazaret_watch::forecast::{Forecast, ForecastDay};
use lazaret_watch::next::Suggestion;
use lazaret_watch::score::{Line, Record, Scoring, Tally, Unscored};

use super::picture::bands;
use super::{events, explanations, head, next, of_metric, over_time};
use crate::html::escape;

const END: &str = "</body></html>\n";

/// A forecast as a page: what is expected by when, and the figures over the days to come.
///
/// * `tally` — how earlier forecasts fared, if a record of them is kept.
#[must_use]
pub fn forecast_sheet(made: &Forecast, tally: Option<&Tally>) -> String {
    let title = format!(
        "{}: {} to {}",
        escape(&made.gateway),
        made.as_of,
        made.until
    );
    let mut out = head(
        &title,
        &format!(
            "A forecast from what had been published by {}. Bands contain 90 %, the dark line is the median; the hatched band is the forecast from the gateway file alone. Seed {}.",
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
        over_time(
            &mut out,
            &of_metric(&series.metric),
            &picture,
            &days,
            "file alone",
        );
    }
    fared(&mut out, tally);
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
///
/// * `partial` — why they are not all.
#[must_use]
pub fn compare_sheet(
    gateway: &str,
    as_of: Date,
    groups: &[Group],
    partial: Option<&str>,
) -> String {
    let mut out = head(
        &format!(
            "{}: which explanation, as known on {as_of}",
            escape(gateway)
        ),
        "A share is the probability of an explanation within its group, given the explanations offered. An explanation that makes the same predictions as another is not scored: no evidence about the gateway can tell the two apart.",
    );
    if let Some(partial) = partial {
        let _ = writeln!(out, "<p class=\"warn\">{}</p>", escape(partial));
    }
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
            "About {}. The gain is the expected information from one look, in nats; gains that differ by less than two standard errors are equivalent.",
            escape(about)
        ),
    );
    next(&mut out, looks);
    out + END
}

/// Scores of forecasts as a page.
///
/// * `tally` — the whole record that they were added to, if there is one.
#[must_use]
pub fn score_sheet(title: &str, scoring: &Scoring, tally: Option<&Tally>) -> String {
    let scored = &scoring.scored;
    let mut out = head(
        &escape(title),
        "Each row is a report that was predicted before it was published. A higher log score is better; \"file alone\" is the prediction of the gateway file without any evidence.",
    );
    summary(&mut out, "In sum", &Record::of(scored));
    fared(&mut out, tally);
    out.push_str(
        "<h2>Report by report</h2>\n<div class=\"wide\"><table><tr><th>forecast of<th>row<th>about<th>what\
         <th class=\"n\">forecast (90 %)<th class=\"n\">reported<th>inside 90 %<th class=\"n\">log score<th class=\"n\">file alone</tr>\n",
    );
    for one in scored {
        let (forecast, reported, inside) = match (&one.figure, &one.event) {
            (Some(figure), _) => (
                figure.foretold(),
                number(figure.reported),
                if figure.inside[2] { "yes" } else { "NO" },
            ),
            (None, Some(event)) => (
                chance(event.probability),
                if event.happened { "yes" } else { "no" }.to_string(),
                "",
            ),
            (None, None) => (String::new(), escape(&one.says), ""),
        };
        let _ = writeln!(
            out,
            "<tr><td>{}<td>{}<td>{}<td>{}<td class=\"n\">{forecast}<td class=\"n\">{reported}<td>{inside}<td class=\"n\">{:.2}<td class=\"n\">{:.2}</tr>",
            one.as_of,
            escape(&one.row),
            one.about(),
            escape(&one.metric),
            one.log_score,
            one.log_score_climatology
        );
    }
    out.push_str("</table></div>\n");
    unscored(&mut out, &scoring.unscored);
    out + END
}

/// Reports that are not scored are listed up to so many, the rest counted.
const UNSCORED_LISTED_MOST: usize = 300;

fn unscored(out: &mut String, unscored: &[Unscored]) {
    if unscored.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "<h2>Not scored</h2><details><summary>{} reports that could not be scored</summary><table><tr><th>row\
         <th class=\"n\">line<th>why</tr>",
        unscored.len()
    );
    for one in unscored.iter().take(UNSCORED_LISTED_MOST) {
        let _ = writeln!(
            out,
            "<tr><td>{}<td class=\"n\">{}<td>{}</tr>",
            escape(&one.row),
            one.line,
            escape(&one.why)
        );
    }
    out.push_str("</table>");
    if unscored.len() > UNSCORED_LISTED_MOST {
        let more = unscored.len() - UNSCORED_LISTED_MOST;
        let _ = write!(out, "<p class=\"faint\">… and {more} more.</p>");
    }
    out.push_str("</details>\n");
}

/// The record of hits and misses: how forecasts fared so far, by what was foretold and how far ahead.
pub(super) fn fared(out: &mut String, tally: Option<&Tally>) {
    let Some(tally) = tally.filter(|tally| !tally.is_empty()) else {
        return;
    };
    out.push_str(
        "<h2>Record of forecasts</h2>\n<p>The record that scoring keeps next to the evidence. A share inside should \
         be near its interval's name; under it what so few say of the long run (95 %), were the reports independent. \
         Skill: 1 is perfect, 0 no better than \"as last reported\" or the file alone, below 0 worse.</p>\n\
         <div class=\"wide\"><table><tr><th>predicted<th>ahead<th class=\"n\">reports<th class=\"n\">in 50 %\
         <th class=\"n\">in 80 %<th class=\"n\">in 90 %<th class=\"n\">log score<br>file alone\
         <th class=\"n\">CRPS<th class=\"n\">Brier<th class=\"n\">skill to<br>last report<th class=\"n\">skill to<br>file alone</tr>\n",
    );
    let mut above = None;
    for line in tally.lines() {
        if above != Some(line.origin) {
            let origin = line.origin.in_words();
            let _ = writeln!(out, "<tr><td colspan=\"11\"><b>{origin}</b></tr>");
            above = Some(line.origin);
        }
        fared_line(out, &line);
    }
    out.push_str("</table></div>\n");
    if let Some(superseded) = tally.superseded_in_words() {
        let _ = writeln!(out, "<p class=\"faint\">{superseded}</p>");
    }
}

fn fared_line(out: &mut String, line: &Line) {
    let foretold = match line.part {
        Some((kind, _)) => kind.in_words(),
        None => "<b>all</b>",
    };
    let _ = write!(
        out,
        "<tr><td class=\"s\">{foretold}<td class=\"s\">{}<td class=\"n\">{}",
        line.ahead(),
        line.reports
    );
    for level in 0..3 {
        let share = line.inside.map_or(String::new(), |inside| {
            format!(
                "{}<br><span class=\"faint\">{}</span>",
                inside[level].share_in_words(),
                inside[level].interval_in_words()
            )
        });
        let _ = write!(out, "<td class=\"n\">{share}");
    }
    let _ = writeln!(
        out,
        "<td class=\"n\">{}<br><span class=\"faint\">{}</span><td class=\"n\">{}<td class=\"n\">{}<td class=\"n\">{}<td class=\"n\">{}</tr>",
        line.log_score,
        line.log_score_climatology,
        line.crps,
        line.brier,
        line.skill_to_persistence,
        line.skill_to_climatology,
    );
}

fn summary(out: &mut String, title: &str, record: &Record) {
    let _ = writeln!(
        out,
        "<h2>{title}</h2>\n<table><tr><th><th class=\"n\">forecasts<th class=\"n\">file alone</tr>\n<tr><td>reports predicted<td class=\"n\">{}<td></tr>\n\
         <tr><td>mean log score<td class=\"n\">{:.2}<td class=\"n\">{:.2}</tr>",
        record.reports, record.log_score, record.log_score_climatology
    );
    if let (Some(crps), Some(file)) = (record.crps, record.crps_climatology) {
        let _ = writeln!(
            out,
            "<tr><td>CRPS of figures (lower is better)<td class=\"n\">{}<td class=\"n\">{}</tr>",
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
