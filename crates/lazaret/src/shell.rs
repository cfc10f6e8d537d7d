//! `lazaret completions` and `lazaret man`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::Cli;
use crate::output::{Failure, print};

/// Print completions for a shell
#[derive(Args, Debug)]
pub(crate) struct CompletionsArguments {
    /// The shell
    shell: Shell,
}

/// Print a man page
#[derive(Args, Debug)]
pub(crate) struct ManArguments {
    /// The command it is about, such as `check`; without one, lazaret itself
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
}

pub(crate) fn completions(arguments: &CompletionsArguments) -> Result<(), Failure> {
    let mut bytes = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "lazaret", &mut bytes);
    print(&String::from_utf8_lossy(&bytes))
}

pub(crate) fn man(arguments: &ManArguments) -> Result<(), Failure> {
    let mut command = Cli::command();
    command.build();
    for name in &arguments.command {
        let found = command.find_subcommand(name).cloned();
        command = found.ok_or_else(|| {
            Failure::BadInput(format!(
                "there is no command `{name}`; see `lazaret --help`"
            ))
        })?;
    }
    let mut bytes = Vec::new();
    clap_mangen::Man::new(command)
        .render(&mut bytes)
        .map_err(|error| Failure::Machine(error.to_string()))?;
    print(&String::from_utf8_lossy(&bytes))
}
