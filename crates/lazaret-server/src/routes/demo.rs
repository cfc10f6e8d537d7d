//! Demonstration.

use axum::Json;

use crate::api::common::{Answer, Problem};
use crate::api::live::{AdvanceRequest, DemoClock};

/// Where the demonstration's clock stands.
#[utoipa::path(get, path = "/api/demo/clock", tag = "demo", responses((status = 200, description = "Done.", body = DemoClock), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn demo_clock() -> Answer<DemoClock> {
    Err(Problem::unavailable("no ledger is open"))
}

/// Runs the clock on.
#[utoipa::path(post, path = "/api/demo/advance", tag = "demo", request_body = AdvanceRequest, responses((status = 200, description = "Done.", body = DemoClock), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn advance(Json(_body): Json<AdvanceRequest>) -> Answer<DemoClock> {
    Err(Problem::unavailable("no ledger is open"))
}
