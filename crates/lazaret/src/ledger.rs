//! `lazaret ledger …`: what is done with a ledger's database while no browser is open.

mod adopt;
pub(crate) mod epcis;
pub(crate) mod place;
pub(crate) mod situation;
mod stock;

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, IsTerminal};
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use lazaret_audit::Auditor;
use lazaret_bridge::{Importer, Renamed, Stated, Wishes};
use lazaret_ledger::{Command, CommandId, Counts, State};
use lazaret_store::{
    Checkpoint, Key, Live, LiveOptions, Moment, Past, Store, StoreError, export_records,
    import_judged, transfer,
};
use lazaret_vocabulary::event::Event;
use lazaret_vocabulary::event::entry::{Entry, PersonName, Role};
use lazaret_vocabulary::strict;
use serde_json::{Value, json};

use self::place::{Place, failed, runtime};
use crate::audit;
use crate::files::{Output, reads};
use crate::input::{Input, read_text};
use crate::output::{Failure, cannot_print, print, say};
use crate::stated::Choices;

/// Verify, copy, export and import a ledger
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Verify the chain of records from the first to the last: finds every cut, swap and edit, and says where
    ///
    /// A cut at the end can only be found with a checkpoint that someone else has kept.
    Verify {
        #[command(flatten)]
        place: Place,
        /// Checkpoint kept by a witness: the JSON that `ledger checkpoint` printed
        #[arg(long, value_name = "FILE")]
        witness: Option<PathBuf>,
        /// Judge every record again by the rules, and name the first that breaks one
        ///
        /// The auditor shares only the vocabulary of events with the ledger.
        #[arg(long)]
        rules: bool,
        /// Export to verify instead of a ledger's folder; `-` reads standard input
        #[arg(value_name = "EXPORT", requires = "rules", conflicts_with_all = ["data", "database"])]
        export: Option<PathBuf>,
    },
    /// Accept the records in spite of missing or changed ones; the acceptance is recorded
    ///
    /// A server that finds acknowledged records missing, or a record changed, records nothing until they are restored
    /// or accepted. Stop the server first.
    Accept {
        /// Administrator who accepts it
        #[arg(long, value_name = "NAME")]
        by: String,
        /// Reason
        #[arg(long, value_name = "TEXT")]
        because: String,
        #[command(flatten)]
        place: Place,
    },
    /// Sign the current end of the chain, for a witness to keep
    Checkpoint {
        #[command(flatten)]
        place: Place,
    },
    /// Write every record as a line of JSON to standard output
    ///
    /// With --epcis, an EPCIS 2.0 document (JSON-LD) of the records that have a meaning there, for the systems of others.
    Export {
        /// Write an EPCIS 2.0 document instead
        #[arg(long)]
        epcis: bool,
        /// URI under which lots, vehicles and places are named, such as https://gate.example.org/ [default: lazaret:]
        #[arg(long, value_name = "URI", requires = "epcis", value_parser = epcis::base)]
        base: Option<String>,
        /// Only business steps of the standard, for a receiver that refuses others
        #[arg(long, requires = "epcis")]
        strict: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Read records into an empty ledger; every line is checked, and judged by the rules
    Import {
        /// Export to read; `-` reads standard input
        file: PathBuf,
        #[command(flatten)]
        place: Place,
    },
    /// Load a trace of the simulator into an empty ledger; the rules apply to it as to everything else
    ImportTrace {
        #[command(flatten)]
        input: Input,
        /// Trace, one event per line; `-` reads standard input
        trace: PathBuf,
        /// Use the shortest length that the file allows where it leaves one open, and no limit where it leaves room open,
        /// because the simulator may have drawn them
        #[arg(long, conflicts_with_all = ["hold", "contact", "dwell", "units", "slots"])]
        shortest: bool,
        #[command(flatten, next_help_heading = "What the gateway file leaves open")]
        choices: Choices,
        #[command(flatten)]
        place: Place,
    },
    /// Show what a changed gateway file means for a ledger, and adopt it
    ///
    /// Without --by nothing is recorded. Changes that ask for less than before are proposed first; another person
    /// adopts them.
    Adopt {
        #[command(flatten)]
        input: Input,
        /// Name of the administrator or chief officer who adopts it; the password is read from standard input
        #[arg(long, value_name = "PERSON")]
        by: Option<String>,
        /// A goods class with another name in the file: its name in the ledger, and its name in the file; repeatable
        #[arg(long, value_name = "OLD=NEW", value_parser = adopt::read_renamed)]
        renamed: Vec<Renamed>,
        /// Bind the lots that are here, too, to longer holds, more tests and more signatures
        #[arg(long)]
        held_too: bool,
        #[command(flatten, next_help_heading = "What the gateway file leaves open")]
        choices: Choices,
        #[command(flatten)]
        place: Place,
    },
    /// Take in goods that were here before the ledger, from a table of lots with their past
    ///
    /// Without --by nothing is recorded: every fault is shown with its row, and every lot with its dates. The first person who
    /// runs it states the lots, which are held from then on; another person who runs it with the same table confirms their past,
    /// which counts from then on.
    ImportStock {
        #[command(flatten)]
        table: stock::Arguments,
        #[command(flatten)]
        place: Place,
    },
    /// List signers who were found unfit, and every lot whose release rests on their signature
    Unfit {
        /// Print as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Back up the ledger to a new SQLite file; the server may keep running
    Backup {
        /// The new file
        #[arg(value_hint = clap::ValueHint::FilePath)]
        file: Output,
        #[command(flatten)]
        place: Place,
    },
    /// Fill an empty ledger from a backup or another database, for example to move from SQLite to PostgreSQL
    Restore {
        /// A SQLite file, or postgres://…
        from: String,
        #[command(flatten)]
        place: Place,
    },
    /// Write where everything is as a situation from which `simulate`, `plan` and `forecast` start
    ///
    /// Standard error lists what the ledger holds and a situation cannot express.
    Situation {
        #[command(flatten)]
        input: Input,
        /// The moment, as it was known then, such as 2026-01-05T14:00:00Z [default: now]
        #[arg(long, value_name = "TIME")]
        as_of: Option<Timestamp>,
        /// Write it to this file instead of standard output
        #[arg(long, value_name = "OUT.json", value_hint = clap::ValueHint::FilePath)]
        out: Option<Output>,
        #[command(flatten)]
        place: Place,
    },
    /// Count what was in the gateway at a moment
    AsOf {
        /// The moment, such as 2026-01-05T14:00:00Z
        at: Timestamp,
        /// Count what had happened by then according to everything recorded so far, not what was known then
        #[arg(long)]
        happened: bool,
        #[command(flatten)]
        place: Place,
    },
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    runtime()?.block_on(async {
        match &arguments.what {
            What::Verify {
                witness,
                export: Some(file),
                ..
            } => {
                let witness = witness.as_deref().map(read_checkpoint).transpose()?;
                audit::rules_of_export(file, lines_of(file)?, witness.as_ref())
            }
            What::Verify {
                place,
                witness,
                rules,
                export: None,
            } => verify(place, witness.as_ref(), *rules).await,
            What::Accept { by, because, place } => accept(by, because, place).await,
            What::Checkpoint { place } => checkpoint(place).await,
            What::Export {
                epcis: true,
                base,
                strict,
                place,
            } => epcis::export(base.as_deref(), *strict, place).await,
            What::Export { place, .. } => export(place).await,
            What::Import { file, place } => import(file, place).await,
            What::ImportTrace {
                input,
                trace,
                shortest,
                choices,
                place,
            } => import_trace(input, trace, (choices, *shortest), place).await,
            What::Adopt {
                input,
                by,
                renamed,
                held_too,
                choices,
                place,
            } => {
                let gateway = input.load()?.reading.gateway;
                let wishes = Wishes {
                    renamed: renamed.clone(),
                    stated: choices.stated(&gateway)?,
                    held_too: *held_too,
                };
                adopt::adopt(&gateway, by.as_deref(), &wishes, place).await
            }
            What::ImportStock { table, place } => stock::import(table, place).await,
            What::Unfit { json, place } => unfit(*json, place).await,
            What::Backup { file, place } => {
                place.keeps()?;
                let new = file.is_new()?;
                let copied = place
                    .open_existing()
                    .await?
                    .backup(&new)
                    .await
                    .map_err(failed)?;
                say(&format!(
                    "{}: {} records, the last {}\n",
                    file.path().display(),
                    copied.records.records,
                    copied.records.head.head
                ));
                Ok(())
            }
            What::Restore { from, place } => restore(from, place).await,
            What::Situation {
                input,
                as_of,
                out,
                place,
            } => {
                let gateway = input.load()?.reading.gateway;
                situation::write(&gateway, *as_of, out.as_ref(), place).await
            }
            What::AsOf {
                at,
                happened,
                place,
            } => as_of(*at, *happened, place).await,
        }
    })
}

/// The largest checkpoint that is read, in bytes.
const CHECKPOINT_BYTES_MAX: usize = 1 << 20;

/// The gateway's name, as the first rules of the ledger give it: signed texts carry it.
async fn gateway_of(store: &Store) -> Result<String, Failure> {
    let ledger = store.load().await.map_err(failed)?;
    Ok(gateway_in(ledger.state()))
}

fn gateway_in(state: &State) -> String {
    (state.rules()).map_or_else(String::new, |rules| rules.gateway.clone())
}

/// Names that an earlier version kept apart though they differ in their spelling alone, in words; they stay apart.
pub(crate) fn double_spellings(state: &State) -> Vec<String> {
    let told = |(kind, names): (&'static str, Vec<String>)| {
        format!(
            "these names of a {kind} differ only in spelling and stay separate: {}; write each exactly as shown here",
            names.join(", ")
        )
    };
    state.double_spellings().into_iter().map(told).collect()
}

async fn verify(place: &Place, witness: Option<&PathBuf>, rules: bool) -> Result<(), Failure> {
    let store = place.open_reading().await?;
    let witness = witness.map(|file| read_checkpoint(file)).transpose()?;
    // A broken chain cannot be loaded, and is the very thing to be told about.
    let loaded = store.load().await.ok();
    let (gateway, witness) = match witness {
        Some((gateway, checkpoint)) => (gateway, Some(checkpoint)),
        None => (
            (loaded.as_ref()).map_or_else(String::new, |ledger| gateway_in(ledger.state())),
            None,
        ),
    };
    let doubles =
        (loaded.as_ref()).map_or_else(Vec::new, |ledger| double_spellings(ledger.state()));
    drop(loaded);
    let began = Instant::now();
    let found = store
        .verify(&gateway, witness.as_ref())
        .await
        .map_err(failed)?;
    let seconds = began.elapsed().as_secs_f64();
    for finding in &found.findings {
        say(&format!("{finding}\n"));
    }
    for finding in &found.clock {
        say(&format!("the clock: {finding}\n"));
    }
    for double in doubles {
        say(&format!("{double}\n"));
    }
    let text = format!(
        "{} records in {seconds:.2} s ({:.0} a second), the last {}\n",
        found.records,
        found.records as f64 / seconds.max(1e-9),
        found.head.head
    );
    if found.findings.is_empty() {
        print(&format!("whole: {text}"))?;
        if rules {
            audit::rules_of(&store).await?;
        }
        Ok(())
    } else {
        print(&format!("broken: {text}"))?;
        Err(Failure::BadInputShown)
    }
}

async fn accept(by: &str, because: &str, place: &Place) -> Result<(), Failure> {
    let store = place.open_existing().await?;
    let lease = store.take_lease("ledger accept").await.map_err(failed)?;
    let Some(lease) = lease else {
        return Err(failed(StoreError::InUse("a server".into())));
    };
    let ledger = store.load().await.map_err(failed)?;
    let person = PersonName::new(by);
    if !ledger
        .state()
        .roles_of(&person)
        .contains(&Role::Administrator)
    {
        return Err(Failure::BadInput(format!(
            "{by} is not an administrator of this ledger; name one who is with --by"
        )));
    }
    let gateway = gateway_of(&store).await?;
    let doubts = store.doubts(&gateway).await.map_err(failed)?;
    if doubts.is_empty() {
        say("no damage was found: there is nothing to accept\n");
        return lease.give_back(&store).await.map_err(failed);
    }
    let mut text = String::from("records accepted in spite of this damage:");
    for doubt in doubts.iter().take(10) {
        say(&format!("{doubt}\n"));
        text.push_str(&format!(" {doubt};"));
    }
    if doubts.len() > 10 {
        text.push_str(&format!(" and {} more;", doubts.len() - 10));
    }
    text.push_str(&format!(" because {because}"));
    let head = store.accept(&doubts, by, because).await.map_err(failed)?;
    lease.give_back(&store).await.map_err(failed)?;
    let live = Live::start(store.clone(), LiveOptions::default())
        .await
        .map_err(failed)?;
    let now = live.now();
    let noted = Command {
        id: CommandId::new(format!("accepted-{}-{}", head.seq, now.as_microsecond()))
            .map_err(|error| Failure::Machine(error.to_string()))?,
        body: None,
        by: person,
        device: None,
        site: None,
        issued_at: now,
        at: now,
        crew: Vec::new(),
        acknowledged: Vec::new(),
        corrects: None,
        what: Entry::Noted { thing: None, text }.into(),
    };
    let outcome = live.submit(noted).await;
    live.stop().await;
    store.close().await;
    let receipt = outcome.map_err(|error| Failure::Machine(error.to_string()))?;
    print(&format!(
        "accepted up to record {}; that is record {}\n",
        head.seq, receipt.seq
    ))
}

fn read_checkpoint(file: &Path) -> Result<(String, Checkpoint), Failure> {
    let bad = |why: &str| Failure::BadInput(format!("{}: {why}", file.display()));
    let text = read_text(file, CHECKPOINT_BYTES_MAX).map_err(Failure::BadInput)?;
    let value: Value = serde_json::from_str(&text).map_err(|error| bad(&error.to_string()))?;
    let field = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or("");
    let checkpoint = Checkpoint::read(
        value.get("seq").and_then(Value::as_u64).unwrap_or(0),
        field("digest"),
        field("at")
            .parse()
            .map_err(|_| bad("`at` is not an instant"))?,
        field("key"),
        field("signature"),
    )
    .ok_or_else(|| bad("not a checkpoint as `lazaret ledger checkpoint` prints it"))?;
    let gateway = field("text").lines().nth(1).unwrap_or("").to_owned();
    Ok((gateway, checkpoint))
}

async fn checkpoint(place: &Place) -> Result<(), Failure> {
    let store = place.open_existing().await?;
    let gateway = gateway_of(&store).await?;
    let key = Key::open(&place.data.join("checkpoint.key")).map_err(failed)?;
    let head = store.head().await.map_err(failed)?;
    let signed = key.sign(&gateway, head, Timestamp::now());
    store.keep_checkpoint(&signed).await.map_err(failed)?;
    let text = json!({
        "seq": signed.seq,
        "digest": signed.digest.to_string(),
        "at": signed.at.to_string(),
        "key": signed.key_text(),
        "signature": signed.signature_text(),
        "text": signed.text(&gateway),
    });
    print(&format!("{text}\n"))
}

fn not_written(error: StoreError) -> Failure {
    match error {
        StoreError::File { source, .. } => cannot_print(&source),
        other => failed(other),
    }
}

async fn export(place: &Place) -> Result<(), Failure> {
    let store = place.open_reading().await?;
    if std::io::stdout().is_terminal() {
        say("(redirect this to a file)\n");
    }
    let mut out = BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
    let done = export_records(&store, &mut out)
        .await
        .map_err(not_written)?;
    say(&format!("{} records\n", done.records));
    Ok(())
}

fn lines_of(file: &PathBuf) -> Result<Box<dyn BufRead>, Failure> {
    if file.as_os_str() == "-" {
        return Ok(Box::new(BufReader::new(std::io::stdin())));
    }
    reads(file).map_err(Failure::BadInput)?;
    let opened = File::open(file)
        .map_err(|error| Failure::BadInput(format!("{}: {error}", file.display())))?;
    Ok(Box::new(BufReader::with_capacity(1 << 20, opened)))
}

async fn import(file: &PathBuf, place: &Place) -> Result<(), Failure> {
    let lines = lines_of(file)?;
    let store = place.open().await?;
    let mut auditor = Auditor::default();
    let judge = |line: &[u8]| auditor.line(line).map_err(|finding| finding.to_string());
    let done = import_judged(&store, lines, judge).await.map_err(failed);
    store.close().await;
    let done = done?;
    say(&format!(
        "{} records, the last {}\n",
        done.records, done.head.head
    ));
    Ok(())
}

async fn restore(from: &str, place: &Place) -> Result<(), Failure> {
    if !from.contains("://") {
        let file = Path::new(from);
        if !file.exists() {
            return Err(Failure::BadInput(format!(
                "{from} is not there; is the path right?"
            )));
        }
        place.keeps()?;
        reads(file).map_err(Failure::BadInput)?;
    }
    let source = Store::open(from).await.map_err(failed)?;
    let gateway = gateway_of(&source).await?;
    let found = source.verify(&gateway, None).await.map_err(failed)?;
    if let Some(finding) = found.findings.first() {
        return Err(Failure::BadInput(format!(
            "{from} is damaged: {finding}; nothing was restored"
        )));
    }
    // A backup in which a rule is broken would be believed from then on.
    if let (_, Some(finding)) = audit::judged(&source).await? {
        return Err(Failure::BadInput(format!(
            "{from} breaks a rule: {finding}; nothing was restored"
        )));
    }
    let target = place.open().await?;
    let copied = transfer(&source, &target).await.map_err(failed);
    target.close().await;
    let copied = copied?;
    say(&format!(
        "{} records and {} administrative rows, the last record {}\n",
        copied.records.records, copied.office, copied.records.head.head
    ));
    Ok(())
}

async fn import_trace(
    input: &Input,
    trace: &PathBuf,
    (choices, shortest): (&Choices, bool),
    place: &Place,
) -> Result<(), Failure> {
    let gateway = input.load()?.reading.gateway;
    let stated = if shortest {
        Stated::shortest()
    } else {
        choices.settled(&gateway, &input.name())?
    };
    let lines = lines_of(trace)?;
    let store = place.open().await?;
    if store.head().await.map_err(failed)?.seq != 0 {
        return Err(Failure::BadInput(format!(
            "{} already contains a ledger: choose an empty one",
            place.address()
        )));
    }
    let live = Live::start(store.clone(), LiveOptions::default())
        .await
        .map_err(failed)?;
    let mut importer = Importer::new(&gateway, &stated);
    let mut events = 0_u64;
    let mut batch: Vec<(u64, Command)> = importer
        .opening(gateway.start)
        .into_iter()
        .map(|command| (0, command))
        .collect();
    let mut outcome = Ok(());
    for (number, line) in (1..).zip(lines.lines()) {
        let read = line
            .map_err(|error| error.to_string())
            .and_then(|line| event_of(&line));
        let event = match read {
            Ok(event) => event,
            Err(error) => {
                outcome = Err(Failure::BadInput(format!("line {number}: {error}")));
                break;
            }
        };
        events += 1;
        batch.extend(importer.commands(&event).into_iter().map(|c| (number, c)));
        if batch.len() >= 2000 {
            outcome = put(&live, &mut batch).await;
            if outcome.is_err() {
                break;
            }
        }
    }
    if outcome.is_ok() {
        batch.extend(
            importer
                .finish()
                .into_iter()
                .map(|command| (events, command)),
        );
        outcome = put(&live, &mut batch).await;
    }
    let records = live.seq();
    live.stop().await;
    store.close().await;
    if let Err(Failure::BadInput(why)) = outcome {
        return Err(Failure::BadInput(format!(
            "{why}\nis this a trace of {}? {} contains the records before it; try again with an empty one",
            gateway.name,
            place.address()
        )));
    }
    outcome?;
    say(&format!("{events} events are {records} records\n"));
    Ok(())
}

/// The event of a line, with every field known and right.
fn event_of(line: &str) -> Result<Event, String> {
    let value = serde_json::from_str(line).map_err(|error| error.to_string())?;
    strict::event(&value).map_err(|misread| misread.to_string())
}

/// Records commands, each at its own instant; the first refusal ends it and names the line of the trace.
async fn put(live: &Live, batch: &mut Vec<(u64, Command)>) -> Result<(), Failure> {
    let lines: Vec<u64> = batch.iter().map(|(line, _)| *line).collect();
    let commands = batch.drain(..).map(|(_, command)| {
        let at = command.at;
        (command, Some(at))
    });
    let commands: Vec<_> = commands.collect();
    for (line, outcome) in lines.into_iter().zip(live.submit_all(commands).await) {
        outcome.map_err(|error| Failure::BadInput(format!("line {line}: {error}")))?;
    }
    Ok(())
}

/// Signers who were found unfit, with what rests on their signatures.
async fn unfit(as_json: bool, place: &Place) -> Result<(), Failure> {
    let store = place.open_reading().await?;
    let ledger = store.load().await.map_err(failed)?;
    let unfit = ledger.state().unfit_signers();
    if as_json {
        let all: Vec<Value> = (unfit.iter())
            .map(|unfit| {
                let lots = unfit.lots.iter().map(|lot| {
                    json!({
                        "lot": lot.lot,
                        "stage": lot.stage.name(),
                        "released": lot.released,
                        "departure": lot.departure,
                        "recalled": lot.recalled,
                    })
                });
                json!({
                    "signer": unfit.signer,
                    "lapsed": unfit.lapsed,
                    "lots": lots.collect::<Vec<Value>>(),
                })
            })
            .collect();
        return print(&format!("{:#}\n", Value::Array(all)));
    }
    if unfit.is_empty() {
        return print("nothing rests on the signature of somebody who was found unfit\n");
    }
    let mut text = String::new();
    for unfit in unfit {
        let why = if unfit.lapsed {
            "whose clearance was withdrawn"
        } else {
            "who is no longer an officer"
        };
        text.push_str(&format!("{}, {why}:\n", unfit.signer));
        for lot in unfit.lots {
            let departure = lot
                .departure
                .map_or_else(String::new, |by| format!(" with {by}"));
            let recalled = if lot.recalled { ", recalled" } else { "" };
            text.push_str(&format!(
                "  {}: {}{departure}{recalled}\n",
                lot.lot,
                lot.stage.name()
            ));
        }
    }
    print(&text)
}

async fn as_of(at: Timestamp, happened: bool, place: &Place) -> Result<(), Failure> {
    let store = place.open_reading().await?;
    let moment = if happened {
        Moment::Happened(at)
    } else {
        Moment::Known(at)
    };
    let state = Past::new(store).at(moment).await.map_err(failed)?;
    let Counts {
        held,
        ready,
        releasable,
    } = state.counts();
    let totals = state.totals();
    let text = json!({
        "at": at.to_string(),
        "records": state.seq(),
        "held": held,
        "lacking_time_or_signatures": ready,
        "releasable": releasable,
        "vehicles_here": state.vehicles_here().count(),
        "open_exceptions": state.exceptions(true).len(),
        "totals": totals,
    });
    print(&format!("{text:#}\n"))
}
