//! Factors of symmetric positive definite matrices.

/// The factor L of a matrix A = L Lᵀ (GolubVanLoan2013, 4.2).
#[derive(Clone, Debug)]
pub(crate) struct Cholesky {
    size: usize,
    /// Column after column, each with `size` entries; those above the diagonal are not read.
    columns: Vec<f64>,
}

impl Cholesky {
    /// Factors the matrix of `size` rows whose entry at row i and column j is `entry(i, j)`; only the part with i ≥ j is
    /// asked for. None if it is not positive definite.
    pub(crate) fn of(size: usize, entry: impl Fn(usize, usize) -> f64) -> Option<Self> {
        let mut columns = vec![0.0; size * size];
        for j in 0..size {
            let (done, rest) = columns.split_at_mut(j * size);
            let own = &mut rest[j..size];
            for (i, value) in own.iter_mut().enumerate() {
                *value = entry(j + i, j);
            }
            for column in done.chunks_exact(size) {
                let factor = column[j];
                for (value, above) in own.iter_mut().zip(&column[j..]) {
                    *value -= factor * above;
                }
            }
            let pivot = own[0];
            // Also refuses what is not a number.
            if pivot.is_nan() || pivot <= 0.0 {
                return None;
            }
            let root = pivot.sqrt();
            own[0] = root;
            own[1..].iter_mut().for_each(|value| *value /= root);
        }
        Some(Self { size, columns })
    }

    fn column(&self, j: usize) -> &[f64] {
        &self.columns[j * self.size + j..(j + 1) * self.size]
    }

    /// The x with A x = `right`.
    pub(crate) fn solve(&self, right: &[f64]) -> Vec<f64> {
        let mut x = right.to_vec();
        for i in 0..self.size {
            let column = self.column(i);
            x[i] /= column[0];
            let solved = x[i];
            for (value, below) in x[i + 1..].iter_mut().zip(&column[1..]) {
                *value -= solved * below;
            }
        }
        for i in (0..self.size).rev() {
            let column = self.column(i);
            let below = dot(&column[1..], &x[i + 1..]);
            x[i] = (x[i] - below) / column[0];
        }
        x
    }

    /// Natural logarithm of the determinant of A.
    pub(crate) fn log_determinant(&self) -> f64 {
        let roots = (0..self.size).map(|i| self.column(i)[0].ln());
        2.0 * roots.sum::<f64>()
    }
}

/// Sum of the products of entries.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_factors_what_was_multiplied() {
        // L with rows (2), (6, 1), (-8, 5, 3): the product is known exactly.
        let a = [
            [4.0, 12.0, -16.0],
            [12.0, 37.0, -43.0],
            [-16.0, -43.0, 98.0],
        ];
        let factor = Cholesky::of(3, |i, j| a[i][j]).unwrap();
        assert_eq!(factor.column(0), [2.0, 6.0, -8.0]);
        assert_eq!(factor.column(1), [1.0, 5.0]);
        assert_eq!(factor.column(2), [3.0]);
        assert!((factor.log_determinant() - 36f64.ln()).abs() < 1e-12);
        let x = [1.0, -2.0, 3.0];
        let right: Vec<f64> = a.iter().map(|row| dot(row, &x)).collect();
        let solved = factor.solve(&right);
        assert!(
            solved.iter().zip(x).all(|(a, b)| (a - b).abs() < 1e-9),
            "{solved:?}"
        );
    }

    #[test]
    fn what_is_not_positive_definite_has_no_factor() {
        assert!(Cholesky::of(2, |i, j| [[1.0, 2.0], [2.0, 1.0]][i][j]).is_none());
        assert!(Cholesky::of(1, |_, _| f64::NAN).is_none());
        assert!(Cholesky::of(1, |_, _| 0.0).is_none());
        assert!(Cholesky::of(0, |_, _| 0.0).unwrap().solve(&[]).is_empty());
    }
}
