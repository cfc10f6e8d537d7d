//! The office beside the ledger: accounts, sessions, one-time links, API tokens, preferences and who read what.
//!
//! Roles are not here: the ledger says what a person is. Secrets are kept as digests, so that a copy of the database
//! opens nothing. Instants are given by the caller.

use jiff::Timestamp;
use sqlx::Row;

use crate::database::{Store, either};
use crate::error::StoreError;
use crate::records::{instant, micros};

/// The setting that counts what ended.
const CHANGES: &str = "office.changes";

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Who.
    pub person: String,
    /// Their password as its hash in PHC form; none until they chose one.
    pub password: Option<String>,
    /// Whether they cannot sign in.
    pub disabled: bool,
    /// When it was made.
    pub created: Timestamp,
    /// When they last did anything.
    pub seen: Option<Timestamp>,
    /// How often it was changed.
    pub version: u64,
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Whose.
    pub person: String,
    /// When it ends.
    pub until: Timestamp,
}

/// An API token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its number.
    pub id: u64,
    /// Whose.
    pub person: String,
    /// What it is for.
    pub label: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it stops working.
    pub until: Timestamp,
    /// When it was last used.
    pub seen: Option<Timestamp>,
    /// Whether it only reads.
    pub read_only: bool,
}

/// Somebody read something sensitive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// Its number.
    pub id: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub person: String,
    /// What they asked for.
    pub path: String,
    /// From which address.
    pub address: String,
}

/// The office of a database. Every method fails only if the database does.
#[derive(Clone, Debug)]
pub struct Office {
    store: Store,
}

macro_rules! account {
    ($row:expr) => {
        Account {
            person: $row.get("person"),
            password: $row.get("password"),
            disabled: $row.get::<i64, _>("disabled") != 0,
            created: instant($row.get("created")),
            seen: $row.get::<Option<i64>, _>("seen").map(instant),
            version: $row.get::<i64, _>("version") as u64,
        }
    };
}

macro_rules! token {
    ($row:expr) => {
        Token {
            id: $row.get::<i64, _>("id") as u64,
            person: $row.get("person"),
            label: $row.get("label"),
            created: instant($row.get("created")),
            until: instant($row.get("until")),
            seen: $row.get::<Option<i64>, _>("seen").map(instant),
            read_only: $row.get::<i64, _>("read_only") != 0,
        }
    };
}

/// Runs a statement that returns no rows, and gives how many it touched.
macro_rules! run {
    ($office:expr, $text:expr $(, $value:expr)*) => {
        either!($office.store, pool => sqlx::query($text)
            $(.bind($value))*
            .execute(pool)
            .await?
            .rows_affected())
    };
}

#[allow(
    clippy::missing_errors_doc,
    reason = "every method fails only if the database does, as the type says"
)]
impl Office {
    /// The office of a store.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Office { store }
    }

    /// All accounts, by name.
    pub async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        let text = "SELECT person, password, disabled, created, seen, version FROM account ORDER BY person";
        Ok(either!(self.store, pool => sqlx::query(text)
            .fetch_all(pool)
            .await?
            .into_iter()
            .map(|row| account!(row))
            .collect()))
    }

    /// One account.
    pub async fn account(&self, person: &str) -> Result<Option<Account>, StoreError> {
        let text = "SELECT person, password, disabled, created, seen, version FROM account WHERE person = $1";
        Ok(either!(self.store, pool => sqlx::query(text)
            .bind(person)
            .fetch_optional(pool)
            .await?
            .map(|row| account!(row))))
    }

    /// Makes an account; false if there is one of that name.
    pub async fn make_account(&self, person: &str, at: Timestamp) -> Result<bool, StoreError> {
        let text = "INSERT INTO account (person, password, disabled, created, seen, version)
                    VALUES ($1, NULL, 0, $2, NULL, 1) ON CONFLICT DO NOTHING";
        Ok(run!(self, text, person, micros(at)) == 1)
    }

    /// Sets a password, by its hash.
    pub async fn set_password(&self, person: &str, hash: &str) -> Result<(), StoreError> {
        let text = "UPDATE account SET password = $2, version = version + 1 WHERE person = $1";
        run!(self, text, person, hash);
        Ok(())
    }

    /// Disables or enables; false if the account is not of that version any more.
    pub async fn change_account(
        &self,
        person: &str,
        version: u64,
        disabled: bool,
    ) -> Result<bool, StoreError> {
        let text = "UPDATE account SET disabled = $3, version = version + 1
                    WHERE person = $1 AND version = $2";
        let changed = run!(self, text, person, version as i64, i64::from(disabled)) == 1;
        self.changed().await?;
        Ok(changed)
    }

    /// Notes that somebody did something.
    pub async fn saw(&self, person: &str, at: Timestamp) -> Result<(), StoreError> {
        let text = "UPDATE account SET seen = $2 WHERE person = $1";
        run!(self, text, person, micros(at));
        Ok(())
    }

    /// Opens a session.
    pub async fn open_session(
        &self,
        secret: &[u8; 32],
        person: &str,
        at: Timestamp,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        // Whoever opens one sweeps out those that have ended.
        run!(self, "DELETE FROM session WHERE until < $1", micros(at));
        let text = "INSERT INTO session (secret, person, created, until) VALUES ($1, $2, $3, $4)";
        run!(self, text, &secret[..], person, micros(at), micros(until));
        Ok(())
    }

    /// The session of a secret, if it is open at `at`.
    pub async fn session(
        &self,
        secret: &[u8; 32],
        at: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let text = "SELECT s.person, s.until FROM session s JOIN account a ON a.person = s.person
                    WHERE s.secret = $1 AND s.until > $2 AND a.disabled = 0";
        Ok(either!(self.store, pool => sqlx::query(text)
        .bind(&secret[..])
        .bind(micros(at))
        .fetch_optional(pool)
        .await?
        .map(|row| Session {
            person: row.get("person"),
            until: instant(row.get("until")),
        })))
    }

    /// Lets a session last longer.
    pub async fn extend_session(
        &self,
        secret: &[u8; 32],
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let text = "UPDATE session SET until = $2 WHERE secret = $1";
        run!(self, text, &secret[..], micros(until));
        Ok(())
    }

    /// Ends a session.
    pub async fn end_session(&self, secret: &[u8; 32]) -> Result<(), StoreError> {
        run!(self, "DELETE FROM session WHERE secret = $1", &secret[..]);
        self.changed().await
    }

    /// Goes up whenever a session or a token ended: who serves somebody for long asks again then.
    pub async fn changes(&self) -> Result<u64, StoreError> {
        let kept = self.store.setting(CHANGES).await?;
        Ok(kept.and_then(|text| text.parse().ok()).unwrap_or(0))
    }

    async fn changed(&self) -> Result<(), StoreError> {
        let text = "INSERT INTO setting (name, value) VALUES ($1, '1') ON CONFLICT (name)
                    DO UPDATE SET value = CAST(CAST(setting.value AS BIGINT) + 1 AS TEXT)";
        run!(self, text, CHANGES);
        Ok(())
    }

    /// Ends everything by which a person is let in, but one session, if given: sessions, API tokens and one-time links.
    pub async fn end_all(&self, person: &str, but: Option<&[u8; 32]>) -> Result<(), StoreError> {
        run!(self, "DELETE FROM token WHERE person = $1", person);
        run!(self, "DELETE FROM link WHERE person = $1", person);
        self.end_sessions(person, but).await
    }

    /// Whether a token works at `at`, by its number.
    pub async fn token_works(&self, id: u64, at: Timestamp) -> Result<bool, StoreError> {
        let text = "SELECT COUNT(*) AS found FROM token t JOIN account a ON a.person = t.person
                    WHERE t.id = $1 AND t.until > $2 AND a.disabled = 0";
        let found: i64 = either!(self.store, pool => sqlx::query(text)
            .bind(id as i64)
            .bind(micros(at))
            .fetch_one(pool)
            .await?
            .get("found"));
        Ok(found == 1)
    }

    /// Ends all sessions of a person but one, if given.
    pub async fn end_sessions(
        &self,
        person: &str,
        but: Option<&[u8; 32]>,
    ) -> Result<(), StoreError> {
        let text = "DELETE FROM session WHERE person = $1 AND secret <> $2";
        run!(
            self,
            text,
            person,
            but.map_or(&[][..], |secret| &secret[..])
        );
        self.changed().await
    }

    /// How many sessions of each person are open at `at`.
    pub async fn sessions(&self, at: Timestamp) -> Result<Vec<(String, u32)>, StoreError> {
        let text = "SELECT person, COUNT(*) AS open FROM session WHERE until > $1 GROUP BY person";
        Ok(either!(self.store, pool => sqlx::query(text)
            .bind(micros(at))
            .fetch_all(pool)
            .await?
            .into_iter()
            .map(|row| (row.get("person"), row.get::<i64, _>("open") as u32))
            .collect()))
    }

    /// Makes a one-time link.
    pub async fn make_link(
        &self,
        secret: &[u8; 32],
        person: &str,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let text = "INSERT INTO link (secret, person, until) VALUES ($1, $2, $3)";
        run!(self, text, &secret[..], person, micros(until));
        Ok(())
    }

    /// Whose a one-time link is, if it works at `at`; it goes on working.
    pub async fn link(
        &self,
        secret: &[u8; 32],
        at: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        let text = "SELECT person FROM link WHERE secret = $1 AND until > $2";
        Ok(either!(self.store, pool => sqlx::query(text)
            .bind(&secret[..])
            .bind(micros(at))
            .fetch_optional(pool)
            .await?
            .map(|row| row.get("person"))))
    }

    /// Uses up a one-time link: whose it is, if it still works at `at`.
    pub async fn use_link(
        &self,
        secret: &[u8; 32],
        at: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        let text = "DELETE FROM link WHERE secret = $1 RETURNING person, until";
        let used: Option<(String, i64)> = either!(self.store, pool => sqlx::query(text)
            .bind(&secret[..])
            .fetch_optional(pool)
            .await?
            .map(|row| (row.get("person"), row.get("until"))));
        Ok(used
            .filter(|(_, until)| *until > micros(at))
            .map(|(person, _)| person))
    }

    /// Makes links of a person unusable.
    pub async fn drop_links(&self, person: &str) -> Result<(), StoreError> {
        run!(self, "DELETE FROM link WHERE person = $1", person);
        Ok(())
    }

    /// Makes an API token and gives its number.
    pub async fn make_token(&self, secret: &[u8; 32], token: &Token) -> Result<u64, StoreError> {
        let text = "INSERT INTO token (secret, person, label, created, until, seen, read_only)
                    VALUES ($1, $2, $3, $4, $5, NULL, $6) RETURNING id";
        Ok(either!(self.store, pool => sqlx::query(text)
            .bind(&secret[..])
            .bind(&token.person)
            .bind(&token.label)
            .bind(micros(token.created))
            .bind(micros(token.until))
            .bind(i64::from(token.read_only))
            .fetch_one(pool)
            .await?
            .get::<i64, _>("id") as u64))
    }

    /// The token of a secret, if it works at `at`.
    pub async fn token(
        &self,
        secret: &[u8; 32],
        at: Timestamp,
    ) -> Result<Option<Token>, StoreError> {
        let text = "SELECT t.id, t.person, t.label, t.created, t.until, t.seen, t.read_only
                    FROM token t JOIN account a ON a.person = t.person
                    WHERE t.secret = $1 AND t.until > $2 AND a.disabled = 0";
        Ok(either!(self.store, pool => sqlx::query(text)
            .bind(&secret[..])
            .bind(micros(at))
            .fetch_optional(pool)
            .await?
            .map(|row| token!(row))))
    }

    /// Notes that a token was used.
    pub async fn saw_token(&self, id: u64, at: Timestamp) -> Result<(), StoreError> {
        let text = "UPDATE token SET seen = $2 WHERE id = $1";
        run!(self, text, id as i64, micros(at));
        Ok(())
    }

    /// A person's tokens.
    pub async fn tokens(&self, person: &str) -> Result<Vec<Token>, StoreError> {
        let text = "SELECT id, person, label, created, until, seen, read_only FROM token
                    WHERE person = $1 ORDER BY id";
        Ok(either!(self.store, pool => sqlx::query(text)
            .bind(person)
            .fetch_all(pool)
            .await?
            .into_iter()
            .map(|row| token!(row))
            .collect()))
    }

    /// Revokes a token of a person; false if there is none.
    pub async fn revoke_token(&self, person: &str, id: u64) -> Result<bool, StoreError> {
        let text = "DELETE FROM token WHERE person = $1 AND id = $2";
        let revoked = run!(self, text, person, id as i64) == 1;
        self.changed().await?;
        Ok(revoked)
    }

    /// What a person set up for themselves, as JSON.
    pub async fn preference(&self, person: &str) -> Result<Option<String>, StoreError> {
        let text = "SELECT value FROM preference WHERE person = $1";
        Ok(either!(self.store, pool => sqlx::query(text)
            .bind(person)
            .fetch_optional(pool)
            .await?
            .map(|row| row.get("value"))))
    }

    /// Keeps what a person set up.
    pub async fn set_preference(&self, person: &str, value: &str) -> Result<(), StoreError> {
        let text = "INSERT INTO preference (person, value) VALUES ($1, $2)
                    ON CONFLICT (person) DO UPDATE SET value = excluded.value";
        run!(self, text, person, value);
        Ok(())
    }

    /// Notes that somebody read something sensitive.
    pub async fn note_read(
        &self,
        at: Timestamp,
        person: &str,
        path: &str,
        address: &str,
    ) -> Result<(), StoreError> {
        let text = "INSERT INTO reading (at, person, path, address) VALUES ($1, $2, $3, $4)";
        run!(self, text, micros(at), person, path, address);
        Ok(())
    }

    /// Who read what before number `before`, the latest first.
    pub async fn reads(&self, before: u64, limit: u32) -> Result<Vec<Read>, StoreError> {
        let text = "SELECT id, at, person, path, address FROM reading
                    WHERE id < $1 ORDER BY id DESC LIMIT $2";
        Ok(either!(self.store, pool => sqlx::query(text)
            .bind(i64::try_from(before).unwrap_or(i64::MAX))
            .bind(i64::from(limit))
            .fetch_all(pool)
            .await?
            .into_iter()
            .map(|row| Read {
                id: row.get::<i64, _>("id") as u64,
                at: instant(row.get("at")),
                person: row.get("person"),
                path: row.get("path"),
                address: row.get("address"),
            })
            .collect()))
    }
}
