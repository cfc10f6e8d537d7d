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

/// The end of a stay, or of time if it has not ended, so much later.
fn until(to: i64, tail: i64) -> i64 {
    to.saturating_add(tail)
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
    /// Stays that touched before the time was corrected, by their numbers: a correction takes no contact away.
    touched: HashMap<usize, u32>,
    groups: u32,
    of: HashMap<String, Vec<usize>>,
    on: HashMap<String, On>,
}

impl Visits {
    /// Adds a stay on a surface that stays infectious for `tail` µs.
    pub(crate) fn push(&mut self, visit: Visit, tail: i64) {
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
        self.join(number, tail);
    }

    /// Remembers what touches now on each surface, before stamps move apart.
    ///
    /// * `tail` — how long a surface stays infectious after a stay, in µs.
    pub(crate) fn remembered(mut self, tail: impl Fn(&str) -> i64) -> Visits {
        for (surface, on) in &self.on {
            let tail = tail(surface);
            let mut stays: Vec<usize> = on.closed.iter().chain(&on.open).copied().collect();
            stays.sort_by_key(|&number| (self.all[number].from, number));
            let mut run: Vec<usize> = Vec::new();
            let mut end = i64::MIN;
            let mut runs = Vec::new();
            for number in stays {
                let visit = &self.all[number];
                if !run.is_empty() && visit.from > until(end, tail) {
                    runs.push(std::mem::take(&mut run));
                    end = i64::MIN;
                }
                end = end.max(visit.to);
                run.push(number);
            }
            runs.push(run);
            for run in runs.into_iter().filter(|run| run.len() > 1) {
                self.groups += 1;
                let before: Vec<u32> = (run.iter())
                    .filter_map(|number| self.touched.get(number).copied())
                    .collect();
                for group in self
                    .touched
                    .values_mut()
                    .filter(|group| before.contains(group))
                {
                    *group = self.groups;
                }
                self.touched
                    .extend(run.into_iter().map(|number| (number, self.groups)));
            }
        }
        self
    }

    /// Whether two stays on one surface touch.
    pub(crate) fn touch(&self, x: usize, y: usize, tail: i64) -> bool {
        let (a, b) = (&self.all[x], &self.all[y]);
        let near = b.from <= until(a.to, tail) && a.from <= until(b.to, tail);
        let group = |number| self.touched.get(&number);
        near || group(x).is_some() && group(x) == group(y)
    }

    /// Joins a late stay to what touched before a correction, if it lies between.
    fn join(&mut self, number: usize, tail: i64) {
        if self.touched.is_empty() {
            return;
        }
        let (surface, from, to) = {
            let visit = &self.all[number];
            (visit.surface.clone(), visit.from, visit.to)
        };
        let Some(on) = self.on.get(&surface) else {
            return;
        };
        let mut spans: HashMap<u32, (i64, i64)> = HashMap::new();
        for other in on.closed.iter().chain(&on.open) {
            if let Some(group) = self.touched.get(other) {
                let visit = &self.all[*other];
                let span = spans.entry(*group).or_insert((i64::MAX, i64::MIN));
                *span = (span.0.min(visit.from), span.1.max(visit.to));
            }
        }
        let within = spans
            .iter()
            .find(|(_, (first, last))| from <= until(*last, tail) && *first <= until(to, tail));
        if let Some((&group, _)) = within {
            self.touched.insert(number, group);
        }
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
        self.numbered_of(lot).map(|(_, visit)| visit)
    }

    /// The stays of a lot, with their numbers.
    pub(crate) fn numbered_of(&self, lot: &str) -> impl Iterator<Item = (usize, &Visit)> {
        let numbers = self.of.get(lot).into_iter().flatten();
        numbers.map(|&number| (number, &self.all[number]))
    }

    /// The stays on a surface that ended no earlier than `since`, and those that go on.
    pub(crate) fn on_since(&self, surface: &str, since: i64) -> impl Iterator<Item = &Visit> {
        self.numbered_on(surface, since).map(|(_, visit)| visit)
    }

    /// The same, with their numbers.
    pub(crate) fn numbered_on(
        &self,
        surface: &str,
        since: i64,
    ) -> impl Iterator<Item = (usize, &Visit)> {
        let on = self.on.get(surface).into_iter();
        on.flat_map(move |on| {
            let from = (on.closed).partition_point(|&number| self.all[number].to < since);
            on.closed[from..].iter().chain(&on.open)
        })
        .map(|&number| (number, &self.all[number]))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_correction_takes_no_contact_away() {
        let visit = |lot: &str, from, to| Visit {
            lot: lot.into(),
            surface: "unit warehouse 1".into(),
            from,
            to,
            record: 1,
        };
        let moved = |remembered: bool| {
            let mut visits = Visits::default();
            visits.push(visit("a", 0, 100), 10);
            visits.push(visit("b", 105, 200), 10);
            if remembered {
                visits = visits.remembered(|_| 10);
            }
            for visit in (&mut visits).into_iter().filter(|visit| visit.lot == "b") {
                (visit.from, visit.to) = (visit.from + 5_000, visit.to + 5_000);
            }
            // What is entered late between the two joins both.
            visits.push(visit("c", 2_000, 2_100), 10);
            visits
        };
        let visits = moved(true);
        assert!(visits.touch(0, 1, 10) && visits.touch(0, 2, 10) && visits.touch(1, 2, 10));
        let visits = moved(false);
        assert!(!visits.touch(0, 1, 10) && !visits.touch(0, 2, 10));
    }
}
