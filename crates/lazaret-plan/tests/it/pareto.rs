//! The front of two aims against a slow, obvious twin.

use lazaret_plan::pareto::{front, hypervolume};
use lazaret_plan::select::Aim;
use proptest::prelude::*;

#[test]
fn the_front_leaves_out_what_is_beaten() {
    let points = [
        [1.0, 5.0],
        [2.0, 3.0],
        [3.0, 4.0],
        [4.0, 1.0],
        [2.0, f64::NAN],
    ]
    .map(|p| p.to_vec());
    assert_eq!(front(&points, &[Aim::Minimise, Aim::Minimise]), [0, 1, 3]);
    assert_eq!(front(&points, &[Aim::Maximise, Aim::Maximise]), [3, 2, 0]);
}

#[test]
fn the_area_is_that_of_the_steps() {
    // Minimise both, reference (4, 4): (1,3) gives 3 × 1, (2,1) adds 2 × 2.
    let area = hypervolume(
        &[[1.0, 3.0], [2.0, 1.0], [3.0, 3.0]],
        [Aim::Minimise; 2],
        [4.0, 4.0],
    );
    assert!((area - 7.0).abs() < 1e-12, "{area}");
}

proptest! {
    #[test]
    fn every_point_off_the_front_is_beaten_by_one_on_it(
        points in prop::collection::vec(prop::array::uniform2(0u8..8), 1..30)
    ) {
        let points: Vec<Vec<f64>> = points.iter().map(|p| p.iter().map(|&x| f64::from(x)).collect()).collect();
        let on = front(&points, &[Aim::Minimise, Aim::Minimise]);
        let beats = |a: &Vec<f64>, b: &Vec<f64>| a != b && a[0] <= b[0] && a[1] <= b[1];
        for i in 0..points.len() {
            let beaten = on.iter().any(|&j| beats(&points[j], &points[i]));
            prop_assert_eq!(beaten, !on.contains(&i));
        }
    }
}
