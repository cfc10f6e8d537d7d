//! Checks of counts against chance, with their false-alarm rate fixed before the first run.

/// Two-sided false-alarm rate of every statistical check of this binary. The normal quantile beside it is its limit.
pub(crate) const FALSE_ALARM: f64 = 1e-4;
const LIMIT: f64 = 3.89;

/// Fails if `hits` of `n` are not what a probability of exactly `p` gives.
pub(crate) fn check_share(hits: u64, n: u64, p: f64) -> Result<(), String> {
    let z = (hits as f64 - p * n as f64) / (p * (1.0 - p) * n as f64).sqrt();
    if z.abs() <= LIMIT {
        Ok(())
    } else {
        Err(format!(
            "{hits} of {n}, expected a share of {p}: z = {z:.1}"
        ))
    }
}

/// Fails if `hits` of `n` show a probability below `p`.
pub(crate) fn check_at_least(hits: u64, n: u64, p: f64) -> Result<(), String> {
    let z = (hits as f64 - p * n as f64) / (p * (1.0 - p) * n as f64).sqrt();
    if z >= -LIMIT {
        Ok(())
    } else {
        Err(format!(
            "{hits} of {n}, expected a share of at least {p}: z = {z:.1}"
        ))
    }
}

/// The promise made of every interval printed with a stated 95 %: it covers between 90 % and 99 %.
///
/// With 2,000 repetitions the observed share of a true 93 % lies below 90 % with probability 1e-7, and that of a true 97 % above
/// 99 % with probability 1e-9; so a fault is flagged and an honest approximation is not.
pub(crate) fn check_coverage(hits: u64, n: u64) -> Result<f64, String> {
    let share = hits as f64 / n as f64;
    if (0.90..=0.99).contains(&share) {
        Ok(share)
    } else {
        Err(format!("covers {share} where 0.95 is stated"))
    }
}

#[test]
fn the_limit_belongs_to_the_rate() {
    // Abramowitz and Stegun 26.2.12: the normal tail beyond x is below density(x) / x.
    let tail = (-LIMIT * LIMIT / 2.0).exp() / (std::f64::consts::TAU.sqrt() * LIMIT);
    assert!((2.0 * tail / FALSE_ALARM - 1.0).abs() < 0.1, "{tail}");
}
