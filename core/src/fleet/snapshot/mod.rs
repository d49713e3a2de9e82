//! Turns the raw answers of a Core Lightning node into what the fleet policies read.
//!
//! ```
//! use trimtab_core::policy::Policy;
//! let answers = br#"{"now": 1795171800, "getinfo": {"id": "03aa"}, "listpeerchannels": {"channels": [
//!     {"channel_id": "c1", "peer_id": "02bb", "state": "CHANNELD_NORMAL",
//!      "to_us_msat": "565000999msat", "total_msat": 8000000000}]}}"#;
//! let answer = Policy::plan().call("snapshot.cln", answers)?;
//! assert!(String::from_utf8_lossy(&answer).contains(r#""local_sats":565000"#));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! What a node lists is not what it can use. Every channel is told with its phase; only usable ones
//! are judged, only those that others can see are told to others, and what is left out is in the
//! answer as numbers. Fields of the node that we do not read are ignored; a malformed entry is set
//! aside and the rest is used.
//!
//! | file | reads |
//! |---|---|
//! | [`raw`] | the answers as the node gives them |
//! | `listed` | phases, what a channel holds and what can move, also while a splice waits |
//! | `ledger` | revenue, costs, how long nothing moved, the flow of 60 days |
//! | `moves` | what moved in each channel, own rebalances and what they cost |
//! | `graph` | public capacities, which of our channels others can see |
//! | `report` | what is told to the other members |
//!
//! Source: spec "Reading a node", facts about a real node. Codes: `snapshot_taken`,
//! `not_in_normal_operation`, `duplicate_channel_id`, `splice_in_flight`, `closed_to_forwards`,
//! `forwards_unknown`, `cost_unknown`, `graph_unknown`, `forwards_of_unknown_channels`,
//! `rebalance_cost_unattributed`, `route_cost_unknown`, `insufficient_history`, `idle_unknown`.

mod graph;
mod ledger;
mod listed;
mod moves;
pub mod raw;
mod report;
mod sums;

use super::channel::{self, Channel, Demand};
use super::health::assess::{AssessInput, TrendSource};
use super::health::balance::LocalShare;
use super::health::profit::{Profit, ProfitClass, ProfitInput};
use super::health::verify::HealthReport;
use super::member::{Member, PeerCapacity, Us};
use crate::config::Config;
pub use crate::config::snapshot::SnapshotConfig;
use crate::error::Error;
use crate::reason::Why;
use crate::units::{Count, Msat, Sat, Seconds, Share};
use ledger::Ledger;
use listed::{count_of, increment};
pub use raw::ClnInput;

/// A node as the fleet policies read it.
#[record(open)]
pub struct Snapshot {
    /// The name the node gives itself.
    pub alias: Option<String>,
    /// The input of `health.assess`; absent when neither forwards nor books are known.
    pub assess: Option<AssessInput>,
    /// The moment of the answers.
    pub at: Seconds,
    /// The capacity of all usable channels that others can see, whichever splice confirms.
    pub capacity_sats: Sat,
    /// How much the channels are asked for, on average; absent when the flow is unknown.
    pub demand: Option<Demand>,
    /// What the node says of itself to the other members, over the same channels; absent when
    /// neither forwards nor books are known.
    pub health_report: Option<HealthReport>,
    /// How many channels are in no number above, and why.
    pub left_out: LeftOut,
    /// The books of every usable channel; empty when neither forwards nor books are known.
    pub profits: Vec<ChannelProfit>,
    /// The public capacity of every node of the graph; empty when the graph is unknown.
    pub public_capacities: Vec<PeerCapacity>,
    /// What the other members may know of its channels, as they keep it; without its health.
    pub report: Member,
    /// Forwarding fees of the last four weeks, one week each, oldest first, from the source that has
    /// more of them.
    pub revenue_windows: Vec<Msat>,
    /// What the last 30 days earned and cost that belongs to no channel we know.
    pub unattributed: Unattributed,
    /// The node itself, as other policies read it.
    pub us: Us,
}

/// How many channels do not count, and why.
#[record(open, Copy, Default, Eq)]
pub struct LeftOut {
    /// On their way out.
    pub closing: Count,
    /// Under an id that another channel has.
    pub duplicate: Count,
    /// Not open yet.
    pub opening: Count,
    /// Only talked about.
    pub proposed: Count,
    /// Not readable, or two usable ones under one id.
    pub set_aside: Count,
    /// Usable, and in nothing that is told to others, since the graph does not show them as active.
    pub unannounced: Count,
    /// In a state that we do not know.
    pub unknown: Count,
}

/// What belongs to no channel that we know.
#[record(open, Copy, Default, Eq)]
pub struct Unattributed {
    /// Fees of forwards out through channels that we do not know.
    pub forwards_msat: Msat,
    /// Cost of rebalances into channels that are gone, or all of it where nothing says which
    /// channel was filled.
    pub rebalances_msat: Msat,
}

/// The books of a channel and what they say.
#[record(open)]
pub struct ChannelProfit {
    /// The input of `health.profit`.
    pub books: ProfitInput,
    /// What it decided.
    pub profit: Profit,
}

/// Refuses books in which a channel stands twice: it would earn twice.
pub(in crate::fleet) fn each_once(profits: &[ChannelProfit], list: &str) -> Result<(), Error> {
    let ids = profits.iter();
    let ids = ids.filter_map(|judged| judged.books.channel_id.as_ref());
    channel::each_once(ids, list)
}

/// Reads the answers of a node.
pub fn cln(config: &Config, input: &ClnInput, why: &mut Why) -> Result<Snapshot, Error> {
    let mut listed = listed::listed(input, why)?;
    let ledger = Ledger::of(config, input, &listed, why);
    let graph = graph::graph(input, &mut listed, why)?;
    let demand = ledger.fill(&mut listed.channels, why);
    let profits = ledger.profits(config, &listed, why)?;
    let told: Vec<&Channel> = listed
        .channels
        .iter()
        .filter(|one| one.counts() && one.is_reported(config))
        .collect();
    let mut left_out = listed.left_out;
    let usable = listed.channels.iter().filter(|channel| channel.counts());
    (told.len()..usable.count()).for_each(|_| increment(&mut left_out.unannounced));
    let windows = ledger.windows();
    let shown = match ledger.is_known() && ledger.shows_trend(why) {
        true => windows.to_vec(),
        false => Vec::new(),
    };
    let counts = Classes::of(&told, &profits);
    let inside = |error: Error| error.inside("listpeerchannels");
    let capacity = told
        .iter()
        .try_fold(Sat::MIN, |sum, channel| sum.plus(channel.safe_capacity()))
        .map_err(inside)?;
    Ok(Snapshot {
        alias: input.getinfo.alias.clone(),
        assess: ledger
            .is_known()
            .then(|| counts.assess(&told, shown.clone())),
        at: input.now,
        capacity_sats: capacity,
        demand,
        health_report: ledger
            .is_known()
            .then(|| counts.report(input.now, capacity, &told, shown)),
        left_out,
        profits,
        public_capacities: graph.map_or_else(Vec::new, |graph| graph.capacities),
        report: report::report(config, &input.getinfo.id, input.now, &told).map_err(inside)?,
        revenue_windows: windows.to_vec(),
        unattributed: ledger.unattributed,
        us: Us {
            channels: listed.channels.into(),
            node_id: input.getinfo.id.clone(),
            rebalancing: Vec::new(),
            tier: None,
        },
    })
}

/// How many of the channels that are told earn, lose and stand still.
#[derive(Default)]
struct Classes {
    profitable: Count,
    stagnant: Count,
    total: Count,
    underwater: Count,
}

impl Classes {
    /// Both lists are by id.
    fn of(told: &[&Channel], profits: &[ChannelProfit]) -> Self {
        let mut classes = Self::default();
        let mut told = told.iter().peekable();
        for judged in profits {
            let id = judged.books.channel_id.as_ref();
            if told
                .next_if(|channel| Some(&channel.channel_id) == id)
                .is_none()
            {
                continue;
            }
            increment(&mut classes.total);
            match judged.profit.class {
                ProfitClass::Profitable => increment(&mut classes.profitable),
                ProfitClass::Stagnant => increment(&mut classes.stagnant),
                ProfitClass::Underwater => increment(&mut classes.underwater),
                ProfitClass::BreakEven => {}
            }
        }
        classes
    }

    fn assess(&self, told: &[&Channel], windows: Vec<Msat>) -> AssessInput {
        let share = |channel: &&Channel| {
            channel.local_pct().map(|pct| LocalShare {
                local_pct: Share::clamped(pct),
            })
        };
        AssessInput {
            channels: Some(told.iter().filter_map(share).collect()),
            liquidity_score: None,
            previous_tier: None,
            profitable: self.profitable,
            stagnant: self.stagnant,
            total: Some(self.total),
            trend: TrendSource::Windows(windows),
            underwater: self.underwater,
        }
    }

    fn report(
        &self,
        at: Seconds,
        capacity_sats: Sat,
        told: &[&Channel],
        windows: Vec<Msat>,
    ) -> HealthReport {
        HealthReport {
            at,
            capacity_sats,
            channels: count_of(told.len()),
            imbalance_bp: report::imbalance(told),
            profitable: self.profitable,
            stagnant: self.stagnant,
            total: self.total,
            underwater: self.underwater,
            windows,
        }
    }
}

#[cfg(test)]
mod tests;
