//! Questions a planner asks of a gateway, and the statistics that answer them honestly.
//!
//! The crate knows nothing of files, clocks, threads or terminals. It asks an [`Experiment`] to run a [`Design`] for
//! some replications and turns the rows it gets into answers: an [`Estimate`] with its interval, a comparison that may
//! say "cannot tell yet", a capacity, a smallest fleet, what drives the spread, the risk of a hold.
//!
//! Every method is tested on models whose answer is known exactly; the statistical tests state their false-alarm rate
//! and are accompanied by a twin with a planted error that must fail. Sources are listed in `docs/references.md`.
//!
//! ```
//! use lazaret_plan::estimate::mean;
//!
//! let lots = [61.0, 64.0, 58.0, 66.0, 63.0];
//! let estimate = mean(&lots, 0.95)?;
//! assert!(estimate.low < 62.4 && 62.4 < estimate.high);
//! # Ok::<(), lazaret_plan::estimate::EstimateError>(())
//! ```

mod cholesky;
pub mod compare;
pub mod condition;
pub mod designs;
pub mod estimate;
pub mod experiment;
pub mod kriging;
pub mod pareto;
pub mod questions;
pub mod random;
pub mod select;
pub mod sequential;
pub mod settled;
pub mod simulated;
pub mod stops;
pub mod sweep;
pub mod uncertain;
pub mod value;

mod quantiles;

pub use estimate::Estimate;
pub use experiment::{Design, Experiment, ExperimentError, Metric, Rows};
pub use stops::Stops;
