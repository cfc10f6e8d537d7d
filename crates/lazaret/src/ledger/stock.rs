//! `lazaret ledger import-stock`: goods that were here before the ledger, stated by one person and confirmed by another.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use lazaret_ledger::{Command, CommandId, Refusal, Warning, decide, look_at_stock};
use lazaret_server::{Known, StockQuery, StockRead, read_stock};
use lazaret_store::{Live, LiveOptions, Standing, Store, SubmitError};
use lazaret_vocabulary::event::entry::{Entry, PersonName, StockLot};

use super::adopt::{signed_in, submit};
use super::place::{Place, failed};
use crate::output::{Failure, print, say};

/// The largest table that is read, in bytes.
const TABLE_BYTES_MAX: u64 = 64 << 20;

/// The table and how it is read
#[derive(Args, Clone, Debug)]
pub(super) struct Arguments {
    /// Table of lots, CSV or .xlsx; `-` prints an empty one with its headings
    file: PathBuf,
    /// Administrator, quarantine officer or chief officer who states or confirms it; the password is read from standard input
    #[arg(long, value_name = "PERSON")]
    by: Option<String>,
    /// Confirm what another person stated with the same table
    #[arg(long, requires = "by")]
    witness: bool,
    /// Source of all of them, if the table has no such column
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Sheet of a workbook
    #[arg(long, value_name = "NAME")]
    sheet: Option<String>,
    /// Decimal mark: point or comma, where the table does not show it
    #[arg(long, value_name = "MARK")]
    decimal: Option<String>,
    /// Which comes first in 05/12/2026: day or month
    #[arg(long, value_name = "FIRST")]
    days: Option<String>,
    /// Meaning of unknown headings: HEADING:FIELD, or HEADING:- to leave a column out, separated by |
    #[arg(long, value_name = "LIST")]
    columns: Option<String>,
    /// Round masses to whole kilograms
    #[arg(long)]
    round: bool,
    /// Warning to acknowledge, such as look_alike; repeatable
    #[arg(long, value_name = "NAME")]
    acknowledge: Vec<String>,
}

/// Shows what a table of stock means; with a person, states it or confirms it.
pub(super) async fn import(arguments: &Arguments, place: &Place) -> Result<(), Failure> {
    if arguments.file.as_os_str() == "-" {
        return print(&lazaret_server::stock_template());
    }
    let store = place.open_existing().await?;
    let live = Live::start(store.clone(), LiveOptions::default())
        .await
        .map_err(failed)?;
    let outcome = import_in(&live, &store, arguments).await;
    live.stop().await;
    store.close().await;
    outcome
}

async fn import_in(live: &Live, store: &Store, arguments: &Arguments) -> Result<(), Failure> {
    let machine = |error: &dyn std::fmt::Display| Failure::Machine(error.to_string());
    let known = live
        .read(|state, _| Known::of(state))
        .await
        .map_err(|error| machine(&error))?
        .value;
    let table = table(arguments, &known)?;
    let rows: Vec<u64> = table.lots.iter().map(|(row, _)| *row).collect();
    let lots: Vec<StockLot> = table.lots.into_iter().map(|(_, lot)| lot).collect();
    if arguments.witness {
        return witness(live, store, arguments, lots).await;
    }
    let person = PersonName::new(arguments.by.as_deref().unwrap_or(""));
    let by = match &arguments.by {
        Some(_) => person,
        // Whoever looks may be anybody who may state it.
        None => live
            .read(|state, _| {
                let administrator = lazaret_vocabulary::event::entry::Role::Administrator;
                state
                    .people()
                    .find(|person| person.roles.contains(&administrator))
                    .map(|person| person.person)
            })
            .await
            .map_err(|error| machine(&error))?
            .value
            .ok_or_else(|| Failure::BadInput("the ledger has no administrator yet".into()))?,
    };
    let mut command = command(live, &by, lots.clone());
    for name in &arguments.acknowledge {
        let warning = serde_json::from_value::<Warning>(name.as_str().into());
        command.acknowledged.push(warning.map_err(|_| {
            Failure::BadInput(format!("--acknowledge {name}: there is no such warning"))
        })?);
    }
    let (looked, decided) = live
        .read(|state, now| {
            (
                look_at_stock(state, &command, now),
                decide(state, &command, now).map(drop),
            )
        })
        .await
        .map_err(|error| machine(&error))?
        .value;
    let (faults, outlook) = looked.map_err(refused)?;
    if !faults.is_empty() {
        for (at, refusal) in &faults {
            say(&format!(
                "row {}, lot {}: {}; {}\n",
                rows[*at], lots[*at].lot, refusal.fact, refusal.remedy
            ));
        }
        return Err(Failure::BadInput(format!(
            "{} of {} lots are refused; nothing was recorded",
            faults.len(),
            lots.len()
        )));
    }
    let date =
        |at: Option<Timestamp>| at.map_or_else(|| "no clock runs".into(), |at| at.to_string());
    let mut text = String::from(
        "lot: held until, if nobody confirms its past; held until, once somebody has\n",
    );
    for lot in &outlook {
        text.push_str(&format!(
            "{}: {}; {}\n",
            lot.lot,
            date(lot.alone),
            date(lot.witnessed)
        ));
    }
    print(&text)?;
    decided.map_err(refused)?;
    if arguments.by.is_none() {
        say("nothing was recorded: name the person who states it with --by\n");
        return Ok(());
    }
    writes(live)?;
    let by = signed_in(live, store, by.as_str()).await?;
    command.by = by;
    let seq = live.submit(command).await.map_err(not_recorded)?.seq;
    say(&format!(
        "{} lots are held from now on, record {seq}; another person confirms their past with --witness and the same table, or on the screen Arrivals\n",
        lots.len()
    ));
    Ok(())
}

/// Confirms what somebody else stated with the same table.
async fn witness(
    live: &Live,
    store: &Store,
    arguments: &Arguments,
    lots: Vec<StockLot>,
) -> Result<(), Failure> {
    let found = live
        .read(|state, _| state.stock_stated(&lots))
        .await
        .map_err(|error| Failure::Machine(error.to_string()))?
        .value;
    let Some(found) = found else {
        return Err(Failure::BadInput(
            "nobody has stated exactly these lots, or they were confirmed already; run it without --witness to state them".into(),
        ));
    };
    // The table must say what was stated, not only of which lots.
    let stored = store.after(found.record - 1, 1).await.map_err(failed)?;
    let stated = (stored.first())
        .and_then(|row| row.record().ok())
        .and_then(|record| {
            record
                .events
                .into_iter()
                .find_map(|event| match event.happening {
                    lazaret_vocabulary::event::Happening::Entry(Entry::StockRecorded { lots }) => {
                        Some(lots)
                    }
                    _ => None,
                })
        });
    if stated.as_ref() != Some(&lots) {
        return Err(Failure::BadInput(format!(
            "this table differs from what {} stated in record {}; nothing was recorded",
            found.by, found.record
        )));
    }
    writes(live)?;
    let by = signed_in(live, store, arguments.by.as_deref().unwrap_or("")).await?;
    let what = Entry::StockWitnessed {
        record: found.record,
    };
    let seq = submit(live, &by, what).await.map_err(not_recorded)?;
    say(&format!(
        "the past of {} lots counts from now on, record {seq}\n",
        found.lots.len()
    ));
    Ok(())
}

fn writes(live: &Live) -> Result<(), Failure> {
    if live.standing() == Standing::Active {
        return Ok(());
    }
    Err(Failure::BadInput(
        "a server is writing this ledger: use its screen Arrivals, or stop it first".into(),
    ))
}

fn table(arguments: &Arguments, known: &Known) -> Result<StockRead, Failure> {
    let shown = arguments.file.display();
    let bad = |error: std::io::Error| Failure::BadInput(format!("{shown} cannot be read: {error}"));
    crate::files::reads(&arguments.file).map_err(Failure::BadInput)?;
    let bytes = std::fs::metadata(&arguments.file).map_err(bad)?.len();
    if bytes > TABLE_BYTES_MAX {
        return Err(Failure::BadInput(format!(
            "{shown} has {bytes} bytes; the limit is {TABLE_BYTES_MAX}"
        )));
    }
    let bytes = std::fs::read(&arguments.file).map_err(bad)?;
    let workbook = arguments.file.extension().is_some_and(|end| end == "xlsx");
    let kind = if workbook {
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    } else {
        "text/csv"
    };
    let query = StockQuery {
        source: arguments.source.clone(),
        sheet: arguments.sheet.clone(),
        decimal: arguments.decimal.clone(),
        days: arguments.days.clone(),
        columns: arguments.columns.clone(),
        round: arguments.round,
        ..StockQuery::default()
    };
    let read = read_stock(&bytes, kind, &query, known)
        .map_err(|problem| Failure::BadInput(format!("{shown}: {}", problem.detail)))?;
    for note in &read.notes {
        say(&format!("{shown}: {note}\n"));
    }
    if read.errors.is_empty() {
        return Ok(read);
    }
    for cell in &read.errors {
        say(&format!(
            "{shown}: row {}, {}: `{}`: {}\n",
            cell.row, cell.column, cell.value, cell.message
        ));
    }
    Err(Failure::BadInput(format!(
        "{} cells are wrong; nothing was recorded",
        read.errors.len()
    )))
}

fn command(live: &Live, by: &PersonName, lots: Vec<StockLot>) -> Command {
    let now = live.now();
    let id = format!("stock-{}-{}", live.seq() + 1, now.as_microsecond());
    Command {
        id: CommandId::new(id).expect("letters, hyphens and digits are printable"),
        by: by.clone(),
        device: None,
        site: None,
        issued_at: now,
        at: now,
        crew: Vec::new(),
        acknowledged: Vec::new(),
        corrects: None,
        body: None,
        what: Entry::StockRecorded { lots }.into(),
    }
}

#[allow(clippy::needless_pass_by_value, reason = "it is what `map_err` calls")]
fn refused(refusal: Refusal) -> Failure {
    let acknowledge = refusal.warning.map_or_else(String::new, |warning| {
        format!(
            "\nrun it again with --acknowledge {} if it is meant",
            warning.name()
        )
    });
    Failure::BadInput(format!("{refusal}{acknowledge}"))
}

fn not_recorded(error: SubmitError) -> Failure {
    match error {
        SubmitError::Refused(refusal) => refused(*refusal),
        other => Failure::Machine(other.to_string()),
    }
}
