//! Two aims at once: the designs that no other beats in both.

use crate::select::Aim;

/// Indices of the points that no other point beats, in order of the first aim, best first.
///
/// A point beats another if it is at least as good in every aim and better in one. Equal points all stay.
///
/// * `points` — for each design, one value an aim. A design with an undefined value is never on the front.
#[must_use]
pub fn front(points: &[Vec<f64>], aims: &[Aim]) -> Vec<usize> {
    let scores: Vec<Vec<f64>> = points
        .iter()
        .map(|p| p.iter().zip(aims).map(|(&x, a)| a.score(x)).collect())
        .collect();
    let beats = |a: &[f64], b: &[f64]| {
        a.iter().zip(b).all(|(x, y)| x >= y) && a.iter().zip(b).any(|(x, y)| x > y)
    };
    let mut front: Vec<usize> = (0..points.len())
        .filter(|&i| {
            scores[i].iter().all(|x| x.is_finite())
                && !scores.iter().any(|other| beats(other, &scores[i]))
        })
        .collect();
    front.sort_by(|&a, &b| {
        scores[b]
            .iter()
            .zip(&scores[a])
            .map(|(x, y)| x.total_cmp(y))
            .find(|o| o.is_ne())
            .unwrap_or(a.cmp(&b))
    });
    front
}

/// Area that the front of a two-aim problem dominates, up to `reference`, the worst corner worth counting.
#[must_use]
pub fn hypervolume(points: &[[f64; 2]], aims: [Aim; 2], reference: [f64; 2]) -> f64 {
    let all: Vec<Vec<f64>> = points.iter().map(|p| p.to_vec()).collect();
    let corner = [aims[0].score(reference[0]), aims[1].score(reference[1])];
    let mut area = 0.0;
    let mut floor = corner[1];
    for i in front(&all, &aims) {
        let (x, y) = (aims[0].score(points[i][0]), aims[1].score(points[i][1]));
        if x > corner[0] && y > floor {
            area += (x - corner[0]) * (y - floor);
            floor = y;
        }
    }
    area
}
