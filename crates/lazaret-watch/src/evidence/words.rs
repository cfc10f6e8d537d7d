//! Words of an evidence file, left where they stand.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::cells::Cell;

/// Words that stand in a text which they share with others: a row of a million needs no memory of its own for them.
///
/// They behave as a `str`, and are equal if they read alike, wherever they stand.
#[derive(Clone, Default)]
pub struct Words {
    text: Arc<String>,
    start: u32,
    end: u32,
}

impl Words {
    /// What a cell of `text` says: its place there, or the words by themselves if quotes had to be undone.
    ///
    pub(super) fn of_cell(text: &Arc<String>, cell: &Cell<'_>) -> Self {
        match &cell.text {
            Cow::Borrowed(words) => {
                let trimmed = words.trim();
                let from = cell.begins + (words.len() - words.trim_start().len());
                match (u32::try_from(from), u32::try_from(from + trimmed.len())) {
                    (Ok(start), Ok(end)) => Self {
                        text: Arc::clone(text),
                        start,
                        end,
                    },
                    _ => Self::from(trimmed),
                }
            }
            Cow::Owned(words) => Self::from(words.trim()),
        }
    }

    /// The words.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text[self.start as usize..self.end as usize]
    }
}

impl From<&str> for Words {
    fn from(words: &str) -> Self {
        Self {
            // What one cell says is far shorter than four gigabytes: the reader refuses files of that size.
            end: u32::try_from(words.len()).unwrap_or(u32::MAX),
            text: Arc::new(words.to_string()),
            start: 0,
        }
    }
}

impl Deref for Words {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl PartialEq for Words {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Words {}

impl Hash for Words {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl std::borrow::Borrow<str> for Words {
    fn borrow(&self) -> &str {
        self
    }
}

impl PartialEq<str> for Words {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Words {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialEq<String> for Words {
    fn eq(&self, other: &String) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<Words> for String {
    fn eq(&self, other: &Words) -> bool {
        self == other.as_str()
    }
}

impl Serialize for Words {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}
