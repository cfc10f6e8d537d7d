//! The command line of the hand-written loops and the summary they print.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Instant;

use crate::calendar::Calendar;
use crate::model::{COLUMNS, Model, Outcome, Setup};

/// Student's t at 0.975 for 1 to 30 degrees of freedom; beyond, [`t_quantile`] uses a series.
const T_975: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
    2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
    2.052, 2.048, 2.045, 2.042,
];

/// Student's t at 0.975 with `freedom` degrees of freedom, right to 0.001.
fn t_quantile(freedom: usize) -> f64 {
    // Beyond the table: the first terms of the Cornish-Fisher expansion around the normal quantile.
    let z = 1.959_964;
    T_975
        .get(freedom - 1)
        .copied()
        .unwrap_or(z + (z * z * z + z) / (4.0 * freedom as f64))
}

/// What the command line asks for.
#[derive(Debug)]
pub struct Options {
    /// The variant to run.
    pub setup: Setup,
    /// Which calendar, by the name that the binary gives it.
    pub calendar: String,
    /// Leave out the events that the outputs do not need.
    pub direct: bool,
    replications: u64,
    seed: u64,
    csv: bool,
    json: bool,
}

impl Options {
    /// Reads the arguments of a loop that offers these `calendars`; the first is the default.
    ///
    /// # Errors
    /// A message for the person who typed the arguments.
    pub fn parse(
        mut arguments: impl Iterator<Item = String>,
        calendars: &[&str],
    ) -> Result<Self, String> {
        let mut options = Self {
            setup: Setup {
                platform_slots: 20,
                warehouse_slots: 80,
                yard_slots: 1200,
                deterministic_trains: false,
            },
            calendar: calendars[0].to_owned(),
            direct: false,
            replications: 10,
            seed: 1,
            csv: false,
            json: false,
        };
        while let Some(name) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{name} needs a value"));
            match name.as_str() {
                "--variant" => {
                    options.setup.deterministic_trains = match value()?.as_str() {
                        "base" => false,
                        "det" => true,
                        other => {
                            return Err(format!("there is no variant {other}: try base or det"));
                        }
                    };
                }
                "--replications" => options.replications = number(&name, &value()?)?.into(),
                "--seed" => options.seed = number(&name, &value()?)?.into(),
                "--platform-slots" => options.setup.platform_slots = number(&name, &value()?)?,
                "--warehouse-slots" => options.setup.warehouse_slots = number(&name, &value()?)?,
                "--yard-slots" => options.setup.yard_slots = number(&name, &value()?)?,
                "--calendar" => {
                    options.calendar = value()?;
                    if !calendars.contains(&options.calendar.as_str()) {
                        return Err(format!("--calendar is one of {}", calendars.join(", ")));
                    }
                }
                "--direct" => options.direct = true,
                "--csv" => options.csv = true,
                "--json" => options.json = true,
                other => return Err(format!("unknown option {other}")),
            }
        }
        let setup = options.setup;
        let slots = [
            setup.platform_slots,
            setup.warehouse_slots,
            setup.yard_slots,
        ];
        if options.replications == 0 || slots.contains(&0) {
            return Err("replications and slots must be at least 1".to_owned());
        }
        Ok(options)
    }
}

fn number(name: &str, text: &str) -> Result<u32, String> {
    text.parse()
        .map_err(|_| format!("{name} needs a whole number, not {text}"))
}

/// Runs one replication: seed and replication number in, outcome out.
pub type Replicate = Box<dyn FnMut(u64, u64) -> Outcome>;

/// The model with the calendar `C`, as the options want it.
#[must_use]
pub fn boxed<C: Calendar + 'static>(options: &Options) -> Replicate {
    if options.direct {
        let mut model = Model::<C, true>::new(options.setup);
        Box::new(move |seed, replication| model.run(seed, replication))
    } else {
        let mut model = Model::<C, false>::new(options.setup);
        Box::new(move |seed, replication| model.run(seed, replication))
    }
}

/// Runs the replications and prints what was asked for; a wrong command line ends with code 2.
pub fn main(
    name: &str,
    calendars: &[&str],
    runner: impl FnOnce(&Options) -> Replicate,
) -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1), calendars) {
        Ok(options) => options,
        Err(message) => {
            eprintln!(
                "{name}: {message}\nusage: {name} [--variant base|det] [--replications N] [--seed S] \
                 [--platform-slots N] [--warehouse-slots N] [--yard-slots N] [--calendar {}] \
                 [--direct] [--csv | --json]",
                calendars.join("|")
            );
            return ExitCode::from(2);
        }
    };
    let (wall, cpu) = (Instant::now(), cpu_seconds());
    let mut replicate = runner(&options);
    let outcomes: Vec<Outcome> = (0..options.replications)
        .map(|replication| replicate(options.seed, replication))
        .collect();
    let wall = wall.elapsed().as_secs_f64() / options.replications as f64;
    // Where the system does not tell CPU seconds, an idle machine's wall seconds are the next best.
    let cpu = cpu.zip(cpu_seconds()).map_or(wall, |(before, after)| {
        (after - before) / options.replications as f64
    });
    let mut text = String::new();
    if options.csv {
        table(&mut text, &outcomes);
    } else if options.json {
        object(&mut text, &outcomes, cpu);
    } else {
        report(&mut text, &outcomes, cpu, wall);
    }
    // A reader that closed the pipe, as `head` does, has what it wanted.
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

/// One CSV row a replication.
fn table(text: &mut String, outcomes: &[Outcome]) {
    let _ = writeln!(text, "replication,{}", COLUMNS.join(","));
    for (replication, outcome) in outcomes.iter().enumerate() {
        let cells: Vec<String> = outcome.iter().map(f64::to_string).collect();
        let _ = writeln!(text, "{replication},{}", cells.join(","));
    }
}

/// Mean and half-width of each column as a JSON object.
fn object(text: &mut String, outcomes: &[Outcome], cpu: f64) {
    let _ = write!(text, "{{");
    for (column, [mean, half]) in COLUMNS.iter().zip(summarise(outcomes)) {
        let (mean, half, n) = (json_number(mean), json_number(half), outcomes.len());
        let _ = write!(
            text,
            "\"{column}\": {{\"mean\": {mean}, \"half_width\": {half}, \"n\": {n}}}, "
        );
    }
    let _ = writeln!(text, "\"cpu_s_per_replication\": {cpu:.6}}}");
}

/// The same for a person.
fn report(text: &mut String, outcomes: &[Outcome], cpu: f64, wall: f64) {
    let _ = writeln!(text, "{:<12}{:>14}{:>14}", "column", "mean", "+- 95 %");
    for (column, [mean, half]) in COLUMNS.iter().zip(summarise(outcomes)) {
        let _ = writeln!(text, "{column:<12}{mean:>14.4}{half:>14.4}");
    }
    let n = outcomes.len();
    let _ = writeln!(
        text,
        "{n} replications, {cpu:.6} s CPU and {wall:.6} s wall a replication"
    );
}

/// JSON has no NaN; a figure that does not exist is `null`.
fn json_number(value: f64) -> String {
    if value.is_finite() {
        value.to_string()
    } else {
        "null".to_owned()
    }
}

/// Mean and 95 % half-width of each column over the replications.
fn summarise(outcomes: &[Outcome]) -> [[f64; 2]; COLUMNS.len()] {
    let n = outcomes.len() as f64;
    std::array::from_fn(|column| {
        let mean = outcomes.iter().map(|outcome| outcome[column]).sum::<f64>() / n;
        let squares: f64 = outcomes
            .iter()
            .map(|outcome| (outcome[column] - mean).powi(2))
            .sum();
        let half = match outcomes.len() {
            1 => f64::NAN,
            many => t_quantile(many - 1) * (squares / (n - 1.0) / n).sqrt(),
        };
        [mean, half]
    })
}

/// User and system seconds of this process so far, from Linux's process table; `None` elsewhere.
fn cpu_seconds() -> Option<f64> {
    // Nanoseconds that the main thread has run; the loops have no other thread.
    let text = fs::read_to_string("/proc/self/schedstat").ok()?;
    Some(text.split_whitespace().next()?.parse::<f64>().ok()? * 1e-9)
}
