//! Counts for Prometheus, written by hand: a few numbers need no library.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper edges of the buckets of answer times, in seconds.
const EDGES: [f64; 9] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// Methods that are counted by name. What a client makes up is counted as one, or anybody could fill the memory.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];

#[derive(Clone, Debug, Default)]
struct Route {
    by_status: BTreeMap<u16, u64>,
    buckets: [u64; EDGES.len()],
    count: u64,
    sum_s: f64,
}

/// Requests by route.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    routes: Mutex<BTreeMap<(&'static str, String), Route>>,
}

impl Metrics {
    pub(crate) fn note(&self, method: &str, route: &str, status: u16, took: Duration) {
        let method = METHODS
            .into_iter()
            .find(|known| *known == method)
            .unwrap_or("other");
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        let route = routes.entry((method, route.into())).or_default();
        *route.by_status.entry(status).or_default() += 1;
        let seconds = took.as_secs_f64();
        for (bucket, edge) in route.buckets.iter_mut().zip(EDGES) {
            if seconds <= edge {
                *bucket += 1;
            }
        }
        route.count += 1;
        route.sum_s += seconds;
    }

    /// The text of `/metrics`, with gauges of the ledger before it.
    pub(crate) fn text(&self, gauges: &[(&str, &str, f64)]) -> String {
        let mut text = String::new();
        for (name, help, value) in gauges {
            let _ = writeln!(
                text,
                "# HELP lazaret_{name} {help}\n# TYPE lazaret_{name} gauge\nlazaret_{name} {value}"
            );
        }
        text.push_str("# HELP lazaret_http_requests_total Requests answered.\n# TYPE lazaret_http_requests_total counter\n");
        let routes = self
            .routes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        for ((method, path), route) in &routes {
            for (status, count) in &route.by_status {
                let _ = writeln!(
                    text,
                    "lazaret_http_requests_total{{method=\"{method}\",route=\"{path}\",status=\"{status}\"}} {count}"
                );
            }
        }
        text.push_str(
            "# HELP lazaret_http_seconds Time to answer.\n# TYPE lazaret_http_seconds histogram\n",
        );
        for ((method, path), route) in &routes {
            let labels = format!("method=\"{method}\",route=\"{path}\"");
            for (edge, count) in EDGES.iter().zip(route.buckets) {
                let _ = writeln!(
                    text,
                    "lazaret_http_seconds_bucket{{{labels},le=\"{edge}\"}} {count}"
                );
            }
            let _ = writeln!(
                text,
                "lazaret_http_seconds_bucket{{{labels},le=\"+Inf\"}} {0}\nlazaret_http_seconds_sum{{{labels}}} {1}\nlazaret_http_seconds_count{{{labels}}} {0}",
                route.count, route.sum_s
            );
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_that_clients_make_up_are_one() {
        let metrics = Metrics::default();
        for n in 0..1000 {
            metrics.note(&format!("M{n}"), "/api/setup", 405, Duration::ZERO);
        }
        metrics.note("GET", "/api/setup", 200, Duration::ZERO);
        let text = metrics.text(&[]);
        assert!(text.contains(
            "lazaret_http_requests_total{method=\"other\",route=\"/api/setup\",status=\"405\"} 1000"
        ));
        assert!(text.len() < 4000, "{}", text.len());
    }
}
