//! Names of the surfaces: how a name of core is written there, and which names are refused.

use anyhow::{Result, bail, ensure};
use std::collections::BTreeSet;

/// The names of one surface, each claimed once.
#[derive(Debug)]
pub struct Names {
    surface: &'static str,
    claimed: BTreeSet<String>,
}

impl Names {
    /// The names that stand on a surface before any type is written.
    pub fn new(surface: &'static str, fixed: &[&str]) -> Self {
        Self {
            surface,
            claimed: fixed.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    /// Takes a name; a name that is taken, or that names nothing well, is refused.
    pub fn claim(&mut self, name: &str) -> Result<()> {
        check(name)?;
        ensure!(
            self.claimed.insert(name.to_owned()),
            "two things of {} are named {name}",
            self.surface
        );
        Ok(())
    }
}

/// Refuses a number at the end and a word that is said twice: both are what a generator does to a
/// name that two types want.
pub fn check(name: &str) -> Result<()> {
    if name.ends_with(|end: char| end.is_ascii_digit()) {
        bail!("{name} ends with a number: name it after its thing");
    }
    let words = words(name);
    let mut seen = BTreeSet::new();
    for word in &words {
        ensure!(seen.insert(word), "{name} says {word} twice");
    }
    Ok(())
}

/// `HubBook` is `hub`, `book`.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for letter in name.chars() {
        if letter == '_' {
            words.push(String::new());
            continue;
        }
        match words.last_mut() {
            Some(word) if !letter.is_ascii_uppercase() => word.push(letter),
            _ => words.push(letter.to_ascii_lowercase().to_string()),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// `hub_book` is `HubBook`.
pub fn pascal(name: &str) -> String {
    name.split(['_', '-']).map(capital).collect()
}

/// `health_score` is `healthScore`.
pub fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| name + &capital(word))
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_number_at_the_end_and_a_word_said_twice_are_refused() {
        for name in ["Action2", "VerifyInput2", "ProfitInputInput", "HubBookHub"] {
            assert!(check(name).is_err(), "{name}");
        }
        for name in ["Action", "HubBook", "SettlementOp", "TokenAmountInput"] {
            check(name).unwrap();
        }
    }

    #[test]
    fn a_name_is_claimed_once() {
        let mut names = Names::new("TypeScript", &["Decision"]);
        names.claim("Plan").unwrap();
        assert!(
            names
                .claim("Plan")
                .unwrap_err()
                .to_string()
                .contains("Plan")
        );
        assert!(names.claim("Decision").is_err());
    }
}
