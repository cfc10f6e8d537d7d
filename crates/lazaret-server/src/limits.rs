//! How often and how much: attempts to sign in by address and by account, and what a person may record in a day.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};

use axum::http::StatusCode;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use jiff::Timestamp;

use serde_json::Value;

use crate::api::commands::CommandRequest;
use crate::api::common::Problem;
use crate::guard::network;

/// Attempts a minute from one address.
const BY_ADDRESS: NonZeroU32 = NonZeroU32::new(10).unwrap();
/// Attempts a minute at one account, from wherever they come.
const BY_ACCOUNT: NonZeroU32 = NonZeroU32::new(5).unwrap();
/// Attempts at one account that may come at once.
const BY_ACCOUNT_AT_ONCE: NonZeroU32 = NonZeroU32::new(20).unwrap();
/// Places for accounts. Names are counted by their digest, so that made-up ones take no more memory than these.
const PLACES: u32 = 1 << 16;
/// Addresses from which somebody signed in that are remembered.
const KNOWN: usize = 10_000;
/// Records that a person may make in a day.
const RECORDS: u64 = 100_000;
/// Bytes of commands that a person may send in a day.
const BYTES: u64 = 64 << 20;

/// Limits that are kept in memory: a server that starts again counts anew.
pub(crate) struct Limits {
    addresses: DefaultKeyedRateLimiter<IpAddr>,
    accounts: DefaultKeyedRateLimiter<u32>,
    /// From where people signed in: guesses at their name from elsewhere do not keep them out.
    known: Mutex<HashMap<(u32, IpAddr), Timestamp>>,
    said: Mutex<HashMap<String, Said>>,
}

/// What a person recorded on a day.
#[derive(Clone, Copy, Default)]
struct Said {
    day: i64,
    records: u64,
    bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        let by_account = Quota::per_minute(BY_ACCOUNT).allow_burst(BY_ACCOUNT_AT_ONCE);
        Limits {
            addresses: RateLimiter::keyed(Quota::per_minute(BY_ADDRESS)),
            accounts: RateLimiter::keyed(by_account),
            known: Mutex::default(),
            said: Mutex::default(),
        }
    }
}

impl Limits {
    /// An attempt to sign in as somebody.
    pub(crate) fn sign_in(&self, from: IpAddr, person: &str) -> Result<(), Problem> {
        self.guess(from)?;
        let place = place(person);
        let known = {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.contains_key(&(place, network(from)))
        };
        if !known && self.accounts.check_key(&place).is_err() {
            return Err(too_many());
        }
        Ok(())
    }

    /// An attempt with a secret that nobody else should have.
    pub(crate) fn guess(&self, from: IpAddr) -> Result<(), Problem> {
        self.addresses
            .check_key(&network(from))
            .map_err(|_| too_many())
    }

    /// Somebody signed in.
    pub(crate) fn came_in(&self, from: IpAddr, person: &str) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KNOWN {
            let oldest = known.iter().min_by_key(|(_, at)| **at).map(|(key, _)| *key);
            oldest.and_then(|key| known.remove(&key));
        }
        known.insert((place(person), network(from)), Timestamp::now());
    }

    /// Somebody sends commands: what the ledger keeps, it keeps for ever.
    ///
    /// * `bytes` — of all of them.
    pub(crate) fn says(&self, person: &str, records: u64, bytes: u64) -> Result<(), Problem> {
        let day = Timestamp::now().as_second().div_euclid(86_400);
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let said = said.entry(person.to_owned()).or_default();
        if said.day != day {
            *said = Said {
                day,
                ..Said::default()
            };
        }
        if said.records + records > RECORDS || said.bytes + bytes > BYTES {
            return Err(Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too-much-recorded",
                "too much recorded in a day",
                format!(
                    "a person may send {RECORDS} commands and {} MiB a day (UTC); {person} sent {} and {} KiB; \
                     continue tomorrow, or spread the work over accounts",
                    BYTES >> 20,
                    said.records,
                    said.bytes >> 10
                ),
            ));
        }
        said.records += records;
        said.bytes += bytes;
        Ok(())
    }

    /// Forgets who has not tried for a while.
    pub(crate) fn sweep(&self) {
        self.addresses.retain_recent();
        self.accounts.retain_recent();
        let today = Timestamp::now().as_second().div_euclid(86_400);
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.retain(|_, said| said.day == today);
    }
}

/// Characters of one text in a command.
const TEXT: usize = 2_000;
/// Characters of the name of a device or a site.
const NAME: usize = 200;
/// Entries of one list in a command.
const LIST: usize = 10_000;

/// How many bytes a command has, if none of its texts and lists is too long.
pub(crate) fn size(request: &CommandRequest) -> Result<u64, Problem> {
    let too_long = |what: &str, has: usize, most: usize| {
        Err(Problem::bad_request(format!(
            "`{what}` has {has} characters; at most {most} are stored, so shorten it"
        )))
    };
    for (what, text) in [("device", &request.device), ("site", &request.site)] {
        let has = text.as_deref().map_or(0, |text| text.chars().count());
        if has > NAME {
            return too_long(what, has, NAME);
        }
    }
    let value = serde_json::to_value(request).unwrap_or_default();
    let mut bytes = 0;
    within(&value, "", &mut bytes)?;
    Ok(bytes)
}

/// Whether everything in `value`, which is at `path`, is within the limits; counts its bytes.
fn within(value: &Value, path: &str, bytes: &mut u64) -> Result<(), Problem> {
    *bytes += 8;
    match value {
        Value::String(text) => {
            let has = text.chars().count();
            *bytes += text.len() as u64;
            if has > TEXT {
                return Err(Problem::bad_request(format!(
                    "`{path}` has {has} characters; at most {TEXT} are stored, so shorten it"
                )));
            }
        }
        Value::Array(list) => {
            if list.len() > LIST {
                return Err(Problem::bad_request(format!(
                    "`{path}` has {} entries; at most {LIST} are accepted at once, so send them in parts",
                    list.len()
                )));
            }
            for (place, entry) in list.iter().enumerate() {
                within(entry, &format!("{path}[{place}]"), bytes)?;
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                *bytes += name.len() as u64;
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                within(field, &path, bytes)?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn place(person: &str) -> u32 {
    let name = person.trim().to_lowercase();
    let digest = lazaret_ledger::Digest::of(name.as_bytes()).0;
    u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]]) % PLACES
}

fn too_many() -> Problem {
    let mut problem = Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too-many-sign-ins",
        "too many attempts to sign in",
        "wait a minute and try again",
    );
    problem.retry_after_s = Some(60);
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses_at_one_account_from_many_addresses_are_slowed_and_its_owner_comes_in() {
        let limits = Limits::default();
        let home: IpAddr = "192.0.2.1".parse().unwrap();
        limits.sign_in(home, "quinn").unwrap();
        limits.came_in(home, "quinn");
        let from = |n: u8| IpAddr::from([198, 51, 100, n]);
        let tried = (0..100).filter(|&n| limits.sign_in(from(n), " Quinn").is_ok());
        let tried = tried.count();
        assert!((15..=25).contains(&tried), "{tried}");
        limits.sign_in(home, "quinn").unwrap();
        limits.sign_in(from(200), "chen").unwrap();
    }

    #[test]
    fn addresses_of_one_network_count_as_one() {
        let limits = Limits::default();
        let from = |n: u16| IpAddr::from([0x2001, 0xdb8, 0, 7, n, n, n, n]);
        let tried = (0..100).filter(|&n| limits.guess(from(n)).is_ok()).count();
        assert!((10..=12).contains(&tried), "{tried}");
    }

    #[test]
    fn texts_and_lists_that_are_too_long_are_named() {
        let request = |what: serde_json::Value| {
            let mut body = serde_json::json!({ "id": "k", "event": "noted" });
            for (name, value) in what.as_object().unwrap() {
                body[name] = value.clone();
            }
            serde_json::from_value::<CommandRequest>(body).unwrap()
        };
        let long = |count| "é".repeat(count);
        let fits = request(serde_json::json!({ "text": long(TEXT) }));
        assert!(size(&fits).unwrap() > 2 * TEXT as u64);
        for (what, named) in [
            (
                serde_json::json!({ "text": long(TEXT + 1) }),
                "`text` has 2001",
            ),
            (
                serde_json::json!({ "text": "a", "device": long(201) }),
                "`device` has 201",
            ),
            (
                serde_json::json!({ "text": "a", "crew": vec!["a"; LIST + 1] }),
                "`crew` has 10001",
            ),
            (
                serde_json::json!({ "text": "a", "corrects": { "record": 1, "because": long(5_000) } }),
                "`corrects.because` has 5000",
            ),
        ] {
            let detail = size(&request(what)).unwrap_err().detail;
            assert!(detail.contains(named), "{detail}");
        }
    }

    #[test]
    fn nobody_fills_the_disk() {
        let limits = Limits::default();
        assert!(limits.says("cleo", 1, BYTES).is_ok());
        assert_eq!(limits.says("cleo", 1, 1).unwrap_err().status, 429);
        assert!(limits.says("chen", RECORDS, 1).is_ok());
        assert_eq!(limits.says("chen", 1, 1).unwrap_err().status, 429);
        assert!(limits.says("gil", 1, 1).is_ok());
    }
}
