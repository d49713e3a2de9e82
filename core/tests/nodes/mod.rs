//! Nodes that could be: 5 to 400 channels in every state, with splices, leases, held HTLCs, answers
//! of old and new versions, and any mix of what a node may leave out. The same seed, the same node.

use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};
use serde_json::{Value, json};

pub const NOW: u64 = 1_800_000_000;
pub const HEIGHT: u64 = 900_000;
const DAY: u64 = 86_400;
pub const US: &str = "03aa";

/// What decides how a node looks.
pub struct Dice(TestRng);

impl Dice {
    pub fn of(seed: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        Self(TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
    }

    /// Below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.0.next_u64() % n.max(1)
    }

    pub fn within(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// In so many of a hundred cases.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.below(from.len() as u64) as usize]
    }

    pub fn shuffle(&mut self, list: &mut [Value]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}

/// How a version of the node writes.
#[derive(Clone, Copy, PartialEq)]
enum Version {
    /// Channels inside of `listpeers`, amounts as text.
    Old,
    /// `listpeerchannels` without what came with 24.02.
    Middle,
    New,
}

/// A channel before it is written down.
#[derive(Clone)]
pub struct Link {
    pub id: String,
    pub peer: String,
    pub state: &'static str,
    pub total: u64,
    pub to_us: u64,
    pub private: bool,
    pub block: u64,
    /// The short_channel_ids that it had before.
    pub former: Vec<String>,
    pub scid: Option<String>,
    alias: Option<String>,
    /// What each splice adds to our side and to the peer's, in sats.
    pub splices: Vec<(i64, i64)>,
    held: u64,
    online: bool,
    opener: &'static str,
    lost: bool,
}

const STATES: [(&str, u64); 15] = [
    ("CHANNELD_NORMAL", 58),
    ("CHANNELD_AWAITING_SPLICE", 14),
    ("OPENINGD", 2),
    ("DUALOPEND_OPEN_INIT", 2),
    ("DUALOPEND_OPEN_COMMIT_READY", 2),
    ("DUALOPEND_OPEN_COMMITTED", 2),
    ("DUALOPEND_AWAITING_LOCKIN", 2),
    ("CHANNELD_AWAITING_LOCKIN", 3),
    ("CHANNELD_SHUTTING_DOWN", 2),
    ("CLOSINGD_SIGEXCHANGE", 2),
    ("CLOSINGD_COMPLETE", 2),
    ("AWAITING_UNILATERAL", 2),
    ("FUNDING_SPEND_SEEN", 2),
    ("ONCHAIN", 3),
    ("A_STATE_OF_TOMORROW", 2),
];

impl Link {
    fn of(dice: &mut Dice, place: u64, peers: u64) -> Self {
        let state = state(dice);
        let largest = match dice.chance(10) {
            true => 500_000_000,
            false => 10_000_000,
        };
        let total = dice.within(20_000, largest) * 1000;
        let to_us = match dice.below(6) {
            0 => 0,
            1 => total,
            _ => dice.below(total + 1),
        };
        let block = HEIGHT - dice.within(0, 20_000);
        let early = [
            "OPENINGD",
            "DUALOPEND_OPEN_INIT",
            "DUALOPEND_OPEN_COMMIT_READY",
        ]
        .contains(&state);
        let placed = !(early || state.ends_with("LOCKIN") || dice.chance(3));
        let splicing = state == "CHANNELD_AWAITING_SPLICE";
        Self {
            id: format!(
                "{:064x}",
                u128::from(place) << 64 | u128::from(dice.below(u64::MAX))
            ),
            peer: peer(dice.below(peers)),
            state,
            total,
            to_us,
            private: dice.chance(15),
            block,
            former: (0..dice.below(3))
                .map(|n| format!("{}x{place}x{n}", block - 3000 - n))
                .collect(),
            scid: placed.then(|| format!("{block}x{place}x0")),
            alias: dice
                .chance(80)
                .then(|| format!("{}x{place}x7", 16_000_000 + place)),
            splices: (0..if splicing { dice.within(1, 3) } else { 0 })
                .map(|_| splice(dice, total, to_us))
                .collect(),
            held: if dice.chance(20) {
                dice.below(to_us / 2 + 1)
            } else {
                0
            },
            online: dice.chance(85),
            opener: *dice.pick(&["local", "remote"]),
            lost: dice.chance(if state == "AWAITING_UNILATERAL" {
                30
            } else {
                3
            }),
        }
    }

    pub fn is_usable(&self) -> bool {
        ["CHANNELD_NORMAL", "CHANNELD_AWAITING_SPLICE"].contains(&self.state) && !self.lost
    }

    fn is_early(&self) -> bool {
        [
            "OPENINGD",
            "DUALOPEND_OPEN_INIT",
            "DUALOPEND_OPEN_COMMIT_READY",
        ]
        .contains(&self.state)
    }

    /// The same channel as its peer has it, who closes what we lost the state of.
    pub fn mirrored(&self) -> Self {
        Self {
            peer: US.to_owned(),
            state: if self.lost {
                "AWAITING_UNILATERAL"
            } else {
                self.state
            },
            to_us: self.total - self.to_us,
            splices: self
                .splices
                .iter()
                .map(|(ours, theirs)| (*theirs, *ours))
                .collect(),
            held: 0,
            lost: false,
            ..self.clone()
        }
    }

    /// What it may hold when all is confirmed: our side and all of it, in msat.
    pub fn outcomes(&self) -> Vec<(i128, i128)> {
        let (to_us, total) = (i128::from(self.to_us), i128::from(self.total));
        let after = self.splices.iter().map(|(ours, theirs)| {
            let ours = i128::from(*ours) * 1000;
            (to_us + ours, total + ours + i128::from(*theirs) * 1000)
        });
        std::iter::once((to_us, total)).chain(after).collect()
    }
}

fn state(dice: &mut Dice) -> &'static str {
    let mut at = dice.below(100);
    for (state, weight) in STATES {
        if at < weight {
            return state;
        }
        at -= weight;
    }
    "CHANNELD_NORMAL"
}

/// In or out, of ours, of the peer's or of both.
fn splice(dice: &mut Dice, total: u64, to_us: u64) -> (i64, i64) {
    let mut side = |has: u64| {
        let has = has / 1000;
        match dice.below(3) {
            0 => 0,
            1 => -(dice.below(has + 1) as i64),
            _ => dice.below(50_000_000) as i64,
        }
    };
    (side(to_us), side(total - to_us))
}

fn peer(n: u64) -> String {
    format!("02{n:064x}")
}

/// A node with everything that it may be asked.
pub struct Node {
    pub answers: Value,
    pub links: Vec<Link>,
}

impl Node {
    /// The entries of each id that more than one has.
    pub fn doubles(&self) -> Vec<Vec<&Link>> {
        let mut sorted: Vec<&Link> = self.links.iter().collect();
        sorted.sort_by_key(|link| &link.id);
        let same = sorted.chunk_by(|a, b| a.id == b.id);
        same.filter(|same| same.len() > 1)
            .map(<[&Link]>::to_vec)
            .collect()
    }

    /// The channels that count: of two usable ones under one id nobody can tell which is which.
    pub fn counted(&self) -> Vec<&Link> {
        let doubles = self.doubles();
        let rivals = |link: &Link| {
            let same = doubles.iter().flatten().filter(|one| one.id == link.id);
            same.filter(|one| one.is_usable()).count()
        };
        let usable = self.links.iter().filter(|link| link.is_usable());
        usable.filter(|link| rivals(link) < 2).collect()
    }
}

/// The node of a seed; a size where one is wanted.
pub fn node(seed: u64, size: Option<u64>) -> Node {
    let mut dice = Dice::of(seed);
    let wide = dice.chance(5);
    let drawn = dice.within(5, if wide { 400 } else { 40 });
    let size = size.unwrap_or(drawn);
    let peers = dice.within(1, size);
    let mut links: Vec<Link> = (0..size)
        .map(|place| Link::of(&mut dice, place, peers))
        .collect();
    if dice.chance(30) {
        for _ in 0..dice.within(1, 3) {
            double(&mut dice, &mut links);
        }
    }
    let answers = written(&mut dice, US, &links);
    Node { answers, links }
}

/// Puts one channel under the id of another, as a peer does that opens twice on one outpoint: a
/// channel of its own, or the same one again, seen at another moment.
fn double(dice: &mut Dice, links: &mut [Link]) {
    let (first, second) = (
        dice.below(links.len() as u64),
        dice.below(links.len() as u64),
    );
    let (first, second) = (first as usize, second as usize);
    // An opening may have no id at all.
    if first == second || links[first].is_early() || links[second].is_early() {
        return;
    }
    let Link { id, peer, .. } = links[first].clone();
    if dice.chance(40) {
        let online = dice.chance(50);
        links[second] = Link {
            online,
            ..links[first].clone()
        };
    }
    (links[second].id, links[second].peer) = (id, peer);
}

/// The answers of `id` about `links`.
pub fn written(dice: &mut Dice, id: &str, links: &[Link]) -> Value {
    let version = *dice.pick(&[Version::Old, Version::Middle, Version::New, Version::New]);
    let mut answers = json!({ "now": NOW, "getinfo": { "id": id } });
    if dice.chance(90) {
        answers["getinfo"]["blockheight"] = json!(HEIGHT);
    }
    let channels: Vec<Value> = links
        .iter()
        .map(|link| listed(dice, version, link))
        .collect();
    if version == Version::Old {
        let peers = links.iter().zip(channels).map(|(link, channel)| {
            json!({ "id": link.peer, "connected": link.online, "channels": [channel] })
        });
        answers["listpeers"] = json!({ "peers": peers.collect::<Vec<_>>() });
    } else {
        answers["listpeerchannels"] = json!({ "channels": channels });
    }
    let history = history(dice, links);
    let Value::Object(history) = history else {
        unreachable!()
    };
    for (call, answer) in history {
        let kept = match call.as_str() {
            "listforwards" | "bkpr_listincome" => 85,
            _ => 50,
        };
        if dice.chance(kept) {
            answers[call] = answer;
        }
    }
    if dice.chance(70) {
        answers["listchannels"] = graph(dice, id, links);
    }
    answers
}

/// Some amount as the version writes it.
fn amount(version: Version, msat: u64) -> Value {
    match version {
        Version::Old => json!(format!("{msat}msat")),
        _ => json!(msat),
    }
}

/// One entry of the list; everything that a node may leave out is left out now and then.
fn listed(dice: &mut Dice, version: Version, link: &Link) -> Value {
    let mut one = json!({ "state": link.state, "opener": link.opener });
    if version != Version::Old {
        one["peer_id"] = json!(link.peer);
        one["peer_connected"] = json!(link.online);
    }
    let bare = link.is_early() && dice.chance(60);
    if !(bare && dice.chance(50)) {
        one["to_us_msat"] = amount(version, link.to_us);
        one["total_msat"] = amount(version, link.total);
    }
    if bare {
        return one;
    }
    one["channel_id"] = json!(link.id);
    one["private"] = json!(link.private);
    if let Some(scid) = &link.scid {
        one["short_channel_id"] = json!(scid);
    }
    if let Some(alias) = &link.alias {
        one["alias"] = json!({ "local": alias });
    }
    if !link.splices.is_empty() {
        let inflight = link.outcomes().into_iter().skip(1).zip(&link.splices);
        let inflight = inflight.map(|((_, total), (ours, theirs))| {
            let mut splice = json!({ "total_funding_msat": amount(version, total as u64) });
            // Where both sides take part, nothing but the amount tells them apart.
            if (*ours != 0 && *theirs != 0) || dice.chance(90) {
                splice["splice_amount"] = json!(ours);
            }
            splice
        });
        one["inflight"] = json!(inflight.collect::<Vec<_>>());
    } else if !link.is_usable() && dice.chance(50) {
        // An opening lists its own funding, and a channel that closes the splice that it had begun.
        let funding = *dice.pick(&[link.total, link.total / 2, link.total * 2]);
        let mut inflight = json!({ "total_funding_msat": amount(version, funding) });
        if dice.chance(70) {
            inflight["splice_amount"] = json!(0);
        }
        one["inflight"] = json!([inflight]);
    }
    let reserve = link.total / 100;
    let spendable = link.to_us.saturating_sub(reserve + link.held);
    let receivable = (link.total - link.to_us).saturating_sub(reserve);
    for (field, msat) in [
        ("spendable_msat", spendable),
        ("receivable_msat", receivable),
        ("our_reserve_msat", reserve),
        (
            "maximum_htlc_out_msat",
            *dice.pick(&[link.total, link.total, u64::MAX, 1]),
        ),
        ("fee_base_msat", dice.below(5000)),
    ] {
        if dice.chance(85) {
            one[field] = amount(version, msat);
        }
    }
    one["fee_proportional_millionths"] = json!(dice.below(3000));
    if version == Version::New || link.lost {
        one["lost_state"] = json!(link.lost);
    }
    if version == Version::New {
        if link.online {
            one["reestablished"] = json!(dice.chance(95));
        }
        if dice.chance(80) {
            let base = dice.below(2000);
            let ppm = dice.below(2000);
            let remote = json!({ "fee_base_msat": base, "fee_proportional_millionths": ppm });
            one["updates"] = json!({ "remote": remote });
        }
    }
    one
}

/// Forwards, books, moves and events that belong together; old ones under old names.
fn history(dice: &mut Dice, links: &[Link]) -> Value {
    let (mut forwards, mut income, mut moves) = (Vec::new(), Vec::new(), Vec::new());
    let busy: Vec<&Link> = links.iter().filter(|link| !link.is_early()).collect();
    let reach = *dice.pick(&[3, 20, 35, 90]) * DAY;
    let count = match busy.is_empty() {
        true => 0,
        false => dice.below(busy.len() as u64 * 8 + 1),
    };
    for n in 0..count {
        let (out, into) = (*dice.pick(&busy), *dice.pick(&busy));
        let at = NOW - dice.below(reach);
        let (sent, fee) = (dice.within(1_000, 200_000_000), dice.below(200_000));
        let settled = dice.chance(80);
        forwards.push(json!({
            "in_channel": name(dice, into), "out_channel": name(dice, out), "fee_msat": fee,
            "in_msat": sent + fee, "out_msat": sent, "resolved_time": at as f64 + 0.25,
            "status": if settled { "settled" } else { "failed" },
        }));
        if !settled {
            continue;
        }
        income.push(json!({
            "account": out.id, "tag": "routed", "credit_msat": fee, "debit_msat": 0, "timestamp": at,
        }));
        let hash = format!("f{n:063x}");
        moves.push(moved(&out.id, 0, sent, at, "routed", &hash));
        moves.push(moved(&into.id, sent + fee, 0, at, "routed", &hash));
    }
    for link in &busy {
        if link.opener == "local" || dice.chance(20) {
            let at = NOW - (HEIGHT - link.block) * 600;
            income.push(cost(
                link,
                "onchain_fee",
                dice.below(20_000_000),
                0,
                at,
                "opening",
            ));
        }
        if dice.chance(15) {
            let at = NOW - dice.below(60 * DAY);
            income.push(cost(
                link,
                "onchain_fee",
                dice.below(3_000_000),
                0,
                at,
                "splice",
            ));
        }
        if dice.chance(10) {
            let (paid, got) = (dice.below(9_000_000), dice.below(9_000_000));
            let at = NOW - dice.below(60 * DAY);
            let (paid, got) = if dice.chance(50) { (paid, 0) } else { (0, got) };
            income.push(cost(link, "lease_fee", paid, got, at, "lease"));
        }
    }
    for n in 0..dice.below(links.len() as u64) {
        let at = NOW - dice.below(60 * DAY);
        let hash = format!("a{n:063x}");
        let gone = format!("{:064x}", u128::MAX - u128::from(n));
        let (from, to) = (&dice.pick(links).id.clone(), dice.pick(links).id.clone());
        let to = if dice.chance(10) { gone } else { to };
        for _ in 0..dice.within(1, 3) {
            let (sent, fee) = (dice.within(1_000, 900_000_000), dice.below(900_000));
            moves.push(moved(from, 0, sent + fee, at, "invoice", &hash));
            moves.push(moved(&to, sent, 0, at, "invoice", &hash));
            income.push(json!({
                "account": from, "tag": "rebalance_fee", "credit_msat": 0, "debit_msat": fee, "timestamp": at,
            }));
        }
    }
    let events: Vec<Value> = moves.iter().map(as_event).collect();
    json!({
        "listforwards": { "forwards": forwards }, "bkpr_listincome": { "income_events": income },
        "listchannelmoves": { "channelmoves": moves }, "bkpr_listaccountevents": { "events": events },
    })
}

/// One of the names under which a channel was ever known.
fn name(dice: &mut Dice, link: &Link) -> String {
    let mut names: Vec<&String> = link.former.iter().collect();
    names.extend(link.scid.iter().chain(&link.alias));
    match names.is_empty() {
        true => "1x1x1".to_owned(),
        false => (*dice.pick(&names)).clone(),
    }
}

fn moved(id: &str, credit: u64, debit: u64, at: u64, tag: &str, hash: &str) -> Value {
    json!({
        "account_id": id, "credit_msat": credit, "debit_msat": debit, "timestamp": at,
        "primary_tag": tag, "payment_hash": hash,
    })
}

fn as_event(moved: &Value) -> Value {
    json!({
        "account": moved["account_id"], "credit_msat": moved["credit_msat"], "debit_msat": moved["debit_msat"],
        "timestamp": moved["timestamp"], "tag": moved["primary_tag"], "payment_id": moved["payment_hash"],
    })
}

fn cost(link: &Link, tag: &str, debit: u64, credit: u64, at: u64, of: &str) -> Value {
    json!({
        "account": link.id, "tag": tag, "credit_msat": credit, "debit_msat": debit, "timestamp": at,
        "txid": format!("{of} {}", link.id),
    })
}

/// What everybody sees: what is announced, old places of spliced channels, and strangers.
fn graph(dice: &mut Dice, id: &str, links: &[Link]) -> Value {
    let mut channels = Vec::new();
    for link in links {
        let Some(scid) = &link.scid else { continue };
        let deep = HEIGHT - link.block >= 6;
        if link.private {
            if dice.chance(20) {
                both(
                    dice,
                    &mut channels,
                    scid,
                    id,
                    &link.peer,
                    link.total,
                    false,
                    true,
                );
            }
            continue;
        }
        if deep && link.is_usable() && dice.chance(97) {
            let active = dice.chance(97);
            both(
                dice,
                &mut channels,
                scid,
                id,
                &link.peer,
                link.total,
                true,
                active,
            );
        } else if !link.is_usable() && dice.chance(50) {
            both(
                dice,
                &mut channels,
                scid,
                id,
                &link.peer,
                link.total,
                true,
                false,
            );
        }
        for former in &link.former {
            if dice.chance(30) {
                both(
                    dice,
                    &mut channels,
                    former,
                    id,
                    &link.peer,
                    link.total / 2,
                    true,
                    true,
                );
            }
        }
    }
    for n in 0..dice.below(links.len() as u64 * 2) {
        let (a, b) = (peer(dice.below(40)), peer(40 + dice.below(40)));
        let scid = format!("{}x{n}x9", 700_000 + n);
        let total = dice.within(1, 1 << 40);
        both(dice, &mut channels, &scid, &a, &b, total, true, true);
    }
    json!({ "channels": channels })
}

#[expect(clippy::too_many_arguments, reason = "the fields of an entry")]
fn both(
    dice: &mut Dice,
    to: &mut Vec<Value>,
    scid: &str,
    one: &str,
    other: &str,
    total: u64,
    public: bool,
    active: bool,
) {
    let ways = [(one, other), (other, one)];
    let missing = if dice.chance(4) { dice.below(2) } else { 2 };
    for (n, (source, destination)) in ways.into_iter().enumerate() {
        if n as u64 != missing {
            to.push(json!({
                "source": source, "destination": destination, "short_channel_id": scid, "public": public,
                "active": active, "amount_msat": total, "base_fee_millisatoshi": dice.below(3000),
                "fee_per_millionth": dice.below(3000),
            }));
        }
    }
}
