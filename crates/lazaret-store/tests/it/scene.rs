//! Ledgers to try things on.

use std::future::Future;
use std::path::PathBuf;

use jiff::Timestamp;
use lazaret_ledger::{Command, CommandId};
use lazaret_store::{Live, LiveOptions, Store};
use lazaret_vocabulary::event::entry::{Entry, PersonName, Role};
use lazaret_vocabulary::event::rules::{GoodsRule, PeopleRule, RuleBook, VehicleRule};
use lazaret_vocabulary::event::{GoodsName, Happening, SourceName};
use sqlx::{Connection, PgConnection, SqliteConnection};
use tempfile::TempDir;

/// A database that is gone after the test.
pub(crate) struct Place {
    pub(crate) address: String,
    /// What is kept beside it.
    pub(crate) beside: TempDir,
    _folder: Option<TempDir>,
}

impl Place {
    pub(crate) fn at(address: &str) -> Place {
        Place {
            address: address.to_owned(),
            beside: tempfile::tempdir().unwrap(),
            _folder: None,
        }
    }

    pub(crate) async fn open(&self) -> Store {
        let store = Store::open(&self.address).await.unwrap();
        store.keeping(self.beside.path()).unwrap()
    }

    /// Runs a statement behind the store's back.
    pub(crate) async fn sql(&self, text: &'static str) {
        if self.address.starts_with("postgres") {
            let mut connection = PgConnection::connect(&self.address).await.unwrap();
            sqlx::raw_sql(text).execute(&mut connection).await.unwrap();
        } else {
            let address = format!("sqlite://{}", self.address);
            let mut connection = SqliteConnection::connect(&address).await.unwrap();
            sqlx::raw_sql(text).execute(&mut connection).await.unwrap();
        }
    }

    pub(crate) async fn live(&self) -> Live {
        Live::start(self.open().await, LiveOptions::default())
            .await
            .unwrap()
    }
}

pub(crate) fn sqlite() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let file: PathBuf = folder.path().join("ledger.db");
    Place {
        address: file.display().to_string(),
        beside: tempfile::tempdir().unwrap(),
        _folder: Some(folder),
    }
}

pub(crate) fn postgres() -> Option<Place> {
    crate::postgres::database().map(|address| Place::at(&address))
}

/// Runs a test on every engine there is.
pub(crate) fn on_each<F: Future<Output = ()>>(test: impl Fn(Place) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(test(sqlite()));
    if let Some(place) = postgres() {
        runtime.block_on(test(place));
    }
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn says(key: &str, by: &str, at: Timestamp, what: impl Into<Happening>) -> Command {
    Command {
        id: CommandId::new(key).unwrap(),
        by: PersonName::new(by),
        device: None,
        site: None,
        issued_at: at,
        at,
        crew: Vec::new(),
        acknowledged: Vec::new(),
        corrects: None,
        body: None,
        what: what.into(),
    }
}

/// The commands that open a ledger in which Ada is the administrator.
pub(crate) fn opening(now: Timestamp) -> Vec<Command> {
    let rules = RuleBook {
        gateway: "Test".into(),
        time_zone: "UTC".into(),
        places: Vec::new(),
        goods: vec![GoodsRule {
            goods: GoodsName::new("general"),
            priority: 0,
            apart_from: Vec::new(),
            spoiled_by: Vec::new(),
        }],
        vehicles: vec![VehicleRule {
            source: SourceName::new("north"),
            wash: true,
            dwell_s: 0,
            seal: false,
        }],
        people: PeopleRule::default(),
        mass_tolerance_permille: 0,
        clock_tolerance_s: 600,
        remember_s: 86_400,
        weaker_after_s: None,
    };
    let ada = Entry::PersonAppointed {
        person: PersonName::new("ada"),
        roles: vec![Role::Administrator],
    };
    vec![
        says(
            "open-rules",
            "ada",
            now,
            Entry::RulesAdopted {
                rules: Box::new(rules),
            },
        ),
        says("open-ada", "ada", now, ada),
    ]
}

pub(crate) fn note(key: &str, now: Timestamp) -> Command {
    let text = format!("note {key}");
    says(key, "ada", now, Entry::Noted { thing: None, text })
}

/// Opens the ledger and writes notes `<prefix>-0` and so on.
pub(crate) async fn write_notes(live: &Live, prefix: &str, count: usize) {
    let now = live.now();
    let mut commands = Vec::new();
    if live.seq() == 0 {
        commands.extend(opening(now));
    }
    commands.extend((0..count).map(|n| note(&format!("{prefix}-{n}"), now)));
    for outcome in live
        .submit_all(commands.into_iter().map(|command| (command, None)))
        .await
    {
        outcome.unwrap();
    }
}
