//! Answers of a planner's questions as pages: what `lazaret plan … --report OUT.html` writes.

use lazaret_plan::Estimate;
use lazaret_plan::compare::Difference;
use lazaret_plan::estimate::share;
use lazaret_plan::questions::bottleneck::BottleneckAnswer;
use lazaret_plan::questions::capacity::CapacityAnswer;
use lazaret_plan::questions::capacity::search::Direction;
use lazaret_plan::questions::capacity::words::{above, criterion};
use lazaret_plan::questions::compare::CompareAnswer;
use lazaret_plan::questions::hold::{Hazard, HoldPriced};
use lazaret_plan::questions::need::NeedMet;
use lazaret_plan::questions::optimise::OptimiseAnswer;
use lazaret_plan::questions::sensitivity::SensitivityAnswer;
use lazaret_plan::questions::sensitivity::sobol::Index;
use lazaret_plan::questions::size::SizeAnswer;
use lazaret_vocabulary::figures::{figure, interval, share as percent};

use crate::chart::bars::{Bar, bars};
use crate::chart::stack::{Stack, stacks};
use crate::page::{Figure, Page, Section};
use crate::table::Table;

/// A bar with its interval and no limit.
fn bar(name: impl Into<String>, value: f64, low: f64, high: f64) -> Bar {
    Bar {
        name: name.into(),
        value,
        low,
        high,
        limit: None,
    }
}

/// A table without a picture.
fn table(caption: &str, head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Figure {
    let mut table = Table::of(head);
    for row in rows {
        table.row(row);
    }
    Figure::table(caption, table)
}

/// How much is sustained, value by value; none if no future has a threshold within the range.
fn sustained(a: &CapacityAnswer) -> Option<Section> {
    let finite: Vec<f64> = a
        .thresholds
        .iter()
        .map(|t| t.number())
        .filter(|x| x.is_finite())
        .collect();
    let low = finite.iter().copied().reduce(f64::min)?;
    let high = finite.iter().copied().reduce(f64::max)?;
    let steps = 10usize;
    let mut values: Vec<f64> = (0..=steps)
        .map(|i| (low + (high - low) * i as f64 / steps as f64).round())
        .collect();
    if high - low < steps as f64 && low.fract() != 0.0 {
        values = (0..=steps)
            .map(|i| low + (high - low) * i as f64 / steps as f64)
            .collect();
    }
    values.dedup();
    let rows: Vec<Bar> = values
        .iter()
        .filter_map(|&x| {
            let held = a
                .thresholds
                .iter()
                .filter(|t| match a.direction {
                    Direction::MoreIsWorse => t.number() >= x,
                    Direction::MoreIsBetter => t.number() <= x,
                })
                .count() as u64;
            let s = share(held, a.replications, a.level).ok()?;
            Some(Bar {
                name: figure(x),
                value: s.value,
                low: s.low,
                high: s.high,
                limit: Some(a.safe),
            })
        })
        .collect();
    Some(Section::of(
        "Sustained values",
        &format!(
            "Share of futures that sustain each value of {}; the dashed line is the required share. Sustained means: {}.",
            a.path,
            criterion(a)
        ),
        vec![bars("Futures that sustain it", "share", &rows)],
    ))
}

/// On which unknowns the capacity depends.
fn dependence(a: &CapacityAnswer) -> Vec<Figure> {
    let mut figures = Vec::new();
    if !a.depends_on.is_empty() {
        let rows: Vec<Bar> = a
            .depends_on
            .iter()
            .map(|d| bar(&d.unknown, d.correlation, d.correlation, d.correlation))
            .collect();
        figures.push(bars("Rank correlation with each unknown", "-1 to 1", &rows));
    }
    if !a.boundary.is_empty() {
        let (down, across) = (&a.depends_on[0].unknown, &a.depends_on[1].unknown);
        let names = ["lowest fifth", "low", "middle", "high", "highest fifth"];
        let rows = (0..5).map(|x| {
            let cells = (0..5).map(|y| {
                let cell = a.boundary[x * 5 + y];
                if cell.n == 0 {
                    "-".into()
                } else {
                    percent(cell.sustained as f64 / cell.n as f64)
                }
            });
            std::iter::once(names[x].to_owned())
                .chain(cells)
                .collect::<Vec<_>>()
        });
        let caption = format!(
            "Futures that sustain {}, by {down} (down) and {across} (across)",
            figure(a.boundary_at)
        );
        let head: Vec<&str> = std::iter::once("").chain(names).collect();
        figures.push(table(&caption, &head, rows));
    }
    figures
}

/// The page of `lazaret plan capacity`: how much a gateway sustains.
#[must_use]
pub fn capacity(a: &CapacityAnswer) -> Page {
    let mut sections: Vec<Section> = sustained(a).into_iter().collect();
    if !a.limits.is_empty() {
        let rows: Vec<Bar> = a
            .limits
            .iter()
            .map(|(name, s)| {
                bar(
                    name.trim_start_matches("place.")
                        .trim_end_matches(".utilisation"),
                    *s,
                    *s,
                    *s,
                )
            })
            .collect();
        sections.push(Section::of(
            "What limits it",
            "Share of futures in which each place or crew has the greatest load, one step beyond the threshold.",
            vec![bars("The limit", "share of futures", &rows)],
        ));
    }
    let figures = dependence(a);
    if !figures.is_empty() {
        sections.push(Section::of(
            "Dependence on unknowns",
            "Unknowns that change the capacity by more than chance.",
            figures,
        ));
    }
    if !a.above.is_empty() {
        let (head, rows) = above(a);
        let head: Vec<&str> = head.iter().map(String::as_str).collect();
        sections.push(Section::of(
            "Above it",
            "",
            vec![table("Above the capacity", &head, rows)],
        ));
    }
    Page {
        title: "Capacity".into(),
        question: format!("How much {} can it sustain?", a.path),
        sections,
        ..Page::default()
    }
}

/// The page of `lazaret plan bottleneck`: what limits a gateway and what one more of each thing is worth.
#[must_use]
pub fn bottleneck(a: &BottleneckAnswer) -> Page {
    let rows: Vec<Bar> = a
        .gains
        .iter()
        .take(12)
        .map(|g| {
            bar(
                g.what.trim_start_matches("one more "),
                g.gain.value,
                g.gain.low,
                g.gain.high,
            )
        })
        .collect();
    let mut sections = vec![Section::of(
        "Gain from one more",
        &format!(
            "Gain in {}, each change by itself, in the same futures. The intervals hold simultaneously.",
            a.metric
        ),
        vec![bars("One more", &a.unit, &rows)],
    )];
    // Seven reasons in four kinds, as many as shades can tell apart.
    let kinds = [
        "no room, or blocked",
        "no crew, or between shifts",
        "no departure",
        "closed, or kept apart",
    ];
    let mut steps: Vec<Stack> = Vec::new();
    for (name, _, e) in &a.losses {
        let Some((step, why)) = name.strip_prefix("step.").and_then(|n| n.split_once('.')) else {
            continue;
        };
        let kind = if why.contains("no_room") || why.contains("blocked") {
            0
        } else if why.contains("no_resource") || why.contains("paused") {
            1
        } else if why.contains("no_departure") {
            2
        } else {
            3
        };
        if !steps.iter().any(|s| s.name == step) {
            steps.push(Stack {
                name: step.into(),
                parts: vec![0.0; kinds.len()],
            });
        }
        if let Some(stack) = steps.iter_mut().find(|s| s.name == step) {
            stack.parts[kind] += e.value.max(0.0);
        }
    }
    sections.push(Section::of(
        "Time lost",
        "Mean time that a lot or vehicle waits at each step, by cause.",
        vec![stacks("Waiting", "hours", &kinds, &steps)],
    ));
    Page {
        title: "Bottleneck".into(),
        question: "What limits it, and what should be built next?".into(),
        sections,
        ..Page::default()
    }
}

/// The page of `lazaret plan compare`: which differences between designs are real.
#[must_use]
pub fn compare(a: &CompareAnswer) -> Page {
    let sections = a
        .metrics
        .iter()
        .map(|m| {
            let rows: Vec<Bar> = a
                .alternatives
                .iter()
                .zip(&m.differences)
                .map(|(name, d)| bar(name, d.value, d.low, d.high))
                .collect();
            let words = a.alternatives.iter().zip(&m.differences).map(
                |(name, d): (&String, &Difference)| {
                    vec![
                        name.clone(),
                        figure(d.value),
                        interval(d.low, d.high),
                        d.verdict.in_words(),
                    ]
                },
            );
            Section::of(
                &m.metric,
                &format!(
                    "{}: {} {} as it is.",
                    m.meaning,
                    m.baseline.in_words(),
                    m.unit
                ),
                vec![
                    bars("Difference of each variant", &m.unit, &rows),
                    table(
                        "In words",
                        &["variant", "difference", "interval", ""],
                        words,
                    ),
                ],
            )
        })
        .collect();
    Page {
        title: "Comparison".into(),
        question: "Which differences are real?".into(),
        sections,
        ..Page::default()
    }
}

/// The page of `lazaret plan size`: how small the numbers may be.
#[must_use]
pub fn size(a: &SizeAnswer) -> Page {
    let rows: Vec<Bar> = a
        .sizing
        .looked_at
        .iter()
        .map(|c| {
            let numbers: Vec<String> = c.numbers.iter().map(ToString::to_string).collect();
            Bar {
                name: numbers.join(", "),
                value: c.successes as f64 / c.n as f64,
                low: c.low,
                high: c.high,
                limit: Some(a.probability),
            }
        })
        .collect();
    let lead = format!(
        "Share of futures in which {} holds, by {}; the dashed line is the required share. A number counts as enough only if its whole interval lies above.",
        a.condition,
        a.paths.join(" and ")
    );
    Page {
        title: "Size".into(),
        question: format!("How small may {} be?", a.paths.join(" and ")),
        sections: vec![Section::of(
            "Combinations that were tried",
            &lead,
            vec![bars("Futures", "share", &rows)],
        )],
        ..Page::default()
    }
}

/// The page of `lazaret plan sensitivity`: what drives the spread of a metric.
#[must_use]
pub fn sensitivity(a: &SensitivityAnswer) -> Page {
    let rows =
        |pick: fn(&lazaret_plan::questions::sensitivity::sobol::Indices) -> Index| -> Vec<Bar> {
            let named = a.inputs.iter().map(String::as_str).zip(&a.indices.inputs);
            let luck = a.indices.chance.iter().map(|c| ("luck", c));
            named
                .chain(luck)
                .map(|(name, i)| {
                    let i = pick(i);
                    bar(name, i.value, i.low, i.high)
                })
                .collect()
        };
    let mut sections = vec![Section::of(
        "Causes of the spread",
        "Alone: the share of the variance that would vanish if the input became known. With others: the share that would remain if everything else became known. Luck is the part that no knowledge removes.",
        vec![
            bars("Alone", "share", &rows(|i| i.first)),
            bars("With others", "share", &rows(|i| i.total)),
        ],
    )];
    if !a.screening.is_empty() {
        let rows: Vec<Bar> = a
            .screening
            .iter()
            .map(|s| {
                bar(
                    &s.input,
                    s.effect.importance.value,
                    s.effect.importance.low,
                    s.effect.importance.high,
                )
            })
            .collect();
        sections.push(Section::of(
            "Screening",
            &format!("Change of {} when an input crosses its range.", a.metric),
            vec![bars("Size of the effect", &a.unit, &rows)],
        ));
    }
    Page {
        title: "Sensitivity".into(),
        question: format!("What does {} depend on?", a.metric),
        sections,
        ..Page::default()
    }
}

/// The page of `lazaret plan optimise`: what should be built.
#[must_use]
pub fn optimise(a: &OptimiseAnswer) -> Page {
    let mut order: Vec<usize> = (0..a.tried.len()).collect();
    order.sort_by(|&x, &y| {
        let key = |i: usize| {
            let value = a.tried[i].aims[0].value;
            if a.aims[0].minimise { value } else { -value }
        };
        let rank = |i: usize| (Some(i) != a.best, !a.tried[i].on_front);
        rank(x).cmp(&rank(y)).then(key(x).total_cmp(&key(y)))
    });
    let rows: Vec<Bar> = order
        .iter()
        .take(12)
        .map(|&i| {
            bar(
                &a.tried[i].design,
                a.tried[i].aims[0].value,
                a.tried[i].aims[0].low,
                a.tried[i].aims[0].high,
            )
        })
        .collect();
    let mut head = vec!["design"];
    head.extend(a.aims.iter().map(|x| x.metric.as_str()));
    head.extend(a.constraints.iter().map(|c| c.condition.metric.as_str()));
    let words = order.iter().take(40).map(|&i| {
        let t = &a.tried[i];
        std::iter::once(t.design.clone())
            .chain(t.aims.iter().map(Estimate::in_words))
            .chain(t.keeps.iter().map(|k| {
                format!(
                    "{} ({} to {})",
                    percent(k.value),
                    percent(k.low),
                    percent(k.high)
                )
            }))
            .collect::<Vec<_>>()
    });
    let figures = vec![
        bars(&a.aims[0].metric, "first aim", &rows),
        table("Designs", &head, words),
    ];
    Page {
        title: "Optimisation".into(),
        question: "What should be built?".into(),
        sections: vec![Section::of(
            "The designs",
            "The best first; each constraint with the share of futures that meet it.",
            figures,
        )],
        ..Page::default()
    }
}

/// The page of `lazaret plan hold`: how long goods must be held.
#[must_use]
pub fn hold(a: &HoldPriced, hazard: &Hazard) -> Page {
    // Powers of ten, since the risk spans many.
    let safety = |risk: f64| if risk > 0.0 { -risk.log10() } else { f64::NAN };
    let rows: Vec<Bar> = a
        .hold
        .table
        .iter()
        .step_by(a.hold.table.len().div_ceil(16))
        .map(|d| Bar {
            name: format!("{} days", figure(d.days)),
            value: safety(d.risk.median),
            low: safety(d.risk.high),
            high: safety(d.risk.low),
            limit: Some(safety(hazard.target.risk)),
        })
        .collect();
    let words = a.hold.table.iter().map(|d| {
        vec![
            figure(d.days),
            figure(d.survives.median),
            figure(d.risk.median),
            interval(d.risk.low, d.risk.high),
            figure(d.risk_released.median),
        ]
    });
    let said =
        |title: &str, lines: &[String]| table(title, &[""], lines.iter().map(|l| vec![l.clone()]));
    Page {
        title: a.hold.hazard.clone(),
        question: format!("How long must {} be held?", a.hold.goods.replace('_', " ")),
        sections: vec![
            Section::of(
                "Safety by days held",
                "Powers of ten by which the risk of releasing a live hazard lies below certainty: 6 is one in a million lots. The dashed line is the target.",
                vec![
                    bars("Safety", "powers of ten", &rows),
                    table(
                        "Risk by days held",
                        &[
                            "days held",
                            "survives",
                            "risk a lot",
                            "interval",
                            "risk per released lot",
                        ],
                        words,
                    ),
                ],
            ),
            Section::of(
                "Sources of the numbers",
                "",
                vec![
                    said("Published", &hazard.hazard.sources),
                    said("Assumed", &hazard.hazard.assumptions),
                ],
            ),
        ],
        ..Page::default()
    }
}

/// The page of `lazaret plan need`: what the flow means for the people it is for.
#[must_use]
pub fn need(a: &NeedMet) -> Page {
    let bars_of =
        |pick: fn(&lazaret_plan::questions::need::ClassMeaning) -> Option<f64>| -> Vec<Bar> {
            a.mean
                .classes
                .iter()
                .enumerate()
                .filter_map(|(i, c)| {
                    Some(bar(
                        &c.class,
                        pick(c)?,
                        pick(&a.low.classes[i])?,
                        pick(&a.high.classes[i])?,
                    ))
                })
                .collect()
        };
    let mut figures = vec![bars(
        "Flow",
        "kg per head and year",
        &bars_of(|c| Some(c.kg_a_head_year)),
    )];
    let covered = bars_of(|c| c.days_of_need);
    if !covered.is_empty() {
        figures.push(bars("Need covered by a year's flow", "days", &covered));
    }
    Page {
        title: "Need".into(),
        question: "What does the flow mean?".into(),
        sections: vec![Section::of(
            "Class by class",
            "Figures per year are extrapolated from the run, without the lots still held at its end.",
            figures,
        )],
        ..Page::default()
    }
}
