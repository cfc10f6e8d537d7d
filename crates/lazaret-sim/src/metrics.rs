//! Names of the figures that a replication gives. `docs/metrics.md` says what each means.

use lazaret_gateway::model::{Gateway, ResourceKind, StepKind};

/// The metrics of a gateway, in the order of a row of values.
#[derive(Clone, Debug, Default)]
pub struct MetricNames {
    names: Vec<String>,
}

impl MetricNames {
    /// All metrics of `gateway`. The order must be that of the values that a replication measures.
    pub(crate) fn of(gateway: &Gateway) -> Self {
        let mut names: Vec<String> = Vec::new();
        let mut under = |prefix: &str, each: &[&str]| {
            names.extend(each.iter().map(|name| format!("{prefix}.{name}")));
        };
        const TIME: [&str; 4] = [
            "time_in_gateway.mean",
            "time_in_gateway.p50",
            "time_in_gateway.p95",
            "time_in_gateway.max",
        ];
        under(
            "lots",
            &[
                "arrived",
                "dispatched",
                "destroyed",
                "sent_back",
                "in_gateway",
                "in_gateway.mean",
                "in_gateway.max",
                "throughput",
            ],
        );
        under("lots", &TIME);
        for goods in &gateway.goods {
            let prefix = format!("goods.{}", goods.name);
            under(&prefix, &["arrived", "dispatched", "in_gateway"]);
            under(&prefix, &TIME);
        }
        for step in &gateway.steps {
            let prefix = format!("step.{}", step.name);
            under(
                &prefix,
                &[
                    "started",
                    "wait.mean",
                    "wait.p95",
                    "blocked.mean",
                    "wait.no_room.mean",
                    "wait.closed.mean",
                    "wait.segregated.mean",
                    "wait.no_resource.mean",
                    "wait.no_departure.mean",
                    "paused.mean",
                ],
            );
        }
        for place in &gateway.places {
            under(
                &format!("place.{}", place.name),
                &[
                    "occupancy.mean",
                    "occupancy.max",
                    "utilisation",
                    "blocked",
                    "full",
                    "first_full",
                ],
            );
        }
        for resource in &gateway.resources {
            let kind = if resource.kind == ResourceKind::Crew {
                "crew"
            } else {
                "equipment"
            };
            under(
                &format!("{kind}.{}", resource.name),
                &["in_use.mean", "utilisation"],
            );
        }
        under(
            "vehicle",
            &["returned", "turn_round.mean", "turn_round.p95", "stay.mean"],
        );
        for source in &gateway.sources {
            under(
                &format!("source.{}", source.name),
                &["convoys", "cancelled", "waiting.mean", "waiting.max"],
            );
        }
        for step in gateway
            .steps
            .iter()
            .filter(|step| matches!(step.kind, StepKind::Dispatch(_)))
        {
            under(
                &format!("dispatch.{}", step.name),
                &["departures", "load.mean", "cancelled"],
            );
        }
        MetricNames { names }
    }

    /// The names in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none; there always are some.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Where in a row `name` stands.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }
}
