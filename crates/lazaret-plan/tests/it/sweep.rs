//! Shards: every run once, in pieces that fit, and nothing mixed.

use lazaret_plan::sweep::{Part, SweepError, list, missing};
use proptest::prelude::*;

fn part(shard: u64, shards: u64) -> Part {
    Part {
        study: "a1".into(),
        version: "0.1.0".into(),
        designs: 7,
        replications: 13,
        shard,
        shards,
    }
}

proptest! {
    #[test]
    fn shards_make_every_run_exactly_once(designs in 1u64..40, replications in 1u64..40, shards in 1u64..50) {
        let mut runs = Vec::new();
        for shard in 0..shards {
            let p = Part { designs, replications, ..part(shard, shards) };
            let mut inside = Vec::new();
            for (design, range) in p.pieces().unwrap() {
                inside.extend(range.map(|r| design * replications + r));
            }
            prop_assert_eq!(&inside, &p.runs().unwrap().collect::<Vec<_>>());
            runs.extend(inside);
        }
        prop_assert_eq!(runs, (0..designs * replications).collect::<Vec<_>>());
    }
}

#[test]
fn shards_of_one_sweep_show_which_are_missing() {
    let parts: Vec<(String, Part)> = [0, 2, 5]
        .iter()
        .map(|&s| (format!("shard-{s}"), part(s, 8)))
        .collect();
    assert_eq!(missing(&parts).unwrap(), [1, 3, 4, 6, 7]);
    assert_eq!(list(&[1, 3, 4, 6, 7]), "1,3-4,6-7");
    assert_eq!(
        part(8, 8).runs(),
        Err(SweepError::OutOfRange {
            shard: 8,
            shards: 8
        })
    );
}

#[test]
fn shards_of_different_sweeps_are_refused() {
    let named = |name: &str, p: Part| (name.to_owned(), p);
    let other_study = [
        named("x", part(0, 2)),
        named(
            "y",
            Part {
                study: "b2".into(),
                ..part(1, 2)
            },
        ),
    ];
    assert!(
        missing(&other_study)
            .unwrap_err()
            .to_string()
            .contains("studies differ (a1 and b2)")
    );
    let other_version = [
        named("x", part(0, 2)),
        named(
            "y",
            Part {
                version: "0.2.0".into(),
                ..part(1, 2)
            },
        ),
    ];
    assert!(
        missing(&other_version)
            .unwrap_err()
            .to_string()
            .contains("versions differ")
    );
    let twice = [named("x", part(0, 2)), named("y", part(0, 2))];
    assert!(matches!(
        missing(&twice),
        Err(SweepError::Twice { shard: 0, .. })
    ));
    assert_eq!(missing(&[]), Err(SweepError::None));
}
