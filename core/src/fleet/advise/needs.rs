//! Our channels in need, beside what really leaves through them: most holes need no filling.

use super::node::Node;
use crate::error::Error;
use crate::fleet::liquidity::Severity;
use crate::fleet::liquidity::classify::LiquidityClass;
use crate::fleet::rebalance::size::size;
use crate::reason::Why;
use crate::sorting;
use crate::units::{Count, NodeId, Sat};

/// A depleted or saturated channel of ours.
#[record(open)]
pub struct ChannelNeed {
    /// Its capacity.
    pub capacity_sats: Sat,
    /// Its id.
    pub channel_id: NodeId,
    /// How full it is.
    pub class: LiquidityClass,
    /// On how many of the last 60 days something left through it; absent when unknown.
    pub days_out: Option<Count>,
    /// What it should be able to send: the sales of a month, half of its capacity at most.
    pub demand_sats: Sat,
    /// The part on our side.
    pub local_sats: Sat,
    /// The peer.
    pub peer_id: NodeId,
    /// How badly it is off balance.
    pub severity: Option<Severity>,
    /// Its place in the chain.
    pub short_channel_id: Option<NodeId>,
    /// What would bring it to one half.
    pub to_half_sats: Sat,
}

/// Our channels in need: the most demand first, ties by id.
pub(super) fn needs(node: &Node<'_>) -> Result<Vec<ChannelNeed>, Error> {
    let mut found = Vec::new();
    for channel in node.in_use() {
        let mut quiet = Why::off();
        let classified = node.class(channel, &mut quiet);
        let troubled = [LiquidityClass::Depleted, LiquidityClass::Saturated];
        if !troubled.contains(&classified.class) {
            continue;
        }
        let sized = size(node.config, &node.size_question(channel), &mut quiet)?;
        found.push(ChannelNeed {
            capacity_sats: channel.capacity_sats,
            channel_id: channel.channel_id.clone(),
            class: classified.class,
            days_out: channel.flow.map(|flow| flow.days_out),
            demand_sats: sized.target_sats,
            local_sats: channel.local_sats,
            peer_id: channel.peer_id.clone(),
            severity: classified.severity,
            short_channel_id: channel.short_channel_id.clone(),
            to_half_sats: classified.amount_sats,
        });
    }
    sorting::by(&mut found, |a: &ChannelNeed, b: &ChannelNeed| {
        a.class
            .cmp(&b.class)
            .then_with(|| b.demand_sats.cmp(&a.demand_sats))
            .then_with(|| a.channel_id.cmp(&b.channel_id))
    });
    Ok(found)
}
