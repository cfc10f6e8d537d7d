//! Who may call what: every route once, with the roles that may.
//!
//! This is the one place where routes and roles meet. What may be *said* is not decided here but by the ledger, whose
//! matrix of events and roles is [`lazaret_ledger::role::roles_for`]. A test holds this table against the document of
//! the API, so that a route without a line here does not exist, and asks every route as every role.

use axum::http::Method;
use lazaret_vocabulary::event::entry::Role;

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody, signed in or not.
    Public,
    /// Anybody who is signed in.
    SignedIn,
    /// Whoever has one of these roles.
    Roles(&'static [Role]),
}

use Role::{
    Administrator, Auditor, ChiefOfficer, DisinfectionLead, Dispatcher, Gate, QuarantineOfficer,
    YardMaster,
};

/// Everybody but the crew, who see their own work, not everybody's health.
const STAFF: &[Role] = &[
    YardMaster,
    DisinfectionLead,
    QuarantineOfficer,
    ChiefOfficer,
    Dispatcher,
    Gate,
    Auditor,
    Administrator,
];
const AUDIT: &[Role] = &[Auditor, ChiefOfficer, Administrator];
const WATCHERS: &[Role] = &[ChiefOfficer, Auditor, Administrator];
const EVIDENCE: &[Role] = &[ChiefOfficer, Administrator];
const ACCOUNTS: &[Role] = &[Administrator];
const PAPERS: &[Role] = &[YardMaster, Gate, QuarantineOfficer];
/// Whoever may say what was here before the ledger.
const VOUCHERS: &[Role] = &[Administrator, QuarantineOfficer, ChiefOfficer];
/// Whoever has to know on whose signatures goods left.
const SIGNERS: &[Role] = &[QuarantineOfficer, ChiefOfficer, Auditor, Administrator];
const RULES: &[Role] = &[Administrator, ChiefOfficer];
const PROTOCOLS: &[Role] = &[Administrator, ChiefOfficer, QuarantineOfficer, Auditor];

/// Every route of the API with who may call it, and whether a call is noted as a reading of something sensitive.
pub const ROUTES: &[(&str, &str, Access, bool)] = &[
    ("GET", "/api/setup", Access::Public, false),
    ("POST", "/api/setup", Access::Public, false),
    ("POST", "/api/join", Access::Public, false),
    ("POST", "/api/session", Access::Public, false),
    ("GET", "/api/session", Access::SignedIn, false),
    ("DELETE", "/api/session", Access::SignedIn, false),
    ("PUT", "/api/session/password", Access::SignedIn, false),
    ("GET", "/api/preferences", Access::SignedIn, false),
    ("PUT", "/api/preferences", Access::SignedIn, false),
    ("GET", "/api/tokens", Access::SignedIn, false),
    ("POST", "/api/tokens", Access::SignedIn, false),
    ("DELETE", "/api/tokens/{id}", Access::SignedIn, false),
    ("GET", "/api/accounts", Access::Roles(ACCOUNTS), true),
    ("POST", "/api/accounts", Access::Roles(ACCOUNTS), false),
    (
        "GET",
        "/api/accounts/{person}",
        Access::Roles(ACCOUNTS),
        true,
    ),
    (
        "PUT",
        "/api/accounts/{person}",
        Access::Roles(ACCOUNTS),
        false,
    ),
    (
        "POST",
        "/api/accounts/{person}/link",
        Access::Roles(ACCOUNTS),
        false,
    ),
    (
        "DELETE",
        "/api/accounts/{person}/sessions",
        Access::Roles(ACCOUNTS),
        false,
    ),
    (
        "GET",
        "/api/accounts/{person}/tokens",
        Access::Roles(ACCOUNTS),
        true,
    ),
    (
        "DELETE",
        "/api/accounts/{person}/tokens/{id}",
        Access::Roles(ACCOUNTS),
        false,
    ),
    ("POST", "/api/commands", Access::SignedIn, false),
    ("POST", "/api/commands/check", Access::SignedIn, false),
    ("POST", "/api/commands/batch", Access::SignedIn, false),
    ("GET", "/api/gateway", Access::SignedIn, false),
    ("GET", "/api/today", Access::SignedIn, false),
    ("GET", "/api/arrivals", Access::SignedIn, false),
    ("GET", "/api/arrivals/{convoy}", Access::SignedIn, false),
    ("GET", "/api/site", Access::SignedIn, false),
    ("GET", "/api/search", Access::SignedIn, false),
    ("GET", "/api/vehicles", Access::SignedIn, false),
    ("GET", "/api/vehicles/{vehicle}", Access::SignedIn, false),
    ("GET", "/api/people", Access::Roles(STAFF), true),
    ("GET", "/api/people/{person}", Access::Roles(STAFF), true),
    ("GET", "/api/unfit-signers", Access::Roles(SIGNERS), true),
    ("GET", "/api/exceptions", Access::SignedIn, false),
    (
        "GET",
        "/api/exceptions/{exception}",
        Access::SignedIn,
        false,
    ),
    ("GET", "/api/protocols", Access::SignedIn, false),
    (
        "POST",
        "/api/gateway/adoption",
        Access::Roles(PROTOCOLS),
        false,
    ),
    ("POST", "/api/gateway/adopt", Access::Roles(RULES), false),
    ("GET", "/api/stock", Access::SignedIn, false),
    ("GET", "/api/stock/template.csv", Access::SignedIn, false),
    ("POST", "/api/stock/import", Access::Roles(VOUCHERS), false),
    (
        "POST",
        "/api/protocols/preview",
        Access::Roles(PROTOCOLS),
        false,
    ),
    ("GET", "/api/lots", Access::SignedIn, false),
    ("GET", "/api/lots/{lot}", Access::SignedIn, false),
    ("GET", "/api/lots/{lot}/contacts", Access::SignedIn, false),
    ("GET", "/api/lots/{lot}/trace", Access::SignedIn, false),
    ("GET", "/api/lots/{lot}/targets", Access::SignedIn, false),
    ("GET", "/api/lots/{lot}/label", Access::SignedIn, false),
    ("GET", "/api/holds", Access::SignedIn, false),
    ("GET", "/api/tests", Access::SignedIn, false),
    ("GET", "/api/release-queue", Access::SignedIn, false),
    ("GET", "/api/releasable", Access::SignedIn, false),
    ("GET", "/api/dispatch", Access::SignedIn, false),
    (
        "GET",
        "/api/departures/{departure}",
        Access::SignedIn,
        false,
    ),
    ("POST", "/api/dispatch/propose", Access::SignedIn, false),
    ("GET", "/api/audit/records", Access::Roles(AUDIT), true),
    (
        "GET",
        "/api/audit/records/{seq}",
        Access::Roles(AUDIT),
        true,
    ),
    ("GET", "/api/epcis/events", Access::Roles(AUDIT), true),
    ("GET", "/api/audit/proof", Access::Roles(AUDIT), false),
    (
        "POST",
        "/api/audit/checkpoints",
        Access::Roles(AUDIT),
        false,
    ),
    ("POST", "/api/audit/verify", Access::Roles(AUDIT), false),
    ("GET", "/api/audit/reads", Access::Roles(AUDIT), true),
    (
        "POST",
        "/api/manifests/import",
        Access::Roles(PAPERS),
        false,
    ),
    (
        "GET",
        "/api/manifests/template.csv",
        Access::Roles(PAPERS),
        false,
    ),
    ("GET", "/api/board", Access::Roles(WATCHERS), false),
    ("GET", "/api/board/page", Access::Roles(WATCHERS), false),
    ("POST", "/api/board/rows", Access::Roles(EVIDENCE), true),
    ("GET", "/api/export/{file}", Access::SignedIn, true),
    ("GET", "/api/live", Access::SignedIn, false),
    ("GET", "/api/demo/clock", Access::SignedIn, false),
    ("POST", "/api/demo/advance", Access::SignedIn, false),
];

/// Lists that are exported whole, with who may.
pub(crate) fn may_export(list: &str) -> Access {
    match list {
        "people" => Access::Roles(STAFF),
        "records" | "ledger" | "epcis" => Access::Roles(AUDIT),
        _ => Access::SignedIn,
    }
}

/// The line of a route.
pub(crate) fn line(method: &Method, path: &str) -> Option<(Access, bool)> {
    // What answers GET answers HEAD.
    let method = if method == Method::HEAD {
        "GET"
    } else {
        method.as_str()
    };
    ROUTES
        .iter()
        .find(|(known, route, ..)| *known == method && *route == path)
        .map(|&(.., access, noted)| (access, noted))
}

/// Whether somebody with `roles` may.
pub(crate) fn allows(access: Access, roles: &[Role]) -> bool {
    match access {
        Access::Public | Access::SignedIn => true,
        Access::Roles(allowed) => roles.iter().any(|role| allowed.contains(role)),
    }
}
