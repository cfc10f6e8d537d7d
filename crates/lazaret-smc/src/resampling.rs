//! Turning weighted particles into equally weighted ones.
//!
//! Every scheme gives particle i an expected `M · wᵢ` offspring; they differ in how much the numbers of
//! offspring vary. Systematic varies least in practice and is the default; stratified has the cleaner
//! theory; multinomial is there for comparison (ChopinPapaspiliopoulos2020, ch. 9).

use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::random::Stream;
use crate::weights::WeightError;

/// How ancestors are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scheme {
    /// One uniform draw for all slots.
    #[default]
    Systematic,
    /// One uniform draw for each slot, within the slot's own stratum.
    Stratified,
    /// Independent draws.
    Multinomial,
}

impl Scheme {
    /// Fills `ancestors` by this scheme. See [`systematic`] for the arguments.
    ///
    /// # Errors
    /// [`WeightError`] if the weights cannot be resampled; `ancestors` is then untouched.
    pub fn resample(
        self,
        weights: &[f64],
        stream: &mut Stream,
        ancestors: &mut [u32],
    ) -> Result<(), WeightError> {
        match self {
            Self::Systematic => systematic(weights, stream.uniform(), ancestors),
            Self::Stratified => stratified(weights, || stream.uniform(), ancestors),
            Self::Multinomial => multinomial(weights, stream, ancestors),
        }
    }
}

/// Draws one ancestor index per slot of `ancestors` by systematic resampling.
///
/// * `weights`: N particle weights, in any common scale (they need not sum to 1).
/// * `offset`: the single uniform draw, in [0, 1).
/// * `ancestors`: M slots, filled in non-decreasing order with indices below N.
///
/// # Errors
/// [`WeightError::Degenerate`] if no weight is positive, [`WeightError::NotANumber`] if one is negative,
/// infinite or `NaN`; `ancestors` is then untouched.
/// # Source
/// Kitagawa1996, appendix; notation of ChopinPapaspiliopoulos2020, ch. 9.
pub fn systematic(weights: &[f64], offset: f64, ancestors: &mut [u32]) -> Result<(), WeightError> {
    stratified(weights, || offset, ancestors)
}

/// Draws one ancestor index per slot by stratified resampling: `uniform` is called once a slot.
///
/// # Errors
/// As [`systematic`].
pub fn stratified(
    weights: &[f64],
    mut uniform: impl FnMut() -> f64,
    ancestors: &mut [u32],
) -> Result<(), WeightError> {
    let total = total(weights)?;
    let spacing = total / ancestors.len() as f64;
    let last = last_positive(weights);
    let mut particle = 0;
    let mut cumulated = weights[0];
    for (slot, ancestor) in ancestors.iter_mut().enumerate() {
        let point = (slot as f64 + uniform()) * spacing;
        // Rounding may leave the point above the last sum; the last possible particle takes it.
        while point >= cumulated && particle < last {
            particle += 1;
            cumulated += weights[particle];
        }
        *ancestor = particle as u32;
    }
    Ok(())
}

/// Draws independent ancestors, in non-decreasing order.
///
/// # Errors
/// As [`systematic`].
pub fn multinomial(
    weights: &[f64],
    rng: &mut impl Rng,
    ancestors: &mut [u32],
) -> Result<(), WeightError> {
    let total = total(weights)?;
    // Sorted uniforms are running sums of exponential gaps; one pass then suffices.
    let gap =
        |rng: &mut dyn FnMut() -> u64| -(((rng() >> 11) as f64 + 0.5) / (1u64 << 53) as f64).ln();
    let mut points: Vec<f64> = Vec::with_capacity(ancestors.len());
    let mut sum = 0.0;
    for _ in 0..ancestors.len() {
        sum += gap(&mut || rng.next_u64());
        points.push(sum);
    }
    sum += gap(&mut || rng.next_u64());
    let last = last_positive(weights);
    let mut particle = 0;
    let mut cumulated = weights[0];
    for (ancestor, point) in ancestors.iter_mut().zip(points) {
        while point / sum * total >= cumulated && particle < last {
            particle += 1;
            cumulated += weights[particle];
        }
        *ancestor = particle as u32;
    }
    Ok(())
}

/// The sum of the weights, if they are weights.
fn total(weights: &[f64]) -> Result<f64, WeightError> {
    if weights.is_empty() {
        return Err(WeightError::Empty);
    }
    if let Some(index) = weights.iter().position(|w| !(*w >= 0.0 && w.is_finite())) {
        return Err(WeightError::NotANumber { index });
    }
    let total: f64 = weights.iter().sum();
    if total > 0.0 {
        Ok(total)
    } else {
        Err(WeightError::Degenerate)
    }
}

fn last_positive(weights: &[f64]) -> usize {
    weights.iter().rposition(|w| *w > 0.0).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::StreamKey;

    #[test]
    fn systematic_gives_each_particle_its_share_to_within_one() {
        let weights = [0.1, 0.0, 0.45, 0.25, 0.2];
        for step in 0..100 {
            let mut ancestors = [9; 20];
            systematic(&weights, f64::from(step) / 100.0, &mut ancestors).unwrap();
            assert!(ancestors.is_sorted());
            for (particle, weight) in weights.iter().enumerate() {
                let offspring = ancestors
                    .iter()
                    .filter(|a| **a as usize == particle)
                    .count();
                assert!(
                    (offspring as f64 - 20.0 * weight).abs() < 1.0 + 1e-9,
                    "offset {step} %"
                );
            }
        }
    }

    #[test]
    fn impossible_particles_have_no_offspring_in_any_scheme() {
        for scheme in [Scheme::Systematic, Scheme::Stratified, Scheme::Multinomial] {
            for seed in 0..50 {
                let mut ancestors = [9; 7];
                let mut stream = StreamKey::new(seed).stream();
                scheme
                    .resample(&[0.0, 2.0, 0.0, 1.0, 0.0], &mut stream, &mut ancestors)
                    .unwrap();
                assert!(
                    ancestors.iter().all(|a| [1, 3].contains(a)),
                    "{scheme:?} {ancestors:?}"
                );
            }
        }
    }

    #[test]
    fn bad_weights_leave_the_ancestors_untouched() {
        let mut ancestors = [7; 3];
        for (weights, error) in [
            (&[][..], WeightError::Empty),
            (&[0.0, 0.0][..], WeightError::Degenerate),
            (&[1.0, -1.0][..], WeightError::NotANumber { index: 1 }),
            (&[f64::NAN][..], WeightError::NotANumber { index: 0 }),
        ] {
            assert_eq!(systematic(weights, 0.5, &mut ancestors), Err(error));
            assert_eq!(ancestors, [7; 3]);
        }
    }
}
