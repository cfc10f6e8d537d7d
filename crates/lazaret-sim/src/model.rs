//! A gateway compiled into flat tables: what one replication reads in its inner loop. [`crate::compile`] makes them.

use std::num::NonZero;
use std::sync::Arc;

use lazaret_gateway::distribution::Sampler;
use lazaret_gateway::model::{Fill, Gateway, Quantity, Term, WhenClosed, WhenShort};

use crate::hours::Toggle;
use crate::index::{DrawIx, LegIx};
use crate::metrics::MetricNames;
use crate::situation::Start;

pub(crate) const NO_PLACE: u16 = u16::MAX;
/// Time bins of the occupancy picture.
pub const OCCUPANCY_BINS: usize = 360;

/// A gateway ready to be simulated.
#[derive(Clone, Debug)]
pub struct Model {
    pub(crate) gateway: Gateway,
    pub(crate) horizon: i64,
    pub(crate) draws: Vec<Draw>,
    pub(crate) unknowns: Vec<(Sampler, u64)>,
    /// Priority level of each class; 0 goes first.
    pub(crate) level: Vec<u8>,
    pub(crate) levels: usize,
    /// For each class, the classes it must be kept apart from, as bits.
    pub(crate) apart: Vec<u64>,
    pub(crate) sources: Vec<SourceM>,
    pub(crate) places: Vec<PlaceM>,
    pub(crate) resources: Vec<ResourceM>,
    pub(crate) legs: Legs,
    /// What work can need, each combination once; nothing comes first.
    pub(crate) claims: Vec<ClaimM>,
    pub(crate) dispatches: Vec<DispatchM>,
    /// Marks kept for each lot: instants from which holds may count.
    pub(crate) marks: usize,
    /// Which step each mark is of, and whether of its end.
    pub(crate) mark_of: Vec<(u16, bool)>,
    pub(crate) metrics: MetricNames,
    pub(crate) gap: i64,
    pub(crate) reach: i64,
    pub(crate) longest_hold: i64,
    /// Where its replications start, if not from empty.
    pub(crate) from: Option<Arc<Start>>,
}

/// A quantity with its purpose; drawn for each entity separately.
#[derive(Clone, Debug)]
pub(crate) struct Draw {
    pub(crate) quantity: Quantity,
    /// Where the file gives it, for messages.
    pub(crate) path: String,
    pub(crate) purpose: u64,
    /// Ready once and for all unless unknowns take part.
    pub(crate) fixed: Option<Sampler>,
}

#[derive(Clone, Debug)]
pub(crate) struct SourceM {
    pub(crate) salt: u64,
    pub(crate) due: DueM,
    pub(crate) vehicles: DrawIx,
    pub(crate) lots: DrawIx,
    /// Lots in a vehicle where that is one number.
    pub(crate) lots_fixed: Option<u16>,
    /// Lots in a vehicle where all vehicles are alike but for their names.
    pub(crate) alike: Option<u16>,
    pub(crate) travel: DrawIx,
    pub(crate) fleet: Option<DrawIx>,
    pub(crate) when_short: WhenShort,
    pub(crate) when_closed: WhenClosed,
    /// Closures as (from, to) on the gateway's clock.
    pub(crate) closed: Vec<(i64, i64)>,
    pub(crate) mix: Vec<Term>,
    pub(crate) class_purpose: u64,
    pub(crate) mixed_vehicles: bool,
    /// Where things of each class begin, if it comes from here.
    pub(crate) paths: Vec<Option<Path>>,
    /// Leg in which an emptied vehicle is washed, if that is at a place.
    pub(crate) wash_leg: Option<LegIx>,
    /// Wash without a place, quarantine, way home; in this order.
    pub(crate) home: [Option<DrawIx>; 3],
}

#[derive(Clone, Debug)]
pub(crate) enum DueM {
    Every {
        interval: DrawIx,
        first: Option<DrawIx>,
    },
    Table(Vec<i64>),
}

#[derive(Clone, Debug)]
pub(crate) struct PlaceM {
    pub(crate) count: DrawIx,
    /// Slots of a unit; without them there is no limit.
    pub(crate) slots: Option<DrawIx>,
    pub(crate) fill: Fill,
    pub(crate) buffer: bool,
    pub(crate) open: bool,
    pub(crate) toggles: Vec<Toggle>,
    pub(crate) changes: Vec<SizeChange>,
    pub(crate) breaks: Option<BreaksM>,
    pub(crate) holds: Vec<(u16, u32)>,
    /// Units matter one by one: segregation, breakdowns, groups or filling in order.
    pub(crate) by_unit: bool,
    /// Some class that comes here must be kept apart from another.
    pub(crate) segregated: bool,
    /// A thing here may wait for a place from which, in the end, things wait for this one.
    pub(crate) in_cycle: bool,
    /// Its queue must be searched: some goods are kept apart, or a lot may be taken from the middle.
    pub(crate) searched: bool,
    /// Entry needs no thought beyond counting: no hours, units, segregation or resources.
    pub(crate) plain: bool,
}

/// What a place has from some instant on; what is not given stays as it was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SizeChange {
    pub(crate) at: i64,
    pub(crate) units: Option<DrawIx>,
    pub(crate) slots: Option<DrawIx>,
}

/// How many there are of a crew or equipment from some instant on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NumberChange {
    pub(crate) at: i64,
    pub(crate) number: DrawIx,
}

/// How long a unit or item works until it fails, and how long its repair takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BreaksM {
    pub(crate) every: DrawIx,
    pub(crate) repair: DrawIx,
}

#[derive(Clone, Debug)]
pub(crate) struct ResourceM {
    pub(crate) count: DrawIx,
    pub(crate) on_shift: bool,
    pub(crate) toggles: Vec<Toggle>,
    pub(crate) changes: Vec<NumberChange>,
    pub(crate) breaks: Option<BreaksM>,
    pub(crate) pause: bool,
    /// Combinations of needs that it is in.
    pub(crate) claims: Vec<u16>,
    /// Places whose slots hold it.
    pub(crate) held_by: Vec<u16>,
    /// Its hours or number change, or it fails.
    pub(crate) changes_ever: bool,
}

/// What some work needs of crews and equipment.
#[derive(Clone, Debug)]
pub(crate) struct ClaimM {
    pub(crate) needs: Box<[(u16, u32)]>,
    /// Other combinations that have something of these.
    pub(crate) rivals: Vec<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LegKind {
    Handle,
    Unload,
    /// Unloading in which each lot is served by itself; the vehicle only starts it.
    UnloadEach,
    Treat,
    Inspect,
    Hold,
    Dispatch,
    /// The lot leaves the gateway.
    Out,
    Wash,
}

/// The first legs of a vehicle and of its lots.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path {
    pub(crate) vehicle: LegIx,
    pub(crate) lot: LegIx,
}

impl SourceM {
    /// The path of `goods`, which have come from here.
    #[inline]
    pub(crate) fn path(&self, goods: u8) -> Path {
        self.paths[usize::from(goods)].expect("only classes that have a path come")
    }
}

/// All legs, path by path.
#[derive(Clone, Debug)]
pub(crate) struct Legs(Vec<Leg>);

impl Legs {
    pub(crate) fn new(legs: Vec<Leg>) -> Self {
        Legs(legs)
    }

    /// A leg and the one after it.
    #[inline]
    pub(crate) fn pair(&self, leg: LegIx) -> Option<&[Leg; 2]> {
        self.0.get(leg.at()..leg.at() + 2)?.first_chunk()
    }

    pub(crate) fn as_slice(&self) -> &[Leg] {
        &self.0
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Leg> {
        self.0.iter_mut()
    }
}

impl std::ops::Index<LegIx> for Legs {
    type Output = Leg;

    #[inline]
    fn index(&self, leg: LegIx) -> &Leg {
        &self.0[leg.at()]
    }
}

/// One step on the path of one class from one source. It fills one line of cache.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub(crate) struct Leg {
    pub(crate) kind: LegKind,
    pub(crate) source: u16,
    pub(crate) step: u16,
    pub(crate) place: u16,
    /// On the straight way the thing already has its slot there.
    pub(crate) stays: bool,
    /// Way from another site.
    pub(crate) travel: Option<DrawIx>,
    pub(crate) takes: Option<DrawIx>,
    /// What work on it needs: which of [`Model::claims`].
    pub(crate) claim: u16,
    /// Something may stop work on it: its place closes or breaks, or a crew or equipment changes.
    pub(crate) watched: bool,
    /// How many lots of one vehicle are worked on at once; without it, all.
    pub(crate) at_once: Option<NonZero<u32>>,
    /// Marks set when the step begins and ends, as bits.
    pub(crate) mark_start: u32,
    pub(crate) mark_end: u32,
    pub(crate) clock: HoldClockM,
    pub(crate) inspection: Option<Box<InspectionM>>,
    pub(crate) dispatch: u16,
    /// A hold whose end need not be seen: it leads straight to a departure that takes lots from such holds alone.
    pub(crate) ripens: bool,
    /// Entering its place and beginning is plain: see the world's `swift` module.
    pub(crate) swift_entry: bool,
    /// So is going on from it to the next.
    pub(crate) swift: bool,
}

/// The first of [`Model::claims`]: nothing is needed.
pub(crate) const NOTHING: u16 = 0;

/// From when a hold counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HoldClockM {
    /// From when it begins.
    Stored,
    /// From when the convoy arrived.
    Arrival,
    /// From this mark of the lot, if its class did not pass that step by.
    Mark(u8),
}

#[derive(Clone, Debug)]
pub(crate) struct InspectionM {
    pub(crate) purpose: u64,
    pub(crate) shares: [Term; 4],
    pub(crate) again_leg: Option<LegIx>,
    /// Way back to it from another site.
    pub(crate) again_travel: Option<DrawIx>,
    pub(crate) again_at_most: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct DispatchM {
    pub(crate) step: u16,
    pub(crate) due: DueM,
    pub(crate) least: DrawIx,
    pub(crate) most: Option<DrawIx>,
    /// Typical time between departures, in microseconds.
    pub(crate) interval: i64,
    /// All its lots come from holds that ripen unseen.
    pub(crate) ripens: bool,
}
