//! What is known of each thing, place, crew and source while a replication runs.

use super::waits::{Barred, PARTS};
use crate::index::{Instant, LegIx, ThingIx};
use crate::statistics::{Durations, Level, Mean};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Free,
    /// A lot on its vehicle whose turn to be unloaded has not come.
    WaitTurn,
    /// Waits for room in the place of its leg.
    WaitRoom,
    /// Has its slot; waits for a place to open, a repair, a crew or equipment.
    WaitWork,
    InService,
    /// A vehicle whose lots are still to leave it.
    Hosting,
    /// On the way from another site to the slot it has taken.
    Travelling,
    /// On the way from another site without a slot.
    InTransit,
    /// A lot that may depart.
    Ready,
    /// An emptied vehicle on its way home.
    Returning,
}

pub(crate) const VEHICLE: u8 = 1;
/// Its slot counts as blocked.
pub(crate) const BLOCKED: u8 = 2;
/// Its work was stopped; `due` holds what remains.
pub(crate) const PAUSED: u8 = 4;
/// It is among those who wait to begin or go on as soon as crews and equipment allow.
pub(crate) const LISTED: u8 = 8;
/// A vehicle that has had no slot yet.
pub(crate) const OUTSIDE: u8 = 16;
/// A lot that has come from another site without a slot there.
pub(crate) const TRAVELLED: u8 = 32;
/// An inspection has sent it back, and it has not taken a slot since: [`World::sent_by`] says which leg that was.
pub(crate) const AGAIN: u8 = 64;
/// A listener has still to be told that it waits.
pub(crate) const FRESH: u8 = 128;

/// A vehicle or lot. It fills one line of cache, since little else is touched as often.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(crate) struct Thing {
    /// Convoy, vehicle and lot number, mixed with the source: names its draws.
    pub(crate) entity: u64,
    /// When its convoy arrived.
    pub(crate) arrived: i64,
    /// When it became ready for its leg. On its way home, when the present stage of that began.
    pub(crate) since: i64,
    /// End of service; while paused, what remains of it. While it waits for room, how long the place had been closed
    /// when it began to; while it waits for its step with a slot, where the parts of that wait are kept, or -1. Of a
    /// vehicle whose lots leave it, how many of them wait for room.
    pub(crate) due: i64,
    /// Start of the present wait with a slot, pause or blocking, of the work, or of the journey. While it waits for room,
    /// how long the place had been full when it began to.
    pub(crate) mark: i64,
    /// The next in its list. Of a vehicle whose lots leave it, the numbers of those that wait for room, each taken by
    /// exclusive or.
    pub(crate) next: Option<ThingIx>,
    /// The vehicle that a lot is still on.
    pub(crate) host: Option<ThingIx>,
    pub(crate) leg: LegIx,
    pub(crate) place: u16,
    pub(crate) unit: u16,
    /// Lots on a vehicle; of a lot, its number on its vehicle.
    pub(crate) lots: u16,
    /// How often a lot has been treated again; how far a vehicle is on its way home.
    pub(crate) attempt: u16,
    pub(crate) cause: u16,
    pub(crate) goods: u8,
    pub(crate) flags: u8,
    pub(crate) state: State,
}

impl Thing {
    #[inline]
    pub(crate) fn is(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// Why a thing waits.
pub(crate) mod cause {
    pub(crate) const NO_ROOM: u16 = 0;
    pub(crate) const CLOSED: u16 = 1;
    pub(crate) const BROKEN: u16 = 2;
    pub(crate) const SEGREGATED: u16 = 3;
    pub(crate) const NO_DEPARTURE: u16 = 4;
    /// And one for each resource from here on.
    pub(crate) const RESOURCE: u16 = 5;
}

/// What a slot that is taken or left touches comes first and fills one line of cache.
#[derive(Clone, Debug, Default)]
#[repr(C, align(64))]
pub(crate) struct PlaceS {
    pub(crate) occupied: Level,
    pub(crate) capacity: i64,
    /// Levels that have somebody waiting, as bits.
    pub(crate) waiting: u64,
    pub(crate) plain: bool,
    pub(crate) open: bool,
    pub(crate) stale: bool,
    pub(crate) barred: Barred,
    /// One while no slot is free, else nil.
    pub(crate) full: Level,
    pub(crate) first_full: Option<Instant>,
    pub(crate) blocked: Level,
    pub(crate) slots_there: Level,
    pub(crate) units: u32,
    pub(crate) unit_start: u32,
    pub(crate) count: i64,
    pub(crate) slots: i64,
    pub(crate) change: u32,
    pub(crate) toggle: u32,
}

impl PlaceS {
    #[inline]
    pub(crate) fn has_room(&self) -> bool {
        self.occupied.now() < self.capacity
    }

    #[inline]
    pub(crate) fn occupy(&mut self, at: i64) {
        debug_assert!(self.has_room(), "a place takes more than its room");
        self.occupied.raise(at);
        if !self.has_room() {
            self.fill_up(at);
        }
    }

    /// `n` slots are taken in one instant.
    #[inline]
    pub(crate) fn occupy_many(&mut self, n: i64, at: i64) {
        debug_assert!(
            self.occupied.now() + n <= self.capacity,
            "a place takes more than its room"
        );
        self.occupied.add(n, at);
        if !self.has_room() {
            self.fill_up(at);
        }
    }

    #[cold]
    pub(crate) fn fill_up(&mut self, at: i64) {
        self.full.set(1, at);
        self.first_full.get_or_insert(Instant::new(at));
        self.bar(at);
    }

    #[inline]
    pub(crate) fn vacate(&mut self, at: i64) {
        let was_full = !self.has_room();
        self.occupied.lower(at);
        if was_full {
            self.has_room_again(at);
        }
    }

    /// `n` slots are left in one instant.
    #[inline]
    pub(crate) fn vacate_many(&mut self, n: i64, at: i64) {
        let was_full = !self.has_room();
        self.occupied.add(-n, at);
        if was_full {
            self.has_room_again(at);
        }
    }

    /// There may be room again.
    #[cold]
    fn has_room_again(&mut self, at: i64) {
        if !self.has_room() {
            return;
        }
        self.full.set(0, at);
        self.bar(at);
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct UnitS {
    pub(crate) occupied: i64,
    pub(crate) slots: i64,
    /// Convoy whose group has the unit, and how many of it have entered.
    pub(crate) group: u64,
    pub(crate) entered: i64,
    pub(crate) life: Life,
}

/// The failures of one unit or item.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Life {
    pub(crate) broken: bool,
    /// When it fails next, if that is scheduled.
    pub(crate) fails: Option<i64>,
    /// How often its clock has started, less one: names its draws.
    pub(crate) nth: u32,
    /// Since when it has been whole, or broken.
    pub(crate) since: i64,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct ResourceS {
    pub(crate) total: i64,
    /// Of those that are there.
    pub(crate) broken: i64,
    pub(crate) on_shift: bool,
    pub(crate) changed: bool,
    pub(crate) in_use: Level,
    /// Of those in use, how many are held by slots.
    pub(crate) held: i64,
    /// Number there, over time: what the times below must sum to.
    pub(crate) there: Level,
    /// Numbers times microseconds, of those that are free on shift, broken, off shift, and in use beyond the number
    /// there.
    pub(crate) idle: i128,
    pub(crate) broken_time: i128,
    pub(crate) off: i128,
    pub(crate) surplus: i128,
    pub(crate) last: i64,
    pub(crate) toggle: u32,
    pub(crate) change: u32,
    pub(crate) item_start: u32,
}

impl ResourceS {
    pub(crate) fn free(&self) -> i64 {
        if self.on_shift {
            self.total - self.broken - self.in_use.now()
        } else {
            0
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct SourceS {
    pub(crate) due: u32,
    /// When it was due last.
    pub(crate) last_due: i64,
    /// What the number of the first in its timetable is.
    pub(crate) before: u32,
    pub(crate) home: i64,
    pub(crate) fleet: i64,
    /// A convoy that waits for vehicles: its number and how many it needs.
    pub(crate) short: Option<(u32, i64)>,
    /// A convoy that waits for the source to open.
    pub(crate) held: Option<u32>,
    /// The end of a closure is in the calendar.
    pub(crate) reopens: bool,
    pub(crate) waiting: Level,
    pub(crate) convoys: u64,
    pub(crate) cancelled: u64,
    /// Those of the cancelled for which too few vehicles were at home.
    pub(crate) without_vehicles: u64,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct DispatchS {
    /// Lots in its lists; those that ripened unseen are counted by [`ripening::Ripening`].
    pub(crate) ready: i64,
    pub(crate) due: u32,
    /// When it was due last.
    pub(crate) last_due: i64,
    /// What the number of the first in its timetable is.
    pub(crate) before: u32,
    pub(crate) departures: u64,
    pub(crate) cancelled: u64,
    pub(crate) loaded: u64,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ConvoyS {
    pub(crate) source: u16,
    pub(crate) number: u32,
    pub(crate) vehicles: u32,
    /// When it left its source.
    pub(crate) sent: i64,
}

/// What every step that is done touches comes first and fills one line of cache.
#[derive(Clone, Debug, Default)]
#[repr(C, align(64))]
pub(crate) struct StepS {
    pub(crate) finished: u64,
    /// The latest `since` of a thing that was served: who waits longer has been overtaken.
    pub(crate) latest_served: i64,
    pub(crate) last_start: i64,
    pub(crate) wait: Durations,
    /// Parts of the waits that are over.
    pub(crate) causes: [i128; PARTS],
    pub(crate) blocked: Mean,
    pub(crate) paused: i128,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct GoodsS {
    pub(crate) arrived: u64,
    pub(crate) dispatched: u64,
    pub(crate) inside: i64,
    pub(crate) time: Durations,
}

/// What the calendar holds. Those of one instant come in the order of their ranks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A service or journey of a thing ends.
    Thing,
    PlaceToggle,
    ResourceToggle,
    PlaceChange,
    ResourceChange,
    UnitBreak,
    UnitRepair,
    ItemBreak,
    ItemRepair,
    /// A stage of a vehicle's way home is over.
    Home,
    Departure,
    /// A convoy is due to leave its source.
    Due,
    Reopened,
    Arrival,
    WarmUp,
}

impl Kind {
    const ALL: [Kind; 15] = [
        Kind::Thing,
        Kind::PlaceToggle,
        Kind::ResourceToggle,
        Kind::PlaceChange,
        Kind::ResourceChange,
        Kind::UnitBreak,
        Kind::UnitRepair,
        Kind::ItemBreak,
        Kind::ItemRepair,
        Kind::Home,
        Kind::Departure,
        Kind::Due,
        Kind::Reopened,
        Kind::Arrival,
        Kind::WarmUp,
    ];

    /// Order of events of the same instant: the calendar of the place, then what ends, then vehicles that come home, then
    /// departures, then what is due to leave a source, then arrivals. A slot freed at 06:00 is seen by the train of 06:00.
    #[inline]
    pub(crate) const fn rank(self) -> u8 {
        match self {
            Kind::PlaceToggle
            | Kind::ResourceToggle
            | Kind::PlaceChange
            | Kind::ResourceChange
            | Kind::UnitBreak
            | Kind::UnitRepair
            | Kind::ItemBreak
            | Kind::ItemRepair
            | Kind::WarmUp => 0,
            Kind::Thing => 1,
            Kind::Home => 2,
            Kind::Departure => 3,
            Kind::Due | Kind::Reopened => 4,
            Kind::Arrival => 5,
        }
    }
}

/// A kind of event and which thing, place or the like it is of, packed for the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct What(u32);

impl What {
    const SHIFT: u32 = 28;

    #[inline]
    pub(crate) fn new(kind: Kind, nth: usize) -> Self {
        debug_assert!(nth < 1 << What::SHIFT, "too many to be numbered");
        What((kind as u32) << What::SHIFT | nth as u32)
    }

    #[inline]
    pub(crate) const fn packed(self) -> u32 {
        self.0
    }

    #[inline]
    pub(crate) const fn unpack(packed: u32) -> Self {
        What(packed)
    }

    /// Whether its kind is the one that most are of.
    #[inline]
    pub(crate) const fn is_of_a_thing(self) -> bool {
        self.0 < 1 << What::SHIFT
    }

    pub(crate) fn kind(self) -> Kind {
        Kind::ALL[(self.0 >> What::SHIFT) as usize]
    }

    #[inline]
    pub(crate) const fn nth(self) -> usize {
        (self.0 & ((1 << What::SHIFT) - 1)) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_what_is_unpacked() {
        for kind in Kind::ALL {
            let what = What::unpack(What::new(kind, 12_345).packed());
            assert_eq!((what.kind(), what.nth()), (kind, 12_345));
            assert_eq!(what.is_of_a_thing(), kind == Kind::Thing);
        }
    }
}
