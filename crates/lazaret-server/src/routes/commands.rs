//! Commands.

use axum::Json;

use crate::api::commands::{BatchOutcome, BatchRequest, CommandRequest, Receipt, Trial};
use crate::api::common::{Answer, Problem};

/// Says that something happened. The answer comes when it is on disk.
#[utoipa::path(post, path = "/api/commands", tag = "commands", request_body = CommandRequest, responses((status = 200, description = "Done.", body = Receipt), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn command(Json(_body): Json<CommandRequest>) -> Answer<Receipt> {
    Err(Problem::unavailable("no ledger is open"))
}

/// What a command would do, without doing it.
#[utoipa::path(post, path = "/api/commands/check", tag = "commands", request_body = CommandRequest, responses((status = 200, description = "Done.", body = Trial), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn check_command(Json(_body): Json<CommandRequest>) -> Answer<Trial> {
    Err(Problem::unavailable("no ledger is open"))
}

/// Several commands, one after the other.
#[utoipa::path(post, path = "/api/commands/batch", tag = "commands", request_body = BatchRequest, responses((status = 200, description = "Done.", body = Vec<BatchOutcome>), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn command_batch(Json(_body): Json<BatchRequest>) -> Answer<Vec<BatchOutcome>> {
    Err(Problem::unavailable("no ledger is open"))
}
