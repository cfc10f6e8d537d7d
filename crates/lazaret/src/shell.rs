//! `lazaret completions` and `lazaret man`.

use clap::{Arg, ArgAction, Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::output::{Failure, print};

/// Print completions for a shell
///
/// For bash, for example: `lazaret completions bash > ~/.local/share/bash-completion/completions/lazaret`.
#[derive(Args, Debug)]
pub(crate) struct CompletionsArguments {
    /// The shell
    shell: Shell,
}

/// Print a man page
///
/// To read one: `lazaret man plan capacity | man -l -`. To install one: `lazaret man plan capacity >
/// ~/.local/share/man/man1/lazaret-plan-capacity.1`.
#[derive(Args, Debug)]
pub(crate) struct ManArguments {
    /// Command to describe, such as `plan capacity` or `lazaret-plan-capacity` [default: lazaret itself]
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
}

pub(crate) fn completions(arguments: &CompletionsArguments) -> Result<(), Failure> {
    let mut bytes = Vec::new();
    let mut command = crate::whole_command();
    clap_complete::generate(arguments.shell, &mut command, "lazaret", &mut bytes);
    print(&String::from_utf8_lossy(&bytes))
}

/// The name of a command as one word, as man pages are called.
fn page_name(command: &Command) -> String {
    let name = command.get_display_name();
    name.unwrap_or_else(|| command.get_name()).to_owned()
}

/// The command whose page is called `name`, in or below `command`.
fn find<'c>(command: &'c Command, name: &str) -> Option<&'c Command> {
    if page_name(command) == name {
        return Some(command);
    }
    command
        .get_subcommands()
        .find_map(|inner| find(inner, name))
}

pub(crate) fn man(arguments: &ManArguments) -> Result<(), Failure> {
    fn without_help(command: Command) -> Command {
        command
            .disable_help_subcommand(true)
            .mut_subcommands(without_help)
    }
    let mut all = without_help(crate::whole_command());
    all.build();
    let asked = arguments.command.join("-");
    let name = match asked.as_str() {
        "" => "lazaret".to_owned(),
        whole if whole == "lazaret" || whole.starts_with("lazaret-") => whole.to_owned(),
        short => format!("lazaret-{short}"),
    };
    let command = find(&all, &name).ok_or_else(|| {
        Failure::BadInput(format!(
            "there is no command `{}`; see `lazaret --help`",
            arguments.command.join(" ")
        ))
    })?;
    let page = page(&all, command).map_err(|error| Failure::Machine(error.to_string()))?;
    print(&page)
}

/// The page of a command in the language of troff.
fn page(all: &Command, command: &Command) -> std::io::Result<String> {
    let name = page_name(command);
    let man = Man::new(command.clone().after_help("").after_long_help(""))
        .title(&name)
        .source(format!("lazaret {}", env!("CARGO_PKG_VERSION")))
        .manual("Lazaret");
    let mut bytes = Vec::new();
    man.render_title(&mut bytes)?;
    man.render_name_section(&mut bytes)?;
    bytes.extend(synopsis(command).as_bytes());
    man.render_description_section(&mut bytes)?;
    if command.get_arguments().next().is_some() {
        man.render_options_section(&mut bytes)?;
    }
    if command.get_subcommands().next().is_some() {
        man.render_subcommands_section(&mut bytes)?;
    }
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    text += ".SH \"EXIT STATUS\"\n";
    for (code, meaning) in crate::EXIT_CODES {
        text += &format!(".TP\n\\fB{code}\\fR\n{}\n", troff(meaning));
    }
    text += &see_also(all, command);
    Ok(text)
}

/// The command with its arguments and their values.
fn synopsis(command: &Command) -> String {
    let called = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let mut text = format!(".SH SYNOPSIS\n\\fB{}\\fR", troff(called));
    let shown = |argument: &&Arg| !argument.is_hide_set();
    let options = command
        .get_arguments()
        .filter(shown)
        .filter(|a| !a.is_positional());
    let positionals = command
        .get_arguments()
        .filter(shown)
        .filter(|a| a.is_positional());
    for argument in options.chain(positionals) {
        let values: Vec<String> = argument
            .get_value_names()
            .filter(|_| argument.get_action().takes_values())
            .into_iter()
            .flatten()
            .map(|name| format!("\\fI{}\\fR", troff(name)))
            .collect();
        let mut one = match (argument.get_long(), argument.get_short()) {
            (Some(long), _) => format!("\\fB\\-\\-{}\\fR", troff(long)),
            (None, Some(short)) => format!("\\fB\\-{short}\\fR"),
            (None, None) => String::new(),
        };
        if !values.is_empty() {
            one = format!("{one} {}", values.join(" "))
                .trim_start()
                .to_owned();
        }
        if !argument.is_required_set() {
            one = format!("[{one}]");
        }
        if matches!(argument.get_action(), ArgAction::Append) {
            one += "\\&...";
        }
        text += &format!(" {one}");
    }
    if command.get_subcommands().next().is_some() {
        text += " \\fICOMMAND\\fR";
    }
    text.push('\n');
    text
}

/// The pages next to this one: of the command above, of its others, and of those below.
fn see_also(all: &Command, command: &Command) -> String {
    let name = page_name(command);
    let above = above(all, &name);
    let mut names: Vec<String> = above.iter().map(|command| page_name(command)).collect();
    let near = above.into_iter().chain([command]);
    for inner in near.flat_map(Command::get_subcommands) {
        names.push(page_name(inner));
    }
    names.retain(|other| *other != name);
    let names: Vec<String> = names
        .iter()
        .map(|name| format!("\\fB{}\\fR(1)", troff(name)))
        .collect();
    format!(".SH \"SEE ALSO\"\n{}\n", names.join(", "))
}

/// The command of which the page called `name` is a part.
fn above<'c>(command: &'c Command, name: &str) -> Option<&'c Command> {
    if command
        .get_subcommands()
        .any(|inner| page_name(inner) == name)
    {
        return Some(command);
    }
    command
        .get_subcommands()
        .find_map(|inner| above(inner, name))
}

/// A text in which troff finds nothing to obey.
fn troff(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-")
}
