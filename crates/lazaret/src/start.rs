//! Where replications start, if not from an empty gateway: `--from` and `--from-ledger`.

use std::path::PathBuf;

use clap::Args;
use lazaret_gateway::model::Gateway;
use lazaret_sim::situation::{SITUATION_FORMAT, StartNotes};
use lazaret_sim::{Model, Replication, Silent, Situation, World};
use lazaret_vocabulary::time::GateTime;

use crate::input::read_text;
use crate::output::{Failure, say};

/// The largest situation that is read, in bytes.
const SITUATION_BYTES_MAX: usize = 512 << 20;

/// What replications start from.
#[derive(Args, Clone, Debug)]
pub(crate) struct StartFrom {
    /// Start from this situation instead of an empty gateway: the JSON that `lazaret ledger situation` wrote
    ///
    /// Replications begin at its instant and last as long as the file says; figures count from there, without a warm-up.
    #[arg(long = "from", value_name = "SITUATION.json", value_hint = clap::ValueHint::FilePath)]
    situation: Option<PathBuf>,
    /// Start from what the ledger in this folder says of the present
    #[cfg(feature = "ledger")]
    #[arg(long = "from-ledger", value_name = "DIR", conflicts_with = "situation", value_hint = clap::ValueHint::DirPath)]
    ledger: Option<PathBuf>,
}

impl StartFrom {
    /// Whether something is given.
    pub(crate) fn is_given(&self) -> bool {
        #[cfg(feature = "ledger")]
        if self.ledger.is_some() {
            return true;
        }
        self.situation.is_some()
    }

    /// The situation and where it is from, if one is given. Says what a ledger holds and a situation cannot express.
    pub(crate) fn read(&self, gateway: &Gateway) -> Result<Option<(Situation, String)>, Failure> {
        #[cfg(feature = "ledger")]
        if let Some(folder) = &self.ledger {
            let taken = crate::ledger::situation::of_folder(folder, gateway)?;
            for sentence in &taken.left_out {
                say(&format!("note: {sentence}\n"));
            }
            return Ok(Some((taken.situation, folder.display().to_string())));
        }
        let _ = gateway;
        let Some(path) = &self.situation else {
            return Ok(None);
        };
        let text = read_text(path, SITUATION_BYTES_MAX).map_err(Failure::BadInput)?;
        let name = path.display().to_string();
        let situation: Situation = serde_json::from_str(&text).map_err(|error| {
            let why = newer_format(&text).unwrap_or_else(|| error.to_string());
            Failure::BadInput(format!(
                "{name}: {why}; write a situation with `lazaret ledger situation`, as docs/forecast.md describes it"
            ))
        })?;
        Ok(Some((situation, name)))
    }

    /// Compiles a gateway that starts as was asked for, and says what does not fit.
    pub(crate) fn compile(&self, gateway: &Gateway, file_name: &str) -> Result<Model, Failure> {
        let bad = |error: String| Failure::BadInput(format!("{file_name}: {error}"));
        match self.read(gateway)? {
            Some((situation, from)) => compile_from(gateway, &situation, &from),
            None => Model::compile(gateway).map_err(|error| bad(error.to_string())),
        }
    }
}

/// That a situation is of a format that this program does not know, if that is why it cannot be read.
fn newer_format(text: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Head {
        format: u32,
    }
    let head: Head = serde_json::from_str(text).ok()?;
    (head.format != SITUATION_FORMAT).then(|| {
        format!(
            "this program reads format {SITUATION_FORMAT}, not {}",
            head.format
        )
    })
}

/// Compiles a gateway that starts from `situation`, and says what does not fit.
///
/// * `from` — where the situation is from, for its mistakes.
pub(crate) fn compile_from(
    gateway: &Gateway,
    situation: &Situation,
    from: &str,
) -> Result<Model, Failure> {
    let model = Model::compile_from(gateway, situation)
        .map_err(|error| Failure::BadInput(format!("{from}: {error}")))?;
    tell(gateway, situation, &model)?;
    Ok(model)
}

/// Says on standard error where the replications start, and what of that does not fit.
fn tell(gateway: &Gateway, situation: &Situation, model: &Model) -> Result<(), Failure> {
    if gateway.study == lazaret_gateway::model::Study::Steady {
        say(
            "note: the file asks for the settled state; from a situation figures count at once, without a warm-up\n",
        );
    }
    let mut world = World::new(model, Silent);
    world
        .start(Replication::new(1, 0), GateTime::START)
        .map_err(|error| Failure::BadInput(error.to_string()))?;
    say(&format!("starting from {}\n", situation.at));
    for sentence in sentences(world.start_notes()) {
        say(&format!("note: {sentence}\n"));
    }
    Ok(())
}

/// What did not fit at a start, a sentence each.
pub(crate) fn sentences(notes: StartNotes) -> Vec<String> {
    let counted = [
        (
            notes.overdue,
            "work, journey or interval has lasted longer than the file says it can, and ends at the start",
            "works, journeys or intervals have lasted longer than the file says they can, and end at the start",
        ),
        (
            notes.stopped,
            "work in hand needs more crews or equipment than there are, or its place is closed or broken; it rests at the start",
            "works in hand need more crews or equipment than there are, or their place is closed or broken; they rest at the start",
        ),
        (
            notes.overfull,
            "place holds more than the file says it has room for",
            "places hold more than the file says they have room for",
        ),
    ];
    let told = counted.into_iter().filter(|&(n, ..)| n > 0);
    told.map(|(n, one, more)| format!("{n} {}", if n == 1 { one } else { more }))
        .collect()
}
