//! What a node may tell the other members of its channels: which are in trouble, and what it holds
//! where; no other balance.
//!
//! Source: spec "Liquidity"; the same record that [`gossip`](crate::fleet::gossip) carries.

use crate::config::Config;
use crate::error::Error;
use crate::fleet::channel::{Channel, full_share};
use crate::fleet::liquidity::NeedType;
use crate::fleet::liquidity::needs::trouble_of;
use crate::fleet::member::{Member, PeerCapacity, Trouble};
use crate::table::Table;
use crate::units::{BasisPoints, Count, NodeId, Sat, Seconds};

/// Sum over the channels of how far each lies from balance, in hundredths of a percent.
pub(super) fn imbalance(told: &[&Channel]) -> BasisPoints {
    let away = |channel: &&Channel| {
        let capacity = channel.capacity_sats.get();
        let local = channel.local_sats.get().min(capacity);
        let away = u128::from((2 * local).abs_diff(capacity));
        (away * 10_000)
            .checked_div(u128::from(capacity))
            .and_then(|away| u64::try_from(away).ok())
            .unwrap_or(0)
    };
    BasisPoints::clamped(told.iter().map(away).sum())
}

/// The report of a node at `now`; its health is for `health.assess` to say.
pub(super) fn report(
    config: &Config,
    node_id: &NodeId,
    now: Seconds,
    told: &[&Channel],
) -> Result<Member, Error> {
    let mut report = Member::silent(node_id.clone());
    report.at = now;
    let mut held: Table<&NodeId, (Sat, u32)> =
        Table::slots(told.iter().map(|channel| &channel.peer_id));
    for channel in told {
        let (local, capacity) = (channel.local_sats, channel.capacity_sats);
        let found = trouble_of(&config.liquidity, channel);
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
            channels: Some(Count::clamped(channels)),
            peer_id: peer.clone(),
        });
    report.capacities = capacities.collect();
    Ok(report)
}
