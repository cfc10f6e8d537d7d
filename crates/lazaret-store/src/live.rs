//! A ledger in use: commands in, records on disk, answers out.
//!
//! One task decides, another commits. While a batch is being written the next one gathers and is decided, so that one
//! sync of the disk serves many commands. The state runs ahead of the disk by at most two batches; nothing that
//! depends on it is told to anybody before it is on disk: answers wait for the commit, and [`Live::read`] waits until
//! everything that its reader has seen is written.
//!
//! If a commit fails it is not known what the database holds. The state is dropped and read again, and whoever waited
//! is told to send the same command again under the same key, which then counts once.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use jiff::Timestamp;
use lazaret_ledger::chain::{Chain, Digest, Sealed};
use lazaret_ledger::{Accepted, Command, Ledger, Refusal, State};
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use crate::database::Store;
use crate::error::StoreError;
use crate::lease::{LEASE, Lease};
use crate::snapshots::CHUNK;

/// What tells the time. The ledger's clock; a demonstration runs it on.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Commands decided before a commit begins: more would only make the first of them wait.
const BATCH: usize = 1024;
/// Commands that may wait to be decided. Beyond it senders wait.
const QUEUE: usize = 8192;
/// Records that a slow listener may lag behind.
const FEED: usize = 4096;
/// How often the log of a SQLite file is copied back, if anything was written.
const FOLD: Duration = Duration::from_secs(1);
/// How often a server that stands by looks for new records and a free lease.
const LOOK: Duration = Duration::from_millis(400);

/// How a ledger is run.
#[derive(Clone)]
pub struct LiveOptions {
    /// A name of this server for messages.
    pub holder: String,
    /// The ledger's clock.
    pub clock: Clock,
    /// Records between two snapshots, of a ledger that is not very large.
    pub snapshot_every: u64,
}

impl std::fmt::Debug for LiveOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LiveOptions")
            .field("holder", &self.holder)
            .field("snapshot_every", &self.snapshot_every)
            .finish_non_exhaustive()
    }
}

impl Default for LiveOptions {
    fn default() -> Self {
        LiveOptions {
            holder: format!("process {}", std::process::id()),
            clock: Arc::new(Timestamp::now),
            snapshot_every: 100_000,
        }
    }
}

/// What a server is at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Another server writes; this one follows.
    Standby,
    /// It writes.
    Active,
    /// It has stopped.
    Stopped,
}

/// What became of an accepted command. It is on disk.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// The number of its record.
    pub seq: u64,
    /// The record, unless it had been recorded before under the same key.
    pub sealed: Option<Arc<Sealed>>,
}

/// Why a command has no receipt.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// A rule forbids it.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// Another server writes.
    #[error("this server stands by; {holder} writes")]
    Standby {
        /// The other server.
        holder: String,
    },
    /// It may or may not have been recorded.
    #[error("the database failed while this was written: send it again under the same key")]
    Unknown,
    /// A decision did not fit its state; the ledger was read again.
    #[error("the program has a defect that this command meets; nothing was recorded")]
    Defect,
    /// The server is going down.
    #[error("the server is stopping")]
    Stopped,
}

/// What a command comes to.
type Outcome = Result<Receipt, SubmitError>;

/// A command with its answer's way back.
#[derive(Debug)]
struct Post {
    command: Command,
    /// When it is recorded; by the ledger's clock if not given.
    now: Option<Timestamp>,
    answer: oneshot::Sender<Outcome>,
}

/// A command that was sent.
#[derive(Debug)]
pub struct Pending(oneshot::Receiver<Outcome>);

impl Pending {
    /// Waits until its record is on disk.
    ///
    /// # Errors
    /// As [`Live::submit`].
    pub async fn receipt(self) -> Result<Receipt, SubmitError> {
        self.0.await.unwrap_or(Err(SubmitError::Unknown))
    }
}

/// What a reader saw: a value, and how far the ledger was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen<T> {
    /// The value.
    pub value: T,
    /// The end of the chain that it rests on.
    pub chain: Chain,
    /// The ledger's clock.
    pub now: Timestamp,
}

/// How far the disk is, and for which reading of the ledger that is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Durable {
    epoch: u64,
    seq: u64,
}

struct Shared {
    store: Store,
    options: LiveOptions,
    ledger: RwLock<Ledger>,
    /// Goes up whenever the ledger is dropped and read again.
    epoch: AtomicU64,
    durable: watch::Sender<Durable>,
    standing: watch::Sender<Standing>,
    stop: watch::Sender<bool>,
    feed: broadcast::Sender<Arc<Sealed>>,
    holder: RwLock<String>,
    commits: AtomicU64,
}

/// A ledger in use. Cheap to clone.
#[derive(Clone)]
pub struct Live {
    shared: Arc<Shared>,
    posts: mpsc::Sender<Post>,
    keeper: Arc<tokio::sync::Mutex<Option<JoinHandle<()>>>>,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live")
            .field("standing", &self.standing())
            .finish_non_exhaustive()
    }
}

impl Live {
    /// Reads the ledger and begins to write it as soon as the lease is free.
    ///
    /// # Errors
    /// If the database fails, or its records do not follow each other.
    pub async fn start(store: Store, options: LiveOptions) -> Result<Live, StoreError> {
        let ledger = store.load().await?;
        let lease = store.take_lease(&options.holder).await?;
        let seq = ledger.chain().seq;
        let (posts, queue) = mpsc::channel(QUEUE);
        let standing = if lease.is_some() {
            Standing::Active
        } else {
            Standing::Standby
        };
        let shared = Arc::new(Shared {
            store,
            options,
            ledger: RwLock::new(ledger),
            epoch: AtomicU64::new(0),
            durable: watch::Sender::new(Durable { epoch: 0, seq }),
            standing: watch::Sender::new(standing),
            stop: watch::Sender::new(false),
            feed: broadcast::Sender::new(FEED),
            holder: RwLock::new(String::new()),
            commits: AtomicU64::new(0),
        });
        if lease.is_none() {
            shared.learn_holder().await;
        }
        let keeper = tokio::spawn(keep(Arc::clone(&shared), queue, lease));
        Ok(Live {
            shared,
            posts,
            keeper: Arc::new(tokio::sync::Mutex::new(Some(keeper))),
        })
    }

    /// The database.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.shared.store
    }

    /// The ledger's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.shared.options.clock)()
    }

    /// What the server is.
    #[must_use]
    pub fn standing(&self) -> Standing {
        *self.shared.standing.borrow()
    }

    /// Waits until the server is what is asked, or has stopped.
    pub async fn stands(&self, standing: Standing) {
        let mut watch = self.shared.standing.subscribe();
        let _ = watch
            .wait_for(|now| *now == standing || *now == Standing::Stopped)
            .await;
    }

    /// How many commits there were, for measuring.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.shared.commits.load(Ordering::Relaxed)
    }

    /// Records as they are committed.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<Arc<Sealed>> {
        self.shared.feed.subscribe()
    }

    /// Number of the last record on disk.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.shared.durable.borrow().seq
    }

    /// Has a command decided, and waits until its record is on disk.
    ///
    /// # Errors
    /// [`SubmitError`]; after [`SubmitError::Unknown`] the same command may be sent again.
    pub async fn submit(&self, command: Command) -> Result<Receipt, SubmitError> {
        let answer = self.post(command, None).await?;
        answer.await.unwrap_or(Err(SubmitError::Unknown))
    }

    /// As [`submit`](Live::submit) for many, in order; each is recorded at its own instant if one is given.
    ///
    /// A refusal does not stop those after it.
    pub async fn submit_all(
        &self,
        commands: impl IntoIterator<Item = (Command, Option<Timestamp>)>,
    ) -> Vec<Result<Receipt, SubmitError>> {
        let mut answers = Vec::new();
        for (command, now) in commands {
            answers.push(self.post(command, now).await);
        }
        let mut outcomes = Vec::with_capacity(answers.len());
        for answer in answers {
            outcomes.push(match answer {
                Ok(answer) => answer.await.unwrap_or(Err(SubmitError::Unknown)),
                Err(error) => Err(error),
            });
        }
        outcomes
    }

    /// Sends a command and does not wait: commands are decided in the order in which they were sent.
    ///
    /// * `now` — when it is recorded; by the ledger's clock if not given.
    ///
    /// # Errors
    /// If the ledger takes no commands now.
    pub async fn send(
        &self,
        command: Command,
        now: Option<Timestamp>,
    ) -> Result<Pending, SubmitError> {
        self.post(command, now).await.map(Pending)
    }

    async fn post(
        &self,
        command: Command,
        now: Option<Timestamp>,
    ) -> Result<oneshot::Receiver<Outcome>, SubmitError> {
        match self.standing() {
            Standing::Active => {}
            Standing::Standby => return Err(self.shared.standby()),
            Standing::Stopped => return Err(SubmitError::Stopped),
        }
        let (answer, receiver) = oneshot::channel();
        let post = Post {
            command,
            now,
            answer,
        };
        self.posts
            .send(post)
            .await
            .map_err(|_| SubmitError::Stopped)?;
        Ok(receiver)
    }

    /// Looks at the state. What is returned rests only on what is on disk.
    ///
    /// # Errors
    /// [`SubmitError::Unknown`] if the database failed meanwhile.
    pub async fn read<T>(
        &self,
        look: impl FnOnce(&State, Timestamp) -> T,
    ) -> Result<Seen<T>, SubmitError> {
        let now = self.now();
        let (value, chain, epoch) = {
            let ledger = self.shared.read();
            let state = ledger.state();
            let value = look(state, state.not_before_last_record(now));
            (
                value,
                ledger.chain(),
                self.shared.epoch.load(Ordering::Acquire),
            )
        };
        let seen = Seen { value, chain, now };
        let durable = *self.shared.durable.borrow();
        if durable.epoch == epoch && durable.seq >= chain.seq {
            return Ok(seen);
        }
        let mut watch = self.shared.durable.subscribe();
        let reached = watch
            .wait_for(|durable| durable.epoch != epoch || durable.seq >= chain.seq)
            .await
            .map_err(|_| SubmitError::Stopped)?;
        if reached.epoch == epoch {
            Ok(seen)
        } else {
            Err(SubmitError::Unknown)
        }
    }

    /// Stops: answers what is in hand, keeps a snapshot, gives the lease back.
    pub async fn stop(&self) {
        self.shared.stop.send_replace(true);
        if let Some(keeper) = self.keeper.lock().await.take() {
            let _ = keeper.await;
        }
    }
}

impl Shared {
    fn read(&self) -> RwLockReadGuard<'_, Ledger> {
        self.ledger.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Ledger> {
        self.ledger.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records until the next snapshot. A large state is seldom written anew: reading so many records takes about as
    /// long as reading a snapshot of it.
    fn snapshot_every(&self) -> u64 {
        let large = self.read().state().bytes() as u64 / 1024;
        self.options.snapshot_every.max(large)
    }

    fn standby(&self) -> SubmitError {
        let holder = self.holder.read().unwrap_or_else(PoisonError::into_inner);
        SubmitError::Standby {
            holder: holder.clone(),
        }
    }

    async fn learn_holder(&self) {
        if let Ok(holder) = self.store.lease_holder().await {
            *self.holder.write().unwrap_or_else(PoisonError::into_inner) = holder;
        }
    }

    /// Drops the ledger and reads it again.
    async fn reload(&self) -> Result<(), StoreError> {
        let fresh = self.store.load().await?;
        let seq = fresh.chain().seq;
        let epoch = {
            let mut ledger = self.write();
            *ledger = fresh;
            self.epoch.fetch_add(1, Ordering::AcqRel) + 1
        };
        self.durable.send_replace(Durable { epoch, seq });
        Ok(())
    }

    /// Reads what another server has written meanwhile.
    async fn follow(&self) -> Result<(), StoreError> {
        loop {
            let from = self.read().chain();
            let rows = self.store.after(from.seq, CHUNK).await?;
            if rows.is_empty() {
                return Ok(());
            }
            let mut records = Vec::with_capacity(rows.len());
            for stored in rows {
                records.push((stored.record()?, stored));
            }
            let seq = {
                let mut ledger = self.write();
                for (record, stored) in &records {
                    ledger
                        .replay(record, Digest::of(&stored.body))
                        .map_err(|broken| StoreError::Record {
                            seq: broken.record,
                            what: broken.what,
                        })?;
                }
                ledger.chain().seq
            };
            self.durable.send_modify(|durable| durable.seq = seq);
            for (record, stored) in records {
                let digest = stored.digest().unwrap_or_default();
                let _ = self.feed.send(Arc::new(Sealed {
                    record,
                    digest,
                    json: stored.body,
                }));
            }
        }
    }

    /// Keeps a snapshot of the ledger as it is. Nobody may be waiting for a decision.
    async fn last_snapshot(&self) -> Result<(), StoreError> {
        let (seq, bytes) = {
            let ledger = self.read();
            (ledger.chain().seq, ledger.snapshot())
        };
        let epoch = self.epoch.load(Ordering::Acquire);
        let mut watch = self.durable.subscribe();
        let written = watch
            .wait_for(|durable| durable.epoch != epoch || durable.seq >= seq)
            .await
            .is_ok_and(|durable| durable.epoch == epoch);
        match bytes {
            Ok(bytes) if written => self.store.keep_snapshot(seq, &bytes).await,
            Ok(_) => Ok(()),
            Err(error) => {
                tracing::warn!(%error, "no snapshot was kept");
                Ok(())
            }
        }
    }
}

/// Runs a ledger from start to stop: standing by, writing, standing by again if the lease is lost.
async fn keep(shared: Arc<Shared>, mut queue: mpsc::Receiver<Post>, first: Option<Lease>) {
    let mut lease = first;
    let mut stop = shared.stop.subscribe();
    // The lease may have been taken after the ledger was read: read what was written between.
    let mut fresh = false;
    while !*stop.borrow() {
        if lease.is_none() {
            shared.standing.send_replace(Standing::Standby);
            match shared.store.take_lease(&shared.options.holder).await {
                Ok(Some(taken)) => {
                    tracing::info!(token = taken.token(), "this server writes now");
                    lease = Some(taken);
                    fresh = false;
                }
                Ok(None) => shared.learn_holder().await,
                Err(error) => tracing::error!(%error, "the lease cannot be asked for"),
            }
        }
        let read = if fresh { Ok(()) } else { shared.follow().await };
        if let Err(error) = read {
            tracing::error!(%error, "the ledger cannot be followed; it is read again");
            if let Err(error) = shared.reload().await {
                tracing::error!(%error, "the ledger cannot be read");
            }
            lease = None;
        }
        let Some(held) = lease.take() else {
            refuse(&mut queue, || shared.standby());
            tokio::select! {
                _ = stop.changed() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
            continue;
        };
        shared.standing.send_replace(Standing::Active);
        match write(&shared, &mut queue, &held).await {
            Ended::Stopped => {
                if let Err(error) = shared.last_snapshot().await {
                    tracing::warn!(%error, "no snapshot was kept");
                }
                if let Err(error) = held.give_back(&shared.store).await {
                    tracing::warn!(%error, "the lease runs out by itself");
                }
            }
            Ended::Failed => {
                shared.standing.send_replace(Standing::Standby);
                refuse(&mut queue, || SubmitError::Unknown);
                match shared.reload().await {
                    Ok(()) => fresh = true,
                    Err(error) => tracing::error!(%error, "the ledger cannot be read"),
                }
                // If nobody else has taken it, it is still ours.
                if fresh && shared.store.renew_lease(&held).await.is_ok() {
                    lease = Some(held);
                } else {
                    tokio::time::sleep(LOOK).await;
                }
            }
        }
    }
    shared.standing.send_replace(Standing::Stopped);
    queue.close();
    refuse(&mut queue, || SubmitError::Stopped);
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
    answers: Vec<(oneshot::Sender<Outcome>, Outcome)>,
}

async fn write(shared: &Arc<Shared>, queue: &mut mpsc::Receiver<Post>, lease: &Lease) -> Ended {
    let mut stop = shared.stop.subscribe();
    // A subscriber is told of changes from now on: a stop that was asked for before must be looked for.
    if *stop.borrow() {
        return Ended::Stopped;
    }
    // One batch waits while another is written; with more, the state would run further ahead for nothing.
    let (batches, written) = mpsc::channel::<Batch>(1);
    let mut committer = tokio::spawn(commit(Arc::clone(shared), written, lease.token()));
    let mut renew = tokio::time::interval(LEASE / 4);
    let mut posts = Vec::with_capacity(BATCH);
    let folding = tokio::spawn(fold(Arc::clone(shared)));
    let mut snapshot_at = shared.read().chain().seq + shared.snapshot_every();
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
                if let Err(error) = shared.store.renew_lease(lease).await {
                    tracing::error!(%error, "the lease was not renewed");
                    if matches!(error, StoreError::Fenced { .. }) {
                        break Ended::Failed;
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
                let seq = shared.read().chain().seq;
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
    if let Some(snapshot) = snapshot {
        let _ = snapshot.await;
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
    for post in posts.drain(..) {
        if !sound {
            batch.answers.push((post.answer, Err(SubmitError::Unknown)));
            continue;
        }
        let now = post.now.unwrap_or_else(|| (shared.options.clock)());
        // A defect in a rule must not take the server down, nor let a half-changed state go on.
        let outcome = catch_unwind(AssertUnwindSafe(|| ledger.submit(&post.command, now)));
        let outcome = match outcome {
            Ok(Ok(Accepted::New(sealed))) => {
                let sealed: Arc<Sealed> = Arc::new(*sealed);
                batch.sealed.push(Arc::clone(&sealed));
                Ok(Receipt {
                    seq: sealed.record.seq,
                    sealed: Some(sealed),
                })
            }
            Ok(Ok(Accepted::Already { seq })) => Ok(Receipt { seq, sealed: None }),
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
                answer_unknown(batch);
                batches.close();
                while let Some(batch) = batches.recv().await {
                    answer_unknown(batch);
                }
                return false;
            }
            shared.commits.fetch_add(1, Ordering::Relaxed);
            if let Some(last) = batch.sealed.last() {
                let seq = last.record.seq;
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
