//! `lazaret serve`.

use std::ffi::OsStr;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use lazaret_bridge::{Stated, Wishes, adoption, founding, rules_of};
use lazaret_gateway::model::Gateway;
use lazaret_server::{App, Board, Demo, Offset, Options, Tls};
use lazaret_store::{Key, Live, LiveOptions, Office, Standing, Store};
use lazaret_vocabulary::event::entry::PersonName;
use lazaret_vocabulary::event::rules::RuleBook;

use crate::input::Input;
use crate::ledger::double_spellings;
use crate::ledger::place::{Place, failed, runtime};
use crate::output::{Failure, say};
use crate::stated::Choices;

/// Run a gateway: the ledger, its API and the operators' screens
///
/// Keeps everything in a folder (SQLite) unless a PostgreSQL database is given. The first start prints a link for
/// creating the administrator. --demo uses a temporary ledger filled with weeks of simulated work.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    place: Place,
    #[command(flatten, next_help_heading = "What the gateway file leaves open")]
    choices: Choices,
    /// Address to listen on
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: String,
    /// Start a demonstration: a temporary ledger, an account for each role, and a clock that can be advanced
    #[arg(long, conflicts_with_all = ["data", "database"])]
    demo: bool,
    /// Seed of the demonstration's simulation
    // Of the first seeds that gives the Uiju example a yard with lots at every stage and room for the next train.
    #[arg(long, value_name = "S", default_value_t = 7, requires = "demo", value_parser = crate::plan::seed)]
    seed: u64,
    /// Evidence from outside, a CSV file: show the watcher's board and accept new rows
    #[arg(long, value_name = "EVIDENCE.csv")]
    evidence: Option<PathBuf>,
    /// Explanations for the board [default: hypotheses.toml next to the gateway file, if it exists]
    #[arg(long, value_name = "HYPOTHESES.toml", requires = "evidence")]
    hypotheses: Option<PathBuf>,
    /// Mark cookies as secure, because a proxy in front provides TLS
    #[arg(long)]
    secure: bool,
    /// Certificate with its chain, a PEM file: serve TLS
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Private key of the certificate, a PEM file
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Take client addresses from the last X-Forwarded-For of the proxy in front
    #[arg(long)]
    behind_proxy: bool,
    /// URI under which lots, vehicles and places are named in EPCIS events, such as https://gate.example.org/
    #[arg(long, value_name = "URI", value_parser = crate::ledger::epcis::base)]
    epcis_base: Option<String>,
    /// Write logs as JSON lines
    #[arg(long)]
    log_json: bool,
    /// Open the address in the browser: `lazaret demo`
    #[arg(skip)]
    browser: bool,
}

/// Serves a demonstration as `serve FILE --demo` does, and opens it if that is asked for.
///
/// * `file` — the gateway file.
/// * `listen` — the address to listen on.
/// * `browser` — whether the address is opened.
pub(crate) fn demonstration(file: &Path, listen: &str, browser: bool) -> Result<(), Failure> {
    /// The options of `serve` alone, with the defaults that its help states.
    #[derive(clap::Parser)]
    struct Only {
        #[command(flatten)]
        arguments: Arguments,
    }
    let only: Only = clap::Parser::try_parse_from([
        OsStr::new("serve"),
        OsStr::new("--demo"),
        OsStr::new("--listen"),
        OsStr::new(listen),
        OsStr::new("--"),
        file.as_os_str(),
    ])
    .map_err(|error| crate::output::usage(&error))?;
    run(&Arguments {
        browser,
        ..only.arguments
    })
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let gateway = arguments.input.load()?.reading.gateway;
    log(arguments.log_json);
    runtime()?.block_on(serve(arguments, gateway))
}

fn log(json: bool) {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_env("LAZARET_LOG")
        .unwrap_or_else(|_| EnvFilter::new("warn,lazaret_server=info,lazaret_store=info"));
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A second subscriber only happens in tests; the first stays.
    let _ = if json {
        logs.json().try_init()
    } else {
        logs.with_ansi(std::io::stderr().is_terminal()).try_init()
    };
}

async fn serve(arguments: &Arguments, gateway: Gateway) -> Result<(), Failure> {
    let tls = match (&arguments.tls_cert, &arguments.tls_key) {
        (Some(certificate), Some(key)) => {
            let read = Tls::read(certificate, key);
            Some(read.map_err(|error| Failure::BadInput(error.to_string()))?)
        }
        _ => None,
    };
    let machine = |error: &dyn std::fmt::Display| Failure::Machine(error.to_string());
    let listener = tokio::net::TcpListener::bind(&arguments.listen)
        .await
        .map_err(|error| cannot_listen(&arguments.listen, &error))?;
    let address = listener.local_addr().map_err(|error| machine(&error))?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let url = format!("{scheme}://{address}");
    let options = Options {
        secure: arguments.secure || tls.is_some(),
        behind_proxy: arguments.behind_proxy,
        epcis_base: arguments.epcis_base.clone(),
    };
    let stop = stopped();
    if arguments.demo {
        let folder = Temporary::new().map_err(|error| machine(&error))?;
        let board = board(arguments, Some(&folder.0))?;
        let app = demo(&folder.0, gateway, options, arguments.seed, board).await?;
        say(&format!("\nLazaret shows {url}\n"));
        if arguments.browser && !crate::browser::open(&url) {
            say("no browser can be opened from here: open that address yourself\n");
        }
        let outcome = lazaret_server::serve(app, listener, tls, stop).await;
        return outcome.map_err(|error| machine(&error));
    }
    let store = arguments.place.open().await?;
    let key = Key::open(&arguments.place.data.join("checkpoint.key")).map_err(failed)?;
    let live = Live::start(store.clone(), LiveOptions::default())
        .await
        .map_err(failed)?;
    if live.standing() == Standing::Standby {
        say(
            "another server is writing this ledger; this one is a standby and takes over when it stops\n",
        );
    }
    let stated = founding_choices(arguments, &live, &gateway).await?;
    found(&live, &gateway, &stated).await?;
    tell_double_spellings(&live).await?;
    let board = board(arguments, None)?;
    let app = App::new(live, (gateway, stated), key, options, None, board);
    if let Some(path) = app
        .setup_link()
        .await
        .map_err(|problem| Failure::Machine(problem.detail))?
    {
        let known = app
            .administrators()
            .await
            .map_err(|problem| Failure::Machine(problem.detail))?;
        if known.is_empty() {
            say(&format!(
                "\nThis ledger has no administrator yet. Open this link, which works once, to create one:\n  {url}{path}\n\n"
            ));
        } else {
            let names: Vec<&str> = known.iter().map(PersonName::as_str).collect();
            say(&format!(
                "\nNobody can sign in to this ledger yet. Its administrator is {}. Open this link, which works once, to take over that account:\n  {url}{path}\n\n",
                names.join(" or ")
            ));
        }
    }
    say(&format!("Lazaret runs at {url}\n"));
    let outcome = lazaret_server::serve(app, listener, tls, stop).await;
    // A SQLite file that is closed is whole without its log. Whoever still reads does not keep the server from ending.
    let _ = tokio::time::timeout(Duration::from_secs(5), store.close()).await;
    outcome.map_err(|error| machine(&error))
}

/// Comes when the server is to end: Ctrl-C or, where there is such a signal, SIGTERM.
async fn stopped() {
    #[cfg(unix)]
    let terminated = async {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}

/// Names that an earlier version kept apart though they differ in their spelling alone.
async fn tell_double_spellings(live: &Live) -> Result<(), Failure> {
    let doubles = live
        .read(|state, _| double_spellings(state))
        .await
        .map_err(|error| Failure::Machine(error.to_string()))?
        .value;
    for double in doubles {
        say(&format!("{double}\n"));
    }
    Ok(())
}

/// Why a server cannot listen: the address is wrong, or the machine does not give it.
fn cannot_listen(address: &str, error: &std::io::Error) -> Failure {
    use std::io::ErrorKind;
    let said = |why: &str| format!("cannot listen on `{address}`: {why}");
    match error.kind() {
        ErrorKind::AddrInUse => Failure::Machine(said(
            "another program is listening there; stop it, or choose another address with --listen",
        )),
        ErrorKind::PermissionDenied => Failure::Machine(said(
            "permission is denied; ports below 1024 are reserved, choose another with --listen",
        )),
        ErrorKind::AddrNotAvailable => Failure::BadInput(said(
            "this machine does not have that address; try 127.0.0.1:8080",
        )),
        ErrorKind::InvalidInput => Failure::BadInput(said(
            "this is not an address with a port; write one such as 127.0.0.1:8080",
        )),
        _ => Failure::BadInput(said(&format!(
            "{error}; write an address with a port, such as 127.0.0.1:8080"
        ))),
    }
}

/// What the file leaves open, as somebody states it; a ledger that has its rules and protocols needs nothing.
async fn founding_choices(
    arguments: &Arguments,
    live: &Live,
    gateway: &Gateway,
) -> Result<Stated, Failure> {
    let founded = live
        .read(|state, _| state.rules().is_some() && state.protocols().next().is_some())
        .await
        .map_err(|error| Failure::Machine(error.to_string()))?
        .value;
    if founded {
        // What it was founded with is recorded; a service that is started with the same flags for years goes on.
        return Ok(Stated::default());
    }
    let stated = (arguments.choices).settled(gateway, &arguments.input.name())?;
    for line in stated.told(gateway) {
        say(&format!("{line}\n"));
    }
    Ok(stated)
}

/// A new ledger begins with the rules that follow from the gateway file.
async fn found(live: &Live, gateway: &Gateway, stated: &Stated) -> Result<(), Failure> {
    if live.standing() != Standing::Active {
        return Ok(());
    }
    let traced = rules_of(gateway);
    let known = live
        .read(|state, now| {
            let wishes = Wishes {
                stated: stated.clone(),
                ..Wishes::default()
            };
            let same = |known: &RuleBook| {
                *known == traced || adoption(gateway, state, &wishes, now).entries.is_empty()
            };
            state.rules().map(same)
        })
        .await
        .map_err(|error| Failure::Machine(error.to_string()))?
        .value;
    match known {
        Some(true) => Ok(()),
        Some(false) => {
            say(
                "the rules in force differ from those of the gateway file, and the recorded rules apply; `lazaret ledger adopt` shows and adopts the difference\n",
            );
            Ok(())
        }
        None => live
            .submit(founding(gateway, stated, live.now()))
            .await
            .map(drop)
            .map_err(|error| Failure::Machine(error.to_string())),
    }
}

async fn demo(
    folder: &Path,
    gateway: Gateway,
    options: Options,
    seed: u64,
    board: Option<Arc<Board>>,
) -> Result<App, Failure> {
    let began = std::time::Instant::now();
    let offset = Arc::new(Offset::default());
    let demo = Demo::new(&gateway, Arc::clone(&offset), seed).map_err(Failure::BadInput)?;
    let store = Store::open_sqlite(&folder.join("ledger.db"))
        .await
        .and_then(|store| store.keeping(folder))
        .map_err(failed)?;
    let office = Office::new(store.clone());
    let key = Key::open(&folder.join("checkpoint.key")).map_err(failed)?;
    let live_options = LiveOptions {
        clock: offset.clock(),
        // A demonstration's clock is right by definition.
        kernel: Arc::new(|| true),
        ..LiveOptions::default()
    };
    let live = Live::start(store, live_options).await.map_err(failed)?;
    let (recorded, refused) = demo.catch_up(&live).await;
    demo.make_accounts(&office)
        .await
        .map_err(|problem| Failure::Machine(problem.detail))?;
    let mut text = format!(
        "A demonstration of {}: {recorded} records of simulated work, made in {:.1} s; the time there is {}.\n\
         Nothing is kept. Sign in as one of these:\n\n",
        gateway.name,
        began.elapsed().as_secs_f64(),
        live.now()
            .to_zoned_datetime(gateway.time_zone.clone())
            .datetime()
            .round(jiff::Unit::Minute)
            .map(|at| at.to_string())
            .unwrap_or_default(),
    );
    for refusal in &refused {
        text.push_str(&format!("(the simulated office was refused: {refusal})\n"));
    }
    for account in demo.accounts() {
        let roles: Vec<String> = account
            .roles
            .iter()
            .filter_map(|role| {
                serde_json::to_value(role)
                    .ok()?
                    .as_str()
                    .map(|r| r.replace('_', " "))
            })
            .collect();
        text.push_str(&format!(
            "  {:<8} {:<14} {}\n",
            account.person.as_str(),
            account.password,
            roles.join(", ")
        ));
    }
    say(&text);
    let gateway = (gateway, Stated::default());
    Ok(App::new(live, gateway, key, options, Some(demo), board))
}

/// The watcher's board, if there is evidence. A demonstration keeps a copy in `folder`, since nothing of it is kept.
fn board(arguments: &Arguments, folder: Option<&Path>) -> Result<Option<Arc<Board>>, Failure> {
    let Some(evidence) = &arguments.evidence else {
        return Ok(None);
    };
    let kept = match (folder, evidence.file_name()) {
        (Some(folder), Some(name)) => {
            let copy = folder.join(name);
            std::fs::copy(evidence, &copy).map_err(|error| {
                Failure::BadInput(format!("{} cannot be read: {error}", evidence.display()))
            })?;
            copy
        }
        _ => evidence.clone(),
    };
    let hypotheses = arguments.hypotheses.as_deref();
    crate::watch::board::start(&arguments.input, &kept, hypotheses).map(Some)
}

/// A folder that is gone with the process, if it ends by itself.
pub(crate) struct Temporary(PathBuf);

impl Temporary {
    /// Makes the folder.
    pub(crate) fn new() -> std::io::Result<Temporary> {
        let name = format!(
            "lazaret-demo-{}-{}",
            std::process::id(),
            Timestamp::now().as_microsecond()
        );
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder)?;
        Ok(Temporary(folder))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // The system sweeps what cannot be removed now.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
