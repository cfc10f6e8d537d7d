//! `lazaret ledger adopt`: takes a gateway file that has changed over into a ledger.

use std::io::{BufRead, IsTerminal, Write};

use jiff::Timestamp;
use lazaret_bridge::{Adoption, Renamed, Wishes, adoption};
use lazaret_gateway::model::Gateway;
use lazaret_ledger::{Command, CommandId, Fact};
use lazaret_store::{Live, LiveOptions, Office, Standing, Store, SubmitError};
use lazaret_vocabulary::event::GoodsName;
use lazaret_vocabulary::event::entry::{Entry, PersonName};

use super::place::{Place, failed};
use crate::output::{Failure, print, say};

/// Shows what a gateway file changes, and records it in the name of `by` if that is given.
pub(super) async fn adopt(
    gateway: &Gateway,
    by: Option<&str>,
    wishes: &Wishes,
    place: &Place,
) -> Result<(), Failure> {
    let store = place.open_existing().await?;
    let live = Live::start(store.clone(), LiveOptions::default())
        .await
        .map_err(failed)?;
    let outcome = adopt_in(&live, &store, gateway, (by, wishes)).await;
    live.stop().await;
    store.close().await;
    outcome
}

async fn adopt_in(
    live: &Live,
    store: &Store,
    gateway: &Gateway,
    (by, wishes): (Option<&str>, &Wishes),
) -> Result<(), Failure> {
    let seen = live
        .read(|state, now| adoption(gateway, state, wishes, now))
        .await
        .map_err(|error| Failure::Machine(error.to_string()))?
        .value;
    print(&told(&seen))?;
    if !seen.obstacles.is_empty() {
        return Err(Failure::BadInput(
            "nothing was recorded: resolve the obstacles first".into(),
        ));
    }
    if seen.entries.is_empty() {
        return Ok(());
    }
    let Some(by) = by else {
        say("nothing was recorded: name the person who adopts it with --by\n");
        return Ok(());
    };
    if live.standing() != Standing::Active {
        return Err(Failure::BadInput(
            "a server is writing this ledger: stop it while the file is adopted".into(),
        ));
    }
    let by = signed_in(live, store, by).await?;
    for entry in seen.entries {
        record(live, &by, entry).await?;
    }
    Ok(())
}

fn told(adoption: &Adoption) -> String {
    if adoption.entries.is_empty() && adoption.obstacles.is_empty() {
        return "the ledger has the rules and protocols of this file\n".into();
    }
    let mut text = String::new();
    for (heading, lines) in [
        ("What changes:", &adoption.differences),
        (
            "What it means for the goods that are here:",
            &adoption.consequences,
        ),
        (
            "It asks for less here, so a second person and a delay are needed:",
            &adoption.weaker,
        ),
        ("Obstacles:", &adoption.obstacles),
    ] {
        if !lines.is_empty() {
            text.push_str(heading);
            text.push('\n');
            for line in lines {
                text.push_str(&format!("  {line}\n"));
            }
        }
    }
    let changed =
        (adoption.lots.iter()).filter(|lot| lot.before != lot.after || !lot.notes.is_empty());
    let mut changed = changed.peekable();
    if changed.peek().is_some() {
        text.push_str("Lots that are here and what changes for each:\n");
    }
    for lot in changed {
        let date = |at: Option<Timestamp>| {
            at.map_or_else(|| "clock not running".into(), |at| at.to_string())
        };
        let place = lot.spot.as_ref().map_or_else(
            || "between two places".into(),
            |spot| format!("{} {}", spot.place, spot.unit),
        );
        let mut said = Vec::new();
        if lot.before != lot.after {
            said.push(format!(
                "held until {} instead of {}",
                date(lot.after),
                date(lot.before)
            ));
        }
        said.extend(lot.notes.iter().cloned());
        text.push_str(&format!("  {} in {place}: {}\n", lot.lot, said.join("; ")));
    }
    text
}

/// The person, once their password was right.
pub(super) async fn signed_in(live: &Live, store: &Store, by: &str) -> Result<PersonName, Failure> {
    let typed = PersonName::new(by);
    let person = live
        .read(|state, _| state.spelling_of(&typed))
        .await
        .map_err(|error| Failure::Machine(error.to_string()))?
        .value;
    let account = Office::new(store.clone())
        .account(person.as_str())
        .await
        .map_err(failed)?;
    if std::io::stdin().is_terminal() {
        say(&format!("password of {person}: "));
        std::io::stderr().flush().ok();
    }
    let mut password = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut password)
        .map_err(|error| Failure::Machine(error.to_string()))?;
    let hash = account
        .filter(|account| !account.disabled)
        .and_then(|account| account.password);
    if lazaret_server::password_fits(password.trim_end_matches(['\n', '\r']), hash.as_deref()) {
        Ok(person)
    } else {
        Err(Failure::BadInput(format!(
            "{person} cannot sign in with this password"
        )))
    }
}

/// Records a change; proposes it if it asks for less and nobody else has proposed it yet.
async fn record(live: &Live, by: &PersonName, entry: Entry) -> Result<(), Failure> {
    let (what, proposal) = match &entry {
        Entry::ProtocolAdopted { protocol } => (
            format!(
                "version {} of protocol {}",
                protocol.version, protocol.protocol
            ),
            Entry::ProtocolProposed {
                protocol: protocol.clone(),
            },
        ),
        Entry::RulesAdopted { rules } => (
            "the rules".to_owned(),
            Entry::RulesProposed {
                rules: rules.clone(),
            },
        ),
        _ => return Ok(()),
    };
    let refused = match submit(live, by, entry).await {
        Ok(seq) => {
            say(&format!("{what} adopted, record {seq}\n"));
            return Ok(());
        }
        Err(SubmitError::Refused(refusal)) => refusal,
        Err(other) => return Err(Failure::Machine(other.to_string())),
    };
    // Asks for less: the first person proposes, and having to wait is not a reason not to propose.
    let waits = refused.retry_at;
    let less = matches!(
        *refused.fact,
        Fact::AsksLess { .. } | Fact::LessWaits { .. }
    );
    if let Some(from) = waits.filter(|_| less) {
        say(&format!("{what} waits until {from}; run this again then\n"));
        return Ok(());
    }
    if !less {
        return Err(Failure::BadInput(refused.to_string()));
    }
    match submit(live, by, proposal).await {
        Ok(seq) => {
            say(&format!(
                "{what} proposed, record {seq}; another person must run the same command after the delay that the rules set\n"
            ));
            Ok(())
        }
        Err(error) => Err(Failure::BadInput(error.to_string())),
    }
}

pub(super) async fn submit(live: &Live, by: &PersonName, entry: Entry) -> Result<u64, SubmitError> {
    let now: Timestamp = live.now();
    let id = format!("adopt-{}-{}", live.seq() + 1, now.as_microsecond());
    let command = Command {
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
        what: entry.into(),
    };
    live.submit(command).await.map(|receipt| receipt.seq)
}

/// Reads `OLD=NEW`, a goods class that the file calls otherwise.
pub(super) fn read_renamed(text: &str) -> Result<Renamed, String> {
    match text.split_once('=') {
        Some((old, new)) if !old.trim().is_empty() && !new.trim().is_empty() => Ok(Renamed {
            old: GoodsName::new(old.trim()),
            new: GoodsName::new(new.trim()),
        }),
        _ => Err("write OLD=NEW, such as general=mixed".into()),
    }
}
