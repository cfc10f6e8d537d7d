//! A gateway watched from outside: what dated, graded evidence leaves of what is not known.
//!
//! | question | where |
//! | --- | --- |
//! | what a file of evidence says, and what is wrong with it | [`evidence`] |
//! | what its subjects measure, and what grades are worth | [`rules`] |
//! | which rows count on a day, and how likely each is given the truth | [`observation`] |
//! | who speaks, and which rows are whose | [`sources`] |
//! | how often each source misreports, and what its rows teach about that | [`grades`] |
//! | how the gateway moves from day to day | [`kernel`] |
//! | what is believed beforehand | [`belief`] |
//! | how unknowns change over time | [`changes`] |
//! | what is asked, and how much may be computed for it | [`question`] |
//! | possible courses, before the evidence and after it | [`course`] |
//! | what was known on a day, and what moved it | [`estimate`] |
//! | going on from a kept estimate | [`resume`] |
//!
//! Like all crates under the binary it does no I/O and reads no clock. `docs/watch.md` tells the method to analysts.

pub mod attendance;
pub mod belief;
pub mod changes;
pub mod compare;
pub mod course;
pub mod estimate;
pub mod evidence;
pub mod forecast;
pub mod grades;
pub mod import;
pub mod kernel;
pub mod kind;
mod likelihood;
pub mod next;
pub mod observation;
pub mod question;
pub mod resume;
pub mod rules;
pub mod score;
pub mod sensitivity;
pub mod site;
pub mod sources;
pub mod stories;
mod tally;
pub mod track;
pub mod writing;
