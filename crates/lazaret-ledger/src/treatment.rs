//! Whether a treatment was what its protocol asks.
//!
//! Every monitoring line (a sampling tube, a probe in the core) is judged by itself, and the worst decides: a treatment
//! that failed at the bottom of the stack failed. Readings without a line are one line of their own.
//!
//! Concentration × time never says more than was there. Between two readings of a falling concentration it is their
//! geometric mean times the time between them; between two of a rising one the lower, because nobody knows when it rose.
//! A gas that decays exponentially has the logarithmic mean, which is never below the geometric and never above the
//! arithmetic one that the trapezoid takes: 33 falling to 3 g/m³ in 12 h is 150 g·h/m³, 119 by this rule and 216 by the
//! trapezoid. Readings close to each other lose little: an hour apart at a half-life of a day, less than one in ten
//! thousand. It is computed in whole numbers, so that two machines agree to the last digit.
//!
//! Only time under treatment counts: with an agent from when it was applied, and never a pause. In a pause neither time nor
//! concentration × time is gained, and nothing need be read; before and after it, readings reach as close to it as to
//! the ends. A record with a gap longer than the protocol allows proves nothing, however good its readings.
//!
//! # Source
//! The shape of ISPM 28 schedules (dose, least temperature, CT, final concentration, exposure time); bands of
//! temperature are half-open, so that every temperature is in at most one, but for alternatives within the same band.
//! The sum of geometric means over intervals: `Bond1984`.

mod course;
mod fault;

use std::borrow::Borrow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use lazaret_vocabulary::event::entry::{AgentName, LineName, Reading};
use lazaret_vocabulary::event::rules::{AgentRule, Band, TemperatureRule, TreatmentRule};

pub use course::fault_on_record;
pub(crate) use fault::celsius;
pub use fault::{Asked, Fault, Shortfall};

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Treatment<'a> {
    /// When it began.
    pub from: Timestamp,
    /// When it ended.
    pub to: Timestamp,
    /// With what, if that was recorded.
    pub agent: Option<&'a AgentName>,
    /// Since when the agent is on the goods.
    pub dosed: Timestamp,
    /// How much of it there was to begin with, in mg/m³, if that was recorded.
    pub dose_mg_m3: Option<u32>,
    /// When it was paused, from and to, in any order.
    pub pauses: &'a [(Timestamp, Timestamp)],
    /// What was read, in any order.
    pub readings: &'a [Reading],
}

/// What a treatment amounted to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Time under treatment, in seconds.
    pub contact_s: u64,
    /// Concentration × time of the line that has least, in mg·h/m³, rounded down; none without readings.
    pub ct_mg_h_m3: Option<u64>,
    /// Why it does not count; none if it does.
    pub fault: Option<Fault>,
}

type Span = (Timestamp, Timestamp);

/// What each line read, in order of time; `None` for readings without a line.
type Lines<'a> = BTreeMap<Option<&'a str>, Vec<&'a Reading>>;

/// Judges a treatment by its rule.
#[must_use]
pub fn judge(rule: &TreatmentRule, treatment: &Treatment<'_>) -> Judgement {
    let mut from = treatment.from;
    if !rule.agents.is_empty() {
        from = from.max(treatment.dosed);
    }
    let spans = spans(from, treatment);
    let mut judgement = Judgement {
        contact_s: length_s(&spans),
        ct_mg_h_m3: ct_mg_h_m3(&lines(treatment.readings, &spans), &spans),
        fault: None,
    };
    judgement.fault = too_short(rule, treatment, judgement.contact_s)
        .or_else(|| by_temperature(rule, treatment, &spans));
    if judgement.fault.is_none() && !rule.agents.is_empty() {
        judgement = by_agent(rule, treatment, &spans, judgement);
    }
    judgement
}

fn too_short(rule: &TreatmentRule, treatment: &Treatment<'_>, contact_s: u64) -> Option<Fault> {
    let fault = Shortfall::TooShort {
        lasted_s: contact_s,
        asked_s: rule.contact_s,
        pauses: !treatment.pauses.is_empty(),
    };
    (contact_s < rule.contact_s).then(|| fault.into())
}

/// Times under treatment: from then to its end, without the pauses.
fn spans(mut from: Timestamp, treatment: &Treatment<'_>) -> Vec<Span> {
    // A pause may be entered late, after one that came later.
    let mut pauses = treatment.pauses.to_vec();
    // One that lasted no time is none, and hides no gap.
    pauses.retain(|(pause, goes_on)| pause < goes_on);
    pauses.sort_unstable();
    let mut spans = Vec::with_capacity(pauses.len() + 1);
    for (pause, goes_on) in pauses {
        let pause = pause.min(treatment.to);
        if pause >= from {
            spans.push((from, pause));
        }
        from = from.max(goes_on);
    }
    if from <= treatment.to {
        spans.push((from, treatment.to));
    }
    spans
}

fn length_s(spans: &[Span]) -> u64 {
    let micros: i64 = (spans.iter())
        .map(|(from, to)| to.as_microsecond() - from.as_microsecond())
        .sum();
    (micros / 1_000_000).unsigned_abs()
}

/// What was read within the spans, by line.
fn lines<'a>(readings: &'a [Reading], spans: &[Span]) -> Lines<'a> {
    let mut lines = Lines::new();
    for reading in readings {
        if (spans.iter()).any(|&(from, to)| (from..=to).contains(&reading.at)) {
            let line = reading.line.as_ref().map(LineName::as_str);
            lines.entry(line).or_default().push(reading);
        }
    }
    for readings in lines.values_mut() {
        readings.sort_by_key(|reading| reading.at);
    }
    lines
}

/// Readings in order of time, those of one span.
fn within<'a, 'b>(readings: &'b [&'a Reading], (from, to): Span) -> &'b [&'a Reading] {
    let begin = readings.partition_point(|reading| reading.at < from);
    let end = readings.partition_point(|reading| reading.at <= to);
    &readings[begin..end.max(begin)]
}

/// Concentration × time of one line in mg·s/m³, rounded down: never more than was there.
///
/// * `readings` — in order of time.
#[must_use]
pub fn ct_mg_s_m3(readings: &[impl Borrow<Reading>]) -> u64 {
    whole_mg_s(ug_us_m3(readings))
}

/// The same in µg·µs/m³. The sum is divided once, so that nothing but the roots is rounded.
fn ug_us_m3(readings: &[impl Borrow<Reading>]) -> u128 {
    (readings.windows(2))
        .map(|pair| {
            let (first, last): (&Reading, &Reading) = (pair[0].borrow(), pair[1].borrow());
            let micros = last.at.as_microsecond() - first.at.as_microsecond();
            let earlier = u128::from(first.concentration_mg_m3);
            let later = u128::from(last.concentration_mg_m3);
            let mean_ug_m3 = if later < earlier {
                // The product of two numbers below 2^32 and 10^6 is far below 2^128.
                (earlier * later * 1_000_000).isqrt()
            } else {
                earlier * 1_000
            };
            mean_ug_m3 * u128::from(micros.max(0).unsigned_abs())
        })
        .sum()
}

fn whole_mg_s(ug_us: u128) -> u64 {
    u64::try_from(ug_us / 1_000_000_000).unwrap_or(u64::MAX)
}

fn line_ct_mg_h_m3(readings: &[&Reading], spans: &[Span]) -> u64 {
    let sum = (spans.iter())
        .map(|span| ug_us_m3(within(readings, *span)))
        .sum();
    whole_mg_s(sum) / 3_600
}

/// Concentration × time of the line that has least.
fn ct_mg_h_m3(lines: &Lines<'_>, spans: &[Span]) -> Option<u64> {
    (lines.values())
        .map(|readings| line_ct_mg_h_m3(readings, spans))
        .min()
}

/// What is wrong with a line.
fn of_line(line: Option<&str>, what: Shortfall) -> Fault {
    Fault {
        line: line.map(LineName::new),
        what,
    }
}

/// The first thing that is wrong with any line.
fn first_fault(
    lines: &Lines<'_>,
    wrong: impl Fn(&[&Reading]) -> Option<Shortfall>,
) -> Option<Fault> {
    (lines.iter()).find_map(|(line, readings)| wrong(readings).map(|what| of_line(*line, what)))
}

/// That as many lines were read as are asked; none asked is one.
fn too_few_lines(lines: &Lines<'_>, asked: u32) -> Option<Fault> {
    let read = lines.len() as u32;
    if read == 0 && asked > 0 {
        return Some(Shortfall::NothingRead.into());
    }
    (read < asked).then(|| Shortfall::TooFewLines { read, asked }.into())
}

/// Judges by the rules for the agent that was used: any of them will do, and any row of a band.
fn by_agent(
    rule: &TreatmentRule,
    treatment: &Treatment<'_>,
    spans: &[Span],
    mut judgement: Judgement,
) -> Judgement {
    let Some(agent) = treatment.agent else {
        judgement.fault = Some(Shortfall::NoAgent.into());
        return judgement;
    };
    let mut first: Option<Judgement> = None;
    for rule in rule.agents.iter().filter(|rule| rule.agent == *agent) {
        for tried in by_rule(rule, treatment, spans, &judgement) {
            if tried.fault.is_none() {
                return tried;
            }
            first = first.or(Some(tried));
        }
    }
    first.unwrap_or_else(|| {
        let agent = agent.clone();
        judgement.fault = Some(Shortfall::OtherAgent { agent }.into());
        judgement
    })
}

/// One judgement for each row that the coldest reading asks for; one alone where no row is asked.
fn by_rule(
    rule: &AgentRule,
    treatment: &Treatment<'_>,
    spans: &[Span],
    whole: &Judgement,
) -> Vec<Judgement> {
    let said = |fault: Option<Fault>| {
        vec![Judgement {
            fault,
            ..whole.clone()
        }]
    };
    let lines = lines(treatment.readings, spans);
    if let Some(fault) = gaps(&lines, spans, rule.readings_every_s) {
        return said(Some(fault));
    }
    if let Some(fault) = too_few_lines(&lines, rule.lines) {
        return said(Some(fault));
    }
    // Rules without bands ask for nothing but the agent, the time and readings without gaps.
    if rule.bands.is_empty() {
        return said(None);
    }
    let Some(coldest) = (lines.values().flatten().map(|read| read.temperature_mc)).min() else {
        return said(Some(Shortfall::NothingRead.into()));
    };
    let rows: Vec<Judgement> = (rule.bands.iter())
        .filter(|band| (band.from_mc..band.below_mc).contains(&coldest))
        .map(|band| by_band(band, treatment, &lines, spans, coldest))
        .collect();
    if rows.is_empty() {
        let fault = Shortfall::NoBand {
            temperature_mc: coldest,
        };
        return said(Some(fault.into()));
    }
    rows
}

/// The longest time without a reading on any line, if it is longer than is allowed.
fn gaps(lines: &Lines<'_>, spans: &[Span], allowed_s: u64) -> Option<Fault> {
    let longest = |readings: &[&Reading]| {
        (spans.iter())
            .filter_map(|span| longest_gap_s(*span, within(readings, *span)))
            .max()
            .filter(|gap| *gap > allowed_s)
            .map(|gap_s| Shortfall::Gap { gap_s, allowed_s })
    };
    if lines.is_empty() {
        return longest(&[]).map(Into::into);
    }
    first_fault(lines, longest)
}

/// The longest time without a reading, the ends included; none if nothing was read and nothing lasted.
fn longest_gap_s((from, to): Span, readings: &[&Reading]) -> Option<u64> {
    let instants = std::iter::once(from)
        .chain(readings.iter().map(|reading| reading.at))
        .chain(std::iter::once(to));
    let later = instants.clone().skip(1);
    instants
        .zip(later)
        .map(|(earlier, later)| seconds(earlier, later))
        .max()
}

fn seconds(from: Timestamp, to: Timestamp) -> u64 {
    let micros = to.as_microsecond() - from.as_microsecond();
    (micros.max(0) / 1_000_000).unsigned_abs()
}

/// Judges by one row of a band.
fn by_band(
    band: &Band,
    treatment: &Treatment<'_>,
    read: &Lines<'_>,
    spans: &[Span],
    coldest: i32,
) -> Judgement {
    let (begin, spans) = match exposed(band, treatment, read, spans) {
        Ok(exposed) => exposed,
        Err(fault) => {
            return Judgement {
                contact_s: 0,
                ct_mg_h_m3: ct_mg_h_m3(read, spans),
                fault: Some(fault),
            };
        }
    };
    let mut lines = lines(treatment.readings, &spans);
    // A line that was read only before the exposure began has nothing to show for it.
    for line in read.keys() {
        lines.entry(*line).or_default();
    }
    let contact_s = length_s(&spans);
    let short = |measure: Asked, found: u64, asked: u64| {
        (found < asked).then_some(Shortfall::TooLittle {
            measure,
            found,
            asked,
            coldest_mc: coldest,
        })
    };
    let concentration = |measure: Asked, found: Option<u32>, asked: u32| {
        short(measure, found.unwrap_or(0).into(), asked.into())
    };
    let fault = short(Asked::Time, contact_s, band.contact_s)
        .map(Fault::from)
        .or_else(|| too_small_a_dose(band, treatment))
        .or_else(|| first_fault(&lines, read_once))
        .or_else(|| {
            first_fault(&lines, |readings| {
                let least = readings.iter().map(|read| read.concentration_mg_m3).min();
                concentration(Asked::Least, least, band.least_mg_m3)
            })
        })
        .or_else(|| {
            first_fault(&lines, |readings| {
                let last = readings.last().map(|read| read.concentration_mg_m3);
                concentration(Asked::Final, last, band.final_mg_m3)
            })
        })
        .or_else(|| {
            first_fault(&lines, |readings| {
                let ct = line_ct_mg_h_m3(readings, &spans);
                short(Asked::ConcentrationTime, ct, band.ct_mg_h_m3)
            })
        })
        .or_else(|| first_fault(read, |readings| off_schedule(band, begin, readings)))
        .or_else(|| first_fault(&lines, |readings| too_warm(band, readings)));
    Judgement {
        contact_s,
        ct_mg_h_m3: ct_mg_h_m3(&lines, &spans),
        fault,
    }
}

/// When the exposure began, and its spans: where a row asks for a starting concentration, once every line has read it.
fn exposed(
    band: &Band,
    treatment: &Treatment<'_>,
    lines: &Lines<'_>,
    all: &[Span],
) -> Result<(Timestamp, Vec<Span>), Fault> {
    let applied = treatment.from.max(treatment.dosed);
    if band.start_mg_m3 == 0 {
        return Ok((applied, all.to_vec()));
    }
    let mut began = applied;
    for (line, readings) in lines {
        let reached = (readings.iter()).find(|read| read.concentration_mg_m3 >= band.start_mg_m3);
        let Some(reached) = reached else {
            let most = readings.iter().map(|read| read.concentration_mg_m3).max();
            return Err(of_line(
                *line,
                Shortfall::NeverReached {
                    asked_mg_m3: band.start_mg_m3,
                    most_mg_m3: most.unwrap_or(0),
                },
            ));
        };
        began = began.max(reached.at);
    }
    Ok((began, spans(began, treatment)))
}

fn too_small_a_dose(band: &Band, treatment: &Treatment<'_>) -> Option<Fault> {
    let asked_mg_m3 = band.dose_mg_m3;
    let fault = match treatment.dose_mg_m3 {
        _ if asked_mg_m3 == 0 => return None,
        None => Shortfall::NoDose { asked_mg_m3 },
        Some(dose_mg_m3) if dose_mg_m3 < asked_mg_m3 => Shortfall::SmallDose {
            dose_mg_m3,
            asked_mg_m3,
        },
        Some(_) => return None,
    };
    Some(fault.into())
}

/// One reading is a point and says nothing of a time.
fn read_once(readings: &[&Reading]) -> Option<Shortfall> {
    (readings.len() < 2).then_some(Shortfall::ReadOnce)
}

/// That a line was read at each time that the row sets, and had there what it asks.
fn off_schedule(band: &Band, begin: Timestamp, readings: &[&Reading]) -> Option<Shortfall> {
    band.at.iter().find_map(|set| {
        let least_s = set.after_s.saturating_sub(set.within_s);
        let most_s = set.after_s.saturating_add(set.within_s);
        let mut near = (readings.iter())
            .filter(|read| read.at >= begin)
            .filter(|read| (least_s..=most_s).contains(&seconds(begin, read.at)))
            .peekable();
        if near.peek().is_none() {
            return Some(Shortfall::OffSchedule {
                after_s: set.after_s,
                within_s: set.within_s,
            });
        }
        let low = near
            .map(|read| read.concentration_mg_m3)
            .find(|read| *read < set.least_mg_m3)?;
        Some(Shortfall::LowAt {
            after_s: set.after_s,
            found_mg_m3: low,
            asked_mg_m3: set.least_mg_m3,
        })
    })
}

fn too_warm(band: &Band, readings: &[&Reading]) -> Option<Shortfall> {
    let limit = band.warmest_mc?;
    let warmest = readings.iter().map(|read| read.temperature_mc).max()?;
    (warmest > limit).then_some(Shortfall::TooWarm {
        warmest_mc: warmest,
        limit_mc: limit,
    })
}

/// What is wrong with the temperatures, where the rule has rows for them; any row will do.
fn by_temperature(
    rule: &TreatmentRule,
    treatment: &Treatment<'_>,
    spans: &[Span],
) -> Option<Fault> {
    let lines = lines(treatment.readings, spans);
    let mut first = None;
    for row in &rule.temperatures {
        let fault = too_few_lines(&lines, row.lines.max(1)).or_else(|| {
            first_fault(&lines, |readings| {
                let kept = (spans.iter())
                    .map(|span| unbroken_s(row, within(readings, *span)))
                    .max()
                    .unwrap_or(0);
                (kept < row.contact_s).then_some(Shortfall::NotKept {
                    from_mc: row.from_mc,
                    below_mc: row.below_mc,
                    kept_s: kept,
                    asked_s: row.contact_s,
                })
            })
        });
        let fault = fault?;
        first = first.or(Some(fault));
    }
    first
}

/// The longest time that a line stayed within a row, in seconds: between two readings that are both within it and not too
/// far apart. An excursion that the row allows gains nothing and breaks nothing.
fn unbroken_s(row: &TemperatureRule, readings: &[&Reading]) -> u64 {
    let inside = |read: &Reading| (row.from_mc..row.below_mc).contains(&read.temperature_mc);
    let between: Vec<(u64, bool)> = (readings.windows(2))
        .map(|pair| {
            let micros = pair[1].at.as_microsecond() - pair[0].at.as_microsecond();
            let kept = inside(pair[0]) && inside(pair[1]);
            (micros.unsigned_abs(), kept)
        })
        .collect();
    let far = row.readings_every_s.saturating_mul(1_000_000);
    let allowed = row.excursions_s.saturating_mul(1_000_000);
    // A window over the times between readings that holds no more excursion than is allowed.
    let (mut longest, mut kept, mut out, mut first) = (0_u64, 0_u64, 0_u64, 0);
    for (last, &(micros, inside)) in between.iter().enumerate() {
        if micros > far {
            (kept, out, first) = (0, 0, last + 1);
            continue;
        }
        *(if inside { &mut kept } else { &mut out }) += micros;
        while out > allowed {
            let (micros, inside) = between[first];
            *(if inside { &mut kept } else { &mut out }) -= micros;
            first += 1;
        }
        longest = longest.max(kept);
    }
    longest / 1_000_000
}
