//! How a file writes a number, duration or mass: `"36 h"`, `"uniform(24 h, 48 h)"`, `"clean_time"`.

mod families;

use std::ops::Range;
use std::sync::Arc;

use lazaret_vocabulary::near::suggestion;

use crate::model::{Dimension, Family, Quantity, Term, UnknownIx};
use lazaret_vocabulary::time::{TIME_UNITS, seconds_per};

pub use families::{FAMILIES, FamilyDoc, Parameter};

/// What is wrong with the text of a quantity, in bytes of that text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) range: Range<usize>,
    pub(crate) help: Option<String>,
}

impl Problem {
    fn new(code: &'static str, range: Range<usize>, message: impl Into<String>) -> Self {
        Problem {
            code,
            message: message.into(),
            range,
            help: None,
        }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token<'t> {
    Number(f64),
    Word(&'t str),
    Quoted(&'t str),
    Sign(char),
}

type Tokens<'t> = Vec<(Token<'t>, Range<usize>)>;

fn tokens(text: &str) -> Result<Tokens<'_>, Problem> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let first = rest.chars().next().unwrap_or(' ');
        let start = at;
        if first.is_whitespace() {
            at += first.len_utf8();
        } else if first.is_ascii_digit()
            || (matches!(first, '.' | '-' | '+')
                && rest[1..].starts_with(|c: char| c.is_ascii_digit() || c == '.'))
        {
            at += 1;
            while at < text.len() {
                let byte = bytes[at];
                let exponent = matches!(byte, b'e' | b'E')
                    && (bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
                        || (matches!(bytes.get(at + 1), Some(b'-' | b'+'))
                            && bytes.get(at + 2).is_some_and(u8::is_ascii_digit)));
                if byte.is_ascii_digit() || byte == b'.' || byte == b'_' {
                    at += 1;
                } else if exponent {
                    at += 2;
                } else {
                    break;
                }
            }
            let digits: String = text[start..at].chars().filter(|&c| c != '_').collect();
            let value: f64 = digits.parse().map_err(|_| {
                Problem::new(
                    "quantity",
                    start..at,
                    format!("`{}` is not a number", &text[start..at]),
                )
            })?;
            if !value.is_finite() {
                return Err(Problem::new(
                    "out-of-range",
                    start..at,
                    format!("`{}` is too large a number", &text[start..at]),
                ));
            }
            out.push((Token::Number(value), start..at));
        } else if first.is_alphabetic() || first == '_' {
            // A word behind a number is its unit, and may touch the next number: `1h30min`.
            let unit = matches!(out.last(), Some((Token::Number(_), _)));
            at += rest
                .find(|c: char| {
                    !(c.is_alphabetic() || !unit && (c.is_alphanumeric() || c == '_' || c == '-'))
                })
                .unwrap_or(rest.len())
                .max(first.len_utf8());
            out.push((Token::Word(&text[start..at]), start..at));
        } else if first == '"' || first == '\'' {
            let Some(end) = rest[1..].find(first) else {
                return Err(Problem::new(
                    "quantity",
                    start..text.len(),
                    "this quoted text does not end",
                ));
            };
            at += end + 2;
            out.push((Token::Quoted(&text[start + 1..at - 1]), start..at));
        } else if matches!(first, '(' | ')' | ',' | ':' | '%' | '-' | '+') {
            at += 1;
            out.push((Token::Sign(first), start..at));
        } else {
            return Err(Problem::new(
                "quantity",
                start..start + first.len_utf8(),
                format!("`{first}` has no meaning in a quantity"),
            )
            .help("write a number with its unit, a distribution such as \"uniform(24 h, 48 h)\", or the name of an unknown"));
        }
    }
    Ok(out)
}

/// A number with its unit as written.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Amount {
    /// In base units.
    value: f64,
    /// What its unit measures; none if it has no unit.
    dimension: Option<Dimension>,
}

#[derive(Clone, Debug, PartialEq)]
enum Argument<'t> {
    Amount(Amount),
    Name(&'t str),
    Quoted(&'t str),
    Pair(Amount, f64),
}

/// What a quantity may refer to.
pub(crate) struct Scope<'s> {
    /// The unknowns so far, by name, with what they measure.
    pub(crate) unknowns: &'s dyn Fn(&str) -> Option<(UnknownIx, Dimension)>,
    /// Names of all unknowns, for suggestions.
    pub(crate) names: &'s [String],
    /// The values of a column of a CSV file.
    pub(crate) column: &'s mut ColumnOf<'s>,
}

/// Gives the values of a column, times a factor, in ascending order: file, column, factor.
pub(crate) type ColumnOf<'s> = dyn FnMut(&str, &str, f64) -> Result<Arc<[f64]>, String> + 's;

/// The unit of one mass.
fn kilograms_per(unit: &str) -> Option<f64> {
    match unit {
        "kg" => Some(1.0),
        "t" => Some(1_000.0),
        "g" => Some(0.001),
        _ => None,
    }
}

fn unit_of(word: &str) -> Option<(Dimension, f64)> {
    seconds_per(word)
        .map(|s| (Dimension::Duration, s))
        .or_else(|| kilograms_per(word).map(|kg| (Dimension::Mass, kg)))
}

/// A word for a dimension, with an article.
pub(crate) fn dimension_word(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Number => "a number",
        Dimension::Duration => "a duration",
        Dimension::Mass => "a mass",
    }
}

/// An example of a dimension.
pub(crate) fn dimension_example(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Number => "12",
        Dimension::Duration => "\"36 h\"",
        Dimension::Mass => "\"800 kg\"",
    }
}

struct Parser<'t> {
    text: &'t str,
    tokens: Tokens<'t>,
    at: usize,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> Option<&Token<'t>> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    fn range(&self) -> Range<usize> {
        self.tokens
            .get(self.at)
            .map_or(self.text.len()..self.text.len(), |(_, range)| range.clone())
    }

    fn take_sign(&mut self, sign: char) -> bool {
        let found = self.peek() == Some(&Token::Sign(sign));
        if found {
            self.at += 1;
        }
        found
    }

    /// `1 h 30 min`, `25 %`, `12`.
    fn amount(&mut self) -> Result<(Amount, Range<usize>), Problem> {
        let start = self.range().start;
        let mut end = start;
        let mut total = 0.0;
        let mut dimension = None;
        let mut parts = 0;
        while let Some(&Token::Number(number)) = self.peek() {
            let number_range = self.range();
            self.at += 1;
            end = number_range.end;
            let mut value = number;
            let mut own = None;
            if self.take_sign('%') {
                end = self.tokens[self.at - 1].1.end;
                own = Some(Dimension::Number);
                value = number / 100.0;
            } else if let Some(&Token::Word(word)) = self.peek() {
                let unit_range = self.range();
                let Some((unit_dimension, per)) = unit_of(word) else {
                    let units = TIME_UNITS
                        .iter()
                        .map(|&(name, _)| name)
                        .chain(["kg", "t", "g"]);
                    let help = match word.to_lowercase().as_str() {
                        "y" | "yr" | "year" | "years" | "a" => {
                            "write days: a year is 365 d".to_string()
                        }
                        "month" | "months" | "mo" | "m" => {
                            "write days, such as 30 d, or `min` for minutes".to_string()
                        }
                        _ => suggestion(word, units)
                            .filter(|_| word.len() > 1)
                            .unwrap_or_else(|| {
                                "units of time are s, min, h, d and w; of mass g, kg and t"
                                    .to_string()
                            }),
                    };
                    return Err(Problem::new(
                        "unknown-unit",
                        unit_range,
                        format!("`{word}` is not a unit"),
                    )
                    .help(help));
                };
                self.at += 1;
                end = unit_range.end;
                own = Some(unit_dimension);
                value = number * per;
            }
            if parts > 0 && (own != dimension || own.is_none()) {
                return Err(Problem::new(
                    "quantity",
                    number_range.start..end,
                    "these parts cannot be added up",
                )
                .help("write parts of one kind with their units, such as \"1 h 30 min\""));
            }
            if parts > 0 && (value < 0.0 || total < 0.0) {
                return Err(Problem::new(
                    "negative",
                    number_range.start..end,
                    "a part cannot be negative",
                ));
            }
            total += value;
            dimension = own;
            parts += 1;
        }
        if parts == 0 {
            return Err(Problem::new(
                "quantity",
                self.range(),
                "a number is expected here",
            ));
        }
        Ok((
            Amount {
                value: total,
                dimension,
            },
            start..end,
        ))
    }

    fn argument(&mut self) -> Result<(Argument<'t>, Range<usize>), Problem> {
        let range = self.range();
        match self.peek() {
            Some(&Token::Word(word)) => {
                self.at += 1;
                if matches!(
                    word.to_ascii_lowercase().as_str(),
                    "nan" | "inf" | "infinity"
                ) {
                    return Err(Problem::new(
                        "out-of-range",
                        range,
                        format!("`{word}` is not a valid number"),
                    ));
                }
                Ok((Argument::Name(word), range))
            }
            Some(&Token::Quoted(text)) => {
                self.at += 1;
                Ok((Argument::Quoted(text), range))
            }
            Some(Token::Number(_)) => {
                let (amount, range) = self.amount()?;
                if self.take_sign(':') {
                    let (weight, weight_range) = self.amount()?;
                    if weight.dimension.is_some_and(|d| d != Dimension::Number) {
                        return Err(Problem::new(
                            "wrong-unit",
                            weight_range,
                            "a weight has no unit",
                        ));
                    }
                    if weight.value < 0.0 {
                        return Err(Problem::new(
                            "negative",
                            weight_range,
                            "a weight cannot be negative",
                        ));
                    }
                    return Ok((
                        Argument::Pair(amount, weight.value),
                        range.start..weight_range.end,
                    ));
                }
                Ok((Argument::Amount(amount), range))
            }
            Some(&Token::Sign(sign)) => Err(Problem::new(
                "quantity",
                range,
                format!("a number or name is expected here, not `{sign}`"),
            )),
            None => Err(Problem::new(
                "quantity",
                range,
                "this quantity is incomplete",
            )),
        }
    }

    fn end(&self) -> Result<(), Problem> {
        if self.at < self.tokens.len() {
            let range = self.range().start..self.text.len();
            let rest = &self.text[range.clone()];
            let decimal = rest
                .strip_prefix(',')
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
            let problem = Problem::new("quantity", range, format!("`{rest}` is not expected here"));
            return Err(if decimal {
                problem.help("write decimals with a point, such as 1.5")
            } else {
                problem
            });
        }
        Ok(())
    }
}

/// Reads one amount: a number with or without its unit, or parts that add up, such as `1 h 30 min`.
///
/// Gives it in seconds, kilograms or plain, with what its unit measures; none if it has no unit.
///
/// # Errors
/// A message that says what is wrong, and what to write instead.
pub fn amount(text: &str) -> Result<(f64, Option<Dimension>), String> {
    let told = |problem: Problem| match problem.help {
        Some(help) => format!("{}; {help}", problem.message),
        None => problem.message,
    };
    let mut parser = Parser {
        text,
        tokens: tokens(text).map_err(told)?,
        at: 0,
    };
    let (amount, _) = parser.amount().map_err(told)?;
    parser.end().map_err(told)?;
    Ok((amount.value, amount.dimension))
}

/// Reads the quantity that `text` writes.
///
/// * `expected` — what it must measure; none to take it from its units.
pub(crate) fn parse(
    text: &str,
    expected: Option<Dimension>,
    scope: &mut Scope<'_>,
) -> Result<Quantity, Problem> {
    let mut parser = Parser {
        text,
        tokens: tokens(text)?,
        at: 0,
    };
    if parser.tokens.is_empty() {
        return Err(Problem::new(
            "quantity",
            0..text.len(),
            "this quantity is empty",
        ));
    }
    let is_call = matches!(
        parser.tokens.get(..2),
        Some([(Token::Word(_), _), (Token::Sign('('), _)])
    );
    if !is_call {
        let (argument, range) = parser.argument()?;
        parser.end()?;
        let dimension = match (&argument, expected) {
            (_, Some(dimension)) => dimension,
            (Argument::Amount(amount), None) => amount.dimension.unwrap_or(Dimension::Number),
            _ => Dimension::Number,
        };
        let term = term(&argument, range, dimension, scope)?;
        return Ok(Quantity {
            dimension,
            family: Family::Constant,
            terms: vec![term],
        });
    }

    let (Token::Word(name), name_range) = parser.tokens[0].clone() else {
        unreachable!("a distribution begins with its name")
    };
    let Some(family) = FAMILIES.iter().find(|family| family.name == name) else {
        let help =
            suggestion(name, FAMILIES.iter().map(|family| family.name)).unwrap_or_else(|| {
                let names: Vec<_> = FAMILIES.iter().map(|family| family.name).collect();
                format!("known are {}", names.join(", "))
            });
        return Err(Problem::new(
            "unknown-distribution",
            name_range,
            format!("`{name}` is not a distribution"),
        )
        .help(help));
    };
    parser.at = 2;
    let open = parser.tokens[1].1.clone();
    let mut arguments = Vec::new();
    if !parser.take_sign(')') {
        loop {
            arguments.push(parser.argument()?);
            if parser.take_sign(')') {
                break;
            }
            if !parser.take_sign(',') {
                let range = parser.range();
                let problem = if parser.peek().is_none() {
                    Problem::new("quantity", open, "this bracket is not closed")
                } else {
                    Problem::new("quantity", range, "a comma or `)` is expected here")
                };
                return Err(problem.help(format!("write {}", family.form)));
            }
        }
    }
    let call_range = name_range.start..parser.tokens[parser.at - 1].1.end;
    parser.end()?;
    if family.name == "empirical" {
        return empirical(&arguments, call_range, expected, scope);
    }
    let dimension = expected
        .or_else(|| stated_dimension(family, &arguments, scope))
        .unwrap_or(Dimension::Number);
    if family.counts && dimension != Dimension::Number {
        return Err(Problem::new(
            "wrong-unit",
            call_range,
            format!(
                "{} counts things, but {} is expected here",
                family.name,
                dimension_word(dimension)
            ),
        )
        .help("use another distribution, such as uniform or triangular"));
    }
    if family.name == "discrete" {
        return discrete(&arguments, call_range, dimension);
    }
    let most = family.parameters.len();
    let given = arguments.len();
    if given != most && given != most - family.optional {
        return Err(Problem::new(
            "wrong-arguments",
            call_range,
            format!(
                "{} is given {given} parameter{}",
                family.name,
                if given == 1 { "" } else { "s" }
            ),
        )
        .help(format!("write {}", family.form)));
    }
    let mut terms = Vec::with_capacity(given);
    for ((argument, range), parameter) in arguments.iter().zip(family.parameters) {
        let own = match parameter {
            Parameter::Same(_) => dimension,
            Parameter::Plain(_) => Dimension::Number,
        };
        terms.push(term(argument, range.clone(), own, scope)?);
    }
    let family_of = match family.name {
        "uniform" => Family::Uniform,
        "uniform_int" => Family::UniformInt,
        "triangular" => Family::Triangular,
        "pert" => Family::Pert,
        "exponential" => Family::Exponential,
        "normal" => Family::Normal,
        "lognormal" => Family::LogNormal,
        "gamma" => Family::Gamma,
        "erlang" => Family::Erlang,
        "weibull" => Family::Weibull,
        _ => Family::Poisson,
    };
    let whole_only: &[usize] = match family.name {
        "uniform_int" => &[0, 1],
        "erlang" => &[0],
        _ => &[],
    };
    for &i in whole_only {
        if let Term::Value(value) = terms[i]
            && value.fract() != 0.0
        {
            return Err(Problem::new(
                "out-of-range",
                arguments[i].1.clone(),
                format!("{value} is not a whole number"),
            ));
        }
    }
    Ok(Quantity {
        dimension,
        family: family_of,
        terms,
    })
}

fn stated_dimension(
    family: &FamilyDoc,
    arguments: &[(Argument<'_>, Range<usize>)],
    scope: &Scope<'_>,
) -> Option<Dimension> {
    let plain = |i: usize| matches!(family.parameters.get(i), Some(Parameter::Plain(_)));
    arguments
        .iter()
        .enumerate()
        .filter(|&(i, _)| !plain(i))
        .find_map(|(_, (argument, _))| match argument {
            Argument::Amount(amount) | Argument::Pair(amount, _) => amount.dimension,
            Argument::Name(name) => (scope.unknowns)(name).map(|(_, dimension)| dimension),
            Argument::Quoted(_) => None,
        })
}

fn term(
    argument: &Argument<'_>,
    range: Range<usize>,
    dimension: Dimension,
    scope: &Scope<'_>,
) -> Result<Term, Problem> {
    match *argument {
        Argument::Amount(amount) => Ok(Term::Value(in_dimension(amount, range, dimension)?)),
        Argument::Name(name) => {
            let Some((unknown, own)) = (scope.unknowns)(name) else {
                return Err(unknown_name(name, range, dimension, scope.names));
            };
            if own != dimension {
                return Err(Problem::new(
                    "wrong-unit",
                    range,
                    format!(
                        "`{name}` is {}, but {} is expected here",
                        dimension_word(own),
                        dimension_word(dimension)
                    ),
                ));
            }
            Ok(Term::Unknown(unknown))
        }
        Argument::Quoted(text) => Err(Problem::new(
            "quantity",
            range,
            format!("a number or name is expected here, not the text `{text}`"),
        )),
        Argument::Pair(..) => Err(Problem::new(
            "quantity",
            range,
            "only discrete takes `value: weight`",
        )),
    }
}

fn unknown_name(
    name: &str,
    range: Range<usize>,
    dimension: Dimension,
    names: &[String],
) -> Problem {
    if names.iter().any(|known| known == name) {
        return Problem::new(
            "known-only",
            range,
            format!("`{name}` is an unknown, but this quantity must be known"),
        );
    }
    let problem = Problem::new(
        "unknown-name",
        range,
        format!("`{name}` is neither a number nor one of the unknowns"),
    );
    if FAMILIES.iter().any(|family| family.name == name) {
        return problem.help(format!("a distribution needs its parameters: {name}(…)"));
    }
    match suggestion(name, names.iter().map(String::as_str)) {
        Some(question) => problem.help(question),
        None => problem.help(format!(
            "write {} such as {}, a distribution such as \"uniform(…)\", or give it under [unknown]",
            dimension_word(dimension),
            dimension_example(dimension)
        )),
    }
}

fn in_dimension(amount: Amount, range: Range<usize>, dimension: Dimension) -> Result<f64, Problem> {
    let own = amount.dimension.unwrap_or(Dimension::Number);
    // Nothing is nothing in any unit.
    if own == dimension || (amount.dimension.is_none() && amount.value == 0.0) {
        return Ok(amount.value);
    }
    Err(match (amount.dimension, dimension) {
        (None, Dimension::Duration) => {
            Problem::new("missing-unit", range, "this duration has no unit")
                .help(format!("write \"{0} h\" or \"{0} d\"", amount.value))
        }
        (None, _) => Problem::new("missing-unit", range, "this mass has no unit")
            .help(format!("write \"{0} kg\" or \"{0} t\"", amount.value)),
        (Some(_), Dimension::Number) => Problem::new(
            "wrong-unit",
            range,
            format!("a plain number is expected, not {}", dimension_word(own)),
        )
        .help("leave the unit out"),
        (Some(_), _) => Problem::new(
            "wrong-unit",
            range,
            format!(
                "{} is given where {} is expected",
                dimension_word(own),
                dimension_word(dimension)
            ),
        ),
    })
}

fn discrete(
    arguments: &[(Argument<'_>, Range<usize>)],
    call: Range<usize>,
    dimension: Dimension,
) -> Result<Quantity, Problem> {
    let mut pairs = Vec::new();
    for (argument, range) in arguments {
        let Argument::Pair(amount, weight) = argument else {
            return Err(Problem::new(
                "wrong-arguments",
                range.clone(),
                "`value: weight` is expected here",
            )
            .help("write discrete(15: 0.2, 18: 0.8)"));
        };
        let value_end = range.end;
        pairs.push((
            in_dimension(*amount, range.start..value_end, dimension)?,
            *weight,
        ));
    }
    let total: f64 = pairs.iter().map(|&(_, weight)| weight).sum();
    if pairs.is_empty() || !(total > 0.0 && total.is_finite()) {
        return Err(Problem::new(
            "wrong-arguments",
            call,
            "discrete needs at least one value with a weight above zero",
        )
        .help("write discrete(15: 0.2, 18: 0.8)"));
    }
    pairs.retain(|&(_, weight)| weight > 0.0);
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut cumulative = 0.0;
    let last = pairs.len() - 1;
    let table: Vec<(f64, f64)> = pairs
        .iter()
        .enumerate()
        .map(|(i, &(value, weight))| {
            cumulative += weight / total;
            (value, if i == last { 1.0 } else { cumulative })
        })
        .collect();
    Ok(Quantity {
        dimension,
        family: Family::Discrete(table.into()),
        terms: Vec::new(),
    })
}

fn empirical(
    arguments: &[(Argument<'_>, Range<usize>)],
    call: Range<usize>,
    expected: Option<Dimension>,
    scope: &mut Scope<'_>,
) -> Result<Quantity, Problem> {
    let wrong = |range: Range<usize>, message: &str| {
        Problem::new("wrong-arguments", range, message)
            .help("write empirical('file.csv', 'column', h); a plain number has no unit")
    };
    let (file, column, unit) = match arguments {
        [(Argument::Quoted(file), _), (Argument::Quoted(column), _)] => (*file, *column, None),
        [
            (Argument::Quoted(file), _),
            (Argument::Quoted(column), _),
            (Argument::Name(unit), range),
        ] => (*file, *column, Some((*unit, range.clone()))),
        _ => return Err(wrong(call, "empirical takes a file, a column and a unit")),
    };
    let (own, per) = match &unit {
        None => (Dimension::Number, 1.0),
        Some((unit, range)) => {
            unit_of(unit).ok_or_else(|| wrong(range.clone(), &format!("`{unit}` is not a unit")))?
        }
    };
    let dimension = expected.unwrap_or(own);
    if own != dimension {
        return Err(Problem::new(
            if unit.is_none() {
                "missing-unit"
            } else {
                "wrong-unit"
            },
            call,
            match unit {
                None => format!(
                    "these values have no unit, but {} is expected here",
                    dimension_word(dimension)
                ),
                Some(_) => format!(
                    "these values are each {}, but {} is expected here",
                    dimension_word(own),
                    dimension_word(dimension)
                ),
            },
        )
        .help("write empirical('file.csv', 'column', h); a plain number has no unit"));
    }
    let values = (scope.column)(file, column, per)
        .map_err(|message| Problem::new("csv", call.clone(), message))?;
    Ok(Quantity {
        dimension,
        family: Family::Empirical(values),
        terms: Vec::new(),
    })
}
