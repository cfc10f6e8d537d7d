//! The closed forms: one hazard, all numbers known.

/// Decay of what a contaminated lot carries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decay {
    /// Days in which the quick part halves.
    pub half_life_days: f64,
    /// Days before decay starts.
    pub lag_days: f64,
    /// Share that decays slowly; 0 for plain log-linear decay.
    pub slow_share: f64,
    /// Days in which the slow part halves; infinity if it does not decay.
    pub slow_half_life_days: f64,
}

impl Decay {
    /// Log-linear decay without a lag.
    #[must_use]
    pub fn log_linear(half_life_days: f64) -> Self {
        Decay {
            half_life_days,
            lag_days: 0.0,
            slow_share: 0.0,
            slow_half_life_days: f64::INFINITY,
        }
    }

    /// Share that survives `days`: (1-w) 2^(-t/h) + w 2^(-t/h'), with t counted from the end of the lag.
    ///
    /// The biphasic form has two populations that decay side by side (StoneChapmanLovell2009).
    #[must_use]
    pub fn survives(&self, days: f64) -> f64 {
        let t = (days - self.lag_days).max(0.0);
        let quick = (-t / self.half_life_days).exp2();
        let slow = (-t / self.slow_half_life_days).exp2();
        (1.0 - self.slow_share) * quick + self.slow_share * slow
    }

    /// Days until the share `reduction` (such as 0.9999) is inactivated; infinity if never.
    ///
    /// Without a slow part this is the lag plus log2(1 / (1 - reduction)) half-lives.
    #[must_use]
    pub fn days_to_inactivate(&self, reduction: f64) -> f64 {
        if self.slow_share == 0.0 {
            return self.lag_days - self.half_life_days * (1.0 - reduction).log2();
        }
        first_day(|t| self.survives(t) <= 1.0 - reduction, 1e6)
    }
}

/// Half-life at another temperature: it grows tenfold for every `tenfold` degrees of cooling (the z-value of food
/// science, StoneChapmanLovell2009).
#[must_use]
pub fn half_life_at(half_life_days: f64, measured_at: f64, temperature: f64, tenfold: f64) -> f64 {
    half_life_days * 10f64.powf((measured_at - temperature) / tenfold)
}

/// A treatment before the hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Treatment {
    /// Share of the hazard that it kills when it works.
    pub efficacy: f64,
    /// Probability that it does not work at all on a lot: missed, shaded, under-dosed.
    pub failure: f64,
}

/// A test of samples from each lot; a lot with a positive sample is not released.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Test {
    /// Probability that a sample that holds the hazard tests positive.
    pub sensitivity: f64,
    /// Probability that a sample that does not tests negative.
    pub specificity: f64,
    /// Samples a lot.
    pub samples: u32,
    /// Share of the samples of a contaminated lot that hold the hazard.
    pub affected: f64,
}

impl Test {
    /// Probability that a contaminated lot passes. Samples without the hazard still fail with `1 - specificity`.
    #[must_use]
    pub fn misses(&self) -> f64 {
        let negative =
            self.affected * (1.0 - self.sensitivity) + (1.0 - self.affected) * self.specificity;
        negative.powi(self.samples as i32)
    }

    /// Probability that a clean lot passes.
    #[must_use]
    pub fn passes_clean(&self) -> f64 {
        self.specificity.powi(self.samples as i32)
    }
}

/// All of it, known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Known {
    /// Share of lots that arrive contaminated.
    pub prevalence: f64,
    /// log10 of the infectious units (or live insects) in a contaminated lot; none if the risk is to be proportional to the
    /// surviving share, as for one unit that either survives or does not.
    pub load_log10: Option<f64>,
    /// Its decay in the hold.
    pub decay: Decay,
    /// Treatment before the hold.
    pub treatment: Option<Treatment>,
    /// Test.
    pub test: Option<Test>,
}

impl Known {
    /// Probability that a contaminated lot still carries a live hazard after treatment and `days` of hold.
    ///
    /// With a load of N units each of which survives with probability s on its own, at least one survives with
    /// 1 - exp(-N s) (N Poisson about its mean); without a load it is s.
    #[must_use]
    pub fn live(&self, days: f64) -> f64 {
        let survives = self.decay.survives(days);
        let live = |share: f64| match self.load_log10 {
            Some(load) => -(-(10f64.powf(load) * share)).exp_m1(),
            None => share,
        };
        match self.treatment {
            None => live(survives),
            Some(t) => {
                (1.0 - t.failure) * live(survives * (1.0 - t.efficacy)) + t.failure * live(survives)
            }
        }
    }

    /// Probability that a lot that arrives is contaminated, still live after `days`, and released.
    #[must_use]
    pub fn risk_a_lot(&self, days: f64) -> f64 {
        self.prevalence * self.live(days) * self.test.map_or(1.0, |t| t.misses())
    }

    /// Probability that a **released** lot carries a live hazard.
    #[must_use]
    pub fn risk_a_released_lot(&self, days: f64) -> f64 {
        let contaminated = self.prevalence * self.test.map_or(1.0, |t| t.misses());
        let clean = (1.0 - self.prevalence) * self.test.map_or(1.0, |t| t.passes_clean());
        if contaminated + clean == 0.0 {
            0.0
        } else {
            contaminated * self.live(days) / (contaminated + clean)
        }
    }

    /// Shortest hold with a risk a lot of at most `target`; infinity if none up to `most` days has.
    #[must_use]
    pub fn shortest_hold(&self, target: f64, most: f64) -> f64 {
        first_day(|t| self.risk_a_lot(t) <= target, most)
    }
}

/// The first day at which a condition that stays true once it is true holds, by bisection; infinity if not up to `most`.
pub(crate) fn first_day(holds: impl Fn(f64) -> bool, most: f64) -> f64 {
    if holds(0.0) {
        return 0.0;
    }
    if !holds(most) {
        return f64::INFINITY;
    }
    let (mut low, mut high) = (0.0, most);
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if holds(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}
