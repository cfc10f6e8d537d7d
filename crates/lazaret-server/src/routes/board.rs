//! The watcher's board.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};

use crate::access::{allows, line};
use crate::api::board::{BoardState, BoardView, Measure, NewRow};
use crate::api::common::{Answer, CellError, NotDone, Problem};
use crate::app::App;
use crate::board::{Board, NotAdded, Standing};
use crate::guard::Who;

/// The pictures of a drawn board are part of it; it runs nothing, loads nothing, and only our own pages may frame it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'self'";

/// Where the watcher's board stands.
#[utoipa::path(get, path = "/api/board", tag = "screens", responses((status = 200, description = "Done.", body = BoardView), NotDone))]
pub(crate) async fn board(
    State(app): State<App>,
    Extension(who): Extension<Who>,
) -> Answer<BoardView> {
    let board = board_of(&app)?;
    let standing = on_disk(&board, |board| Ok(board.standing())).await?;
    Ok(Json(view(&board, &standing, &who)))
}

/// The board as one self-contained page without scripts: the latest that has been drawn.
#[utoipa::path(get, path = "/api/board/page", tag = "screens", params(("shown" = Option<String>, Query, description = "Any value; a new one makes a browser reload the page.")), responses((status = 200, description = "Done.", body = String, content_type = "text/html"), NotDone))]
pub(crate) async fn board_page(State(app): State<App>) -> Result<Response, Problem> {
    let board = board_of(&app)?;
    let standing = on_disk(&board, |board| Ok(board.standing())).await?;
    let Some(page) = standing.page else {
        return Err(Problem::not_found(standing.wrong.unwrap_or_else(|| {
            "the board is being drawn for the first time; GET /api/board shows the progress".into()
        })));
    };
    let heads = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_FRAME_OPTIONS, "SAMEORIGIN"),
    ];
    let heads = heads.map(|(name, value)| (name, HeaderValue::from_static(value)));
    Ok((heads, page.html.clone()).into_response())
}

/// Adds a row to the evidence: all of it is checked, and nothing is taken half.
#[utoipa::path(post, path = "/api/board/rows", tag = "screens", request_body = NewRow, responses((status = 200, description = "Done.", body = BoardView), NotDone))]
pub(crate) async fn add_row(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Json(row): Json<NewRow>,
) -> Answer<BoardView> {
    let board = board_of(&app)?;
    let id = row.id.trim().to_owned();
    let cells = row.cells();
    let standing = on_disk(&board, move |board| {
        board.add(&cells).map_err(|not| match not {
            NotAdded::Machine(why) => Problem::internal(why),
            NotAdded::Wrong(wrong) => wrong_row(board, &cells, wrong),
        })
    })
    .await?;
    tracing::info!(person = %who.person, row = id, "a row of evidence was added");
    let mut view = view(&board, &standing, &who);
    view.unused = standing.checked.unused.get(&id).map(|why| (*why).into());
    Ok(Json(view))
}

/// What is wrong with a row, each fault at its field.
fn wrong_row(
    board: &Board,
    said: &BTreeMap<&'static str, String>,
    wrong: Vec<(String, String)>,
) -> Problem {
    let mut problem = Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "wrong-row",
        "this is not a valid row of evidence yet",
        "nothing was added; each field says what is wrong with it",
    );
    let row = board.standing().checked.rows as u64 + 2;
    problem.cells = wrong
        .into_iter()
        .map(|(column, message)| CellError {
            row,
            value: said.get(column.as_str()).cloned().unwrap_or_default(),
            column,
            message,
            wrong: None,
            refusal: None,
        })
        .collect();
    problem
}

fn board_of(app: &App) -> Result<std::sync::Arc<Board>, Problem> {
    app.0.board.clone().ok_or_else(|| {
        Problem::not_found("this server has no evidence to show; start it with --evidence FILE")
    })
}

/// Files are read and written beside the threads that answer.
async fn on_disk<T: Send + 'static>(
    board: &std::sync::Arc<Board>,
    what: impl FnOnce(&Board) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let board = std::sync::Arc::clone(board);
    tokio::task::spawn_blocking(move || what(&board))
        .await
        .map_err(|error| Problem::internal(error.to_string()))?
}

fn view(board: &Board, standing: &Standing, who: &Who) -> BoardView {
    let checked = &standing.checked;
    let (done, total) = standing.progress.so_far();
    let page = standing.page.as_ref();
    let current = page.is_some_and(|page| page.version == standing.version);
    let may_add = line(&axum::http::Method::POST, "/api/board/rows")
        .is_some_and(|(access, _)| allows(access, &who.roles));
    BoardView {
        state: match (standing.drawing, current) {
            (true, _) => BoardState::Drawing,
            (false, true) => BoardState::Ready,
            (false, false) => BoardState::Failed,
        },
        done,
        total,
        version: standing.version.to_string(),
        shown: page.map(|page| page.version.to_string()),
        drawn_at: page.map(|page| page.drawn.into()),
        took_s: page.map(|page| page.took.as_secs_f64()),
        wrong: standing.wrong.clone(),
        file: board.name(),
        rows: checked.rows as u64,
        used: (checked.rows - checked.unused.len().min(checked.rows)) as u64,
        may_add,
        next_id: next_id(checked.known.get("id").map_or(&[], Vec::as_slice)),
        measures: checked
            .measures
            .iter()
            .map(|[subject, quantity, unit]| Measure {
                subject: subject.clone(),
                quantity: quantity.clone(),
                unit: unit.clone(),
            })
            .collect(),
        known: checked
            .known
            .iter()
            .filter(|(column, _)| **column != "id")
            .map(|(column, words)| ((*column).to_owned(), words.clone()))
            .collect(),
        unused: None,
    }
}

/// The last row's name, counted on: `E086` after `E085`.
fn next_id(ids: &[String]) -> String {
    let counted = ids.iter().rev().find_map(|id| {
        let digits = id.len() - id.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        let (word, number) = id.split_at(id.len() - digits);
        let number: u64 = number.parse().ok()?;
        Some((word.to_owned(), number, digits))
    });
    let Some((word, number, digits)) = counted else {
        return format!("E{:03}", ids.len() + 1);
    };
    (number + 1..)
        .map(|number| format!("{word}{number:0digits$}"))
        .find(|id| !ids.contains(id))
        .unwrap_or_default()
}
