//! Protocols and rules.

use jiff::Timestamp;
use lazaret_ledger::State;
use lazaret_vocabulary::event::entry::Entry;
use lazaret_vocabulary::event::rules::Protocol;

use crate::api::common::Problem;
use crate::api::protocols::{MovedLot, Preview, PreviewRequest, ProtocolRow, ProtocolsView};
use crate::app::App;
use crate::guard::Who;
use crate::view::{refusal, trial, when};

/// Lots that a preview lists.
const MOVED: usize = 10_000;

/// Rules and protocols, the latest first.
pub(crate) async fn list(app: &App) -> Result<ProtocolsView, Problem> {
    let (view, _) = app
        .look(None, |state, now| {
            let all: Vec<&Protocol> = state.protocols().collect();
            let rows = (0..all.len()).rev().map(|at| ProtocolRow {
                protocol: all[at].clone(),
                in_force: in_force(&all, at, now),
                adopted: at as u32 + 1,
            });
            ProtocolsView {
                rules: state.rules().cloned(),
                protocols: rows.collect(),
                version: version(state),
            }
        })
        .await?;
    Ok(view)
}

/// Whether the protocol at `at` counts now: it has begun, and no later one of its name has.
fn in_force(all: &[&Protocol], at: usize, now: Timestamp) -> bool {
    let protocol = all[at];
    let supersedes = |(other, later): (usize, &&Protocol)| {
        later.protocol == protocol.protocol
            && later.from <= now
            && (later.from, other) > (protocol.from, at)
    };
    protocol.from <= now && !all.iter().enumerate().any(supersedes)
}

/// The version of rules and protocols: changes whenever either does.
pub(crate) fn version(state: &State) -> u64 {
    let text = (
        state.rules().map(serde_json::to_string),
        state.protocols().count(),
    );
    let rules = text.0.and_then(Result::ok).unwrap_or_default();
    let digest = lazaret_ledger::Digest::of(format!("{rules}{}", text.1).as_bytes());
    // Six bytes: a number that JavaScript can hold.
    digest.0[..6]
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// What a protocol would change before it is adopted.
pub(crate) async fn preview(
    app: &App,
    who: &Who,
    body: &PreviewRequest,
) -> Result<Preview, Problem> {
    let (preview, _) = app
        .look(None, |state, now| {
            let adopted = Entry::ProtocolAdopted {
                protocol: Box::new(body.protocol.clone()),
            };
            let refusal = refusal(trial(state, now, &who.person, adopted.into()));
            let moved = state.preview(&body.protocol);
            let weaker = state.weaker_protocol(&body.protocol);
            Preview {
                weaker: weaker.iter().map(ToString::to_string).collect(),
                weaker_data: weaker,
                total: moved.len() as u64,
                unreleased: moved.iter().filter(|lot| lot.unreleased).count() as u64,
                moved: moved
                    .into_iter()
                    .take(MOVED)
                    .map(|lot| MovedLot {
                        lot: lot.lot,
                        before: when(lot.before),
                        after: when(lot.after),
                        more_tests: lot.more_tests,
                        signatures: lot.signatures,
                        unreleased: lot.unreleased,
                    })
                    .collect(),
                refusal,
            }
        })
        .await?;
    Ok(preview)
}
