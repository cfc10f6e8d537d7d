//! Courses side by side: the same number of each, and the random numbers of each.
//!
//! Sixteen courses go through a slice together. What they do is the same arithmetic without a branch that depends on
//! one of them, so that a processor works on several at a time and never guesses wrong; branching course by course cost
//! more than the arithmetic itself.

use std::ops::{AddAssign, SubAssign};

use lazaret_smc::random::{Stream, Streams};

/// Courses that are moved together.
pub(super) const LANES: usize = 16;

/// A number of each course.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(align(64))]
pub(super) struct Lanes(pub(super) [i32; LANES]);

impl Lanes {
    pub(super) const NONE: Lanes = Lanes([0; LANES]);

    pub(super) fn all(value: i32) -> Lanes {
        Lanes([value; LANES])
    }

    #[inline]
    fn zip(self, other: Lanes, f: impl Fn(i32, i32) -> i32) -> Lanes {
        let mut out = self;
        for lane in 0..LANES {
            out.0[lane] = f(self.0[lane], other.0[lane]);
        }
        out
    }

    /// As much of each number as there is room for beside `taken` of `limit`.
    #[inline]
    pub(super) fn that_fit(self, limit: i32, taken: Lanes) -> Lanes {
        self.zip(taken, |these, taken| these.min((limit - taken).max(0)))
    }

    /// Whether any is not 0; none may be negative.
    #[inline]
    pub(super) fn any(self) -> bool {
        self.0.iter().fold(0, |any, number| any | number) != 0
    }

    #[inline]
    pub(super) fn most(self) -> i32 {
        self.0.iter().fold(i32::MIN, |most, n| most.max(*n))
    }
}

impl std::ops::Add for Lanes {
    type Output = Lanes;

    #[inline]
    fn add(self, other: Lanes) -> Lanes {
        self.zip(other, |a, b| a + b)
    }
}

impl AddAssign for Lanes {
    #[inline]
    fn add_assign(&mut self, other: Lanes) {
        *self = self.zip(other, |a, b| a + b);
    }
}

impl SubAssign for Lanes {
    #[inline]
    fn sub_assign(&mut self, other: Lanes) {
        *self = self.zip(other, |a, b| a - b);
    }
}

/// A cell of a ring, for each course: how many things are over in one slice. Small, as there are many cells.
pub(super) type Cell = [u16; LANES];

/// Takes what is in a cell out of it.
#[inline]
pub(super) fn take(cell: &mut Cell) -> Lanes {
    let mut out = Lanes::NONE;
    for (out, count) in out.0.iter_mut().zip(&*cell) {
        *out = i32::from(*count);
    }
    *cell = [0; LANES];
    out
}

/// Adds to a cell.
#[inline]
pub(super) fn put(cell: &mut Cell, these: Lanes) {
    for (count, these) in cell.iter_mut().zip(these.0) {
        *count = count.saturating_add(these.min(i32::from(u16::MAX)) as u16);
    }
}

/// The random numbers of courses side by side: a stream each, in which a course moves on only when it draws, so that
/// what it draws is not a matter of what the others do.
#[derive(Clone, Debug)]
pub(super) struct Dice([Stream; LANES]);

impl Dice {
    /// For the courses from `first` on.
    pub(super) fn new(streams: &Streams, first: usize) -> Self {
        Self(std::array::from_fn(|lane| streams.particle(first + lane)))
    }

    /// The stream of one course.
    #[inline]
    pub(super) fn of(&mut self, lane: usize) -> &mut Stream {
        &mut self.0[lane]
    }

    /// 64 random bits for each course of which there is something in `wanted`; the others get bits and do not move on.
    #[inline]
    pub(super) fn bits_for(&mut self, wanted: &Lanes) -> [u64; LANES] {
        std::array::from_fn(|lane| self.0[lane].bits_if(wanted.0[lane] != 0))
    }
}
