//! Passwords and random secrets.

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Argon2, PasswordHash};
use sha2::{Digest, Sha256};

use crate::api::common::Problem;

/// Shortest password taken. Length is the only rule: others make people write them down.
pub(crate) const PASSWORD_MIN: usize = 12;
/// Longest, so that nobody makes the server hash megabytes.
pub(crate) const PASSWORD_MAX: usize = 256;

/// The digest of a secret; the secret itself is known only to whoever was given it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Secret(pub(crate) [u8; 32]);

impl Secret {
    /// A new secret of 256 random bits: the text to give away, and what is kept.
    pub(crate) fn new() -> Result<(String, Secret), Problem> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)
            .map_err(|error| Problem::internal(format!("no random bytes: {error}")))?;
        let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let secret = Secret::of(&text);
        Ok((text, secret))
    }

    /// What is kept of a secret that somebody shows.
    pub(crate) fn of(text: &str) -> Secret {
        Secret(Sha256::digest(text.as_bytes()).into())
    }
}

/// Hashes a password with argon2id.
pub(crate) fn hash(password: &str) -> Result<String, Problem> {
    let length = password.chars().count();
    if !(PASSWORD_MIN..=PASSWORD_MAX).contains(&length) {
        return Err(Problem::bad_request(format!(
            "a password has {PASSWORD_MIN} to {PASSWORD_MAX} characters, this one has {length}"
        )));
    }
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| Problem::internal(format!("the password was not hashed: {error}")))
}

/// Whether a password is that of a hash.
///
/// Without a hash the same work is done, so that the time tells nobody whether a name exists.
#[must_use]
pub fn fits(password: &str, hash: Option<&str>) -> bool {
    /// The hash of something nobody has typed.
    const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5$3v2pKpIxCXnFzjyqeqJHVXzRMEnLqAKRnKkRbA0FHYI";
    let Ok(parsed) = PasswordHash::new(hash.unwrap_or(NOBODY)) else {
        return false;
    };
    let fits = password.chars().count() <= PASSWORD_MAX
        && Argon2::default()
            .verify_password(password.as_bytes(), &parsed)
            .is_ok();
    fits && hash.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_fits_its_own_hash_only() {
        let hash = hash("correct horse battery").unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(fits("correct horse battery", Some(&hash)));
        assert!(!fits("correct horse batter", Some(&hash)));
        assert!(!fits("correct horse battery", None));
        assert!(super::hash("too short").is_err());
    }

    #[test]
    fn two_secrets_differ_and_are_known_by_their_text() {
        let (text, secret) = Secret::new().unwrap();
        let (other, _) = Secret::new().unwrap();
        assert_ne!(text, other);
        assert!(Secret::of(&text) == secret);
    }
}
