//! Places that may come to wait for each other, or for themselves.

use crate::diagnostic::Diagnostic;
use crate::model::{Gateway, GoodsIx, PlaceIx, Source, SourceIx, StepIx, StepKind, Term};
use crate::read::Locations;

/// Warns of every step that may close a circle of waits, once.
pub(super) fn circles(gateway: &Gateway, at: &Locations) -> Vec<Diagnostic> {
    let mut out: Vec<Diagnostic> = Vec::new();
    let mut told: Vec<(&'static str, StepIx)> = Vec::new();
    for (s, source) in gateway.sources.iter().enumerate() {
        for (g, share) in source.mix.iter().enumerate() {
            if *share == Term::Value(0.0) {
                continue;
            }
            let path = gateway.path(SourceIx(s as u16), GoodsIx(g as u16));
            let several = source.lots.known_constant() != Some(1.0);
            let vessel = vehicle_class(source, GoodsIx(g as u16));
            for (nth, &step) in path.iter().enumerate() {
                let found = match &gateway.steps[step.index()].kind {
                    StepKind::Unload { .. } => {
                        let alone = (GoodsIx(g as u16), vessel);
                        let here = gateway.steps[step.index()].at;
                        (several || kept_off(gateway, alone, here))
                            .then(|| {
                                waits_for_itself(gateway, at, step, path.get(nth + 1), several)
                            })
                            .flatten()
                    }
                    StepKind::Inspect(inspection) if inspection.again != Term::Value(0.0) => {
                        let back = inspection.again_from;
                        let from = back.and_then(|back| path.iter().position(|&step| step == back));
                        from.and_then(|from| rework_loop(gateway, at, &path[from..=nth]))
                    }
                    _ => None,
                };
                if let Some(warning) = found
                    && !told.contains(&(warning.code, step))
                {
                    told.push((warning.code, step));
                    out.push(warning);
                }
            }
        }
    }
    out
}

/// Whether things may wait for room there with a slot elsewhere, or in another slot of the same place.
fn may_block(gateway: &Gateway, place: PlaceIx) -> bool {
    let place = &gateway.places[place.index()];
    place.slots.is_some() && !place.unlimited_buffer
}

/// The class as which a vehicle with a lot of `goods` queues and stands.
fn vehicle_class(source: &Source, goods: GoodsIx) -> GoodsIx {
    if !source.mixed_vehicles {
        return goods;
    }
    let comes = |share: &Term| *share != Term::Value(0.0);
    GoodsIx(source.mix.iter().position(comes).unwrap_or(0) as u16)
}

/// Whether a lone lot may have to be kept apart from what its vehicle may stand beside in `place`.
fn kept_off(gateway: &Gateway, (lot, vehicle): (GoodsIx, GoodsIx), place: PlaceIx) -> bool {
    let apart = |a: GoodsIx, b: GoodsIx| gateway.goods[a.index()].apart_from.contains(&b);
    let comes = |goods: GoodsIx| {
        gateway.sources.iter().enumerate().any(|(s, source)| {
            let share = source.mix.get(goods.index());
            let path = || gateway.path(SourceIx(s as u16), goods);
            share.is_none_or(|share| *share != Term::Value(0.0))
                && (path().iter()).any(|step| gateway.steps[step.index()].at == place)
        })
    };
    (0..gateway.goods.len() as u16)
        .map(GoodsIx)
        .any(|other| apart(lot, other) && !apart(vehicle, other) && comes(other))
}

fn waits_for_itself(
    gateway: &Gateway,
    at: &Locations,
    step: StepIx,
    next: Option<&StepIx>,
    several: bool,
) -> Option<Diagnostic> {
    let (why, instead) = if several {
        ("all but the last need", "let each vehicle carry one lot")
    } else {
        (
            "one that must be kept apart from what else stands there needs",
            "let each vehicle carry one class",
        )
    };
    let here = gateway.steps[step.index()].at;
    let next = &gateway.steps[next?.index()];
    let place = &gateway.places[here.index()];
    (next.at == here && may_block(gateway, here)).then(|| {
        Diagnostic::warning(
            "waits-for-itself",
            at.steps[step.index()],
            format!(
                "the lots of a vehicle stay in `{}` for step `{}`, and {why} a slot besides that of the vehicle: a full `{}` can wait for itself forever",
                place.name, next.name, place.name
            ),
        )
        .help(format!("move that step to a separate place, or {instead}"))
    })
}

fn rework_loop(gateway: &Gateway, at: &Locations, steps: &[StepIx]) -> Option<Diagnostic> {
    let mut places: Vec<PlaceIx> = Vec::new();
    for step in steps {
        let place = gateway.steps[step.index()].at;
        if places.last() != Some(&place) {
            places.push(place);
        }
    }
    let inspection = steps.last()?.index();
    let back = &gateway.steps[steps.first()?.index()];
    if places.len() < 2 || !places.iter().all(|&place| may_block(gateway, place)) {
        return None;
    }
    let names: Vec<&str> = places
        .iter()
        .map(|place| gateway.places[place.index()].name.as_str())
        .collect();
    Some(
        Diagnostic::warning(
            "rework-loop",
            at.steps[inspection],
            format!(
                "lots go back from here to `{}`; if `{}` are full at once, each waits for room in the next, and nothing moves",
                back.name,
                names.join("` and `")
            ),
        )
        .help(format!(
            "give `{}` buffer = \"unlimited\", or check with `lazaret simulate` that it does not happen",
            names[0]
        )),
    )
}
