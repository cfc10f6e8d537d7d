//! Faults that can be planted in the twin. Each must be caught by the comparison.

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The queue for room goes by coming alone.
    NoPriority,
    /// Departures leave before holds end at their instant.
    DeparturesFirst,
    /// Work whose time is up when its shift ends goes on in the next.
    StopsAtTheEnd,
    /// Who stops keeps its crew.
    KeepsCrew,
    /// Every hold counts from when the lot is stored.
    StoredClock,
    /// One that lacks nothing begins before one ahead of it that waits for two things.
    Overtakes,
    /// Classes kept apart pass nobody.
    NobodyPasses,
    /// A unit takes another group as soon as it has a free slot.
    MixedGroups,
    /// Nobody waits in a buffer.
    NoBuffer,
    /// Convoys whose vehicles come home leave a closed source.
    LeavesClosed,
    /// One item that is taken away goes on failing.
    FailsUnseen,
    /// A lot is destroyed one round too early.
    OneRoundLess,
    /// Departures need one lot less than they say.
    OneLotLess,
    /// Vehicles are not kept in quarantine.
    NoQuarantine,
    /// A draw is the same when a lot is treated again.
    SameDraw,
    /// All lots of a vehicle are worked on at once.
    AllAtOnce,
    /// The last lot never takes over the slot of its vehicle.
    NoHandingOver,
    /// The journey to another site is a wait.
    JourneyIsWait,
    /// What a slot holds is not given back while the slot's place is closed.
    HoldsForEver,
    /// Time blocked after an inspection that sends back is booked on the step before it.
    BlockedOnStepBefore,
    /// Holidays are working days.
    NoHolidays,
    /// The first in line goes by its class, not by when it became ready.
    LastFirst,
    /// Statistics are not started anew after the warm-up.
    NoWarmUp,
}

impl Fault {
    /// All of them.
    pub(crate) const ALL: [Fault; 23] = [
        Fault::NoPriority,
        Fault::DeparturesFirst,
        Fault::StopsAtTheEnd,
        Fault::KeepsCrew,
        Fault::StoredClock,
        Fault::Overtakes,
        Fault::NobodyPasses,
        Fault::MixedGroups,
        Fault::NoBuffer,
        Fault::LeavesClosed,
        Fault::FailsUnseen,
        Fault::OneRoundLess,
        Fault::OneLotLess,
        Fault::NoQuarantine,
        Fault::SameDraw,
        Fault::AllAtOnce,
        Fault::NoHandingOver,
        Fault::JourneyIsWait,
        Fault::HoldsForEver,
        Fault::BlockedOnStepBefore,
        Fault::NoHolidays,
        Fault::LastFirst,
        Fault::NoWarmUp,
    ];
}
