//! Stays of lots on what they touch, found by lot and by surface.

use std::collections::HashMap;

/// The end of a stay that has not ended.
pub(crate) const OPEN: i64 = i64::MAX;

/// A stay of a lot on a surface; times in µs since 1970.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    pub(crate) lot: String,
    pub(crate) surface: String,
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) record: u64,
}

/// The stays on one surface, by their numbers.
#[derive(Clone, Debug, Default)]
struct On {
    open: Vec<usize>,
    /// By their ends.
    closed: Vec<usize>,
}

/// Every stay.
#[derive(Clone, Debug, Default)]
pub(crate) struct Visits {
    all: Vec<Visit>,
    of: HashMap<String, Vec<usize>>,
    on: HashMap<String, On>,
}

impl Visits {
    pub(crate) fn push(&mut self, visit: Visit) {
        let number = self.all.len();
        self.of.entry(visit.lot.clone()).or_default().push(number);
        let on = self.on.entry(visit.surface.clone()).or_default();
        if visit.to == OPEN {
            on.open.push(number);
        } else {
            let all = &self.all;
            let at = (on.closed).partition_point(|&other| all[other].to <= visit.to);
            on.closed.insert(at, number);
        }
        self.all.push(visit);
    }

    /// Ends every stay of a lot that has not ended.
    pub(crate) fn end(&mut self, lot: &str, now: i64) {
        for &number in self.of.get(lot).into_iter().flatten() {
            let visit = &mut self.all[number];
            if visit.to != OPEN {
                continue;
            }
            let to = now.max(visit.from);
            visit.to = to;
            let Some(on) = self.on.get_mut(&visit.surface) else {
                continue;
            };
            on.open.retain(|&other| other != number);
            let all = &self.all;
            let at = (on.closed).partition_point(|&other| all[other].to <= to);
            on.closed.insert(at, number);
        }
    }

    /// The stays of a lot.
    pub(crate) fn of(&self, lot: &str) -> impl Iterator<Item = &Visit> {
        let numbers = self.of.get(lot).into_iter().flatten();
        numbers.map(|&number| &self.all[number])
    }

    /// The stays on a surface that ended no earlier than `since`, and those that go on.
    pub(crate) fn on_since(&self, surface: &str, since: i64) -> impl Iterator<Item = &Visit> {
        let on = self.on.get(surface).into_iter();
        on.flat_map(move |on| {
            let from = (on.closed).partition_point(|&number| self.all[number].to < since);
            on.closed[from..].iter().chain(&on.open)
        })
        .map(|&number| &self.all[number])
    }
}

/// Every stay, to move its stamps: what was in order must stay in order.
impl<'a> IntoIterator for &'a mut Visits {
    type Item = &'a mut Visit;
    type IntoIter = std::slice::IterMut<'a, Visit>;

    fn into_iter(self) -> Self::IntoIter {
        self.all.iter_mut()
    }
}
