//! The watcher's board as one self-contained page: evidence over time, estimates with the prior behind them,
//! explanations, what to look at next. Every picture has its table, and none needs colour to be read.

mod picture;
mod sheets;

use std::collections::{BTreeMap, HashMap, HashSet};

use lazaret_gateway::model::Gateway;
use lazaret_vocabulary::figures::{chance, date, number};
use lazaret_watch::compare::{Group, Standing};
use lazaret_watch::estimate::{
    DayEstimate, Estimate, Influence, Question, Summary, UnknownEstimate,
};
use lazaret_watch::forecast::{Event, Forecast};
use lazaret_watch::next::Suggestion;
use lazaret_watch::score::Tally;

use self::picture::{UNUSED_DRAWN_MOST, bands, expectation, histogram, likelihood, timeline};
use self::sheets::fared;
pub use self::sheets::{compare_sheet, forecast_sheet, next_sheet, score_sheet};
use crate::page::{Figure, Page, Section, Shown};
use crate::table::{Bar, Cell, Table};

/// What a board shows.
#[derive(Clone, Copy)]
pub struct Board<'a> {
    /// The question that was answered.
    pub question: &'a Question<'a>,
    /// The answer.
    pub estimate: &'a Estimate,
    /// What is expected of the days to come.
    pub forecast: Option<&'a Forecast>,
    /// Explanations, if some were compared.
    pub groups: &'a [Group],
    /// What to look at next, the best first.
    pub next: &'a [Suggestion],
    /// How earlier forecasts fared, if a record of them is kept.
    pub tally: Option<&'a Tally>,
}

fn range(of: &Summary, unit: &str) -> String {
    let unit = if unit.is_empty() {
        String::new()
    } else {
        format!(" {unit}")
    };
    format!("{} to {}{unit}", number(of.q05), number(of.q95))
}

/// The page.
#[must_use]
pub fn page(board: &Board<'_>) -> Page {
    let gateway = board.question.gateway;
    let mut sections = vec![summary(board), reports(board)];
    sections.extend(unknowns(board));
    sections.push(state(board, gateway));
    sections.extend(board.forecast.map(events));
    sections.extend(explanations(board.groups));
    sections.extend(next(board.next));
    sections.extend(moved(board));
    sections.extend(stories(board));
    sections.extend(row_by_row(board));
    sections.extend(fared(board.tally));
    Page {
        title: format!(
            "{} as known on {}",
            gateway.name,
            date(board.estimate.as_of)
        ),
        question: "What is going on inside, according to what had been published by that day?"
            .into(),
        answer: inside(board),
        figures: Vec::new(),
        sections,
        warnings: caveats(board),
        again: None,
    }
}

/// Unused rows are listed up to this many; the rest are counted.
const UNUSED_LISTED_MOST: usize = 500;

/// Nats from which on the summary names the source that moved the answer most.
const LEANS_FROM: f64 = 0.1;

/// The state on the day of the board, in a sentence.
fn inside(board: &Board<'_>) -> String {
    let day = board.question.observations.last_day;
    let mut said = Vec::new();
    for series in &board.estimate.state {
        let Some(of) = series.days.get(day) else {
            continue;
        };
        if let Some(place) = series.metric.strip_prefix("in.") {
            if of.posterior.q95 > 0.0 {
                said.push(format!(
                    "{} are in {place} ({} to {})",
                    number(of.posterior.q50.round()),
                    number(of.posterior.q05.round()),
                    number(of.posterior.q95.round())
                ));
            }
        } else if series.metric == "dispatched_total" {
            said.push(if of.posterior.q95 < 0.5 {
                "nothing has left inland yet".to_string()
            } else {
                format!(
                    "{} to {} have left inland",
                    number(of.posterior.q05.round()),
                    number(of.posterior.q95.round())
                )
            });
        }
    }
    format!("Lots on that day: {}.", said.join("; "))
}

fn summary(board: &Board<'_>) -> Section {
    let estimate = board.estimate;
    let mut said = Vec::new();
    let (learned, open): (Vec<&UnknownEstimate>, Vec<_>) =
        estimate.unknowns.iter().partition(|u| u.gained >= 0.1);
    let tell = |of: &[&UnknownEstimate]| -> String {
        let each = of.iter();
        let each = each.map(|u| format!("{} {}", u.name, range(&u.posterior, u.unit)));
        each.collect::<Vec<_>>().join(", ")
    };
    if !learned.is_empty() {
        said.push(format!(
            "The evidence narrowed or moved: {}.",
            tell(&learned)
        ));
    }
    if !open.is_empty() {
        said.push(format!("It left nearly unchanged: {}.", tell(&open)));
    }
    if let Some(most) = estimate.sources.first()
        && most.moved >= LEANS_FROM
    {
        said.push(format!(
            "It depends most on {} ({} row{}): {}. Consider how far you trust that.",
            most.name,
            most.rows.len(),
            if most.rows.len() == 1 { "" } else { "s" },
            if most.rough {
                "without it the answer would be different".to_string()
            } else {
                format!("with it the means shift by {}", most.shifts_in_words())
            }
        ));
    }
    let mut asks = Table::of(&["question", "answer"]).right(&[2]);
    for ask in &estimate.asks {
        asks.cells([Cell::strong(&ask.ask), ask.in_words().into()]);
    }
    let figures = if asks.rows.is_empty() {
        Vec::new()
    } else {
        vec![Figure::table("Questions asked", asks)]
    };
    Section::of("Summary", &said.join("\n"), figures)
}

fn reports(board: &Board<'_>) -> Section {
    let unused = board.question.observations.unused.len();
    let mut lead = "Each mark is a row of the evidence on the day that it is about. A larger mark moved the answer more; a \
                    darker one has a source with a better grade (A to E; F as D). Hollow: not used. Crossed: the rest of the \
                    evidence contradicts it. A thread ties a row to the one that it may repeat."
        .to_string();
    if unused > UNUSED_DRAWN_MOST {
        lead += &format!("\nThe {unused} unused rows are too many to draw.");
    }
    let picture = Figure {
        caption: "Evidence by medium".into(),
        svg: timeline(board),
        ..Figure::default()
    };
    let (table, more) = evidence_table(board);
    for (why, count) in more {
        lead += &format!("\nNot listed: {count} more rows: {why}.");
    }
    let rows = Figure::table("The rows", table).shown(Shown::Folded);
    Section::of("Reports", &lead, vec![picture.shown(Shown::Late), rows])
}

/// The rows, and by reason how many unused ones are not listed.
fn evidence_table<'a>(board: &Board<'a>) -> (Table, BTreeMap<&'a str, usize>) {
    let question = board.question;
    let mut table = Table::of(&[
        "row",
        "about",
        "published",
        "who",
        "grade",
        "says",
        "moved",
        "misreport",
        "claim",
    ])
    .right(&[6, 7]);
    let influences = of_name(&board.estimate.rows);
    let unused: HashMap<usize, &str> = question
        .observations
        .unused
        .iter()
        .take(UNUSED_LISTED_MOST)
        .map(|unused| (unused.row, unused.why.in_words()))
        .collect();
    let used: HashSet<usize> = question.observations.used.iter().map(|o| o.row).collect();
    for (at, row) in question.rows.iter().enumerate() {
        let influence = influences.get(row.id.as_str());
        let unused = unused.get(&at);
        if unused.is_none() && !used.contains(&at) {
            continue;
        }
        let (moved, misreport) = match (influence, unused) {
            (Some(i), _) => (format!("{:.3}", i.moved), chance(i.misreport)),
            (None, Some(unused)) => (format!("not used: {unused}"), String::new()),
            (None, None) => (String::new(), String::new()),
        };
        table.cells([
            Cell::link(&row.id, &row.url),
            row.observed.to_string().into(),
            row.published.to_string().into(),
            row.observer.to_string().into(),
            format!("{}{}", row.source_grade.letter(), row.info_grade.digit()).into(),
            row.value_in_words().into(),
            moved.into(),
            misreport.into(),
            row.claim.to_string().into(),
        ]);
    }
    let more = question.observations.unused.iter().skip(UNUSED_LISTED_MOST);
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for unused in more {
        *reasons.entry(unused.why.in_words()).or_default() += 1;
    }
    (table, reasons)
}

/// Influences by the name of what they are of.
fn of_name(influences: &[Influence]) -> HashMap<&str, &Influence> {
    influences.iter().map(|i| (i.name.as_str(), i)).collect()
}

fn unknowns(board: &Board<'_>) -> Option<Section> {
    let all = &board.estimate.unknowns;
    let mut figures: Vec<Figure> = all
        .iter()
        .map(|unknown| {
            let leans = unknown.leans_on.map_or(String::new(), |bound| {
                format!(" It leans on the bound {} of the prior.", number(bound))
            });
            Figure {
                caption: format!(
                    "{}: {} before, {} after (90 %). The evidence gave {:.2} nats.{leans}",
                    unknown.name,
                    range(&unknown.prior, unknown.unit),
                    range(&unknown.posterior, unknown.unit),
                    unknown.gained,
                ),
                svg: histogram(unknown),
                ..Figure::default()
            }
        })
        .collect();
    let mut head = vec!["unknown".to_string(), "unit".to_string()];
    for when in ["before", "after"] {
        for of in ["mean", "sd", "5 %", "25 %", "50 %", "75 %", "95 %"] {
            head.push(format!("{of} {when}"));
        }
    }
    let mut table = Table {
        right: (2..head.len()).collect(),
        head,
        ..Table::default()
    };
    for unknown in all {
        let mut row = vec![unknown.name.clone(), unknown.unit.to_string()];
        for of in [&unknown.prior, &unknown.posterior] {
            row.extend([of.mean, of.sd, of.q05, of.q25, of.q50, of.q75, of.q95].map(number));
        }
        table.row(row);
    }
    figures.push(Figure::table("The unknowns as a table", table).shown(Shown::Folded));
    let lead = "Dashed: before the evidence. Filled: after it.";
    (!all.is_empty()).then(|| Section::of("Unknowns", lead, figures))
}

fn state(board: &Board<'_>, gateway: &Gateway) -> Section {
    let store = gateway
        .steps
        .iter()
        .find(|step| matches!(step.kind, lazaret_gateway::model::StepKind::Hold { .. }))
        .map(|step| format!("in.{}", gateway.places[step.at.index()].name));
    let mut shown: Vec<String> = store.into_iter().collect();
    shown.extend([
        "vehicles".to_string(),
        "inside".to_string(),
        "dispatched_total".to_string(),
    ]);
    let mut figures = Vec::new();
    for name in shown {
        let Some(series) = board.estimate.state.iter().find(|s| s.metric == name) else {
            continue;
        };
        let picture = bands(series, board.question.observations.last_day);
        figures.push(over_time(of_metric(&name), picture, &series.days, "before"));
    }
    let lead = "The vertical line is the day of the board; to its left is the past according to the evidence, to its right the forecast. The pale band contains 90 %, the darker one inside it half, and the line is the median; hatched is the belief before any evidence.";
    Section::of("Past and future", lead, figures)
}

/// What a figure counts, which is what the upright axis of its picture shows.
fn of_metric(name: &str) -> String {
    match name {
        "convoys" => "convoys that arrive in a day".to_string(),
        "vehicles" => "vehicles that arrive in a day".to_string(),
        "lots" => "lots that arrive in a day".to_string(),
        "queue" => "lots that wait outside".to_string(),
        "inside" => "lots inside, including those that wait".to_string(),
        "dispatched" => "lots that leave inland in a day".to_string(),
        "dispatched_total" => "lots that have left inland".to_string(),
        other => format!("lots in {}", other.trim_start_matches("in.")),
    }
}

/// A figure over time, as a picture and as a table.
///
/// * `beside` — what the second set of quantiles is.
fn over_time(caption: String, svg: String, days: &[DayEstimate], beside: &str) -> Figure {
    let ends = ["5 %", "50 %", "95 %"];
    let second = ends.map(|end| format!("{beside}: {end}"));
    let [low, middle, high] = second.each_ref().map(String::as_str);
    let mut table = Table::of(&["day", ends[0], ends[1], ends[2], low, middle, high]);
    for day in days {
        let mut row = vec![day.date.to_string()];
        for of in [&day.posterior, &day.prior] {
            row.extend([of.q05, of.q50, of.q95].map(number));
        }
        table.row(row);
    }
    Figure {
        caption,
        svg,
        table,
        shown: Shown::Late,
    }
}

fn events(forecast: &Forecast) -> Section {
    let mut table = Table::of(&[
        "event",
        "10 % by",
        "half by",
        "90 % by",
        "by the end",
        "before the evidence",
    ]);
    let day = |event: &Event, p: f64| {
        let by = event.reaches(p);
        by.map_or("not by then".to_string(), |date| date.to_string())
    };
    for event in &forecast.events {
        let Some(last) = event.by.last() else {
            continue;
        };
        table.row([
            event.what.clone(),
            day(event, 0.1),
            day(event, 0.5),
            day(event, 0.9),
            chance(last.probability),
            chance(last.climatology),
        ]);
    }
    let caption = format!("When something happens, until {}", date(forecast.until));
    Section::of("Dates", "", vec![Figure::table(&caption, table)])
}

fn explanations(groups: &[Group]) -> Option<Section> {
    let mut lead =
        "Outlined: before the evidence. Filled: after it. The explanations of a group exclude one another."
            .to_string();
    let mut figures = Vec::new();
    for group in groups {
        if group.none_of_these {
            lead += &format!(
                "\n{}: none of these would have produced such evidence.",
                group.name
            );
        }
        let mut table = Table::of(&[
            "explanation",
            "belief",
            "before",
            "after",
            "over seeds",
            "log-evidence",
            "it says",
        ])
        .right(&[2, 3, 5]);
        for standing in &group.hypotheses {
            table.cells(explanation(standing));
        }
        figures.push(Figure::table(&group.name, table));
        let mut head = vec!["row"];
        head.extend(group.hypotheses.iter().map(|standing| standing.id.as_str()));
        let mut rows = Table::of(&head);
        for row in &group.rows {
            let mut cells = vec![row.id.clone()];
            cells.extend(row.log_factors.iter().map(|factor| format!("{factor:+.2}")));
            rows.row(cells);
        }
        let caption = format!(
            "{} row by row: log Bayes factors against the mixture of the group",
            group.name
        );
        figures.push(Figure::table(&caption, rows).shown(Shown::Folded));
    }
    (!groups.is_empty()).then(|| Section::of("Explanations", &lead, figures))
}

fn explanation(standing: &Standing) -> [Cell; 7] {
    let (belief, after) = match standing.posterior {
        Some(p) => (
            Cell::bars("", &[(standing.prior, Bar::Outline), (p, Bar::Full)]),
            chance(p),
        ),
        None => ("not distinguishable".into(), "not scored".to_string()),
    };
    let seeds = standing.range.map_or(String::new(), |(low, high)| {
        format!("{} to {}", chance(low), chance(high))
    });
    let spread = standing.log_evidence.spread;
    let evidence = format!(
        "{:.2}{}",
        standing.log_evidence.mean,
        spread.map_or(String::new(), |s| format!(" ± {s:.2}"))
    );
    let says = if standing.same_as.is_empty() {
        standing.says.clone().into()
    } else {
        Cell::noted(
            &standing.says,
            &format!(
                "makes the same predictions as {}: this evidence cannot tell them apart",
                standing.same_as.join(", ")
            ),
        )
    };
    [
        standing.id.clone().into(),
        belief,
        chance(standing.prior).into(),
        after.into(),
        seeds.into(),
        evidence.into(),
        says,
    ]
}

fn next(looks: &[Suggestion]) -> Option<Section> {
    let best = looks.first()?.gain_per_cost.max(1e-9);
    let mut table = Table::of(&[
        "look",
        "on",
        "gain for its cost",
        "gain (nats)",
        "± s.e.",
        "cost",
    ])
    .right(&[3, 4, 5]);
    for look in looks.iter().take(10) {
        table.cells([
            look.look.clone().into(),
            look.date.to_string().into(),
            Cell::bars("", &[(look.gain_per_cost / best, Bar::Full)]),
            format!("{:.3}", look.gain).into(),
            format!("{:.3}", look.standard_error).into(),
            number(look.cost).into(),
        ]);
    }
    let figures = vec![Figure::table("What to look at next, the best first", table)];
    Some(Section::of("Looks", "", figures))
}

fn moved(board: &Board<'_>) -> Option<Section> {
    let sources = &board.estimate.sources;
    let mut table = Table::of(&[
        "source",
        "rows",
        "moved (nats)",
        "misreport: letter → learned",
        "shifts of means",
    ])
    .right(&[1, 2, 3]);
    for source in sources {
        let rough = if source.rough { " (roughly)" } else { "" };
        table.row([
            source.name.clone(),
            source.rows.len().to_string(),
            format!("{:.3}{rough}", source.moved),
            source.misreport_in_words(),
            source.shifts_in_words(),
        ]);
    }
    let lead = "How much the answer changes when a source is left out. A nat is a great deal; 0.01 is nothing. The chance that a row of a source is a misreport is shown as its letter gives it and as its rows leave it, with a 90 % interval.";
    let figures = vec![Figure::table("Sources, the strongest first", table)];
    (!sources.is_empty()).then(|| Section::of("Effect of the sources", lead, figures))
}

/// Prior, what each story and source says by itself, and posterior, side by side.
fn stories(board: &Board<'_>) -> Option<Section> {
    let estimate = board.estimate;
    let told = estimate.stories.iter().chain(&estimate.sources);
    let told = told.filter(|of| !of.says_of.is_empty() && of.moved >= 0.02);
    let told: Vec<&Influence> = told.take(8).collect();
    let mut head = vec!["story or source"];
    head.extend(estimate.unknowns.iter().map(|u| u.name.as_str()));
    let columns = head.len();
    // Nothing in it is a figure.
    let mut table = Table::of(&head).right(&[columns]);
    for of in &told {
        let mut row = vec![Cell::from(of.name.clone())];
        row.extend(of.says_of.iter().map(likelihood));
        table.row(row);
    }
    let lead = "Each bar is a part of the range that was as likely as any other before the evidence, from low to high. The higher the bar, the better the group explains its rows there, given all others; an even row of bars says nothing.";
    (!told.is_empty()).then(|| {
        Section::of(
            "Who says what",
            lead,
            vec![Figure::table("By unknown", table)],
        )
    })
}

fn row_by_row(board: &Board<'_>) -> Option<Section> {
    let told = &board.estimate.predicted;
    let columns = ["row", "about", "it says", "expected (90 %)", ""];
    let mut table = Table::of(&columns).right(&[columns.len()]);
    for row in told {
        let expected = match (row.q05, row.q50, row.q95, row.yes) {
            (Some(low), Some(middle), Some(high), _) => {
                format!("{} ({} to {})", number(middle), number(low), number(high))
            }
            (_, _, _, Some(yes)) => format!("yes with {}", chance(yes)),
            _ => String::new(),
        };
        table.cells([
            row.id.clone().into(),
            row.date.to_string().into(),
            row.says.clone().into(),
            expected.into(),
            expectation(row),
        ]);
    }
    let lead = "The band holds 90 % of what the row would be expected to say, given its grade and kind; the upright mark is the median, the block what it said. A block outside its band is odd.";
    let figures = vec![Figure::table("Expected and said", table)];
    (!told.is_empty()).then(|| Section::of("Row by row", lead, figures))
}

fn caveats(board: &Board<'_>) -> Vec<String> {
    let mut said = board.estimate.diagnostics.clone();
    for conflict in &board.estimate.conflicts {
        said.push(format!(
            "{} says {}: a misreport with {}{}.",
            conflict.id,
            conflict.says,
            chance(conflict.misreport),
            if conflict.with.is_empty() {
                ", by what the gateway file allows".to_string()
            } else {
                format!(", against {}", conflict.with.join(", "))
            }
        ));
    }
    let evidence = &board.estimate.log_evidence;
    said.push(format!(
        "Log-evidence {:.2}{}; seed {}.",
        evidence.mean,
        evidence
            .spread
            .map_or(String::new(), |s| format!(", spread {s:.2} between seeds")),
        board.question.effort.seed
    ));
    said.push(
        "Nothing can be inferred that the gateway file does not express: the answer holds for that file, those grades and those copies. Grades are assumptions that can be changed."
            .into(),
    );
    said
}
