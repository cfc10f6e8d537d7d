//! Session and accounts.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;

use crate::api::common::{Answer, Problem};
use crate::api::session::{AccountView, ChangeAccount, NewAccount, OneTimeLink};

/// All accounts.
#[utoipa::path(get, path = "/api/accounts", tag = "session", responses((status = 200, description = "Done.", body = Vec<AccountView>), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn accounts() -> Answer<Vec<AccountView>> {
    Err(Problem::unavailable("no ledger is open"))
}

/// Makes an account; the answer is a one-time link with which the person chooses a password.
#[utoipa::path(post, path = "/api/accounts", tag = "session", request_body = NewAccount, responses((status = 201, description = "Done.", body = OneTimeLink), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn make_account(
    Json(_body): Json<NewAccount>,
) -> Result<(StatusCode, Json<OneTimeLink>), Problem> {
    Err(Problem::unavailable("no ledger is open"))
}

/// One account, with its `ETag`.
#[utoipa::path(get, path = "/api/accounts/{person}", tag = "session", params(("person" = String, Path, description = "Who.")), responses((status = 200, description = "Done.", body = AccountView), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn account(Path(_person): Path<String>) -> Answer<AccountView> {
    Err(Problem::unavailable("no ledger is open"))
}

/// Changes roles or disables; needs `If-Match`.
#[utoipa::path(put, path = "/api/accounts/{person}", tag = "session", params(("person" = String, Path, description = "Who.")), request_body = ChangeAccount, responses((status = 200, description = "Done.", body = AccountView), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn change_account(
    Path(_person): Path<String>,
    Json(_body): Json<ChangeAccount>,
) -> Answer<AccountView> {
    Err(Problem::unavailable("no ledger is open"))
}

/// A new one-time link for a password; the old password stops working when it is used.
#[utoipa::path(post, path = "/api/accounts/{person}/link", tag = "session", params(("person" = String, Path, description = "Who.")), responses((status = 201, description = "Done.", body = OneTimeLink), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn account_link(
    Path(_person): Path<String>,
) -> Result<(StatusCode, Json<OneTimeLink>), Problem> {
    Err(Problem::unavailable("no ledger is open"))
}

/// Ends every session of a person.
#[utoipa::path(delete, path = "/api/accounts/{person}/sessions", tag = "session", params(("person" = String, Path, description = "Who.")), responses((status = 204, description = "Done."), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn end_sessions(Path(_person): Path<String>) -> Result<StatusCode, Problem> {
    Err(Problem::unavailable("no ledger is open"))
}
