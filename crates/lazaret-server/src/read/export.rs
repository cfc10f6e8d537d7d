//! Lists as tables to download: the pages of a read model, with what is in each column.

use lazaret_vocabulary::event::LotId;
use serde::Serialize;

use super::{arrivals, audit, exceptions, lots, people, release, tests, vehicles};
use crate::api::arrivals::ArrivalQuery;
use crate::api::audit::AuditQuery;
use crate::api::common::{Page, PageQuery, Problem};
use crate::api::exceptions::ExceptionQuery;
use crate::api::lots::{LotQuery, TraceNode};
use crate::api::vehicles::VehicleQuery;
use crate::app::App;
use crate::guard::Who;
use crate::tables::{Row, Source, columns, rows};

/// Rows that are read at a time.
const ROWS: Option<u32> = Some(1000);

/// The columns of a list and its pages; none if there is no such list.
pub(crate) fn table(app: App, who: Who, list: &str) -> Option<(&'static [&'static str], Source)> {
    let (name, lot) = match list.strip_prefix("trace-") {
        Some(lot) => ("trace", Some(LotId::new(lot))),
        None => (list, None),
    };
    let columns = columns(name)?;
    let name = name.to_owned();
    let source = Box::new(move |after| {
        let (app, who, name, lot) = (app.clone(), who.clone(), name.clone(), lot.clone());
        let page = async move {
            match lot {
                Some(lot) => Ok(cells(columns, trace(&app, &who, &lot).await?)),
                None => page(&app, &who, &name, columns, after).await,
            }
        };
        Box::pin(page) as _
    });
    Some((columns, source))
}

/// One page of a list.
async fn page(
    app: &App,
    who: &Who,
    name: &str,
    columns: &[&str],
    after: Option<String>,
) -> Result<Page<Row>, Problem> {
    let limit = ROWS;
    let query = PageQuery { after, limit };
    Ok(match name {
        "holds" => cells(columns, lots::holds(app, &query).await?),
        "releasable" => cells(columns, lots::releasable(app, &query).await?),
        "release-queue" => cells(columns, release::page(app, who, &query).await?),
        "lots" => {
            let query = LotQuery {
                after: query.after,
                limit,
                ..LotQuery::default()
            };
            cells(columns, lots::list(app, &query).await?)
        }
        "arrivals" => {
            let query = ArrivalQuery {
                after: query.after,
                limit,
                ..ArrivalQuery::default()
            };
            cells(columns, arrivals::page(app, &query).await?)
        }
        "vehicles" => {
            let query = VehicleQuery {
                after: query.after,
                limit,
                ..VehicleQuery::default()
            };
            cells(columns, vehicles::page(app, who, &query).await?)
        }
        "exceptions" => {
            let query = ExceptionQuery {
                all: true,
                after: query.after,
                limit,
            };
            cells(columns, exceptions::page(app, who, &query).await?)
        }
        "records" => {
            let query = AuditQuery {
                after: query.after,
                limit,
                ..AuditQuery::default()
            };
            cells(columns, audit::page(app, &query).await?)
        }
        "tests" => {
            let found = tests::every_state(app, who, query.after.as_deref(), limit).await?;
            cells(columns, found)
        }
        "people" => cells(columns, whole(people::list(app).await?)),
        _ => return Err(Problem::not_found(format!("there is no table {name}"))),
    })
}

fn cells<T: Serialize>(columns: &[&str], page: Page<T>) -> Page<Row> {
    Page {
        items: rows(columns, &page.items),
        next: page.next,
        total: page.total,
    }
}

/// A list that is one page.
fn whole<T>(items: Vec<T>) -> Page<T> {
    Page {
        items,
        next: None,
        total: None,
    }
}

async fn trace(app: &App, who: &Who, lot: &LotId) -> Result<Page<TraceRow>, Problem> {
    let trace = lots::trace(app, who, lot).await?;
    let way = |direction| move |node| TraceRow { direction, node };
    let back = trace.back.into_iter().map(way("back"));
    let forward = trace.forward.into_iter().map(way("forward"));
    Ok(whole(back.chain(forward).collect()))
}

#[derive(Serialize)]
struct TraceRow {
    direction: &'static str,
    #[serde(flatten)]
    node: TraceNode,
}
