//! Session and tokens.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use jiff::{SignedDuration, Timestamp};
use lazaret_bridge::founding_protocols;
use lazaret_store::Token;
use lazaret_vocabulary::event::entry::{Entry, PersonName, Role};

use crate::access::{Access, ROUTES, allows};
use crate::api::common::{Answer, Problem};
use crate::api::session::{
    ChangePassword, Join, MadeToken, NewToken, Preferences, Screen, SessionView, Setup, SetupView,
    SignIn, TokenView,
};
use crate::app::App;
use crate::guard::{From as Address, SESSION, Who, cookies, set_cookie};
use crate::secrets::{Secret, fits, hash};
use crate::vocabulary::EVENTS;

/// Whether the first administrator is still to be made.
#[utoipa::path(get, path = "/api/setup", tag = "session", responses((status = 200, description = "Done.", body = SetupView), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn setup_state(State(app): State<App>) -> Answer<SetupView> {
    let needed = app
        .0
        .setup
        .read()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .is_some();
    Ok(Json(SetupView {
        needed,
        demo_accounts: app.demo_accounts(),
    }))
}

/// Makes the first administrator with the one-time link, and signs them in.
#[utoipa::path(post, path = "/api/setup", tag = "session", request_body = Setup, responses((status = 200, description = "Done.", body = SessionView), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn setup(
    State(app): State<App>,
    Extension(Address(from)): Extension<Address>,
    Json(body): Json<Setup>,
) -> Result<Response, Problem> {
    app.0.limits.guess(from)?;
    let shown = Secret::of(&body.token);
    let wrong = || Problem::not_allowed("this link was used, or is of another start of the server");
    let known = *app
        .0
        .setup
        .read()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if known != Some(shown) || app.has_administrator().await? {
        return Err(wrong());
    }
    let typed = person_name(&body.person)?;
    // A ledger that came from elsewhere has its administrators: one of them is taken over, not somebody new made.
    let ((person, known), _) = app
        .look(None, |state, _| {
            (state.spelling_of(&typed), administrators(state))
        })
        .await?;
    if !known.is_empty() && !known.contains(&person) {
        let names: Vec<&str> = known.iter().map(PersonName::as_str).collect();
        return Err(Problem::bad_request(format!(
            "this ledger is administered by {}; write that name to take the account over",
            names.join(" or ")
        )));
    }
    let hashed = hash_apart(&app, body.password).await?;
    // From here on the link is used up, whoever else holds it.
    let taken = app
        .0
        .setup
        .write()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .take_if(|secret| *secret == shown)
        .is_some();
    if !taken {
        return Err(wrong());
    }
    let now = Timestamp::now();
    let appointed = if known.is_empty() {
        let appointed = Entry::PersonAppointed {
            person: person.clone(),
            roles: vec![Role::Administrator],
        };
        super::commands::say(&app, &person, appointed)
            .await
            .map(drop)
    } else {
        Ok(())
    };
    if let Err(problem) = appointed {
        *app.0
            .setup
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = Some(shown);
        return Err(problem);
    }
    app.0.office.make_account(person.as_str(), now).await?;
    app.0.office.set_password(person.as_str(), &hashed).await?;
    // A ledger without protocols begins with those that follow from the gateway file.
    let (bare, _) = app
        .look(None, |state, _| state.protocols().next().is_none())
        .await?;
    if bare {
        let from = app.0.live.now();
        for protocol in founding_protocols(&app.0.gateway, from, 2) {
            let adopted = Entry::ProtocolAdopted {
                protocol: Box::new(protocol),
            };
            super::commands::say(&app, &person, adopted).await?;
        }
    }
    sign_in_as(&app, person).await
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
#[utoipa::path(post, path = "/api/join", tag = "session", request_body = Join, responses((status = 200, description = "Done.", body = SessionView), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn join(
    State(app): State<App>,
    Extension(Address(from)): Extension<Address>,
    Json(body): Json<Join>,
) -> Result<Response, Problem> {
    app.0.limits.guess(from)?;
    let now = Timestamp::now();
    let secret = Secret::of(&body.token).0;
    let wrong = || {
        Problem::not_allowed("this link was used or is too old; ask the administrator for another")
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
#[utoipa::path(post, path = "/api/session", tag = "session", request_body = SignIn, responses((status = 200, description = "Done.", body = SessionView), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
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
    let hashed = account
        .as_ref()
        .filter(|account| !account.disabled)
        .and_then(|account| account.password.clone());
    let _permit = app.0.hashing.acquire().await;
    let good = tokio::task::spawn_blocking(move || fits(&body.password, hashed.as_deref()))
        .await
        .unwrap_or(false);
    match account {
        Some(account) if good => {
            app.0.limits.came_in(from, person.as_str());
            // A demonstration has a time of its own.
            if let Some(says) = body.clock.filter(|_| app.0.demo.is_none()) {
                app.0.live.device_clock(&account.person, says.0);
            }
            sign_in_as(&app, PersonName::new(account.person)).await
        }
        _ => Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "wrong-password",
            "name or password is wrong",
            "try again, or ask the administrator for a link to set a new password",
        )),
    }
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/session", tag = "session", responses((status = 200, description = "Done.", body = SessionView), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn session(
    State(app): State<App>,
    Extension(who): Extension<Who>,
) -> Answer<SessionView> {
    Ok(Json(session_view(&app, who.person, who.until).await?))
}

/// Signs out.
#[utoipa::path(delete, path = "/api/session", tag = "session", responses((status = 204, description = "Done."), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
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
#[utoipa::path(put, path = "/api/session/password", tag = "session", request_body = ChangePassword, responses((status = 204, description = "Done."), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn change_password(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Extension(Address(from)): Extension<Address>,
    Json(body): Json<ChangePassword>,
) -> Result<StatusCode, Problem> {
    app.0.limits.sign_in(from, who.person.as_str())?;
    let account = app.0.office.account(who.person.as_str()).await?;
    let hashed = account.and_then(|account| account.password);
    let good = {
        let _permit = app.0.hashing.acquire().await;
        tokio::task::spawn_blocking(move || fits(&body.present, hashed.as_deref()))
            .await
            .unwrap_or(false)
    };
    if !good {
        return Err(Problem::not_allowed("the present password is wrong"));
    }
    let hashed = hash_apart(&app, body.new).await?;
    app.0
        .office
        .set_password(who.person.as_str(), &hashed)
        .await?;
    let own = who.session.map(|key| key.0);
    app.0
        .office
        .end_all(who.person.as_str(), own.as_ref())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What one set up for oneself.
#[utoipa::path(get, path = "/api/preferences", tag = "session", responses((status = 200, description = "Done.", body = Preferences), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
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
#[utoipa::path(put, path = "/api/preferences", tag = "session", request_body = Preferences, responses((status = 204, description = "Done."), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn set_preferences(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Json(body): Json<Preferences>,
) -> Result<StatusCode, Problem> {
    let text = serde_json::to_string(&body.values)
        .map_err(|error| Problem::bad_request(error.to_string()))?;
    if text.len() > 64 << 10 {
        return Err(Problem::bad_request("at most 64 KiB can be kept"));
    }
    app.0
        .office
        .set_preference(who.person.as_str(), &text)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// One's API tokens.
#[utoipa::path(get, path = "/api/tokens", tag = "session", responses((status = 200, description = "Done.", body = Vec<TokenView>), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn tokens(
    State(app): State<App>,
    Extension(who): Extension<Who>,
) -> Answer<Vec<TokenView>> {
    let tokens = app.0.office.tokens(who.person.as_str()).await?;
    Ok(Json(tokens.into_iter().map(token_view).collect()))
}

/// Makes an API token, shown once.
#[utoipa::path(post, path = "/api/tokens", tag = "session", request_body = NewToken, responses((status = 201, description = "Done.", body = MadeToken), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn make_token(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Json(body): Json<NewToken>,
) -> Result<(StatusCode, Json<MadeToken>), Problem> {
    if who.session.is_none() {
        return Err(Problem::not_allowed(
            "a token cannot make another: sign in with a password",
        ));
    }
    if !(1..=366).contains(&body.days) || body.label.trim().is_empty() || body.label.len() > 200 {
        return Err(Problem::bad_request(
            "a token has a label of 1 to 200 characters and works 1 to 366 days",
        ));
    }
    let now = Timestamp::now();
    let (text, secret) = Secret::new()?;
    let mut token = Token {
        id: 0,
        person: who.person.as_str().into(),
        label: body.label.trim().into(),
        created: now,
        until: now + SignedDuration::from_hours(24 * i64::from(body.days)),
        seen: None,
        read_only: body.read_only,
    };
    token.id = app.0.office.make_token(&secret.0, &token).await?;
    Ok((
        StatusCode::CREATED,
        Json(MadeToken {
            secret: text,
            token: token_view(token),
        }),
    ))
}

/// Revokes an API token.
#[utoipa::path(delete, path = "/api/tokens/{id}", tag = "session", params(("id" = u64, Path, description = "Its number.")), responses((status = 204, description = "Done."), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
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
        return Err(Problem::bad_request("a name does not begin with ~"));
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
