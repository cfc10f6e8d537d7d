//! What stands before every handler: who asks, may they, from where, how often; and what every answer carries.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::LazyLock;
use std::time::Instant;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use lazaret_vocabulary::event::entry::{PersonName, Role};
use utoipa::openapi::RefOr;
use utoipa::openapi::path::ParameterIn;

use crate::access::{self, Access};
use crate::api::common::Problem;
use crate::app::App;
use crate::secrets::Secret;

/// The name of the session's cookie. Over TLS its prefix makes browsers refuse one that a neighbouring name or an
/// unencrypted page wants to set.
pub(crate) const COOKIES: [&str; 2] = ["lazaret", "__Host-lazaret"];
/// The format of the API's answers: goes up when one changes in a way that a program must know.
const FORMAT: &str = "1";
/// Cookies of that name that are looked at: one that somebody else has put there must not lock anybody out.
const COOKIES_MAX: usize = 4;
/// How long a session lasts without being used.
pub(crate) const SESSION: SignedDuration = SignedDuration::from_hours(12);

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Who {
    pub(crate) person: PersonName,
    /// The token's number, if one was shown.
    pub(crate) token: Option<u64>,
    /// The session's cookie, if it was made to last longer just now.
    pub(crate) renewed: Option<String>,
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
        Ok(renewed) => {
            let mut response = as_problem(next.run(request).await).await;
            if let Some(secret) = renewed
                && let Ok(cookie) = set_cookie(&app, &secret, SESSION)
            {
                response
                    .headers_mut()
                    .entry(header::SET_COOKIE)
                    .or_insert(cookie);
            }
            response
        }
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

/// * Returns the secret of a session that lasts longer from now on: its cookie must, too.
async fn admit(
    app: &App,
    matched: &MatchedPath,
    request: &mut Request,
) -> Result<Option<String>, Problem> {
    let from = address(app, request);
    request.extensions_mut().insert(From(from));
    let Some((access, noted)) = access::line(request.method(), matched.as_str()) else {
        // The path is one of ours; only the method is not.
        return Err(Problem::wrong_method());
    };
    let safe = matches!(*request.method(), Method::GET | Method::HEAD);
    known_parameters(request, matched.as_str())?;
    if access == Access::Public {
        if app.0.strangers.check_key(&network(from)).is_err() {
            return Err(too_many());
        }
        if !safe {
            same_origin(request.headers(), false)?;
        }
        return Ok(None);
    }
    let who = identify(app, request.headers(), safe).await;
    let who = match who {
        Ok(who) => who,
        Err(problem) => {
            // Guessing at secrets is slowed down by address.
            if app.0.strangers.check_key(&network(from)).is_err() {
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
    note_seen(app, &who);
    let renewed = who.renewed.clone();
    request.extensions_mut().insert(who);
    Ok(renewed)
}

/// Refuses what a route does not take: a parameter that is passed over answers another question than was asked.
fn known_parameters(request: &Request, route: &str) -> Result<(), Problem> {
    let query = request.uri().query().unwrap_or_default();
    if query.is_empty() {
        return Ok(());
    }
    let method = match *request.method() {
        Method::HEAD => Method::GET.as_str(),
        ref method => method.as_str(),
    };
    let taken = parameters(method, route);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let name = pair.split('=').next().unwrap_or_default();
        if !taken.iter().any(|known| known == name) {
            let name: String = name.chars().take(40).collect();
            let takes = match taken {
                [] => "this route takes none".to_owned(),
                known => format!("this route takes {}", known.join(", ")),
            };
            return Err(Problem::bad_request(format!(
                "there is no query parameter `{name}` here; {takes}"
            )));
        }
    }
    Ok(())
}

/// The query parameters of a route, from the document of the API.
fn parameters(method: &str, route: &str) -> &'static [String] {
    type Parameters = HashMap<(String, String), Vec<String>>;
    static KNOWN: LazyLock<Parameters> = LazyLock::new(|| {
        let mut known = Parameters::new();
        for (path, item) in crate::document().paths.paths {
            for (method, operation) in [
                ("GET", item.get),
                ("POST", item.post),
                ("PUT", item.put),
                ("DELETE", item.delete),
            ] {
                let names = operation
                    .into_iter()
                    .flat_map(|operation| operation.parameters.unwrap_or_default())
                    .filter_map(|parameter| match parameter {
                        RefOr::T(own) if matches!(own.parameter_in, ParameterIn::Query) => {
                            Some(own.name)
                        }
                        _ => None,
                    })
                    .collect();
                known.insert((method.to_owned(), path.clone()), names);
            }
        }
        known
    });
    KNOWN
        .get(&(method.to_owned(), route.to_owned()))
        .map_or(&[], Vec::as_slice)
}

/// Whose session or token a request shows.
async fn identify(app: &App, headers: &HeaderMap, safe: bool) -> Result<Who, Problem> {
    let now = Timestamp::now();
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    let mut renewed = None;
    let (person, session, until, token) = if let Some(text) = bearer {
        let Some(token) = app.0.office.token(&Secret::of(text.trim()).0, now).await? else {
            return Err(Problem::not_signed_in());
        };
        if token.read_only && !safe {
            return Err(Problem::not_allowed("this API token only reads"));
        }
        let hour_ago = now - SignedDuration::from_hours(1);
        if token.seen.is_none_or(|seen| seen < hour_ago) {
            let office = app.0.office.clone();
            tokio::spawn(async move {
                if let Err(error) = office.saw_token(token.id, now).await {
                    tracing::warn!(%error, "the use of a token was not stored");
                }
            });
        }
        (token.person, None, token.until, Some(token.id))
    } else {
        let mut found = None;
        for text in cookies(app, headers).take(COOKIES_MAX) {
            let key = Secret::of(text).0;
            if let Some(session) = app.0.office.session(&key, now).await? {
                found = Some((text, key, session));
                break;
            }
        }
        let Some((text, key, session)) = found else {
            return Err(Problem::not_signed_in());
        };
        let mut until = session.until;
        // Used sessions live on; written at most once an hour.
        if until < now + SESSION - SignedDuration::from_hours(1) {
            until = now + SESSION;
            renewed = Some(text.to_owned());
            let office = app.0.office.clone();
            tokio::spawn(async move {
                if let Err(error) = office.extend_session(&key, until).await {
                    tracing::warn!(%error, "a session was not extended");
                }
            });
        }
        (session.person, Some(SessionKey(key)), until, None)
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
        token,
        renewed,
        roles,
        session,
        until,
    })
}

/// What a request shows as secrets of sessions.
pub(crate) fn cookies<'h>(app: &App, headers: &'h HeaderMap) -> impl Iterator<Item = &'h str> {
    let own = cookie_name(app);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(move |(name, _)| *name == own)
        .map(|(_, value)| value)
}

/// What makes a browser keep a session, for as long as it lasts.
pub(crate) fn set_cookie(
    app: &App,
    secret: &str,
    lasts: SignedDuration,
) -> Result<HeaderValue, Problem> {
    let name = cookie_name(app);
    let secure = if app.0.options.secure { "; Secure" } else { "" };
    let text = format!(
        "{name}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{secure}",
        lasts.as_secs()
    );
    HeaderValue::try_from(text).map_err(|error| Problem::internal(error.to_string()))
}

/// The name of the session's cookie.
pub(crate) fn cookie_name(app: &App) -> &'static str {
    COOKIES[usize::from(app.0.options.secure)]
}

/// That a write comes from this server's own pages.
///
/// Browsers say so in `Sec-Fetch-Site` or `Origin`. Where a cookie vouches for the sender one of them must be there;
/// API tokens are not sent by browsers on their own and need neither.
fn same_origin(headers: &HeaderMap, must_say: bool) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let foreign = || {
        Problem::not_allowed(
            "this was sent from another site's page, or by a program with a cookie; programs must use API tokens",
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

/// Where a request comes from. Only the last hop is believed: it is what the proxy itself saw. A proxy may add to a
/// line that the client sent, or add a line of its own after it.
fn address(app: &App, request: &Request) -> IpAddr {
    let forwarded = request
        .headers()
        .get_all("x-forwarded-for")
        .iter()
        .next_back()
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.rsplit(',').next())
        .and_then(|hop| parse_hop(hop.trim()));
    let direct = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |info| info.0.ip());
    match forwarded {
        Some(address) if app.0.options.behind_proxy => address.to_canonical(),
        _ => direct.to_canonical(),
    }
}

/// An address, with a port or without.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    hop.parse()
        .or_else(|_| hop.parse::<SocketAddr>().map(|address| address.ip()))
        .or_else(|_| hop.trim_matches(['[', ']']).parse())
        .ok()
}

/// What limits count by: an address of IPv4, a network of IPv6. A customer has 2⁶⁴ addresses of one network.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)))
        }
    }
}

fn too_many() -> Problem {
    let mut problem = Problem::new(
        axum::http::StatusCode::TOO_MANY_REQUESTS,
        "too-many-requests",
        "too many requests",
        "wait a moment and send it again",
    );
    problem.retry_after_s = Some(5);
    problem
}

fn note_seen(app: &App, who: &Who) {
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
        // Only a convenience: while another program locks the database for writing, reading goes on.
        let (office, person) = (app.0.office.clone(), who.person.as_str().to_owned());
        tokio::spawn(async move {
            if let Err(error) = office.saw(&person, now).await {
                tracing::warn!(%error, "the time when a person was last seen was not stored");
            }
        });
    }
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
        set(HeaderName::from_static("lazaret-format"), FORMAT);
    }
    if app.0.options.secure {
        set(
            header::STRICT_TRANSPORT_SECURITY,
            "max-age=31536000; includeSubDomains",
        );
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_count_networks_of_ipv6_and_addresses_of_ipv4() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2:3::4"), of("2001:db8:1:2:ffff::1"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }

    #[test]
    fn a_hop_may_have_a_port() {
        for (hop, address) in [
            ("192.0.2.7", "192.0.2.7"),
            ("192.0.2.7:4711", "192.0.2.7"),
            ("2001:db8::7", "2001:db8::7"),
            ("[2001:db8::7]:4711", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
        ] {
            assert_eq!(parse_hop(hop), address.parse().ok(), "{hop}");
        }
        assert_eq!(parse_hop("unknown"), None);
    }
}
