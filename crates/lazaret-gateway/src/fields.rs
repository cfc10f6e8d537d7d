//! The one table of what a gateway file may say.
//!
//! It drives the reader (which keys exist, which must be there, what kind of value each takes), the JSON Schema for
//! editors and the reference in the guide, so the three cannot disagree.

mod kind;

use crate::model::Dimension::{Duration, Mass, Number};
use kind::{
    CONVOY, COUNT, COUNT_OR_NONE, INTERVAL, MASS, PLACE_UNITS_OR_NONE, TIME, UNITS, UNITS_OR_NONE,
    field, required,
};

pub use kind::{
    Bound, CONVOY_MOST, Field, Form, Kind, LONGEST_S, MOST, PLACE_UNITS_MOST, Section, Thing,
    UNITS_MOST,
};

const NOTE: Field = field(
    "note",
    Kind::Text,
    "",
    "A remark for readers, such as where a figure comes from.",
);

/// All sections, in the order in which a file is best written.
pub static SECTIONS: &[Section] = &[
    Section {
        name: "gateway",
        form: Form::One,
        doc: "The gateway as a whole, and the simulated period.",
        fields: GATEWAY,
    },
    Section {
        name: "unknown",
        form: Form::Values,
        doc: "Quantities that nobody knows, each with a range or distribution. Their names can be used wherever a number or duration is expected. An unknown has one value throughout a replication and another in the next.",
        fields: &[],
    },
    Section {
        name: "goods",
        form: Form::Named,
        doc: "Goods classes. Without this section there is one class, `general`.",
        fields: GOODS,
    },
    Section {
        name: "site",
        form: Form::Named,
        doc: "Sites, if there is more than one.",
        fields: SITE,
    },
    Section {
        name: "route",
        form: Form::Named,
        doc: "Connections between sites. A lot whose next step is at another site takes the route there.",
        fields: ROUTE,
    },
    Section {
        name: "source",
        form: Form::Named,
        doc: "Where arrivals come from.",
        fields: SOURCE,
    },
    Section {
        name: "place",
        form: Form::Named,
        doc: "A part of the gateway with room for vehicles or lots: anchorage, track, platform, warehouse, yard, store.",
        fields: PLACE,
    },
    Section {
        name: "crew",
        form: Form::Named,
        doc: "People who do the work, shared between the places and steps that name them.",
        fields: CREW,
    },
    Section {
        name: "equipment",
        form: Form::Named,
        doc: "Equipment that is used for work, or for as long as a slot is taken: sprayers, cranes, plugs, locomotives.",
        fields: EQUIPMENT,
    },
    Section {
        name: "step",
        form: Form::List,
        doc: "The steps that vehicles and lots pass, in order.",
        fields: STEP,
    },
    Section {
        name: "vehicle",
        form: Form::One,
        doc: "What happens to emptied vehicles.",
        fields: VEHICLE,
    },
];

/// Keys of `[gateway]`.
pub static GATEWAY: &[Field] = &[
    required("name", Kind::Text, "Name of the gateway."),
    field(
        "time_zone",
        Kind::Zone,
        "UTC",
        "IANA time zone of every date, shift and timetable in the file.",
    ),
    field(
        "start",
        Kind::Moment,
        "2000-01-01T00:00:00",
        "First simulated instant, in local time.",
    ),
    required("length", Kind::Fixed, "Length of the simulated period."),
    field(
        "study",
        Kind::Choice(&[
            (
                "opening",
                "the gateway from empty at `start`; everything counts",
            ),
            (
                "steady",
                "the gateway once it has settled; the program finds and drops the warm-up",
            ),
        ]),
        "opening",
        "What the simulation describes.",
    ),
    field(
        "holidays",
        Kind::Dates,
        "none",
        "Days on which crews rest, and everything else with `works_holidays = false`.",
    ),
    NOTE,
];

/// Keys of a goods class.
pub static GOODS: &[Field] = &[
    field(
        "share",
        Kind::Share,
        "an equal part of the remainder",
        "Its share of the lots. Shares must sum to 1. If an override changes one, the others are scaled to the remainder.",
    ),
    field(
        "priority",
        Kind::Whole(-1_000_000, 1_000_000),
        "0",
        "In every queue the higher priority goes first.",
    ),
    field(
        "hold",
        Kind::Quantity(Duration, TIME),
        "that of the hold step",
        "Length of hold of this class.",
    ),
    field(
        "apart_from",
        Kind::Names(Thing::Goods),
        "none",
        "Classes that must never be in the same unit of a place at the same time.",
    ),
    field("mass", Kind::Quantity(Mass, MASS), "", "Mass of a lot."),
    NOTE,
];

/// Keys of a site.
pub static SITE: &[Field] = &[NOTE];

/// Keys of a route.
pub static ROUTE: &[Field] = &[
    required("from", Kind::Name(Thing::Site), "The site it leaves."),
    required("to", Kind::Name(Thing::Site), "The site it reaches."),
    required(
        "takes",
        Kind::Quantity(Duration, TIME),
        "Travel time of a lot.",
    ),
    NOTE,
];

/// Keys of a timetable.
pub static TIMETABLE: &[Field] = &[
    field(
        "days",
        Kind::Days,
        "every day",
        "Days of the week, such as `\"Mon-Fri\"` or `[\"Mon\", \"Thu\"]`.",
    ),
    required(
        "times",
        Kind::Times,
        "Times of day, such as `[\"06:00\", \"18:30\"]`.",
    ),
    field(
        "zone",
        Kind::Zone,
        "the gateway's",
        "Time zone of the times.",
    ),
    field("except", Kind::Dates, "none", "Dates without a departure."),
    field(
        "works_holidays",
        Kind::Flag,
        "true",
        "Whether it runs on the gateway's holidays.",
    ),
];

/// Keys of a closure.
pub static CLOSURE: &[Field] = &[
    required(
        "from",
        Kind::Moment,
        "First day, or first instant, of the closure.",
    ),
    required(
        "to",
        Kind::Moment,
        "Last day of the closure; or, with a time of day, the instant at which it ends.",
    ),
    field("why", Kind::Text, "", "The reason, shown in results."),
];

/// Keys of a breakdown.
pub static BREAKS: &[Field] = &[
    required(
        "every",
        Kind::Quantity(Duration, INTERVAL),
        "Time from a repair to the next failure of one unit.",
    ),
    required(
        "repair",
        Kind::Quantity(Duration, TIME),
        "Time from a failure to its repair.",
    ),
];

/// Keys of a source.
pub static SOURCE: &[Field] = &[
    field(
        "route",
        Kind::Choice(&[
            ("rail", "trains of wagons"),
            ("sea", "one vessel with many lots"),
            ("road", "columns of trucks"),
        ]),
        "rail",
        "How its goods arrive.",
    ),
    field(
        "every",
        Kind::Quantity(Duration, INTERVAL),
        "",
        "Time from one departure to the next. Either this or `timetable`.",
    ),
    field(
        "timetable",
        Kind::Table(TIMETABLE),
        "",
        "Departures by the calendar. Either this or `every`.",
    ),
    field(
        "first",
        Kind::Quantity(Duration, TIME),
        "one interval",
        "With `every`: time from the start to the first departure.",
    ),
    field(
        "convoy",
        Kind::Quantity(Number, CONVOY),
        "1",
        "Vehicles in a convoy; by sea, lots in the vessel.",
    ),
    field(
        "lots",
        Kind::Quantity(Number, CONVOY),
        "1",
        "Lots in a vehicle; not by sea. The lots of one vehicle belong to one class.",
    ),
    field(
        "travel",
        Kind::Quantity(Duration, TIME),
        "0 h",
        "Travel time from the source to the gateway.",
    ),
    field(
        "fleet",
        Kind::Quantity(Number, UNITS),
        "no limit",
        "Number of vehicles. A vehicle cannot be sent again before it is home.",
    ),
    field(
        "when_short",
        Kind::Choice(&[
            ("wait", "the convoy waits until enough vehicles are home"),
            ("go_short", "it goes with those that are home, if any"),
        ]),
        "wait",
        "What happens if a convoy is due while too few vehicles are home.",
    ),
    field(
        "closed",
        Kind::Tables(CLOSURE),
        "never",
        "Periods in which nothing leaves the source.",
    ),
    field(
        "when_closed",
        Kind::Choice(&[
            ("cancel", "it does not run"),
            ("wait", "it leaves when the source opens again"),
        ]),
        "cancel",
        "What happens to a convoy that is due in a closure.",
    ),
    field(
        "goods",
        Kind::Shares,
        "the shares in `[goods]`",
        "Shares of the goods classes from this source, which must sum to 1. Classes left out do not come from here.",
    ),
    field(
        "vehicle",
        Kind::Table(VEHICLE),
        "`[vehicle]`",
        "Keys of `[vehicle]` that differ for its vehicles.",
    ),
    NOTE,
];

/// Keys of a change of capacity.
pub static CHANGE: &[Field] = &[
    required("date", Kind::Moment, "From when."),
    field(
        "count",
        Kind::Quantity(Number, PLACE_UNITS_OR_NONE),
        "unchanged",
        "Number of units from then on.",
    ),
    field(
        "slots",
        Kind::Quantity(Number, COUNT_OR_NONE),
        "unchanged",
        "Slots in each unit from then on.",
    ),
];

/// Keys of a place.
pub static PLACE: &[Field] = &[
    field(
        "site",
        Kind::Name(Thing::Site),
        "the first site",
        "The site it belongs to.",
    ),
    field(
        "zone",
        Kind::Choice(&[
            ("dirty", "before treatment"),
            ("dirty -> clean", "goods enter dirty and leave clean"),
            ("clean", "after treatment"),
        ]),
        "by its steps",
        "Which side it is on. By default it is dirty if all its steps come before the first treatment (or hold, if nothing is treated), clean if all come after it, else `dirty -> clean`.",
    ),
    field(
        "count",
        Kind::Quantity(Number, PLACE_UNITS_OR_NONE),
        "1",
        "Number of identical units at the start; 0 if it is built later, by `from`.",
    ),
    required(
        "slots",
        Kind::Slots(COUNT),
        "Room in each unit: for vehicles up to and including unloading, for lots after that.",
    ),
    field(
        "fill",
        Kind::Choice(&[
            ("pool", "any free slot of any unit"),
            (
                "one_by_one",
                "the first unit with room, so units fill one after the other",
            ),
            (
                "groups",
                "a unit takes one group of a convoy at a time and becomes free when it is empty",
            ),
        ]),
        "pool",
        "How arrivals are distributed over the units.",
    ),
    field(
        "buffer",
        Kind::Choice(&[
            (
                "none",
                "a vehicle or lot that cannot enter keeps its previous slot and blocks it",
            ),
            (
                "unlimited",
                "a vehicle or lot that cannot enter waits here without a slot",
            ),
        ]),
        "none",
        "Where vehicles and lots wait if they cannot enter.",
    ),
    field(
        "shift",
        Kind::Windows,
        "always",
        "When it works, such as `\"08:00-20:00\"`. Its contents stay; work pauses.",
    ),
    field("days", Kind::Days, "every day", "On which days it works."),
    field(
        "closed",
        Kind::Tables(CLOSURE),
        "never",
        "Periods in which it is closed.",
    ),
    field(
        "from",
        Kind::Tables(CHANGE),
        "unchanged",
        "Capacity from a date on: building and dismantling.",
    ),
    field(
        "breaks",
        Kind::Table(BREAKS),
        "never",
        "Failures of its units.",
    ),
    field(
        "crew",
        Kind::Names(Thing::Resource),
        "none",
        "Work in a slot uses one of each of these.",
    ),
    field(
        "needs",
        Kind::Needs,
        "none",
        "Work in a slot uses this many of each, such as `{ crane = 1 }`.",
    ),
    field(
        "holds",
        Kind::Needs,
        "none",
        "An occupied slot uses this many of each, whether work is done or not, such as `{ plug = 1 }`.",
    ),
    field(
        "works_holidays",
        Kind::Flag,
        "true",
        "Whether it works on the gateway's holidays.",
    ),
    NOTE,
];

/// Keys of a change in the number of a crew.
pub static RESOURCE_CHANGE: &[Field] = &[
    required("date", Kind::Moment, "From when."),
    required(
        "count",
        Kind::Quantity(Number, UNITS_OR_NONE),
        "Number from then on.",
    ),
];

macro_rules! resource {
    ($holidays:literal) => {
        &[
            required("count", Kind::Quantity(Number, UNITS_OR_NONE), "Number at the start."),
            field(
                "shift",
                Kind::Windows,
                "always",
                "When they work, such as `\"08:00-20:00\"` or `[\"06:00-14:00\", \"14:00-22:00\"]`.",
            ),
            field("days", Kind::Days, "every day", "On which days they work."),
            field(
                "at_shift_end",
                Kind::Choice(&[
                    ("pause", "it stops and continues in the next shift"),
                    ("finish", "it is finished first"),
                ]),
                "pause",
                "What happens to unfinished work at the end of a shift.",
            ),
            field(
                "works_holidays",
                Kind::Flag,
                $holidays,
                "Whether they work on the gateway's holidays.",
            ),
            field(
                "from",
                Kind::Tables(RESOURCE_CHANGE),
                "unchanged",
                "Number from a date on.",
            ),
            field("breaks", Kind::Table(BREAKS), "never", "Failures of each of them."),
            NOTE,
        ]
    };
}

/// Keys of a crew.
pub static CREW: &[Field] = resource!("false");
/// Keys of a piece of equipment.
pub static EQUIPMENT: &[Field] = resource!("true");

/// Keys of `again`.
pub static AGAIN: &[Field] = &[
    required("share", Kind::Share, "Share that is treated again."),
    field(
        "from",
        Kind::Name(Thing::Step),
        "the previous step",
        "The step from which it is repeated.",
    ),
    field(
        "at_most",
        Kind::Whole(1, 1_000),
        "3",
        "Number of rounds after which a lot is destroyed instead of being treated again.",
    ),
];

/// Keys of a step.
pub static STEP: &[Field] = &[
    required("id", Kind::Text, "Its name."),
    required("at", Kind::Name(Thing::Place), "Where it is done."),
    field(
        "does",
        Kind::Choice(&[
            (
                "handle",
                "work on a vehicle before it is unloaded: checking, waiting at anchor",
            ),
            (
                "unload",
                "takes the lots off the vehicle, which then goes home",
            ),
            (
                "treat",
                "work on a lot: disinfection, fumigation, repacking",
            ),
            ("inspect", "work on a lot that may find something"),
            ("hold", "the quarantine wait"),
            ("dispatch", "departures that take lots away"),
        ]),
        "from its id, else `handle` before the unloading and `treat` after it",
        "What it does. If no step unloads, the first one does.",
    ),
    field(
        "takes",
        Kind::ByClass(Duration, TIME),
        "0 h",
        "Duration, or one for each class: `{ medicine = \"2 h\", other = \"4 h\" }`. A hold needs it; a dispatch has none.",
    ),
    field(
        "goods",
        Kind::Names(Thing::Goods),
        "all",
        "Only for these classes; others skip it.",
    ),
    field(
        "except",
        Kind::Names(Thing::Goods),
        "none",
        "Not for these classes.",
    ),
    field(
        "sources",
        Kind::Names(Thing::Source),
        "all",
        "Only for goods from these sources.",
    ),
    field(
        "crew",
        Kind::Names(Thing::Resource),
        "none",
        "It uses one of each of these, in addition to the needs of its place. A hold and a dispatch use none.",
    ),
    field(
        "needs",
        Kind::Needs,
        "none",
        "It uses this many of each, in addition to the needs of its place. A hold and a dispatch use none.",
    ),
    field(
        "each",
        Kind::Choice(&[
            ("vehicle", "all its lots together"),
            (
                "lot",
                "each of its lots separately; `at_once` says how many at a time",
            ),
        ]),
        "vehicle",
        "Unloading: what `takes` refers to.",
    ),
    field(
        "at_once",
        Kind::Whole(1, 65_535),
        "as many as crews and equipment allow",
        "Unloading with `each = \"lot\"`: how many lots of one vehicle are unloaded at once; 1 unloads them one after the other.",
    ),
    field(
        "clock",
        Kind::Clock,
        "when stored",
        "Hold: when its clock starts: `when stored`, `on arrival` (of the convoy), `starts when STEP starts` or `starts when STEP ends`.",
    ),
    field(
        "pass",
        Kind::Share,
        "the remainder",
        "Inspection: share that passes.",
    ),
    field(
        "again",
        Kind::Table(AGAIN),
        "none",
        "Inspection: share that is treated again, and how.",
    ),
    field(
        "fail",
        Kind::Share,
        "0",
        "Inspection: share that goes back to its sender.",
    ),
    field(
        "destroy",
        Kind::Share,
        "0",
        "Inspection: share that is destroyed.",
    ),
    field(
        "every",
        Kind::Quantity(Duration, INTERVAL),
        "",
        "Dispatch: time from one departure to the next. Either this or `timetable`.",
    ),
    field(
        "timetable",
        Kind::Table(TIMETABLE),
        "",
        "Dispatch: departures by the calendar. Either this or `every`.",
    ),
    field(
        "first",
        Kind::Quantity(Duration, TIME),
        "one interval",
        "Dispatch with `every`: time from the start to the first departure.",
    ),
    field(
        "takes_up_to",
        Kind::Quantity(Number, COUNT),
        "all that wait",
        "Dispatch: maximum number of lots per departure.",
    ),
    field(
        "at_least",
        Kind::Quantity(Number, COUNT_OR_NONE),
        "1",
        "Dispatch: minimum number of lots; with fewer it does not leave.",
    ),
    field(
        "next",
        Kind::Name(Thing::Step),
        "the next one in the file that applies",
        "The step that follows; it must come later in the file.",
    ),
    NOTE,
];

/// Keys of `[vehicle]`.
pub static VEHICLE: &[Field] = &[
    field(
        "wash",
        Kind::Quantity(Duration, TIME),
        "none",
        "Washing and disinfection of the emptied vehicle.",
    ),
    field(
        "wash_at",
        Kind::Name(Thing::Place),
        "no particular place, so without a queue",
        "The place where it is washed.",
    ),
    field(
        "wash_crew",
        Kind::Names(Thing::Resource),
        "none",
        "Washing uses one of each of these.",
    ),
    field(
        "wash_needs",
        Kind::Needs,
        "none",
        "Washing uses this many of each.",
    ),
    field(
        "return",
        Kind::Return,
        "direct",
        "`\"direct\"`, or `\"quarantine 14 d\"` to keep the washed vehicle before it may go home.",
    ),
    field(
        "back",
        Kind::Quantity(Duration, TIME),
        "0 h",
        "Travel time from the gateway home.",
    ),
    NOTE,
];

/// The section of this name.
#[must_use]
pub fn section(name: &str) -> Option<&'static Section> {
    SECTIONS.iter().find(|section| section.name == name)
}
