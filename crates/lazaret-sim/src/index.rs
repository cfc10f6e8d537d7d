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
