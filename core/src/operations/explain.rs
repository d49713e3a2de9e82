//! Reasons in words, for the operator or for a peer.

use crate::config::Config;
use crate::error::Error;
use crate::reason::{Reason, Why};

/// Which reasons to put into words, and for whom.
#[record]
pub struct ExplainInput {
    /// The reasons of a decision, as it carries them.
    pub reasons: Vec<Reason>,
    /// `operator` sees every number; `peer` sees codes and effects only.
    #[serde(default)]
    pub view: View,
}

/// Who reads a reason.
#[choice(Default)]
pub enum View {
    /// The operator of this node.
    #[default]
    Operator,
    /// Somebody else: no amount, balance, share or name leaves the node.
    Peer,
}

/// Reasons in words.
#[record(open)]
pub struct Explained {
    /// The reasons as this reader may see them.
    pub reasons: Vec<Reason>,
    /// One sentence per reason.
    pub sentences: Vec<String>,
}

/// Answers `policy.explain`.
pub fn explain(_: &Config, input: &ExplainInput, _: &mut Why) -> Result<Explained, Error> {
    let seen = |reason: &Reason| match input.view {
        View::Operator => reason.clone(),
        View::Peer => reason.peer_view(),
    };
    let reasons: Vec<Reason> = input.reasons.iter().map(seen).collect();
    let words = |reason: &Reason| match input.view {
        View::Operator => reason.sentence(),
        View::Peer => reason.code.entry().meaning().to_owned(),
    };
    let sentences = reasons.iter().map(words).collect();
    Ok(Explained { reasons, sentences })
}
