//! The answer of a study in words and tables, for somebody who has never seen one.

use std::fmt::Write as _;
use std::path::Path;

use lazaret_gateway::model::{Gateway, StepKind, Study as Question};
use lazaret_sim::metrics::{
    self, Each, HEADLINE, Whole, dispatch, lots, place, source, step, vehicle,
};
use lazaret_sim::study::{Fan, Stop};
use lazaret_sim::{Estimate, Standstill};

use super::picture::picture;
use super::screen::Screen;
use super::units::{day, moment, number, percent, time, unit_of_time, with_interval};
use super::{Ended, Told};
use crate::output::{quoted_path, table};

/// The whole answer.
pub(super) fn text(told: &Told<'_>, screen: &Screen) -> String {
    let answer = Answer {
        told,
        gateway: told.model.gateway(),
        screen,
    };
    let mut text = answer.opening();
    text.push_str(&answer.headline());
    text.push_str(&answer.alarms());
    text.push_str(&answer.fullness());
    text.push_str(&answer.picture());
    text.push_str(&answer.places());
    text.push_str(&answer.steps());
    text.push_str(&answer.waits());
    text.push_str(&answer.arrivals());
    text.push_str(&answer.spread());
    text.push_str(&answer.remarks());
    screen.spell(&text)
}

/// Everything that a reader must know before using the figures: warnings of the file, of the study, and what came to a
/// stop.
pub(super) fn warnings(told: &Told<'_>) -> Vec<String> {
    let gateway = told.model.gateway();
    let mut warnings = told.suspicions.clone();
    warnings.extend(told.study.warnings.iter().cloned());
    warnings.extend(nothing_arrived(told));
    warnings.extend(deadlock(told));
    warnings.extend(
        told.study
            .standstills
            .iter()
            .map(|(times, worst)| standstill(gateway, *times, told.study.replications, worst)),
    );
    warnings
}

/// Said if nothing came: all figures are then of an empty gateway.
fn nothing_arrived(told: &Told<'_>) -> Option<String> {
    let at = told.model.metrics().position(lots::ARRIVED.name())?;
    (told.study.estimates[at].mean == 0.0).then(|| {
        "no lot arrived in the whole run: does every source start before the run ends?".to_string()
    })
}

fn deadlock(told: &Told<'_>) -> Option<String> {
    let gateway = told.model.gateway();
    let (times, first) = &told.study.deadlocks;
    let first = first.as_ref()?;
    let names: Vec<&str> = first
        .cycle
        .iter()
        .map(|place| gateway.places[place.index()].name.as_str())
        .collect();
    let mut circle = String::new();
    for (nth, name) in names.iter().enumerate() {
        let next = names[(nth + 1) % names.len()];
        let _ = write!(
            circle,
            "{}everything in {name} waits for room in {next}",
            if nth == 0 { "" } else { ", " }
        );
    }
    Some(format!(
        "deadlock in {times} of {} replications, first on {}: {circle}; nothing there can ever move again",
        told.study.replications,
        moment(gateway, first.at)
    ))
}

fn standstill(gateway: &Gateway, times: u64, of: u64, worst: &Standstill) -> String {
    let step = &gateway.steps[worst.step.index()].name;
    let place = &gateway.places[worst.place.index()].name;
    let waits = if worst.things == 1 {
        "1 waits".to_string()
    } else {
        format!("{} wait", worst.things)
    };
    let (kind, others) = if worst.overtaken {
        ("starvation", "others that came later were served first")
    } else {
        ("standstill", "nobody is served any longer")
    };
    format!(
        "{kind} in {times} of {of} replications: in the worst, {waits} for `{step}` at {place} since {} ({}); {others}",
        moment(gateway, worst.since),
        worst.cause
    )
}

/// One row of a table.
type Row = Vec<String>;

struct Answer<'a> {
    told: &'a Told<'a>,
    gateway: &'a Gateway,
    screen: &'a Screen,
}

impl Answer<'_> {
    fn estimate(&self, metric: &str) -> Option<&Estimate> {
        let at = self.told.model.metrics().position(metric)?;
        Some(&self.told.study.estimates[at]).filter(|estimate| estimate.n > 0)
    }

    fn mean(&self, metric: &str) -> f64 {
        self.estimate(metric)
            .map_or(f64::NAN, |estimate| estimate.mean)
    }

    fn quantiles(&self, metric: &str) -> Option<[f64; 3]> {
        let at = self.told.model.metrics().position(metric)?;
        self.told.kept.quantiles(at)
    }

    fn opens(&self) -> bool {
        self.gateway.study == Question::Opening
    }

    /// What was simulated, how often, and how well it is known.
    fn opening(&self) -> String {
        let (gateway, study) = (self.gateway, self.told.study);
        let zone = gateway.time_zone.iana_name().unwrap_or("local time");
        let length = gateway.length;
        let from = moment(gateway, lazaret_vocabulary::time::GateTime::START);
        let what = if self.opens() {
            format!("{length} from {from} ({zone}), starting empty")
        } else {
            format!(
                "once it has settled: {length} from {from} ({zone}), of which the first {} are left out",
                time(study.warm_up.hours())
            )
        };
        let n = number(study.replications as f64, 0);
        let s = if study.replications == 1 { "" } else { "s" };
        let seed = self.told.settings.seed;
        let known = match (self.told.ended, &self.told.settings.stop) {
            (Ended::Interrupt, _) if study.replications == 1 => format!(
                "PARTIAL: interrupted after 1 replication (seed {seed}); one alone says nothing about the spread."
            ),
            (Ended::Interrupt, _) => format!(
                "PARTIAL: interrupted after {n} replication{s} (seed {seed}); the intervals hold for what was run."
            ),
            (
                Ended::Precision,
                Stop::Absolute {
                    metric, half_width, ..
                },
            ) => format!(
                "{n} replication{s} (seed {seed}): {} is known to within {half_width}, as asked.",
                self.metric_name(*metric)
            ),
            (Ended::Precision, _) if !study.settled => format!(
                "{n} replication{s} (seed {seed}): the headline figures are known to within 1 %, but the gateway has not settled; see Caveats."
            ),
            (Ended::Precision, _) => format!(
                "{n} replication{s} (seed {seed}): the headline figures have settled to within 1 %."
            ),
            (
                Ended::Limit,
                Stop::Absolute {
                    metric, half_width, ..
                },
            ) => format!(
                "{n} replication{s} (seed {seed}), the limit: {} is known to within {} only, not {half_width}; raise --limit.",
                self.metric_name(*metric),
                number(study.estimates[*metric].half_width(), 3)
            ),
            (Ended::Limit, _) => format!(
                "{n} replication{s} (seed {seed}), the limit: {}; raise --limit for more.",
                self.least_settled()
            ),
            (Ended::Replications, _) if study.settled => format!(
                "{n} replication{s} (seed {seed}), as asked: the headline figures have settled to within 1 %."
            ),
            (Ended::Replications, _) => format!(
                "{n} replication{s} (seed {seed}), as asked: {}.",
                self.least_settled()
            ),
        };
        format!("{}: {what}.\n{known}\n", gateway.name)
    }

    fn metric_name(&self, at: usize) -> &str {
        self.told.model.metrics().iter().nth(at).unwrap_or("")
    }

    fn least_settled(&self) -> String {
        let study = self.told.study;
        if study.replications < 2 {
            return "one alone says nothing about its own precision".to_string();
        }
        let worst = lazaret_sim::study::headline(self.told.model)
            .into_iter()
            .filter(|&at| study.estimates[at].n > 1 && study.estimates[at].mean != 0.0)
            .map(|at| {
                let estimate = &study.estimates[at];
                (estimate.half_width() / estimate.mean.abs(), at)
            })
            .max_by(|a, b| a.0.total_cmp(&b.0));
        worst.map_or_else(
            || "no lot was dispatched".to_string(),
            |(share, at)| {
                format!(
                    "{} is known to within {}",
                    in_words(self.metric_name(at)),
                    percent(share)
                )
            },
        )
    }

    /// The answer in one table.
    fn headline(&self) -> String {
        let mut rows: Vec<Row> = Vec::new();
        let mut pulled: Vec<String> = Vec::new();
        let mut row = |label: &str, figure: Whole, unit: Option<&str>| {
            let metric = figure.name();
            let Some(estimate) = self.estimate(metric) else {
                return;
            };
            let time = unit_of_time(estimate.mean);
            let (name, factor) = unit.map_or((time.name, time.per_hour), |unit| (unit, 1.0));
            let (mean, interval) = with_interval(estimate, factor);
            if let Some([low, middle, high]) = self.quantiles(metric)
                && !(low..=high).contains(&estimate.mean)
            {
                let middle = number(middle * factor, 1);
                pulled.push(format!(
                    "{}: a few replications are far from the rest and pull the mean outside the range of nine in ten; half of all have {middle} {name} or less.",
                    label.trim_start_matches("… ")
                ));
            }
            let between = self
                .quantiles(metric)
                .map_or_else(String::new, |[low, _, high]| {
                    between(low * factor, high * factor)
                });
            rows.push(vec![
                format!(" {label}"),
                mean,
                name.to_string(),
                interval,
                between,
            ]);
        };
        row("sent inland", lots::THROUGHPUT, Some("lots a day"));
        row("time in the gateway", lots::TIME_IN_GATEWAY_MEAN, None);
        row("… 95 of 100 lots within", lots::TIME_IN_GATEWAY_P95, None);
        row(
            "in the gateway, on average",
            lots::IN_GATEWAY_MEAN,
            Some("lots"),
        );
        if self.opens() {
            row("in the gateway, at the end", lots::IN_GATEWAY, Some("lots"));
        }
        row("vehicles: back home after", vehicle::TURN_ROUND_MEAN, None);
        if self.mean(lots::DESTROYED.name()) > 0.0 {
            row("destroyed", lots::DESTROYED, Some("lots"));
        }
        if self.mean(lots::SENT_BACK.name()) > 0.0 {
            row("sent back", lots::SENT_BACK, Some("lots"));
        }
        if !self.screen.unicode {
            for row in &mut rows {
                row[0] = row[0].replace("… ", "- ");
            }
        }
        let head = [
            "",
            "mean",
            "",
            "95 % interval",
            "from replication to replication (5 to 95 %)",
        ];
        let remarks: String = pulled
            .iter()
            .map(|line| wrap(line, self.screen.width))
            .collect();
        self.screen.heading("Summary") + &table(&head, &rows, &[1, 3, 4]) + &remarks
    }

    /// What came to a stop.
    fn alarms(&self) -> String {
        let mut said: Vec<String> = deadlock(self.told).into_iter().collect();
        let study = self.told.study;
        said.extend(
            study
                .standstills
                .iter()
                .map(|(times, worst)| standstill(self.gateway, *times, study.replications, worst)),
        );
        if said.is_empty() {
            return String::new();
        }
        let mut text = self.screen.heading("Deadlocks and standstills");
        for line in said {
            text.push_str(&wrap(&capital(&line), self.screen.width));
        }
        text
    }

    /// What is full, how much of the time and since when.
    fn fullness(&self) -> String {
        let mut full: Vec<(f64, String)> = Vec::new();
        for place in &self.gateway.places {
            let metric = |figure: Each| figure.of(&place.name);
            let share = self.mean(&metric(place::FULL));
            if place.slots.is_none() || share.is_nan() || share < 0.005 {
                continue;
            }
            let mut line = format!("{} is full {} of the time", place.name, percent(share));
            let first = self.quantiles(&metric(place::FIRST_FULL));
            let times = self.estimate(&metric(place::FIRST_FULL)).map_or(0, |e| e.n);
            if self.opens() {
                if let Some([early, middle, late]) = first {
                    let (early, middle, late) = (
                        day(self.gateway, early),
                        day(self.gateway, middle),
                        day(self.gateway, late),
                    );
                    if early == late {
                        let _ = write!(line, ", first on {middle}");
                    } else {
                        let _ = write!(
                            line,
                            ", first on about {middle} (5 to 95 %: {early} to {late})"
                        );
                    }
                }
                let share = times as f64 / self.told.study.replications as f64;
                if share < 0.995 {
                    let _ = write!(
                        line,
                        "; it fills in {} of 100 replications",
                        number((share * 100.0).round().max(1.0), 0)
                    );
                }
            }
            full.push((share, line));
        }
        full.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut text = self.screen.heading("Full places");
        if full.is_empty() {
            text.push_str("  No place is full for more than 0.5 % of the time.\n");
        }
        for (_, line) in full {
            text.push_str(&wrap(&line, self.screen.width));
        }
        text
    }

    /// The place worth a picture: where lots are held, else the one with most in it.
    fn pictured(&self) -> Option<&Fan> {
        let most = |fan: &Fan| {
            fan.quantiles
                .iter()
                .map(|bin| bin[4])
                .filter(|level| level.is_finite())
                .fold(0.0, f64::max)
        };
        let holds = |fan: &Fan| {
            self.gateway
                .steps
                .iter()
                .any(|step| step.at == fan.place && matches!(step.kind, StepKind::Hold { .. }))
        };
        self.told.study.fans.iter().max_by(|a, b| {
            (holds(a), most(a))
                .partial_cmp(&(holds(b), most(b)))
                .unwrap_or(std::cmp::Ordering::Equal)
        })
    }

    fn picture(&self) -> String {
        let Some(fan) = self.pictured() else {
            return String::new();
        };
        let place = &self.gateway.places[fan.place.index()];
        let slots = place
            .slots
            .as_ref()
            .and_then(lazaret_gateway::model::Quantity::known_constant);
        let count = place.count.known_constant();
        let capacity = slots
            .zip(count)
            .map(|(slots, count)| slots * count)
            .filter(|_| place.changes.is_empty());
        let drawn = picture(self.gateway, fan, capacity, self.screen);
        if drawn.is_empty() {
            return String::new();
        }
        let of = capacity.map_or_else(String::new, |capacity| {
            format!(" of {}", number(capacity, 0))
        });
        self.screen
            .heading(&format!("Slots occupied in {}{of}, over time", place.name))
            + &drawn
    }

    fn places(&self) -> String {
        let mut rows: Vec<Row> = Vec::new();
        for place in &self.gateway.places {
            let metric = |figure: Each| figure.of(&place.name);
            let Some(occupancy) = self.estimate(&metric(place::OCCUPANCY_MEAN)) else {
                continue;
            };
            let (mean, interval) = with_interval(occupancy, 1.0);
            let blocked = self.mean(&metric(place::BLOCKED));
            rows.push(vec![
                format!(" {}", place.name),
                mean,
                interval,
                number(self.mean(&metric(place::OCCUPANCY_MAX)), 0),
                percent(self.mean(&metric(place::UTILISATION))),
                if blocked > 0.0 {
                    let share = blocked / occupancy.mean;
                    percent(share)
                } else {
                    "0 %".to_string()
                },
                percent(self.mean(&metric(place::FULL))),
            ]);
        }
        for resource in &self.gateway.resources {
            let kind = match resource.kind {
                lazaret_gateway::model::ResourceKind::Crew => "crew",
                lazaret_gateway::model::ResourceKind::Equipment => "equipment",
            };
            let used = metrics::in_use(resource.kind, &resource.name);
            let Some(used) = self.estimate(&used) else {
                continue;
            };
            let (mean, interval) = with_interval(used, 1.0);
            rows.push(vec![
                format!(" {} ({kind})", resource.name),
                mean,
                interval,
                String::new(),
                percent(self.mean(&metrics::utilisation(resource.kind, &resource.name))),
                String::new(),
                String::new(),
            ]);
        }
        let head = [
            "",
            "in use",
            "95 % interval",
            "most",
            "utilisation",
            "of it blocked",
            "time full",
        ];
        self.screen
            .heading("Places, crews and equipment (slots or units in use, on average)")
            + &table(&head, &rows, &[1, 2, 3, 4, 5, 6])
    }

    fn steps(&self) -> String {
        let mut rows: Vec<Row> = Vec::new();
        for step in &self.gateway.steps {
            let metric = |figure: Each| figure.of(&step.name);
            let started = self.mean(&metric(step::STARTED));
            let wait = self.estimate(&metric(step::WAIT_MEAN));
            let (mean, interval) = wait.map_or_else(
                || ("-".to_string(), String::new()),
                |wait| {
                    if wait.mean * 60.0 < 0.5 {
                        return ("0".to_string(), String::new());
                    }
                    let unit = unit_of_time(wait.mean);
                    let (mean, interval) = with_interval(wait, unit.per_hour);
                    (format!("{mean} {}", unit.name), interval)
                },
            );
            let blocked = self.mean(&metric(step::BLOCKED_MEAN));
            rows.push(vec![
                format!(" {}", step.name),
                self.gateway.places[step.at.index()].name.clone(),
                number(started, 0),
                mean,
                interval,
                if self.mean(&metric(step::WAIT_P95)) * 60.0 < 0.5 {
                    "0".to_string()
                } else {
                    time(self.mean(&metric(step::WAIT_P95)))
                },
                if blocked * 60.0 >= 0.5 {
                    time(blocked)
                } else {
                    "0".to_string()
                },
            ]);
        }
        let head = [
            "",
            "at",
            "times",
            "wait before it",
            "95 % interval",
            "95 of 100 within",
            "held up after it",
        ];
        self.screen.heading("Steps") + &table(&head, &rows, &[2, 3, 4, 5, 6])
    }

    /// Where things wait, longest in all first, and for what.
    fn waits(&self) -> String {
        let mut waits: Vec<(f64, String)> = Vec::new();
        for step in &self.gateway.steps {
            let metric = |figure: Each| figure.of(&step.name);
            let wait = self.mean(&metric(step::WAIT_MEAN));
            let started = self.mean(&metric(step::STARTED));
            if wait.is_nan() || wait * 60.0 < 1.0 {
                continue;
            }
            let place = &self.gateway.places[step.at.index()];
            let mut needs: Vec<&str> = place
                .needs
                .iter()
                .chain(&place.holds)
                .chain(&step.needs)
                .map(|&(resource, _)| self.gateway.resources[resource.index()].name.as_str())
                .collect();
            needs.dedup();
            let mut causes: Vec<(f64, String)> = [
                (
                    step::WAIT_NO_ROOM_MEAN,
                    format!("no room in {}", place.name),
                ),
                (
                    step::WAIT_CLOSED_MEAN,
                    format!("{} is closed or broken", place.name),
                ),
                (
                    step::WAIT_SEGREGATED_MEAN,
                    "goods that must be kept apart are there".to_string(),
                ),
                (
                    step::WAIT_NO_RESOURCE_MEAN,
                    format!("no {} is free", needs.join(" or ")),
                ),
                (
                    step::WAIT_NO_DEPARTURE_MEAN,
                    "the next departure".to_string(),
                ),
            ]
            .into_iter()
            .map(|(name, words)| (self.mean(&metric(name)), words))
            .filter(|&(mean, _)| mean > 0.02 * wait)
            .collect();
            causes.sort_by(|a, b| b.0.total_cmp(&a.0));
            let whole = causes.len() == 1 && causes[0].0 > 0.9 * wait;
            let causes: Vec<String> = if whole {
                causes.into_iter().map(|(_, words)| words).collect()
            } else {
                causes
                    .into_iter()
                    .map(|(mean, words)| format!("{} {words}", time(mean)))
                    .collect()
            };
            waits.push((
                wait * started,
                format!("{} before {}: {}", time(wait), step.name, causes.join(", ")),
            ));
        }
        for step in &self.gateway.steps {
            let paused = self.mean(&step::PAUSED_MEAN.of(&step.name));
            if paused * 60.0 >= 1.0 {
                waits.push((
                    0.0,
                    format!(
                        "{} during {}: work pauses between shifts or during breakdowns",
                        time(paused),
                        step.name
                    ),
                ));
            }
        }
        waits.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut text = self
            .screen
            .heading("Causes of waiting (means over everything that passes)");
        if waits.is_empty() {
            text.push_str("  No wait exceeds a minute on average.\n");
        }
        for (_, line) in waits {
            text.push_str(&wrap(&line, self.screen.width));
        }
        text
    }

    /// What does not get in.
    fn arrivals(&self) -> String {
        let mut text = String::new();
        for source in &self.gateway.sources {
            let metric = |figure: Each| figure.of(&source.name);
            let (waiting, most) = (
                self.mean(&metric(source::WAITING_MEAN)),
                self.mean(&metric(source::WAITING_MAX)),
            );
            let (convoys, cancelled) = (
                self.mean(&metric(source::CONVOYS)),
                self.mean(&metric(source::CANCELLED)),
            );
            let mut said: Vec<String> = Vec::new();
            if waiting >= 0.05 {
                let places = usize::from(waiting < 10.0);
                said.push(format!(
                    "{} vehicles wait outside on average, {} at most",
                    number(waiting, places),
                    number(most, 0)
                ));
            }
            if cancelled >= 0.05 {
                let due = convoys + cancelled;
                said.push(format!(
                    "{} of {} convoys do not run",
                    number(cancelled, usize::from(cancelled < 10.0)),
                    number(due, 0)
                ));
            }
            if !said.is_empty() {
                text.push_str(&wrap(
                    &format!("from {}: {}", source.name, said.join("; ")),
                    self.screen.width,
                ));
            }
        }
        for step in &self.gateway.steps {
            if !matches!(step.kind, StepKind::Dispatch(_)) {
                continue;
            }
            let metric = |figure: Each| figure.of(&step.name);
            let departures = self.mean(&metric(dispatch::DEPARTURES));
            let cancelled = self.mean(&metric(dispatch::CANCELLED));
            if departures > 0.0 {
                let mut line = format!(
                    "{}: {} departures with {} lots on average",
                    step.name,
                    number(departures, 0),
                    number(self.mean(&metric(dispatch::LOAD_MEAN)), 1)
                );
                if cancelled >= 0.05 {
                    let _ = write!(
                        line,
                        "; {} did not leave because there were too few lots",
                        number(cancelled, usize::from(cancelled < 10.0))
                    );
                }
                text.push_str(&wrap(&line, self.screen.width));
            }
        }
        if text.is_empty() {
            return text;
        }
        self.screen.heading("Arrivals and departures") + &text
    }

    /// How much of the spread more knowledge could take away.
    fn spread(&self) -> String {
        let names: Vec<&str> = self
            .gateway
            .unknowns
            .iter()
            .map(|unknown| unknown.name.as_str())
            .collect();
        if names.is_empty() {
            return String::new();
        }
        let heading = self
            .screen
            .heading("Spread between replications: unknowns and chance");
        let Some(spread) = &self.told.study.spread else {
            return heading
                + &wrap(
                    "Not computed: it needs at least 20 replications and an uninterrupted run.",
                    self.screen.width,
                );
        };
        let mut rows: Vec<Row> = Vec::new();
        for at in lazaret_sim::study::headline(self.told.model) {
            let of = spread[at];
            if !of.unknowns.is_finite() {
                continue;
            }
            let whole = |share: f64| format!("{:.0}", share * 100.0);
            rows.push(vec![
                format!(" {}", in_words(self.metric_name(at))),
                format!("{} %", whole(of.unknowns)),
                format!("{} to {} %", whole(of.low), whole(of.high)),
                format!("{} %", whole(1.0 - of.unknowns)),
            ]);
        }
        if rows.is_empty() {
            return heading + "  Replications do not differ.\n";
        }
        let head = ["", "unknowns", "95 % interval", "chance"];
        heading
            + &table(&head, &rows, &[1, 2, 3])
            + &wrap(
                &format!(
                    "Unknown: {}. Knowing them would remove their share of the spread; chance would remain.",
                    names.join(", ")
                ),
                self.screen.width,
            )
    }

    fn remarks(&self) -> String {
        let mut said = self.told.study.warnings.clone();
        said.extend(nothing_arrived(self.told));
        said.extend(self.told.suspicions.iter().cloned());
        if said.is_empty() {
            return String::new();
        }
        let mut text = self.screen.heading("Caveats");
        for line in said {
            text.push_str(&wrap(&capital(&line), self.screen.width));
        }
        if !self.told.suspicions.is_empty() {
            text.push_str(&wrap(
                &format!(
                    "(`lazaret check {}` shows where in the file)",
                    quoted_path(Path::new(&self.told.loaded.file_name))
                ),
                self.screen.width,
            ));
        }
        text
    }
}

/// What a headline metric is called in a sentence.
fn in_words(metric: &str) -> &str {
    let known = HEADLINE.iter().find(|(figure, _)| figure.name() == metric);
    known.map_or(metric, |&(_, words)| words)
}

/// A range between replications, with digits for its width.
fn between(low: f64, high: f64) -> String {
    let width = (high - low).abs();
    let places = match width {
        w if w == 0.0 && low.fract() == 0.0 => 0,
        w if w >= 10.0 => 0,
        w if w >= 0.5 => 1,
        _ => 2,
    };
    format!("{} to {}", number(low, places), number(high, places))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().collect::<String>() + letters.as_str()
    })
}

/// One remark, indented by two and broken between words at `width`.
fn wrap(text: &str, width: usize) -> String {
    let width = width.clamp(40, 120);
    let mut out = String::new();
    let mut used = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if used == 0 {
            out.push_str("  ");
            used = 2;
        } else if used + 1 + length > width {
            out.push_str("\n    ");
            used = 4;
        } else {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += length;
    }
    out.push('\n');
    out
}
