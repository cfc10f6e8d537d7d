//! Unknowns that take certain values only.

use serde::{Deserialize, Serialize};

/// A list of values with their prior weights. An evenly distributed *rank* between 0 and 1 stands for one of them.
///
/// Give the unknown the prior `Density::Uniform { low: 0.0, high: 1.0 }` and let the model, and whoever reads the
/// posterior, look the value up.
///
/// ```
/// use lazaret_smc::prior::Table;
///
/// let crews = Table::new(&[(2.0, 1.0), (3.0, 2.0), (4.0, 1.0)]).unwrap();
/// assert_eq!((crews.value(0.1), crews.value(0.5), crews.value(0.9)), (2.0, 3.0, 4.0));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    values: Vec<f64>,
    cumulative: Vec<f64>,
}

impl Table {
    /// Pairs of value and weight, the weights in any common scale. The values should be in an order that means
    /// something, so that small moves of the rank are small moves of the value. `None` if no weight is positive
    /// or one is negative or not a number.
    #[must_use]
    pub fn new(values_and_weights: &[(f64, f64)]) -> Option<Self> {
        let total: f64 = values_and_weights.iter().map(|(_, weight)| weight).sum();
        let sound = values_and_weights.iter().all(|(_, weight)| *weight >= 0.0);
        if !(sound && total > 0.0 && total.is_finite()) {
            return None;
        }
        let mut sum = 0.0;
        // A value of weight zero would be met only through rounding; it is left out.
        let (values, cumulative) = values_and_weights
            .iter()
            .filter(|(_, weight)| *weight > 0.0)
            .map(|(value, weight)| {
                sum += weight / total;
                (*value, sum)
            })
            .unzip();
        Some(Self { values, cumulative })
    }

    /// The value that `rank`, in [0, 1], stands for.
    #[must_use]
    pub fn value(&self, rank: f64) -> f64 {
        let index = self.cumulative.partition_point(|sum| *sum <= rank);
        self.values[index.min(self.values.len() - 1)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_meet_values_by_their_weights() {
        let table = Table::new(&[(1.0, 1.0), (5.0, 0.0), (7.0, 3.0)]).unwrap();
        let sevens = (0..1000)
            .filter(|i| table.value(f64::from(*i) / 1000.0) == 7.0)
            .count();
        assert_eq!(sevens, 750);
        assert_eq!((table.value(0.0), table.value(1.0)), (1.0, 7.0));
    }

    #[test]
    fn weights_that_are_none_are_refused() {
        for weights in [
            &[][..],
            &[(1.0, 0.0)],
            &[(1.0, 2.0), (2.0, -1.0)],
            &[(1.0, f64::NAN)],
        ] {
            assert_eq!(Table::new(weights), None, "{weights:?}");
        }
    }
}
