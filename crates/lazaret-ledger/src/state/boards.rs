//! Lists of lots in the order in which screens show them.

use std::collections::BTreeSet;
use std::ops::Bound;

use serde::{Deserialize, Serialize};

use super::Counts;
use super::rows::Listing;
use crate::index::LotIx;

/// The lists. A lot is in them as its row says ([`Lot::listed`](super::rows::Lot)); [`Boards::relist`] is the only way in or out.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Boards {
    /// Held lots by earliest release (µs); those whose clock does not run come last.
    held: Sorted<(i64, LotIx)>,
    /// Held lots that lack only time and signatures, by the same.
    ready: Sorted<(i64, LotIx)>,
    /// Released lots that are still here, most urgent class first, then by when their hold ended.
    free: Sorted<(i32, i64, LotIx)>,
}

impl Boards {
    /// Takes a lot from where it was and puts it where it is now.
    pub(super) fn relist(&mut self, lot: LotIx, was: Listing, is: Listing) {
        if (was.held, was.ready) != (is.held, is.ready) {
            if let Some(at) = was.held {
                self.held.0.remove(&(at, lot));
                self.ready.0.remove(&(at, lot));
            }
            if let Some(at) = is.held {
                self.held.0.insert((at, lot));
                if is.ready {
                    self.ready.0.insert((at, lot));
                }
            }
        }
        if was.free != is.free {
            if let Some((rank, at)) = was.free {
                self.free.0.remove(&(rank, at, lot));
            }
            if let Some((rank, at)) = is.free {
                self.free.0.insert((rank, at, lot));
            }
        }
    }

    /// Held lots after this one, by earliest release.
    pub(super) fn held(&self, after: Option<(i64, LotIx)>) -> impl Iterator<Item = &(i64, LotIx)> {
        self.held.after(after)
    }

    /// Lots after this one that lack only time and signatures, by earliest release.
    pub(super) fn ready(&self, after: Option<(i64, LotIx)>) -> impl Iterator<Item = &(i64, LotIx)> {
        self.ready.after(after)
    }

    /// Released lots after this one, the most urgent class first.
    pub(super) fn free(
        &self,
        after: Option<(i32, i64, LotIx)>,
    ) -> impl Iterator<Item = &(i32, i64, LotIx)> {
        self.free.after(after)
    }

    /// How many lots are in each.
    pub(super) fn counts(&self) -> Counts {
        Counts {
            held: self.held.0.len(),
            ready: self.ready.0.len(),
            releasable: self.free.0.len(),
        }
    }

    /// Bytes held, at 24 an entry.
    pub(super) fn bytes(&self) -> usize {
        (self.held.0.len() + self.ready.0.len() + self.free.0.len()) * 24
    }
}

/// A set that is read back at once: serde inserts one by one, which takes four times as long.
#[derive(Clone, Debug)]
struct Sorted<T>(BTreeSet<T>);

impl<T> Default for Sorted<T> {
    fn default() -> Self {
        Sorted(BTreeSet::new())
    }
}

impl<T: Ord> Sorted<T> {
    fn after(&self, after: Option<T>) -> impl Iterator<Item = &T> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.0.range((from, Bound::Unbounded))
    }
}

impl<T: Serialize> Serialize for Sorted<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de> + Ord> Deserialize<'de> for Sorted<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // `collect` sorts, which costs one look over what is in order, and builds the tree from its leaves.
        let entries = Vec::<T>::deserialize(deserializer)?;
        Ok(Sorted(entries.into_iter().collect()))
    }
}
