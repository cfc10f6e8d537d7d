//! The families of distributions as a file writes them, for the reader, its messages and the guide.

/// What a distribution asks of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// In the unit of the quantity.
    Same(&'static str),
    /// A plain number.
    Plain(&'static str),
}

/// A family of distributions as a file writes it.
#[derive(Debug)]
pub struct FamilyDoc {
    /// Its name.
    pub name: &'static str,
    /// How it is called, for messages and the guide.
    pub form: &'static str,
    /// Its parameters; empty for families whose arguments are a list of another kind.
    pub parameters: &'static [Parameter],
    /// How many of the last parameters may be left out together.
    pub optional: usize,
    /// Whether it only counts things and so has no unit.
    pub counts: bool,
    /// What it is good for.
    pub doc: &'static str,
    /// Its mean.
    pub mean: &'static str,
    /// Its variance.
    pub variance: &'static str,
}

use Parameter::{Plain, Same};

/// The families of distributions.
pub static FAMILIES: &[FamilyDoc] = &[
    FamilyDoc {
        name: "uniform",
        form: "uniform(low, high)",
        parameters: &[Same("low"), Same("high")],
        optional: 0,
        counts: false,
        doc: "Any value between the two, with equal probability. Use it when only limits are known.",
        mean: "(low + high) / 2",
        variance: "(high - low)² / 12",
    },
    FamilyDoc {
        name: "uniform_int",
        form: "uniform_int(low, high)",
        parameters: &[Same("low"), Same("high")],
        optional: 0,
        counts: true,
        doc: "Each whole number from `low` to `high`, inclusive, with equal probability.",
        mean: "(low + high) / 2",
        variance: "((high - low + 1)² - 1) / 12",
    },
    FamilyDoc {
        name: "triangular",
        form: "triangular(low, mode, high)",
        parameters: &[Same("low"), Same("mode"), Same("high")],
        optional: 0,
        counts: false,
        doc: "Least, most likely, greatest.",
        mean: "(low + mode + high) / 3",
        variance: "(low² + mode² + high² - low·mode - low·high - mode·high) / 18",
    },
    FamilyDoc {
        name: "pert",
        form: "pert(low, mode, high)",
        parameters: &[Same("low"), Same("mode"), Same("high")],
        optional: 0,
        counts: false,
        doc: "Like `triangular`, but smooth and closer to the most likely value.",
        mean: "(low + 4·mode + high) / 6",
        variance: "(mean - low)(high - mean) / 7",
    },
    FamilyDoc {
        name: "exponential",
        form: "exponential(mean)",
        parameters: &[Same("mean")],
        optional: 0,
        counts: false,
        doc: "Time between independent events.",
        mean: "mean",
        variance: "mean²",
    },
    FamilyDoc {
        name: "normal",
        form: "normal(mean, sd) or normal(mean, sd, low, high)",
        parameters: &[Same("mean"), Same("sd"), Same("low"), Same("high")],
        optional: 2,
        counts: false,
        doc: "The normal distribution, cut to [low, high]; by default cut at 0. `mean` and `sd` are those before the cut.",
        mean: "mean + sd·s, s = (φ(a) - φ(b)) / Z, a = (low - mean)/sd, b = (high - mean)/sd, Z = Φ(b) - Φ(a)",
        variance: "sd²·(1 + (a·φ(a) - b·φ(b)) / Z - s²)",
    },
    FamilyDoc {
        name: "lognormal",
        form: "lognormal(mean, sd)",
        parameters: &[Same("mean"), Same("sd")],
        optional: 0,
        counts: false,
        doc: "Its logarithm is normal; `mean` and `sd` are those of the quantity itself.",
        mean: "mean",
        variance: "sd²",
    },
    FamilyDoc {
        name: "gamma",
        form: "gamma(mean, sd)",
        parameters: &[Same("mean"), Same("sd")],
        optional: 0,
        counts: false,
        doc: "Shape (mean/sd)², scale sd²/mean.",
        mean: "mean",
        variance: "sd²",
    },
    FamilyDoc {
        name: "erlang",
        form: "erlang(k, mean)",
        parameters: &[Plain("k"), Same("mean")],
        optional: 0,
        counts: false,
        doc: "The sum of `k` equal exponential stages.",
        mean: "mean",
        variance: "mean² / k",
    },
    FamilyDoc {
        name: "weibull",
        form: "weibull(shape, scale)",
        parameters: &[Plain("shape"), Same("scale")],
        optional: 0,
        counts: false,
        doc: "Lifetimes: a shape below 1 means early failures, above 1 wear.",
        mean: "scale·Γ(1 + 1/shape)",
        variance: "scale²·(Γ(1 + 2/shape) - Γ(1 + 1/shape)²)",
    },
    FamilyDoc {
        name: "poisson",
        form: "poisson(mean)",
        parameters: &[Same("mean")],
        optional: 0,
        counts: true,
        doc: "Number of independent events.",
        mean: "mean",
        variance: "mean",
    },
    FamilyDoc {
        name: "discrete",
        form: "discrete(value: weight, …)",
        parameters: &[],
        optional: 0,
        counts: false,
        doc: "One of the listed values, by weight. Weights are scaled to sum to 1.",
        mean: "Σ w·value",
        variance: "Σ w·(value - mean)²",
    },
    FamilyDoc {
        name: "empirical",
        form: "empirical(\"file.csv\", \"column\", unit)",
        parameters: &[],
        optional: 0,
        counts: false,
        doc: "One of the values in a column of a CSV file, with equal weight. The path is relative to the gateway file; for a number, leave out the unit.",
        mean: "mean of the column",
        variance: "variance of the column (divided by n)",
    },
];
