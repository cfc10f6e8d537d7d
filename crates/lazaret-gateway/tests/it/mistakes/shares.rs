//! Shares of goods and of what an inspection finds.

use super::said;

#[test]
fn shares_above_one() {
    insta::assert_snapshot!(said(&[("share = 0.6,", "share = 0.7,")]), @r#"
    17:23: error[shares]: the shares sum to 1.1, not 1
      at `0.7`
      and 15:22 `0.25`
      and 16:18 `0.15`
      help: leave one share out; it takes the rest
    "#);
}

#[test]
fn shares_below_one() {
    insta::assert_snapshot!(said(&[("share = 0.6,", "share = 0.5,")]), @r#"
    17:23: error[shares]: the shares sum to 0.9, not 1
      at `0.5`
      and 15:22 `0.25`
      and 16:18 `0.15`
      help: leave one share out; it takes the rest
    "#);
}

#[test]
fn a_share_above_one() {
    insta::assert_snapshot!(said(&[("share = 0.6,", "share = 60,")]), @r#"
    17:23: error[out-of-range]: a share lies between 0 and 1
      at `60`
      help: for a percentage, write "60 %"
    "#);
}

#[test]
fn a_negative_share() {
    insta::assert_snapshot!(said(&[("share = 0.6,", "share = -0.6,")]), @r#"
    17:23: error[out-of-range]: a share lies between 0 and 1
      at `-0.6`
    "#);
}

#[test]
fn a_share_that_is_a_distribution() {
    insta::assert_snapshot!(said(&[("share = 0.6,", r#"share = "uniform(0, 1)","#)]), @r#"
    17:23: error[wrong-kind]: a share is one number, not a distribution
      at `"uniform(0, 1)"`
      help: put the distribution under [unknown] and write its name here
    "#);
}

#[test]
fn an_unknown_share_beside_none() {
    insta::assert_snapshot!(said(&[("share = 0.6,", r#"share = "found","#),
        ("share = 0.25,", "")]), @r#"
    14:2: error[shares]: one class has no share while another has an unknown one
      at `goods`
      help: give each class a share; with unknowns they are scaled to sum to 1 in each replication
    "#);
}

#[test]
fn a_mix_that_does_not_sum() {
    insta::assert_snapshot!(said(&[("{ food = 0.5, medicine = 0.5 }", "{ food = 0.5, medicine = 0.6 }")]), @r#"
    40:34: error[shares]: the shares sum to 1.1, not 1
      at `0.6`
      and 40:18 `0.5`
      help: leave one share out; it takes the rest
    "#);
}

#[test]
fn an_inspection_that_does_not_sum() {
    insta::assert_snapshot!(said(&[(r#"fail = "found""#, "fail = 0.05"),
        (r#"takes = "hold_time""#, r#"takes = "hold_time"
note = "found""#),
        (r#"found = "uniform(0.01, 0.05)"
"#, "")]), @r#"
    115:8: error[shares]: pass, again, fail and destroy sum to 1.02, not 1
      at `0.86`
      help: leave `pass` out; it takes the rest
    "#);
}

#[test]
fn an_inspection_above_one() {
    insta::assert_snapshot!(said(&[(r#"fail = "found""#, "fail = 0.95"),
        (r#"pass = 0.86
"#, ""),
        (r#"found = "uniform(0.01, 0.05)"
"#, "")]), @r#"
    109:6: error[shares]: again, fail and destroy sum to 1.06, which is more than 1
      at `"inspect"`
    "#);
}

#[test]
fn an_unknown_share_without_pass() {
    insta::assert_snapshot!(said(&[(r#"pass = 0.86
"#, "")]), @r#"
    110:6: error[missing-key]: with an unknown share, `pass` must be given
      at `"inspect"`
      help: add pass = …; the shares are scaled to sum to 1 in each replication
    "#);
}

#[test]
fn a_class_apart_from_itself() {
    insta::assert_snapshot!(said(&[(r#"apart_from = "chemicals""#, r#"apart_from = "food""#)]), @r#"
    16:37: error[impossible]: `food` cannot be kept apart from itself
      at `"food"`
      help: to keep lots apart, give a place more units of one slot
    "#);
}
