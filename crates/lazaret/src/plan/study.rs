//! The study file of `plan optimise` and `plan sweep`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lazaret_gateway::FILE_BYTES_MAX;
use lazaret_plan::Design;
use lazaret_plan::designs::{DESIGNS_MOST, Factor, Values, grid, latin_hypercube, sobol};
use lazaret_plan::questions::optimise::{AimOf, ByProbability, Price, Study};
use lazaret_plan::questions::size::Condition;
use serde::Deserialize;

use crate::input::{FileKind, Input, expect_kind, read_text, wrong_kind};
use crate::output::Failure;

/// The largest list of designs that is read, in bytes.
const LIST_BYTES_MAX: usize = 256 << 20;

/// A study file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StudyFile {
    /// The gateway file, beside the study file.
    pub(crate) gateway: PathBuf,
    /// Overrides of the gateway file that hold in every design.
    #[serde(default)]
    pub(crate) set: Vec<String>,
    /// Replications of each design.
    #[serde(default = "replications")]
    pub(crate) replications: u64,
    /// Seed of all random numbers.
    #[serde(default = "seed")]
    pub(crate) seed: u64,
    /// What is varied or decided, by path.
    #[serde(default)]
    pub(crate) vary: BTreeMap<String, Range>,
    /// Which designs a sweep runs.
    pub(crate) design: Option<DesignKind>,
    /// Aims of an optimisation, one or two.
    #[serde(default)]
    aim: Vec<AimEntry>,
    /// Prices of what is decided.
    #[serde(default)]
    price: Vec<Price>,
    /// Constraints of an optimisation.
    #[serde(default)]
    constraint: Vec<ConstraintEntry>,
    /// The difference in the first aim that matters.
    matters: Option<f64>,
    /// Probability of choosing right, and level of intervals.
    #[serde(default = "level")]
    level: f64,
    /// Most designs that an optimisation runs.
    #[serde(default = "designs")]
    designs: usize,
}

fn replications() -> u64 {
    200
}

fn seed() -> u64 {
    1
}

fn level() -> f64 {
    0.95
}

fn designs() -> usize {
    100
}

/// Values of one setting.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Range {
    from: Option<toml::Value>,
    to: Option<toml::Value>,
    unit: Option<String>,
    choice: Option<Vec<toml::Value>>,
}

/// Which designs a sweep runs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case", tag = "kind")]
pub(crate) enum DesignKind {
    /// Every combination.
    Grid {
        /// Values of each setting at most.
        levels: usize,
    },
    /// A Latin hypercube.
    Latin {
        /// Designs.
        count: usize,
    },
    /// Scrambled Sobol points.
    Sobol {
        /// Designs.
        count: usize,
    },
    /// One design a line of a CSV file whose header names the paths.
    List {
        /// The file, beside the study file.
        file: PathBuf,
    },
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AimEntry {
    metric: String,
    #[serde(default)]
    maximise: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConstraintEntry {
    so_that: String,
    with: f64,
}

/// A study file with where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Read {
    pub(crate) file: StudyFile,
    pub(crate) text: String,
    folder: PathBuf,
    name: String,
}

impl Read {
    /// Reads a study file.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let text = read_text(path, FILE_BYTES_MAX).map_err(Failure::BadInput)?;
        expect_kind(&name, &text, FileKind::Study)?;
        let file: StudyFile = toml::from_str(&text)
            .map_err(|e| Failure::BadInput(wrong_kind(&name, &text, FileKind::Study, &e)))?;
        let read = Read {
            file,
            text,
            folder: path.parent().unwrap_or(Path::new(".")).to_owned(),
            name,
        };
        let f = &read.file;
        if f.replications < 1 || f.replications > 100_000_000 {
            return Err(read.wrong("`replications` must lie between 1 and 100,000,000"));
        }
        if !(f.level > 0.0 && f.level < 1.0) {
            return Err(read.wrong("`level` must lie strictly between 0 and 1"));
        }
        Ok(read)
    }

    fn wrong(&self, message: &str) -> Failure {
        Failure::BadInput(format!("{}: {message}", self.name))
    }

    /// The gateway file with the study's overrides.
    pub(crate) fn input(&self) -> Input {
        Input {
            file: self.folder.join(&self.file.gateway),
            set: self.file.set.clone(),
        }
    }

    fn factors(&self) -> Result<Vec<Factor>, Failure> {
        self.file
            .vary
            .iter()
            .map(|(path, range)| {
                let values =
                    values(range).map_err(|e| self.wrong(&format!("[vary] `{path}`: {e}")))?;
                Ok(Factor {
                    path: path.clone(),
                    values,
                })
            })
            .collect()
    }

    /// The designs of a sweep.
    pub(crate) fn sweep_designs(&self) -> Result<Vec<Design>, Failure> {
        let kind = self.file.design.as_ref().ok_or_else(|| {
            self.wrong("state which designs to run, such as [design] kind = \"grid\", levels = 5")
        })?;
        if let DesignKind::List { file } = kind {
            return self.list(&self.folder.join(file));
        }
        let factors = self.factors()?;
        let designs = match kind {
            DesignKind::Grid { levels } => grid(&factors, *levels),
            DesignKind::Latin { count } => latin_hypercube(&factors, *count, self.file.seed),
            DesignKind::Sobol { count } => sobol(&factors, *count, self.file.seed),
            DesignKind::List { .. } => unreachable!("handled above"),
        };
        designs.map_err(|e| self.wrong(&e.to_string()))
    }

    /// Designs from a CSV file: the header names paths, an empty cell changes nothing.
    fn list(&self, path: &Path) -> Result<Vec<Design>, Failure> {
        let shown = path.display();
        let bad = |e: String| Failure::BadInput(format!("{shown}: {e}"));
        let text = read_text(path, LIST_BYTES_MAX).map_err(Failure::BadInput)?;
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().map_err(|e| bad(e.to_string()))?.clone();
        if let Some(i) =
            (1..header.len()).find(|&i| header.iter().take(i).any(|h| h.trim() == header[i].trim()))
        {
            return Err(bad(format!(
                "the column `{}` appears twice; remove one",
                header[i].trim()
            )));
        }
        let mut designs = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|e| bad(e.to_string()))?;
            if designs.len() == DESIGNS_MOST {
                return Err(bad(format!(
                    "the list exceeds the limit of {DESIGNS_MOST} designs"
                )));
            }
            designs.push(
                header
                    .iter()
                    .zip(&record)
                    .filter(|(_, v)| !v.trim().is_empty())
                    .fold(Design::base(), |d, (path, value)| {
                        d.with(path.trim(), as_toml(value.trim()))
                    }),
            );
        }
        if designs.is_empty() {
            return Err(bad("the list holds no design".into()));
        }
        Ok(designs)
    }

    /// The optimisation that the file describes.
    pub(crate) fn optimisation(&self) -> Result<Study, Failure> {
        let f = &self.file;
        let aims: Vec<AimOf> = f
            .aim
            .iter()
            .map(|a| AimOf {
                metric: a.metric.clone(),
                minimise: !a.maximise,
            })
            .collect();
        let constraints = f
            .constraint
            .iter()
            .map(|c| {
                if !(c.with > 0.0 && c.with < 1.0) {
                    return Err(
                        self.wrong("`with` of a constraint must lie strictly between 0 and 1")
                    );
                }
                let condition = Condition::parse(&c.so_that).map_err(|e| self.wrong(&e))?;
                Ok(ByProbability {
                    condition,
                    probability: c.with,
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        let matters = match (f.matters, aims.first()) {
            (Some(m), _) if m > 0.0 => m,
            (None, Some(a)) if a.metric == "cost" || aims.len() == 2 => 1e-9,
            _ => {
                return Err(self.wrong(
                    "state with `matters = X` which difference in the first aim matters: a positive number in its unit",
                ));
            }
        };
        Ok(Study {
            decisions: self.factors()?,
            aims,
            prices: f.price.clone(),
            constraints,
            matters,
            level: f.level,
            replications: f.replications,
            designs: f.designs,
            seed: f.seed,
        })
    }
}

fn values(range: &Range) -> Result<Values, String> {
    match (&range.from, &range.to, &range.choice) {
        (None, None, Some(all)) => Ok(Values::Choice(
            all.iter().map(ToString::to_string).collect(),
        )),
        (Some(toml::Value::Integer(low)), Some(toml::Value::Integer(high)), None)
            if range.unit.is_none() =>
        {
            Ok(Values::Integer(*low, *high))
        }
        (Some(low), Some(high), None) => {
            let number =
                |v: &toml::Value| v.as_float().or_else(|| v.as_integer().map(|i| i as f64));
            match (number(low), number(high)) {
                (Some(low), Some(high)) => Ok(Values::Real(
                    low,
                    high,
                    range.unit.clone().unwrap_or_default(),
                )),
                _ => Err(
                    "`from` and `to` must be numbers; give the unit separately: { from = 10, to = 40, unit = \"min\" }"
                        .into(),
                ),
            }
        }
        _ => Err(
            "write { from = 10, to = 20 }, with a unit if it has one, or { choice = [ … ] }".into(),
        ),
    }
}

/// A cell of a CSV file as TOML: numbers, true and false as they are, all else as text.
fn as_toml(cell: &str) -> String {
    if cell.parse::<f64>().is_ok_and(f64::is_finite)
        || cell == "true"
        || cell == "false"
        || cell.starts_with(['"', '[', '{'])
    {
        cell.to_owned()
    } else {
        toml::Value::String(cell.to_owned()).to_string()
    }
}

#[cfg(test)]
mod tests {
    use lazaret_plan::questions::hold::file::{
        About, GoodsDecay, Hazard, Hold, Target, TestInput, TreatmentInput,
    };
    use serde::de::DeserializeOwned;

    use super::*;

    /// The reference of the keys.
    const REFERENCE: &str = include_str!("../../../../docs/study-files.md");

    /// The keys of a table, as its reader names them when it meets one that it does not know.
    fn keys<T: DeserializeOwned + std::fmt::Debug>(with: &str) -> Vec<String> {
        let error = toml::from_str::<T>(&format!("{with}\nno_such_key = 1")).unwrap_err();
        let message = error.message().to_owned();
        let (_, named) = message.split_once("expected").expect("keys are named");
        let names: Vec<String> = named
            .split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect();
        assert!(!names.is_empty(), "{message}");
        names
    }

    /// The keys in the tables under a heading.
    fn documented(heading: &str) -> Vec<String> {
        let from = REFERENCE
            .find(&format!("# {heading}\n"))
            .expect("a heading");
        let body = &REFERENCE[from + 2..];
        let body = &body[..body.find("\n#").unwrap_or(body.len())];
        body.lines()
            .filter(|line| line.starts_with("| `"))
            .flat_map(|line| {
                line.split('|')
                    .nth(1)
                    .unwrap_or("")
                    .split('`')
                    .skip(1)
                    .step_by(2)
            })
            .map(str::to_owned)
            .collect()
    }

    fn same(heading: &str, mut known: Vec<String>) {
        let mut said = documented(heading);
        said.sort();
        known.sort();
        assert_eq!(said, known, "docs/study-files.md, {heading}");
    }

    #[test]
    fn every_key_of_a_study_is_in_its_reference() {
        same("Study files", keys::<StudyFile>(""));
        same("`[vary]`", keys::<Range>(""));
        let mut design: Vec<String> = vec!["kind".into()];
        for kind in ["grid", "latin", "sobol", "list"] {
            for key in keys::<DesignKind>(&format!("kind = \"{kind}\"")) {
                if !design.contains(&key) {
                    design.push(key);
                }
            }
        }
        same("`[design]`", design);
        let entries = [
            keys::<AimEntry>(""),
            keys::<Price>(""),
            keys::<ConstraintEntry>(""),
        ];
        same("`[[aim]]`, `[[price]]`, `[[constraint]]`", entries.concat());
    }

    #[test]
    fn every_key_of_a_hazard_is_in_its_reference() {
        same("Hazard files", keys::<Hazard>(""));
        same("`[hazard]`", keys::<About>(""));
        same("`[goods.NAME]`", keys::<GoodsDecay>(""));
        same("`[hold]`", keys::<Hold>(""));
        same("`[treatment]`", keys::<TreatmentInput>(""));
        same("`[test]`", keys::<TestInput>(""));
        same("`[target]`", keys::<Target>(""));
    }
}
