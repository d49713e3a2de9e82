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
//! Fields of the node that we do not read are ignored; a malformed channel is set aside and the
//! rest is used. Only channels in normal operation are usable; one that waits for a splice is
//! marked and counts with its confirmed balance, and for splice safety with the smallest capacity
//! that may remain.
//!
//! Codes: `snapshot_taken`, `not_in_normal_operation`, `splice_in_flight`, `cost_unknown`,
//! `forwards_unknown`, `graph_unknown`.

pub mod raw;
mod report;

use super::channel::{Channel, Demand};
use super::health::assess::{AssessInput, TrendSource};
use super::health::balance::LocalShare;
use super::health::profit::{Profit, ProfitClass, ProfitInput, profit};
use super::health::verify::HealthReport;
use super::member::{Member, PeerCapacity, Us};
use crate::config::Config;
use crate::error::Error;
use crate::reason::{Code, Effect, Reason, Why};
use crate::sorting;
use crate::table::Table;
use crate::units::{Count, Msat, Sat, Seconds, Share};
pub use raw::ClnInput;
use raw::{Forward, IncomeEvent, PeerChannel};

const DAY: u64 = 24 * 3600;
const PROFIT_DAYS: u64 = 30;
const WINDOW_DAYS: u64 = 7;
const WINDOWS: usize = 4;

/// A node as the fleet policies read it.
#[record(open)]
pub struct Snapshot {
    /// The name the node gives itself.
    pub alias: Option<String>,
    /// The input of `health.assess`; absent when the forwards are unknown.
    pub assess: Option<AssessInput>,
    /// The moment of the answers.
    pub at: Seconds,
    /// The capacity of all channels that count.
    pub capacity_sats: Sat,
    /// How much the channels are asked for, on average; absent when the flow is unknown.
    pub demand: Option<Demand>,
    /// What the node says of itself to the other members; absent where no channel could be judged.
    pub health_report: Option<HealthReport>,
    /// How many channels are in no number above, and why.
    pub left_out: LeftOut,
    /// The books of every channel that counts; empty when the forwards are unknown.
    pub profits: Vec<ChannelProfit>,
    /// The public capacity of every node of the graph; empty when the graph is unknown.
    pub public_capacities: Vec<PeerCapacity>,
    /// What the other members may know of its channels, as they keep it; without its health.
    pub report: Member,
    /// Forwarding fees of the last four weeks, one week each, oldest first.
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
    /// Usable, and in nothing that is told to others, since the graph does not show them.
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

/// Reads the answers of a node.
pub fn cln(config: &Config, input: &ClnInput, why: &mut Why) -> Result<Snapshot, Error> {
    let raw = input.listpeerchannels.channels.usable(why);
    let channels: Vec<Channel> = raw.iter().map(|channel| read(channel)).collect();
    explain_channels(&channels, why);
    let ledger = Ledger::of(input, &raw, why);
    let profits = match input.listforwards {
        Some(_) => ledger.profits(config, &channels)?,
        None => Vec::new(),
    };
    let counted = || channels.iter().filter(|channel| channel.counts());
    let capacity = counted().try_fold(Sat::MIN, |sum, channel| sum.plus(channel.capacity_sats));
    let revenue_windows = ledger.windows.to_vec();
    Ok(Snapshot {
        alias: input.getinfo.alias.clone(),
        assess: input
            .listforwards
            .is_some()
            .then(|| assess_input(&profits, counted().collect(), &revenue_windows)),
        at: input.now,
        capacity_sats: capacity.map_err(|error| error.inside("listpeerchannels"))?,
        demand: None,
        health_report: None,
        left_out: LeftOut::default(),
        profits,
        public_capacities: public_capacities(input, why)?,
        report: report::report(config, &input.getinfo.id, input.now, counted())
            .map_err(|error| error.inside("listpeerchannels"))?,
        revenue_windows,
        unattributed: Unattributed::default(),
        us: Us {
            channels: channels.into(),
            node_id: input.getinfo.id.clone(),
            rebalancing: Vec::new(),
            tier: None,
        },
    })
}

fn read(raw: &PeerChannel) -> Channel {
    let inflight = raw.inflight.as_deref().unwrap_or_default();
    let pending = inflight
        .iter()
        .map(|after| after.total_funding_msat.get().floor());
    let normal = raw.state == "CHANNELD_NORMAL";
    let splicing = raw.state == "CHANNELD_AWAITING_SPLICE" || (normal && !inflight.is_empty());
    Channel {
        fee_ppm: raw.fee_proportional_millionths,
        pending_capacity_sats: pending.min().filter(|_| splicing),
        private: raw.private.unwrap_or(false),
        short_channel_id: raw.short_channel_id.clone(),
        splicing,
        usable: normal,
        ..Channel::plain(
            raw.channel_id.clone(),
            raw.peer_id.clone(),
            raw.to_us_msat.get().floor(),
            raw.total_msat.get().floor(),
        )
    }
}

fn explain_channels(channels: &[Channel], why: &mut Why) {
    why.add(|| {
        let usable = channels.iter().filter(|channel| channel.usable).count();
        Reason::new(Code::SnapshotTaken, Effect::Allow)
            .observed(usable as u64)
            .limit(channels.len() as u64)
    });
    for channel in channels {
        if channel.splicing {
            why.add(|| Reason::new(Code::SpliceInFlight, Effect::Warn).about(&channel.channel_id));
        } else if !channel.usable {
            why.add(|| {
                Reason::new(Code::NotInNormalOperation, Effect::Unchecked)
                    .about(&channel.channel_id)
            });
        }
    }
}

/// The node's forwards and books, added up per channel.
struct Ledger<'i> {
    now: Seconds,
    books: Table<&'i str, Books>,
    windows: [Msat; WINDOWS],
    costs_known: bool,
}

/// What one channel earned and cost, and when something last moved.
#[derive(Default)]
struct Books {
    revenue: u128,
    cost: u128,
    moved: Option<u64>,
    opened: Option<u64>,
}

impl<'i> Ledger<'i> {
    fn of(input: &'i ClnInput, channels: &[&'i PeerChannel], why: &mut Why) -> Self {
        let names = names(channels);
        let events = input.bkpr_listincome.iter();
        let events = events.flat_map(|answer| answer.income_events.readable());
        let accounts = events.map(|event| event.account.as_str());
        let mut ledger = Self {
            now: input.now,
            books: Table::slots(names.values().copied().chain(accounts)),
            windows: [Msat::MIN; WINDOWS],
            costs_known: input.bkpr_listincome.is_some(),
        };
        match &input.listforwards {
            Some(answer) => answer
                .forwards
                .each(why)
                .iter()
                .filter(|forward| forward.status == "settled")
                .for_each(|forward| ledger.add_forward(forward, &names)),
            None => why.add(|| Reason::new(Code::ForwardsUnknown, Effect::Unchecked)),
        }
        match &input.bkpr_listincome {
            Some(answer) => answer
                .income_events
                .each(why)
                .iter()
                .for_each(|event| ledger.add_event(event)),
            None => why.add(|| Reason::new(Code::CostUnknown, Effect::Unchecked)),
        }
        ledger
    }

    fn add_forward(&mut self, forward: &'i Forward, names: &Table<&str, &'i str>) {
        let Some(at) = forward.resolved_time.or(forward.received_time) else {
            return;
        };
        // Nodes give seconds with a fraction; a float cast truncates and saturates.
        let at = at.get() as u64;
        // A clock a little ahead of ours must not lose its last forward.
        let age = self.now.get().saturating_sub(at);
        let fee = forward.fee_msat.unwrap_or_default().get();
        let weeks = usize::try_from(age / (WINDOW_DAYS * DAY)).unwrap_or(WINDOWS);
        if let Some(window) = self.windows.iter_mut().rev().nth(weeks) {
            *window = Msat::constant(window.get().saturating_add(fee.get()));
        }
        let out = forward
            .out_channel
            .as_ref()
            .and_then(|id| names.get(id.as_str()));
        let into = names.get(forward.in_channel.as_str());
        for channel in out.into_iter().chain(into) {
            let books = self.books.slot(channel);
            books.moved = books.moved.max(Some(at));
        }
        if let (Some(channel), true) = (out, age < PROFIT_DAYS * DAY) {
            self.books.slot(channel).revenue += u128::from(fee.get());
        }
    }

    fn add_event(&mut self, event: &'i IncomeEvent) {
        let at = event.timestamp.get();
        let books = self.books.slot(event.account.as_str());
        books.opened = Some(books.opened.map_or(at, |known| known.min(at)));
        let cost = matches!(event.tag.as_str(), "onchain_fee" | "rebalance_fee");
        if cost && self.now.get().saturating_sub(at) < PROFIT_DAYS * DAY {
            books.cost += u128::from(event.debit_msat.get().get());
        }
    }

    fn profits(&self, config: &Config, channels: &[Channel]) -> Result<Vec<ChannelProfit>, Error> {
        let counted = channels.iter().filter(|channel| channel.counts());
        let one = |channel: &Channel| {
            let none = Books::default();
            let books = self.books.get(channel.channel_id.as_str()).unwrap_or(&none);
            let books = ProfitInput {
                channel_id: Some(channel.channel_id.clone()),
                cost_msat: self.costs_known.then(|| msat(books.cost)),
                // A channel that never forwarded has been idle since it opened.
                idle_s: books
                    .moved
                    .or(books.opened)
                    .map(|at| self.now.less(Seconds::constant(at))),
                revenue_msat: msat(books.revenue),
            };
            let profit = profit(config, &books, &mut Why::off())?;
            Ok(ChannelProfit { books, profit })
        };
        counted.map(one).collect()
    }
}

/// More than all bitcoin can only be a defect of the node's books; it stays the largest amount.
fn msat(n: u128) -> Msat {
    Msat::constant(u64::try_from(n).unwrap_or(u64::MAX))
}

/// Every name under which a channel forwards, to its id.
fn names<'i>(channels: &[&'i PeerChannel]) -> Table<&'i str, &'i str> {
    let named = channels.iter().flat_map(|channel| {
        let alias = channel.alias.as_ref();
        let alias = alias.and_then(|alias| alias.local.as_ref());
        let names = alias.into_iter().chain(&channel.short_channel_id);
        names.map(|name| (name.as_str(), channel.channel_id.as_str()))
    });
    named.collect()
}

fn assess_input(
    profits: &[ChannelProfit],
    counted: Vec<&Channel>,
    windows: &[Msat],
) -> AssessInput {
    let share = |channel: &&Channel| {
        channel.local_pct().map(|pct| LocalShare {
            local_pct: Share::constant(pct),
        })
    };
    let count = |class: ProfitClass| {
        let matching = profits
            .iter()
            .filter(|channel| channel.profit.class == class);
        count_of(matching.count())
    };
    AssessInput {
        channels: Some(counted.iter().filter_map(share).collect()),
        liquidity_score: None,
        profitable: count(ProfitClass::Profitable),
        stagnant: count(ProfitClass::Stagnant),
        total: Some(count_of(profits.len())),
        trend: TrendSource::Windows(windows.to_vec()),
        underwater: count(ProfitClass::Underwater),
    }
}

fn count_of(n: usize) -> Count {
    Count::constant(u32::try_from(n).unwrap_or(u32::MAX))
}

/// What each node offers in public, each channel once per source.
fn public_capacities(input: &ClnInput, why: &mut Why) -> Result<Vec<PeerCapacity>, Error> {
    let Some(answer) = &input.listchannels else {
        why.add(|| Reason::new(Code::GraphUnknown, Effect::Unchecked));
        return Ok(Vec::new());
    };
    let channels = answer.channels.each(why).iter();
    let offered = channels.map(|channel| {
        let capacity = channel.amount_msat.get().floor();
        (&channel.source, &channel.short_channel_id, capacity)
    });
    let mut seen: Vec<_> = offered.collect();
    // Two answers may have been put together; the larger of two amounts is the newer splice's or
    // the older one's, and the smaller is the safer.
    sorting::by(&mut seen, Ord::cmp);
    seen.dedup_by_key(|(source, id, _)| (*source, *id));
    let mut peers: Vec<PeerCapacity> = Vec::new();
    for (source, _, capacity) in seen {
        match peers.last_mut() {
            Some(peer) if peer.peer_id == *source => {
                let sum = peer.capacity_sats.plus(capacity);
                peer.capacity_sats = sum.map_err(|error| error.inside("listchannels"))?;
                peer.channels = peer
                    .channels
                    .map(|n| Count::constant(n.get().saturating_add(1)));
            }
            _ => peers.push(PeerCapacity {
                capacity_sats: capacity,
                channels: Some(Count::constant(1)),
                peer_id: source.clone(),
            }),
        }
    }
    Ok(peers)
}

#[cfg(test)]
mod tests;
