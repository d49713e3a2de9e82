//! What is worth doing on a node now, ranked, and what stands against everything else.
//!
//! ```
//! use trimtab_core::policy::Policy;
//! let asked = br#"{"now": 1795171800, "snapshot": {
//!     "at": 1795171800, "capacity_sats": 0, "profits": [], "public_capacities": [], "revenue_windows": [],
//!     "left_out": {"closing": 0, "duplicate": 0, "opening": 0, "proposed": 0, "set_aside": 0,
//!         "unannounced": 0, "unknown": 0},
//!     "report": {"member_id": "02us", "at": 1795171800},
//!     "unattributed": {"forwards_msat": 0, "rebalances_msat": 0}, "us": {"node_id": "02us"}}}"#;
//! let answer = Policy::plan().call("fleet.advise", asked)?;
//! assert!(String::from_utf8_lossy(&answer).contains(r#""rebalances":[]"#));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! No rule lives here: every number is that of `rebalance.evaluate`, `rebalance.size`,
//! `rebalance.budget`, `rebalance.conflict`, `fees.adjust`, `splice.headroom`, `topology.advise`,
//! `liquidity.classify` and `health.assess`, asked with what `snapshot.cln` answered. What is
//! decided here is only the order: which proposal gets the budget and the sats of a source first.
//!
//! Laws: shuffled input gives the same bytes; what the operator ruled out is never proposed; all
//! proposals together never ask more of a source, a destination or the budget than it has; a bad
//! channel or member is set aside and the rest is advised.
//!
//! Source: the question that operators ask most ("why is nothing rebalanced here"). Codes: those of
//! the operations named above, and `rebalance_pays`, `no_rebalance_pays`, `set_by_operator`,
//! `operator_subject_unknown`, `route_cost_unknown`.

mod around;
mod explain;
mod left_out;
mod moves;
mod needs;
mod node;
mod operator;
mod question;
mod refusals;
#[cfg(test)]
mod tests;

use crate::config::Config;
use crate::error::Error;
use crate::fleet::channel::Channel;
use crate::fleet::conflict::conflict_of;
use crate::fleet::health::Tier;
use crate::fleet::health::assess::Assessed;
use crate::fleet::member::Member;
use crate::fleet::rebalance::budget::Budget;
use crate::fleet::view::truncated;
use crate::reason::Why;
use crate::units::{Count, NodeId, Sat};

pub use around::{FeeAdvice, NewChannelAdvice, SpliceAdvice};
pub use explain::{
    ChannelExplained, NodeExplainInput, NodeExplained, PairExplained, PairsExplained, explain,
};
pub use left_out::{LeftOutChannel, NotAdvised, Standing};
pub use moves::{MoveAdvice, MoveOutcome};
pub use needs::ChannelNeed;
pub use operator::{FeeDecision, OperatorDecision, RebalanceDecision};
pub use question::{ExitInFlight, FeeStepTaken, NodeAdviceInput, SpentBudget};
pub use refusals::RefusalCount;

use node::{Node, Scene, scene};

/// What is worth doing now.
#[record(open)]
pub struct NodeAdvice {
    /// Peers that other members use for rebalancing now, for a path around them.
    pub avoid: Vec<NodeId>,
    /// What may be spent on rebalancing.
    pub budget: Budget,
    /// Steps of our fees that help other members.
    pub fees: Vec<FeeAdvice>,
    /// Our health; absent when it is unknown.
    pub health: Option<Assessed>,
    /// What the node lists and the advice cannot use.
    pub left_out: NotAdvised,
    /// What all channels that count and are not offline can receive now, as far as the node says;
    /// absent where it says it of none.
    pub movable_in_sats: Option<Sat>,
    /// What all channels that count and are not offline can send now, as far as the node says;
    /// absent where it says it of none.
    pub movable_out_sats: Option<Sat>,
    /// Our depleted and saturated channels, beside what really leaves through them.
    pub needs: Vec<ChannelNeed>,
    /// External peers to which a new channel of ours would help, the best first.
    pub new_channels: Vec<NewChannelAdvice>,
    /// Every depleted channel with the advice on filling it, the best first.
    pub rebalances: Vec<MoveAdvice>,
    /// Why depleted channels are not filled: how often each reason decided.
    pub refusals: Vec<RefusalCount>,
    /// What the other members may know of us, our health included.
    pub report: Member,
    /// How much may leave towards each external peer, the most first.
    pub splices: Vec<SpliceAdvice>,
    /// For how many external peers no splice-out can be called safe, because their public capacity
    /// is unknown.
    pub splices_unchecked: Count,
    /// The tier by which we are judged.
    pub tier: Option<Tier>,
}

/// Says what is worth doing on a node now.
pub fn advise(
    config: &Config,
    input: &NodeAdviceInput,
    why: &mut Why,
) -> Result<NodeAdvice, Error> {
    scene(config, input, why, |scene, why| {
        let Scene { node, view, rivals } = scene;
        let first = input.first;
        let (rebalances, refusals) = moves::moves(scene, why)?;
        let (splices, unchecked) = around::splices(node, view)?;
        let fees = around::Fees::of(node, view, why).steps(view)?;
        let set_aside = node.us.channels.len() - node.channels.len();
        Ok(NodeAdvice {
            avoid: conflict_of(config, rivals, &node.us.node_id, &mut Why::off()).avoid,
            budget: node.budget,
            fees: truncated(fees, first),
            health: node.health.clone(),
            left_out: left_out::not_advised(node, set_aside),
            movable_in_sats: movable(node, |channel| {
                channel.receivable_sats.and(channel.most_receivable())
            }),
            movable_out_sats: movable(node, |channel| {
                let told = channel.spendable_sats;
                told.map(|_| channel.most_sendable())
            }),
            needs: truncated(needs::needs(node)?, first),
            new_channels: truncated(around::new_channels(node, view)?, first),
            rebalances: truncated(rebalances, first),
            refusals,
            report: node::report(input, node.health.as_ref()),
            splices: truncated(splices, first),
            splices_unchecked: Count::clamped(unchecked),
            tier: node.tier,
        })
    })
}

/// What can move through all channels together; nothing where there are some and none of them tells.
/// More than all bitcoin stays the largest amount.
fn movable(node: &Node<'_>, told: impl Fn(&Channel) -> Option<Sat>) -> Option<Sat> {
    let online = |channel: &&&Channel| channel.counts() && channel.connected != Some(false);
    let online = node.channels.iter().filter(online);
    let amounts: Vec<Option<Sat>> = online.map(|channel| told(channel)).collect();
    let silent = !amounts.is_empty() && amounts.iter().all(Option::is_none);
    let sum = |sum: Sat, one: Sat| sum.plus(one).unwrap_or(Sat::MAX);
    (!silent).then(|| amounts.into_iter().flatten().fold(Sat::MIN, sum))
}
