//! Where things are: the number of a row among the rows of its kind.
//!
//! Each kind has its own type, so that the number of a vehicle cannot be used where that of a lot is meant. Zero is not
//! stored, so that an `Option` of one is no larger than the number itself.

use std::marker::PhantomData;
use std::num::{NonZeroU16, NonZeroU32};
use std::ops::{Deref, DerefMut, Index, IndexMut};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The number of a row.
pub(crate) trait Number: Copy {
    /// The number of the row at `position`, counted from 0.
    fn at(position: usize) -> Self;
    /// The position of the row, counted from 0.
    fn position(self) -> usize;
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident: $whole:ty = $stored:ty;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) struct $name($stored);

        impl Number for $name {
            #[inline]
            fn at(position: usize) -> Self {
                // A ledger stops long before the last number: `Names::has_room` and `State::apply` see to it.
                $name(<$stored>::MIN.saturating_add(position as $whole))
            }

            #[inline]
            fn position(self) -> usize {
                self.0.get() as usize - 1
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{} {}", stringify!($name), self.position())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                (self.position() as $whole).serialize(serializer)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(Self::at(<$whole>::deserialize(deserializer)? as usize))
            }
        }
    )*};
}

numbers! {
    /// A lot.
    LotIx: u32 = NonZeroU32;
    /// A vehicle.
    VehicleIx: u32 = NonZeroU32;
    /// A convoy.
    ConvoyIx: u32 = NonZeroU32;
    /// Papers.
    ManifestIx: u32 = NonZeroU32;
    /// A departure.
    DepartureIx: u32 = NonZeroU32;
    /// A sample.
    SampleIx: u32 = NonZeroU32;
    /// An exception.
    ExceptionIx: u32 = NonZeroU32;
    /// A person.
    PersonIx: u32 = NonZeroU32;
    /// A place.
    PlaceIx: u32 = NonZeroU32;
    /// A unit of a place, counted over all places.
    UnitIx: u32 = NonZeroU32;
    /// A source of arrivals.
    SourceIx: u32 = NonZeroU32;
    /// A class of goods.
    GoodsIx: u32 = NonZeroU32;
    /// A step.
    StepIx: u32 = NonZeroU32;
    /// An agent.
    AgentIx: u32 = NonZeroU32;
    /// A test.
    TestIx: u32 = NonZeroU32;
    /// A stretch of time on one surface.
    EpisodeIx: u32 = NonZeroU32;
    /// A stay of a lot.
    VisitIx: u32 = NonZeroU32;
    /// An entry of the lists of records.
    ListedIx: u32 = NonZeroU32;
    /// An entry of the lists of who had a lot in hand.
    HandlerIx: u32 = NonZeroU32;
    /// A version of a protocol, in order of adoption.
    ProtocolIx: u16 = NonZeroU16;
}

impl TestIx {
    /// The bit of this test in a set of tests.
    #[inline]
    pub(crate) fn bit(self) -> u32 {
        1 << self.position()
    }
}

/// Rows of one kind, by their number. Rows are added at the end and never removed.
pub(crate) struct Rows<I, T> {
    rows: Vec<T>,
    kind: PhantomData<fn() -> I>,
}

impl<I: Number, T> Rows<I, T> {
    /// Adds a row; gives its number.
    pub(crate) fn add(&mut self, row: T) -> I {
        let number = self.next();
        self.rows.push(row);
        number
    }

    /// The number that the next row gets.
    pub(crate) fn next(&self) -> I {
        I::at(self.rows.len())
    }

    /// Every number, the oldest first.
    pub(crate) fn keys(
        &self,
    ) -> impl DoubleEndedIterator<Item = I> + ExactSizeIterator + use<I, T> {
        (0..self.rows.len()).map(I::at)
    }

    /// Every row with its number, the oldest first.
    pub(crate) fn pairs(&self) -> impl DoubleEndedIterator<Item = (I, &T)> {
        self.rows
            .iter()
            .enumerate()
            .map(|(at, row)| (I::at(at), row))
    }

    /// Bytes held, without what the rows point at.
    pub(crate) fn bytes(&self) -> usize {
        self.rows.capacity() * size_of::<T>()
    }

    /// The row with this number, if there is one.
    pub(crate) fn row(&self, number: I) -> Option<&T> {
        self.rows.get(number.position())
    }
}

impl<I, T> Deref for Rows<I, T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.rows
    }
}

impl<I, T> DerefMut for Rows<I, T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.rows
    }
}

impl<I: Number, T> Index<I> for Rows<I, T> {
    type Output = T;
    #[inline]
    fn index(&self, number: I) -> &T {
        &self.rows[number.position()]
    }
}

impl<I: Number, T> IndexMut<I> for Rows<I, T> {
    #[inline]
    fn index_mut(&mut self, number: I) -> &mut T {
        &mut self.rows[number.position()]
    }
}

impl<'a, I, T> IntoIterator for &'a Rows<I, T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.rows.iter()
    }
}

impl<'a, I, T> IntoIterator for &'a mut Rows<I, T> {
    type Item = &'a mut T;
    type IntoIter = std::slice::IterMut<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.rows.iter_mut()
    }
}

impl<I, T> From<Vec<T>> for Rows<I, T> {
    fn from(rows: Vec<T>) -> Self {
        Rows {
            rows,
            kind: PhantomData,
        }
    }
}

impl<I, T> Default for Rows<I, T> {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl<I, T: Clone> Clone for Rows<I, T> {
    fn clone(&self) -> Self {
        self.rows.clone().into()
    }
}

impl<I, T: std::fmt::Debug> std::fmt::Debug for Rows<I, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.rows.fmt(f)
    }
}

impl<I, T: Serialize> Serialize for Rows<I, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.rows.serialize(serializer)
    }
}

impl<'de, I, T: Deserialize<'de>> Deserialize<'de> for Rows<I, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_there_takes_no_room() {
        assert_eq!(size_of::<Option<LotIx>>(), size_of::<u32>());
        assert_eq!(size_of::<Option<ProtocolIx>>(), size_of::<u16>());
    }

    #[test]
    fn numbers_survive_a_snapshot() {
        for position in [0, 1, 127, 128, u32::MAX as usize - 1] {
            let bytes = postcard::to_stdvec(&Some(LotIx::at(position))).unwrap();
            let read: Option<LotIx> = postcard::from_bytes(&bytes).unwrap();
            assert_eq!(read.map(Number::position), Some(position));
        }
        let rows: Rows<LotIx, u8> = vec![7, 8].into();
        assert_eq!((rows[LotIx::at(1)], rows.next().position()), (8, 2));
    }
}
