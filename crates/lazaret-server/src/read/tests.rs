//! The test desk.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use lazaret_ledger::State;
use lazaret_ledger::chain::Record;
use lazaret_vocabulary::event::Happening;
use lazaret_vocabulary::event::entry::{Entry, Outcome, PersonName};

use super::records;
use crate::api::common::{Cut, Page, Problem};
use crate::api::work::{TestQuery, TestRow, TestState};
use crate::app::App;
use crate::guard::Who;
use crate::view::today::RESULT_LATE_S;
use crate::view::when;

/// Tests of one state: to take, without a result, done.
pub(crate) async fn page(
    app: &App,
    who: &Who,
    query: &TestQuery,
) -> Result<Page<TestRow>, Problem> {
    let cut = Cut::of(query.after.as_deref(), query.limit)?;
    let (mut page, _) = app
        .look(None, |state, now| match query.state {
            TestState::Due => cut.page(due(state, now, query, cut.end())),
            TestState::Open | TestState::Done => cut.page(sampled(state, now, query)),
        })
        .await?;
    if query.state != TestState::Due {
        let (seqs, _) = app
            .look(None, |state, _| {
                let lots = page.items.iter().map(|row| &row.lot);
                lots.flat_map(|lot| state.lot_history(lot)).collect()
            })
            .await?;
        fill_results(&mut page.items, &records(app, who, seqs).await?);
    }
    Ok(page)
}

/// Tests of every state, one state after the other: `after` begins with the number of the state.
pub(crate) async fn every_state(
    app: &App,
    who: &Who,
    after: Option<&str>,
    limit: Option<u32>,
) -> Result<Page<TestRow>, Problem> {
    const STATES: [TestState; 3] = [TestState::Due, TestState::Open, TestState::Done];
    let (number, after) = match after.and_then(|after| after.split_once(' ')) {
        Some((number, "")) => (number.parse().unwrap_or(0), None),
        Some((number, after)) => (number.parse().unwrap_or(0), Some(after.to_owned())),
        None => (0, None),
    };
    let query = TestQuery {
        state: STATES[number.min(STATES.len() - 1)],
        test: None,
        after,
        limit,
    };
    let mut page = page(app, who, &query).await?;
    page.next = match page.next {
        Some(after) => Some(format!("{number} {after}")),
        None if number + 1 < STATES.len() => Some(format!("{} ", number + 1)),
        None => None,
    };
    Ok(page)
}

fn wanted(query: &TestQuery, test: &str) -> bool {
    query.test.as_ref().is_none_or(|only| only == test)
}

/// Samples that were taken, with or without a result as the query asks.
fn sampled(state: &State, now: Timestamp, query: &TestQuery) -> impl Iterator<Item = TestRow> {
    state
        .samples()
        .filter(|sample| sample.settled == (query.state == TestState::Done))
        .filter(|sample| wanted(query, sample.test.as_str()))
        .filter_map(move |sample| {
            let lot = state.lot_view(&sample.lot)?;
            let age = now.as_second() - sample.taken.as_second();
            Some(TestRow {
                state: query.state,
                goods: lot.goods,
                spot: lot.spot,
                earliest: when(lot.earliest),
                not_before: None,
                overdue: !sample.settled && age > RESULT_LATE_S,
                lot: sample.lot,
                test: sample.test,
                sample: Some(sample.sample),
                taken_at: Some(sample.taken.into()),
                taken_by: None,
                outcome: None,
                result_at: None,
            })
        })
}

/// Samples that are to be taken, those of the earliest release first.
///
/// * `most` — as many as are needed.
fn due(
    state: &State,
    now: Timestamp,
    query: &TestQuery,
    most: usize,
) -> impl Iterator<Item = TestRow> + use<> {
    let open: HashSet<(String, String)> = state
        .samples()
        .filter(|sample| !sample.settled)
        .map(|sample| (sample.lot.to_string(), sample.test.to_string()))
        .collect();
    let delays: HashMap<String, u64> = state
        .protocols()
        .flat_map(|protocol| &protocol.tests)
        .map(|rule| (rule.test.to_string(), rule.not_before_s))
        .collect();
    let mut rows = Vec::new();
    for line in state.hold_list(None, usize::MAX) {
        if rows.len() >= most {
            break;
        }
        let Some(lot) = state.lot_view(&line.lot) else {
            continue;
        };
        for test in &lot.tests_missing {
            if !wanted(query, test.as_str())
                || open.contains(&(line.lot.to_string(), test.to_string()))
            {
                continue;
            }
            let delay = delays.get(test.as_str()).copied().unwrap_or(0);
            let not_before = lot
                .clock
                .map(|clock| clock + jiff::SignedDuration::from_secs(delay as i64));
            rows.push(TestRow {
                state: TestState::Due,
                lot: line.lot.clone(),
                goods: lot.goods.clone(),
                spot: lot.spot.clone(),
                test: test.clone(),
                not_before: when(not_before),
                // Later than this the result would come after the clock has run, and the lot would wait for it.
                overdue: lot
                    .earliest
                    .is_some_and(|at| now.as_second() + RESULT_LATE_S > at.as_second()),
                sample: None,
                taken_at: None,
                taken_by: None,
                outcome: None,
                result_at: None,
                earliest: when(lot.earliest),
            });
        }
    }
    rows.into_iter()
}

/// Who took a sample and what it found is in the records of its lot.
fn fill_results(rows: &mut [TestRow], records: &[Record]) {
    let mut taken: HashMap<&str, &PersonName> = HashMap::new();
    let mut found: HashMap<&str, (Outcome, Timestamp)> = HashMap::new();
    for record in records {
        for event in &record.events {
            match &event.happening {
                Happening::Entry(Entry::SampleTaken { sample, .. }) => {
                    taken.insert(sample.as_str(), &record.by);
                }
                Happening::Entry(Entry::ResultEntered {
                    sample, outcome, ..
                }) => {
                    found.insert(sample.as_str(), (*outcome, event.at));
                }
                _ => {}
            }
        }
    }
    for row in rows {
        let Some(sample) = &row.sample else { continue };
        row.taken_by = taken.get(sample.as_str()).copied().cloned();
        if let Some((outcome, at)) = found.get(sample.as_str()) {
            row.outcome = Some(*outcome);
            row.result_at = Some((*at).into());
        }
    }
}
