//! `lazaret check`.

use clap::Args;
use comfy_table::{CellAlignment, Table, presets};
use lazaret_gateway::check::{Bottleneck, Check, Load, check};
use lazaret_gateway::model::{Gateway, ResourceKind};
use serde_json::{Value, json};

use crate::input::Input;
use crate::output::{Failure, Lines, diagnostic_json, print, print_words, say, show, table_lines};

/// Find every error of a gateway file, and what looks wrong in it
///
/// Prints what is asked of each place, crew, fleet and departure by arithmetic: mean rates times mean times, without
/// any waiting. Above 100 % it is overloaded.
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
    print_words(&table(&check, &loaded.reading.gateway))?;
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
    let result = json!({
        "file": input.name(),
        "ok": check.is_some(),
        "diagnostics": said,
        "loads": loads,
    });
    print(&format!("{result:#}\n"))?;
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

fn table(check: &Check, gateway: &Gateway) -> String {
    let uncertain = check.loads.iter().any(|load| load.range.is_some());
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let mut header = vec!["", "", "asked for", "there is", "", "utilisation"];
    if uncertain {
        header.push("5 - 95 %");
    }
    table.set_header(header);
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
            load.utilisation.map_or_else(String::new, percent),
        ];
        if uncertain {
            row.push(load.range.map_or_else(String::new, |(low, high)| {
                format!("{} - {}", percent(low), percent(high))
            }));
        }
        table.add_row(row);
    }
    for column in [2, 3, 5, 6] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let note = if uncertain {
        "\nBy arithmetic, without waiting; unknowns at their means, and the range over what is unknown.\n"
    } else {
        "\nBy arithmetic, without waiting.\n"
    };
    let text = table_lines(&mut table);
    format!("{}\n{text}{note}", gateway.name)
}

/// Three figures that count, as many as matter beside an assumption.
fn number(value: f64) -> String {
    match value.abs() {
        v if v >= 100.0 || v == 0.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn percent(value: f64) -> String {
    if value < 0.1 && value > 0.0 {
        format!("{:.1} %", value * 100.0)
    } else {
        format!("{:.0} %", value * 100.0)
    }
}
