//! What a node tells the other members of itself: the bodies of its health report and of its
//! liquidity state, out of what `snapshot.cln` read.
//!
//! ```
//! use trimtab_core::policy::Policy;
//! let input = br#"{"now":1795000000,"channels":[{"channel_id":"c1","peer_id":"acinq",
//!   "capacity_sats":2000000,"local_sats":85000}]}"#;
//! let answer = Policy::plan().call("gossip.report", input)?;
//! assert!(String::from_utf8_lossy(&answer).contains(r#""local_per_mille":42"#));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! Everything is told over one set: announced channels whose liquidity counts, with
//! `report_unannounced` the others too. So no report gives away a channel that the graph does not
//! know, and whoever holds the report against the graph finds that they agree: a channel that the
//! graph shows disabled in both directions, as while its peer is away, is not told either. A channel
//! that its operator closed to forwards is in no trouble. What another program of the node says of single channels is passed on
//! only where it can not be about an unannounced one.
//!
//! Source: spec "Gossip between members". Codes: `report_made`, `unannounced_withheld`,
//! `report_shortened`, `forwards_unknown`, `counts_beyond_announced`.

use super::body::{
    Capacity, HealthStatus, LiquidityState, MOST_CAPACITIES, MOST_REBALANCING, MOST_TROUBLES,
    Rebalancing, Trouble,
};
use crate::canonical;
use crate::config::Config;
use crate::entries::Entries;
use crate::error::Error;
use crate::fleet::channel::Channel;
use crate::fleet::health::profit::ProfitClass;
use crate::fleet::liquidity::NeedType;
use crate::fleet::liquidity::needs::trouble_of;
use crate::fleet::member::{self, Activity};
use crate::fleet::snapshot::{self, ChannelProfit};
use crate::reason::{Code, Effect, Reason, Why};
use crate::sorting;
use crate::table::Table;
use crate::units::{Count, Msat, NodeId, Sat, Seconds, Share};

/// What a node knows of itself.
#[record]
pub struct ReportInput {
    /// Our channels, as `snapshot.cln` gives them.
    pub channels: Entries<Channel>,
    /// sha256 of our config.
    pub config: Option<String>,
    /// What another program of this node counted; in place of what our books say.
    pub counts: Option<ReportedCounts>,
    /// Depleted and saturated channels as another program of this node lists them; in place of
    /// what our channels show.
    pub listed: Option<ListedTroubles>,
    /// The other members: a channel with one of them is no channel with an external peer.
    #[serde(default)]
    pub members: Vec<NodeId>,
    /// The present moment.
    pub now: Seconds,
    /// The books of our channels, as `snapshot.cln` gives them; empty when they are unknown.
    #[serde(default)]
    pub profits: Vec<ChannelProfit>,
    /// Where we are rebalancing.
    #[serde(default)]
    pub rebalancing: Vec<Activity>,
    /// Our revenue of the last four weeks, oldest first.
    #[serde(default)]
    pub revenue_windows: Vec<Msat>,
    /// Our software.
    pub version: Option<String>,
}

/// Channels by what they are worth.
#[record(Copy)]
pub struct ReportedCounts {
    /// Channels that earn.
    pub profitable: Count,
    /// Channels that stand still.
    pub stagnant: Count,
    /// All channels that were judged.
    pub total: Count,
    /// Channels that lose.
    pub underwater: Count,
}

/// Channels in trouble, as another program lists them.
#[record(Default)]
pub struct ListedTroubles {
    /// Channels with little on our side.
    #[serde(default)]
    pub depleted: Vec<member::Trouble>,
    /// Channels with nearly all on our side.
    #[serde(default)]
    pub saturated: Vec<member::Trouble>,
}

/// The bodies to build messages of.
#[record(open)]
pub struct Reports {
    /// The health report; absent while the books are unknown.
    pub health_status: Option<HealthStatus>,
    /// The liquidity state.
    pub liquidity_state: LiquidityState,
}

/// Makes the bodies of our own reports.
pub fn report(config: &Config, input: &ReportInput, why: &mut Why) -> Result<Reports, Error> {
    snapshot::each_once(&input.profits, "profits")?;
    let channels = input.channels.usable(why);
    let counting: Vec<&Channel> = channels.into_iter().filter(|one| one.counts()).collect();
    let usable = counting.len();
    let (told, withheld): (Vec<&Channel>, Vec<&Channel>) = counting
        .into_iter()
        .partition(|one| one.is_reported(config));
    why.add(|| {
        Reason::new(Code::ReportMade, Effect::Allow)
            .observed(told.len() as u64)
            .limit(usable as u64)
    });
    let unannounced = withheld.iter().filter(|one| !one.is_told(config)).count();
    if unannounced > 0 {
        why.add(|| {
            Reason::new(Code::UnannouncedWithheld, Effect::Adjust).observed(unannounced as u64)
        });
    }
    Ok(Reports {
        health_status: health(input, &told, why)?,
        liquidity_state: liquidity(config, input, &told, &withheld, why)?,
    })
}

fn health(
    input: &ReportInput,
    told: &[&Channel],
    why: &mut Why,
) -> Result<Option<HealthStatus>, Error> {
    const WINDOWS: usize = 4;
    if input.profits.is_empty() && !told.is_empty() || input.revenue_windows.len() != WINDOWS {
        why.add(|| Reason::new(Code::ForwardsUnknown, Effect::Unchecked));
        return Ok(None);
    }
    let counts = counts(input, told, why);
    let capacity = told
        .iter()
        .try_fold(Sat::MIN, |sum, one| sum.plus(one.safe_capacity()));
    let imbalance: u64 = told.iter().map(|one| imbalance_bp(one)).sum();
    Ok(Some(HealthStatus {
        capacity_sats: capacity.map_err(|error| error.inside("channels"))?,
        channels: count_of(told.len()),
        config: input.config.clone(),
        imbalance_bp: Sat::new(imbalance)?,
        profitable: counts.profitable,
        revenue_sats: input
            .revenue_windows
            .iter()
            .map(|sum| sum.floor())
            .collect(),
        stagnant: counts.stagnant,
        total: counts.total,
        underwater: counts.underwater,
        version: input.version.clone(),
    }))
}

/// Our own books over the channels that are told of, unless another program counted no more
/// channels than those.
fn counts(input: &ReportInput, told: &[&Channel], why: &mut Why) -> ReportedCounts {
    if let Some(given) = input.counts {
        if given.total.get() as usize <= told.len() {
            return given;
        }
        why.add(|| {
            Reason::new(Code::CountsBeyondAnnounced, Effect::Adjust)
                .observed(given.total)
                .limit(told.len() as u64)
        });
    }
    let announced: Table<&NodeId, ()> = told.iter().map(|one| (&one.channel_id, ())).collect();
    let judged = input.profits.iter().filter(|one| {
        let id = one.books.channel_id.as_ref();
        id.is_some_and(|id| announced.contains_key(id))
    });
    let classes: Vec<ProfitClass> = judged.map(|one| one.profit.class).collect();
    let of = |class| count_of(classes.iter().filter(|one| **one == class).count());
    ReportedCounts {
        profitable: of(ProfitClass::Profitable),
        stagnant: of(ProfitClass::Stagnant),
        total: count_of(classes.len()),
        underwater: of(ProfitClass::Underwater),
    }
}

/// How far a channel lies from balance, in hundredths of a percent; an empty one lies nowhere.
fn imbalance_bp(channel: &Channel) -> u64 {
    let capacity = u128::from(channel.capacity_sats.get());
    if capacity == 0 {
        return 0;
    }
    let local = u128::from(channel.local_sats.get()).min(capacity);
    let apart = (2 * local).abs_diff(capacity);
    u64::try_from(apart * 10_000 / capacity).unwrap_or(10_000)
}

fn liquidity(
    config: &Config,
    input: &ReportInput,
    told: &[&Channel],
    withheld: &[&Channel],
    why: &mut Why,
) -> Result<LiquidityState, Error> {
    let mut members: Vec<&NodeId> = input.members.iter().collect();
    sorting::once(&mut members, Ord::cmp);
    let external = |peer: &NodeId| members.binary_search(&peer).is_err();
    let mut troubles = match &input.listed {
        Some(listed) => listed_troubles(listed, told, withheld),
        None => own_troubles(config, told),
    };
    troubles.retain(|(_, one)| external(&one.peer));
    // Beyond the limit the most severe are told: the nearest to an end, then the larger channel.
    sorting::by(&mut troubles, |(_, a), (_, b)| {
        let key = |one: &Trouble| {
            one.local_per_mille
                .get()
                .min(1000 - one.local_per_mille.get())
        };
        key(a)
            .cmp(&key(b))
            .then(b.capacity_sats.cmp(&a.capacity_sats))
            .then(a.peer.cmp(&b.peer))
    });
    shorten(&mut troubles, MOST_TROUBLES, why);
    let side = |kind| {
        let list = troubles.iter().filter(move |(side, _)| *side == kind);
        let mut list: Vec<Trouble> = list.map(|(_, one)| one.clone()).collect();
        sorting::by(&mut list, |a, b| {
            a.peer
                .cmp(&b.peer)
                .then(a.local_per_mille.cmp(&b.local_per_mille))
                .then(a.capacity_sats.cmp(&b.capacity_sats))
        });
        list
    };
    let mut state = LiquidityState {
        capacities: Vec::new(),
        depleted: side(NeedType::Outbound),
        rebalancing: rebalancing(input, external, why),
        saturated: side(NeedType::Inbound),
    };
    let most = config.gossip.max_bytes.get() as usize;
    let room = most.saturating_sub(ENVELOPE + canonical::text(&state)?.len());
    state.capacities = capacities(told, external, room, why)?;
    Ok(state)
}

/// What a message holds besides its body, with its numbers as long as they can be.
const ENVELOPE: usize = 320;

fn own_troubles(config: &Config, told: &[&Channel]) -> Vec<(NeedType, Trouble)> {
    let found = told.iter().filter_map(|one| {
        let (kind, _) = trouble_of(&config.liquidity, one)?;
        let (local, capacity) = (one.local_sats, one.capacity_sats);
        let (local, whole) = (u128::from(local.get()), u128::from(capacity.get()));
        let nearer_end = match 2 * local < whole {
            true => local * 1000 / whole,
            false => (local * 1000).div_ceil(whole),
        };
        Some((kind, trouble(&one.peer_id, capacity, nearer_end)))
    });
    found.collect()
}

fn trouble(peer: &NodeId, capacity_sats: Sat, per_mille: u128) -> Trouble {
    Trouble {
        capacity_sats,
        local_per_mille: Count::clamped(u32::try_from(per_mille.min(1000)).unwrap_or(1000)),
        peer: peer.clone(),
    }
}

fn listed_troubles(
    listed: &ListedTroubles,
    told: &[&Channel],
    withheld: &[&Channel],
) -> Vec<(NeedType, Trouble)> {
    let all = [
        (NeedType::Outbound, &listed.depleted),
        (NeedType::Inbound, &listed.saturated),
    ];
    let mut troubles = Vec::new();
    for (kind, list) in all {
        for one in list {
            let with_peer = |channel: &&&Channel| channel.peer_id == one.peer_id;
            let announced = told
                .iter()
                .filter(with_peer)
                .any(|channel| channel.capacity_sats == one.capacity_sats);
            if announced
                || !withheld
                    .iter()
                    .any(|channel| channel.peer_id == one.peer_id)
            {
                let per_mille = nearer_end(one.local_pct);
                troubles.push((kind, trouble(&one.peer_id, one.capacity_sats, per_mille)));
            }
        }
    }
    troubles
}

/// A share in thousandths, rounded toward its nearer end.
fn nearer_end(share: Share) -> u128 {
    let thousandths = share.get() * 1000.0;
    let floor = thousandths.trunc();
    // A share is within 0..=1, so this is within 0..=1000.
    let whole = floor as u128;
    match share.get() < 0.5 || floor == thousandths {
        true => whole,
        false => whole + 1,
    }
}

fn capacities(
    told: &[&Channel],
    external: impl Fn(&NodeId) -> bool,
    room: usize,
    why: &mut Why,
) -> Result<Vec<Capacity>, Error> {
    let with = told.iter().filter(|one| external(&one.peer_id));
    let mut held: Table<&NodeId, Sat> = Table::slots(with.clone().map(|one| &one.peer_id));
    for one in with {
        let sum = held.slot(&one.peer_id);
        *sum = sum
            .plus(one.safe_capacity())
            .map_err(|error| error.inside("channels"))?;
    }
    let mut list: Vec<Capacity> = held
        .into_iter()
        .map(|(peer, capacity_sats)| Capacity {
            capacity_sats,
            peer: peer.clone(),
        })
        .collect();
    sorting::by(&mut list, |a, b| {
        b.capacity_sats
            .cmp(&a.capacity_sats)
            .then(a.peer.cmp(&b.peer))
    });
    // All of a message counts: one that is too large is refused whole.
    let mut fits = 0;
    let mut size = 0;
    for one in list.iter().take(MOST_CAPACITIES) {
        size += canonical::text(one)?.len() + 1;
        fits += usize::from(size <= room);
    }
    shorten(&mut list, fits, why);
    sorting::by(&mut list, |a, b| a.peer.cmp(&b.peer));
    Ok(list)
}

fn rebalancing(
    input: &ReportInput,
    external: impl Fn(&NodeId) -> bool,
    why: &mut Why,
) -> Vec<Rebalancing> {
    let running = input.rebalancing.iter();
    let running = running.filter(|one| one.expected_end > input.now && external(&one.peer_id));
    let mut list: Vec<Rebalancing> = running
        .map(|one| Rebalancing {
            expected_end: one.expected_end,
            peer: one.peer_id.clone(),
            start: one.at,
        })
        .collect();
    // Beyond the limit those are told that began last: they hold for the longest.
    sorting::by(&mut list, |a, b| {
        b.start.cmp(&a.start).then(a.peer.cmp(&b.peer))
    });
    shorten(&mut list, MOST_REBALANCING, why);
    sorting::by(&mut list, |a, b| {
        a.peer.cmp(&b.peer).then(a.start.cmp(&b.start))
    });
    list
}

fn shorten<T>(list: &mut Vec<T>, most: usize, why: &mut Why) {
    let beyond = list.len().saturating_sub(most);
    if beyond > 0 {
        list.truncate(most);
        why.add(|| {
            Reason::new(Code::ReportShortened, Effect::Warn)
                .observed(beyond as u64)
                .limit(most as u64)
        });
    }
}

fn count_of(n: usize) -> Count {
    Count::clamped(u32::try_from(n).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::gossip::plain::Plain;
    use crate::fleet::gossip::{BuildInput, Kind, body, build};
    use crate::units::Serial;
    use crate::value::{self, Value};
    use proptest::prelude::*;

    fn made(input: &str) -> Reports {
        let input: ReportInput =
            value::decode(&Value::from_json(input.as_bytes()).expect("JSON")).expect("an input");
        report(&Config::default(), &input, &mut Why::off()).expect("a report")
    }

    #[test]
    fn unannounced_channels_stay_private() {
        let made = made(
            r#"{"now":1000,"channels":[
            {"channel_id":"c1","peer_id":"a","capacity_sats":1000,"local_sats":10},
            {"channel_id":"c2","peer_id":"b","capacity_sats":2000,"local_sats":10,"private":true}],
            "profits":[
            {"books":{"channel_id":"c1","revenue_msat":5},"profit":{"class":"profitable"}},
            {"books":{"channel_id":"c2","revenue_msat":5},"profit":{"class":"underwater"}}],
            "revenue_windows":[0,0,0,0]}"#,
        );
        let told = format!("{made:?}");
        assert!(!told.contains("\"b\"") && !told.contains("2000"), "{told}");
        let health = made.health_status.expect("books are known");
        assert_eq!(health.total, count_of(1));
        assert_eq!(health.channels, count_of(1));
    }

    #[test]
    fn a_channel_that_the_graph_does_not_show_is_told_only_where_the_operator_says_so() {
        let input = r#"{"now":1000,"channels":[
            {"channel_id":"c1","peer_id":"a","capacity_sats":1000,"local_sats":10,"announced":true},
            {"channel_id":"c2","peer_id":"b","capacity_sats":2000,"local_sats":10,"announced":false}]}"#;
        let told = |report_unannounced| {
            let mut config = Config::default();
            config.snapshot.report_unannounced = report_unannounced;
            let given = Value::from_json(input.as_bytes()).expect("JSON");
            let given: ReportInput = value::decode(&given).expect("an input");
            let made = report(&config, &given, &mut Why::off()).expect("a report");
            let depleted = made.liquidity_state.depleted.iter();
            depleted.map(|one| one.peer.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(told(false), ["a"]);
        assert_eq!(told(true), ["a", "b"]);
    }

    #[test]
    fn a_channel_closed_to_forwards_is_in_no_trouble() {
        let made = made(
            r#"{"now":1000,"channels":[
            {"channel_id":"c1","peer_id":"a","capacity_sats":1000,"local_sats":10,
             "closed_to_forwards":true},
            {"channel_id":"c2","peer_id":"b","capacity_sats":1000,"local_sats":990}]}"#,
        );
        assert!(made.liquidity_state.depleted.is_empty());
        assert_eq!(made.liquidity_state.saturated.len(), 1);
        assert_eq!(made.liquidity_state.capacities.len(), 2);
    }

    #[test]
    fn what_another_program_lists_never_gives_an_unannounced_channel_away() {
        let made = made(
            r#"{"now":1000,"channels":[
            {"channel_id":"c1","peer_id":"a","capacity_sats":1000,"local_sats":500},
            {"channel_id":"c2","peer_id":"a","capacity_sats":2000,"local_sats":10,"private":true},
            {"channel_id":"c3","peer_id":"b","capacity_sats":3000,"local_sats":10,"private":true}],
            "listed":{"depleted":[
            {"peer_id":"a","capacity_sats":1000,"local_pct":0.01},
            {"peer_id":"a","capacity_sats":2000,"local_pct":0.01},
            {"peer_id":"b","capacity_sats":3000,"local_pct":0.01},
            {"peer_id":"c","capacity_sats":4000,"local_pct":0.01}]}}"#,
        );
        let told: Vec<u64> = made
            .liquidity_state
            .depleted
            .iter()
            .map(|one| one.capacity_sats.get())
            .collect();
        assert_eq!(told, [1000, 4000]);
    }

    #[test]
    fn shares_are_rounded_toward_the_nearer_end() {
        let share = |x| nearer_end(Share::new(x).expect("a share"));
        for (given, want) in [
            (0.0, 0),
            (0.0999, 99),
            (0.4999, 499),
            (0.5, 500),
            (0.9001, 901),
            (1.0, 1000),
        ] {
            assert_eq!(share(given), want, "{given}");
        }
    }

    proptest! {
        /// Whatever a node holds, its own reports pass the check that the receiver makes.
        #[test]
        fn own_reports_are_always_well_formed(
            channels in prop::collection::vec((0_u64..500, 0_u64..5_000_000, 0_u64..6_000_000, prop::bool::weighted(0.2)), 0..400),
            rebalancing in prop::collection::vec(0_u64..500, 0..40),
        ) {
            let peer = |n: u64| NodeId::new(&format!("02{n:064x}")).expect("an id");

            let channels: Vec<Channel> = channels.iter().enumerate().map(|(n, (peer, capacity, local, private))| {
                let text = format!(
                    r#"{{"channel_id":"c{n}","peer_id":"02{peer:064x}","capacity_sats":{capacity},"local_sats":{local},"private":{private}}}"#
                );
                value::decode(&Value::from_json(text.as_bytes()).expect("JSON")).expect("a channel")
            }).collect();
            let input = ReportInput {
                channels: channels.into(), config: None, counts: None, listed: None,
                members: vec![peer(1)], now: Seconds::constant(1_795_000_000), profits: Vec::new(),
                rebalancing: rebalancing.iter().map(|n| Activity {
                    at: Seconds::constant(1_795_000_000), expected_end: Seconds::constant(1_795_000_900), peer_id: peer(*n),
                }).collect(),
                revenue_windows: Vec::new(), version: None,
            };
            let made = report(&Config::default(), &input, &mut Why::off()).expect("a report");
            let text = serde_json::to_string(&made.liquidity_state).expect("JSON");
            let body = Value::from_json(text.as_bytes()).expect("JSON").into_owned();
            prop_assert!(body::check(Kind::LiquidityState, &body, input.now).is_ok());
            prop_assert!(!text.contains(peer(1).as_str()));
            // Signed, it is no larger than what every receiver takes.
            let asked = BuildInput {
                at: input.now, body: Plain::new(body), kind: Kind::LiquidityState, last_seq: Serial::MIN, reporter: peer(7),
            };
            let built = build(&Config::default(), &asked, &mut Why::off()).expect("a message");
            let message = canonical::text(&built.message).expect("JSON");
            let signed = message.len() + r#","sig":"""#.len() + 104;
            prop_assert!(signed <= Config::default().gossip.max_bytes.get() as usize, "{signed}");
        }
    }
}
