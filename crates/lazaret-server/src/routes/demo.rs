//! The clock of a demonstration.

use axum::Json;
use axum::extract::State;

use crate::api::common::{Answer, NotDone, Problem};
use crate::api::live::{AdvanceRequest, DemoClock};
use crate::app::App;

/// Where the demonstration's clock stands.
#[utoipa::path(get, path = "/api/demo/clock", tag = "demo", responses((status = 200, description = "Done.", body = DemoClock), NotDone))]
pub(crate) async fn demo_clock(State(app): State<App>) -> Answer<DemoClock> {
    let demo = app.0.demo.as_ref().ok_or_else(no_demo)?;
    Ok(Json(DemoClock {
        now: app.0.live.now().into(),
        recorded: 0,
        ended: demo.ended(),
    }))
}

/// Runs the clock on.
#[utoipa::path(post, path = "/api/demo/advance", tag = "demo", request_body = AdvanceRequest, responses((status = 200, description = "Done.", body = DemoClock), NotDone))]
pub(crate) async fn advance(
    State(app): State<App>,
    Json(body): Json<AdvanceRequest>,
) -> Answer<DemoClock> {
    let demo = app.0.demo.as_ref().ok_or_else(no_demo)?;
    if !(60..=31 * 86_400).contains(&body.seconds) {
        return Err(Problem::bad_request(
            "the clock can be advanced by 60 seconds to 31 days",
        ));
    }
    let recorded = demo.advance(&app.0.live, body.seconds).await;
    Ok(Json(DemoClock {
        now: app.0.live.now().into(),
        recorded,
        ended: demo.ended(),
    }))
}

fn no_demo() -> Problem {
    Problem::not_found("this is not a demonstration: its clock cannot be advanced")
}
