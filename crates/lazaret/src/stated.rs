//! What a gateway file leaves open, asked of whoever founds or changes a ledger.

use std::io::{BufRead, IsTerminal, Write};

use clap::Args;
use lazaret_bridge::{Open, OpenKind, Stated};
use lazaret_gateway::model::Gateway;

use crate::output::{Failure, say};

/// Lengths and capacities that the gateway file leaves open
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Choices {
    /// Hold of a goods class, where the file leaves it open: general=30d, or 30d for every class; repeatable
    #[arg(long, value_name = "[CLASS=]LENGTH")]
    hold: Vec<String>,
    /// Time under treatment of a step, where the file leaves it open: disinfect=48h; repeatable
    #[arg(long, value_name = "[STEP=]LENGTH")]
    contact: Vec<String>,
    /// Wait of an emptied vehicle of a source, where the file leaves it open: port=14d; repeatable
    #[arg(long, value_name = "[SOURCE=]LENGTH")]
    dwell: Vec<String>,
    /// Units of a place, where the file leaves them open: warehouse=10; repeatable
    #[arg(long, value_name = "PLACE=NUMBER")]
    units: Vec<String>,
    /// Slots in each unit of a place, where the file leaves them open: yard=1200; repeatable
    #[arg(long, value_name = "PLACE=NUMBER")]
    slots: Vec<String>,
}

impl Choices {
    /// What was stated by flags.
    pub(crate) fn stated(&self, gateway: &Gateway) -> Result<Stated, Failure> {
        let mut stated = Stated::default();
        for (kind, texts) in [
            (OpenKind::Hold, &self.hold),
            (OpenKind::Contact, &self.contact),
            (OpenKind::Dwell, &self.dwell),
            (OpenKind::Units, &self.units),
            (OpenKind::Slots, &self.slots),
        ] {
            for text in texts {
                let read = stated.state(kind, text);
                read.map_err(|why| Failure::BadInput(format!("--{} {why}", kind.name())))?;
            }
        }
        let wrong = stated.wrong(gateway);
        if wrong.is_empty() {
            Ok(stated)
        } else {
            Err(Failure::BadInput(wrong.join("\n")))
        }
    }

    /// What was stated by flags, and by answers where a person is at the terminal. Nothing is chosen without being said.
    pub(crate) fn settled(&self, gateway: &Gateway, file: &str) -> Result<Stated, Failure> {
        let mut stated = self.stated(gateway)?;
        if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
            let mut answers = std::io::stdin().lock();
            ask(&mut stated, gateway, &mut answers)?;
        }
        let missing = stated.missing(gateway);
        if missing.is_empty() {
            return Ok(stated);
        }
        Err(Failure::BadInput(unsettled(&missing, file)))
    }
}

/// Asks for each length that is missing; an empty line takes the longest that is offered.
fn ask(stated: &mut Stated, gateway: &Gateway, answers: &mut impl BufRead) -> Result<(), Failure> {
    while let Some(open) = stated.missing(gateway).into_iter().next() {
        let offered = open.longest();
        match &offered {
            Some(longest) => say(&format!("{open}\n  which counts? [{longest}] ")),
            None => say(&format!("{open}\n  which counts? ")),
        }
        std::io::stderr().flush().ok();
        let mut line = String::new();
        let read = answers.read_line(&mut line);
        if read.map_err(|error| Failure::Machine(error.to_string()))? == 0 {
            return Ok(());
        }
        let answer = match (line.trim(), &offered) {
            ("", Some(longest)) => longest.replace(' ', ""),
            (text, _) => text.to_owned(),
        };
        let mut next = stated.clone();
        let said = next.state(open.kind, &format!("{}={answer}", open.name));
        let wrong = next.wrong(gateway);
        match said {
            Ok(()) if wrong.is_empty() => *stated = next,
            Ok(()) => say(&format!("  {}\n", wrong.join("\n  "))),
            Err(why) => say(&format!("  {why}\n")),
        }
    }
    Ok(())
}

fn unsettled(missing: &[Open], file: &str) -> String {
    let mut text = format!(
        "{file} leaves open what the ledger's rules need, and nobody else may choose it; state exact values in the file, or by these flags:"
    );
    for open in missing {
        text.push_str(&format!("\n  {open}: {}", open.flag()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_is_asked_until_it_can_be() {
        let text = include_str!("../../../examples/uiju/gateway.toml");
        let none: [&str; 0] = [];
        let gateway = lazaret_gateway::read(text, &none, &|_: &str| Err("none".to_owned()))
            .map(|read| read.gateway)
            .unwrap();
        let mut stated = Stated::default();
        // Nonsense and what the file excludes are asked again; an empty line takes the longest.
        let answers = "soon\n10h\n30h\n7d\n21d\n\n\n\n\n";
        ask(&mut stated, &gateway, &mut answers.as_bytes()).unwrap();
        assert_eq!(stated.missing(&gateway), Vec::new());
        let mut expected = Stated::default();
        expected
            .state(OpenKind::Contact, "disinfect of medicine=30h")
            .unwrap();
        for (kind, text) in [
            (OpenKind::Hold, "medicine=21d"),
            (OpenKind::Contact, "disinfect of dairy=48h"),
            (OpenKind::Hold, "dairy=30d"),
            (OpenKind::Contact, "disinfect of general=48h"),
            (OpenKind::Hold, "general=30d"),
        ] {
            expected.state(kind, text).unwrap();
        }
        assert_eq!(stated, expected);
        // The end of the answers is no answer.
        let mut silent = Stated::default();
        ask(&mut silent, &gateway, &mut "".as_bytes()).unwrap();
        assert_eq!(silent, Stated::default());
    }
}
