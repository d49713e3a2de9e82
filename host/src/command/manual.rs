//! `trimtab completions` and `trimtab man`: both derived from the arguments.

use std::io::Write as _;

use clap::{Command, CommandFactory as _};
use clap_complete::Shell;

use super::arguments::Arguments;
use super::failure::Failure;

/// The completions for a shell.
pub fn completions(shell: Shell) -> Result<u8, Failure> {
    let mut command = Arguments::command();
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command, "trimtab", &mut text);
    put(&text)
}

/// One page for the command and all that stands below it.
pub fn page() -> Result<u8, Failure> {
    let mut command = Arguments::command();
    command.build();
    let mut text = Vec::new();
    let page = clap_mangen::Man::new(command.clone());
    page.render(&mut text)?;
    for below in command.get_subcommands() {
        if below.get_name() != "help" {
            section(below, &mut text)?;
        }
    }
    put(&text)
}

/// A subcommand as a part of the page of its command.
fn section(command: &Command, text: &mut Vec<u8>) -> std::io::Result<()> {
    let page = clap_mangen::Man::new(command.clone());
    writeln!(text, ".SH TRIMTAB {}", command.get_name().to_uppercase())?;
    let mut part = Vec::new();
    page.render_synopsis_section(&mut part)?;
    page.render_description_section(&mut part)?;
    page.render_options_section(&mut part)?;
    // Its sections are parts of ours.
    for line in String::from_utf8_lossy(&part).lines() {
        writeln!(text, "{}", line.replacen(".SH ", ".SS ", 1))?;
    }
    Ok(())
}

fn put(text: &[u8]) -> Result<u8, Failure> {
    let mut out = anstream::stdout().lock();
    out.write_all(text)?;
    out.flush()?;
    Ok(0)
}
