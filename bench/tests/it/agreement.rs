//! The fast loops against the plain one, which shares nothing with them.

use std::process::Command;

use serde_json::Value;

const COLUMNS: [&str; 7] = [
    "lots",
    "mean_tis",
    "p95_tis",
    "mean_yard",
    "max_yard",
    "mean_turn",
    "util",
];
const REPLICATIONS: f64 = 60.0;
/// Fixed before the first run: 21 comparisons at two-sided 1e-5 each, with Student's t at 118 degrees of freedom.
const Z_LIMIT: f64 = 4.62;
/// Student's t at 0.975 with 59 degrees of freedom turns the half-widths back into standard errors.
const T_975: f64 = 2.001;

#[derive(Clone, Copy, Debug)]
struct Slots {
    platform: u32,
    warehouse: u32,
    yard: u32,
}

const BASE: Slots = Slots {
    platform: 20,
    warehouse: 80,
    yard: 1200,
};
const TIGHT: Slots = Slots {
    platform: 6,
    warehouse: 30,
    yard: 450,
};

fn figures(program: &str, arguments: &[String]) -> Value {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .expect("the program was built");
    assert!(output.status.success(), "{program} {arguments:?}");
    serde_json::from_slice(&output.stdout).expect("the program prints JSON")
}

fn heap(slots: Slots, variant: &str, seed: u32) -> Value {
    let text = format!(
        "--json --variant {variant} --replications {REPLICATIONS} --seed {seed} --platform-slots {} --warehouse-slots {} \
         --yard-slots {}",
        slots.platform, slots.warehouse, slots.yard
    );
    figures(env!("CARGO_BIN_EXE_heap_loop"), &words(&text))
}

fn plain(slots: Slots, variant: &str, seed: u32) -> Value {
    let det = if variant == "det" { "--det" } else { "" };
    let text = format!(
        "{det} --replications {REPLICATIONS} --seed {seed} --platform {} --warehouse {} --yard {}",
        slots.platform, slots.warehouse, slots.yard
    );
    figures(env!("CARGO_BIN_EXE_plain_loop"), &words(&text))
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// The columns in which two sets of replications differ by more than chance allows.
fn differences(a: &Value, b: &Value) -> Vec<String> {
    let figure =
        |of: &Value, column: &str, name: &str| of[column][name].as_f64().expect("a number");
    COLUMNS
        .iter()
        .filter_map(|column| {
            let difference = figure(a, column, "mean") - figure(b, column, "mean");
            let error =
                figure(a, column, "half_width").hypot(figure(b, column, "half_width")) / T_975;
            // Where every replication gives the same figure, as p95 on the grid of `det`, they must be equal.
            let same = difference.abs() <= 1e-9 || (difference / error).abs() <= Z_LIMIT;
            (!same).then(|| format!("{column} differs by {difference}, standard error {error}"))
        })
        .collect()
}

#[test]
fn base_agrees() {
    assert_eq!(
        differences(&heap(BASE, "base", 1), &plain(BASE, "base", 1)),
        [""; 0]
    );
}

#[test]
fn det_agrees() {
    assert_eq!(
        differences(&heap(BASE, "det", 2), &plain(BASE, "det", 2)),
        [""; 0]
    );
}

#[test]
fn a_gateway_where_everything_blocks_agrees() {
    assert_eq!(
        differences(&heap(TIGHT, "base", 3), &plain(TIGHT, "base", 3)),
        [""; 0]
    );
}

#[test]
fn one_platform_slot_less_is_noticed() {
    let sabotaged = Slots {
        platform: 19,
        ..BASE
    };
    assert_ne!(
        differences(&heap(sabotaged, "base", 1), &plain(BASE, "base", 1)),
        [""; 0]
    );
}

#[test]
fn a_smaller_yard_is_noticed_where_everything_blocks() {
    let sabotaged = Slots { yard: 425, ..TIGHT };
    let found = differences(&heap(sabotaged, "base", 3), &plain(TIGHT, "base", 3));
    assert!(
        found.iter().any(|text| text.starts_with("mean_turn")),
        "{found:?}"
    );
}
