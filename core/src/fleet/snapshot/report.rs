//! What a node may tell the other members of its channels: which are in trouble, and what it holds
//! where; no other balance.
//!
//! Source: spec "Liquidity"; the same record that [`gossip`](crate::fleet::gossip) carries.

use crate::config::Config;
use crate::error::Error;
use crate::fleet::channel::{Channel, full_share};
use crate::fleet::liquidity::NeedType;
use crate::fleet::liquidity::needs::own_trouble;
use crate::fleet::member::{Member, PeerCapacity, Trouble};
use crate::table::Table;
use crate::units::{Count, NodeId, Sat, Seconds};

/// The report of a node at `now`; its health is for `health.assess` to say.
pub(super) fn report<'c>(
    config: &Config,
    node_id: &NodeId,
    now: Seconds,
    counted: impl Iterator<Item = &'c Channel> + Clone,
) -> Result<Member, Error> {
    let mut report = Member::silent(node_id.clone());
    report.at = now;
    let mut held: Table<&NodeId, (Sat, u32)> =
        Table::slots(counted.clone().map(|channel| &channel.peer_id));
    for channel in counted {
        let (local, capacity) = (channel.local_sats, channel.capacity_sats);
        let found = own_trouble(&config.liquidity, local, capacity);
        if let (Some((kind, _)), Some(local_pct)) = (found, full_share(local, capacity)) {
            let told = Trouble {
                capacity_sats: capacity,
                local_pct,
                peer_id: channel.peer_id.clone(),
            };
            match kind {
                NeedType::Outbound => report.depleted.push(told),
                NeedType::Inbound => report.saturated.push(told),
            }
        }
        let (sum, channels) = held.slot(&channel.peer_id);
        *sum = sum.plus(channel.safe_capacity())?;
        *channels = channels.saturating_add(1);
    }
    let capacities = held
        .into_iter()
        .map(|(peer, (capacity_sats, channels))| PeerCapacity {
            capacity_sats,
            channels: Some(Count::constant(channels)),
            peer_id: peer.clone(),
        });
    report.capacities = capacities.collect();
    Ok(report)
}
