//! What every figure is called: the one place that spells it.
//!
//! A figure of all lots, of vehicles or of the gateway has one name, such as [`lots::ARRIVED`]; one that each thing of a
//! kind has is named together with the thing: `place::FULL.of("yard")` is `place.yard.full`.

use lazaret_gateway::model::ResourceKind;

/// The name of a figure that there is once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whole {
    name: &'static str,
    tail: &'static str,
}

impl Whole {
    /// The name, such as `lots.arrived`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    pub(super) const fn tail(self) -> &'static str {
        self.tail
    }
}

/// The name of a figure that each thing of a kind has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Each {
    scope: &'static str,
    tail: &'static str,
}

impl Each {
    /// The name of the figure of `thing`, such as `place.yard.full`.
    #[must_use]
    pub fn of(self, thing: &str) -> String {
        format!("{}.{thing}.{}", self.scope, self.tail)
    }

    /// The thing whose figure `metric` is, if it is this one.
    #[must_use]
    pub fn whose(self, metric: &str) -> Option<&str> {
        let thing = metric.strip_prefix(self.scope)?.strip_prefix('.')?;
        thing.strip_suffix(self.tail)?.strip_suffix('.')
    }

    pub(super) const fn tail(self) -> &'static str {
        self.tail
    }
}

macro_rules! figures {
    ($(#[$doc:meta])* $module:ident, once: $($name:ident = $tail:literal),+ $(,)?) => {
        $(#[$doc])*
        pub mod $module {
            use super::Whole;
            pub(in crate::metrics) const SCOPE: &str = stringify!($module);
            $(
                #[doc = concat!("`", stringify!($module), ".", $tail, "`")]
                pub const $name: Whole = Whole {
                    name: concat!(stringify!($module), ".", $tail),
                    tail: $tail,
                };
            )+
        }
    };
    ($(#[$doc:meta])* $module:ident, each: $($name:ident = $tail:literal),+ $(,)?) => {
        $(#[$doc])*
        pub mod $module {
            use super::Each;
            pub(in crate::metrics) const SCOPE: &str = stringify!($module);
            $(
                #[doc = concat!("`", stringify!($module), ".<name>.", $tail, "`")]
                pub const $name: Each = Each {
                    scope: SCOPE,
                    tail: $tail,
                };
            )+
        }
    };
}

figures! {
    /// Of all lots.
    lots, once:
    ARRIVED = "arrived",
    DISPATCHED = "dispatched",
    DESTROYED = "destroyed",
    SENT_BACK = "sent_back",
    IN_GATEWAY = "in_gateway",
    IN_GATEWAY_MEAN = "in_gateway.mean",
    IN_GATEWAY_MAX = "in_gateway.max",
    THROUGHPUT = "throughput",
    TIME_IN_GATEWAY_MEAN = "time_in_gateway.mean",
    TIME_IN_GATEWAY_P50 = "time_in_gateway.p50",
    TIME_IN_GATEWAY_P95 = "time_in_gateway.p95",
    TIME_IN_GATEWAY_MAX = "time_in_gateway.max",
}

figures! {
    /// Of the lots of a goods class.
    goods, each:
    ARRIVED = "arrived",
    DISPATCHED = "dispatched",
    IN_GATEWAY = "in_gateway",
    TIME_IN_GATEWAY_MEAN = "time_in_gateway.mean",
    TIME_IN_GATEWAY_P50 = "time_in_gateway.p50",
    TIME_IN_GATEWAY_P95 = "time_in_gateway.p95",
    TIME_IN_GATEWAY_MAX = "time_in_gateway.max",
}

figures! {
    /// Of a step.
    step, each:
    STARTED = "started",
    WAIT_MEAN = "wait.mean",
    WAIT_P95 = "wait.p95",
    BLOCKED_MEAN = "blocked.mean",
    WAIT_NO_ROOM_MEAN = "wait.no_room.mean",
    WAIT_CLOSED_MEAN = "wait.closed.mean",
    WAIT_SEGREGATED_MEAN = "wait.segregated.mean",
    WAIT_NO_RESOURCE_MEAN = "wait.no_resource.mean",
    WAIT_NO_DEPARTURE_MEAN = "wait.no_departure.mean",
    PAUSED_MEAN = "paused.mean",
}

figures! {
    /// Of a place.
    place, each:
    OCCUPANCY_MEAN = "occupancy.mean",
    OCCUPANCY_MAX = "occupancy.max",
    UTILISATION = "utilisation",
    BLOCKED = "blocked",
    FULL = "full",
    FIRST_FULL = "first_full",
    LOAD = "load",
}

figures! {
    /// Of a crew.
    crew, each:
    IN_USE_MEAN = "in_use.mean",
    UTILISATION = "utilisation",
}

figures! {
    /// Of a kind of equipment.
    equipment, each:
    IN_USE_MEAN = "in_use.mean",
    UTILISATION = "utilisation",
}

figures! {
    /// Of all vehicles.
    vehicle, once:
    RETURNED = "returned",
    TURN_ROUND_MEAN = "turn_round.mean",
    TURN_ROUND_P95 = "turn_round.p95",
    STAY_MEAN = "stay.mean",
}

figures! {
    /// Of a source.
    source, each:
    CONVOYS = "convoys",
    CANCELLED = "cancelled",
    WAITING_MEAN = "waiting.mean",
    WAITING_MAX = "waiting.max",
}

figures! {
    /// Of the departures of a step.
    dispatch, each:
    DEPARTURES = "departures",
    LOAD_MEAN = "load.mean",
    CANCELLED = "cancelled",
}

figures! {
    /// Of the gateway as a whole.
    gateway, once:
    OUTSIDE = "outside",
    GROWTH = "growth",
    STOPPED = "stopped",
    DEADLOCK = "deadlock",
    STANDSTILL = "standstill",
    STARVATION = "starvation",
}

/// Time in use as a share of time in use or free, of the crew or equipment `name`.
#[must_use]
pub fn utilisation(kind: ResourceKind, name: &str) -> String {
    match kind {
        ResourceKind::Crew => crew::UTILISATION.of(name),
        ResourceKind::Equipment => equipment::UTILISATION.of(name),
    }
}

/// How many of the crew or equipment `name` are in use, over time.
#[must_use]
pub fn in_use(kind: ResourceKind, name: &str) -> String {
    match kind {
        ResourceKind::Crew => crew::IN_USE_MEAN.of(name),
        ResourceKind::Equipment => equipment::IN_USE_MEAN.of(name),
    }
}

/// The name of a time that counts what is still inside at the end as at least its age.
#[must_use]
pub fn with_inside(metric: &str) -> String {
    format!("{metric}.with_inside")
}
