//! The tasks that keep a ledger: asking for the right to write, deciding, committing, and reading again after a
//! failure.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use lazaret_ledger::chain::{Chain, Sealed};
use lazaret_ledger::clock::timeless;
use lazaret_ledger::{Accepted, Fact, Rule};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use super::{Post, Receipt, Reply, Shared, Standing, SubmitError};
use crate::error::StoreError;
use crate::lease::{LEASE, Lease};

/// Commands decided before a commit begins: more would only make the first of them wait.
const BATCH: usize = 1024;
/// How often the log of a SQLite file is copied back, if anything was written.
const FOLD: Duration = Duration::from_secs(1);
/// How often a server that stands by looks for new records and a free lease.
const LOOK: Duration = Duration::from_millis(400);
/// How long to wait before a failed recovery is tried again: at first, and at most.
const RETRY: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(2));
/// How long a server that stops waits for a snapshot in hand.
const FINISH: Duration = Duration::from_secs(20);

/// Runs a ledger from start to stop: standing by, writing, reading again and standing by if a write fails or the lease
/// is lost.
pub(super) async fn keep(
    shared: Arc<Shared>,
    mut queue: mpsc::Receiver<Post>,
    first: Option<Lease>,
) {
    let mut rights = Rights {
        held: first,
        doubtful: None,
    };
    let mut stop = shared.stop.subscribe();
    let mut retry = RETRY.0;
    while !*stop.borrow() {
        let step = rights.stand(&shared);
        let Some(outcome) = refusing(&shared, &mut queue, &mut stop, step).await else {
            break;
        };
        let pause = match (outcome, rights.held.take()) {
            (Ok(()), Some(mut held)) => {
                shared.ask_for_time().await;
                let began = Instant::now();
                shared.proved();
                shared.set_holder(String::new());
                shared.standing.send_replace(Standing::Active);
                match write(&shared, &mut queue, &mut held).await {
                    Ended::Stopped => {
                        end(&shared, held).await;
                        break;
                    }
                    Ended::Failed => {
                        shared.standing.send_replace(Standing::Standby);
                        shared.lose();
                        rights.doubtful = Some(held);
                    }
                }
                if began.elapsed() > RETRY.1 {
                    retry = RETRY.0;
                }
                backed_off(&mut retry)
            }
            (Ok(()), None) => {
                retry = RETRY.0;
                LOOK
            }
            (Err(error), held) => {
                tracing::error!(%error, "the ledger cannot be read or written; retrying");
                shared.disproved(&error);
                rights.held = held;
                backed_off(&mut retry)
            }
        };
        refusing(&shared, &mut queue, &mut stop, tokio::time::sleep(pause)).await;
    }
    shared.standing.send_replace(Standing::Stopped);
    queue.close();
    refuse(&mut queue, || SubmitError::Stopped);
}

/// How long to wait now; the next time is twice as long.
fn backed_off(retry: &mut Duration) -> Duration {
    let pause = *retry;
    *retry = (pause * 2).min(RETRY.1);
    pause
}

/// By what right a server writes.
struct Rights {
    /// The lease that it holds.
    held: Option<Lease>,
    /// A lease under which a write failed. Whether that write is still on its way is not known.
    doubtful: Option<Lease>,
}

impl Rights {
    /// Asks for the lease, and reads what is on disk. Only what is read after the lease was had can be written on.
    async fn stand(&mut self, shared: &Shared) -> Result<(), StoreError> {
        if self.held.is_none() {
            self.ask(shared).await?;
        }
        shared.catch_up().await?;
        // The disk may have lost what was acknowledged, or be another than it was.
        if self.held.is_some() && shared.halted().is_none() {
            if let Some(lost) = shared.store.lost().await? {
                shared.doubt(&[lost]);
            } else if let Some(chain) = shared.chain() {
                shared.store.note_last(chain)?;
            }
        }
        Ok(())
    }

    async fn ask(&mut self, shared: &Shared) -> Result<(), StoreError> {
        if let Some(mut lease) = self.doubtful.take() {
            match shared.store.raise_lease(&mut lease).await {
                Ok(()) => self.held = Some(lease),
                // Somebody else has it, or it was raised and the answer was lost.
                Err(StoreError::Fenced { .. }) => {}
                Err(error) => {
                    self.doubtful = Some(lease);
                    // What is on disk can be shown even if it cannot be written, on a full disk for one.
                    if shared.chain().is_none() {
                        shared.reload().await?;
                    }
                    return Err(error);
                }
            }
        }
        if self.held.is_none() {
            self.held = shared.store.take_lease(&shared.options.holder).await?;
            match &self.held {
                Some(taken) => {
                    tracing::info!(token = taken.token(), "this server writes now");
                }
                None => shared.learn_holder().await,
            }
        }
        Ok(())
    }
}

/// Does some work while nothing can be decided: commands that come are answered at once. None if the server is to stop.
async fn refusing<T>(
    shared: &Shared,
    queue: &mut mpsc::Receiver<Post>,
    stop: &mut watch::Receiver<bool>,
    work: impl Future<Output = T>,
) -> Option<T> {
    // A server that has just started lets them wait: it has the lease, and reads only what was written meanwhile.
    let starting = *shared.standing.borrow() == Standing::Active;
    tokio::pin!(work);
    loop {
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return None,
            done = &mut work => return Some(done),
            Some(post) = queue.recv(), if !starting => {
                // A sender that has gone away needs no answer.
                let _ = post.answer.send(Err(shared.not_now()));
            }
        }
    }
}

/// Follows the chain from its first record, beside everything else: a start from a snapshot has not looked at what lies
/// before it.
pub(super) async fn check(shared: Arc<Shared>) {
    let mut stop = shared.stop.subscribe();
    let checking = async {
        loop {
            let gateway = shared.read().as_ref().map(|ledger| {
                let rules = ledger.state().rules();
                rules.map(|rules| rules.gateway.clone()).unwrap_or_default()
            });
            if let Some(gateway) = gateway {
                match shared.store.doubts(&gateway).await {
                    Ok(doubts) => return doubts,
                    Err(error) => tracing::warn!(%error, "the records were not checked yet"),
                }
            }
            tokio::time::sleep(RETRY.1).await;
        }
    };
    tokio::select! {
        _ = stop.wait_for(|stop| *stop) => {}
        doubts = checking => {
            shared.doubt(&doubts);
            shared.checked.store(true, Ordering::Release);
        }
    }
}

/// Keeps a snapshot and gives the lease back.
async fn end(shared: &Shared, held: Lease) {
    if let Err(error) = shared.last_snapshot().await {
        tracing::warn!(%error, "no snapshot was kept");
    }
    if let Err(error) = held.give_back(&shared.store).await {
        tracing::warn!(%error, "the lease was not given up; it expires on its own");
    }
}

fn refuse(queue: &mut mpsc::Receiver<Post>, why: impl Fn() -> SubmitError) {
    while let Ok(post) = queue.try_recv() {
        let _ = post.answer.send(Err(why()));
    }
}

enum Ended {
    Stopped,
    Failed,
}

/// What one commit writes, and who waits for it.
struct Batch {
    sealed: Vec<Arc<Sealed>>,
    answers: Vec<(oneshot::Sender<Reply>, Reply)>,
}

async fn write(shared: &Arc<Shared>, queue: &mut mpsc::Receiver<Post>, lease: &mut Lease) -> Ended {
    let mut stop = shared.stop.subscribe();
    // A subscriber is told of changes from now on: a stop that was asked for before must be looked for.
    if *stop.borrow() {
        return Ended::Stopped;
    }
    // One batch waits while another is written; with more, the state would run further ahead for nothing.
    let (batches, written) = mpsc::channel::<Batch>(1);
    let mut committer = tokio::spawn(commit(Arc::clone(shared), written, lease.token()));
    let mut renew = tokio::time::interval(LEASE / 4);
    renew.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut proved = Instant::now();
    let mut posts = Vec::with_capacity(BATCH);
    let folding = tokio::spawn(fold(Arc::clone(shared)));
    let mut snapshot_at = shared.durable.borrow().seq + shared.snapshot_every();
    let mut snapshot: Option<JoinHandle<()>> = None;
    let ended = loop {
        tokio::select! {
            biased;
            _ = stop.changed() => break Ended::Stopped,
            _ = &mut committer => {
                folding.abort();
                return Ended::Failed;
            }
            _ = renew.tick() => {
                match shared.store.renew_lease(lease).await {
                    Ok(()) => {
                        proved = Instant::now();
                        shared.proved();
                    }
                    Err(error) => {
                        tracing::error!(%error, "the lease was not renewed");
                        shared.disproved(&error);
                        // Another has it, or may have it by now.
                        if matches!(error, StoreError::Fenced { .. }) || proved.elapsed() > LEASE {
                            break Ended::Failed;
                        }
                    }
                }
                shared.ask_for_time().await;
                if let Some(stopped) = shared.record_doubt() {
                    let batch = Batch {
                        sealed: vec![stopped],
                        answers: Vec::new(),
                    };
                    if batches.send(batch).await.is_err() {
                        folding.abort();
                        return Ended::Failed;
                    }
                }
            }
            count = queue.recv_many(&mut posts, BATCH) => {
                if count == 0 {
                    break Ended::Stopped;
                }
                let (batch, sound) = decide(shared, &mut posts);
                if let Err(unsent) = batches.send(batch).await {
                    answer_unknown(unsent.0);
                    folding.abort();
                    return Ended::Failed;
                }
                if !sound {
                    break Ended::Failed;
                }
                let seq = shared.durable.borrow().seq;
                if seq >= snapshot_at && snapshot.as_ref().is_none_or(JoinHandle::is_finished) {
                    snapshot_at = seq + shared.snapshot_every();
                    let store = shared.store.clone();
                    // Made from what is on disk and not from the state in use: to write a large one takes seconds, in
                    // which no command could be decided.
                    snapshot = Some(tokio::spawn(async move {
                        if let Err(error) = store.snapshot_beside().await {
                            tracing::warn!(%error, "no snapshot was kept");
                        }
                    }));
                }
            }
        }
    };
    drop(batches);
    folding.abort();
    let ended = match committer.await {
        Ok(true) => ended,
        _ => Ended::Failed,
    };
    if let Some(mut snapshot) = snapshot {
        // Made of what is on disk: it is as good as any if it is done in time, and nothing is lost without it.
        let patience = match ended {
            Ended::Stopped => FINISH,
            Ended::Failed => Duration::ZERO,
        };
        if tokio::time::timeout(patience, &mut snapshot).await.is_err() {
            snapshot.abort();
        }
    }
    ended
}

/// Copies the log back while records are written, so that no commit has to wait for it.
async fn fold(shared: Arc<Shared>) {
    let mut folded = 0;
    let mut tick = tokio::time::interval(FOLD);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let commits = shared.commits.load(Ordering::Relaxed);
        if commits == folded {
            continue;
        }
        let store = shared.store.clone();
        let synced = tokio::task::spawn_blocking(move || store.sync_last()).await;
        if let Ok(Err(error)) = synced {
            tracing::warn!(%error, "the number of the last record was not synced");
        }
        match shared.store.fold_log().await {
            Ok(()) => folded = commits,
            Err(error) => tracing::warn!(%error, "the log was not copied back"),
        }
    }
}

/// Decides on commands, in order. The second part is false if the state cannot be trusted any more.
fn decide(shared: &Shared, posts: &mut Vec<Post>) -> (Batch, bool) {
    let mut batch = Batch {
        sealed: Vec::with_capacity(posts.len()),
        answers: Vec::with_capacity(posts.len()),
    };
    let mut sound = true;
    let mut ledger = shared.write();
    let Some(ledger) = ledger.as_mut() else {
        let unknown = posts
            .drain(..)
            .map(|post| (post.answer, Err(SubmitError::Unknown)));
        batch.answers.extend(unknown);
        return (batch, false);
    };
    for post in posts.drain(..) {
        if !sound {
            batch.answers.push((post.answer, Err(SubmitError::Unknown)));
            continue;
        }
        // A defect in a rule must not take the server down, nor let a half-changed state go on.
        let outcome = catch_unwind(AssertUnwindSafe(|| match post.now {
            Some(now) => (None, ledger.submit(&post.command, now)),
            None => {
                let (reading, time) = shared.timekeeper.time(ledger.state());
                ledger.submit_by(&post.command, &reading, time)
            }
        }));
        let outcome = outcome.map(|(stopped, outcome)| {
            if let Some(stopped) = stopped {
                tracing::error!(
                    record = stopped.record.seq,
                    "the ledger stopped: its clock is wrong"
                );
                batch.sealed.push(Arc::new(*stopped));
            }
            outcome
        });
        let outcome = match outcome {
            Ok(Ok(Accepted::New(sealed))) => {
                let sealed: Arc<Sealed> = Arc::new(*sealed);
                if sealed.confirms_time() {
                    shared.timekeeper.settled();
                }
                batch.sealed.push(Arc::clone(&sealed));
                Ok(Receipt {
                    seq: sealed.record.seq,
                    sealed: Some(sealed),
                })
            }
            Ok(Ok(Accepted::Already { seq })) => Ok(Receipt { seq, sealed: None }),
            Ok(Err(refusal)) if refusal.rule == Rule::OwnClock && !timeless(&post.command.what) => {
                let doubt = match &*refusal.fact {
                    Fact::TimeInDoubt { doubt, .. } => doubt.clone().map(Box::new),
                    _ => None,
                };
                let what = format!("{}. {}", refusal.fact, refusal.remedy);
                Err(SubmitError::Clock { what, doubt })
            }
            Ok(Err(refusal)) => Err(SubmitError::Refused(Box::new(refusal))),
            Err(_) => {
                tracing::error!(command = %post.command.id, "a decision did not fit its state");
                sound = false;
                Err(SubmitError::Defect)
            }
        };
        batch.answers.push((post.answer, outcome));
    }
    (batch, sound)
}

/// Writes batches in order. Ends with false at the first that fails, after telling everybody who waits.
async fn commit(shared: Arc<Shared>, mut batches: mpsc::Receiver<Batch>, token: i64) -> bool {
    while let Some(batch) = batches.recv().await {
        if !batch.sealed.is_empty() {
            let rows = batch.sealed.iter().map(|sealed| {
                (
                    sealed.record.seq as i64,
                    crate::records::micros(sealed.record.recorded_at),
                    &sealed.json[..],
                    &sealed.digest.0[..],
                )
            });
            if let Err(error) = shared.store.append_rows(token, rows).await {
                tracing::error!(%error, "records were not written");
                shared.disproved(&error);
                // Nobody may be shown what was decided and is perhaps not on disk.
                shared.lose();
                answer_unknown(batch);
                batches.close();
                while let Some(batch) = batches.recv().await {
                    answer_unknown(batch);
                }
                return false;
            }
            shared.commits.fetch_add(1, Ordering::Relaxed);
            shared.proved();
            if let Some(last) = batch.sealed.last() {
                let seq = last.record.seq;
                let head = last.digest;
                // Before anybody is answered. Without it a loss would go unnoticed; nothing is lost by that alone.
                if let Err(error) = shared.store.note_last(Chain { seq, head }) {
                    tracing::error!(%error, "the last record was not noted outside the database");
                }
                shared.durable.send_modify(|durable| durable.seq = seq);
            }
        }
        for (answer, outcome) in batch.answers {
            let _ = answer.send(outcome);
        }
        for sealed in batch.sealed {
            let _ = shared.feed.send(sealed);
        }
    }
    true
}

fn answer_unknown(batch: Batch) {
    for (answer, outcome) in batch.answers {
        let outcome = match outcome {
            Err(SubmitError::Defect) => Err(SubmitError::Defect),
            // A refusal may rest on records that were not written.
            _ => Err(SubmitError::Unknown),
        };
        let _ = answer.send(outcome);
    }
}
