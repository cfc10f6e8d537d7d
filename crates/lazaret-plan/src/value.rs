//! A value of a setting as a number with its unit, so that "1 d" is twice "12 h" and not a twelfth of it.

use lazaret_gateway::model::Dimension;
use lazaret_gateway::quantity::amount;

/// One number of the gateway file with what it measures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Value {
    /// In base units: seconds, kilograms, or plain.
    pub number: f64,
    /// What it measures; none if it has no unit.
    pub dimension: Option<Dimension>,
}

impl Value {
    /// Reads a value as TOML writes it: `12`, `"12 h"`, `"1 d 12 h"`, `"25 %"`.
    ///
    /// # Errors
    /// A message if it is anything but one number, such as a distribution, a list, or true.
    pub fn parse(toml: &str) -> Result<Self, String> {
        let text = toml.trim();
        let quoted = ['"', '\'']
            .into_iter()
            .find_map(|q| text.strip_prefix(q)?.strip_suffix(q));
        let text = quoted.unwrap_or(text);
        let (number, dimension) =
            amount(text).map_err(|why| format!("`{text}` is not a number: {why}"))?;
        Ok(Value { number, dimension })
    }

    /// How many of `unit` it is; a value without a unit is a number of whatever is counted.
    ///
    /// # Errors
    /// A message if the unit measures something else.
    pub fn in_units_of(self, unit: &str) -> Result<f64, String> {
        if unit.is_empty() {
            return match self.dimension {
                None | Some(Dimension::Number) => Ok(self.number),
                Some(other) => Err(format!("it is {}, name a unit", word(Some(other)))),
            };
        }
        let (one, dimension) = amount(&format!("1 {unit}"))?;
        let plain = |d: Option<Dimension>| d.unwrap_or(Dimension::Number);
        if plain(dimension) == plain(self.dimension) {
            Ok(self.number / one)
        } else {
            Err(format!(
                "it is {}, and `{unit}` measures {}",
                word(self.dimension),
                word(dimension)
            ))
        }
    }

    /// The unit in which a value of this kind is counted unless another is named: hours, kilograms, or nothing.
    #[must_use]
    pub fn usual_unit(self) -> &'static str {
        match self.dimension {
            None | Some(Dimension::Number) => "",
            Some(Dimension::Duration) => "h",
            Some(Dimension::Mass) => "kg",
        }
    }
}

/// The unit that is written last in a value, or nothing.
#[must_use]
pub fn unit_written(toml: &str) -> &str {
    let text = toml.trim().trim_matches(['"', '\'']);
    let number = |c: char| c.is_ascii_digit() || matches!(c, '.' | '_' | ' ');
    text.rfind(number).map_or("", |at| text[at + 1..].trim())
}

fn word(dimension: Option<Dimension>) -> &'static str {
    match dimension {
        None | Some(Dimension::Number) => "a number",
        Some(Dimension::Duration) => "a duration",
        Some(Dimension::Mass) => "a mass",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_keeps_its_unit() {
        let hours = |text: &str| Value::parse(text).unwrap().in_units_of("h").unwrap();
        assert_eq!(hours("\"1 d\""), 24.0);
        assert_eq!(hours("\"12 h\""), 12.0);
        assert_eq!(hours("'1 d 12 h'"), 36.0);
        assert_eq!(hours("\"90min\""), 1.5);
        let plain = |text: &str| Value::parse(text).unwrap().in_units_of("").unwrap();
        assert_eq!(
            (plain("1_000"), plain("-2.5"), plain("\"25 %\"")),
            (1000.0, -2.5, 0.25)
        );
        assert_eq!(
            Value::parse("\"2 t\"").unwrap().in_units_of("kg"),
            Ok(2000.0)
        );
    }

    #[test]
    fn what_is_not_one_number_is_an_error_and_not_nothing() {
        for text in [
            "true",
            "\"exponential(30 min)\"",
            "[1, 2]",
            "\"06:00-18:00\"",
            "nan",
            "inf",
            "\"\"",
            "\"12 parsecs\"",
            "\"12 h 3\"",
        ] {
            assert!(Value::parse(text).is_err(), "{text}");
        }
        let day = Value::parse("\"1 d\"").unwrap();
        assert!(day.in_units_of("kg").unwrap_err().contains("a duration"));
        assert!(day.in_units_of("").unwrap_err().contains("name a unit"));
        assert!(Value::parse("3").unwrap().in_units_of("h").is_err());
    }

    #[test]
    fn the_unit_written_is_found() {
        for (text, unit) in [
            ("\"12 h\"", "h"),
            ("\"90min\"", "min"),
            ("7", ""),
            ("\"1.5 d\"", "d"),
        ] {
            assert_eq!(unit_written(text), unit);
        }
    }
}
