//! The little linear algebra that proposals and the Kalman filter need: dense, small, row by row.

/// A square matrix of `size` × `size`, row after row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Square {
    pub(crate) size: usize,
    pub(crate) entries: Vec<f64>,
}

impl Square {
    pub(crate) fn zero(size: usize) -> Self {
        Self {
            size,
            entries: vec![0.0; size * size],
        }
    }

    pub(crate) fn from_rows(rows: &[Vec<f64>]) -> Self {
        Self {
            size: rows.len(),
            entries: rows.iter().flatten().copied().collect(),
        }
    }

    pub(crate) fn at(&self, row: usize, column: usize) -> f64 {
        self.entries[row * self.size + column]
    }

    pub(crate) fn at_mut(&mut self, row: usize, column: usize) -> &mut f64 {
        &mut self.entries[row * self.size + column]
    }

    pub(crate) fn times(&self, vector: &[f64]) -> Vec<f64> {
        let dot = |row: &[f64]| row.iter().zip(vector).map(|(a, b)| a * b).sum();
        self.entries.chunks(self.size.max(1)).map(dot).collect()
    }

    pub(crate) fn product(&self, other: &Self) -> Self {
        let mut result = Self::zero(self.size);
        for i in 0..self.size {
            for j in 0..self.size {
                *result.at_mut(i, j) = (0..self.size).map(|k| self.at(i, k) * other.at(k, j)).sum();
            }
        }
        result
    }

    pub(crate) fn transpose(&self) -> Self {
        let mut result = Self::zero(self.size);
        for i in 0..self.size {
            for j in 0..self.size {
                *result.at_mut(i, j) = self.at(j, i);
            }
        }
        result
    }

    pub(crate) fn plus(&self, other: &Self) -> Self {
        let entries = self
            .entries
            .iter()
            .zip(&other.entries)
            .map(|(a, b)| a + b)
            .collect();
        Self {
            size: self.size,
            entries,
        }
    }

    /// The lower triangle L with L Lᵀ = self, or `None` if self is not positive definite.
    pub(crate) fn cholesky(&self) -> Option<Self> {
        let mut lower = Self::zero(self.size);
        for i in 0..self.size {
            for j in 0..=i {
                let cross: f64 = (0..j).map(|k| lower.at(i, k) * lower.at(j, k)).sum();
                let rest = self.at(i, j) - cross;
                *lower.at_mut(i, j) = if i == j {
                    if rest.is_nan() || rest <= 0.0 || rest.is_infinite() {
                        return None;
                    }
                    rest.sqrt()
                } else {
                    rest / lower.at(j, j)
                };
            }
        }
        Some(lower)
    }

    /// x with self · x = right, self being a lower triangle.
    pub(crate) fn solve_lower(&self, right: &[f64]) -> Vec<f64> {
        let mut x: Vec<f64> = Vec::with_capacity(self.size);
        for (i, right) in right.iter().enumerate() {
            let cross: f64 = (0..i).map(|k| self.at(i, k) * x[k]).sum();
            x.push((right - cross) / self.at(i, i));
        }
        x
    }

    /// x with selfᵀ · x = right, self being a lower triangle.
    pub(crate) fn solve_lower_transposed(&self, right: &[f64]) -> Vec<f64> {
        let mut x = vec![0.0; self.size];
        for i in (0..self.size).rev() {
            let cross: f64 = (i + 1..self.size).map(|k| self.at(k, i) * x[k]).sum();
            x[i] = (right[i] - cross) / self.at(i, i);
        }
        x
    }
}

/// Weighted mean and covariance of points; the weights sum to 1.
pub(crate) fn moments(points: &[Vec<f64>], weights: &[f64]) -> (Vec<f64>, Square) {
    let size = points.first().map_or(0, Vec::len);
    let mut mean = vec![0.0; size];
    for (point, weight) in points.iter().zip(weights) {
        for (m, x) in mean.iter_mut().zip(point) {
            *m += weight * x;
        }
    }
    let mut covariance = Square::zero(size);
    for (point, weight) in points.iter().zip(weights) {
        for i in 0..size {
            for j in 0..=i {
                *covariance.at_mut(i, j) += weight * (point[i] - mean[i]) * (point[j] - mean[j]);
            }
        }
    }
    for i in 0..size {
        for j in 0..i {
            *covariance.at_mut(j, i) = covariance.at(i, j);
        }
    }
    (mean, covariance)
}
