//! A gateway watched from outside.
pub mod belief;
pub mod estimate;
pub mod evidence;
pub mod kernel;
pub mod observation;
pub mod rules;
pub mod site;
