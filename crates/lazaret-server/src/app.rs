//! What every request needs: the ledger in use, the office, the gateway, clocks and limits.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use lazaret_bridge::Stated;
use lazaret_gateway::model::Gateway;
use lazaret_store::{Key, Live, Moment, Office, Past, StoreError, SubmitError};
use lazaret_vocabulary::event::entry::{PersonName, Role};
use tokio::sync::{Semaphore, watch};

use lazaret_ledger::epcis::{BASE, Exchange};

use crate::api::common::{Problem, RefusalView};
use crate::api::session::{ClockView, DemoAccount, TimeStatement};
use crate::board::Board;
use crate::demo::Demo;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::secrets::Secret;

/// How a server behaves towards the outside.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The server is reached by TLS, by itself or through a proxy: cookies are marked so.
    pub secure: bool,
    /// A proxy in front tells the client's address in `X-Forwarded-For`.
    pub behind_proxy: bool,
    /// URI under which lots, vehicles and places are named for others; [`lazaret_ledger::epcis::BASE`] if none.
    pub epcis_base: Option<String>,
}

/// A server. Cheap to clone.
#[derive(Clone)]
pub struct App(pub(crate) Arc<Inner>);

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App")
            .field("gateway", &self.0.gateway.name)
            .finish_non_exhaustive()
    }
}

pub(crate) struct Inner {
    pub(crate) live: Live,
    pub(crate) office: Office,
    pub(crate) past: Past,
    pub(crate) gateway: Gateway,
    /// What was stated of what the gateway file leaves open.
    pub(crate) stated: Stated,
    pub(crate) key: Key,
    pub(crate) options: Options,
    pub(crate) demo: Option<Demo>,
    pub(crate) board: Option<Arc<Board>>,
    pub(crate) metrics: Metrics,
    /// The one-time link of the first administrator, while there is none.
    pub(crate) setup: RwLock<Option<Secret>>,
    /// Attempts to sign in, each of which costs a slow hash; and what a person may record.
    pub(crate) limits: Limits,
    /// Goes up when a session or a token ended; made with the first stream.
    pub(crate) changes: OnceLock<watch::Sender<u64>>,
    /// Requests by person.
    pub(crate) requests: DefaultKeyedRateLimiter<String>,
    /// Requests by address of those who are not signed in.
    pub(crate) strangers: DefaultKeyedRateLimiter<IpAddr>,
    /// Passwords hashed at a time: each takes megabytes.
    pub(crate) hashing: Semaphore,
    /// When each person was last noted as seen, µs; so that the office is not written at each request.
    pub(crate) seen: Mutex<HashMap<String, i64>>,
}

impl App {
    /// A server over a ledger in use.
    ///
    /// * `gateway` — with what was stated of what it leaves open, for a ledger that has no protocols yet.
    /// * `key` — signs checkpoints.
    /// * `demo` — the demonstration, if it is one.
    /// * `board` — the watcher's board, if there is evidence.
    #[must_use]
    pub fn new(
        live: Live,
        (gateway, stated): (Gateway, Stated),
        key: Key,
        options: Options,
        demo: Option<Demo>,
        board: Option<Arc<Board>>,
    ) -> App {
        let store = live.store().clone();
        let every = |burst: u32, per_second: u32| {
            let burst = std::num::NonZeroU32::new(burst).unwrap_or(std::num::NonZeroU32::MIN);
            let rate = std::num::NonZeroU32::new(per_second).unwrap_or(std::num::NonZeroU32::MIN);
            Quota::per_second(rate).allow_burst(burst)
        };
        App(Arc::new(Inner {
            office: Office::new(store.clone()),
            past: Past::new(store),
            live,
            gateway,
            stated,
            key,
            options,
            demo,
            board,
            metrics: Metrics::default(),
            setup: RwLock::new(None),
            limits: Limits::default(),
            changes: OnceLock::new(),
            requests: RateLimiter::keyed(every(400, 100)),
            strangers: RateLimiter::keyed(every(200, 50)),
            hashing: Semaphore::new(2),
            seen: Mutex::new(HashMap::new()),
        }))
    }

    /// The ledger.
    #[must_use]
    pub fn live(&self) -> &Live {
        &self.0.live
    }

    /// Makes the one-time link of the first administrator, if the ledger has none: the path to print.
    ///
    /// # Errors
    /// If the ledger or the system's generator fails.
    pub async fn setup_link(&self) -> Result<Option<String>, Problem> {
        if self.has_administrator().await? {
            return Ok(None);
        }
        let (text, secret) = Secret::new()?;
        *self.0.setup.write().unwrap_or_else(PoisonError::into_inner) = Some(secret);
        Ok(Some(format!("/#/setup/{text}")))
    }

    /// Who administers this ledger by its records, whether or not they can sign in.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub async fn administrators(&self) -> Result<Vec<PersonName>, Problem> {
        let seen = self
            .0
            .live
            .read(|state, _| crate::routes::session::administrators(state))
            .await?;
        Ok(seen.value)
    }

    pub(crate) async fn has_administrator(&self) -> Result<bool, Problem> {
        let accounts = self.0.office.accounts().await?;
        let seen = self
            .0
            .live
            .read(|state, _| {
                accounts.iter().any(|account| {
                    !account.disabled
                        && account.password.is_some()
                        && state
                            .roles_of(&PersonName::new(account.person.as_str()))
                            .contains(&Role::Administrator)
                })
            })
            .await?;
        Ok(seen.value)
    }

    /// Forgets who has not asked for a while: limits take memory for each address and name.
    pub(crate) fn sweep(&self) {
        self.0.limits.sweep();
        self.0.requests.retain_recent();
        self.0.strangers.retain_recent();
        let hour_ago = Timestamp::now().as_microsecond() - 3_600_000_000;
        let mut seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|_, at| *at > hour_ago);
    }

    /// The gateway's time zone: as it is recorded, whatever the gateway file says now.
    pub(crate) fn zone(&self, state: &lazaret_ledger::State) -> TimeZone {
        let recorded = state
            .rules()
            .and_then(|rules| TimeZone::get(&rules.time_zone).ok());
        recorded.unwrap_or_else(|| self.0.gateway.time_zone.clone())
    }

    /// How records are written for others, with the gateway's recorded time zone.
    pub(crate) async fn exchange(&self) -> Result<Exchange, Problem> {
        let (zone, _) = self.look(None, |state, _| self.zone(state)).await?;
        let base = self.0.options.epcis_base.as_deref().unwrap_or(BASE);
        // Looked at when the server started.
        Exchange::new(base, zone, false).map_err(|error| Problem::internal(error.to_string()))
    }

    pub(crate) fn demo_accounts(&self) -> Vec<DemoAccount> {
        self.0.demo.as_ref().map_or_else(Vec::new, Demo::accounts)
    }

    /// Why nothing is recorded, and what has been done about it, while the ledger's clock is in doubt.
    pub(crate) async fn clock_view(&self) -> Result<Option<ClockView>, Problem> {
        let Some(doubt) = self.0.live.clock_doubt() else {
            return Ok(None);
        };
        let (statement, _) = self
            .look(None, |state, now| {
                (state.time_stated(now)).map(|(record, by, time)| TimeStatement {
                    record,
                    by: PersonName::new(by),
                    time: time.into(),
                })
            })
            .await?;
        Ok(Some(ClockView {
            why: doubt.to_string(),
            doubt,
            wall: self.0.live.wall().into(),
            statement,
        }))
    }

    /// Looks at the ledger now, or as it was.
    pub(crate) async fn look<T>(
        &self,
        moment: Option<Moment>,
        look: impl FnOnce(&lazaret_ledger::State, Timestamp) -> T,
    ) -> Result<(T, u64), Problem> {
        match moment {
            None => {
                let seen = self.0.live.read(look).await?;
                Ok((seen.value, seen.chain.seq))
            }
            Some(moment) => {
                let (Moment::Known(at) | Moment::Happened(at)) = moment;
                let state = self.0.past.at(moment).await?;
                Ok((look(&state, at), state.seq()))
            }
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the database failed");
        Problem::unavailable(
            "the database failed; unanswered commands may or may not be recorded, so send them again under the same key",
        )
    }
}

impl From<SubmitError> for Problem {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Refused(refusal) => refused(&refusal),
            SubmitError::Standby { .. }
            | SubmitError::Unavailable { .. }
            | SubmitError::Halted { .. }
            | SubmitError::Unknown
            | SubmitError::Stopped => Problem::unavailable(error.to_string()),
            SubmitError::Clock { ref doubt, .. } => {
                let doubt = doubt.clone();
                Problem::clock(error.to_string(), doubt)
            }
            SubmitError::Defect => Problem::internal(error.to_string()),
        }
    }
}

/// A refusal as a problem.
pub(crate) fn refused(refusal: &lazaret_ledger::Refusal) -> Problem {
    let view = RefusalView::from(refusal);
    let mut problem = Problem::new(
        axum::http::StatusCode::UNPROCESSABLE_ENTITY,
        "refused",
        "a rule forbids this",
        format!("{}: {}. {}", view.says, view.fact, view.remedy),
    );
    problem.refusal = Some(Box::new(view));
    problem
}

impl From<&lazaret_ledger::Refusal> for RefusalView {
    fn from(refusal: &lazaret_ledger::Refusal) -> Self {
        RefusalView {
            rule: refusal.rule,
            says: refusal.rule.says().into(),
            fact: refusal.fact.to_string(),
            remedy: refusal.remedy.to_string(),
            fact_data: (*refusal.fact).clone(),
            remedy_data: (*refusal.remedy).clone(),
            retry_at: refusal.retry_at.map(Into::into),
            warning: refusal.warning.map(|warning| warning.name().into()),
        }
    }
}
