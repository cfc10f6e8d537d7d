//! `lazaret check`.

use clap::Args;
use lazaret_gateway::check::{Bottleneck, Check, Load, check};
use lazaret_gateway::model::{Gateway, ResourceKind};
use lazaret_vocabulary::figures::{number, share};
use serde_json::{Value, json};

use crate::input::Input;
use crate::origin::Origin;
use crate::output::{Failure, Lines, diagnostic_json, print_words, say, show, table};

/// Find every error in a gateway file, and what looks wrong in it
///
/// Prints the load on each place, crew, fleet and departure by arithmetic: mean rates times mean times, without any
/// waiting. Above 100 % it is overloaded.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    /// Print one JSON object for machines
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let input = &arguments.input;
    if arguments.json {
        return run_json(input);
    }
    let loaded = input.load()?;
    let check = check(&loaded.reading);
    show(
        &check.warnings,
        &loaded.file_name,
        loaded.document.text(),
        &input.set,
    );
    print_words(&loads(&check, &loaded.reading.gateway))?;
    let warnings = check.warnings.len();
    say(&match warnings {
        0 => format!("{}: no errors\n", loaded.file_name),
        1 => format!("{}: no errors, 1 warning\n", loaded.file_name),
        n => format!("{}: no errors, {n} warnings\n", loaded.file_name),
    });
    Ok(())
}

fn run_json(input: &Input) -> Result<(), Failure> {
    let document = input.document()?;
    let (check, diagnostics) = match document.read(&input.set, &|name| input.csv(name)) {
        Ok(reading) => {
            let check = check(&reading);
            let warnings = check.warnings.clone();
            (Some((check, reading.gateway)), warnings)
        }
        Err(diagnostics) => (None, diagnostics),
    };
    let (name, text) = (input.name(), document.text());
    let lines = Lines::of(&name, text);
    let said: Vec<Value> = diagnostics
        .iter()
        .map(|diagnostic| diagnostic_json(diagnostic, &lines))
        .collect();
    let loads: Vec<Value> = check
        .iter()
        .flat_map(|(check, gateway)| check.loads.iter().map(|load| load_json(load, gateway)))
        .collect();
    let gateway = check.as_ref().map(|(_, gateway)| gateway.name.as_str());
    let result = json!({
        "file": input.name(),
        "ok": check.is_some(),
        "diagnostics": said,
        "loads": loads,
    });
    Origin::new(gateway, None, text, &input.set).print(&result, false)?;
    match check {
        Some(_) => Ok(()),
        None => Err(Failure::BadInputShown),
    }
}

fn kind(of: Bottleneck, gateway: &Gateway) -> &'static str {
    match of {
        Bottleneck::Place(_) => "place",
        Bottleneck::Resource(r) => match gateway.resources[r.index()].kind {
            ResourceKind::Crew => "crew",
            ResourceKind::Equipment => "equipment",
        },
        Bottleneck::Fleet(_) => "fleet",
        Bottleneck::Dispatch(_) => "dispatch",
    }
}

fn load_json(load: &Load, gateway: &Gateway) -> Value {
    json!({
        "kind": kind(load.of, gateway),
        "name": load.name,
        "unit": load.unit,
        "since": load.since.map(|since| since.to_string()),
        "offered": load.offered,
        "capacity": load.capacity,
        "utilisation": load.utilisation,
        "low": load.range.map(|(low, _)| low),
        "high": load.range.map(|(_, high)| high),
    })
}

fn loads(check: &Check, gateway: &Gateway) -> String {
    let uncertain = check.loads.iter().any(|load| load.range.is_some());
    let mut header = vec!["", "", "asked for", "there is", "", "utilisation"];
    if uncertain {
        header.push("5 to 95 %");
    }
    let mut rows = Vec::new();
    for load in &check.loads {
        let since = load.since.map_or_else(String::new, |since| {
            format!(" from {}", gateway.time_zone.to_datetime(since).date())
        });
        let mut row = vec![
            kind(load.of, gateway).to_string(),
            format!("{}{since}", load.name),
            number(load.offered),
            load.capacity.map_or_else(|| "no limit".to_string(), number),
            load.unit.to_string(),
            load.utilisation.map_or_else(String::new, share),
        ];
        if uncertain {
            row.push(load.range.map_or_else(String::new, |(low, high)| {
                format!("{} to {}", share(low), share(high))
            }));
        }
        rows.push(row);
    }
    let note = if uncertain {
        "\nBy arithmetic, without waiting; unknowns at their means, and the range over what is unknown.\n"
    } else {
        "\nBy arithmetic, without waiting.\n"
    };
    let text = table(&header, &rows, &[2, 3, 5, 6]);
    format!("{}\n{text}{note}", gateway.name)
}
