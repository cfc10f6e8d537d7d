//! Boards: gateway, today, arrivals, site, search, vehicles, people, exceptions, protocols.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use jiff::Timestamp;
use lazaret_ledger::{Chained, Closure, ConvoyView, NameKind, PersonView};
use lazaret_store::Moment;
use lazaret_vocabulary::event::entry::{Entry, ExceptionId, PersonName, Role};
use lazaret_vocabulary::event::rules::Protocol;
use lazaret_vocabulary::event::{ConvoyId, Happening, VehicleId};

use super::commands::rules_version;
use crate::api::arrivals::{ArrivalCard, ArrivalQuery, ArrivalRow, ArrivalStage};
use crate::api::common::{Answer, Page, Problem};
use crate::api::exceptions::{ExceptionCard, ExceptionQuery, ExceptionRow};
use crate::api::lots::Action;
use crate::api::people::{PersonCard, PersonRow};
use crate::api::protocols::{MovedLot, Preview, PreviewRequest, ProtocolRow, ProtocolsView};
use crate::api::search::{Hit, HitKind, Hits, SearchQuery};
use crate::api::site::{AsOf, GatewayView, SiteMap, SiteQuery};
use crate::api::today::{Latest, Today};
use crate::api::vehicles::{VehicleCard, VehicleQuery, VehicleRow};
use crate::app::App;
use crate::guard::Who;
use crate::view::timeline::{records, timeline};
use crate::view::{
    arrivals as arrivals_view, days_left, health, lots, refusal, site as site_view, trial,
    vehicles as vehicles_view, when,
};
use crate::words::words;

/// The gateway as it is built.
#[utoipa::path(get, path = "/api/gateway", tag = "screens", responses((status = 200, description = "Done.", body = GatewayView), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn gateway(State(app): State<App>) -> Answer<GatewayView> {
    let (view, _) = app
        .look(None, |state, _| {
            site_view::gateway_view(&app.0.gateway, state)
        })
        .await?;
    Ok(Json(view))
}

/// The digest of the day.
#[utoipa::path(get, path = "/api/today", tag = "screens", responses((status = 200, description = "Done.", body = Today), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn today(State(app): State<App>, Extension(who): Extension<Who>) -> Answer<Today> {
    let (mut view, seq) = app
        .look(None, |state, now| {
            crate::view::today::today(state, &who.person, &who.roles, &app.zone(state), now)
        })
        .await?;
    view.clock = app.clock_view().await?;
    for stored in app.0.live.store().before(seq + 1, 12).await? {
        let record = stored.record()?;
        // What the command itself said comes last of what must stand before it.
        let said = health::readable(&who.roles, &record.events)
            .iter()
            .find(|event| {
                !matches!(
                    event.happening,
                    Happening::Entry(Entry::Corrected { .. } | Entry::WarningAcknowledged { .. })
                )
            })
            .cloned();
        view.latest.push(Latest {
            seq: record.seq,
            recorded_at: record.recorded_at.into(),
            by: record.by.to_string(),
            words: (said.as_ref()).map_or_else(String::new, |event| words(&event.happening)),
            event: said,
        });
    }
    Ok(Json(view))
}

/// Arrivals board.
#[utoipa::path(get, path = "/api/arrivals", tag = "screens", params(ArrivalQuery), responses((status = 200, description = "Done.", body = Page<ArrivalRow>), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn arrivals(
    State(app): State<App>,
    Query(query): Query<ArrivalQuery>,
) -> Answer<Page<ArrivalRow>> {
    let limit = query.limit.unwrap_or(100).clamp(1, 1000) as usize;
    let after = number(query.after.as_deref())?.unwrap_or(0);
    let (page, _) = app
        .look(None, |state, now| {
            let fits =
                |convoy: &ConvoyView| match (query.stage, arrivals_view::stage(state, convoy)) {
                    (Some(wanted), stage) => wanted == stage,
                    (None, stage) => matches!(stage, ArrivalStage::Announced | ArrivalStage::Here),
                };
            let mut fitting: Vec<ConvoyView> = state
                .convoys()
                .filter(fits)
                .skip(after)
                .take(limit + 1)
                .collect();
            let more = fitting.len() > limit;
            fitting.truncate(limit);
            let all = arrivals_view::Convoys::of(state, &fitting);
            let mut items: Vec<ArrivalRow> =
                fitting.iter().map(|convoy| all.row(convoy, now)).collect();
            if query.stage.is_none() {
                // What comes next first, then what is here.
                items.sort_by_key(|row| (row.stage != ArrivalStage::Announced, row.due));
            }
            Page {
                items,
                next: more.then(|| (after + limit).to_string()),
                total: None,
            }
        })
        .await?;
    let mut page = page;
    for row in &mut page.items {
        let more = mismatches_of(&app, &row.convoy, row.arrived.is_some())
            .await?
            .0;
        row.mismatches.extend(more);
    }
    Ok(Json(page))
}

async fn mismatches_of(
    app: &App,
    convoy: &ConvoyId,
    arrived: bool,
) -> Result<
    (
        Vec<crate::api::arrivals::Mismatch>,
        Vec<lazaret_vocabulary::event::entry::ManifestLine>,
    ),
    Problem,
> {
    let ((vehicles, mut seqs), _) = app
        .look(None, |state, _| {
            let vehicles = state.vehicles_of(convoy);
            let mut seqs: Vec<u64> = vehicles
                .iter()
                .flat_map(|vehicle| state.vehicle_history(vehicle))
                .collect();
            // Papers touch every lot of theirs; counts touch one.
            for lot in state.lots_of(convoy) {
                seqs.extend(state.lot_history(&lot).into_iter().take(6));
            }
            (vehicles, seqs)
        })
        .await?;
    seqs.sort_unstable();
    seqs.dedup();
    let records = records(app.0.live.store(), &seqs).await?;
    let lines = arrivals_view::lines(convoy, &records);
    let (found, _) = app
        .look(None, |state, _| {
            arrivals_view::mismatches(state, &lines, arrived, &vehicles, &records)
        })
        .await?;
    Ok((found, lines))
}

/// Everything about a convoy.
#[utoipa::path(get, path = "/api/arrivals/{convoy}", tag = "screens", params(("convoy" = String, Path, description = "Which.")), responses((status = 200, description = "Done.", body = ArrivalCard), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn arrival(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Path(convoy): Path<String>,
) -> Answer<ArrivalCard> {
    let convoy = ConvoyId::new(convoy);
    let (found, _) = app
        .look(None, |state, now| {
            let view = state.convoys().find(|known| known.convoy == convoy)?;
            let all = arrivals_view::Convoys::of(state, std::slice::from_ref(&view));
            Some(ArrivalCard {
                row: all.row(&view, now),
                lines: Vec::new(),
                vehicle_rows: state
                    .vehicles_of(&convoy)
                    .iter()
                    .filter_map(|vehicle| state.vehicle_view(vehicle))
                    .map(|view| vehicles_view::row(state, view, &who.person, now))
                    .collect(),
                lot_rows: state
                    .lots_of(&convoy)
                    .iter()
                    .filter_map(|lot| lots::row(state, lot, now))
                    .collect(),
            })
        })
        .await?;
    let mut card =
        found.ok_or_else(|| Problem::not_found(format!("there is no convoy {convoy}")))?;
    let (more, lines) = mismatches_of(&app, &convoy, card.row.arrived.is_some()).await?;
    card.row.mismatches.extend(more);
    card.lines = lines;
    Ok(Json(card))
}

/// The moment that a query asks for.
pub(crate) fn moment(as_of: Option<crate::api::common::At>, mode: AsOf) -> Option<Moment> {
    as_of.map(|at| match mode {
        AsOf::Known => Moment::Known(at.0),
        AsOf::Happened => Moment::Happened(at.0),
    })
}

/// Site map, now or as of an instant.
#[utoipa::path(get, path = "/api/site", tag = "screens", params(SiteQuery), responses((status = 200, description = "Done.", body = SiteMap), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn site(
    State(app): State<App>,
    Query(query): Query<SiteQuery>,
) -> Answer<SiteMap> {
    let (mut map, _) = app
        .look(moment(query.as_of, query.mode), |state, now| {
            site_view::site_map(&app.0.gateway, state, now)
        })
        .await?;
    map.live = query.as_of.is_none();
    map.from = app
        .0
        .live
        .store()
        .record(1)
        .await?
        .and_then(|first| Timestamp::from_microsecond(first.at).ok())
        .map(Into::into);
    map.to = app.0.live.now().into();
    Ok(Json(map))
}

/// What a name, mark or label's code stands for.
#[utoipa::path(get, path = "/api/search", tag = "screens", params(SearchQuery), responses((status = 200, description = "Done.", body = Hits), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn search(
    State(app): State<App>,
    Query(query): Query<SearchQuery>,
) -> Answer<Hits> {
    let typed = query.q.trim();
    let scanned = crate::scan::read(typed);
    let plain = |text: &str| -> String {
        text.chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .flat_map(char::to_lowercase)
            .collect()
    };
    let wanted = plain(&scanned.part);
    if wanted.is_empty() {
        return Ok(Json(Hits { hits: Vec::new() }));
    }
    let number = typed.trim_start_matches('#').parse::<u64>().ok();
    let (mut hits, seq) = app
        .look(None, |state, now| {
            let meant = scanned
                .names
                .iter()
                .map(|name| state.named(name))
                .map(|mut found| {
                    found.retain(|(kind, _)| !scanned.lot || *kind == NameKind::Lot);
                    found
                })
                .find(|found| !found.is_empty())
                .unwrap_or_default();
            let mut found = meant.clone();
            found.extend(state.names(40, |name| plain(name).contains(&wanted)));
            found.sort();
            found.dedup();
            let mut hits: Vec<Hit> = found
                .into_iter()
                .map(|(kind, id)| Hit {
                    exact: meant.contains(&(kind, id.clone())),
                    words: match kind {
                        NameKind::Lot => lots::row(
                            state,
                            &lazaret_vocabulary::event::LotId::new(id.as_str()),
                            now,
                        )
                        .map(|row| match row.why {
                            Some(why) => format!("{}, {why}", row.goods),
                            None => format!(
                                "{}, {}",
                                row.goods,
                                crate::words::name_of(&row.stage).replace('_', " ")
                            ),
                        })
                        .unwrap_or_default(),
                        NameKind::Person => state
                            .roles_of(&PersonName::new(id.as_str()))
                            .iter()
                            .map(|role| crate::words::name_of(role).replace('_', " "))
                            .collect::<Vec<_>>()
                            .join(", "),
                        _ => String::new(),
                    },
                    kind: match kind {
                        NameKind::Lot => HitKind::Lot,
                        NameKind::Vehicle => HitKind::Vehicle,
                        NameKind::Convoy => HitKind::Convoy,
                        NameKind::Manifest => HitKind::Manifest,
                        NameKind::Sample => HitKind::Sample,
                        NameKind::Person => HitKind::Person,
                        NameKind::Exception => HitKind::Exception,
                        NameKind::Departure => HitKind::Departure,
                        NameKind::Place => HitKind::Place,
                    },
                    id,
                })
                .collect();
            hits.sort_by_key(|hit| (!hit.exact, hit.id.len(), hit.kind));
            hits.truncate(20);
            hits
        })
        .await?;
    if let Some(number) = number.filter(|number| (1..=seq).contains(number)) {
        hits.truncate(19);
        hits.push(Hit {
            kind: HitKind::Record,
            id: number.to_string(),
            words: "record".into(),
            exact: typed.starts_with('#'),
        });
    }
    Ok(Json(Hits { hits }))
}

/// Vehicles at the gateway.
#[utoipa::path(get, path = "/api/vehicles", tag = "screens", params(VehicleQuery), responses((status = 200, description = "Done.", body = Page<VehicleRow>), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn vehicles(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Query(query): Query<VehicleQuery>,
) -> Answer<Page<VehicleRow>> {
    let limit = query.limit.unwrap_or(100).clamp(1, 1000) as usize;
    let after = number(query.after.as_deref())?.unwrap_or(0);
    let (page, _) = app
        .look(None, |state, now| {
            let fitting = state
                .vehicles_here()
                .filter(|view| !query.empty || view.emptied);
            let mut items: Vec<VehicleRow> = fitting
                .skip(after)
                .take(limit + 1)
                .map(|view| vehicles_view::row(state, view, &who.person, now))
                .collect();
            let more = items.len() > limit;
            items.truncate(limit);
            Page {
                items,
                next: more.then(|| (after + limit).to_string()),
                total: None,
            }
        })
        .await?;
    Ok(Json(page))
}

/// Everything about a vehicle.
#[utoipa::path(get, path = "/api/vehicles/{vehicle}", tag = "screens", params(("vehicle" = String, Path, description = "Its mark.")), responses((status = 200, description = "Done.", body = VehicleCard), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn vehicle(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Path(vehicle): Path<String>,
) -> Answer<VehicleCard> {
    let vehicle = VehicleId::new(vehicle);
    let (found, _) = app
        .look(None, |state, now| {
            let view = state.vehicle_view(&vehicle)?;
            let actions = vehicles_view::actions(state, &view, &who.person, &who.roles, now);
            let card = VehicleCard {
                row: vehicles_view::row(state, view, &who.person, now),
                lots: state
                    .lots_by(&vehicle)
                    .iter()
                    .filter_map(|lot| lots::row(state, lot, now))
                    .collect(),
                timeline: Vec::new(),
                actions,
            };
            Some((card, state.vehicle_history(&vehicle)))
        })
        .await?;
    let (mut card, seqs) =
        found.ok_or_else(|| Problem::not_found(format!("there is no vehicle {vehicle}")))?;
    let records = records(app.0.live.store(), &seqs).await?;
    card.timeline = timeline(&who.roles, &records, |what| {
        let mut named = false;
        let mut found = false;
        crate::view::timeline::names(what, &mut |kind, name| {
            if kind == "vehicle" {
                named = true;
                found |= name == vehicle.as_str();
            }
        });
        found || !named
    });
    Ok(Json(card))
}

pub(crate) fn person_row(
    state: &lazaret_ledger::State,
    view: PersonView,
    now: Timestamp,
) -> PersonRow {
    // Anything that begins would do; a wash of a vehicle that is not here fails only after its people were looked at.
    let what = Happening::VehicleWashed {
        vehicle: VehicleId::new("~trial"),
    };
    let refusal = refusal(trial(state, now, &view.person, what))
        .filter(|refusal| refusal.rule.starts_with('P'));
    let cleared = view.cleared_until.is_some_and(|until| until > now);
    PersonRow {
        days_left: view.cleared_until.map(|until| days_left(now, until)),
        cleared,
        cleared_until: when(view.cleared_until),
        person: view.person,
        roles: view.roles,
        agents: view.agents,
        on_shift: view.on_shift,
        dirty: view.dirty,
        sick: view.sick,
        refusal,
    }
}

/// Crew board.
#[utoipa::path(get, path = "/api/people", tag = "screens", responses((status = 200, description = "Done.", body = Vec<PersonRow>), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn people(State(app): State<App>) -> Answer<Vec<PersonRow>> {
    let (rows, _) = app
        .look(None, |state, now| {
            let mut rows: Vec<PersonRow> = state
                .people()
                .filter(|view| !view.roles.is_empty() || view.cleared_until.is_some())
                .map(|view| person_row(state, view, now))
                .collect();
            rows.sort_by(|a, b| a.person.cmp(&b.person));
            rows
        })
        .await?;
    Ok(Json(rows))
}

/// Everything about a person's work.
#[utoipa::path(get, path = "/api/people/{person}", tag = "screens", params(("person" = String, Path, description = "Who.")), responses((status = 200, description = "Done.", body = PersonCard), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn person(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Path(person): Path<String>,
) -> Answer<PersonCard> {
    let person = PersonName::new(person);
    let (found, seq) = app
        .look(None, |state, now| {
            state
                .people()
                .find(|view| view.person == person)
                .map(|view| person_row(state, view, now))
        })
        .await?;
    let row = found.ok_or_else(|| Problem::not_found(format!("nobody is called {person}")))?;
    let mut said = Vec::new();
    let mut before = seq + 1;
    // Looked for in the latest records only: this is a board, not the audit.
    for _ in 0..20 {
        let rows = app.0.live.store().before(before, 1000).await?;
        let Some(last) = rows.last() else { break };
        before = last.seq;
        for stored in &rows {
            let record = stored.record()?;
            if record.by == person {
                said.push(record);
            }
        }
        if said.len() >= 200 {
            break;
        }
    }
    said.truncate(200);
    Ok(Json(PersonCard {
        row,
        timeline: timeline(&who.roles, &said, |_| true),
    }))
}

/// * `roles` — of the reader.
fn exception_row(roles: &[Role], view: &lazaret_ledger::ExceptionView) -> ExceptionRow {
    ExceptionRow {
        exception: view.exception.clone(),
        open: view.open,
        opened_at: view.opened_at.into(),
        seq: view.record,
        because: health::because(roles, &view.because),
        lots: view.lots.len() as u64,
        recalled: view.recalled.len() as u64,
        first: view.lots.iter().take(5).cloned().collect(),
    }
}

/// Exceptions, the latest first.
#[utoipa::path(get, path = "/api/exceptions", tag = "screens", params(ExceptionQuery), responses((status = 200, description = "Done.", body = Page<ExceptionRow>), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn exceptions(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Query(query): Query<ExceptionQuery>,
) -> Answer<Page<ExceptionRow>> {
    let limit = query.limit.unwrap_or(100).clamp(1, 1000) as usize;
    let after = number(query.after.as_deref())?.unwrap_or(0);
    let (views, _) = app
        .look(None, |state, _| state.exceptions(!query.all))
        .await?;
    let items = views
        .iter()
        .skip(after)
        .take(limit)
        .map(|view| exception_row(&who.roles, view))
        .collect();
    Ok(Json(Page {
        items,
        next: (after + limit < views.len()).then(|| (after + limit).to_string()),
        total: Some(views.len() as u64),
    }))
}

/// Everything about an exception, with its contact graph.
#[utoipa::path(get, path = "/api/exceptions/{exception}", tag = "screens", params(("exception" = String, Path, description = "Which.")), responses((status = 200, description = "Done.", body = ExceptionCard), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn exception(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Path(exception): Path<String>,
) -> Answer<ExceptionCard> {
    let exception = ExceptionId::new(exception);
    let (found, _) = app
        .look(None, |state, now| {
            let view = state
                .exceptions(false)
                .into_iter()
                .find(|view| view.exception == exception)?;
            let closed = Happening::from(Entry::ExceptionClosed {
                exception: exception.clone(),
                because: "trial".into(),
            });
            let allowed = lazaret_ledger::role::roles_for(&closed);
            let mut actions = Vec::new();
            if view.open && who.roles.iter().any(|role| allowed.contains(role)) {
                let refusal = refusal(trial(state, now, &who.person, closed));
                actions.push(Action {
                    event: "exception_closed".into(),
                    possible: refusal.is_none(),
                    refusal,
                });
            }
            Some((view, actions))
        })
        .await?;
    let (view, actions) =
        found.ok_or_else(|| Problem::not_found(format!("there is no exception {exception}")))?;
    // Its own record tells who was stopped and by which contact; later ones may have closed it.
    let mut seqs = vec![view.record];
    if let Some(lot) = view.lots.first().or(view.recalled.first()) {
        let (more, _) = app.look(None, |state, _| state.lot_history(lot)).await?;
        seqs.extend(more.into_iter().filter(|seq| *seq > view.record));
    }
    let records = records(app.0.live.store(), &seqs).await?;
    let mut closure = Closure::default();
    for event in records.iter().flat_map(|record| &record.events) {
        if let Happening::Entry(
            Entry::LotFrozen {
                lot,
                exception: of,
                link,
            }
            | Entry::LotRecalled {
                lot,
                exception: of,
                link,
            },
        ) = &event.happening
            && *of == exception
            && !closure.reached.iter().any(|known| known.lot == *lot)
        {
            closure.reached.push(Chained {
                lot: lot.clone(),
                since: event.at,
                link: link.clone(),
            });
        }
    }
    let (graph, _) = app
        .look(None, |state, now| lots::graph(state, &closure, now))
        .await?;
    Ok(Json(ExceptionCard {
        row: exception_row(&who.roles, &view),
        graph,
        timeline: timeline(&who.roles, &records, |what| match what {
            Happening::Entry(Entry::ExceptionClosed { exception: of, .. }) => *of == exception,
            Happening::Entry(Entry::LotFrozen { .. } | Entry::LotRecalled { .. }) => false,
            _ => true,
        })
        .into_iter()
        .filter(|item| item.seq == view.record || item.words.contains("settled"))
        .collect(),
        stopped: view.lots,
        called_back: view.recalled,
        actions,
    }))
}

/// Protocols and rules.
#[utoipa::path(get, path = "/api/protocols", tag = "screens", responses((status = 200, description = "Done.", body = ProtocolsView), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn protocols(State(app): State<App>) -> Result<Response, Problem> {
    let (view, _) = app
        .look(None, |state, now| {
            let all: Vec<&Protocol> = state.protocols().collect();
            let mut rows: Vec<ProtocolRow> = all
                .iter()
                .enumerate()
                .map(|(at, protocol)| ProtocolRow {
                    protocol: (*protocol).clone(),
                    in_force: protocol.from <= now
                        && !all.iter().enumerate().any(|(other, later)| {
                            later.protocol == protocol.protocol
                                && later.from <= now
                                && (later.from, other) > (protocol.from, at)
                        }),
                    adopted: at as u32 + 1,
                })
                .collect();
            rows.reverse();
            ProtocolsView {
                rules: state.rules().cloned(),
                protocols: rows,
                version: rules_version(state),
            }
        })
        .await?;
    let tag = HeaderValue::try_from(format!("\"{}\"", view.version))
        .map_err(|error| Problem::internal(error.to_string()))?;
    let mut response = Json(view).into_response();
    response.headers_mut().insert(header::ETAG, tag);
    Ok(response)
}

/// What a protocol would change before it is adopted.
#[utoipa::path(post, path = "/api/protocols/preview", tag = "screens", request_body = PreviewRequest, responses((status = 200, description = "Done.", body = Preview), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn preview_protocol(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Json(body): Json<serde_json::Value>,
) -> Answer<Preview> {
    let example = lazaret_vocabulary::strict::example_of("protocol_adopted")
        .map(|adopted| serde_json::json!({ "protocol": adopted["protocol"] }))
        .unwrap_or_default();
    let body: PreviewRequest = lazaret_vocabulary::strict::read(&body, &example)
        .map_err(|misread| Problem::bad_request(misread.to_string()))?;
    let (preview, _) = app
        .look(None, |state, now| {
            let adopted = Entry::ProtocolAdopted {
                protocol: Box::new(body.protocol.clone()),
            };
            let refusal = refusal(trial(state, now, &who.person, adopted.into()));
            let moved = state.preview(&body.protocol);
            let weaker = state.weaker_protocol(&body.protocol);
            Preview {
                weaker: weaker.iter().map(ToString::to_string).collect(),
                weaker_data: weaker,
                total: moved.len() as u64,
                unreleased: moved.iter().filter(|lot| lot.unreleased).count() as u64,
                moved: moved
                    .into_iter()
                    .take(10_000)
                    .map(|lot| MovedLot {
                        lot: lot.lot,
                        before: when(lot.before),
                        after: when(lot.after),
                        more_tests: lot.more_tests,
                        signatures: lot.signatures,
                        unreleased: lot.unreleased,
                    })
                    .collect(),
                refusal,
            }
        })
        .await?;
    Ok(Json(preview))
}

/// A position in a list, as `next` gave it.
pub(crate) fn number(after: Option<&str>) -> Result<Option<usize>, Problem> {
    after
        .map(|text| {
            text.parse()
                .map_err(|_| Problem::bad_request("`after` is the `next` of the page before"))
        })
        .transpose()
}
