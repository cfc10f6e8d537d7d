//! What stands before every handler: who asks, may they, from where, how often; and what every answer carries.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Instant;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use lazaret_vocabulary::event::entry::{PersonName, Role};

use crate::access::{self, Access};
use crate::api::common::Problem;
use crate::app::App;
use crate::secrets::Secret;

/// The name of the session's cookie.
pub(crate) const COOKIE: &str = "lazaret";
/// How long a session lasts without being used.
pub(crate) const SESSION: SignedDuration = SignedDuration::from_hours(12);

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Who {
    pub(crate) person: PersonName,
    pub(crate) roles: Vec<Role>,
    /// The session, unless an API token was shown.
    pub(crate) session: Option<SessionKey>,
    pub(crate) until: Timestamp,
}

/// A session by the digest of its secret.
#[derive(Clone, Copy)]
pub(crate) struct SessionKey(pub(crate) [u8; 32]);

impl std::fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionKey(..)")
    }
}

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct From(pub(crate) IpAddr);

/// Lets a request through to its handler, or not.
pub(crate) async fn guard(
    State(app): State<App>,
    matched: MatchedPath,
    mut request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let method = request.method().clone();
    let route = matched.as_str().to_owned();
    let response = match admit(&app, &matched, &mut request).await {
        Ok(()) => as_problem(next.run(request).await).await,
        Err(problem) => problem.into_response(),
    };
    let took = began.elapsed();
    let status = response.status();
    app.0
        .metrics
        .note(method.as_str(), &route, status.as_u16(), took);
    // Never the path itself: it may hold the secret of a one-time link.
    tracing::info!(%method, route, status = status.as_u16(), took_us = took.as_micros() as u64, "answered");
    response
}

/// What the framework says in plain text when it cannot read a request, as a problem like all others.
async fn as_problem(response: Response) -> Response {
    let status = response.status();
    let plain = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    if !(status.is_client_error() && plain) {
        return response;
    }
    let text = axum::body::to_bytes(response.into_body(), 16 << 10)
        .await
        .unwrap_or_default();
    let detail = String::from_utf8_lossy(&text).into_owned();
    let mut problem = Problem::bad_request(detail);
    problem.status = status.as_u16();
    problem.into_response()
}

async fn admit(app: &App, matched: &MatchedPath, request: &mut Request) -> Result<(), Problem> {
    let from = address(app, request);
    request.extensions_mut().insert(From(from));
    let Some((access, noted)) = access::line(request.method(), matched.as_str()) else {
        // The path is one of ours; only the method is not.
        return Err(Problem::wrong_method());
    };
    let safe = matches!(*request.method(), Method::GET | Method::HEAD);
    if access == Access::Public {
        if app.0.strangers.check_key(&from).is_err() {
            return Err(too_many());
        }
        if !safe {
            same_origin(request.headers(), false)?;
        }
        return Ok(());
    }
    let who = identify(app, request.headers(), safe).await;
    let who = match who {
        Ok(who) => who,
        Err(problem) => {
            // Guessing at secrets is slowed down by address.
            if app.0.strangers.check_key(&from).is_err() {
                return Err(too_many());
            }
            return Err(problem);
        }
    };
    if app
        .0
        .requests
        .check_key(&who.person.as_str().to_owned())
        .is_err()
    {
        return Err(too_many());
    }
    if !safe && who.session.is_some() {
        same_origin(request.headers(), true)?;
    }
    if !access::allows(access, &who.roles) {
        return Err(Problem::not_allowed(format!(
            "{} may not do this",
            who.person
        )));
    }
    if noted {
        let asked = request
            .uri()
            .path_and_query()
            .map_or("", axum::http::uri::PathAndQuery::as_str);
        app.0
            .office
            .note_read(
                Timestamp::now(),
                who.person.as_str(),
                asked,
                &from.to_string(),
            )
            .await?;
    }
    note_seen(app, &who).await?;
    request.extensions_mut().insert(who);
    Ok(())
}

/// Whose session or token a request shows.
async fn identify(app: &App, headers: &HeaderMap, safe: bool) -> Result<Who, Problem> {
    let now = Timestamp::now();
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    let (person, session, until) = if let Some(text) = bearer {
        let Some(token) = app.0.office.token(&Secret::of(text.trim()).0, now).await? else {
            return Err(Problem::not_signed_in());
        };
        if token.read_only && !safe {
            return Err(Problem::not_allowed("this API token only reads"));
        }
        let hour_ago = now - SignedDuration::from_hours(1);
        if token.seen.is_none_or(|seen| seen < hour_ago) {
            app.0.office.saw_token(token.id, now).await?;
        }
        (token.person, None, token.until)
    } else {
        let Some(text) = cookie(headers) else {
            return Err(Problem::not_signed_in());
        };
        let key = Secret::of(text).0;
        let Some(session) = app.0.office.session(&key, now).await? else {
            return Err(Problem::not_signed_in());
        };
        let mut until = session.until;
        // Used sessions live on; written at most once an hour.
        if until < now + SESSION - SignedDuration::from_hours(1) {
            until = now + SESSION;
            app.0.office.extend_session(&key, until).await?;
        }
        (session.person, Some(SessionKey(key)), until)
    };
    let person = PersonName::new(person);
    let roles = app
        .0
        .live
        .read(|state, _| state.roles_of(&person))
        .await?
        .value;
    Ok(Who {
        person,
        roles,
        session,
        until,
    })
}

/// The session's secret in the cookies of a request.
pub(crate) fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value)
}

/// That a write comes from this server's own pages.
///
/// Browsers say so in `Sec-Fetch-Site` or `Origin`. Where a cookie vouches for the sender one of them must be there;
/// API tokens are not sent by browsers on their own and need neither.
fn same_origin(headers: &HeaderMap, must_say: bool) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let foreign = || {
        Problem::not_allowed(
            "this was sent from another site's page, or by a program with a cookie; programs use API tokens",
        )
    };
    if let Some(site) = text("sec-fetch-site") {
        return match site {
            "same-origin" | "none" => Ok(()),
            _ => Err(foreign()),
        };
    }
    match (text("origin"), text("host")) {
        (Some(origin), Some(host)) => {
            let named = origin.split_once("://").map_or(origin, |(_, host)| host);
            if named == host {
                Ok(())
            } else {
                Err(foreign())
            }
        }
        (None, _) if !must_say => Ok(()),
        _ => Err(foreign()),
    }
}

fn address(app: &App, request: &Request) -> IpAddr {
    let forwarded = request
        .headers()
        .get("x-forwarded-for")
        .and_then(|value| value.to_str().ok())
        // The last is what the proxy itself saw; those before are what anybody may claim.
        .and_then(|value| value.rsplit(',').next())
        .and_then(|value| value.trim().parse().ok());
    let direct = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |info| info.0.ip());
    match forwarded {
        Some(address) if app.0.options.behind_proxy => address,
        _ => direct,
    }
}

fn too_many() -> Problem {
    let mut problem = Problem::new(
        axum::http::StatusCode::TOO_MANY_REQUESTS,
        "too-many-requests",
        "too many requests",
        "wait a little and send it again",
    );
    problem.retry_after_s = Some(5);
    problem
}

async fn note_seen(app: &App, who: &Who) -> Result<(), Problem> {
    let now = Timestamp::now();
    let stale = {
        let mut seen = app
            .0
            .seen
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let last = seen.entry(who.person.as_str().into()).or_insert(0);
        let stale = now.as_microsecond() - *last > 300_000_000;
        if stale {
            *last = now.as_microsecond();
        }
        stale
    };
    if stale {
        app.0.office.saw(who.person.as_str(), now).await?;
    }
    Ok(())
}

/// Puts on every answer what keeps a browser from being used against its user.
pub(crate) async fn headers(State(app): State<App>, request: Request, next: Next) -> Response {
    let api = request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    };
    set(
        header::CONTENT_SECURITY_POLICY,
        "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; script-src 'self'; \
         connect-src 'self'; media-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    );
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::REFERRER_POLICY, "no-referrer");
    set(
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    );
    set(
        HeaderName::from_static("permissions-policy"),
        "camera=(self), microphone=(), geolocation=()",
    );
    if api {
        set(header::CACHE_CONTROL, "no-store");
    }
    if app.0.options.secure {
        set(
            header::STRICT_TRANSPORT_SECURITY,
            "max-age=31536000; includeSubDomains",
        );
    }
    response
}
