//! Today's digest.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use lazaret_ledger::{ManifestView, Stage, State};
use lazaret_vocabulary::event::entry::{PersonName, Role};
use lazaret_vocabulary::event::rules::Side;

use super::arrivals::vehicles_on;
use super::when;
use crate::api::session::Screen;
use crate::api::today::{Counts, Day, NextConvoy, Occupancy, Task, TaskKind, Today};

/// Days shown ahead.
const AHEAD: usize = 14;
/// Lots looked at for tasks; with more, a count says only that there are many.
const LOOKED_AT: usize = 20_000;
/// A sample that waits longer for its result is late.
pub(crate) const RESULT_LATE_S: i64 = 3 * 86_400;

/// The digest, without its latest records.
pub(crate) fn today(
    state: &State,
    person: &PersonName,
    roles: &[Role],
    zone: &TimeZone,
    now: Timestamp,
) -> Today {
    let here = state.counts();
    let to_sign = state.release_queue(now, None, LOOKED_AT);
    let exceptions = state.exceptions(true);
    let vehicles: Vec<_> = state.vehicles_here().collect();
    let totals = state.totals();
    let people: Vec<_> = state.people().collect();
    let counts = Counts {
        held: here.held as u64,
        releasable: here.releasable as u64,
        to_sign: to_sign.len() as u64,
        exceptions: exceptions.len() as u64,
        vehicles_here: vehicles.len() as u64,
        vehicles_empty: vehicles.iter().filter(|v| v.emptied).count() as u64,
        lots_entered: totals.lots_entered,
        lots_departed: totals.lots_departed,
        people_on_shift: people.iter().filter(|p| p.on_shift).count() as u64,
    };
    let mut awaited: Vec<ManifestView> = state
        .manifests()
        .take(1000)
        .filter(|m| m.arrived.is_none() && !m.withheld && !m.refused)
        .collect();
    awaited.sort_by_key(|manifest| manifest.due.unwrap_or(Timestamp::MAX));
    Today {
        now: now.into(),
        clock: None,
        next_convoy: awaited.first().map(|papers| NextConvoy {
            convoy: papers.convoy.clone(),
            source: state
                .convoys()
                .find(|convoy| convoy.convoy == papers.convoy)
                .and_then(|convoy| convoy.source),
            due: when(papers.due),
            vehicles: vehicles_on(state, papers),
            mismatches: u32::from(papers.due.is_some_and(|due| due < now)),
        }),
        for_you: tasks(state, person, roles, &awaited, now),
        days: days(state, &awaited, zone, now),
        occupancy: occupancy(state),
        latest: Vec::new(),
        counts,
    }
}

fn days(state: &State, awaited: &[ManifestView], zone: &TimeZone, now: Timestamp) -> Vec<Day> {
    let first = now.to_zoned_datetime(zone.clone()).date();
    let mut days: Vec<Day> = (0..AHEAD)
        .map(|ahead| Day {
            date: first
                .checked_add((ahead as i64).days())
                .unwrap_or(first)
                .to_string(),
            vehicles_due: 0,
            clocks_end: 0,
            clearances_lapse: 0,
        })
        .collect();
    let mut on = |at: Timestamp, change: &mut dyn FnMut(&mut Day)| {
        if at >= now {
            let date = at.to_zoned_datetime(zone.clone()).date().to_string();
            if let Some(day) = days.iter_mut().find(|day| day.date == date) {
                change(day);
            }
        }
    };
    for line in state.hold_list(None, LOOKED_AT) {
        if let Some(at) = line.earliest {
            on(at, &mut |day| day.clocks_end += 1);
        }
    }
    for papers in awaited {
        if let Some(due) = papers.due {
            let vehicles = vehicles_on(state, papers);
            on(due, &mut |day| day.vehicles_due += vehicles);
        }
    }
    for person in state.people() {
        if let Some(until) = person.cleared_until {
            on(until, &mut |day| day.clearances_lapse += 1);
        }
    }
    days
}

fn occupancy(state: &State) -> Vec<Occupancy> {
    let Some(rules) = state.rules() else {
        return Vec::new();
    };
    let units = state.places();
    rules
        .places
        .iter()
        .map(|rule| {
            let own = units.iter().filter(|unit| unit.spot.place == rule.place);
            Occupancy {
                place: rule.place.clone(),
                used: own.clone().map(|unit| unit.used).sum(),
                slots: rule
                    .slots
                    .map(|slots| slots.saturating_mul(rule.units.unwrap_or(1))),
                units_out: own
                    .filter(|unit| unit.broken || unit.closed.is_some())
                    .count() as u32,
            }
        })
        .collect()
}

/// What waits for somebody with `roles`, the urgent first.
fn tasks(
    state: &State,
    person: &PersonName,
    roles: &[Role],
    awaited: &[ManifestView],
    now: Timestamp,
) -> Vec<Task> {
    let mut tasks: Vec<Task> = Vec::new();
    let mut add = |kind, screen, role: Role, urgent, names: Vec<String>| {
        if !names.is_empty() && roles.contains(&role) {
            tasks.push(Task {
                kind,
                count: names.len() as u64,
                screen,
                role,
                urgent,
                first: names.into_iter().take(5).collect(),
            });
        }
    };
    let queue = state.release_queue(now, None, LOOKED_AT);
    let lots = |lines: &[lazaret_ledger::HoldLine],
                fits: &dyn Fn(&lazaret_ledger::HoldLine) -> bool| {
        lines
            .iter()
            .filter(|line| fits(line))
            .map(|line| line.lot.to_string())
            .collect::<Vec<_>>()
    };
    let unsigned = lots(&queue, &|line| line.signers.is_empty());
    let signed = lots(&queue, &|line| {
        !line.signers.is_empty() && !line.signers.contains(person)
    });
    add(
        TaskKind::SignFirst,
        Screen::Release,
        Role::QuarantineOfficer,
        false,
        unsigned,
    );
    for role in [Role::ChiefOfficer, Role::QuarantineOfficer] {
        add(
            TaskKind::SignNext,
            Screen::Release,
            role,
            false,
            signed.clone(),
        );
    }
    let open: Vec<String> = state
        .exceptions(true)
        .iter()
        .map(|exception| exception.exception.to_string())
        .collect();
    let recalled: Vec<String> = state
        .exceptions(true)
        .iter()
        .flat_map(|exception| &exception.recalled)
        .map(ToString::to_string)
        .collect();
    add(
        TaskKind::SettleExceptions,
        Screen::Exceptions,
        Role::ChiefOfficer,
        true,
        open,
    );
    for role in [Role::ChiefOfficer, Role::Dispatcher] {
        add(
            TaskKind::Recalled,
            Screen::Exceptions,
            role,
            true,
            recalled.clone(),
        );
    }
    let held = state.hold_list(None, LOOKED_AT);
    let mut to_sample = Vec::new();
    let mut untreated = Vec::new();
    let waiting: Vec<(String, String, i64)> = state
        .samples()
        .take(LOOKED_AT)
        .filter(|sample| !sample.settled)
        .map(|sample| {
            let age = now.as_second() - sample.taken.as_second();
            (sample.sample.to_string(), sample.lot.to_string(), age)
        })
        .collect();
    for line in &held {
        let Some(view) = state.lot_view(&line.lot) else {
            continue;
        };
        if view.stage != Stage::Held {
            continue;
        }
        let sampled = waiting.iter().any(|(_, lot, _)| *lot == *line.lot.as_str());
        if !view.tests_missing.is_empty() && view.clock.is_some() && !sampled {
            to_sample.push(line.lot.to_string());
        }
        if !view.treated && !state.in_treatment(&line.lot) {
            untreated.push(line.lot.to_string());
        }
    }
    add(
        TaskKind::TakeSamples,
        Screen::Tests,
        Role::QuarantineOfficer,
        false,
        to_sample,
    );
    let late = waiting.iter().any(|(_, _, age)| *age > RESULT_LATE_S);
    add(
        TaskKind::EnterResults,
        Screen::Tests,
        Role::QuarantineOfficer,
        late,
        waiting.iter().map(|(sample, ..)| sample.clone()).collect(),
    );
    let in_hand = |_: ()| {
        state
            .lots_in_treatment()
            .map(|lot| lot.to_string())
            .collect::<Vec<_>>()
    };
    for role in [Role::DisinfectionLead, Role::Crew] {
        add(
            TaskKind::TreatmentsInHand,
            Screen::Site,
            role,
            false,
            in_hand(()),
        );
        add(
            TaskKind::Treat,
            Screen::Site,
            role,
            false,
            untreated.clone(),
        );
    }
    let stated: Vec<String> = (state.stock_waiting().iter())
        .filter(|stated| stated.by != *person)
        .flat_map(|stated| stated.lots.iter().map(ToString::to_string))
        .collect();
    for role in [
        Role::QuarantineOfficer,
        Role::ChiefOfficer,
        Role::Administrator,
    ] {
        let lots = stated.clone();
        add(TaskKind::WitnessStock, Screen::Arrivals, role, false, lots);
    }
    let late_papers: Vec<String> = awaited
        .iter()
        .filter(|papers| papers.due.is_some_and(|due| due < now))
        .map(|papers| papers.convoy.to_string())
        .collect();
    for role in [Role::YardMaster, Role::Gate] {
        add(
            TaskKind::CheckPapers,
            Screen::Arrivals,
            role,
            false,
            late_papers.clone(),
        );
    }
    let vehicles: Vec<_> = state.vehicles_here().collect();
    let marks = |fits: &dyn Fn(&lazaret_ledger::VehicleView) -> bool| {
        vehicles
            .iter()
            .filter(|view| fits(view))
            .map(|view| view.vehicle.to_string())
            .collect::<Vec<_>>()
    };
    add(
        TaskKind::Unload,
        Screen::Arrivals,
        Role::YardMaster,
        false,
        marks(&|view| !view.emptied),
    );
    for role in [Role::DisinfectionLead, Role::Crew] {
        add(
            TaskKind::Wash,
            Screen::Vehicles,
            role,
            false,
            marks(&|view| view.emptied && view.washed.is_none()),
        );
    }
    for role in [Role::YardMaster, Role::Gate] {
        add(
            TaskKind::SendHome,
            Screen::Vehicles,
            role,
            false,
            marks(&|view| view.emptied && view.washed.is_some()),
        );
    }
    add(
        TaskKind::Load,
        Screen::Dispatch,
        Role::Dispatcher,
        false,
        state
            .releasable(None, LOOKED_AT)
            .iter()
            .map(|line| line.lot.to_string())
            .collect(),
    );
    let week = now.as_second() + 7 * 86_400;
    let lapsing: Vec<String> = state
        .people()
        .filter(|person| !person.roles.is_empty())
        .filter(|person| {
            person
                .cleared_until
                .is_some_and(|until| until.as_second() < week)
        })
        .map(|person| person.person.to_string())
        .collect();
    for role in [Role::Administrator, Role::QuarantineOfficer] {
        add(
            TaskKind::RenewClearances,
            Screen::People,
            role,
            false,
            lapsing.clone(),
        );
    }
    let closed: Vec<String> = state
        .places()
        .iter()
        .filter(|unit| unit.broken || unit.closed.is_some())
        .filter(|unit| unit.side != Some(Side::Clean) || unit.used > 0 || unit.broken)
        .map(|unit| format!("{} {}", unit.spot.place, unit.spot.unit))
        .collect();
    add(
        TaskKind::PlacesClosed,
        Screen::Site,
        Role::YardMaster,
        false,
        closed,
    );
    tasks.sort_by_key(|task| !task.urgent);
    // Two roles of one person need not be told twice.
    let mut told: Vec<TaskKind> = Vec::new();
    tasks.retain(|task| {
        let new = !told.contains(&task.kind);
        told.push(task.kind);
        new
    });
    tasks
}
