//! Statements whose probability is asked for: `hold_time > 32 d`, `in.yard > 400 on 2022-02-20`.

use jiff::civil::Date;
use lazaret_gateway::model::{Dimension, Gateway};

use super::{Answer, Course, Posterior, Question};
use crate::belief::Belief;
use crate::kernel::day_of;
use crate::rules::Metric;

/// A statement about unknowns or about the state on a day.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    text: String,
    of: Vec<Metric>,
    above: bool,
    or_equal: bool,
    /// In base units.
    threshold: f64,
    /// The day, if one is named.
    on: Option<usize>,
}

/// What is wrong with the text of an [`Ask`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct AskError(pub String);

impl Ask {
    /// Reads `METRIC [+ METRIC …] > NUMBER [UNIT] [on DATE]`, with `>`, `>=`, `<` or `<=`.
    ///
    /// # Errors
    /// Says what is wrong and what could stand there.
    pub fn parse(text: &str, gateway: &Gateway) -> Result<Ask, AskError> {
        let wrong = |message: String| Err(AskError(format!("`{text}`: {message}")));
        let Some(at) = text.find(['<', '>']) else {
            return wrong("it has no > or <; write for example `hold_time > 32 d`".to_string());
        };
        let above = text[at..].starts_with('>');
        let mut rest = &text[at + 1..];
        let or_equal = rest.starts_with('=');
        if or_equal {
            rest = &rest[1..];
        }
        let mut of = Vec::new();
        for name in text[..at].split('+').map(str::trim) {
            match Metric::parse(name, gateway) {
                Some(metric) => of.push(metric),
                None => {
                    return wrong(format!(
                        "the gateway has no `{name}`; there are {}",
                        Metric::names(gateway).join(", ")
                    ));
                }
            }
        }
        let durations = of
            .iter()
            .filter(|m| m.dimension(gateway) == Dimension::Duration)
            .count();
        if durations != 0 && durations != of.len() {
            return wrong("it adds durations to numbers".to_string());
        }
        let (value, date) = match rest.split_once(" on ") {
            Some((value, date)) => (value.trim(), Some(date.trim())),
            None => (rest.trim(), None),
        };
        let split = value
            .find(|c: char| !(c.is_ascii_digit() || "+-.e".contains(c)))
            .unwrap_or(value.len());
        let (number, unit) = (value[..split].trim(), value[split..].trim());
        let Ok(number) = number.parse::<f64>() else {
            return wrong(format!("`{value}` is not a number"));
        };
        let factor = match (unit, durations > 0) {
            ("", false) => 1.0,
            ("", true) => return wrong("a duration needs a unit, such as `32 d`".to_string()),
            (_, false) => return wrong(format!("`{unit}` is not expected: this has no unit")),
            ("s", true) => 1.0,
            ("min", true) => 60.0,
            ("h", true) => 3600.0,
            ("d", true) => 86_400.0,
            ("w", true) => 7.0 * 86_400.0,
            _ => {
                return wrong(format!(
                    "`{unit}` is not a unit of time; write s, min, h, d or w"
                ));
            }
        };
        let on = match date {
            None => None,
            Some(date) => match date.parse::<Date>() {
                Ok(date) if day_of(gateway, date) >= 0 => Some(day_of(gateway, date) as usize),
                Ok(date) => return wrong(format!("{date} is before the gateway starts")),
                Err(_) => return wrong(format!("`{date}` is not a date; write 2022-02-20")),
            },
        };
        Ok(Ask {
            text: text.trim().to_string(),
            of,
            above,
            or_equal,
            threshold: number * factor,
            on,
        })
    }

    /// The day it is about, if it names one.
    #[must_use]
    pub fn day(&self) -> Option<usize> {
        self.on
    }

    /// Whether it holds in `course`, of which `day` is meant if it names none.
    #[must_use]
    pub fn holds_in(&self, course: &Course, day: usize) -> bool {
        let day = self.on.unwrap_or(day);
        let value = self.of.iter().map(|metric| course.value(*metric, day));
        self.holds(value.sum())
    }

    fn holds(&self, value: f64) -> bool {
        match (self.above, self.or_equal) {
            (true, false) => value > self.threshold,
            (true, true) => value >= self.threshold,
            (false, false) => value < self.threshold,
            (false, true) => value <= self.threshold,
        }
    }

    pub(super) fn answer(
        &self,
        question: &Question<'_>,
        belief: &Belief,
        posterior: &Posterior<'_>,
        prior: &[Course],
    ) -> Answer {
        let day = self
            .on
            .unwrap_or(question.observations.last_day)
            .min(question.until);
        let in_course = |course: &Course| {
            let each = self.of.iter().map(|metric| course.value(*metric, day));
            self.holds(each.sum())
        };
        let of_unknowns = self.of.iter().all(|m| matches!(m, Metric::Unknown(_)));
        let none = crate::kernel::Figures::default();
        let of_theta = |unknowns: &[f64]| {
            let value: f64 = self.of.iter().map(|m| m.value(&none, unknowns)).sum();
            self.holds(value)
        };
        let last = question.observations.last_day;
        let (probability, error, runs) = if of_unknowns && (day == last || !belief.changes()) {
            // All values of the unknowns are used, not only those of the courses.
            let known = posterior
                .pool
                .probability(|theta| of_theta(&belief.unknowns(theta)));
            (known.value, known.error, known.runs)
        } else {
            let (share, error) = posterior.share(in_course);
            (share, error, posterior.shares(in_course))
        };
        let before = prior.iter().filter(|course| in_course(course)).count();
        Answer {
            ask: self.text.clone(),
            probability: probability.clamp(0.0, 1.0),
            standard_error: error,
            runs,
            prior: before as f64 / prior.len().max(1) as f64,
            settled: of_unknowns
                .then(|| self.settled(question.gateway))
                .flatten(),
        }
    }

    /// Whether the gateway file leaves the statement open: none if it does, else what it is under every value of the
    /// unknowns that the file allows.
    fn settled(&self, gateway: &Gateway) -> Option<bool> {
        let support = self.of.iter().map(|metric| match metric {
            Metric::Unknown(at) => gateway.unknowns[at.index()].prior.support(),
            _ => (f64::NEG_INFINITY, f64::INFINITY),
        });
        let (low, high) = support.fold((0.0, 0.0), |(a, b), (c, d)| (a + c, b + d));
        // At a bound itself a statement with > and one with >= differ, and a continuous unknown does not lie there.
        match (low >= self.threshold, high <= self.threshold) {
            (true, false) => Some(self.above),
            (false, true) => Some(!self.above),
            (true, true) => Some(self.holds(low)),
            (false, false) => None,
        }
    }
}
