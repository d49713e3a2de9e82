//! What is asked about a node: the answer of `snapshot.cln` with what only its operator knows.

use super::operator::OperatorDecision;
use crate::entries::{Entries, Entry};
use crate::fleet::health::assess::AssessInput;
use crate::fleet::member::Member;
use crate::fleet::snapshot::Snapshot;
use crate::units::{Count, NodeId, Ppm, Sat, Seconds};

/// A node that wants advice.
#[record]
pub struct NodeAdviceInput {
    /// What is spent and reserved of our budget.
    #[serde(default)]
    pub budget: SpentBudget,
    /// The splice-outs of ours that no channel shows as pending yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exits: Vec<ExitInFlight>,
    /// The steps of fees that were taken for the fleet and are in force.
    #[serde(default)]
    pub fee_steps: Entries<FeeStepTaken>,
    /// Only so many entries of each list; all when absent.
    pub first: Option<Count>,
    /// The input of `health.assess`; the one of the snapshot when absent.
    pub health: Option<AssessInput>,
    /// What each member reported last; our own report is skipped.
    #[serde(default)]
    pub members: Entries<Member>,
    /// The present moment.
    pub now: Seconds,
    /// What the operator decided.
    #[serde(default)]
    pub operator: Entries<OperatorDecision>,
    /// What `snapshot.cln` answered.
    pub snapshot: Snapshot,
}

/// What is gone of our budget for rebalancing.
#[record(Eq, Default)]
pub struct SpentBudget {
    /// The budget of a healthy node; from the revenue of the snapshot when absent.
    pub base_sats: Option<Sat>,
    /// What running jobs may still spend.
    #[serde(default)]
    pub reserved_sats: Sat,
    /// What was spent in the last day.
    #[serde(default)]
    pub spent_sats: Sat,
}

/// A splice-out that is under way and that no channel shows yet.
#[record(Eq)]
pub struct ExitInFlight {
    /// How much leaves.
    pub amount_sats: Sat,
    /// Towards which peer.
    pub peer_id: NodeId,
}

/// A step of a fee that was taken for the fleet.
#[record(Eq)]
pub struct FeeStepTaken {
    /// The fee that was intended without the fleet.
    pub base_ppm: Ppm,
    /// The channel.
    pub channel_id: NodeId,
    /// The fee that was set.
    pub fee_ppm: Ppm,
}

impl Entry for FeeStepTaken {
    const ID: &'static str = "channel_id";
    fn id(&self) -> &str {
        self.channel_id.as_str()
    }
}
