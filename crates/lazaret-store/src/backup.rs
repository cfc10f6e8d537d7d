//! Copies of a whole database while it is in use, and the way from one engine to the other.

use std::path::Path;

use sqlx::Row;

use crate::database::{Pool, Store, either};
use crate::error::StoreError;
use crate::exchange::Exchanged;
use crate::lease::Lease;
use crate::snapshots::CHUNK;

/// What was copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// The records.
    pub records: Exchanged,
    /// Rows of the office: accounts, tokens, preferences, readings, checkpoints.
    pub office: u64,
}

impl Store {
    /// Writes a copy of everything to a new SQLite file, while the ledger is in use. The file is a ledger that can be
    /// served as it is.
    ///
    /// # Errors
    /// If `file` is there already, or a database fails.
    pub async fn backup(&self, file: &Path) -> Result<Copied, StoreError> {
        if file.exists() {
            return Err(StoreError::NotEmpty(file.display().to_string()));
        }
        match &self.pool {
            Pool::Sqlite(pool) => {
                // SQLite fills a file that is empty and keeps its permissions.
                crate::database::owned(file)?;
                sqlx::query("VACUUM INTO $1")
                    .bind(file.display().to_string())
                    .execute(pool)
                    .await?;
                let copy = Store::open_sqlite(file).await?;
                let head = copy.head().await?;
                sqlx::query("UPDATE lease SET until = 0, holder = ''")
                    .execute(copy.sqlite()?)
                    .await?;
                copy.close().await;
                Ok(Copied {
                    records: Exchanged {
                        records: head.seq,
                        head,
                    },
                    office: 0,
                })
            }
            #[cfg(feature = "postgres")]
            Pool::Postgres(_) => {
                let copy = Store::open_sqlite(file).await?;
                let copied = transfer(self, &copy).await;
                copy.close().await;
                copied
            }
        }
    }

    fn sqlite(&self) -> Result<&sqlx::SqlitePool, StoreError> {
        match &self.pool {
            Pool::Sqlite(pool) => Ok(pool),
            #[cfg(feature = "postgres")]
            Pool::Postgres(_) => Err(StoreError::Address("a PostgreSQL database".into())),
        }
    }
}

/// Tables of the office, their columns, and whether the first is given by the database.
const OFFICE: &[(&str, &[(&str, Kind)])] = &[
    (
        "checkpoint",
        &[
            ("seq", Kind::Number),
            ("digest", Kind::Bytes),
            ("at", Kind::Number),
            ("key", Kind::Bytes),
            ("signature", Kind::Bytes),
        ],
    ),
    ("setting", &[("name", Kind::Text), ("value", Kind::Text)]),
    (
        "account",
        &[
            ("person", Kind::Text),
            ("password", Kind::Text),
            ("disabled", Kind::Number),
            ("created", Kind::Number),
            ("seen", Kind::Number),
            ("version", Kind::Number),
        ],
    ),
    (
        "token",
        &[
            ("secret", Kind::Bytes),
            ("person", Kind::Text),
            ("label", Kind::Text),
            ("created", Kind::Number),
            ("until", Kind::Number),
            ("seen", Kind::Number),
            ("read_only", Kind::Number),
        ],
    ),
    (
        "preference",
        &[("person", Kind::Text), ("value", Kind::Text)],
    ),
    (
        "reading",
        &[
            ("at", Kind::Number),
            ("person", Kind::Text),
            ("path", Kind::Text),
            ("address", Kind::Text),
        ],
    ),
];

#[derive(Clone, Copy, Debug)]
enum Kind {
    Number,
    Text,
    Bytes,
}

enum Value {
    Number(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

/// Copies everything from one database to another that contains no ledger, such as from SQLite to PostgreSQL or back.
/// Sessions and one-time links stay behind, so that everybody signs in anew.
///
/// The records copied are those that are there when it starts; a server may go on writing `from`, and what it writes
/// later is not copied.
///
/// # Errors
/// [`StoreError::NotEmpty`] if there are records in `to`, [`StoreError::InUse`] if a server has it.
pub async fn transfer(from: &Store, to: &Store) -> Result<Copied, StoreError> {
    if to.head().await?.seq != 0 {
        return Err(StoreError::NotEmpty("the database to copy to".into()));
    }
    let lease = to
        .take_lease("copy")
        .await?
        .ok_or_else(|| StoreError::InUse("a server".into()))?;
    let outcome = copy(from, to, &lease).await;
    lease.give_back(to).await?;
    outcome
}

async fn copy(from: &Store, to: &Store, lease: &Lease) -> Result<Copied, StoreError> {
    let mut copied = Copied::default();
    let end = from.head().await?;
    while copied.records.records < end.seq {
        let limit = u32::try_from(end.seq - copied.records.records)
            .unwrap_or(CHUNK)
            .min(CHUNK);
        let rows = from.after(copied.records.records, limit).await?;
        let Some(last) = rows.last() else {
            break;
        };
        let seq = last.seq;
        let parts = rows
            .iter()
            .map(|row| (row.seq as i64, row.at, &row.body[..], &row.digest[..]));
        to.append_rows(lease.token(), parts).await?;
        copied.records.records = seq;
    }
    copied.records.head = to.head().await?;
    for &(table, columns) in OFFICE {
        let names: Vec<&str> = columns.iter().map(|column| column.0).collect();
        let names = names.join(", ");
        let select = format!("SELECT {names} FROM {table}");
        let rows: Vec<Vec<Value>> = either!(from, pool => {
            sqlx::query(sqlx::AssertSqlSafe(select))
                .fetch_all(pool)
                .await?
                .iter()
                .map(|row| {
                    columns
                        .iter()
                        .map(|&(name, kind)| match kind {
                            Kind::Number => Value::Number(row.get(name)),
                            Kind::Text => Value::Text(row.get(name)),
                            Kind::Bytes => Value::Bytes(row.get(name)),
                        })
                        .collect()
                })
                .collect()
        });
        let places: Vec<String> = (1..=columns.len()).map(|n| format!("${n}")).collect();
        let insert = format!(
            "INSERT INTO {table} ({names}) VALUES ({}) ON CONFLICT DO NOTHING",
            places.join(", ")
        );
        either!(to, pool => {
            let mut transaction = pool.begin().await?;
            for row in rows {
                let mut query = sqlx::query(sqlx::AssertSqlSafe(insert.clone()));
                for value in row {
                    query = match value {
                        Value::Number(value) => query.bind(value),
                        Value::Text(value) => query.bind(value),
                        Value::Bytes(value) => query.bind(value),
                    };
                }
                query.execute(&mut *transaction).await?;
                copied.office += 1;
            }
            transaction.commit().await?;
        });
    }
    Ok(copied)
}
