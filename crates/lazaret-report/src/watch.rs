//! The watcher's board as one self-contained page: evidence over time, estimates with the prior behind them,
//! explanations, what to look at next. Every picture has its table, and none needs colour to be read.

mod picture;
mod sheets;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

use lazaret_gateway::model::Gateway;
use lazaret_vocabulary::figures::{chance, number};
use lazaret_watch::compare::Group;
use lazaret_watch::estimate::{
    DayEstimate, Estimate, Influence, Question, Summary, UnknownEstimate,
};
use lazaret_watch::forecast::{Event, Forecast};
use lazaret_watch::next::Suggestion;
use lazaret_watch::score::Tally;

use self::picture::{UNUSED_DRAWN_MOST, bands, expectation, histogram, likelihood, timeline};
use self::sheets::fared;
pub use self::sheets::{compare_sheet, forecast_sheet, next_sheet, score_sheet};
use crate::html::escape;

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

/// Light or dark as the reader's system has it, unless a page around this one chooses for its root.
const STYLE: &str = "
:root{color-scheme:light dark;--ink:#1a1d21;--faint:#6b7178;--line:#d5d8dc;--paper:#fff;--band:#9db7d6;--mid:#174a7c;--accent:#174a7c}
@media(prefers-color-scheme:dark){:root:not([data-theme=light]){--ink:#e6e8ea;--faint:#9aa1a8;--line:#3a4047;--paper:#14171a;--band:#2d4d70;--mid:#9cc4ee;--accent:#9cc4ee}}
:root[data-theme=dark]{color-scheme:dark;--ink:#e6e8ea;--faint:#9aa1a8;--line:#3a4047;--paper:#14171a;--band:#2d4d70;--mid:#9cc4ee;--accent:#9cc4ee}:root[data-theme=light]{color-scheme:light}
@media print{:root{--ink:#000;--faint:#444;--line:#bbb;--paper:#fff;--band:#c8c8c8;--mid:#000;--accent:#000}details{display:block}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1080px;padding:16px;font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);font-variant-numeric:tabular-nums}
h1{font-size:22px;margin:0 0 4px}h2{font-size:17px;margin:32px 0 4px;border-top:1px solid var(--line);padding-top:16px}h3{font-size:15px;margin:16px 0 0}
p{margin:4px 0 8px;max-width:75ch}.faint{color:var(--faint)}.lead{font-size:18px;line-height:1.45}
svg{width:100%;height:auto;display:block}svg text{font:12px system-ui,sans-serif;fill:var(--ink)}svg .faint{fill:var(--faint)}
.wide{overflow-x:auto}.wide svg{min-width:640px}.late{direction:rtl}.late svg{direction:ltr}
table{border-collapse:collapse;font-size:13px;margin:6px 0}th{text-align:left;font-weight:600;border-bottom:1px solid var(--ink);padding:3px 12px 3px 0}td{border-bottom:1px solid var(--line);padding:3px 12px 3px 0;vertical-align:top}td.n,th.n{text-align:right;white-space:nowrap}td.s{white-space:nowrap}
summary{cursor:pointer;color:var(--accent);font-size:13px}ul{padding-left:18px;margin:4px 0}a{color:var(--accent)}
.grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(300px,1fr));gap:16px}
.bar{display:inline-block;height:11px;background:var(--mid);vertical-align:middle}.bar.before{background:none;border:1px solid var(--faint)}
.warn{border-left:4px solid var(--ink);padding-left:10px}
";

/// The beginning of a page; `title` and `says` are safe inside one.
fn head(title: &str, says: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{title}</title><style>{STYLE}</style></head><body>\n\
         <h1>{title}</h1>\n<p class=\"faint\">{says}</p>\n"
    )
}

/// The page.
#[must_use]
pub fn page(board: &Board<'_>) -> String {
    let gateway = board.question.gateway;
    let name = escape(&gateway.name);
    let as_of = board.estimate.as_of;
    let mut out = head(
        &format!("{name} as known on {as_of}"),
        "From outside, based on what had been published by that day. Bands contain 90 %, the dark line is the median; hatched or outlined is the belief before any evidence.",
    );
    lead(&mut out, board);
    let _ = write!(
        out,
        "<h2>Reports</h2>\n<p>Each mark is a row of the evidence on the day that it is about. The larger, the \
         more it moved the answer; the darker, the better the grade of its source (A to E; F as D); hollow: not used; crossed: the rest of the evidence speaks against it; a thread \
         ties a row to the one it may repeat.</p>\n<div class=\"wide late\">{}</div>\n",
        timeline(board)
    );
    let unused = board.question.observations.unused.len();
    if unused > UNUSED_DRAWN_MOST {
        let _ = writeln!(
            out,
            "<p class=\"faint\">The {unused} unused rows are too many to draw.</p>"
        );
    }
    evidence_table(&mut out, board);
    unknowns(&mut out, board);
    state(&mut out, board, gateway);
    if let Some(forecast) = board.forecast {
        events(&mut out, forecast);
    }
    explanations(&mut out, board.groups);
    next(&mut out, board.next);
    moved(&mut out, board);
    stories(&mut out, board);
    row_by_row(&mut out, board);
    fared(&mut out, board.tally);
    caution(&mut out, board);
    out.push_str("</body></html>\n");
    out
}

/// Unused rows are listed up to this many; the rest are counted.
const UNUSED_LISTED_MOST: usize = 500;

/// Nats from which on the lead names the source that moved the answer most.
const LEANS_FROM: f64 = 0.1;

fn lead(out: &mut String, board: &Board<'_>) {
    let estimate = board.estimate;
    let day = board.question.observations.last_day;
    let mut said = Vec::new();
    for series in &estimate.state {
        let Some(of) = series.days.get(day) else {
            continue;
        };
        if let Some(place) = series.metric.strip_prefix("in.") {
            if of.posterior.q95 > 0.0 {
                said.push(format!(
                    "{} are in {} ({} to {})",
                    number(of.posterior.q50.round()),
                    escape(place),
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
    let _ = writeln!(
        out,
        "<p class=\"lead\">Lots on that day: {}.</p>",
        said.join("; ")
    );
    let (learned, open): (Vec<&UnknownEstimate>, Vec<_>) =
        estimate.unknowns.iter().partition(|u| u.gained >= 0.1);
    let tell = |of: &[&UnknownEstimate]| -> String {
        let each = of
            .iter()
            .map(|u| format!("{} {}", escape(&u.name), range(&u.posterior, u.unit)));
        each.collect::<Vec<_>>().join(", ")
    };
    if !learned.is_empty() {
        let _ = writeln!(
            out,
            "<p>The evidence narrowed or moved: {}.</p>",
            tell(&learned)
        );
    }
    if !open.is_empty() {
        let _ = writeln!(out, "<p>It left nearly unchanged: {}.</p>", tell(&open));
    }
    if let Some(most) = estimate.sources.first()
        && most.moved >= LEANS_FROM
    {
        let _ = writeln!(
            out,
            "<p>It depends most on {} ({} row{}): {}. Consider how far you trust that.</p>",
            escape(&most.name),
            most.rows.len(),
            if most.rows.len() == 1 { "" } else { "s" },
            if most.rough {
                "without it the answer would be different".to_string()
            } else {
                format!(
                    "with it the means shift by {}",
                    escape(&most.shifts_in_words())
                )
            }
        );
    }
    for ask in &estimate.asks {
        let _ = writeln!(
            out,
            "<p><b>{}</b>: {}</p>",
            escape(&ask.ask),
            ask.in_words()
        );
    }
}

fn evidence_table(out: &mut String, board: &Board<'_>) {
    let question = board.question;
    out.push_str(
        "<details><summary>The rows</summary><div class=\"wide\"><table><tr><th>row<th>about<th>published<th>who\
         <th>grade<th>says<th class=\"n\">moved<th class=\"n\">misreport<th>claim</tr>\n",
    );
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
        let link = if row.url.starts_with("http://") || row.url.starts_with("https://") {
            format!("<a href=\"{}\">{}</a>", escape(&row.url), escape(&row.id))
        } else {
            escape(&row.id)
        };
        let _ = writeln!(
            out,
            "<tr><td>{link}<td>{}<td>{}<td>{}<td>{}{}<td>{}<td class=\"n\">{moved}<td class=\"n\">{misreport}<td>{}</tr>",
            row.observed,
            row.published,
            escape(&row.observer),
            row.source_grade.letter(),
            row.info_grade.digit(),
            escape(&row.value_in_words()),
            escape(&row.claim)
        );
    }
    out.push_str("</table></div>");
    let more = question.observations.unused.iter().skip(UNUSED_LISTED_MOST);
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for unused in more {
        *reasons.entry(unused.why.in_words()).or_default() += 1;
    }
    for (why, count) in reasons {
        let _ = write!(
            out,
            "<p class=\"faint\">… and {count} more rows: {why}.</p>"
        );
    }
    out.push_str("</details>\n");
}

/// Influences by the name of what they are of.
fn of_name(influences: &[Influence]) -> HashMap<&str, &Influence> {
    influences.iter().map(|i| (i.name.as_str(), i)).collect()
}

fn unknowns(out: &mut String, board: &Board<'_>) {
    if board.estimate.unknowns.is_empty() {
        return;
    }
    out.push_str("<h2>Unknowns</h2>\n<div class=\"grid\">\n");
    for unknown in &board.estimate.unknowns {
        let _ = writeln!(
            out,
            "<div><h3>{}</h3>{}<p class=\"faint\">90 %: {} before, {} after. The evidence gave {:.2} nats.{}</p></div>",
            escape(&unknown.name),
            histogram(unknown),
            range(&unknown.prior, unknown.unit),
            range(&unknown.posterior, unknown.unit),
            unknown.gained,
            unknown.leans_on.map_or(String::new(), |bound| format!(
                " <b>It leans on the bound {} of the prior.</b>",
                number(bound)
            ))
        );
    }
    out.push_str("</div>\n<details><summary>As a table</summary><table><tr><th><th>unit");
    let heads = ["mean", "sd", "5 %", "25 %", "50 %", "75 %", "95 %"];
    for when in ["before", "after"] {
        for head in heads {
            let _ = write!(out, "<th class=\"n\">{head} {when}");
        }
    }
    out.push_str("</tr>\n");
    for unknown in &board.estimate.unknowns {
        let _ = write!(out, "<tr><td>{}<td>{}", escape(&unknown.name), unknown.unit);
        for of in [&unknown.prior, &unknown.posterior] {
            for value in [of.mean, of.sd, of.q05, of.q25, of.q50, of.q75, of.q95] {
                let _ = write!(out, "<td class=\"n\">{}", number(value));
            }
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</table></details>\n");
}

fn state(out: &mut String, board: &Board<'_>, gateway: &Gateway) {
    out.push_str("<h2>Past and future</h2>\n<p>The vertical line is the day of the board; left of it is the past according to the evidence, right of it the forecast.</p>\n");
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
    for name in shown {
        let Some(series) = board.estimate.state.iter().find(|s| s.metric == name) else {
            continue;
        };
        let title = of_metric(&name);
        let picture = bands(series, board.question.observations.last_day);
        over_time(out, &title, &picture, &series.days, "before");
    }
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
fn over_time(out: &mut String, title: &str, picture: &str, days: &[DayEstimate], beside: &str) {
    let _ = writeln!(
        out,
        "<h3>{}</h3><div class=\"wide\">{picture}</div><details><summary>As a table</summary><table><tr><th>day\
         <th class=\"n\">5 %<th class=\"n\">50 %<th class=\"n\">95 %<th class=\"n\">{beside}: 5 %<th class=\"n\">50 %<th class=\"n\">95 %</tr>",
        escape(title),
    );
    for day in days {
        let _ = write!(out, "<tr><td>{}", day.date);
        for of in [&day.posterior, &day.prior] {
            for value in [of.q05, of.q50, of.q95] {
                let _ = write!(out, "<td class=\"n\">{}", number(value));
            }
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</table></details>\n");
}

fn events(out: &mut String, forecast: &Forecast) {
    let _ = writeln!(
        out,
        "<h2>Dates</h2><div class=\"wide\"><table><tr><th>until {}<th>10 % by<th>half by<th>90 % by<th class=\"n\">by the end<th class=\"n\">before the evidence</tr>",
        forecast.until
    );
    let day = |event: &Event, p: f64| {
        event
            .reaches(p)
            .map_or("not by then".to_string(), |date| date.to_string())
    };
    for event in &forecast.events {
        let Some(last) = event.by.last() else {
            continue;
        };
        let _ = writeln!(
            out,
            "<tr><td>{}<td class=\"s\">{}<td class=\"s\">{}<td class=\"s\">{}<td class=\"n\">{}<td class=\"n\">{}</tr>",
            escape(&event.what),
            day(event, 0.1),
            day(event, 0.5),
            day(event, 0.9),
            chance(last.probability),
            chance(last.climatology)
        );
    }
    out.push_str("</table></div>\n");
}

fn explanations(out: &mut String, groups: &[Group]) {
    if groups.is_empty() {
        return;
    }
    out.push_str("<h2>Explanations</h2>\n<p>Outlined: before the evidence; filled: after the evidence. Explanations of a group exclude one another.</p>\n");
    for group in groups {
        let _ = writeln!(out, "<h3>{}</h3>", escape(&group.name));
        if group.none_of_these {
            out.push_str(
                "<p class=\"warn\">None of these would have produced such evidence.</p>\n",
            );
        }
        out.push_str("<div class=\"wide\"><table><tr><th>explanation<th>belief<th class=\"n\">before<th class=\"n\">after<th>over seeds<th class=\"n\">log-evidence<th>it says</tr>\n");
        for standing in &group.hypotheses {
            let width = |p: f64| (p * 180.0).round();
            let (bars, after) = match standing.posterior {
                Some(p) => (
                    format!(
                        "<span class=\"bar before\" style=\"width:{}px\"></span><br><span class=\"bar\" style=\"width:{}px\"></span>",
                        width(standing.prior),
                        width(p)
                    ),
                    chance(p),
                ),
                None => (
                    format!(
                        "<span class=\"bar before\" style=\"width:{}px\"></span><br><span class=\"faint\">not distinguishable</span>",
                        width(standing.prior)
                    ),
                    "not scored".to_string(),
                ),
            };
            let seeds = standing.range.map_or(String::new(), |(low, high)| {
                format!("{} to {}", chance(low), chance(high))
            });
            let same = if standing.same_as.is_empty() {
                String::new()
            } else {
                format!(
                    " <b>Makes the same predictions as {}: this evidence cannot tell them apart.</b>",
                    escape(&standing.same_as.join(", "))
                )
            };
            let _ = writeln!(
                out,
                "<tr><td>{}<td>{bars}<td class=\"n\">{}<td class=\"n\">{after}<td class=\"s\">{seeds}<td class=\"n\">{:.2}{}<td>{}{same}</tr>",
                escape(&standing.id),
                chance(standing.prior),
                standing.log_evidence.mean,
                standing
                    .log_evidence
                    .spread
                    .map_or(String::new(), |s| format!(" ± {s:.2}")),
                escape(&standing.says)
            );
        }
        out.push_str("</table></div>\n<details><summary>Row by row: log Bayes factors against the mixture of the group</summary><div class=\"wide\"><table><tr><th>row");
        for standing in &group.hypotheses {
            let _ = write!(out, "<th class=\"n\">{}", escape(&standing.id));
        }
        out.push_str("</tr>\n");
        for row in &group.rows {
            let _ = write!(out, "<tr><td>{}", escape(&row.id));
            for factor in &row.log_factors {
                let _ = write!(out, "<td class=\"n\">{factor:+.2}");
            }
            out.push_str("</tr>\n");
        }
        out.push_str("</table></div></details>\n");
    }
}

fn next(out: &mut String, looks: &[Suggestion]) {
    if looks.is_empty() {
        return;
    }
    out.push_str("<h2>Looks</h2>\n<div class=\"wide\"><table><tr><th>look<th>on<th>gain for its cost<th class=\"n\">gain (nats)<th class=\"n\">± s.e.<th class=\"n\">cost</tr>\n");
    let best = looks[0].gain_per_cost.max(1e-9);
    for look in looks.iter().take(10) {
        let _ = writeln!(
            out,
            "<tr><td>{}<td>{}<td><span class=\"bar\" style=\"width:{:.0}px\"></span><td class=\"n\">{:.3}<td class=\"n\">{:.3}<td class=\"n\">{}</tr>",
            escape(&look.look),
            look.date,
            180.0 * look.gain_per_cost / best,
            look.gain,
            look.standard_error,
            number(look.cost)
        );
    }
    out.push_str("</table></div>\n");
}

fn moved(out: &mut String, board: &Board<'_>) {
    if board.estimate.sources.is_empty() {
        return;
    }
    out.push_str("<h2>Effect of the sources</h2>\n<p>The answer with each source less that without it. A nat is a great deal; 0.01 is nothing. The chance that a row of it is a misreport is that of its letter, and that which its rows leave, with its 90 % interval.</p>\n<div class=\"wide\"><table><tr><th>source<th class=\"n\">rows<th class=\"n\">moved (nats)<th class=\"n\">misreport: letter → learned<th>shifts of means</tr>\n");
    for source in &board.estimate.sources {
        let _ = writeln!(
            out,
            "<tr><td>{}<td class=\"n\">{}<td class=\"n\">{:.3}{}<td class=\"n\">{}<td>{}</tr>",
            escape(&source.name),
            source.rows.len(),
            source.moved,
            if source.rough { " (roughly)" } else { "" },
            source.misreport_in_words(),
            escape(&source.shifts_in_words())
        );
    }
    out.push_str("</table></div>\n");
}

/// Prior, what each story and source says by itself, and posterior, side by side.
fn stories(out: &mut String, board: &Board<'_>) {
    let estimate = board.estimate;
    let told: Vec<&Influence> = estimate
        .stories
        .iter()
        .chain(&estimate.sources)
        .filter(|of| !of.says_of.is_empty() && of.moved >= 0.02)
        .take(8)
        .collect();
    if told.is_empty() {
        return;
    }
    out.push_str(
        "<h2>Who says what</h2>\n<p>Parts of the range that were equally likely before any evidence, from low to high. \
         The higher the bar, the better the group explains its rows there, given all others; an even row of bars says nothing.</p>\n\
         <div class=\"wide\"><table><tr><th>story or source",
    );
    for unknown in &estimate.unknowns {
        let _ = write!(out, "<th>{}", escape(&unknown.name));
    }
    out.push_str("</tr>\n");
    for of in told {
        let _ = write!(out, "<tr><td>{}", escape(&of.name));
        for says in &of.says_of {
            let _ = write!(out, "<td>{}", likelihood(says));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</table></div>\n");
}

fn row_by_row(out: &mut String, board: &Board<'_>) {
    let told = &board.estimate.predicted;
    if told.is_empty() {
        return;
    }
    out.push_str("<h2>Row by row: what would be expected, and what was said</h2>\n<p>The band holds 90 % of what the worlds that are believed would have the row say, its own grade and kind included; the upright mark is their median, the block what it said. A block outside its band is odd.</p>\n<div class=\"wide\"><table><tr><th>row<th>about<th>it says<th>expected (90 %)<th></tr>\n");
    for row in told {
        let expected = match (row.q05, row.q50, row.q95, row.yes) {
            (Some(low), Some(middle), Some(high), _) => {
                format!("{} ({} to {})", number(middle), number(low), number(high))
            }
            (_, _, _, Some(yes)) => format!("yes with {}", chance(yes)),
            _ => String::new(),
        };
        let _ = writeln!(
            out,
            "<tr><td>{}<td class=\"s\">{}<td>{}<td class=\"s\">{expected}<td>{}</tr>",
            escape(&row.id),
            row.date,
            escape(&row.says),
            expectation(row)
        );
    }
    out.push_str("</table></div>\n");
}

fn caution(out: &mut String, board: &Board<'_>) {
    out.push_str("<h2>Caveats</h2>\n<ul>\n");
    for said in &board.estimate.diagnostics {
        let _ = writeln!(out, "<li>{}</li>", escape(said));
    }
    for conflict in &board.estimate.conflicts {
        let _ = writeln!(
            out,
            "<li>{} says {}: a misreport with {}{}.</li>",
            escape(&conflict.id),
            escape(&conflict.says),
            chance(conflict.misreport),
            if conflict.with.is_empty() {
                ", by what the gateway file allows".to_string()
            } else {
                format!(", against {}", escape(&conflict.with.join(", ")))
            }
        );
    }
    let evidence = &board.estimate.log_evidence;
    let _ = write!(
        out,
        "<li>Log-evidence {:.2}{}; seed {}.</li>\n</ul>\n<p class=\"faint\">Nothing can be inferred that the gateway file does not express: the answer holds for that file, those grades and those copies. Grades are assumptions that can be changed.</p>\n",
        evidence.mean,
        evidence
            .spread
            .map_or(String::new(), |s| format!(", spread {s:.2} between seeds")),
        board.question.effort.seed
    );
}
