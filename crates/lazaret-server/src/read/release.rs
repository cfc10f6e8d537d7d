//! The release queue: lots ready for a signature.

use std::collections::HashMap;

use jiff::Timestamp;
use lazaret_ledger::State;
use lazaret_ledger::chain::Record;
use lazaret_vocabulary::event::LotId;
use lazaret_vocabulary::event::entry::{Entry, PersonName, Role};

use super::lots::{cursor_of, cut};
use super::records;
use crate::api::common::{Page, PageQuery, Problem};
use crate::api::work::QueueRow;
use crate::app::App;
use crate::guard::Who;
use crate::view::{lots as view, refusal, trial, when};

/// Lots whose treatment, tests and clock are done.
pub(crate) async fn page(
    app: &App,
    who: &Who,
    query: &PageQuery,
) -> Result<Page<QueueRow>, Problem> {
    let after = cursor_of(query)?;
    let limit = query.limit();
    let ((lines, next, seqs), _) = app
        .look(None, |state, now| {
            let mut lines = state.release_queue(now, after, limit + 1);
            let next = cut(&mut lines, limit);
            let histories = lines.iter().map(|line| state.lot_history(&line.lot));
            let seqs: Vec<Vec<u64>> = histories.collect();
            (lines, next, seqs)
        })
        .await?;
    let all = seqs.iter().flatten().copied().collect();
    let found = records(app, who, all).await?.into_iter();
    let by_seq: HashMap<u64, Record> = found.map(|record| (record.seq, record)).collect();
    let (items, _) = app
        .look(None, |state, now| {
            let officers = officers(state);
            lines
                .iter()
                .zip(&seqs)
                .filter_map(|(line, seqs)| {
                    let found = seqs.iter().filter_map(|seq| by_seq.get(seq).cloned());
                    let records: Vec<Record> = found.collect();
                    queue_row(state, &line.lot, &records, &officers, &who.person, now)
                })
                .collect()
        })
        .await?;
    Ok(Page {
        items,
        next,
        total: None,
    })
}

fn officers(state: &State) -> Vec<PersonName> {
    let signs = [Role::QuarantineOfficer, Role::ChiefOfficer];
    state
        .people()
        .filter(|person| signs.iter().any(|role| person.roles.contains(role)))
        .map(|person| person.person)
        .collect()
}

fn queue_row(
    state: &State,
    lot: &LotId,
    records: &[Record],
    officers: &[PersonName],
    you: &PersonName,
    now: Timestamp,
) -> Option<QueueRow> {
    let found = state.lot_view(lot)?;
    let more = view::from_records(state, &found, records);
    let signs = |person: &PersonName| {
        let signed = Entry::Signed {
            lot: lot.clone(),
            signer: person.clone(),
            meaning: "release".into(),
            pin: None,
            also: Vec::new(),
        };
        trial(state, now, person, signed.into())
    };
    let treatment = more
        .treatments
        .iter()
        .map(|line| {
            let mut text = line.step.to_string();
            if let Some(agent) = &line.agent {
                text.push_str(&format!(" with {agent}"));
            }
            if let Some(seconds) = line.contact_s {
                text.push_str(&format!(", {:.1} h", seconds as f64 / 3600.0));
            }
            if let Some(ct) = line.ct_mg_h_m3 {
                text.push_str(&format!(", CT {:.1} g·h/m³", ct as f64 / 1000.0));
            }
            text
        })
        .collect::<Vec<_>>()
        .join("; ");
    let passed = more.tests.iter().filter(|test| test.passed).count() as u32;
    Some(QueueRow {
        treatment,
        treated: found.treated,
        clock: when(found.clock),
        restarts: more.restarts,
        tests_passed: passed,
        tests_needed: more.tests.len() as u32,
        spotless: !more.marked && found.exceptions.is_empty(),
        you: refusal(signs(you)),
        may_sign: officers
            .iter()
            .filter(|person| signs(person).is_ok())
            .cloned()
            .collect(),
        row: view::row_of(state, found, now),
    })
}
