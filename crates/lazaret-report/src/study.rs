//! The report of a simulated gateway.

use lazaret_gateway::distribution::Distribution;
use lazaret_gateway::model::{Dimension, Gateway, PlaceIx, Quantity, StepKind, Unknown, Zone};
use lazaret_sim::metrics::{self, Each, lots, place, step, vehicle};
use lazaret_sim::study::Study;
use lazaret_sim::{Estimate, Model};
use lazaret_vocabulary::figures::{date, hours, number, share as percent, short_date};
use lazaret_vocabulary::time::{GateTime, Span};

use crate::chart::{bars, fan, flow, stack};
use crate::flows::{self, Flows, Moves, Node};
use crate::page::{Again, Figure, KeyFigure, Page, Section};
use crate::table::Table;

/// A study with what the page needs besides.
#[derive(Clone, Debug)]
pub struct Told<'a> {
    /// The gateway as it was simulated.
    pub model: &'a Model,
    /// What was found.
    pub study: &'a Study,
    /// What goes from where to where.
    pub flows: &'a Flows,
    /// The text of the gateway file, and the overrides that were put over it.
    pub file: (&'a str, &'a [String]),
    /// What a check of the file finds suspicious.
    pub suspicions: &'a [String],
    /// How to get it again.
    pub again: Again,
}

/// What limits the gateway.
struct Limit {
    name: String,
    place: Option<PlaceIx>,
    /// A crew or equipment, and `place` is where it works.
    resource: bool,
    utilisation: f64,
}

impl Limit {
    /// Whether it is used so much that it limits the gateway: queues grow fast beyond this.
    fn limits(&self) -> bool {
        self.utilisation > 0.85
    }
}

/// The report.
#[must_use]
pub fn page(told: &Told<'_>) -> Page {
    let limit = told.limit();
    Page {
        title: format!("{} · lazaret report", told.gateway().name),
        question: told.question(),
        answer: told.answer(limit.as_ref()),
        figures: told.keys(),
        sections: vec![
            told.flow(limit.as_ref()),
            told.occupancy(),
            told.waits(),
            told.use_of_places(),
            told.spread(),
            told.assumptions(),
        ]
        .into_iter()
        .filter(|section| !section.figures.is_empty())
        .collect(),
        warnings: told.warnings(),
        again: Some(told.again.clone()),
    }
}

impl Told<'_> {
    fn gateway(&self) -> &Gateway {
        self.model.gateway()
    }

    fn estimate(&self, metric: &str) -> Option<&Estimate> {
        self.model
            .metrics()
            .position(metric)
            .map(|at| &self.study.estimates[at])
            .filter(|e| e.n > 0)
    }

    fn mean(&self, metric: &str) -> f64 {
        self.estimate(metric).map_or(f64::NAN, |e| e.mean)
    }

    fn question(&self) -> String {
        let gateway = self.gateway();
        let zoned = gateway.time_zone.to_datetime(gateway.start);
        format!(
            "What can {} carry in {} from {}?",
            gateway.name,
            gateway.length,
            date(zoned.date())
        )
    }

    fn answer(&self, limit: Option<&Limit>) -> String {
        let flow = self.estimate(lots::THROUGHPUT.name()).map_or_else(
            || "Nothing is sent inland".to_string(),
            |e| format!("{} lots a day are sent inland", number(e.mean)),
        );
        let time = self
            .estimate(lots::TIME_IN_GATEWAY_P95.name())
            .map_or_else(String::new, |e| {
                format!("; 95 of 100 leave within {}", hours(e.mean))
            });
        let stuck = if self.study.stopped > 0 {
            format!(
                ", but {} of {} futures came to a stop",
                self.study.stopped, self.study.replications
            )
        } else {
            String::new()
        };
        let limits = limit.map_or_else(String::new, |limit| {
            if limit.limits() {
                format!(
                    "; {} limits it, {} in use",
                    limit.name,
                    percent(limit.utilisation)
                )
            } else {
                format!(
                    "; nothing is near its limit ({} is used most, {} in use)",
                    limit.name,
                    percent(limit.utilisation)
                )
            }
        });
        format!("{flow}{time}{limits}{stuck}.")
    }

    /// The place or resource that is used most, time in which it is only blocked by others left out.
    fn limit(&self) -> Option<Limit> {
        let gateway = self.gateway();
        let places = gateway.places.iter().enumerate().map(|(nth, place)| {
            let name = &place.name;
            let occupied = self.mean(&place::OCCUPANCY_MEAN.of(name));
            let blocked = self.mean(&place::BLOCKED.of(name));
            let used = self.mean(&place::UTILISATION.of(name));
            let working = if occupied > 0.0 {
                used * (1.0 - (blocked / occupied).clamp(0.0, 1.0))
            } else {
                used
            };
            Limit {
                name: name.clone(),
                place: Some(PlaceIx(nth as u16)),
                resource: false,
                utilisation: working,
            }
        });
        let resources = gateway.resources.iter().map(|resource| {
            let used = self.mean(&metrics::utilisation(resource.kind, &resource.name));
            let place = gateway
                .places
                .iter()
                .position(|p| {
                    p.needs
                        .iter()
                        .chain(&p.holds)
                        .any(|(r, _)| gateway.resources[r.index()].name == resource.name)
                })
                .or_else(|| {
                    let step = gateway.steps.iter().find(|s| {
                        s.needs
                            .iter()
                            .any(|(r, _)| gateway.resources[r.index()].name == resource.name)
                    });
                    step.map(|s| s.at.index())
                });
            Limit {
                name: resource.name.clone(),
                place: place.map(|p| PlaceIx(p as u16)),
                resource: true,
                utilisation: used,
            }
        });
        places
            .chain(resources)
            .filter(|l| l.utilisation.is_finite())
            .max_by(|a, b| a.utilisation.total_cmp(&b.utilisation))
    }

    fn keys(&self) -> Vec<KeyFigure> {
        let key = |metric: &str, what: &str, show: &dyn Fn(f64) -> String| {
            self.estimate(metric).map(|e| KeyFigure {
                value: show(e.mean),
                interval: format!("95 % interval {} to {}", show(e.low), show(e.high)),
                what: what.into(),
            })
        };
        [
            key(lots::THROUGHPUT.name(), "lots a day sent inland", &number),
            key(
                lots::TIME_IN_GATEWAY_MEAN.name(),
                "time in the gateway, on average",
                &hours,
            ),
            key(
                lots::TIME_IN_GATEWAY_P95.name(),
                "95 of 100 lots leave within",
                &hours,
            ),
            key(
                lots::IN_GATEWAY_MEAN.name(),
                "lots in the gateway, on average",
                &number,
            ),
            key(
                vehicle::TURN_ROUND_MEAN.name(),
                "until a vehicle is home again",
                &hours,
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn flow(&self, limit: Option<&Limit>) -> Section {
        let gateway = self.gateway();
        let nodes = self.nodes();
        let at = |node: Node| nodes.iter().position(|known| *known == node);
        let limits = |p: usize| {
            let here = |l: &&Limit| l.limits() && l.place.is_some_and(|at| at.index() == p);
            let limit = limit.filter(here)?;
            Some(if limit.resource {
                flow::Limits::Resource(limit.name.clone())
            } else {
                flow::Limits::Room
            })
        };
        let stations: Vec<flow::Station> = nodes
            .iter()
            .map(|&node| {
                let (utilisation, dirty, remark, limits) = match node {
                    Node::Place(p) => {
                        let place = &gateway.places[p];
                        let slots = (
                            place.count.known_constant(),
                            place.slots.as_ref().and_then(Quantity::known_constant),
                        );
                        let remark = match slots {
                            (Some(count), Some(slots)) => {
                                format!("{} slots", number(count * slots))
                            }
                            _ => String::new(),
                        };
                        (
                            self.mean(&place::UTILISATION.of(&place.name)),
                            place.zone == Zone::Dirty,
                            remark,
                            limits(p),
                        )
                    }
                    Node::Source(_) => (f64::NAN, true, String::new(), None),
                    _ => (f64::NAN, false, String::new(), None),
                };
                flow::Station {
                    name: self.node(node),
                    remark,
                    utilisation,
                    dirty,
                    limits,
                }
            })
            .collect();
        let flows = &self.flows.bands;
        // Lots that come in on vehicles that are unloaded where they first stand are drawn once, as lots.
        let twice = |band: &flows::Band| {
            matches!(band.from, Node::Source(_))
                && band.moves == Moves::Vehicles
                && flows
                    .iter()
                    .any(|b| b.moves == Moves::Lots && (b.from, b.to) == (band.from, band.to))
        };
        let bands: Vec<flow::Band> = flows
            .iter()
            .filter(|band| !twice(band))
            .filter_map(|band| {
                Some(flow::Band {
                    from: at(band.from)?,
                    to: at(band.to)?,
                    class: band.class.clone(),
                    unit: band.moves.words(),
                    a_day: band.a_day,
                })
            })
            .collect();
        let mut balance = Table::of(&[
            "",
            "unit",
            "in a day",
            "out a day",
            "still there at the end, a day",
        ]);
        for &node in nodes.iter().filter(|n| matches!(n, Node::Place(_))) {
            for moves in [Moves::Vehicles, Moves::Lots] {
                let [to, from, still] = self.flows.balance(node, moves);
                if to > 0.0 {
                    balance.row([
                        self.node(node),
                        moves.words().into(),
                        number(to),
                        number(from),
                        number(still),
                    ]);
                }
            }
        }
        Section::of(
            "The gateway",
            &format!(
                "Goods move from left to right. The width of a band shows the flow per day, counted move by move in {} replications over the whole run; bands of one unit share a scale. Boxes show how much of their room is in use on average; a dark box is where the limit is.",
                self.flows.replications
            ),
            vec![
                flow::flow(&gateway.name, &stations, &bands),
                Figure::table("Flow into, out of and remaining in each place", balance),
            ],
        )
    }

    /// Where things are in the flow: sources, places in the order of the steps, and where lots go.
    fn nodes(&self) -> Vec<Node> {
        let gateway = self.gateway();
        let sources = (0..gateway.sources.len()).map(Node::Source);
        let places = gateway.steps.iter().map(|s| Node::Place(s.at.index()));
        let washes = (0..gateway.places.len()).map(Node::Place);
        let ends = [Node::Inland, Node::SentBack, Node::Destroyed];
        let moved = |node: &Node| {
            let bands = &self.flows.bands;
            bands.iter().any(|b| b.from == *node || b.to == *node)
        };
        let mut nodes: Vec<Node> = Vec::new();
        for node in sources.chain(places).chain(washes).chain(ends) {
            if moved(&node) && !nodes.contains(&node) {
                nodes.push(node);
            }
        }
        nodes
    }

    fn node(&self, node: Node) -> String {
        let gateway = self.gateway();
        match node {
            Node::Source(s) => gateway.sources[s].name.clone(),
            Node::Place(p) => gateway.places[p].name.clone(),
            Node::Inland => "inland".into(),
            Node::SentBack => "sent back".into(),
            Node::Destroyed => "destroyed".into(),
            Node::Home => "home".into(),
        }
    }

    fn occupancy(&self) -> Section {
        let gateway = self.gateway();
        let length = gateway.length;
        let day = |share: f64| {
            let at = GateTime::from_micros((length.micros() as f64 * share) as i64)
                .instant(gateway.start);
            short_date(gateway.time_zone.to_datetime(at).date())
        };
        let used: Vec<PlaceIx> = {
            let mut used: Vec<PlaceIx> = gateway.steps.iter().map(|s| s.at).collect();
            used.dedup();
            used
        };
        let mut figures = Vec::new();
        for data in self.study.fans.iter().filter(|f| used.contains(&f.place)) {
            let place = &gateway.places[data.place.index()];
            let n = data.quantiles.len();
            let limit = match (
                place.count.known_constant(),
                place.slots.as_ref().and_then(Quantity::known_constant),
            ) {
                (Some(count), Some(slots)) if place.changes.is_empty() => Some(count * slots),
                _ => None,
            };
            let crossed = self
                .estimate(&place::FIRST_FULL.of(&place.name))
                .map_or_else(
                    || "it never fills".to_string(),
                    |e| {
                        let at = GateTime::START + Span::from_seconds(e.mean * 3600.0);
                        let share = at.micros() as f64 / length.micros() as f64;
                        format!(
                            "first full about {} in {} of {} replications",
                            day(share),
                            e.n,
                            self.study.replications
                        )
                    },
                );
            figures.push(fan::fan(&fan::Fan {
                name: format!("Slots occupied in {}: {crossed}", place.name),
                quantiles: data.quantiles.clone(),
                limit,
                marks: [0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0]
                    .iter()
                    .map(|&share| (share, day(share)))
                    .collect(),
                times: (0..n)
                    .map(|nth| day((nth as f64 + 0.5) / n as f64))
                    .collect(),
            }));
        }
        Section::of(
            "Occupancy over time",
            "The line is the median of the replications; half of them lie in the darker band, nine in ten in the pale one. A full place stops everything before it.",
            figures,
        )
    }

    fn waits(&self) -> Section {
        let kinds = [
            "no room",
            "closed or broken",
            "no crew or equipment",
            "next departure",
        ];
        let rows: Vec<stack::Stack> = self
            .gateway()
            .steps
            .iter()
            .map(|step| {
                let cause = |figure: Each| self.mean(&figure.of(&step.name)) / 24.0;
                let parts = vec![
                    cause(step::WAIT_NO_ROOM_MEAN) + cause(step::WAIT_SEGREGATED_MEAN),
                    cause(step::WAIT_CLOSED_MEAN),
                    cause(step::WAIT_NO_RESOURCE_MEAN),
                    cause(step::WAIT_NO_DEPARTURE_MEAN),
                ];
                stack::Stack {
                    name: step.name.clone(),
                    parts,
                }
            })
            .collect();
        let held: Vec<bars::Bar> = self
            .gateway()
            .steps
            .iter()
            .filter_map(|step| {
                let e = self.estimate(&step::BLOCKED_MEAN.of(&step.name))?;
                (e.mean > 0.05).then(|| bars::Bar {
                    name: step.name.clone(),
                    value: e.mean,
                    low: e.low,
                    high: e.high,
                    limit: None,
                })
            })
            .collect();
        let mut figures = vec![stack::stacks(
            "Waiting before each step, by cause",
            "days a lot",
            &kinds,
            &rows,
        )];
        if !held.is_empty() {
            figures.push(bars::bars(
                "Blocked after a step, without room at the next",
                "hours",
                &held,
            ));
        }
        Section::of(
            "Waiting",
            "Means over everything that passes a step. A blocked vehicle or lot keeps its slot, so waits propagate backwards.",
            figures,
        )
    }

    fn use_of_places(&self) -> Section {
        let gateway = self.gateway();
        let bar = |name: &str, metric: String| {
            self.estimate(&metric).map(|e| bars::Bar {
                name: name.into(),
                value: e.mean * 100.0,
                low: e.low * 100.0,
                high: e.high * 100.0,
                limit: Some(100.0),
            })
        };
        let places = gateway
            .places
            .iter()
            .filter_map(|p| bar(&p.name, place::UTILISATION.of(&p.name)));
        let resources = gateway
            .resources
            .iter()
            .filter_map(|r| bar(&r.name, metrics::utilisation(r.kind, &r.name)));
        let all: Vec<bars::Bar> = places.chain(resources).collect();
        let figures = if all.is_empty() {
            Vec::new()
        } else {
            vec![bars::bars(
                "Use of places, crews and equipment",
                "per cent",
                &all,
            )]
        };
        Section::of(
            "Utilisation",
            "Occupied slots, including blocked ones, as a share of all slots; work as a share of time on shift.",
            figures,
        )
    }

    fn spread(&self) -> Section {
        let Some(spread) = &self.study.spread else {
            return Section::default();
        };
        let shown = [
            (lots::THROUGHPUT.name(), "lots a day"),
            (lots::TIME_IN_GATEWAY_MEAN.name(), "mean time"),
            (lots::TIME_IN_GATEWAY_P95.name(), "95 % time"),
            (lots::IN_GATEWAY_MEAN.name(), "lots inside"),
        ];
        let rows: Vec<stack::Stack> = shown
            .iter()
            .filter_map(|(metric, name)| {
                let share = spread[self.model.metrics().position(metric)?].unknowns;
                share.is_finite().then(|| stack::Stack {
                    name: (*name).into(),
                    parts: vec![share * 100.0, (1.0 - share) * 100.0],
                })
            })
            .collect();
        if rows.is_empty() {
            return Section::default();
        }
        let names: Vec<&str> = self
            .gateway()
            .unknowns
            .iter()
            .map(|u| u.name.as_str())
            .collect();
        Section::of(
            "Spread between replications",
            &format!(
                "Unknowns ({}) compared with chance from lot to lot. Knowing the unknowns would remove their share of the spread; chance would remain.",
                names.join(", ")
            ),
            vec![stack::stacks(
                "Share of the variance",
                "per cent",
                &["what nobody knows", "chance"],
                &rows,
            )],
        )
    }

    fn assumptions(&self) -> Section {
        let gateway = self.gateway();
        let mut unknowns = Table::of(&["unknown", "assumed before any observation", "mean"]);
        for unknown in &gateway.unknowns {
            unknowns.row([
                unknown.name.clone(),
                words_for(&unknown.prior, unknown),
                value(unknown.prior.mean(), unknown.dimension),
            ]);
        }
        let mut places = Table::of(&["place", "slots", "side", "rests"]);
        for place in &gateway.places {
            let slots = match (
                place.count.known_constant(),
                place.slots.as_ref().map(Quantity::known_constant),
            ) {
                (_, None) => "no limit".into(),
                (Some(count), Some(Some(slots))) => {
                    format!("{} × {}", number(count), number(slots))
                }
                _ => "unknown".into(),
            };
            let side = match place.zone {
                Zone::Dirty => "dirty",
                Zone::DirtyToClean => "dirty to clean",
                Zone::Clean => "clean",
            };
            let rests = if place.hours.is_some() || !place.closed.is_empty() {
                "yes"
            } else {
                "no"
            };
            places.row([place.name.clone(), slots, side.into(), rests.into()]);
        }
        let mut steps = Table::of(&["step", "at", "typical time"]);
        let typical: Vec<f64> = gateway.unknowns.iter().map(|u| u.prior.mean()).collect();
        for step in &gateway.steps {
            let takes = match step.kind {
                StepKind::Dispatch(_) => "at departures".into(),
                _ => step
                    .takes
                    .first()
                    .and_then(|q| q.resolve(&typical).ok())
                    .map_or_else(|| "–".into(), |d| hours(d.mean() / 3600.0)),
            };
            steps.row([
                step.name.clone(),
                gateway.places[step.at.index()].name.clone(),
                takes,
            ]);
        }
        let mut figures = Vec::new();
        if !gateway.unknowns.is_empty() {
            figures.push(Figure::table("Unknowns", unknowns));
        }
        figures.push(Figure::table("Places", places));
        figures.push(Figure::table("Steps", steps));
        let (file, overrides) = self.file;
        let changes: String = overrides.iter().map(|o| format!("# --set {o}\n")).collect();
        Section {
            text: format!("{changes}{file}"),
            ..Section::of(
                "Assumptions",
                "The tables summarise unknowns, places and steps. The complete gateway file follows, preceded by the changes made with --set; values that it omits have the defaults listed in docs/gateway-file.md. The results hold for these assumptions and no others.",
                figures,
            )
        }
    }

    fn warnings(&self) -> Vec<String> {
        let gateway = self.gateway();
        let study = self.study;
        let mut all = study.warnings.clone();
        if study.partial {
            all.push(
                "the run was interrupted: the figures cover the replications completed by then"
                    .into(),
            );
        }
        if study.stopped > 0 {
            all.push(format!(
                "{} of {} futures came to a stop: their times only cover what got through before",
                study.stopped, study.replications
            ));
        }
        if let (times, Some(deadlock)) = &study.deadlocks {
            let names: Vec<&str> = deadlock
                .cycle
                .iter()
                .map(|p| gateway.places[p.index()].name.as_str())
                .collect();
            all.push(format!("in {times} of {} replications the flow stops permanently: {} wait for one another in a circle", study.replications, names.join(", ")));
        }
        for (times, standstill) in &study.standstills {
            let step = &gateway.steps[standstill.step.index()].name;
            let how = if standstill.overtaken {
                "are overtaken again and again"
            } else {
                "wait in vain"
            };
            all.push(format!(
                "before {step} up to {} things {how} ({}), in {times} of {} replications",
                standstill.things, standstill.cause, study.replications
            ));
        }
        if self.mean(lots::ARRIVED.name()) == 0.0 {
            all.push(
                "no lot arrived in the whole run: does every source start before it ends?".into(),
            );
        }
        if !study.settled && !study.partial {
            let wide: Vec<String> = lazaret_sim::study::headline(self.model)
                .into_iter()
                .filter(|&at| {
                    let e = &study.estimates[at];
                    // A width that is not a number is wide, too.
                    e.n > 0 && (e.half_width().is_nan() || e.half_width() > 0.01 * e.mean.abs())
                })
                .map(|at| self.model.metrics().all()[at].name.clone())
                .collect();
            all.push(if wide.is_empty() {
                "it is not known whether the headline figures have settled".into()
            } else {
                format!(
                    "figures with an interval wider than 1 %: {}",
                    wide.join(", ")
                )
            });
        }
        all.extend(self.suspicions.iter().cloned());
        all
    }
}

fn value(value: f64, dimension: Dimension) -> String {
    match dimension {
        Dimension::Number => number(value),
        Dimension::Duration => hours(value / 3600.0),
        Dimension::Mass => format!("{} kg", number(value)),
    }
}

fn words_for(prior: &Distribution, unknown: &Unknown) -> String {
    let (low, high) = prior.support();
    let family = match prior {
        Distribution::Constant { .. } => "fixed at",
        Distribution::Uniform { .. } | Distribution::UniformInt { .. } => "evenly between",
        Distribution::Triangular { .. } | Distribution::Pert { .. } => "most likely inside",
        _ => "spread over",
    };
    if high.is_finite() {
        format!(
            "{family} {} and {}",
            value(low, unknown.dimension),
            value(high, unknown.dimension)
        )
    } else {
        format!(
            "{family} {} and up, standard deviation {}",
            value(low, unknown.dimension),
            value(prior.variance().sqrt(), unknown.dimension)
        )
    }
}
