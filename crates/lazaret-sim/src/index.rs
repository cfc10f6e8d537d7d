//! Numbers of things in tables, each a type of its own, so that a place cannot be looked up among the steps.
//!
//! Each leaves a value out, so that an `Option` of it takes no more room.

/// Declares an index: a number from 0 in memory of one of the integers.
macro_rules! index {
    ($(#[$doc:meta])* $name:ident in $int:ty) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) struct $name(std::num::NonZero<$int>);

        #[allow(dead_code, reason = "not every index needs all of it")]
        impl $name {
            /// The `nth`, from 0. Tables are kept short enough; beyond the last it is the last.
            #[inline]
            pub(crate) const fn new(nth: usize) -> Self {
                $name(std::num::NonZero::<$int>::MIN.saturating_add(nth as $int))
            }

            /// Where it stands in its table.
            #[inline]
            pub(crate) const fn at(self) -> usize {
                self.0.get() as usize - 1
            }
        }
    };
}

index! {
    /// A quantity that is drawn: see [`crate::model::Draw`].
    DrawIx in u32
}

index! {
    /// A vehicle or lot in a replication.
    ThingIx in u32
}

index! {
    /// A step on the path of a class from a source: see [`crate::model::Leg`].
    LegIx in u16
}

impl LegIx {
    /// The one after it on the same path.
    #[inline]
    pub(crate) const fn next(self) -> Self {
        LegIx(self.0.saturating_add(1))
    }

    /// The one before it on the same path; of the first itself.
    #[inline]
    pub(crate) const fn before(self) -> Self {
        LegIx::new(self.at().saturating_sub(1))
    }
}

index! {
    /// Where something stands in a list that it may not be in.
    Position in u32
}

impl ThingIx {
    /// Itself among several, each taken by exclusive or: `sum` with this one added if it was not in, else without it.
    #[inline]
    pub(crate) fn xor(self, sum: Option<ThingIx>) -> Option<ThingIx> {
        let sum = sum.map_or(0, |sum| sum.0.get());
        std::num::NonZero::new(sum ^ self.0.get()).map(ThingIx)
    }
}

/// An instant of a replication, in microseconds from its start and before it where it began from a situation; an `Option`
/// of it takes no more room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(std::num::NonZero<u64>);

impl Instant {
    /// Added to every instant, so that those before the start have a number, too.
    const OFFSET: i64 = 1 << 62;

    #[inline]
    pub(crate) const fn new(micros: i64) -> Self {
        Instant(std::num::NonZero::<u64>::MIN.saturating_add((micros + Self::OFFSET) as u64))
    }

    #[inline]
    pub(crate) const fn micros(self) -> i64 {
        (self.0.get() - 1) as i64 - Self::OFFSET
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_of_an_index_takes_no_more_room() {
        assert_eq!(size_of::<Option<ThingIx>>(), 4);
        assert_eq!(size_of::<Option<Instant>>(), 8);
        assert_eq!((ThingIx::new(0).at(), ThingIx::new(7).at()), (0, 7));
        assert_eq!(Instant::new(5).micros(), 5);
        assert_eq!(Instant::new(-5).micros(), -5);
        assert!(Instant::new(-5) < Instant::new(5));
    }

    #[test]
    fn what_is_taken_by_exclusive_or_twice_is_gone() {
        let (a, b) = (ThingIx::new(0), ThingIx::new(41));
        let both = a.xor(b.xor(None));
        assert_eq!(b.xor(both), Some(a));
        assert_eq!(a.xor(a.xor(None)), None);
    }
}
