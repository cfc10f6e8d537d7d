//! Numbers, durations, distributions, unknowns.

use super::said;

#[test]
fn a_duration_without_a_unit() {
    insta::assert_snapshot!(said(&[(r#"takes = "1 d""#, "takes = 24")]), @r#"
    96:9: error[missing-unit]: this duration has no unit
      at `24`
      help: write "24 h" or "24 d"
    "#);
}

#[test]
fn a_duration_without_a_unit_in_a_text() {
    insta::assert_snapshot!(said(&[(r#"takes = "1 d""#, r#"takes = "24""#)]), @r#"
    96:10: error[missing-unit]: this duration has no unit
      at `24`
      help: write "24 h" or "24 d"
    "#);
}

#[test]
fn a_parameter_without_a_unit() {
    insta::assert_snapshot!(said(&[("triangular(1 h, 2 h, 4 h)", "triangular(1, 2 h, 4 h)")]), @r#"
    102:21: error[missing-unit]: this duration has no unit
      at `1`
      help: write "1 h" or "1 d"
    "#);
}

#[test]
fn a_unit_that_does_not_exist() {
    insta::assert_snapshot!(said(&[(r#"takes = "1 d""#, r#"takes = "1 dai""#)]), @r#"
    96:12: error[unknown-unit]: `dai` is not a unit
      at `dai`
      help: did you mean `day`?
    "#);
}

#[test]
fn a_mass_where_a_duration_stands() {
    insta::assert_snapshot!(said(&[(r#"takes = "1 d""#, r#"takes = "1 t""#)]), @r#"
    96:10: error[wrong-unit]: a mass is given where a duration is expected
      at `1 t`
    "#);
}

#[test]
fn a_duration_where_a_number_stands() {
    insta::assert_snapshot!(said(&[("convoy = 40", r#"convoy = "40 h""#)]), @r#"
    46:11: error[wrong-unit]: a plain number is expected, not a duration
      at `40 h`
      help: leave the unit out
    "#);
}

#[test]
fn a_negative_duration() {
    insta::assert_snapshot!(said(&[(r#"travel = "2 h""#, r#"travel = "-2 h""#)]), @r#"
    35:10: error[negative]: a duration cannot be negative
      at `"-2 h"`
    "#);
}

#[test]
fn a_distribution_that_may_be_negative() {
    insta::assert_snapshot!(said(&[(r#"travel = "2 h""#, r#"travel = "uniform(-2 h, 2 h)""#)]), @r#"
    35:10: error[negative]: a duration cannot be negative, but this may be -2 h
      at `"uniform(-2 h, 2 h)"`
    "#);
}

#[test]
fn a_normal_cut_below_zero() {
    insta::assert_snapshot!(said(&[(r#"travel = "2 h""#, r#"travel = "normal(2 h, 1 h, -1 h, 4 h)""#)]), @r#"
    35:10: error[negative]: a duration cannot be negative, but this may be -1 h
      at `"normal(2 h, 1 h, -1 h, 4 h)"`
      help: cut it at zero: leave out the cuts, or write normal(mean, sd, 0, high)
    "#);
}

#[test]
fn not_a_number() {
    insta::assert_snapshot!(said(&[("convoy = 40", "convoy = nan")]), @r#"
    46:10: error[out-of-range]: this is not a valid number
      at `nan`
    "#);
}

#[test]
fn infinity_in_a_distribution() {
    insta::assert_snapshot!(said(&[(r#"travel = "2 h""#, r#"travel = "uniform(1 h, inf)""#)]), @r#"
    35:24: error[out-of-range]: `inf` is not a valid number
      at `inf`
    "#);
}

#[test]
fn a_number_beyond_all_numbers() {
    insta::assert_snapshot!(said(&[(r#"travel = "2 h""#, r#"travel = "1e999 h""#)]), @r#"
    35:11: error[out-of-range]: `1e999` is too large a number
      at `1e999`
    "#);
}

#[test]
fn least_above_greatest() {
    insta::assert_snapshot!(said(&[("uniform_int(15, 20)", "uniform_int(20, 15)")]), @r#"
    33:10: error[impossible]: the lower bound must not exceed the upper bound
      at `"uniform_int(20, 15)"`
    "#);
}

#[test]
fn parameters_out_of_order() {
    insta::assert_snapshot!(said(&[("triangular(1 h, 2 h, 4 h)", "triangular(1 h, 4 h, 2 h)")]), @r#"
    102:9: error[impossible]: the order must be least, most likely, greatest
      at `"triangular(1 h, 4 h, 2 h)"`
    "#);
}

#[test]
fn too_few_parameters() {
    insta::assert_snapshot!(said(&[("triangular(1 h, 2 h, 4 h)", "triangular(1 h, 2 h)")]), @r#"
    102:10: error[wrong-arguments]: triangular is given 2 parameters
      at `triangular(1 h, 2 h)`
      help: write triangular(low, mode, high)
    "#);
}

#[test]
fn a_distribution_that_does_not_exist() {
    insta::assert_snapshot!(said(&[("triangular(1 h, 2 h, 4 h)", "triangle(1 h, 2 h, 4 h)")]), @r#"
    102:10: error[unknown-distribution]: `triangle` is not a distribution
      at `triangle`
      help: did you mean `triangular`?
    "#);
}

#[test]
fn a_distribution_without_parameters() {
    insta::assert_snapshot!(said(&[(r#""exponential(24 h)""#, r#""exponential""#)]), @r#"
    31:10: error[unknown-name]: `exponential` is neither a number nor one of the unknowns
      at `exponential`
      help: a distribution needs its parameters: exponential(…)
    "#);
}

#[test]
fn a_bracket_that_is_not_closed() {
    insta::assert_snapshot!(said(&[(r#""exponential(24 h)""#, r#""exponential(24 h""#)]), @r#"
    31:21: error[quantity]: this bracket is not closed
      at `(`
      help: write exponential(mean)
    "#);
}

#[test]
fn a_comma_for_a_point() {
    insta::assert_snapshot!(said(&[(r#"takes = "1 d""#, r#"takes = "1,5 d""#)]), @r#"
    96:11: error[quantity]: `,5 d` is not expected here
      at `,5 d`
      help: write decimals with a point, such as 1.5
    "#);
}

#[test]
fn something_after_the_end() {
    insta::assert_snapshot!(said(&[(r#"takes = "1 d""#, r#"takes = "1 d or 2""#)]), @r#"
    96:14: error[quantity]: `or 2` is not expected here
      at `or 2`
    "#);
}

#[test]
fn an_unknown_that_does_not_exist() {
    insta::assert_snapshot!(said(&[(r#"takes = "hold_time""#, r#"takes = "holdtime""#)]), @r#"
    121:10: error[unknown-name]: `holdtime` is neither a number nor one of the unknowns
      at `holdtime`
      help: did you mean `hold_time`?
    "#);
}

#[test]
fn an_unknown_of_the_wrong_kind() {
    insta::assert_snapshot!(said(&[(r#"takes = "hold_time""#, r#"takes = "found""#)]), @r#"
    121:10: error[wrong-unit]: `found` is a number, but a duration is expected here
      at `found`
    "#);
}

#[test]
fn an_unknown_that_depends_on_another() {
    insta::assert_snapshot!(said(&[(r#"found = "uniform(0.01, 0.05)""#, r#"found = "uniform(0.01, hold_time)""#)]), @r#"
    12:24: error[known-only]: `hold_time` is an unknown, but this quantity must be known
      at `hold_time`
    "#);
}

#[test]
fn an_unknown_that_may_make_it_impossible() {
    insta::assert_snapshot!(said(&[("triangular(1 h, 2 h, 4 h)", "triangular(1 h, hold_time, 4 h)")]), @r#"
    102:9: error[impossible]: the order must be least, most likely, greatest, and `hold_time` may be 14 d
      at `"triangular(1 h, hold_time, 4 h)"`
    "#);
}

#[test]
fn an_unknown_that_nothing_needs() {
    insta::assert_snapshot!(said(&[(r#"takes = "hold_time""#, r#"takes = "20 d""#)]), @r#"
    11:1: warning[unused-unknown]: nothing depends on the unknown `hold_time`
      at `hold_time`
      help: use its name in place of a quantity, or remove it
    "#);
}

#[test]
fn a_count_that_is_not_whole() {
    insta::assert_snapshot!(said(&[(r#"slots = 8
"#, r#"slots = 8.5
"#)]), @r#"
    60:9: error[out-of-range]: this is a count, and 8.5 is not a whole number
      at `8.5`
    "#);
}

#[test]
fn a_count_that_counts_hours() {
    insta::assert_snapshot!(said(&[(r#"convoy = "uniform_int(15, 20)""#, r#"convoy = "discrete(15 h: 0.2, 18 h: 0.8)""#)]), @r#"
    33:20: error[wrong-unit]: a plain number is expected, not a duration
      at `15 h: 0.2`
      help: leave the unit out
    "#);
}

#[test]
fn a_time_that_is_poisson() {
    insta::assert_snapshot!(said(&[(r#"takes = "1 d""#, r#"takes = "poisson(3 h)""#)]), @r#"
    96:10: error[wrong-unit]: poisson counts things, but a duration is expected here
      at `poisson(3 h)`
      help: use another distribution, such as uniform or triangular
    "#);
}

#[test]
fn a_discrete_without_weights() {
    insta::assert_snapshot!(said(&[("uniform_int(15, 20)", "discrete(15, 20)")]), @r#"
    33:20: error[wrong-arguments]: `value: weight` is expected here
      at `15`
      help: write discrete(15: 0.2, 18: 0.8)
    "#);
}

#[test]
fn a_discrete_of_no_weight() {
    insta::assert_snapshot!(said(&[("uniform_int(15, 20)", "discrete(15: 0, 20: 0)")]), @r#"
    33:11: error[wrong-arguments]: discrete needs at least one value with a weight above zero
      at `discrete(15: 0, 20: 0)`
      help: write discrete(15: 0.2, 18: 0.8)
    "#);
}

#[test]
fn an_interval_of_nothing() {
    insta::assert_snapshot!(said(&[(r#"every = "24 h""#, r#"every = "0 h""#)]), @r#"
    127:9: error[out-of-range]: this must be above zero
      at `"0 h"`
    "#);
}

#[test]
fn a_convoy_of_nobody() {
    insta::assert_snapshot!(said(&[("convoy = 40", "convoy = 0")]), @r#"
    46:10: error[out-of-range]: this must be above zero
      at `0`
    "#);
}

#[test]
fn a_convoy_without_end() {
    insta::assert_snapshot!(said(&[("convoy = 40", "convoy = 100000")]), @r#"
    46:10: error[out-of-range]: this may exceed the limit of 65535
      at `100000`
    "#);
}

#[test]
fn a_breakdown_every_second() {
    insta::assert_snapshot!(said(&[("exponential(30 d)", "1 s"),
        (r#"repair = "6 h""#, r#"repair = "0 s""#),
        (r#"length = "180 d""#, r#"length = "50000 d""#)]), @r#"
    58:8: error[out-of-range]: about 4.3e10 failures would happen in 50000 d; the limit is 1e9
      at `warehouse`
      help: check `breaks` and `length`
    "#);
}

#[test]
fn a_million_years() {
    insta::assert_snapshot!(said(&[(r#"length = "180 d""#, r#"length = "1000000 w""#)]), @r#"
    6:10: error[out-of-range]: this is 19165 years; the limit is 200
      at `"1000000 w"`
      help: for the settled state, use study = "steady" and a few years
    "#);
}

#[test]
fn no_time_at_all() {
    insta::assert_snapshot!(said(&[(r#"length = "180 d""#, r#"length = "0 d""#)]), @r#"
    6:10: error[out-of-range]: the length must be above zero
      at `"0 d"`
    "#);
}

#[test]
fn a_length_that_is_not_known() {
    insta::assert_snapshot!(said(&[(r#"length = "180 d""#, r#"length = "hold_time""#)]), @r#"
    6:11: error[known-only]: `hold_time` is an unknown, but this quantity must be known
      at `hold_time`
    "#);
}

#[test]
fn arrivals_without_end() {
    insta::assert_snapshot!(said(&[("exponential(24 h)", "exponential(1 s)"),
        (r#"convoy = "uniform_int(15, 20)""#, "convoy = 1000")]), @r#"
    29:9: error[out-of-range]: about 1.6e10 lots or convoys would come in 180 d; the limit is 1e9
      at `east`
      help: check `every`, `convoy` and `length`
    "#);
}

#[test]
fn a_csv_file_that_is_not_there() {
    insta::assert_snapshot!(said(&[(r#"takes = "1 d""#, r#"takes = '''empirical("time.csv", "hours", h)'''"#)]), @r#"
    96:12: error[csv]: time.csv cannot be opened: there is no such file
      at `empirical("time.csv", "hours", h)`
    "#);
}

#[test]
fn a_column_that_is_not_there() {
    insta::assert_snapshot!(said(&[(r#"takes = "1 d""#, r#"takes = 'empirical("times.csv", "hour", h)'"#)]), @r#"
    96:10: error[csv]: this CSV file has no column `hour`; did you mean `hours`?
      at `empirical("times.csv", "hour", h)`
    "#);
}

#[test]
fn a_csv_file_of_nothing() {
    insta::assert_snapshot!(said(&[(r#"takes = "1 d""#, r#"takes = 'empirical("empty.csv", "hours", h)'"#)]), @r#"
    96:10: error[csv]: this CSV file is empty
      at `empirical("empty.csv", "hours", h)`
    "#);
}

#[test]
fn a_csv_file_with_words() {
    insta::assert_snapshot!(said(&[(r#"takes = "1 d""#, r#"takes = 'empirical("words.csv", "hours", h)'"#)]), @r#"
    96:10: error[csv]: line 3 of this CSV file has `long` under `hours`, which is not a number
      at `empirical("words.csv", "hours", h)`
    "#);
}

#[test]
fn a_csv_column_without_a_unit() {
    insta::assert_snapshot!(said(&[(r#"takes = "1 d""#, r#"takes = 'empirical("times.csv", "hours")'"#)]), @r#"
    96:10: error[missing-unit]: these values have no unit, but a duration is expected here
      at `empirical("times.csv", "hours")`
      help: write empirical('file.csv', 'column', h); a plain number has no unit
    "#);
}

#[test]
fn a_year() {
    insta::assert_snapshot!(said(&[("takes = \"1 d\"", "takes = \"1 y\"")]), @r#"
    96:12: error[unknown-unit]: `y` is not a unit
      at `y`
      help: write days: a year is 365 d
    "#);
}

#[test]
fn parts_that_touch() {
    insta::assert_snapshot!(said(&[("takes = \"1 d\"", "takes = \"1d12h30min\"")]), @"");
}
