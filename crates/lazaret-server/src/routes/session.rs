//! Session and accounts.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;

use crate::api::common::{Answer, Problem};
use crate::api::session::{
    ChangePassword, Join, MadeToken, NewToken, Preferences, SessionView, Setup, SetupView, SignIn,
    TokenView,
};

/// Whether the first administrator is still to be made.
#[utoipa::path(get, path = "/api/setup", tag = "session", responses((status = 200, description = "Done.", body = SetupView), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn setup_state() -> Answer<SetupView> {
    Err(Problem::unavailable("no ledger is open"))
}

/// Makes the first administrator with the one-time link, and signs them in.
#[utoipa::path(post, path = "/api/setup", tag = "session", request_body = Setup, responses((status = 200, description = "Done.", body = SessionView), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn setup(Json(_body): Json<Setup>) -> Answer<SessionView> {
    Err(Problem::unavailable("no ledger is open"))
}

/// Sets the password of an account by its one-time link, and signs in.
#[utoipa::path(post, path = "/api/join", tag = "session", request_body = Join, responses((status = 200, description = "Done.", body = SessionView), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn join(Json(_body): Json<Join>) -> Answer<SessionView> {
    Err(Problem::unavailable("no ledger is open"))
}

/// Signs in: sets the session cookie.
#[utoipa::path(post, path = "/api/session", tag = "session", request_body = SignIn, responses((status = 200, description = "Done.", body = SessionView), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn sign_in(Json(_body): Json<SignIn>) -> Answer<SessionView> {
    Err(Problem::unavailable("no ledger is open"))
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/session", tag = "session", responses((status = 200, description = "Done.", body = SessionView), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn session() -> Answer<SessionView> {
    Err(Problem::unavailable("no ledger is open"))
}

/// Signs out.
#[utoipa::path(delete, path = "/api/session", tag = "session", responses((status = 204, description = "Done."), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn sign_out() -> Result<StatusCode, Problem> {
    Err(Problem::unavailable("no ledger is open"))
}

/// Changes one's password; other sessions end.
#[utoipa::path(put, path = "/api/session/password", tag = "session", request_body = ChangePassword, responses((status = 204, description = "Done."), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn change_password(
    Json(_body): Json<ChangePassword>,
) -> Result<StatusCode, Problem> {
    Err(Problem::unavailable("no ledger is open"))
}

/// What one set up for oneself.
#[utoipa::path(get, path = "/api/preferences", tag = "session", responses((status = 200, description = "Done.", body = Preferences), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn preferences() -> Answer<Preferences> {
    Err(Problem::unavailable("no ledger is open"))
}

/// Keeps what one set up.
#[utoipa::path(put, path = "/api/preferences", tag = "session", request_body = Preferences, responses((status = 204, description = "Done."), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn set_preferences(Json(_body): Json<Preferences>) -> Result<StatusCode, Problem> {
    Err(Problem::unavailable("no ledger is open"))
}

/// One's API tokens.
#[utoipa::path(get, path = "/api/tokens", tag = "session", responses((status = 200, description = "Done.", body = Vec<TokenView>), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn tokens() -> Answer<Vec<TokenView>> {
    Err(Problem::unavailable("no ledger is open"))
}

/// Makes an API token, shown once.
#[utoipa::path(post, path = "/api/tokens", tag = "session", request_body = NewToken, responses((status = 201, description = "Done.", body = MadeToken), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn make_token(
    Json(_body): Json<NewToken>,
) -> Result<(StatusCode, Json<MadeToken>), Problem> {
    Err(Problem::unavailable("no ledger is open"))
}

/// Revokes an API token.
#[utoipa::path(delete, path = "/api/tokens/{id}", tag = "session", params(("id" = u64, Path, description = "Its number.")), responses((status = 204, description = "Done."), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn revoke_token(Path(_id): Path<u64>) -> Result<StatusCode, Problem> {
    Err(Problem::unavailable("no ledger is open"))
}
