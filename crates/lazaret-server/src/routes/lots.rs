//! Lots: lists, cards, tests, release queue, dispatch.

use std::collections::{HashMap, HashSet};

use axum::extract::{Path, Query, State};
use axum::{Extension, Json};
use jiff::Timestamp;
use lazaret_ledger::{Cursor, HoldLine, State as Ledger};
use lazaret_vocabulary::event::entry::{Entry, Outcome, PersonName, Role};
use lazaret_vocabulary::event::{DepartureId, Happening, LotId};

use super::boards::{moment, number};
use crate::api::common::{Answer, At, Page, PageQuery, Problem};
use crate::api::lots::{
    CardQuery, ContactGraph, LotCard, LotQuery, LotRow, LotStage, Target, Trace,
};
use crate::api::work::{
    DepartureView, DispatchBoard, DispatchStep, Proposal, ProposeRequest, ProposedLot, QueueRow,
    TestQuery, TestRow, TestState,
};
use crate::app::App;
use crate::guard::Who;
use crate::view::timeline::{about_lot, records, timeline};
use crate::view::today::RESULT_LATE_S;
use crate::view::{lots as view, refusal, site, trial, when};

/// Lots by stage, class, place.
#[utoipa::path(get, path = "/api/lots", tag = "screens", params(LotQuery), responses((status = 200, description = "Done.", body = Page<LotRow>), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn lots(
    State(app): State<App>,
    Query(query): Query<LotQuery>,
) -> Answer<Page<LotRow>> {
    let limit = query.limit.unwrap_or(100).clamp(1, 1000) as usize;
    let after = number(query.after.as_deref())?;
    let (page, _) = app
        .look(None, |state, now| {
            lot_page(state, now, &query, after, limit)
        })
        .await?;
    Ok(Json(page))
}

/// Lots that fit, the latest named first; `after` is the number of the last one seen.
pub(crate) fn lot_page(
    state: &Ledger,
    now: Timestamp,
    query: &LotQuery,
    after: Option<usize>,
    limit: usize,
) -> Page<LotRow> {
    let mut items = Vec::new();
    let mut next = None;
    let q = query.q.as_deref().map(str::to_lowercase);
    let from = after.unwrap_or(state.lots_named()).min(state.lots_named());
    for number in (0..from).rev() {
        let Some(lot) = state.lot_named(number) else {
            continue;
        };
        if q.as_ref()
            .is_some_and(|q| !lot.as_str().to_lowercase().contains(q.as_str()))
        {
            continue;
        }
        let Some(found) = state.lot_view(&lot) else {
            continue;
        };
        let fits = query
            .stage
            .is_none_or(|stage| LotStage::from(found.stage) == stage)
            && query
                .goods
                .as_ref()
                .is_none_or(|goods| found.goods.as_str() == goods)
            && query.place.as_ref().is_none_or(|place| {
                found
                    .spot
                    .as_ref()
                    .is_some_and(|spot| spot.place.as_str() == place)
            })
            && query.convoy.as_ref().is_none_or(|convoy| {
                found
                    .convoy
                    .as_ref()
                    .is_some_and(|of| of.as_str() == convoy)
            });
        if !fits {
            continue;
        }
        if items.len() == limit {
            next = Some((number + 1).to_string());
            break;
        }
        items.push(view::row_of(state, found, now));
    }
    Page {
        items,
        next,
        total: None,
    }
}

/// Everything ever known of a lot.
#[utoipa::path(get, path = "/api/lots/{lot}", tag = "screens", params(("lot" = String, Path, description = "Which."), CardQuery), responses((status = 200, description = "Done.", body = LotCard), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn lot(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Path(lot): Path<String>,
    Query(query): Query<CardQuery>,
) -> Answer<LotCard> {
    let lot = LotId::new(lot);
    let at = moment(query.as_of, query.mode);
    let missing = || Problem::not_found(format!("there is no lot {lot}"));
    let (found, _) = app
        .look(at, |state, now| {
            let found = state.lot_view(&lot)?;
            let reached = state.contacts(&lot).reached.len() as u64;
            let actions = if at.is_none() {
                view::actions(state, &found, &who.person, &who.roles, now)
            } else {
                Vec::new()
            };
            let reasons = view::reasons(state, &lot, now);
            Some((
                found,
                state.lot_history(&lot),
                reached,
                actions,
                reasons,
                now,
            ))
        })
        .await?;
    let (found, seqs, reached, actions, reasons, now) = found.ok_or_else(missing)?;
    let records = records(app.0.live.store(), &seqs).await?;
    let ((row, more), _) = app
        .look(at, |state, now| {
            (
                view::row_of(state, found.clone(), now),
                view::from_records(state, &found, &records),
            )
        })
        .await?;
    let papers = records
        .iter()
        .rev()
        .flat_map(|record| &record.events)
        .find_map(|event| match &event.happening {
            Happening::Entry(
                Entry::ManifestAnnounced { lines, .. } | Entry::ManifestAmended { lines, .. },
            ) => lines.iter().find(|line| line.lot == lot).cloned(),
            _ => None,
        });
    Ok(Json(LotCard {
        may_go: reasons.is_empty(),
        row,
        reasons,
        clock: when(found.clock),
        protocols: found.protocols,
        treatments: more.treatments,
        tests: more.tests,
        signatures: more.signatures,
        papers,
        parent: found.parent,
        parts: found.parts,
        departure: found.departure,
        handlers: found.handlers,
        timeline: timeline(&who.roles, &records, |what| about_lot(what, lot.as_str())),
        holds: more.holds,
        contacts: reached.saturating_sub(1),
        actions,
        as_of: At(now),
    }))
}

/// What contamination of the lot may have reached.
#[utoipa::path(get, path = "/api/lots/{lot}/contacts", tag = "screens", params(("lot" = String, Path, description = "Which.")), responses((status = 200, description = "Done.", body = ContactGraph), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn lot_contacts(
    State(app): State<App>,
    Path(lot): Path<String>,
) -> Answer<ContactGraph> {
    let lot = LotId::new(lot);
    let (graph, _) = app
        .look(None, |state, now| {
            state.lot_view(&lot)?;
            Some(view::graph(state, &state.contacts(&lot), now))
        })
        .await?;
    graph
        .map(Json)
        .ok_or_else(|| Problem::not_found(format!("there is no lot {lot}")))
}

/// Where it comes from and where it went.
#[utoipa::path(get, path = "/api/lots/{lot}/trace", tag = "screens", params(("lot" = String, Path, description = "Which.")), responses((status = 200, description = "Done.", body = Trace), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn lot_trace(State(app): State<App>, Path(lot): Path<String>) -> Answer<Trace> {
    trace_of(&app, &LotId::new(lot)).await.map(Json)
}

pub(crate) async fn trace_of(app: &App, lot: &LotId) -> Result<Trace, Problem> {
    let (found, _) = app
        .look(None, |state, _| {
            state
                .lot_view(lot)
                .map(|found| (found, state.lot_history(lot)))
        })
        .await?;
    let (found, seqs) =
        found.ok_or_else(|| Problem::not_found(format!("there is no lot {lot}")))?;
    let records = records(app.0.live.store(), &seqs).await?;
    let (trace, _) = app
        .look(None, |state, _| view::trace(state, &found, &records))
        .await?;
    Ok(trace)
}

/// Units it could be moved to, and why not to the others.
#[utoipa::path(get, path = "/api/lots/{lot}/targets", tag = "screens", params(("lot" = String, Path, description = "Which.")), responses((status = 200, description = "Done.", body = Vec<Target>), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn lot_targets(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Path(lot): Path<String>,
) -> Answer<Vec<Target>> {
    let lot = LotId::new(lot);
    let (targets, _) = app
        .look(None, |state, now| {
            state.lot_view(&lot)?;
            Some(view::targets(state, &lot, &who.person, now))
        })
        .await?;
    targets
        .map(Json)
        .ok_or_else(|| Problem::not_found(format!("there is no lot {lot}")))
}

/// A page of lines in order.
fn page_of(
    state: &Ledger,
    now: Timestamp,
    mut lines: Vec<HoldLine>,
    limit: usize,
    total: Option<u64>,
) -> Page<LotRow> {
    let more = lines.len() > limit;
    lines.truncate(limit);
    Page {
        next: lines.last().filter(|_| more).and_then(cursor_text),
        items: lines
            .iter()
            .filter_map(|line| view::row(state, &line.lot, now))
            .collect(),
        total,
    }
}

fn cursor_text(line: &HoldLine) -> Option<String> {
    serde_json::to_string(&line.cursor).ok()
}

fn cursor_of(query: &PageQuery) -> Result<Option<Cursor>, Problem> {
    query
        .after
        .as_deref()
        .map(|text| {
            serde_json::from_str(text)
                .map_err(|_| Problem::bad_request("`after` is the `next` of the page before"))
        })
        .transpose()
}

/// Hold list: held lots by earliest release.
#[utoipa::path(get, path = "/api/holds", tag = "screens", params(PageQuery), responses((status = 200, description = "Done.", body = Page<LotRow>), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn holds(
    State(app): State<App>,
    Query(query): Query<PageQuery>,
) -> Answer<Page<LotRow>> {
    let after = cursor_of(&query)?;
    let (page, _) = app
        .look(None, |state, now| {
            let lines = state.hold_list(after, query.limit() + 1);
            page_of(
                state,
                now,
                lines,
                query.limit(),
                Some(state.counts().0 as u64),
            )
        })
        .await?;
    Ok(Json(page))
}

/// Released lots that are here, the most urgent first.
#[utoipa::path(get, path = "/api/releasable", tag = "screens", params(PageQuery), responses((status = 200, description = "Done.", body = Page<LotRow>), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn releasable(
    State(app): State<App>,
    Query(query): Query<PageQuery>,
) -> Answer<Page<LotRow>> {
    let after = cursor_of(&query)?;
    let (page, _) = app
        .look(None, |state, now| {
            let lines = state.releasable(after, query.limit() + 1);
            page_of(
                state,
                now,
                lines,
                query.limit(),
                Some(state.counts().2 as u64),
            )
        })
        .await?;
    Ok(Json(page))
}

/// Test desk.
#[utoipa::path(get, path = "/api/tests", tag = "screens", params(TestQuery), responses((status = 200, description = "Done.", body = Page<TestRow>), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn tests(
    State(app): State<App>,
    Query(query): Query<TestQuery>,
) -> Answer<Page<TestRow>> {
    let limit = query.limit.unwrap_or(100).clamp(1, 1000) as usize;
    let after = number(query.after.as_deref())?.unwrap_or(0);
    let (mut rows, _) = app
        .look(None, |state, now| {
            test_rows(state, now, &query, after, limit + 1)
        })
        .await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    if query.state != TestState::Due {
        fill_results(&app, &mut rows).await?;
    }
    Ok(Json(Page {
        items: rows,
        next: more.then(|| (after + limit).to_string()),
        total: None,
    }))
}

fn test_rows(
    state: &Ledger,
    now: Timestamp,
    query: &TestQuery,
    skip: usize,
    take: usize,
) -> Vec<TestRow> {
    let wanted = |test: &str| query.test.as_ref().is_none_or(|only| only == test);
    if query.state != TestState::Due {
        return state
            .samples()
            .filter(|sample| sample.settled == (query.state == TestState::Done))
            .filter(|sample| wanted(sample.test.as_str()))
            .skip(skip)
            .take(take)
            .filter_map(|sample| {
                let lot = state.lot_view(&sample.lot)?;
                let age = now.as_second() - sample.taken.as_second();
                Some(TestRow {
                    state: query.state,
                    goods: lot.goods,
                    spot: lot.spot,
                    earliest: when(lot.earliest),
                    not_before: None,
                    overdue: !sample.settled && age > RESULT_LATE_S,
                    lot: sample.lot,
                    test: sample.test,
                    sample: Some(sample.sample),
                    taken_at: Some(sample.taken.into()),
                    taken_by: None,
                    outcome: None,
                    result_at: None,
                })
            })
            .collect();
    }
    let open: HashSet<(String, String)> = state
        .samples()
        .filter(|sample| !sample.settled)
        .map(|sample| (sample.lot.to_string(), sample.test.to_string()))
        .collect();
    let delays: HashMap<String, u64> = state
        .protocols()
        .flat_map(|protocol| &protocol.tests)
        .map(|rule| (rule.test.to_string(), rule.not_before_s))
        .collect();
    let mut rows = Vec::new();
    for line in state.hold_list(None, usize::MAX) {
        if rows.len() >= skip + take {
            break;
        }
        let Some(lot) = state.lot_view(&line.lot) else {
            continue;
        };
        for test in &lot.tests_missing {
            if !wanted(test.as_str()) || open.contains(&(line.lot.to_string(), test.to_string())) {
                continue;
            }
            let delay = delays.get(test.as_str()).copied().unwrap_or(0);
            let not_before = lot
                .clock
                .map(|clock| clock + jiff::SignedDuration::from_secs(delay as i64));
            rows.push(TestRow {
                state: TestState::Due,
                lot: line.lot.clone(),
                goods: lot.goods.clone(),
                spot: lot.spot.clone(),
                test: test.clone(),
                not_before: when(not_before),
                // Later than this the result would come after the clock has run, and the lot would wait for it.
                overdue: lot
                    .earliest
                    .is_some_and(|at| now.as_second() + RESULT_LATE_S > at.as_second()),
                sample: None,
                taken_at: None,
                taken_by: None,
                outcome: None,
                result_at: None,
                earliest: when(lot.earliest),
            });
        }
    }
    rows.into_iter().skip(skip).take(take).collect()
}

/// Who took a sample and what it found stands in the records of its lot.
async fn fill_results(app: &App, rows: &mut [TestRow]) -> Result<(), Problem> {
    let (seqs, _) = app
        .look(None, |state, _| {
            let mut seqs: Vec<u64> = rows
                .iter()
                .flat_map(|row| state.lot_history(&row.lot))
                .collect();
            seqs.sort_unstable();
            seqs.dedup();
            seqs
        })
        .await?;
    let records = records(app.0.live.store(), &seqs).await?;
    let mut taken: HashMap<String, PersonName> = HashMap::new();
    let mut found: HashMap<String, (Outcome, Timestamp)> = HashMap::new();
    for record in &records {
        for event in &record.events {
            match &event.happening {
                Happening::Entry(Entry::SampleTaken { sample, .. }) => {
                    taken.insert(sample.to_string(), record.by.clone());
                }
                Happening::Entry(Entry::ResultEntered {
                    sample, outcome, ..
                }) => {
                    found.insert(sample.to_string(), (*outcome, event.at));
                }
                _ => {}
            }
        }
    }
    for row in rows {
        let Some(sample) = &row.sample else { continue };
        row.taken_by = taken.get(sample.as_str()).cloned();
        if let Some((outcome, at)) = found.get(sample.as_str()) {
            row.outcome = Some(*outcome);
            row.result_at = Some((*at).into());
        }
    }
    Ok(())
}

/// Lots ready for a signature.
#[utoipa::path(get, path = "/api/release-queue", tag = "screens", params(PageQuery), responses((status = 200, description = "Done.", body = Page<QueueRow>), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn release_queue(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Query(query): Query<PageQuery>,
) -> Answer<Page<QueueRow>> {
    let after = cursor_of(&query)?;
    let limit = query.limit();
    let ((mut lines, seqs), _) = app
        .look(None, |state, now| {
            let lines = state.release_queue(now, after, limit + 1);
            let seqs: Vec<Vec<u64>> = lines
                .iter()
                .map(|line| state.lot_history(&line.lot))
                .collect();
            (lines, seqs)
        })
        .await?;
    let more = lines.len() > limit;
    lines.truncate(limit);
    let all: Vec<u64> = {
        let mut all: Vec<u64> = seqs.iter().take(limit).flatten().copied().collect();
        all.sort_unstable();
        all.dedup();
        all
    };
    let by_seq: HashMap<u64, lazaret_ledger::Record> = records(app.0.live.store(), &all)
        .await?
        .into_iter()
        .map(|record| (record.seq, record))
        .collect();
    let (items, _) = app
        .look(None, |state, now| {
            let officers: Vec<PersonName> = state
                .people()
                .filter(|person| {
                    person.roles.contains(&Role::QuarantineOfficer)
                        || person.roles.contains(&Role::ChiefOfficer)
                })
                .map(|person| person.person)
                .collect();
            lines
                .iter()
                .zip(&seqs)
                .filter_map(|(line, seqs)| {
                    let records: Vec<lazaret_ledger::Record> = seqs
                        .iter()
                        .filter_map(|seq| by_seq.get(seq).cloned())
                        .collect();
                    queue_row(state, &line.lot, &records, &officers, &who.person, now)
                })
                .collect::<Vec<_>>()
        })
        .await?;
    Ok(Json(Page {
        items,
        next: lines.last().filter(|_| more).and_then(cursor_text),
        total: None,
    }))
}

fn queue_row(
    state: &Ledger,
    lot: &LotId,
    records: &[lazaret_ledger::Record],
    officers: &[PersonName],
    you: &PersonName,
    now: Timestamp,
) -> Option<QueueRow> {
    let found = state.lot_view(lot)?;
    let more = view::from_records(state, &found, records);
    let signs = |person: &PersonName| {
        let signed = Entry::Signed {
            lot: lot.clone(),
            signer: person.clone(),
            meaning: "release".into(),
            pin: None,
            also: Vec::new(),
        };
        trial(state, now, person, signed.into())
    };
    let treatment = more
        .treatments
        .iter()
        .map(|line| {
            let mut text = line.step.to_string();
            if let Some(agent) = &line.agent {
                text.push_str(&format!(" with {agent}"));
            }
            if let Some(seconds) = line.contact_s {
                text.push_str(&format!(", {:.1} h", seconds as f64 / 3600.0));
            }
            if let Some(ct) = line.ct_mg_h_m3 {
                text.push_str(&format!(", CT {:.1} g·h/m³", ct as f64 / 1000.0));
            }
            text
        })
        .collect::<Vec<_>>()
        .join("; ");
    let passed = more.tests.iter().filter(|test| test.passed).count() as u32;
    Some(QueueRow {
        treatment,
        treated: found.treated,
        clock: when(found.clock),
        restarts: more.restarts,
        tests_passed: passed,
        tests_needed: more.tests.len() as u32,
        spotless: !more.marked && found.exceptions.is_empty(),
        you: refusal(signs(you)),
        may_sign: officers
            .iter()
            .filter(|person| signs(person).is_ok())
            .cloned()
            .collect(),
        row: view::row_of(state, found, now),
    })
}

fn departure_view(
    state: &Ledger,
    id: &DepartureId,
    by: &PersonName,
    steps: &[DispatchStep],
    now: Timestamp,
) -> Option<DepartureView> {
    let (lots, left) = state.departure(id)?;
    let rows: Vec<LotRow> = lots
        .iter()
        .filter_map(|lot| view::row(state, lot, now))
        .collect();
    let leave = steps.first().map(|step| Happening::Departed {
        departure: id.clone(),
        step: step.step.clone(),
        lots: rows.len() as u32,
    });
    Some(DepartureView {
        departure: id.clone(),
        pieces: rows
            .iter()
            .filter_map(|r| r.tally)
            .map(|t| u64::from(t.pieces))
            .sum(),
        mass_kg: rows
            .iter()
            .filter_map(|r| r.tally)
            .map(|t| u64::from(t.mass_kg))
            .sum(),
        refusal: match (left, leave) {
            (None, Some(leave)) => refusal(trial(state, now, by, leave)),
            _ => None,
        },
        lots: rows,
        left: when(left),
    })
}

fn dispatch_steps(app: &App) -> Vec<DispatchStep> {
    site::steps(&app.0.gateway)
        .into_iter()
        .filter(|step| step.kind == crate::api::site::StepRole::Dispatch)
        .map(|step| DispatchStep {
            step: step.step,
            takes_up_to: step.takes_up_to,
        })
        .collect()
}

/// A departure's name that nobody has used.
fn free_name(state: &Ledger, now: Timestamp, app: &App) -> DepartureId {
    let day = now.to_zoned_datetime(app.zone(state)).date();
    let known: HashSet<String> = state
        .departures()
        .map(|(departure, _)| departure.to_string())
        .collect();
    (1..)
        .map(|n| format!("D-{day}-{n}"))
        .find(|name| !known.contains(name))
        .map_or_else(|| DepartureId::new("D"), DepartureId::new)
}

/// The dispatch builder.
#[utoipa::path(get, path = "/api/dispatch", tag = "screens", responses((status = 200, description = "Done.", body = DispatchBoard), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn dispatch(
    State(app): State<App>,
    Extension(who): Extension<Who>,
) -> Answer<DispatchBoard> {
    let steps = dispatch_steps(&app);
    let (board, _) = app
        .look(None, |state, now| DispatchBoard {
            loading: state
                .departures_loading()
                .filter_map(|id| departure_view(state, &id, &who.person, &steps, now))
                .collect(),
            next_name: free_name(state, now, &app),
            releasable: state.counts().2 as u64,
            steps: Vec::new(),
        })
        .await?;
    Ok(Json(DispatchBoard { steps, ..board }))
}

/// One departure with its lots.
#[utoipa::path(get, path = "/api/departures/{departure}", tag = "screens", params(("departure" = String, Path, description = "Which.")), responses((status = 200, description = "Done.", body = DepartureView), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn departure(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Path(departure): Path<String>,
) -> Answer<DepartureView> {
    let id = DepartureId::new(departure);
    let steps = dispatch_steps(&app);
    let (found, _) = app
        .look(None, |state, now| {
            departure_view(state, &id, &who.person, &steps, now)
        })
        .await?;
    found
        .map(Json)
        .ok_or_else(|| Problem::not_found(format!("there is no departure {id}")))
}

/// Proposes what to load, and says why.
#[utoipa::path(post, path = "/api/dispatch/propose", tag = "screens", request_body = ProposeRequest, responses((status = 200, description = "Done.", body = Proposal), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn propose(
    State(app): State<App>,
    Json(body): Json<ProposeRequest>,
) -> Answer<Proposal> {
    let most = body
        .lots
        .or_else(|| {
            dispatch_steps(&app)
                .first()
                .and_then(|step| step.takes_up_to)
        })
        .unwrap_or(60);
    let (proposal, _) = app
        .look(None, |state, now| {
            let departure = body
                .departure
                .as_deref()
                .map_or_else(|| free_name(state, now, &app), DepartureId::new);
            proposal(state, departure, &body, most, now)
        })
        .await?;
    Ok(Json(proposal))
}

/// The most urgent classes first, then whoever has been free the longest; what must be kept apart is not loaded together.
fn proposal(
    state: &Ledger,
    departure: DepartureId,
    body: &ProposeRequest,
    most: u32,
    now: Timestamp,
) -> Proposal {
    let mut out = Proposal {
        lots: Vec::new(),
        left_out: Vec::new(),
        pieces: 0,
        mass_kg: 0,
        words: String::new(),
        departure,
    };
    let goods_rules = state.rules().map_or(&[][..], |rules| &rules.goods);
    let priority = |goods: &str| {
        goods_rules
            .iter()
            .find(|rule| rule.goods.as_str() == goods)
            .map_or(0, |rule| rule.priority)
    };
    let apart = |one: &str, other: &str| {
        goods_rules.iter().any(|rule| {
            (rule.goods.as_str() == one && rule.apart_from.iter().any(|g| g.as_str() == other))
                || (rule.goods.as_str() == other
                    && rule.apart_from.iter().any(|g| g.as_str() == one))
        })
    };
    let already = state
        .departure(&out.departure)
        .map_or(0, |(lots, _)| lots.len() as u32);
    let room = most.saturating_sub(already);
    for line in state.releasable(None, 10_000) {
        let Some(row) = view::row(state, &line.lot, now) else {
            continue;
        };
        let mass = row.tally.map_or(0, |tally| u64::from(tally.mass_kg));
        let class = row.goods.as_str().to_owned();
        let clash = out
            .lots
            .iter()
            .find(|loaded| apart(&class, loaded.row.goods.as_str()))
            .map(|loaded| loaded.row.lot.to_string());
        let no = if !body.goods.is_empty() && !body.goods.contains(&class) {
            Some(format!("{class} was not asked for"))
        } else if out.lots.len() as u32 >= room {
            Some(format!("{most} lots are the most"))
        } else if body.mass_kg.is_some_and(|limit| out.mass_kg + mass > limit) {
            Some("it would be too heavy".to_owned())
        } else if row.trial {
            Some("it belongs to an exercise".to_owned())
        } else {
            clash.map(|lot| format!("{class} must be kept apart from {lot}"))
        };
        match no {
            Some(words) => {
                if out.left_out.len() < 100 {
                    out.left_out.push(ProposedLot { row, words });
                }
            }
            None => {
                out.mass_kg += mass;
                out.pieces += row.tally.map_or(0, |tally| u64::from(tally.pieces));
                let free = row
                    .earliest
                    .map_or(String::new(), |at| format!(", free since {}", at.0));
                let words = format!("{class} has priority {}{free}", priority(&class));
                out.lots.push(ProposedLot { row, words });
            }
        }
    }
    out.words = if out.lots.is_empty() {
        "no released lot can be loaded".into()
    } else {
        format!(
            "{} lots, {} kg: the most urgent classes first, then those that have been free the longest",
            out.lots.len(),
            out.mass_kg
        )
    };
    out
}
