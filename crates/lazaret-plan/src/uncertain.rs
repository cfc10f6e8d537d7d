//! Uncertain inputs of the hazard and need models: a number, or a distribution written as in the gateway file.

use std::fmt;

use serde::Deserialize;
use thiserror::Error;

use crate::quantiles;

/// A quantity that may not be known exactly. Times are in days, temperatures in °C, shares plain.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Written")]
pub enum Uncertain {
    /// Known.
    Exactly(f64),
    /// Anything between the two, equally likely.
    Uniform(f64, f64),
    /// Least, most likely, greatest.
    Triangular(f64, f64, f64),
    /// Mean and standard deviation.
    Normal(f64, f64),
    /// Median, and the factor by which one standard deviation multiplies (above 1).
    LogNormal(f64, f64),
    /// Beta distribution of a share, by its two shapes.
    Beta(f64, f64),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Number(f64),
    Whole(i64),
    Text(String),
}

/// A text that is not a quantity.
#[derive(Clone, Debug, Error, PartialEq)]
#[error(
    "`{text}` is not a quantity: {why}; write a number with its unit such as `9.6 d`, or `uniform(9.6 d, 14.2 d)`, `triangular(1, 2, 4)`, `normal(9.6 d, 0.4 d)`, `lognormal(3, 1.5)`, `beta(20, 1)`"
)]
pub struct NotAQuantity {
    /// The text.
    pub text: String,
    /// What is wrong with it.
    pub why: String,
}

impl TryFrom<Written> for Uncertain {
    type Error = NotAQuantity;

    fn try_from(text: Written) -> Result<Self, NotAQuantity> {
        match text {
            Written::Number(x) => Ok(Uncertain::Exactly(x)),
            Written::Whole(x) => Ok(Uncertain::Exactly(x as f64)),
            Written::Text(t) => Uncertain::parse(&t),
        }
    }
}

impl Uncertain {
    /// Reads a number or a distribution.
    ///
    /// Units that may follow a number: `d`, `h`, `min`, `s` (turned into days), `C` or `°C`, `%` (turned into a share).
    ///
    /// # Errors
    /// [`NotAQuantity`].
    pub fn parse(text: &str) -> Result<Self, NotAQuantity> {
        let fail = |why: String| NotAQuantity {
            text: text.to_owned(),
            why,
        };
        let trimmed = text.trim();
        let Some(open) = trimmed.find('(') else {
            return number(trimmed).map(Uncertain::Exactly).map_err(fail);
        };
        let name = trimmed[..open].trim();
        let inner = trimmed[open + 1..]
            .strip_suffix(')')
            .ok_or_else(|| fail("a bracket is not closed".into()))?;
        let numbers = inner
            .split(',')
            .map(|part| number(part.trim()))
            .collect::<Result<Vec<f64>, _>>()
            .map_err(fail)?;
        let uncertain = match (name, numbers.as_slice()) {
            ("constant", [a]) => Uncertain::Exactly(*a),
            ("uniform", [a, b]) => Uncertain::Uniform(*a, *b),
            ("triangular", [a, m, b]) => Uncertain::Triangular(*a, *m, *b),
            ("normal", [m, s]) => Uncertain::Normal(*m, *s),
            ("lognormal", [m, f]) => Uncertain::LogNormal(*m, *f),
            ("beta", [a, b]) => Uncertain::Beta(*a, *b),
            _ => {
                return Err(fail(format!(
                    "`{name}` with {} numbers is not a known distribution",
                    numbers.len()
                )));
            }
        };
        let sound = match uncertain {
            Uncertain::Exactly(_) => true,
            Uncertain::Uniform(a, b) => a <= b,
            Uncertain::Triangular(a, m, b) => a <= m && m <= b,
            Uncertain::Normal(_, s) => s >= 0.0,
            Uncertain::LogNormal(m, f) => m > 0.0 && f >= 1.0,
            Uncertain::Beta(a, b) => a > 0.0 && b > 0.0,
        };
        if sound {
            Ok(uncertain)
        } else {
            Err(fail(
                "its numbers are in the wrong order or out of range".into(),
            ))
        }
    }

    /// The value at probability `u` of (0, 1).
    #[must_use]
    pub fn at(&self, u: f64) -> f64 {
        match *self {
            Uncertain::Exactly(x) => x,
            Uncertain::Uniform(a, b) => a + u * (b - a),
            Uncertain::Triangular(a, m, b) => {
                let width = b - a;
                if width <= 0.0 {
                    return a;
                }
                let peak = (m - a) / width;
                if u < peak {
                    a + (u * width * (m - a)).sqrt()
                } else {
                    b - ((1.0 - u) * width * (b - m)).sqrt()
                }
            }
            Uncertain::Normal(m, s) => m + s * quantiles::normal(u),
            Uncertain::LogNormal(m, f) => m * (f.ln() * quantiles::normal(u)).exp(),
            Uncertain::Beta(a, b) => quantiles::beta(u, a, b),
        }
    }

    /// True if the quantity is known.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        matches!(self, Uncertain::Exactly(_))
    }

    /// The least and the greatest value it can take (for a normal, four standard deviations out).
    #[must_use]
    pub fn ends(&self) -> (f64, f64) {
        match *self {
            Uncertain::Exactly(x) => (x, x),
            Uncertain::Uniform(a, b) | Uncertain::Triangular(a, _, b) => (a, b),
            Uncertain::Normal(m, s) => (m - 4.0 * s, m + 4.0 * s),
            Uncertain::LogNormal(m, f) => (m * f.powi(-4), m * f.powi(4)),
            Uncertain::Beta(..) => (0.0, 1.0),
        }
    }
}

impl fmt::Display for Uncertain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Uncertain::Exactly(x) => write!(f, "{x}"),
            Uncertain::Uniform(a, b) => write!(f, "uniform({a}, {b})"),
            Uncertain::Triangular(a, m, b) => write!(f, "triangular({a}, {m}, {b})"),
            Uncertain::Normal(m, s) => write!(f, "normal({m}, {s})"),
            Uncertain::LogNormal(m, s) => write!(f, "lognormal({m}, {s})"),
            Uncertain::Beta(a, b) => write!(f, "beta({a}, {b})"),
        }
    }
}

fn number(text: &str) -> Result<f64, String> {
    let split = text
        .char_indices()
        .find(|&(i, c)| {
            let exponent = matches!(c, 'e' | 'E')
                && text[i + 1..].starts_with(|d: char| d.is_ascii_digit() || d == '-' || d == '+');
            !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+') || exponent)
        })
        .map_or(text.len(), |(i, _)| i);
    let value: f64 = text[..split]
        .trim()
        .parse()
        .map_err(|_| format!("`{text}` does not start with a number"))?;
    if !value.is_finite() {
        return Err(format!("`{text}` is not a finite number"));
    }
    let factor = match text[split..].trim() {
        "" | "d" | "C" | "°C" => 1.0,
        "h" => 1.0 / 24.0,
        "min" => 1.0 / 1440.0,
        "s" => 1.0 / 86_400.0,
        "%" => 0.01,
        other => return Err(format!("`{other}` is not a known unit")),
    };
    Ok(value * factor)
}
