//! What every answer has in common: instants, pages, problems.

use std::collections::BTreeMap;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use lazaret_exchange::Wrong;
use lazaret_ledger::{Fact, Remedy, Rule};
use lazaret_vocabulary::doubt::Doubt;
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ObjectBuilder, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{self, Content, Ref, RefOr, ResponseBuilder};
use utoipa::{IntoResponses, PartialSchema, ToSchema};

/// An instant, RFC 3339 in UTC. The gateway's time zone is in [`SessionView`](super::session::SessionView).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct At(pub Timestamp);

impl From<Timestamp> for At {
    fn from(at: Timestamp) -> Self {
        At(at)
    }
}

impl PartialSchema for At {
    fn schema() -> RefOr<openapi::schema::Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::String))
            .format(Some(SchemaFormat::Custom("date-time".into())))
            .description(Some("An instant, RFC 3339 in UTC."))
            .into()
    }
}

impl ToSchema for At {
    fn name() -> std::borrow::Cow<'static, str> {
        "At".into()
    }
}

/// One page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Give this as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Rows in all pages, where counting them costs nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
}

/// Which page of a list.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// `next` of the page before.
    pub after: Option<String>,
    /// Rows on the page: 1 to 1000, 100 if not given.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
}

impl PageQuery {
    /// Rows on the page.
    #[must_use]
    pub fn limit(&self) -> usize {
        rows_of(self.limit)
    }
}

impl<T> Page<T> {
    /// The same page of other rows.
    pub(crate) fn map<U>(self, row: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(row).collect(),
            next: self.next,
            total: self.total,
        }
    }
}

/// Rows on a page: 1 to 1000, 100 if nobody says.
pub(crate) fn rows_of(limit: Option<u32>) -> usize {
    limit.unwrap_or(100).clamp(1, 1000) as usize
}

/// A position in a list, as `next` gave it.
pub(crate) fn position(after: Option<&str>) -> Result<Option<usize>, Problem> {
    after
        .map(|text| {
            text.parse().map_err(|_| {
                Problem::bad_request("`after` must be the `next` of the previous page")
            })
        })
        .transpose()
}

/// Which part of a list that is counted from its beginning is the page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    after: usize,
    limit: usize,
}

impl Cut {
    pub(crate) fn of(after: Option<&str>, limit: Option<u32>) -> Result<Cut, Problem> {
        Ok(Cut {
            after: position(after)?.unwrap_or(0),
            limit: rows_of(limit),
        })
    }

    /// As many rows as must be known of the list to cut it: one more than the page shows, which tells that there are more.
    pub(crate) fn end(self) -> usize {
        self.after.saturating_add(self.limit).saturating_add(1)
    }

    /// The page of a whole list.
    pub(crate) fn page<T>(self, list: impl Iterator<Item = T>) -> Page<T> {
        let mut items: Vec<T> = list.skip(self.after).take(self.limit + 1).collect();
        let more = items.len() > self.limit;
        items.truncate(self.limit);
        Page {
            items,
            next: more.then(|| (self.after + self.limit).to_string()),
            total: None,
        }
    }
}

/// Why the ledger did not accept a command, in three lines: rule, fact, remedy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RefusalView {
    /// The rule's number, such as `G3b`; docs/rules.md explains each.
    #[schema(example = "G3b")]
    pub rule: Rule,
    /// What the rule says.
    pub says: String,
    /// The fact that breaks it.
    #[schema(example = "dandong-1-3-1 is held until 2022-02-14T08:00:00Z")]
    pub fact: String,
    /// What would make the command acceptable.
    pub remedy: String,
    /// The fact as data: `kind` and what it is about, for screens in other languages and for programs.
    pub fact_data: Fact,
    /// The remedy as data.
    pub remedy_data: Remedy,
    /// When the same command would be accepted, if waiting is enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<At>,
    /// The warning to put into `acknowledged`, if that is enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}

/// What is wrong with one cell of a table that was sent in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CellError {
    /// The row in the file, from 1; the header is row 1.
    pub row: u64,
    /// The column's heading.
    pub column: String,
    /// What stands there.
    pub value: String,
    /// What is wrong and what is expected.
    pub message: String,
    /// What is wrong as data, if the cell cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrong: Option<Wrong>,
    /// The ledger's refusal, if the row can be read and the ledger would not take it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Box<RefusalView>>,
}

/// What went wrong (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// A name for the kind of problem: `urn:lazaret:problem:…`.
    #[serde(rename = "type")]
    #[schema(example = "urn:lazaret:problem:refused")]
    pub kind: String,
    /// The kind in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened here and what to do.
    pub detail: String,
    /// The ledger's refusal, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Box<RefusalView>>,
    /// Why the ledger's clock is in doubt, if that is the problem.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Box<Doubt>>,
    /// Every wrong cell of a table that was sent in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cells: Vec<CellError>,
    /// Seconds after which to try again, if that can help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u16>,
}

impl Problem {
    /// A problem of `kind` (the last part of its `type`).
    #[must_use]
    pub fn new(status: StatusCode, kind: &str, title: &str, detail: impl Into<String>) -> Self {
        Problem {
            kind: format!("urn:lazaret:problem:{kind}"),
            title: title.into(),
            status: status.as_u16(),
            detail: detail.into(),
            refusal: None,
            doubt: None,
            cells: Vec::new(),
            retry_after_s: None,
        }
    }

    /// The request cannot be understood.
    #[must_use]
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "bad-request",
            "the request cannot be understood",
            detail,
        )
    }

    /// Nobody is signed in.
    #[must_use]
    pub fn not_signed_in() -> Self {
        Problem::new(
            StatusCode::UNAUTHORIZED,
            "not-signed-in",
            "sign in first",
            "there is no valid session cookie or API token with this request",
        )
    }

    /// The role does not allow it.
    #[must_use]
    pub fn not_allowed(detail: impl Into<String>) -> Self {
        Problem::new(
            StatusCode::FORBIDDEN,
            "not-allowed",
            "your role does not allow this",
            detail,
        )
    }

    /// There is no such thing.
    #[must_use]
    pub fn not_found(detail: impl Into<String>) -> Self {
        Problem::new(
            StatusCode::NOT_FOUND,
            "not-found",
            "there is no such thing",
            detail,
        )
    }

    /// There is such a route, and not with that method.
    #[must_use]
    pub fn wrong_method() -> Self {
        Problem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            "this cannot be done here",
            "this route does not support that method",
        )
    }

    /// Somebody else changed it meanwhile.
    #[must_use]
    pub fn changed(detail: impl Into<String>) -> Self {
        Problem::new(
            StatusCode::PRECONDITION_FAILED,
            "changed-meanwhile",
            "someone else has changed this",
            detail,
        )
    }

    /// `If-Match` is missing.
    #[must_use]
    pub fn needs_match() -> Self {
        Problem::new(
            StatusCode::PRECONDITION_REQUIRED,
            "if-match-required",
            "state which version you change",
            "send the ETag that you read as If-Match",
        )
    }

    /// The ledger cannot be reached or does not write now.
    #[must_use]
    pub fn unavailable(detail: impl Into<String>) -> Self {
        let mut problem = Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "the ledger is not available now",
            detail,
        );
        problem.retry_after_s = Some(2);
        problem
    }

    /// Nothing is recorded until the time is known.
    #[must_use]
    pub fn clock(detail: impl Into<String>, doubt: Option<Box<Doubt>>) -> Self {
        let mut problem = Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "clock-in-doubt",
            "the ledger's clock is in doubt",
            detail,
        );
        problem.doubt = doubt;
        problem
    }

    /// The machine failed.
    #[must_use]
    pub fn internal(detail: impl Into<String>) -> Self {
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the server failed",
            detail,
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry = self.retry_after_s;
        let mut response = (status, Json(self)).into_response();
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(seconds) = retry {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// What every route answers that does not do what it was asked, for the document.
pub(crate) struct NotDone;

impl IntoResponses for NotDone {
    fn responses() -> BTreeMap<String, RefOr<openapi::Response>> {
        let problem = Content::new(Some(Ref::from_schema_name("Problem")));
        let response = ResponseBuilder::new()
            .description("Not done.")
            .content("application/problem+json", problem)
            .build();
        BTreeMap::from([("default".to_owned(), response.into())])
    }
}

/// What handlers return.
pub type Answer<T> = Result<Json<T>, Problem>;
