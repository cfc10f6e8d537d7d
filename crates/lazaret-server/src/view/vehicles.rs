//! Vehicles.

use jiff::Timestamp;
use lazaret_ledger::identity::{Check, check_of};
use lazaret_ledger::{Rule, State, VehicleView};
use lazaret_vocabulary::event::Happening;
use lazaret_vocabulary::event::entry::{Entry, PersonName, Role};

use super::{refusal, trial, when};
use crate::api::lots::Action;
use crate::api::vehicles::{MarkCheck, VehicleRow};

/// What the check digit of a mark says.
pub(crate) fn mark_check(mark: &str) -> MarkCheck {
    match check_of(mark) {
        Check::Holds => MarkCheck::Holds,
        Check::Fails { .. } => MarkCheck::Fails,
        Check::None => MarkCheck::None,
    }
}

pub(crate) fn row(state: &State, view: VehicleView, by: &PersonName, now: Timestamp) -> VehicleRow {
    let home = Happening::VehicleReleased {
        vehicle: view.vehicle.clone(),
    };
    let refusal = if view.here {
        // Who asks may not be the one who may send it; that is no fault of the vehicle.
        refusal(trial(state, now, by, home)).filter(|refusal| refusal.rule != Rule::Allowed)
    } else {
        None
    };
    let ready = view.here && view.emptied && refusal.is_none();
    VehicleRow {
        mark: mark_check(view.vehicle.as_str()),
        stands_s: view
            .arrived
            .filter(|_| view.here)
            .map(|at| (now.as_second() - at.as_second()).max(0) as u64),
        vehicle: view.vehicle,
        source: view.source,
        convoy: view.convoy,
        here: view.here,
        spot: view.spot,
        arrived: when(view.arrived),
        expected: view.expected,
        emptied: view.emptied,
        washed: when(view.washed),
        sealed: view.sealed,
        may_go: ready,
        refusal,
    }
}

/// What somebody with `roles` may say of a vehicle.
pub(crate) fn actions(
    state: &State,
    view: &VehicleView,
    by: &PersonName,
    roles: &[Role],
    now: Timestamp,
) -> Vec<Action> {
    let vehicle = view.vehicle.clone();
    let said: Vec<(&str, Happening)> = vec![
        (
            "vehicle_emptied",
            Happening::VehicleEmptied {
                vehicle: vehicle.clone(),
            },
        ),
        (
            "vehicle_washed",
            Happening::VehicleWashed {
                vehicle: vehicle.clone(),
            },
        ),
        (
            "vehicle_sealed",
            Entry::VehicleSealed {
                vehicle: vehicle.clone(),
                seal: "trial".into(),
            }
            .into(),
        ),
        ("vehicle_released", Happening::VehicleReleased { vehicle }),
    ];
    said.into_iter()
        .filter(|(_, what)| {
            let allowed = lazaret_ledger::role::roles_for(what);
            roles.iter().any(|role| allowed.contains(role))
        })
        .map(|(event, what)| {
            let refusal = refusal(trial(state, now, by, what)).filter(|r| r.warning.is_none());
            Action {
                event: event.into(),
                possible: refusal.is_none(),
                refusal,
            }
        })
        .collect()
}
