//! Tables that settings of the unknowns share: making them was most of what a setting cost.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use lazaret_gateway::distribution::Distribution;

use super::binomial::Binomial;
use super::lags::Lags;

/// Binomial tables that are kept, at four kilobytes each.
const BINOMIALS_MOST: usize = 2048;

/// Tables of one kernel. What is kept is a matter of speed alone: a table is the same whoever makes it.
#[derive(Debug, Default)]
pub(super) struct Tables {
    /// By a chance as a fraction in lowest terms.
    binomials: Mutex<HashMap<(u16, u16), Arc<Binomial>>>,
    /// By its place in the file, the lags made last and what of.
    lags: Mutex<HashMap<usize, Made>>,
}

/// Lags, and the weighted durations and the factor that they were made of.
type Made = (Vec<(f64, Distribution)>, f64, Arc<Lags>);

impl Tables {
    /// The table of the chance `part` / `whole`.
    pub(super) fn binomial(&self, part: usize, whole: usize) -> Arc<Binomial> {
        let by = divisor(part, whole).max(1);
        let key = ((part / by) as u16, (whole / by) as u16);
        // A poisoned lock means that another thread panicked; what it kept is still right.
        let mut known = self
            .binomials
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.get(&key) {
            return Arc::clone(found);
        }
        let made = Arc::new(Binomial::new(f64::from(key.0) / f64::from(key.1)));
        if known.len() < BINOMIALS_MOST {
            known.insert(key, Arc::clone(&made));
        }
        made
    }

    /// The lags at `place`, which are those made last if they are of the same durations.
    pub(super) fn lags(
        &self,
        place: usize,
        of: Vec<(f64, Distribution)>,
        factor: f64,
        make: impl FnOnce(&[(f64, Distribution)]) -> Lags,
    ) -> Arc<Lags> {
        let lock = || self.lags.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, by, lags)) = lock().get(&place)
            && *known == of
            && *by == factor
        {
            return Arc::clone(lags);
        }
        let made = Arc::new(make(&of));
        lock().insert(place, (of, factor, Arc::clone(&made)));
        made
    }
}

/// The greatest common divisor.
fn divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lags_are_made_anew_only_for_other_durations() {
        let tables = Tables::default();
        let hours = |n: f64| vec![(1.0, Distribution::Constant { value: 3600.0 * n })];
        let make = |of: &[(f64, Distribution)]| Lags::new(of, 1.0, 3600.0, &tables);
        let first = tables.lags(0, hours(5.0), 1.0, make);
        let same = tables.lags(0, hours(5.0), 1.0, |_| panic!("made again"));
        assert!(Arc::ptr_eq(&first, &same));
        assert_eq!(tables.lags(0, hours(7.0), 1.0, make).most(), 7);
        assert_eq!(tables.lags(1, hours(9.0), 1.0, make).most(), 9);
    }
}
