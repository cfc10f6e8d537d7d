//! What a particle carries of what a source did: how often it misreports, as far as its rows so far tell along one course.
//!
//! Which rows were misreports is never known, so the exact belief is a mixture of as many Beta distributions as there are ways to count.
//! A particle carries one Beta with the mean and the variance of that mixture. The chance of the next row depends on the mean alone,
//! so nothing is lost up to the third row of a source, and a tenth of a nat or less of the evidence of seventy (the tests say more). Drawing for each
//! row whether it was one, which is exact on average, cost a site of a thousand rows far more: the draws of early rows are
//! never drawn again, and the likelihood of all rows was six times as noisy.

use crate::sources::Source;

/// A Beta, by its mean and by how many reports it weighs as much as.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Tally {
    mean: f32,
    reports: f32,
}

impl Tally {
    /// Before any row.
    pub(crate) fn of(source: &Source) -> Self {
        Self {
            mean: source.misreport as f32,
            reports: source.strength as f32,
        }
    }

    /// Chance that the next row is a misreport.
    #[inline]
    pub(crate) fn chance(self) -> f64 {
        f64::from(self.mean)
    }

    /// After a row that was a misreport with the chance `wrong`. One as likely as before it teaches nothing.
    #[inline]
    pub(crate) fn after(self, wrong: f64) -> Self {
        let (mean, reports) = (f64::from(self.mean), f64::from(self.reports));
        let count = mean * reports;
        let after = (count + wrong) / (reports + 1.0);
        let square = (count + 1.0) * (count + 2.0 * wrong) / ((reports + 1.0) * (reports + 2.0));
        let weigh = after * (1.0 - after) / (square - after * after) - 1.0;
        Self {
            mean: after as f32,
            // A chance of exactly 0 or 1 has no variance to match.
            reports: if weigh.is_finite() && weigh > 0.0 {
                weigh
            } else {
                reports + 1.0
            } as f32,
        }
    }
}

#[cfg(test)]
mod tests {
    use lazaret_smc::random::{Stream, StreamKey};

    use super::*;
    use crate::evidence::SourceGrade;
    use crate::grades::Misreports;

    fn source(strength: f64, misreport: f64) -> Source {
        Source {
            name: "x".to_string(),
            letter: SourceGrade::parse("B").unwrap(),
            misreport,
            strength,
            rows: Vec::new(),
            slot: Some(0),
            crowded_out: false,
        }
    }

    /// How likely rows are as right reports and as misreports: one in five is odd, none beyond doubt.
    fn said(rows: usize, rng: &mut Stream) -> Vec<(f64, f64)> {
        let each = (0..rows).map(|_| {
            let right = if rng.uniform() < 0.2 { 0.002 } else { 0.1 };
            (right * (0.3 + rng.uniform()), 0.005 + 0.03 * rng.uniform())
        });
        each.collect()
    }

    /// The log-likelihood of all rows by one Beta less that by the sum over all ways to count.
    ///
    /// * `heard` — the share of each row that the Beta takes in.
    fn apart(source: &Source, said: &[(f64, f64)], heard: f64) -> f64 {
        let (mut tally, mut exact, mut apart) = (Tally::of(source), Misreports::none(), 0.0);
        for (taken, (right, wrong)) in said.iter().enumerate() {
            let b = tally.chance();
            let p = (1.0 - b) * right + b * wrong;
            tally = tally.after(heard * b * wrong / p + (1.0 - heard) * b);
            let (next, exactly) = exact.after(source, taken, (*right, *wrong));
            apart += p.ln() - exactly.ln();
            exact = next;
        }
        apart
    }

    #[test]
    fn one_beta_says_what_the_sum_over_all_ways_to_count_says() {
        // A fifth of the rows being odd, a letter of 2 % is as wrong as letters are; others come out ten times as near.
        for (rows, allowed) in [(3, 1e-5), (10, 0.02), (70, 0.2)] {
            for strength in [8.0, 50.0] {
                for misreport in [0.02, 0.2, 0.65] {
                    let source = source(strength, misreport);
                    let key = StreamKey::new(3).child(rows as u64);
                    let mean = |heard: f64| -> f64 {
                        let each = (0..40).map(|run| {
                            let said = said(rows, &mut key.child(run).stream());
                            apart(&source, &said, heard).abs()
                        });
                        each.sum::<f64>() / 40.0
                    };
                    let found = mean(1.0);
                    assert!(found < allowed, "{rows} {strength} {misreport}: {found}");
                    // The twin hears half of each row.
                    assert!(mean(0.5) > 2.0 * found, "{rows} {strength} {misreport}");
                }
            }
        }
    }

    #[test]
    fn what_is_as_likely_as_before_teaches_nothing_and_what_is_certain_counts_as_one_report() {
        let before = Tally::of(&source(8.0, 0.2));
        let same = before.after(before.chance());
        assert!((same.chance() - 0.2).abs() < 1e-6 && (same.reports - 8.0).abs() < 1e-3);
        let wrong = before.after(1.0);
        assert!((wrong.chance() - 2.6 / 9.0).abs() < 1e-6 && (wrong.reports - 9.0).abs() < 1e-3);
        let never = Tally::of(&source(8.0, 0.0)).after(0.0);
        assert_eq!((never.mean, never.reports), (0.0, 9.0));
    }
}
