//! Pages of the questions other than the estimate: a forecast, explanations, what to look at, scores.

use jiff::civil::Date;
use lazaret_smc::summary::Weighted;
use lazaret_vocabulary::figures::{chance, date, number};
use lazaret_watch::compare::Group;
use lazaret_watch::estimate::{DayEstimate, Series, Summary};
use lazaret_watch::forecast::{Forecast, ForecastDay};
use lazaret_watch::next::Suggestion;
use lazaret_watch::score::{Line, Record, Scoring, Tally, Unscored};

use super::picture::bands;
use super::{events, explanations, next, of_metric, over_time};
use crate::page::{Figure, Page, Section, Shown};
use crate::table::{Cell, Table};

/// A forecast as a page: what is expected by when, and the figures over the days to come.
///
/// * `tally` — how earlier forecasts fared, if a record of them is kept.
#[must_use]
pub fn forecast_sheet(made: &Forecast, tally: Option<&Tally>) -> Page {
    let mut figures = Vec::new();
    for series in &made.series {
        let days: Vec<DayEstimate> = series.days.iter().map(day).collect();
        let nothing = |day: &DayEstimate| day.posterior.q95 == 0.0 && day.prior.q95 == 0.0;
        if days.iter().all(nothing) {
            continue;
        }
        let shown = Series {
            metric: series.metric.clone(),
            days: days.clone(),
            room: None,
        };
        let caption = of_metric(&series.metric);
        figures.push(over_time(caption, bands(&shown, 0), &days, "file alone"));
    }
    let lead = "Bands contain 90 %, the dark line is the median; the hatched band is the forecast from the gateway file alone.";
    let mut sections = vec![events(made), Section::of("Day by day", lead, figures)];
    sections.extend(fared(tally));
    let ends = made.events.iter().filter_map(|event| {
        let last = event.by.last()?;
        Some(format!("{} with {}", event.what, chance(last.probability)))
    });
    let ends: Vec<String> = ends.take(3).collect();
    let until = date(made.until);
    Page {
        title: made.gateway.clone(),
        question: format!(
            "What is expected until {until}, from what had been published by {}?",
            date(made.as_of)
        ),
        answer: if ends.is_empty() {
            "Nothing that has a date.".into()
        } else {
            format!("By {until}: {}.", ends.join("; "))
        },
        sections,
        ..Page::default()
    }
}

fn day(of: &ForecastDay) -> DayEstimate {
    DayEstimate {
        date: of.date,
        posterior: Summary::of(&Weighted::equal(of.values.clone())),
        prior: Summary::of(&Weighted::equal(of.climatology.clone())),
    }
}

/// An explanation that is this much as probable as the best, or more, is named beside it.
const TIE: f64 = 0.8;

/// Explanations as a page, each group with its rows.
///
/// * `partial` — why they are not all.
#[must_use]
pub fn compare_sheet(gateway: &str, as_of: Date, groups: &[Group], partial: Option<&str>) -> Page {
    let best = groups.iter().map(|group| {
        let mut scored: Vec<(&str, f64)> = group
            .hypotheses
            .iter()
            .filter_map(|s| Some((s.id.as_str(), s.posterior?)))
            .collect();
        scored.sort_by(|a, b| b.1.total_cmp(&a.1));
        let name = &group.name;
        match scored[..] {
            [(best, p), (next, q), ..] if q > TIE * p => format!(
                "{name}: {best} with {} and {next} with {}, which the evidence hardly tells apart.",
                chance(p),
                chance(q)
            ),
            [(best, p), ..] => format!("{name}: {best} with {}.", chance(p)),
            [] => format!("{name}: the evidence cannot tell the explanations apart."),
        }
    });
    Page {
        title: gateway.to_owned(),
        question: format!(
            "Which explanation does the evidence favour, as known on {}?",
            date(as_of)
        ),
        answer: best.collect::<Vec<_>>().join(" "),
        sections: explanations(groups).into_iter().collect(),
        warnings: partial
            .map(str::to_owned)
            .into_iter()
            .chain([
                "A share is the probability of an explanation within its group, given the explanations offered. An explanation that makes the same predictions as another is not scored: no evidence about the gateway can tell the two apart.".to_owned(),
            ])
            .collect(),
        ..Page::default()
    }
}

/// What to look at next as a page.
///
/// * `about` — what is to be learned, in words.
#[must_use]
pub fn next_sheet(gateway: &str, as_of: Date, about: &str, looks: &[Suggestion]) -> Page {
    let answer = match looks.first() {
        Some(best) => format!("{}, on {}.", best.look, date(best.date)),
        None => "Nothing that could be looked at tells anything.".into(),
    };
    Page {
        title: gateway.to_owned(),
        question: format!(
            "What should be looked at next to learn about {about}, as known on {}?",
            date(as_of)
        ),
        answer,
        sections: next(looks).into_iter().collect(),
        warnings: vec![
            "The gain is the expected information from one look, in nats; gains that differ by less than two standard errors are equivalent.".into(),
        ],
        ..Page::default()
    }
}

/// Scores of forecasts as a page.
///
/// * `tally` — the whole record that they were added to, if there is one.
/// * `partial` — why they are not all.
#[must_use]
pub fn score_sheet(
    title: &str,
    scoring: &Scoring,
    tally: Option<&Tally>,
    partial: Option<&str>,
) -> Page {
    let scored = &scoring.scored;
    let record = Record::of(scored);
    let mut table = Table::of(&[
        "forecast of",
        "row",
        "about",
        "what",
        "forecast (90 %)",
        "reported",
        "inside 90 %",
        "log score",
        "file alone",
    ])
    .right(&[4, 5, 7, 8]);
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
            (None, None) => (String::new(), one.says.clone(), ""),
        };
        table.row([
            one.as_of.to_string(),
            one.row.to_string(),
            one.about().to_string(),
            one.metric.to_string(),
            forecast,
            reported,
            inside.to_string(),
            format!("{:.2}", one.log_score),
            format!("{:.2}", one.log_score_climatology),
        ]);
    }
    let mut sections = vec![Section::of("In sum", "", vec![summary(&record)])];
    sections.extend(fared(tally));
    let lead = "Each row is a report that was predicted before it was published. A higher log score is better; \"file alone\" is the prediction of the gateway file without any evidence.";
    let reports = vec![Figure::table("Every report", table)];
    sections.push(Section::of("Report by report", lead, reports));
    sections.extend(unscored(&scoring.unscored));
    Page {
        title: title.to_owned(),
        question: "How good were the forecasts?".into(),
        answer: format!(
            "Over {} reports the mean log score is {:.2}; the file alone has {:.2}.",
            record.reports, record.log_score, record.log_score_climatology
        ),
        sections,
        warnings: partial.map(str::to_owned).into_iter().collect(),
        ..Page::default()
    }
}

/// Reports that are not scored are listed up to this many, the rest counted.
const UNSCORED_LISTED_MOST: usize = 300;

fn unscored(unscored: &[Unscored]) -> Option<Section> {
    let mut table = Table::of(&["row", "line", "why"]).right(&[1]);
    for one in unscored.iter().take(UNSCORED_LISTED_MOST) {
        table.row([
            one.row.to_string(),
            one.line.to_string(),
            one.why.to_string(),
        ]);
    }
    if unscored.len() > UNSCORED_LISTED_MOST {
        let more = unscored.len() - UNSCORED_LISTED_MOST;
        table.row([format!("… and {more} more")]);
    }
    let caption = format!("{} reports that could not be scored", unscored.len());
    let figures = vec![Figure::table(&caption, table).shown(Shown::Folded)];
    (!unscored.is_empty()).then(|| Section::of("Not scored", "", figures))
}

/// The record of hits and misses: how forecasts fared so far, by what was foretold and how far ahead.
pub(super) fn fared(tally: Option<&Tally>) -> Option<Section> {
    let tally = tally.filter(|tally| !tally.is_empty())?;
    let mut table = Table::of(&[
        "predicted",
        "ahead",
        "reports",
        "in 50 %",
        "in 80 %",
        "in 90 %",
        "log score",
        "CRPS",
        "Brier",
        "skill to last report",
        "skill to file alone",
    ])
    .right(&[2, 3, 4, 5, 6, 7, 8, 9, 10]);
    let mut above = None;
    for line in tally.lines() {
        if above != Some(line.origin) {
            table.row([line.origin.in_words()]);
            above = Some(line.origin);
        }
        table.cells(fared_line(&line));
    }
    let mut lead = "The record that scoring keeps next to the evidence. A share inside should be near the name of its interval; the range under it is what so few reports say of the long run (95 %), if they are independent. The log score of the file alone is under that of the forecasts. Skill: 1 is perfect, 0 is no better than \"as last reported\" or the file alone, below 0 is worse.".to_string();
    if let Some(superseded) = tally.superseded_in_words() {
        lead = format!("{lead}\n{superseded}");
    }
    let figures = vec![Figure::table("Forecasts so far", table)];
    Some(Section::of("Record of forecasts", &lead, figures))
}

fn fared_line(line: &Line) -> [Cell; 11] {
    let foretold = match line.part {
        Some((kind, _)) => kind.in_words().into(),
        None => Cell::strong("all"),
    };
    let [half, most, nearly] = [0, 1, 2].map(|level| {
        line.inside.map_or(Cell::default(), |inside| {
            Cell::noted(
                &inside[level].share_in_words(),
                &inside[level].interval_in_words(),
            )
        })
    });
    [
        foretold,
        line.ahead().into(),
        line.reports.clone().into(),
        half,
        most,
        nearly,
        Cell::noted(&line.log_score, &line.log_score_climatology),
        line.crps.clone().into(),
        line.brier.clone().into(),
        line.skill_to_persistence.clone().into(),
        line.skill_to_climatology.clone().into(),
    ]
}

fn summary(record: &Record) -> Figure {
    let mut table = Table::of(&["", "forecasts", "file alone"]);
    table.row([
        "reports predicted".to_string(),
        record.reports.to_string(),
        String::new(),
    ]);
    table.row([
        "mean log score".to_string(),
        format!("{:.2}", record.log_score),
        format!("{:.2}", record.log_score_climatology),
    ]);
    if let (Some(crps), Some(file)) = (record.crps, record.crps_climatology) {
        let what = "CRPS of figures (lower is better)".to_string();
        table.row([what, number(crps), number(file)]);
    }
    if let Some(ratio) = record.crps_to_persistence {
        let what = "CRPS as a share of that of \"as last reported\"".to_string();
        table.row([what, format!("{ratio:.2}"), String::new()]);
    }
    if let Some(brier) = record.brier {
        let what = "Brier score of yes or no".to_string();
        table.row([what, format!("{brier:.3}"), String::new()]);
    }
    if let Some(inside) = record.coverage {
        for (level, share) in ["50 %", "80 %", "90 %"].iter().zip(inside) {
            let what = format!("inside the {level} interval");
            table.row([what, share.to_string(), String::new()]);
        }
    }
    Figure::table("Scores", table)
}
