//! Session and tokens.

use std::sync::PoisonError;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use jiff::{SignedDuration, Timestamp};
use lazaret_bridge::founding_protocols;
use lazaret_store::Token;
use lazaret_vocabulary::event::entry::{Entry, PersonName, Role};

use crate::access::{Access, ROUTES, allows};
use crate::api::common::{Answer, NotDone, Problem};
use crate::api::session::{
    ChangePassword, Join, MadeToken, NewToken, Preferences, Screen, SessionView, Setup, SetupView,
    SignIn, TokenView,
};
use crate::app::App;
use crate::guard::{From as Address, SESSION, Who, cookies, set_cookie};
use crate::secrets::{Secret, fits, hash};
use crate::vocabulary::EVENTS;

/// Whether the first administrator is still to be made.
#[utoipa::path(get, path = "/api/setup", tag = "session", responses((status = 200, description = "Done.", body = SetupView), NotDone))]
pub(crate) async fn setup_state(State(app): State<App>) -> Answer<SetupView> {
    Ok(Json(SetupView {
        needed: the_link(&app).is_some(),
        demo_accounts: app.demo_accounts(),
    }))
}

/// Makes the first administrator with the one-time link, and signs them in.
#[utoipa::path(post, path = "/api/setup", tag = "session", request_body = Setup, responses((status = 200, description = "Done.", body = SessionView), NotDone))]
pub(crate) async fn setup(
    State(app): State<App>,
    Extension(Address(from)): Extension<Address>,
    Json(body): Json<Setup>,
) -> Result<Response, Problem> {
    app.0.limits.guess(from)?;
    let shown = Secret::of(&body.token);
    if the_link(&app) != Some(shown) || app.has_administrator().await? {
        return Err(link_used());
    }
    nothing_open(&app).await?;
    let (person, new) = first_administrator(&app, &body.person).await?;
    let hashed = hash_apart(&app, body.password).await?;
    // From here on the link is used up, whoever else holds it.
    if !take_link(&app, shown) {
        return Err(link_used());
    }
    if new {
        appoint(&app, &person, shown).await?;
    }
    make_account(&app, &person, &hashed).await?;
    adopt_founding_protocols(&app, &person).await?;
    sign_in_as(&app, person).await
}

async fn make_account(app: &App, person: &PersonName, hashed: &str) -> Result<(), Problem> {
    let now = Timestamp::now();
    app.0.office.make_account(person.as_str(), now).await?;
    app.0.office.set_password(person.as_str(), hashed).await?;
    Ok(())
}

fn link_used() -> Problem {
    Problem::not_allowed("this link was used, or comes from an earlier start of the server")
}

/// The one-time link of the first administrator.
fn the_link(app: &App) -> Option<Secret> {
    *app.0.setup.read().unwrap_or_else(PoisonError::into_inner)
}

/// Uses the link up; whether it was there.
fn take_link(app: &App, shown: Secret) -> bool {
    let mut link = app.0.setup.write().unwrap_or_else(PoisonError::into_inner);
    link.take_if(|secret| *secret == shown).is_some()
}

/// Who the first administrator is to be, and whether they must be appointed. A ledger that came from elsewhere has its
/// administrators: one of them is taken over, not somebody new made.
async fn first_administrator(app: &App, typed: &str) -> Result<(PersonName, bool), Problem> {
    let typed = person_name(typed)?;
    let ((person, known), _) = app
        .look(None, |state, _| {
            (state.spelling_of(&typed), administrators(state))
        })
        .await?;
    if !known.is_empty() && !known.contains(&person) {
        let names: Vec<&str> = known.iter().map(PersonName::as_str).collect();
        return Err(Problem::bad_request(format!(
            "this ledger is administered by {}; enter that name to take over the account",
            names.join(" or ")
        )));
    }
    Ok((person, known.is_empty()))
}

/// Appoints the first administrator; the link is good again if that fails.
async fn appoint(app: &App, person: &PersonName, link: Secret) -> Result<(), Problem> {
    let appointed = Entry::PersonAppointed {
        person: person.clone(),
        roles: vec![Role::Administrator],
    };
    let said = super::commands::say(app, person, appointed).await;
    if said.is_err() {
        let mut kept = app.0.setup.write().unwrap_or_else(PoisonError::into_inner);
        *kept = Some(link);
    }
    said.map(drop)
}

/// That nothing is left open that a ledger without protocols would begin with. The start asks; a server that took over from
/// one that was started otherwise must not choose for it.
async fn nothing_open(app: &App) -> Result<(), Problem> {
    let (bare, _) = app
        .look(None, |state, _| state.protocols().next().is_none())
        .await?;
    match app.0.stated.missing(&app.0.gateway).first() {
        Some(open) if bare => Err(Problem::unavailable(format!(
            "the gateway file leaves open what the protocols need ({open}); start the server with {}",
            open.flag()
        ))),
        _ => Ok(()),
    }
}

/// A ledger without protocols begins with those that follow from the gateway file.
async fn adopt_founding_protocols(app: &App, person: &PersonName) -> Result<(), Problem> {
    let (bare, _) = app
        .look(None, |state, _| state.protocols().next().is_none())
        .await?;
    if !bare {
        return Ok(());
    }
    let from = app.0.live.now();
    for protocol in founding_protocols(&app.0.gateway, from, 2, &app.0.stated) {
        let adopted = Entry::ProtocolAdopted {
            protocol: Box::new(protocol),
        };
        super::commands::say(app, person, adopted).await?;
    }
    Ok(())
}

/// Who administers a ledger by its records.
pub(crate) fn administrators(state: &lazaret_ledger::State) -> Vec<PersonName> {
    state
        .people()
        .filter(|person| person.roles.contains(&Role::Administrator))
        .map(|person| person.person)
        .collect()
}

/// Sets the password of an account by its one-time link, and signs in.
#[utoipa::path(post, path = "/api/join", tag = "session", request_body = Join, responses((status = 200, description = "Done.", body = SessionView), NotDone))]
pub(crate) async fn join(
    State(app): State<App>,
    Extension(Address(from)): Extension<Address>,
    Json(body): Json<Join>,
) -> Result<Response, Problem> {
    app.0.limits.guess(from)?;
    let now = Timestamp::now();
    let secret = Secret::of(&body.token).0;
    let wrong = || {
        Problem::not_allowed("this link was used or has expired; ask the administrator for another")
    };
    // Only who has a link may have a password hashed, which is slow: strangers could hold up everybody's sign-in.
    if app.0.office.link(&secret, now).await?.is_none() {
        return Err(wrong());
    }
    // The password before the link is used up: it should not be lost over one that is too short.
    let hashed = hash_apart(&app, body.password).await?;
    let Some(person) = app.0.office.use_link(&secret, now).await? else {
        return Err(wrong());
    };
    app.0.office.set_password(&person, &hashed).await?;
    app.0.office.end_all(&person, None).await?;
    sign_in_as(&app, PersonName::new(person)).await
}

/// Signs in: sets the session cookie.
#[utoipa::path(post, path = "/api/session", tag = "session", request_body = SignIn, responses((status = 200, description = "Done.", body = SessionView), NotDone))]
pub(crate) async fn sign_in(
    State(app): State<App>,
    Extension(Address(from)): Extension<Address>,
    Json(body): Json<SignIn>,
) -> Result<Response, Problem> {
    let typed = PersonName::new(body.person.trim());
    let (person, _) = app.look(None, |state, _| state.spelling_of(&typed)).await?;
    // By the name that is meant: other spellings of it are not other accounts.
    app.0.limits.sign_in(from, person.as_str())?;
    let account = app.0.office.account(person.as_str()).await?;
    let open = account.as_ref().filter(|account| !account.disabled);
    let hashed = open.and_then(|account| account.password.clone());
    let good = fits_apart(&app, body.password, hashed).await;
    let Some(account) = account.filter(|_| good) else {
        return Err(wrong_password());
    };
    app.0.limits.came_in(from, person.as_str());
    // A demonstration has a time of its own.
    if let Some(says) = body.clock.filter(|_| app.0.demo.is_none()) {
        app.0.live.device_clock(&account.person, says.0);
    }
    sign_in_as(&app, PersonName::new(account.person)).await
}

fn wrong_password() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "wrong-password",
        "name or password is wrong",
        "try again, or ask the administrator for a link to set a new password",
    )
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/session", tag = "session", responses((status = 200, description = "Done.", body = SessionView), NotDone))]
pub(crate) async fn session(
    State(app): State<App>,
    Extension(who): Extension<Who>,
) -> Answer<SessionView> {
    Ok(Json(session_view(&app, who.person, who.until).await?))
}

/// Signs out.
#[utoipa::path(delete, path = "/api/session", tag = "session", responses((status = 204, description = "Done."), NotDone))]
pub(crate) async fn sign_out(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    for text in cookies(&app, &headers) {
        app.0.office.end_session(&Secret::of(text).0).await?;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    let gone = set_cookie(&app, "", SignedDuration::ZERO)?;
    response.headers_mut().insert(header::SET_COOKIE, gone);
    Ok(response)
}

/// Changes one's password; other sessions and all API tokens end.
#[utoipa::path(put, path = "/api/session/password", tag = "session", request_body = ChangePassword, responses((status = 204, description = "Done."), NotDone))]
pub(crate) async fn change_password(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Extension(Address(from)): Extension<Address>,
    Json(body): Json<ChangePassword>,
) -> Result<StatusCode, Problem> {
    let (office, person) = (&app.0.office, who.person.as_str());
    app.0.limits.sign_in(from, person)?;
    let account = office.account(person).await?;
    let hashed = account.and_then(|account| account.password);
    if !fits_apart(&app, body.present, hashed).await {
        return Err(Problem::not_allowed("the current password is wrong"));
    }
    let hashed = hash_apart(&app, body.new).await?;
    office.set_password(person, &hashed).await?;
    let own = who.session.map(|key| key.0);
    office.end_all(person, own.as_ref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What one set up for oneself.
#[utoipa::path(get, path = "/api/preferences", tag = "session", responses((status = 200, description = "Done.", body = Preferences), NotDone))]
pub(crate) async fn preferences(
    State(app): State<App>,
    Extension(who): Extension<Who>,
) -> Answer<Preferences> {
    let kept = app.0.office.preference(who.person.as_str()).await?;
    let values = kept
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default();
    Ok(Json(Preferences { values }))
}

/// Keeps what one set up.
#[utoipa::path(put, path = "/api/preferences", tag = "session", request_body = Preferences, responses((status = 204, description = "Done."), NotDone))]
pub(crate) async fn set_preferences(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Json(body): Json<Preferences>,
) -> Result<StatusCode, Problem> {
    let text = serde_json::to_string(&body.values)
        .map_err(|error| Problem::bad_request(error.to_string()))?;
    if text.len() > 64 << 10 {
        return Err(Problem::bad_request("at most 64 KiB can be stored"));
    }
    app.0
        .office
        .set_preference(who.person.as_str(), &text)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// One's API tokens.
#[utoipa::path(get, path = "/api/tokens", tag = "session", responses((status = 200, description = "Done.", body = Vec<TokenView>), NotDone))]
pub(crate) async fn tokens(
    State(app): State<App>,
    Extension(who): Extension<Who>,
) -> Answer<Vec<TokenView>> {
    let tokens = app.0.office.tokens(who.person.as_str()).await?;
    Ok(Json(tokens.into_iter().map(token_view).collect()))
}

/// Makes an API token, shown once.
#[utoipa::path(post, path = "/api/tokens", tag = "session", request_body = NewToken, responses((status = 201, description = "Done.", body = MadeToken), NotDone))]
pub(crate) async fn make_token(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Json(body): Json<NewToken>,
) -> Result<(StatusCode, Json<MadeToken>), Problem> {
    let mut token = token_of(&who, &body)?;
    let (text, secret) = Secret::new()?;
    token.id = app.0.office.make_token(&secret.0, &token).await?;
    let made = MadeToken {
        secret: text,
        token: token_view(token),
    };
    Ok((StatusCode::CREATED, Json(made)))
}

/// The token that is asked for, not yet kept.
fn token_of(who: &Who, body: &NewToken) -> Result<Token, Problem> {
    if who.session.is_none() {
        return Err(Problem::not_allowed(
            "a token cannot create another one; sign in with a password",
        ));
    }
    if !(1..=366).contains(&body.days) || body.label.trim().is_empty() || body.label.len() > 200 {
        return Err(Problem::bad_request(
            "a token has a label of 1 to 200 characters and is valid for 1 to 366 days",
        ));
    }
    let now = Timestamp::now();
    Ok(Token {
        id: 0,
        person: who.person.as_str().into(),
        label: body.label.trim().into(),
        created: now,
        until: now + SignedDuration::from_hours(24 * i64::from(body.days)),
        seen: None,
        read_only: body.read_only,
    })
}

/// Revokes an API token.
#[utoipa::path(delete, path = "/api/tokens/{id}", tag = "session", params(("id" = u64, Path, description = "Its number.")), responses((status = 204, description = "Done."), NotDone))]
pub(crate) async fn revoke_token(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Path(id): Path<u64>,
) -> Result<StatusCode, Problem> {
    if app.0.office.revoke_token(who.person.as_str(), id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found(format!("you have no token {id}")))
    }
}

pub(crate) fn token_view(token: Token) -> TokenView {
    TokenView {
        id: token.id,
        person: PersonName::new(token.person),
        label: token.label,
        created: token.created.into(),
        until: token.until.into(),
        last_used: token.seen.map(Into::into),
        read_only: token.read_only,
    }
}

/// A name fit for a person.
pub(crate) fn person_name(text: &str) -> Result<PersonName, Problem> {
    let name = lazaret_ledger::spelling::clean(text)
        .map_err(|error| Problem::bad_request(format!("{error}; write another name")))?;
    if name.starts_with('~') {
        return Err(Problem::bad_request("a name must not begin with ~"));
    }
    Ok(PersonName::new(name.as_ref()))
}

/// Hashes a password beside the server's other work.
pub(crate) async fn hash_apart(app: &App, password: String) -> Result<String, Problem> {
    let _permit = app.0.hashing.acquire().await;
    tokio::task::spawn_blocking(move || hash(&password))
        .await
        .map_err(|error| Problem::internal(error.to_string()))?
}

/// Compares a password beside the server's other work.
async fn fits_apart(app: &App, password: String, hashed: Option<String>) -> bool {
    let _permit = app.0.hashing.acquire().await;
    tokio::task::spawn_blocking(move || fits(&password, hashed.as_deref()))
        .await
        .unwrap_or(false)
}

async fn sign_in_as(app: &App, person: PersonName) -> Result<Response, Problem> {
    let now = Timestamp::now();
    let until = now + SESSION;
    let (text, secret) = Secret::new()?;
    app.0
        .office
        .open_session(&secret.0, person.as_str(), now, until)
        .await?;
    app.0.office.saw(person.as_str(), now).await?;
    let view = session_view(app, person, until).await?;
    let mut response = Json(view).into_response();
    let cookie = set_cookie(app, &text, SESSION)?;
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

async fn session_view(
    app: &App,
    person: PersonName,
    until: Timestamp,
) -> Result<SessionView, Problem> {
    let ((roles, zone, now), seq) = app
        .look(None, |state, now| {
            (state.roles_of(&person), app.zone(state), now)
        })
        .await?;
    let may_say = EVENTS
        .iter()
        .filter(|(_, allowed)| roles.iter().any(|role| allowed.contains(role)))
        .map(|(name, _)| (*name).to_owned())
        .collect();
    Ok(SessionView {
        clock: app.clock_view().await?,
        screens: screens(&roles)
            .into_iter()
            .filter(|screen| *screen != Screen::Board || app.0.board.is_some())
            .collect(),
        may_say,
        expires: until.into(),
        gateway: app.0.gateway.name.clone(),
        time_zone: zone.iana_name().unwrap_or("UTC").into(),
        now: now.into(),
        demo: app.0.demo.is_some(),
        seq,
        person,
        roles,
    })
}

/// Screens in the order of the flow; those whose lists the roles may not read are left out.
fn screens(roles: &[Role]) -> Vec<Screen> {
    let all = [
        (Screen::Today, "/api/today"),
        (Screen::Arrivals, "/api/arrivals"),
        (Screen::Site, "/api/site"),
        (Screen::Holds, "/api/holds"),
        (Screen::Tests, "/api/tests"),
        (Screen::Release, "/api/release-queue"),
        (Screen::Dispatch, "/api/dispatch"),
        (Screen::Vehicles, "/api/vehicles"),
        (Screen::People, "/api/people"),
        (Screen::Exceptions, "/api/exceptions"),
        (Screen::Protocols, "/api/protocols"),
        (Screen::Audit, "/api/audit/records"),
        (Screen::Board, "/api/board"),
        (Screen::Accounts, "/api/accounts"),
    ];
    all.into_iter()
        .filter(|(_, path)| {
            ROUTES
                .iter()
                .find(|(method, route, ..)| *method == "GET" && route == path)
                .is_some_and(|(_, _, access, _)| {
                    *access != Access::Public && allows(*access, roles)
                })
        })
        .map(|(screen, _)| screen)
        .collect()
}
