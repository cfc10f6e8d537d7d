//! What all questions share: how much is run, on how many threads, with progress and Ctrl-C.

use clap::Args;
use lazaret_gateway::Document;
use lazaret_gateway::model::Study;
use lazaret_plan::ExperimentError;
use lazaret_plan::questions::QuestionError;
use lazaret_plan::questions::words::{Part, Words, warned};
use lazaret_plan::simulated::{SetUpError, Simulated, Watch};
use lazaret_report::Page;
use lazaret_sim::Model;
use lazaret_sim::study::{Settings, Stop};
use lazaret_vocabulary::time::GateTime;
use serde::Serialize;

use super::source;
use crate::files::Output;
use crate::input::Input;
use crate::output::{Failure, print_words, table};
use crate::start::{StartFrom, compile_from};
use crate::waiting::LookOn;

/// How much is run.
#[derive(Args, Clone, Debug)]
pub(crate) struct Runs {
    /// Replications of each design
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(2..=100_000_000))]
    pub(crate) replications: u64,
    #[command(flatten)]
    pub(crate) how: How,
}

/// Seed, threads and output, for questions that count their runs themselves.
#[derive(Args, Clone, Debug)]
pub(crate) struct How {
    /// Seed of all random numbers
    #[arg(long, value_name = "S", default_value_t = 1, value_parser = seed)]
    pub(crate) seed: u64,
    /// Number of threads [default: all cores]; results do not depend on it
    #[arg(long, value_name = "T", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,
    /// Confidence level of the intervals
    #[arg(long, value_name = "P", default_value_t = 0.95, value_parser = probability)]
    pub(crate) level: f64,
    /// Print one JSON object for machines
    #[arg(long)]
    pub(crate) json: bool,
    /// Also write the answer as one HTML file with pictures
    #[arg(long, value_name = "OUT.html", value_hint = clap::ValueHint::FilePath)]
    pub(crate) report: Option<Output>,
}

/// Reads a number that can be reckoned with.
pub(crate) fn finite(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(x) if x.is_finite() => Ok(x),
        _ => Err(format!("`{text}` is not a number")),
    }
}

/// Reads a number above 0.
pub(crate) fn positive(text: &str) -> Result<f64, String> {
    let x = finite(text)?;
    if x > 0.0 {
        Ok(x)
    } else {
        Err("a number above 0 is expected".into())
    }
}

/// Reads a number of 0 or more.
pub(crate) fn not_negative(text: &str) -> Result<f64, String> {
    let x = finite(text)?;
    if x >= 0.0 {
        Ok(x)
    } else {
        Err("a number of 0 or more is expected".into())
    }
}

/// Reads a seed.
pub(crate) fn seed(text: &str) -> Result<u64, String> {
    text.trim()
        .parse()
        .map_err(|_| format!("`{text}` is not a whole number from 0 to {}", u64::MAX))
}

/// Reads a number strictly between 0 and 1.
pub(crate) fn probability(text: &str) -> Result<f64, String> {
    let x: f64 = text
        .parse()
        .map_err(|_| format!("`{text}` is not a number"))?;
    if x > 0.0 && x < 1.0 {
        Ok(x)
    } else {
        Err("a number strictly between 0 and 1 is expected".into())
    }
}

impl How {
    /// Runs `ask` on the gateway of `input`, on the threads asked for.
    pub(crate) fn ask<T: Send>(
        &self,
        input: &Input,
        ask: impl FnOnce(&Simulated<'_>) -> Result<T, Failure> + Send,
    ) -> Result<T, Failure> {
        self.ask_from(input, None, ask)
    }

    /// The same from the start that is asked for.
    pub(crate) fn ask_from<T: Send>(
        &self,
        input: &Input,
        from: Option<&StartFrom>,
        ask: impl FnOnce(&Simulated<'_>) -> Result<T, Failure> + Send,
    ) -> Result<T, Failure> {
        let looks_on = LookOn::begin(self.json)?;
        let document = input.document()?;
        let csv = |name: &str| input.csv(name);
        let experiment = set_up_from(input, from, &document, &csv, (self.seed, &looks_on))?;
        self.pool()?.install(|| ask(&experiment))
    }

    /// The threads asked for.
    pub(crate) fn pool(&self) -> Result<rayon::ThreadPool, Failure> {
        rayon::ThreadPoolBuilder::new()
            .num_threads(self.threads.map_or(0, usize::from))
            .build()
            .map_err(|e| Failure::Machine(format!("threads cannot be started: {e}")))
    }

    /// Prints the answer, as JSON or as `text`, and writes the page if one is asked for.
    ///
    /// * `warnings` — futures that came to a stop, printed above the answer; none of a question that plays no futures.
    /// * `source` — what the answer was made from; only asked if it is told.
    pub(crate) fn answer<T: Serialize>(
        &self,
        answer: &T,
        words: &Words,
        warnings: Option<&[String]>,
        page: impl FnOnce() -> Page,
        source: impl FnOnce() -> Result<source::Source, Failure>,
    ) -> Result<(), Failure> {
        // That nothing locked up is said as well: a reader cannot tell silence from a question that was not asked.
        let text = printed(words);
        let told = match warnings {
            None => text.clone(),
            Some([]) => format!("{text}\nNo future came to a stop.\n"),
            Some(some) => format!("{}{text}", warned(some)),
        };
        if self.report.is_none() && !self.json {
            return print_words(&told);
        }
        let source = source()?;
        let origin = source.origin.clone().with("level", self.level);
        // A page that cannot be written must not cost the answer.
        let written = match &self.report {
            Some(output) => {
                let mut page = page();
                page.warnings = warnings.unwrap_or_default().to_vec();
                source::write(output, page, &text, source)
            }
            None => Ok(()),
        };
        if self.json {
            origin.print(answer, false)?;
        } else {
            print_words(&told)?;
        }
        written
    }
}

/// The parts of an answer, with tables as wide as the terminal allows.
fn printed(words: &Words) -> String {
    let parts = words.parts().iter().map(|part| match part {
        Part::Text(text) => text.clone(),
        Part::Table { head, rows, right } => {
            let head: Vec<&str> = head.iter().map(String::as_str).collect();
            table(&head, rows, right)
        }
    });
    parts.collect()
}

/// Ends a question that was stopped: its answer has been printed, and the exit code says that it is partial.
pub(crate) fn ended(partial: bool) -> Result<(), Failure> {
    if partial {
        crate::output::say("stopped early: the answer rests on fewer runs than requested\n");
        return Err(Failure::Interrupted);
    }
    Ok(())
}

/// Sets an experiment up; finds the warm-up of a study of the settled state.
pub(crate) fn set_up<'a>(
    input: &Input,
    document: &'a Document,
    csv: &'a (dyn Fn(&str) -> Result<String, String> + Sync),
    seed: u64,
    watch: &'a dyn Watch,
) -> Result<Simulated<'a>, Failure> {
    let failed = |error: SetUpError| match error {
        SetUpError::File(wrong) => input.refuse(&wrong, document.text()),
        SetUpError::Compile(message) => Failure::BadInput(format!("{}: {message}", input.name())),
    };
    let experiment =
        Simulated::new(document, &input.set, csv, seed, GateTime::START, watch).map_err(failed)?;
    if experiment.gateway().study == Study::Opening {
        return Ok(experiment);
    }
    let warm_up = warm_up(&experiment, seed)
        .map_err(|e| Failure::BadInput(format!("{}: {e}", input.name())))?;
    Simulated::new(document, &input.set, csv, seed, warm_up, watch).map_err(failed)
}

/// Sets an experiment up from the start that is asked for, which knows no warm-up.
pub(crate) fn set_up_from<'a>(
    input: &Input,
    from: Option<&StartFrom>,
    document: &'a Document,
    csv: &'a (dyn Fn(&str) -> Result<String, String> + Sync),
    (seed, watch): (u64, &'a dyn Watch),
) -> Result<Simulated<'a>, Failure> {
    let Some(from) = from.filter(|from| from.is_given()) else {
        return set_up(input, document, csv, seed, watch);
    };
    let failed = |error: SetUpError| match error {
        SetUpError::File(wrong) => input.refuse(&wrong, document.text()),
        SetUpError::Compile(message) => Failure::BadInput(format!("{}: {message}", input.name())),
    };
    let experiment =
        Simulated::new(document, &input.set, csv, seed, GateTime::START, watch).map_err(failed)?;
    let Some((situation, source)) = from.read(experiment.gateway())? else {
        return Ok(experiment);
    };
    // It is compiled here once to tell what does not fit.
    compile_from(experiment.gateway(), &situation, &source)?;
    experiment.starting_from(situation).map_err(failed)
}

/// Where the settled state begins, as the simulator finds it.
fn warm_up(experiment: &Simulated<'_>, seed: u64) -> Result<GateTime, String> {
    let model = Model::compile(experiment.gateway()).map_err(|e| e.to_string())?;
    let settings = Settings {
        seed,
        stop: Stop::After(2),
        threads: 1,
    };
    lazaret_sim::study::run(
        &model,
        &settings,
        |_, _| std::ops::ControlFlow::Continue(()),
    )
    .map(|study| study.warm_up)
    .map_err(|e| e.to_string())
}

/// A question's error as the binary's.
pub(crate) fn failed(error: QuestionError) -> Failure {
    match error {
        QuestionError::Experiment(e) => experiment_failed(e),
        other => Failure::BadInput(other.to_string()),
    }
}

/// An experiment's error as the binary's.
pub(crate) fn experiment_failed(error: ExperimentError) -> Failure {
    match error {
        ExperimentError::Interrupted => {
            crate::output::say("stopped before the question could be answered\n");
            Failure::Interrupted
        }
        other => Failure::BadInput(other.to_string()),
    }
}

/// Reads `LOW..HIGH` or `LOW..HIGH:STEP`, each with the same unit or none: `1..60`, `24 h..72 h:6 h`.
pub(crate) fn range(text: &str) -> Result<Span, String> {
    let wrong =
        || format!("`{text}` is not a range; write LOW..HIGH such as 20..120, or LOW..HIGH:STEP");
    let (low, rest) = text.split_once("..").ok_or_else(wrong)?;
    let (high, step) = match rest.split_once(':') {
        Some((high, step)) => (high, Some(step)),
        None => (rest, None),
    };
    let part = |text: &str| -> Result<(f64, String), String> {
        let text = text.trim();
        let end = text
            .char_indices()
            .find(|(_, c)| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+')))
            .map_or(text.len(), |(i, _)| i);
        let number = text[..end].parse::<f64>().map_err(|_| wrong())?;
        Ok((number, text[end..].trim().to_owned()))
    };
    let (low, low_unit) = part(low)?;
    let (high, unit) = part(high)?;
    if !low_unit.is_empty() && low_unit != unit {
        return Err(format!(
            "the ends of `{text}` have different units; use the same unit for both"
        ));
    }
    let step = step.map(part).transpose()?;
    if let Some((_, u)) = &step
        && !u.is_empty()
        && *u != unit
    {
        return Err(format!(
            "the step of `{text}` has a different unit from its ends"
        ));
    }
    if low > high {
        return Err(format!(
            "`{text}` runs backwards; write the lower end first"
        ));
    }
    Ok(Span {
        low,
        high,
        step: step.map(|s| s.0),
        unit,
    })
}

/// A range of the command line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Span {
    /// Least value.
    pub(crate) low: f64,
    /// Greatest value.
    pub(crate) high: f64,
    /// Step, if one was given.
    pub(crate) step: Option<f64>,
    /// Unit, or empty.
    pub(crate) unit: String,
}

impl Span {
    /// Whether both ends are whole and have no unit.
    pub(crate) fn is_whole(&self) -> bool {
        self.unit.is_empty() && self.low.fract() == 0.0 && self.high.fract() == 0.0
    }
}

/// Splits `PATH=VALUE`.
pub(crate) fn change(text: &str) -> Result<(String, String), String> {
    let (path, value) = text
        .split_once('=')
        .ok_or_else(|| format!("`{text}` has no `=`; write PATH=VALUE"))?;
    if path.trim().is_empty() || value.trim().is_empty() {
        return Err(format!("`{text}` is incomplete; write PATH=VALUE"));
    }
    Ok((path.trim().to_owned(), value.trim().to_owned()))
}

/// A design from a text of one or more changes, `a=1; b=2`.
pub(crate) fn design(text: &str) -> Result<lazaret_plan::Design, String> {
    if text.split(';').all(|part| part.trim().is_empty()) {
        return Err(
            "it contains no change; write one or more, such as 'place.yard.slots=1400'".into(),
        );
    }
    text.split(';').filter(|t| !t.trim().is_empty()).try_fold(
        lazaret_plan::Design::base(),
        |d, t| {
            let (path, value) = change(t)?;
            Ok(d.with(path, value))
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_with_units_and_steps() {
        let r = range("20..120").unwrap();
        assert_eq!(
            (r.low, r.high, r.step, r.is_whole()),
            (20.0, 120.0, None, true)
        );
        let r = range("24 h..72 h:6 h").unwrap();
        assert_eq!(
            (r.low, r.high, r.step, r.unit.as_str()),
            (24.0, 72.0, Some(6.0), "h")
        );
        assert!(range("120..20").unwrap_err().contains("backwards"));
        assert!(range("1 h..2 d").unwrap_err().contains("different units"));
        assert!(range("12").unwrap_err().contains("LOW..HIGH"));
    }
}
