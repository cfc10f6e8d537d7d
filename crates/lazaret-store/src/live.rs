//! A ledger in use: commands in, records on disk, answers out.
//!
//! One task decides, another commits. While a batch is being written the next one gathers and is decided, so that one
//! sync of the disk serves many commands. The state runs ahead of the disk by at most two batches; nothing that
//! depends on it is told to anybody before it is on disk: answers wait for the commit, and [`Live::read`] waits until
//! everything that its reader has seen is written.
//!
//! If a commit fails it is not known what the database holds. The state is dropped at once, and nobody is shown
//! anything until it was read again, however often that takes. Everybody who waited is told to send the same command
//! again under the same key, which then counts once. Before the ledger is written again the lease's token is raised: a
//! commit that was given up and is still on its way can then not be written any more. Nothing here waits without a
//! bound.

mod keep;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use lazaret_ledger::chain::{Chain, Digest, Record, Sealed};
use lazaret_ledger::clock::Time;
use lazaret_ledger::{Command, Ledger, Refusal, State};
use lazaret_vocabulary::doubt::Doubt;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::database::Store;
use crate::error::StoreError;
use crate::records::Stored;
use crate::snapshots::CHUNK;
use crate::timekeeper::{Clock, Kernel, Timekeeper, system_clock, system_kernel};
use crate::verify::Finding;

/// Commands that may wait to be decided. Beyond it senders wait.
const QUEUE: usize = 8192;
/// Records that a slow listener may lag behind.
const FEED: usize = 4096;
/// How long an answer may wait for what it rests on to be written: two batches, each with its own bound.
const SETTLE: Duration = Duration::from_secs(25);
/// How old the last proof that this server may write can be when it calls itself ready.
const PROOF: Duration = Duration::from_secs(4);
/// How long a probe may wait for the database.
const PROBE: Duration = Duration::from_secs(2);

/// How a ledger is run.
#[derive(Clone)]
pub struct LiveOptions {
    /// A name of this server for messages.
    pub holder: String,
    /// The clocks of this server.
    pub clock: Clock,
    /// Whether the kernel's clock is kept right; asked where the clock alone is not believed.
    pub kernel: Kernel,
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
            clock: system_clock(),
            kernel: system_kernel(),
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

/// Whether a server can do its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It read the database just now, and proved within the last seconds that it may write.
    Ready,
    /// Another server writes.
    Standby {
        /// The other server.
        holder: String,
    },
    /// It has stopped, or is about to.
    Stopped,
    /// It cannot read or write.
    Failing {
        /// Why.
        why: String,
    },
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
    #[error("this server is a standby; {holder} is the writer")]
    Standby {
        /// The other server.
        holder: String,
    },
    /// Nothing is recorded until the time is known.
    #[error("nothing is recorded while the ledger's clock is in doubt: {what}")]
    Clock {
        /// Why, and what to do, in English.
        what: String,
        /// Why, as data.
        doubt: Option<Box<Doubt>>,
    },
    /// The database failed, and what it holds is not known until it was read again.
    #[error("the ledger is not available: {why}; send this again in a moment")]
    Unavailable {
        /// What failed.
        why: String,
    },
    /// It may or may not have been recorded.
    #[error("the database failed while this was written: send it again under the same key")]
    Unknown,
    /// What was acknowledged before is missing or was changed: nothing is recorded until an administrator accepts that.
    #[error("nothing can be recorded: {why}")]
    Halted {
        /// What is missing or different, and what to do.
        why: String,
    },
    /// A decision did not fit its state; the ledger was read again.
    #[error("this command met a defect of the program; nothing was recorded")]
    Defect,
    /// The server is going down.
    #[error("the server is stopping")]
    Stopped,
}

/// What a command comes to.
impl SubmitError {
    /// Nothing is recorded because of this doubt.
    #[must_use]
    pub fn clock(doubt: Doubt) -> Self {
        SubmitError::Clock {
            what: doubt.to_string(),
            doubt: Some(Box::new(doubt)),
        }
    }
}

type Reply = Result<Receipt, SubmitError>;

/// A command with its answer's way back.
#[derive(Debug)]
struct Post {
    command: Command,
    /// When it is recorded; by the ledger's clock if not given.
    now: Option<Timestamp>,
    answer: oneshot::Sender<Reply>,
}

/// A command that was sent.
#[derive(Debug)]
pub struct Pending(oneshot::Receiver<Reply>);

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
    /// None from the moment at which a write failed until the disk was read again.
    ledger: RwLock<Option<Ledger>>,
    /// Goes up whenever the ledger is dropped.
    epoch: AtomicU64,
    /// Why nothing may be recorded, if something speaks against the records.
    halt: Mutex<Option<String>>,
    /// Whether the chain was followed from its first record since the start.
    checked: AtomicBool,
    /// When it was last proved that this server may write; or why it could not be.
    proof: Mutex<Result<Instant, String>>,
    durable: watch::Sender<Durable>,
    standing: watch::Sender<Standing>,
    stop: watch::Sender<bool>,
    feed: broadcast::Sender<Arc<Sealed>>,
    holder: RwLock<String>,
    commits: AtomicU64,
    timekeeper: Timekeeper,
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
        let timekeeper = Timekeeper::new(Arc::clone(&options.clock), Arc::clone(&options.kernel));
        if !timekeeper.is_tied(ledger.state()) {
            timekeeper.ask(&store).await;
        }
        if let (_, Time::Doubted(doubted)) = timekeeper.time(ledger.state()) {
            tracing::error!(why = %doubted.why, "the ledger's clock is in doubt: nothing is recorded");
        }
        let shared = Arc::new(Shared {
            timekeeper,
            store,
            options,
            ledger: RwLock::new(Some(ledger)),
            epoch: AtomicU64::new(0),
            halt: Mutex::new(None),
            checked: AtomicBool::new(false),
            proof: Mutex::new(if lease.is_some() {
                Ok(Instant::now())
            } else {
                Err("this server has not written yet".into())
            }),
            durable: watch::Sender::new(Durable { epoch: 0, seq }),
            standing: watch::Sender::new(standing),
            stop: watch::Sender::new(false),
            feed: broadcast::Sender::new(FEED),
            holder: RwLock::new(String::new()),
            commits: AtomicU64::new(0),
        });
        if let Some(lost) = shared.store.lost().await? {
            shared.doubt(&[lost]);
        }
        if lease.is_none() {
            shared.learn_holder().await;
        }
        tokio::spawn(keep::check(Arc::clone(&shared)));
        let keeper = tokio::spawn(keep::keep(Arc::clone(&shared), queue, lease));
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

    /// The ledger's time; while it is in doubt, the least that is known.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self.shared.read().as_ref() {
            Some(ledger) => least(&self.shared.timekeeper.time(ledger.state()).1),
            None => self.wall(),
        }
    }

    /// What the server's clock reads, right or wrong.
    #[must_use]
    pub fn wall(&self) -> Timestamp {
        self.shared.timekeeper.reading().wall
    }

    /// Why nothing is recorded, while the ledger's clock is in doubt.
    #[must_use]
    pub fn clock_doubt(&self) -> Option<Doubt> {
        let ledger = self.shared.read();
        match self.shared.timekeeper.time(ledger.as_ref()?.state()) {
            (_, Time::Doubted(doubted)) => Some(doubted.why),
            (_, Time::Known { .. }) => None,
        }
    }

    /// The device of a person who signed in said what time it is.
    pub fn device_clock(&self, person: &str, says: Timestamp) {
        self.shared.timekeeper.device(person, says);
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
    ) -> Result<oneshot::Receiver<Reply>, SubmitError> {
        match self.standing() {
            Standing::Active => {}
            Standing::Standby => return Err(self.shared.not_now()),
            Standing::Stopped => return Err(SubmitError::Stopped),
        }
        if let Some(why) = self.halted() {
            return Err(SubmitError::Halted { why });
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

    /// Why nothing may be recorded, if something speaks against the records.
    #[must_use]
    pub fn halted(&self) -> Option<String> {
        self.shared.halted()
    }

    /// Whether the chain was followed from its first record since the start. Until then a change before the last
    /// snapshot may be unknown; what is decided meanwhile rests on a state that is signed.
    #[must_use]
    pub fn checked(&self) -> bool {
        self.shared.checked.load(Ordering::Acquire)
    }

    /// Whether it reads and writes, asked of the database itself.
    pub async fn readiness(&self) -> Readiness {
        let failing = |why: String| Readiness::Failing { why };
        if self.standing() == Standing::Stopped || *self.shared.stop.borrow() {
            return Readiness::Stopped;
        }
        let before = *self.shared.durable.borrow();
        let head = match tokio::time::timeout(PROBE, self.shared.store.head()).await {
            Ok(Ok(head)) => head,
            Ok(Err(error)) => return failing(error.to_string()),
            Err(_) => return failing(StoreError::Silent(PROBE).to_string()),
        };
        if self.shared.read().is_none() {
            return failing("the ledger is being read again after a failed write".into());
        }
        if self.standing() != Standing::Active {
            return match self.shared.standby() {
                SubmitError::Standby { holder } if !holder.is_empty() => {
                    Readiness::Standby { holder }
                }
                _ => failing("the lease has not been acquired yet".into()),
            };
        }
        if head.seq < before.seq && self.shared.durable.borrow().epoch == before.epoch {
            return failing(format!(
                "the database ends at record {}, but record {} was on disk: the database was replaced or cut",
                head.seq, before.seq
            ));
        }
        if let Some(why) = self.halted() {
            return failing(why);
        }
        if !self.checked() {
            return failing("the records are being verified from the first to the last".into());
        }
        let proof = self.shared.proof().clone();
        match proof {
            Ok(at) if at.elapsed() <= PROOF => Readiness::Ready,
            Ok(at) => failing(format!(
                "the lease was last renewed {:.0} s ago",
                at.elapsed().as_secs_f64()
            )),
            Err(why) => failing(why),
        }
    }

    /// Looks at the state. What is returned rests only on what is on disk.
    ///
    /// # Errors
    /// [`SubmitError::Unavailable`] if the database failed and was not read again yet, [`SubmitError::Unknown`] if it
    /// failed meanwhile.
    pub async fn read<T>(
        &self,
        look: impl FnOnce(&State, Timestamp) -> T,
    ) -> Result<Seen<T>, SubmitError> {
        let (value, chain, epoch, now) = {
            let ledger = self.shared.read();
            let Some(ledger) = ledger.as_ref() else {
                return Err(self.shared.unavailable());
            };
            let state = ledger.state();
            let now = least(&self.shared.timekeeper.time(state).1);
            let value = look(state, state.not_before_last_record(now));
            (
                value,
                ledger.chain(),
                self.shared.epoch.load(Ordering::Acquire),
                now,
            )
        };
        let seen = Seen { value, chain, now };
        let durable = *self.shared.durable.borrow();
        if durable.epoch == epoch && durable.seq >= chain.seq {
            return Ok(seen);
        }
        let mut watch = self.shared.durable.subscribe();
        let reached = watch.wait_for(|durable| durable.epoch != epoch || durable.seq >= chain.seq);
        let reached = tokio::time::timeout(SETTLE, reached)
            .await
            .map_err(|_| SubmitError::Unknown)?
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
    fn read(&self) -> RwLockReadGuard<'_, Option<Ledger>> {
        self.ledger.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Option<Ledger>> {
        self.ledger.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn proof(&self) -> MutexGuard<'_, Result<Instant, String>> {
        self.proof.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks who bears the time out, unless the steady clock of this machine alone does.
    async fn ask_for_time(&self) {
        let tied =
            (self.read().as_ref()).is_none_or(|ledger| self.timekeeper.is_tied(ledger.state()));
        if !tied {
            self.timekeeper.ask(&self.store).await;
        }
    }

    /// Records that the ledger has stopped, if its clock was right and has just gone wrong.
    fn record_doubt(&self) -> Option<Arc<Sealed>> {
        let mut ledger = self.write();
        let ledger = ledger.as_mut()?;
        let (reading, time) = self.timekeeper.time(ledger.state());
        let Time::Doubted(doubted) = time else {
            return None;
        };
        let sealed = ledger.doubt(&reading, &doubted)?;
        tracing::error!(why = %doubted.why, "the ledger stopped: its clock is wrong");
        Some(Arc::new(*sealed))
    }

    fn halted(&self) -> Option<String> {
        self.halt
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Stops recording, because something speaks against the records.
    fn doubt(&self, findings: &[Finding]) {
        let Some(first) = findings.first() else {
            return;
        };
        let others = match findings.len() - 1 {
            0 => String::new(),
            more => format!(" (and {more} more, see `lazaret ledger verify`)"),
        };
        let why = format!(
            "{first}{others}; restore a backup that has it, or stop the server and accept the damage with \
             `lazaret ledger accept`"
        );
        tracing::error!(%why, "nothing is recorded from now on");
        let mut halt = self.halt.lock().unwrap_or_else(PoisonError::into_inner);
        halt.get_or_insert(why);
    }

    /// It was just proved that this server may write.
    fn proved(&self) {
        *self.proof() = Ok(Instant::now());
    }

    fn disproved(&self, error: &StoreError) {
        *self.proof() = Err(error.to_string());
    }

    /// The end of the chain in memory, if it is known.
    fn chain(&self) -> Option<Chain> {
        self.read().as_ref().map(Ledger::chain)
    }

    /// Records until the next snapshot. A large state is seldom written anew: reading so many records takes about as
    /// long as reading a snapshot of it.
    fn snapshot_every(&self) -> u64 {
        let large = self
            .read()
            .as_ref()
            .map_or(0, |ledger| ledger.state().bytes() as u64 / 1024);
        self.options.snapshot_every.max(large)
    }

    /// Why nothing can be written now.
    fn not_now(&self) -> SubmitError {
        match self.standby() {
            SubmitError::Standby { holder } if !holder.is_empty() => {
                SubmitError::Standby { holder }
            }
            _ => self.unavailable(),
        }
    }

    fn unavailable(&self) -> SubmitError {
        SubmitError::Unavailable {
            why: match &*self.proof() {
                Err(why) => why.clone(),
                Ok(_) => "it is being read".into(),
            },
        }
    }

    fn standby(&self) -> SubmitError {
        let holder = self.holder.read().unwrap_or_else(PoisonError::into_inner);
        SubmitError::Standby {
            holder: holder.clone(),
        }
    }

    fn set_holder(&self, holder: String) {
        *self.holder.write().unwrap_or_else(PoisonError::into_inner) = holder;
    }

    async fn learn_holder(&self) {
        if let Ok(holder) = self.store.lease_holder().await {
            self.set_holder(holder);
        }
    }

    /// Drops the ledger in memory, which may be ahead of the disk. Everybody who waits for it is told.
    fn lose(&self) {
        let epoch = {
            let mut ledger = self.write();
            *ledger = None;
            self.epoch.fetch_add(1, Ordering::AcqRel) + 1
        };
        self.durable.send_modify(|durable| durable.epoch = epoch);
    }

    /// Reads the ledger from the disk.
    async fn reload(&self) -> Result<(), StoreError> {
        let fresh = self.store.load().await?;
        let seq = fresh.chain().seq;
        let before = self.durable.borrow().seq;
        let epoch = {
            let mut ledger = self.write();
            *ledger = Some(fresh);
            self.epoch.fetch_add(1, Ordering::AcqRel) + 1
        };
        self.durable.send_replace(Durable { epoch, seq });
        // What was written although its answer was lost is news to those who listen.
        let unheard = before.max(seq.saturating_sub(u64::from(CHUNK.min(FEED as u32))));
        for stored in self.store.after(unheard, CHUNK).await? {
            if stored.seq <= seq {
                self.tell(stored.record()?, stored);
            }
        }
        Ok(())
    }

    fn tell(&self, record: Record, stored: Stored) {
        let digest = stored.digest().unwrap_or_default();
        // Nobody need listen.
        let _ = self.feed.send(Arc::new(Sealed {
            record,
            digest,
            json: stored.body,
        }));
    }

    /// Brings the ledger in memory to what is on disk.
    async fn catch_up(&self) -> Result<(), StoreError> {
        if self.chain().is_none() {
            return self.reload().await;
        }
        let followed = self.follow().await;
        if let Err(StoreError::Record { .. } | StoreError::Chain(_)) = followed {
            // Half of it may have been taken in.
            self.lose();
        }
        followed
    }

    /// Reads what another server has written meanwhile.
    async fn follow(&self) -> Result<(), StoreError> {
        loop {
            let Some(from) = self.chain() else {
                return Ok(());
            };
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
                let Some(ledger) = ledger.as_mut() else {
                    return Ok(());
                };
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
            // By the state: a record that confirmed the time was stamped before it counted.
            if let Some(ledger) = self.read().as_ref() {
                self.timekeeper.saw(ledger.state().recorded_at());
            }
            for (record, stored) in records {
                self.tell(record, stored);
            }
        }
    }

    /// Keeps a snapshot of the ledger as it is. Nobody may be waiting for a decision.
    async fn last_snapshot(&self) -> Result<(), StoreError> {
        let (seq, bytes) = {
            let ledger = self.read();
            let Some(ledger) = ledger.as_ref() else {
                return Ok(());
            };
            (ledger.chain().seq, ledger.snapshot())
        };
        // The committer has ended: what is not on disk now will not be.
        let written = self.durable.borrow().seq >= seq;
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

/// The ledger's time, or the least that is known of it.
fn least(time: &Time) -> Timestamp {
    match time {
        Time::Known { now, .. } => *now,
        Time::Doubted(doubted) => doubted.at_least,
    }
}
