//! Canonical JSON agrees with an independent implementation of RFC 8785.

use std::collections::BTreeMap;

use lazaret_ledger::canonical;
use proptest::prelude::*;
use serde::Serialize;

#[derive(Clone, Debug, Serialize)]
struct Inner {
    zeta: i64,
    alpha: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Tagged {
    Last { z: u32, a: bool },
    First(Inner),
}

#[derive(Clone, Debug, Serialize)]
enum Plain {
    Unit,
    New(u8),
    Pair(u8, String),
    Fields { y: u8, x: u8 },
}

#[derive(Clone, Debug, Serialize)]
struct Outer {
    #[serde(flatten)]
    tagged: Tagged,
    names: BTreeMap<String, Vec<Inner>>,
    plain: Vec<Plain>,
}

fn outer() -> impl Strategy<Value = Outer> {
    let number = -9_007_199_254_740_991_i64..=9_007_199_254_740_991;
    let inner = || {
        (
            number.clone(),
            proptest::option::of("\\PC{0,9}|[\\x00-\\x22]{0,5}"),
        )
            .prop_map(|(zeta, alpha)| Inner { zeta, alpha })
    };
    let tagged = prop_oneof![
        (any::<u32>(), any::<bool>()).prop_map(|(z, a)| Tagged::Last { z, a }),
        inner().prop_map(Tagged::First),
    ];
    let plain = prop_oneof![
        Just(Plain::Unit),
        any::<u8>().prop_map(Plain::New),
        (any::<u8>(), "\\PC{0,5}").prop_map(|(a, b)| Plain::Pair(a, b)),
        (any::<u8>(), any::<u8>()).prop_map(|(y, x)| Plain::Fields { y, x }),
    ];
    (
        tagged,
        proptest::collection::btree_map(
            "\\PC{0,6}|[\\x00-\\x60]{0,2}",
            proptest::collection::vec(inner(), 0..3),
            0..5,
        ),
        proptest::collection::vec(plain, 0..4),
    )
        .prop_map(|(tagged, names, plain)| Outer {
            tagged,
            names,
            plain,
        })
}

proptest! {
    #[test]
    fn any_value_is_written_as_the_reference_writes_it(value in outer()) {
        let own = canonical::to_vec(&value).unwrap();
        let reference = serde_json_canonicalizer::to_vec(&value).unwrap();
        prop_assert_eq!(String::from_utf8_lossy(&own), String::from_utf8_lossy(&reference));
    }
}

#[test]
fn what_readers_of_json_would_change_is_refused() {
    assert!(canonical::to_vec(&0.5_f64).is_err());
    assert!(canonical::to_vec(&(1_u64 << 53)).is_err());
    assert!(canonical::to_vec(&BTreeMap::from([(1_u8, 2_u8)])).is_err());
    assert_eq!(
        canonical::to_vec(&((1_u64 << 53) - 1)).unwrap(),
        b"9007199254740991"
    );
}
