//! What can never happen because more is needed at once than there ever is.

use crate::diagnostic::Diagnostic;
use crate::model::{Gateway, Quantity, ResourceIx, StepKind};
use crate::read::Locations;

/// The most that a quantity and what replaces it later can be; none if that is not known.
fn most<'q>(first: &'q Quantity, later: impl Iterator<Item = &'q Quantity>) -> Option<f64> {
    std::iter::once(first)
        .chain(later)
        .map(Quantity::known_constant)
        .try_fold(0.0, |most, value| value.map(|value| f64::max(most, value)))
}

/// Work that needs more of a crew or equipment than there ever are, and departures that wait for more lots than there
/// is room for where they wait.
pub(super) fn never_enough(gateway: &Gateway, at: &Locations) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    let there = |resource: ResourceIx| {
        let resource = &gateway.resources[resource.index()];
        most(
            &resource.count,
            resource.changes.iter().map(|(_, count)| count),
        )
    };
    let mut short = |location, what: String, needs: &[&[(ResourceIx, u32)]]| {
        let mut sums: Vec<(ResourceIx, u32)> = Vec::new();
        for &(resource, number) in needs.iter().copied().flatten() {
            match sums.iter_mut().find(|(known, _)| *known == resource) {
                Some((_, sum)) => *sum += number,
                None => sums.push((resource, number)),
            }
        }
        for (resource, number) in sums {
            if let Some(there) = there(resource).filter(|there| f64::from(number) > *there) {
                let name = &gateway.resources[resource.index()].name;
                let message = format!(
                    "{what} needs {number} of `{name}` at once, and there are never more than {there}"
                );
                out.push(
                    Diagnostic::warning("never-enough", location, message)
                        .help("it can never begin; ask for fewer, or have more of them"),
                );
            }
        }
    };
    for (s, step) in gateway.steps.iter().enumerate() {
        if matches!(step.kind, StepKind::Hold { .. } | StepKind::Dispatch(_)) {
            continue;
        }
        let place = &gateway.places[step.at.index()];
        let what = format!("step `{}`", step.name);
        short(at.steps[s], what, &[&step.needs, &place.needs]);
    }
    for (p, place) in gateway.places.iter().enumerate() {
        let what = format!("a slot of place `{}`", place.name);
        short(at.places[p], what, &[&place.holds]);
    }
    for (s, step) in gateway.steps.iter().enumerate() {
        let StepKind::Dispatch(dispatch) = &step.kind else {
            continue;
        };
        let place = &gateway.places[step.at.index()];
        let units = most(
            &place.count,
            place.changes.iter().filter_map(|c| c.count.as_ref()),
        );
        let slots = place
            .slots
            .as_ref()
            .and_then(|slots| most(slots, place.changes.iter().filter_map(|c| c.slots.as_ref())));
        let (Some(least), Some(units), Some(slots)) =
            (dispatch.least.known_constant(), units, slots)
        else {
            continue;
        };
        if least > units * slots && !place.unlimited_buffer {
            let message = format!(
                "departures of `{}` leave with at least {least} lots, and `{}` has room for {}",
                step.name,
                place.name,
                units * slots
            );
            out.push(
                Diagnostic::warning("never-enough", at.steps[s], message)
                    .help("none will ever leave; ask for fewer lots, or give the place more slots"),
            );
        }
    }
    out
}
