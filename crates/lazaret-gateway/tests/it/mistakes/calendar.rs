//! Dates, shifts, timetables.

use super::said;

#[test]
fn a_closure_backwards() {
    insta::assert_snapshot!(said(&[("from = 2024-02-01, to = 2024-02-03", "from = 2024-02-03, to = 2024-02-01")]), @r#"
    38:37: error[dates-backwards]: this closure ends before it begins
      at `2024-02-01`
      and 38:20 `2024-02-03`: it begins here
      help: swap the two dates
    "#);
}

#[test]
fn changes_backwards() {
    insta::assert_snapshot!(said(&[("date = 2024-04-01", "date = 2024-02-01")]), @r#"
    67:43: error[dates-backwards]: this change is not later than the one before it
      at `{ date = 2024-02-01, slots = 9 }`
      help: write changes in the order of their dates
    "#);
}

#[test]
fn a_date_in_quotes() {
    insta::assert_snapshot!(said(&[("start = 2024-01-01T06:00:00", r#"start = "2024-01-01T06:00:00""#)]), @r#"
    5:9: error[wrong-kind]: a date is expected here, not a text
      at `"2024-01-01T06:00:00"`
      help: write it without quotes: 2024-01-01T06:00:00
    "#);
}

#[test]
fn a_date_with_an_offset() {
    insta::assert_snapshot!(said(&[("start = 2024-01-01T06:00:00", "start = 2024-01-01T06:00:00Z")]), @r#"
    5:9: error[wrong-kind]: dates in a gateway file have no offset
      at `2024-01-01T06:00:00Z`
      help: write local time; `time_zone` of [gateway] gives the zone
    "#);
}

#[test]
fn a_date_that_does_not_exist() {
    insta::assert_snapshot!(said(&[("holidays = [2024-05-01]", "holidays = [2024-02-30]")]), @r#"
    8:13: error[syntax]: invalid date, expected day between 01 and 29
      at `2024-02-30`
    "#);
}

#[test]
fn a_year_far_away() {
    insta::assert_snapshot!(said(&[("start = 2024-01-01T06:00:00", "start = 9999-01-01T06:00:00")]), @r#"
    5:9: error[out-of-range]: dates must lie between 1600 and 2600
      at `9999-01-01T06:00:00`
    "#);
}

#[test]
fn a_timetable_without_times() {
    insta::assert_snapshot!(said(&[(r#"times = ["06:00", "18:30"], "#, "")]), @r#"
    45:1: error[missing-key]: a timetable has no `times`
      at `timetable`
      help: add times = ["06:00"]
    "#);
}

#[test]
fn a_timetable_of_no_times() {
    insta::assert_snapshot!(said(&[(r#"times = ["06:00", "18:30"]"#, "times = []")]), @r#"
    45:41: error[impossible]: a timetable needs a time of day
      at `[]`
      help: write times = ["06:00"]
    "#);
}

#[test]
fn a_time_of_day_that_does_not_exist() {
    insta::assert_snapshot!(said(&[(r#""18:30""#, r#""18:70""#)]), @r#"
    45:52: error[wrong-kind]: `18:70` is not a time of day
      at `18:70`
      help: write hours and minutes, such as "08:00"
    "#);
}

#[test]
fn a_day_that_does_not_exist() {
    insta::assert_snapshot!(said(&[(r#""Mon-Fri""#, r#""Mon-Fry""#)]), @r#"
    45:27: error[unknown-word]: `Fry` is not a day of the week
      at `Fry`
      help: write days such as "Mon-Fri" or ["Mon", "Thu"]
    "#);
}

#[test]
fn a_shift_without_an_end() {
    insta::assert_snapshot!(said(&[(r#"shift = "08:00-20:00""#, r#"shift = "08:00""#)]), @r#"
    63:9: error[wrong-kind]: a shift needs a beginning and an end
      at `"08:00"`
      help: write "08:00-20:00"; "22:00-06:00" spans midnight
    "#);
}

#[test]
fn a_shift_of_no_length() {
    insta::assert_snapshot!(said(&[(r#"shift = "08:00-20:00""#, r#"shift = "08:00-08:00""#)]), @r#"
    63:9: error[impossible]: this shift ends when it begins
      at `"08:00-08:00"`
      help: write "00:00-24:00" for the whole day
    "#);
}

#[test]
fn a_timetable_beside_an_interval() {
    insta::assert_snapshot!(said(&[(r#"every = "24 h""#, r#"every = "24 h"
timetable = { times = ["06:00"] }"#)]), @r#"
    128:1: error[one-of-two]: step `dispatch` has both `every` and `timetable`
      at `timetable`
      and 127:1 `every`: the other
      help: remove one of them
    "#);
}

#[test]
fn neither_timetable_nor_interval() {
    insta::assert_snapshot!(said(&[(r#"every = "24 h"
"#, "")]), @r#"
    125:6: error[missing-key]: step `dispatch` has neither `every` nor `timetable`
      at `"dispatch"`
      help: add every = "24 h" or timetable = { times = ["06:00"] }
    "#);
}

#[test]
fn a_first_beside_a_timetable() {
    insta::assert_snapshot!(said(&[("convoy = 40", r#"convoy = 40
first = "1 d""#)]), @r#"
    47:1: error[does-not-apply]: `first` belongs to `every`
      at `first`
      help: remove it: the timetable gives the first departure
    "#);
}

#[test]
fn a_change_that_changes_nothing() {
    insta::assert_snapshot!(said(&[("{ date = 2024-04-01, slots = 9 }", "{ date = 2024-04-01 }")]), @r#"
    67:43: error[missing-key]: this change changes nothing
      at `{ date = 2024-04-01 }`
      help: add count = 5 or slots = 8
    "#);
}
