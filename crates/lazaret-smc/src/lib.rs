//! Sequential Monte Carlo for any model that can be cloned and stepped.
//!
//! Describe how a hidden state starts, how it moves and how observations depend on it (a
//! [`StateSpaceModel`](model::StateSpaceModel)). This crate then computes what the state probably is, was and will be,
//! what the unknown numbers of the model are, how well the model explains the data, and what to observe next. It is not
//! specific to any field.
//!
//! # Life cycle
//! 1. Implement [`StateSpaceModel`](model::StateSpaceModel) for one set of parameter values, and give a *family*: a
//!    function from parameter values θ to such a model. Describe the prior of θ, for instance as
//!    [`prior::Independent`].
//! 2. Choose a method from the table below. Start it with the data that the model holds; rows are addressed by number.
//! 3. Read the answer: [posterior](summary) quantiles with their errors, the log-evidence, conflicts. Look at the
//!    errors first; `docs/inference.md` lists what each diagnostic means.
//! 4. For forecasts, continue paths beyond the last row. When a new row arrives, advance the sampler, or run
//!    [`at_once::Pool`] again, which does not depend on the order of the rows.
//!
//! | question | where |
//! | --- | --- |
//! | state, evidence and forecast, with known parameters | [`filter::Filter`] |
//! | unknown parameters and state together | [`smc2::Smc2`] |
//! | unknown parameters from all rows at once, whatever their order and number of modes | [`at_once::Pool`] |
//! | the same with an exact likelihood (IBIS) | [`smc2::Smc2`] with [`model::Exact`] |
//! | a slow, independent cross-check | [`pmmh`] |
//! | which explanation is favoured, and how sure the computation is | [`evidence`] |
//! | what to observe next | [`information`] |
//! | how good forecasts were | [`scores`] |
//! | whether probabilities are calibrated | [`calibration`] |
//! | problems with known answers | [`exact`] |
//!
//! ```
//! use lazaret_smc::model::StateSpaceModel;
//! use lazaret_smc::prior::{Density, Independent};
//! use lazaret_smc::random::{Stream, StreamKey};
//! use lazaret_smc::smc2::{Smc2, Smc2Settings};
//! use rand_distr::{Distribution, Poisson};
//!
//! /// Lots in a yard: some come each day, each leaves with a fixed chance; we see a tenth.
//! struct Yard<'a> {
//!     a_day: f64,
//!     seen: &'a [u64],
//! }
//!
//! impl StateSpaceModel for Yard<'_> {
//!     type State = u64;
//!     fn initialise(&self, _rng: &mut Stream) -> u64 {
//!         0
//!     }
//!     fn step(&self, lots: &mut u64, _day: usize, rng: &mut Stream) {
//!         let left = (0..*lots).filter(|_| rng.uniform() < 0.05).count() as u64;
//!         *lots += Poisson::new(self.a_day).unwrap().sample(rng) as u64;
//!         *lots -= left;
//!     }
//!     fn log_likelihood(&self, lots: &u64, _day: usize, row: usize) -> f64 {
//!         let mean = 0.1 * *lots as f64;
//!         lazaret_smc::exact::infinite_server::log_poisson(mean, self.seen[row])
//!     }
//! }
//!
//! let seen = [0, 2, 4, 4, 8, 9];
//! let family = |theta: &[f64]| Yard { a_day: theta[0], seen: &seen };
//! let prior = Independent::new().with("a_day", Density::LogNormal { mean_log: 3.0, sd_log: 0.7 });
//! let settings = Smc2Settings { theta_particles: 64, state_particles: 64, ..Smc2Settings::default() };
//! let mut sampler = Smc2::start(&family, &prior, &settings, 1)?;
//! sampler.run_to(&family, &prior, 5)?;
//! let a_day = sampler.posterior(0);
//! println!("{:.0} ({:.0} to {:.0}) a day", a_day.mean(), a_day.quantile(0.05), a_day.quantile(0.95));
//! // Where the yard will be ten days on:
//! let paths = sampler.paths(&family, 200, 15, StreamKey::new(2), |lots, _day| *lots)?;
//! assert!(paths.iter().all(|path| path.values.len() == 16));
//! # Ok::<(), lazaret_smc::SmcError>(())
//! ```
//!
//! # Pitfalls
//! * **Evidence estimates are noisy.** Compare models only if the difference is large compared with the spread over
//!   seeds.
//! * **One run can miss a mode**, and its own error does not show it. [`at_once::Pool`] runs several independent
//!   samplers and reports when they disagree.
//! * **A prior that excludes the truth** gives confident wrong answers; no diagnostic of this crate can see it.
//! * **A likelihood of zero for every particle** is a [`Conflict`], not an answer. Allow for errors in the observation
//!   model.
//! * **`step` must use only the random numbers that it is given.** A generator of your own breaks reproducibility and
//!   the pairing of common random numbers.
//!
//! # Guarantees
//! * **Reproducible.** All randomness is [addressed by key](random); the same seed gives the same answer on
//!   any number of threads of the surrounding rayon pool.
//! * **No silent failure.** A row that kills every particle is a [`Conflict`]; a log-likelihood that is not a
//!   number is an error that names the particle. Log-weights never underflow.
//! * **No I/O and no clock.** To report progress, do so between calls of [`smc2::Smc2::advance`].

mod error;
mod linear;
mod proposal;

pub mod at_once;
pub mod calibration;
pub mod evidence;
pub mod exact;
pub mod filter;
pub mod information;
pub mod model;
pub mod pareto;
pub mod pmmh;
pub mod prior;
pub mod random;
pub mod resampling;
pub mod scores;
pub mod smc2;
pub mod summary;
pub mod weights;

pub use error::{Conflict, OnConflict, SmcError};
