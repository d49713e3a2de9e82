//! How the command looks: a few styles, which vanish when nobody's terminal is at the other end or
//! `NO_COLOR` is set.

use anstyle::{AnsiColor, Effects, Style};
use std::fmt::{self, Write as _};
use std::io::{IsTerminal as _, Write as _};
use trimtab_core::reason::Effect;
use trimtab_core::words;

/// Titles.
pub const TITLE: Style = Style::new().effects(Effects::BOLD);
/// What is less important.
pub const DIM: Style = Style::new().effects(Effects::DIMMED);
/// What is well.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// What needs a look.
pub const FAIR: Style = AnsiColor::Yellow.on_default();
/// What is in trouble.
pub const BAD: Style = AnsiColor::Red.on_default();
/// No style.
pub const PLAIN: Style = Style::new();

/// Text in a style.
pub fn in_style(style: Style, text: impl fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

/// The style of a tier, a verdict or an effect.
pub fn of_word(word: &str) -> Style {
    match word {
        "thriving" | "stable" | "safe" | "allow" | "balanced" => GOOD,
        "vulnerable" | "coordinate" | "defer" | "warn" | "unchecked" | "adjust" => FAIR,
        "struggling" | "blocked" | "refuse" | "depleted" | "saturated" => BAD,
        _ => PLAIN,
    }
}

/// The style of what a reason does.
pub fn of_effect(effect: Effect) -> Style {
    match effect {
        Effect::Allow => GOOD,
        Effect::Refuse => BAD,
        _ => FAIR,
    }
}

/// Whether a person reads our standard output.
pub fn is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// The columns of a line of text.
pub fn width() -> usize {
    let terminal = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    terminal.unwrap_or(80).clamp(60, 80)
}

/// A number with a comma every three digits; anything else as it is.
pub fn grouped(number: impl fmt::Display) -> String {
    words::exact(&number.to_string())
}

/// So many things, with the word for one of them or for several: `1 file`, `1,200 files`.
pub fn counted(number: impl fmt::Display, one: &str, several: &str) -> String {
    let number = number.to_string();
    let word = if number == "1" { one } else { several };
    format!("{} {word}", grouped(number))
}

/// The command as it was typed, with more words. What was given decides the answer, so a hint that
/// left some of it out would ask another question.
pub fn typed_with(more: &[&str]) -> String {
    let typed = std::env::args_os().skip(1);
    let words = typed.map(|word| word.to_string_lossy().into_owned());
    std::iter::once("trimtab".to_owned())
        .chain(words)
        .chain(more.iter().map(|&word| word.to_owned()))
        // A word that no shell can carry was not typed in one.
        .map(|word| shlex::try_quote(&word).map_or_else(|_| word.clone(), Into::into))
        .collect::<Vec<_>>()
        .join(" ")
}

/// The columns of a text, without what only sets its style.
fn columns(text: &str) -> usize {
    let shown = anstream::adapter::strip_str(text).to_string();
    shown.chars().count()
}

/// `text` in lines of at most `width` columns, each with the same indent.
pub fn wrapped(text: &str, indent: usize, width: usize) -> String {
    let room = width.saturating_sub(indent).max(20);
    let (mut out, mut column) = (String::new(), 0);
    for word in text.split_whitespace() {
        let length = columns(word);
        if column > 0 && column + 1 + length > room {
            out.push('\n');
            column = 0;
        }
        if column == 0 {
            out.push_str(&" ".repeat(indent));
        } else {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out
}

/// A page that is written as a whole.
#[derive(Default)]
pub struct Page(String);

impl Page {
    pub fn line(&mut self, text: impl fmt::Display) {
        let text = text.to_string();
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "{}", text.trim_end());
    }

    pub fn title(&mut self, text: impl fmt::Display) {
        self.line(in_style(TITLE, text));
    }

    /// A sentence after a mark or below something, wrapped, in the background.
    pub fn say(&mut self, mark: &str, text: &str) {
        let text = after(mark, text);
        self.line(format_args!("     {mark} {}", in_style(DIM, text)));
    }

    /// As [`Page::say`], in the foreground.
    pub fn tell(&mut self, mark: &str, text: &str) {
        let text = after(mark, text);
        self.line(format_args!("     {mark} {text}"));
    }

    /// The command that a reader of this page may want next.
    pub fn hint(&mut self, command: &str) {
        self.line("");
        self.line(in_style(DIM, format_args!("next: {command}")));
    }

    /// Styles go only to a terminal.
    pub fn print(&self) -> std::io::Result<()> {
        let mut out = anstream::stdout().lock();
        out.write_all(self.0.as_bytes())?;
        out.flush()
    }
}

/// A text wrapped so that its first line begins after the mark, the others below it.
fn after(mark: &str, text: &str) -> String {
    const INDENT: usize = 7;
    let taken = (columns(mark) + 1).saturating_sub(2);
    let lead = "x".repeat(taken);
    let text = wrapped(&format!("{lead}{text}"), INDENT, width());
    let rest = text.get(INDENT + taken..).map(str::to_owned);
    rest.unwrap_or(text)
}

/// One sentence about why the command ends.
pub fn complain(what: &impl fmt::Display) {
    let mut out = anstream::stderr().lock();
    // If nobody can hear us, the exit code still tells.
    let _ = writeln!(out, "{} {what}", in_style(BAD.bold(), "trimtab:"));
}
