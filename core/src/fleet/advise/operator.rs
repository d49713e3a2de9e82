//! What the operator has decided about a channel or a peer. It goes before every rule: an advice
//! that the operator has ruled out is never given, and the answer says so.

use crate::entries::{Entries, Entry};
use crate::fleet::channel::Channel;
use crate::reason::{Code, Effect, Reason, Why};
use crate::table::Table;
use crate::units::{NodeId, Ppm};

/// What the operator decided about one channel or one peer.
#[record]
pub struct OperatorDecision {
    /// What holds for the fee there.
    pub fee: Option<FeeDecision>,
    /// Which way it may be rebalanced; both ways when absent.
    pub rebalance: Option<RebalanceDecision>,
    /// A channel by its channel_id or short_channel_id, or a peer by its node id.
    pub subject: NodeId,
}

/// Which way a channel may be rebalanced.
#[choice]
pub enum RebalanceDecision {
    /// Both ways: for a channel whose peer has another decision.
    Both,
    /// It may be filled and never give.
    DestinationOnly,
    /// Not at all.
    Off,
    /// It may give and never be filled.
    SourceOnly,
}

/// What holds for a fee.
#[record(Eq)]
pub struct FeeDecision {
    /// The fee that is intended without the fleet.
    pub intended_ppm: Option<Ppm>,
    /// No advice goes above this.
    pub maximum_ppm: Option<Ppm>,
    /// No advice goes below this.
    pub minimum_ppm: Option<Ppm>,
    /// Whether no advice on the fee is wanted.
    #[serde(default)]
    pub off: bool,
}

impl Entry for OperatorDecision {
    const ID: &'static str = "subject";
    fn id(&self) -> &str {
        self.subject.as_str()
    }
}

impl RebalanceDecision {
    /// The word of a reason.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::DestinationOnly => "destination_only",
            Self::Off => "off",
            Self::SourceOnly => "source_only",
        }
    }

    /// Whether a channel may be filled.
    pub const fn may_receive(self) -> bool {
        matches!(self, Self::Both | Self::DestinationOnly)
    }

    /// Whether a channel may give.
    pub const fn may_give(self) -> bool {
        matches!(self, Self::Both | Self::SourceOnly)
    }
}

/// Every decision by what it is about.
pub(super) struct Decisions<'i>(Table<&'i str, &'i OperatorDecision>);

/// What holds for one channel: a decision about the channel goes before one about its peer, field
/// by field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct InForce<'i> {
    pub rebalance: RebalanceDecision,
    pub fee: Option<&'i FeeDecision>,
}

impl<'i> Decisions<'i> {
    /// Twice the same subject sets both entries aside; a subject that is none of ours is told.
    pub fn of(
        decisions: &'i Entries<OperatorDecision>,
        channels: &[&Channel],
        why: &mut Why,
    ) -> Self {
        let decisions = decisions.usable(why);
        for decision in &decisions {
            let ours = channels
                .iter()
                .any(|channel| is_about(&decision.subject, channel));
            if !ours {
                why.add(|| {
                    Reason::new(Code::OperatorSubjectUnknown, Effect::Warn).about(&decision.subject)
                });
            }
        }
        let by_subject = decisions.into_iter();
        Self(by_subject.map(|one| (one.subject.as_str(), one)).collect())
    }

    /// What holds for `channel`.
    pub fn on(&self, channel: &Channel) -> InForce<'i> {
        let found = [
            Some(&channel.channel_id),
            channel.short_channel_id.as_ref(),
            Some(&channel.peer_id),
        ];
        let found = found.into_iter().flatten();
        let found = found.filter_map(|subject| self.0.get(subject.as_str()).copied());
        let mut in_force = InForce {
            rebalance: RebalanceDecision::Both,
            fee: None,
        };
        let mut decided = false;
        for decision in found {
            if let (Some(rebalance), false) = (decision.rebalance, decided) {
                (in_force.rebalance, decided) = (rebalance, true);
            }
            in_force.fee = in_force.fee.or(decision.fee.as_ref());
        }
        in_force
    }
}

/// Whether `subject` names the channel or its peer.
pub(super) fn is_about(subject: &NodeId, channel: &Channel) -> bool {
    *subject == channel.channel_id
        || *subject == channel.peer_id
        || Some(subject) == channel.short_channel_id.as_ref()
}

/// The reason that the operator's decision, and no rule, decides.
pub(super) fn set_by_operator(channel: &Channel, effect: Effect, word: &'static str) -> Reason {
    Reason::new(Code::SetByOperator, effect)
        .about(&channel.channel_id)
        .observed(word)
}
