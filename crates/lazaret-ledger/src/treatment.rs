//! Whether a treatment was what its protocol asks.
//!
//! Concentration × time is the trapezoid integral over dated readings, in whole mg·s/m³ so that two machines agree to
//! the last digit. A record with a gap longer than the protocol allows proves nothing, however good its readings.
//!
//! Only time under treatment counts: with an agent from when it was applied, and never a pause. In a pause neither time nor
//! concentration × time is gained, and nothing need be read; before and after it, readings reach as close to it as to
//! the ends.
//!
//! # Source
//! The shape of ISPM 28 schedules (dose, least temperature, CT, final concentration, exposure time); bands of
//! temperature are half-open, so that every temperature is in at most one.

use jiff::Timestamp;
use lazaret_vocabulary::event::entry::{AgentName, Reading};
use lazaret_vocabulary::event::rules::TreatmentRule;

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
    /// Concentration × time, in mg·h/m³, rounded down; none without readings.
    pub ct_mg_h_m3: Option<u64>,
    /// Why it does not count; none if it does.
    pub fault: Option<String>,
}

/// Judges a treatment by its rule.
#[must_use]
pub fn judge(rule: &TreatmentRule, treatment: &Treatment<'_>) -> Judgement {
    let spans = spans(rule, treatment);
    let micros: i64 = (spans.iter())
        .map(|(from, to)| to.as_microsecond() - from.as_microsecond())
        .sum();
    let contact_s = (micros / 1_000_000).unsigned_abs();
    let mut readings: Vec<Reading> = treatment
        .readings
        .iter()
        .filter(|reading| (spans.iter()).any(|&(from, to)| (from..=to).contains(&reading.at)))
        .copied()
        .collect();
    readings.sort_by_key(|reading| reading.at);
    let ct = (!readings.is_empty()).then(|| {
        let doubled: u128 = (spans.iter())
            .map(|span| doubled_mg_us_m3(within(&readings, *span)))
            .sum();
        whole_mg_s(doubled) / 3_600
    });
    Judgement {
        contact_s,
        ct_mg_h_m3: ct,
        fault: fault(
            rule,
            treatment,
            contact_s,
            ct.unwrap_or(0),
            &readings,
            &spans,
        ),
    }
}

/// Times under treatment: from its beginning, or from when the agent was applied if it is one by agent, to its end,
/// without the pauses.
fn spans(rule: &TreatmentRule, treatment: &Treatment<'_>) -> Vec<(Timestamp, Timestamp)> {
    let mut from = treatment.from;
    if !rule.agents.is_empty() {
        from = from.max(treatment.dosed);
    }
    // A pause may be entered late, after one that came later.
    let mut pauses = treatment.pauses.to_vec();
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

/// Readings in order of time, those of one span.
fn within(readings: &[Reading], (from, to): (Timestamp, Timestamp)) -> &[Reading] {
    let begin = readings.partition_point(|reading| reading.at < from);
    let end = readings.partition_point(|reading| reading.at <= to);
    &readings[begin..end.max(begin)]
}

/// Concentration × time in mg·s/m³: the trapezoid rule over readings in order of time.
///
/// The sum is of doubled trapezoids over microseconds, divided once, so that nothing is rounded in between.
#[must_use]
pub fn ct_mg_s_m3(readings: &[Reading]) -> u64 {
    whole_mg_s(doubled_mg_us_m3(readings))
}

fn doubled_mg_us_m3(readings: &[Reading]) -> u128 {
    readings
        .windows(2)
        .map(|pair| {
            let micros = pair[1].at.as_microsecond() - pair[0].at.as_microsecond();
            let sum =
                u128::from(pair[0].concentration_mg_m3) + u128::from(pair[1].concentration_mg_m3);
            sum * u128::from(micros.max(0).unsigned_abs())
        })
        .sum()
}

fn whole_mg_s(doubled_mg_us: u128) -> u64 {
    u64::try_from(doubled_mg_us / 2_000_000).unwrap_or(u64::MAX)
}

fn fault(
    rule: &TreatmentRule,
    treatment: &Treatment<'_>,
    contact_s: u64,
    ct: u64,
    readings: &[Reading],
    spans: &[(Timestamp, Timestamp)],
) -> Option<String> {
    if contact_s < rule.contact_s {
        let aside = if treatment.pauses.is_empty() {
            ""
        } else {
            ", pauses aside"
        };
        return Some(format!(
            "it lasted {contact_s} s of {} s{aside}",
            rule.contact_s
        ));
    }
    if rule.agents.is_empty() {
        return None;
    }
    let Some(agent) = treatment.agent else {
        return Some("no agent was recorded".into());
    };
    let Some(agent_rule) = rule.agents.iter().find(|rule| rule.agent == *agent) else {
        return Some(format!("{agent} is not an agent of the protocol"));
    };
    let gap = (spans.iter())
        .filter_map(|span| longest_gap_s(*span, within(readings, *span)))
        .max();
    if let Some(gap) = gap.filter(|gap| *gap > agent_rule.readings_every_s) {
        return Some(format!(
            "{gap} s went by without a reading; {} s are allowed",
            agent_rule.readings_every_s
        ));
    }
    // Rules without bands ask for nothing but the agent, the time and readings without gaps.
    let (Some(coldest), Some(last)) = (
        readings.iter().map(|reading| reading.temperature_mc).min(),
        readings.last(),
    ) else {
        return (!agent_rule.bands.is_empty()).then(|| "nothing was read".into());
    };
    if agent_rule.bands.is_empty() {
        return None;
    }
    let Some(band) = agent_rule
        .bands
        .iter()
        .find(|band| (band.from_mc..band.below_mc).contains(&coldest))
    else {
        return Some(format!(
            "{} °C is in no band of the protocol",
            celsius(coldest)
        ));
    };
    let least = readings
        .iter()
        .map(|reading| reading.concentration_mg_m3)
        .min()
        .unwrap_or(0);
    let short = |what: &str, found: u64, asked: u64, unit: &str| {
        (found < asked).then(|| {
            format!(
                "{what} was {found} {unit} of {asked} {unit} at {} °C",
                celsius(coldest)
            )
        })
    };
    short("time under the agent", contact_s, band.contact_s, "s")
        .or_else(|| {
            short(
                "the least concentration",
                least.into(),
                band.least_mg_m3.into(),
                "mg/m³",
            )
        })
        .or_else(|| {
            short(
                "the final concentration",
                last.concentration_mg_m3.into(),
                band.final_mg_m3.into(),
                "mg/m³",
            )
        })
        .or_else(|| short("concentration × time", ct, band.ct_mg_h_m3, "mg·h/m³"))
}

/// The longest time without a reading, the ends included; none if nothing was read and nothing lasted.
fn longest_gap_s((from, to): (Timestamp, Timestamp), readings: &[Reading]) -> Option<u64> {
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

fn celsius(thousandths: i32) -> String {
    format!(
        "{}.{}",
        thousandths / 1_000,
        thousandths.abs() % 1_000 / 100
    )
}
