//! The books: questions to a loaded `fleet_book` in the sandbox against the same natively, and a
//! tick of a `hub_book` inside the sandbox.

use anyhow::Result;
use serde_json::{Value as Json, json};
use std::time::Instant;
use trimtab_core::canonical;
use trimtab_core::operations::opened::{self, Opened};
use trimtab_core::value::Value;
use trimtab_host::{Handle, Sandbox};
use trimtab_tests::hub_rows;

use super::{Row, times};

const NOW: u64 = 1_795_000_000;

/// A book as both hosts hold it.
struct Pair {
    native: Opened,
    sandboxed: Handle,
}

impl Pair {
    fn open(sandbox: &Sandbox, kind: &str, state: &Json) -> Result<Self> {
        let text = json!({ "state": state }).to_string();
        Ok(Self {
            native: opened::open(kind, &Value::from_json(text.as_bytes())?)?,
            sandboxed: sandbox.open(kind, text.as_bytes())?,
        })
    }

    /// Microseconds of one question, JSON in and JSON out: native, then in the sandbox.
    fn time(&mut self, method: &str, input: &Json, calls: u32) -> Result<[f64; 2]> {
        let input = input.to_string();
        let (native, sandboxed) = (&mut self.native, &mut self.sandboxed);
        let each = |milliseconds: f64| milliseconds * 1e3 / f64::from(calls);
        let taken = times(
            15,
            [
                &mut || {
                    for _ in 0..calls {
                        native.call_bytes(method, input.as_bytes())?;
                    }
                    Ok(())
                },
                &mut || {
                    for _ in 0..calls {
                        sandboxed.call_on(method, input.as_bytes())?;
                    }
                    Ok(())
                },
            ],
        )?;
        Ok(taken.map(each))
    }
}

/// A public key as nodes have them, of 66 digits.
fn key(kind: u8, n: usize) -> String {
    let spread = (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("02{spread:016x}{kind:02x}{n:046x}")
}

/// A fleet of `members` with capacity at `peers` peers each, at most 40 of them in trouble.
fn fleet(members: usize, peers: usize) -> Json {
    let report = |m: usize| {
        let held = |p| json!({ "peer_id": key(9, p), "capacity_sats": 2_000_000 + p });
        let share = |p: usize| ((m * 7 + p * 13) % 19) as f64 / 100.0;
        let trouble = |p: usize, local_pct: f64| json!({ "peer_id": key(9, p), "capacity_sats": 5_000_000, "local_pct": local_pct });
        let few = 0..peers.min(40);
        let low = few.clone().filter(|p| (m + p).is_multiple_of(2));
        let high = few.filter(|p| !(m + p).is_multiple_of(2));
        json!({
            "member_id": key(2, m), "at": NOW - 60, "health_at": NOW - 60, "score": m * 37 % 101,
            "capacities": (0..peers).map(held).collect::<Vec<_>>(),
            "depleted": low.map(|p| trouble(p, share(p))).collect::<Vec<_>>(),
            "saturated": high.map(|p| trouble(p, 1.0 - share(p))).collect::<Vec<_>>(),
        })
    };
    let channel = |p: usize| {
        json!({
            "channel_id": format!("{p}x1x0"), "peer_id": key(9, p), "capacity_sats": 8_000_000,
            "local_sats": p * 200_000,
        })
    };
    let source = |p: usize| {
        json!({
            "channel_id": format!("{p}x1x0"), "capacity_sats": 8_000_000, "fee_ppm": p * 11,
            "spendable_sats": 4_000_000 + p * 90_000,
        })
    };
    let peer = |p: usize| json!({ "peer_id": key(9, p), "public_capacity_sats": 900_000_000 });
    let few = 0..peers.min(40);
    json!({
        "us": { "node_id": key(1, 0), "channels": few.clone().map(channel).collect::<Vec<_>>() },
        "reports": (0..members).map(report).collect::<Vec<_>>(),
        "sources": few.clone().map(source).collect::<Vec<_>>(),
        "peers": few.map(peer).collect::<Vec<_>>(),
    })
}

/// Every row.
pub fn rows() -> Result<Vec<Row>> {
    let sandbox = Sandbox::new()?;
    let mut rows = questions(&sandbox)?;
    rows.extend(ticks(&sandbox)?);
    Ok(rows)
}

fn questions(sandbox: &Sandbox) -> Result<Vec<Row>> {
    let first = json!({ "now": NOW, "first": 50 });
    let peer = key(9, 7);
    let exit = json!({ "now": NOW, "peer_id": peer, "type": "splice_out", "amount_sats": 500_000 });
    let fee = json!({ "now": NOW, "peer_id": peer, "base_ppm": 1000 });
    let candidate = json!({
        "inbound_ppm": 300, "p_success": 0.7, "tier": "vulnerable", "amount_sats": 500_000,
        "destination": { "capacity_sats": 10_000_000, "fee_ppm": 2000, "spendable_sats": 100_000 },
    });
    let now = json!({ "now": NOW });
    let asked: [(&str, usize, usize, &str, &Json, u32); 8] = [
        ("first 50 needs", 50, 40, "needs", &first, 50),
        ("EV with 40 sources", 50, 40, "evaluate", &candidate, 200),
        ("fee towards a peer", 50, 40, "fees", &fee, 200),
        ("competition", 50, 40, "competition", &now, 20),
        ("splice check", 50, 200, "splice", &exit, 200),
        ("first 50 of fleet health", 1000, 1, "health", &first, 20),
        ("splice check", 1000, 200, "splice", &exit, 50),
        ("competition", 1000, 200, "competition", &now, 1),
    ];
    let mut rows = Vec::new();
    let mut book: Option<((usize, usize), Pair)> = None;
    let mut smaller: Option<f64> = None;
    for (what, members, peers, method, input, calls) in asked {
        let size = (members, peers);
        let mut pair = match book.take() {
            Some((held, pair)) if held == size => pair,
            _ => Pair::open(sandbox, "fleet_book", &fleet(members, peers))?,
        };
        let [native, sandboxed] = pair.time(method, input, calls)?;
        let name = format!("fleet book, {what}, {members} x {peers}");
        rows.push(Row::new(
            format!("{name}, native, JSON"),
            native,
            None,
            "us",
        ));
        let name = format!("{name}, wasmtime, JSON, against native");
        rows.push(Row::new(name, sandboxed, native, "us"));
        if method == "competition" {
            let each = native * 1e3 / (members * peers) as f64;
            let name = format!("competition, time per capacity at {members} x {peers}");
            rows.push(Row::new(name, each, smaller, "ns"));
            smaller = Some(each);
        }
        book = Some((size, pair));
    }
    Ok(rows)
}

/// A tick with ten accounts at work, and the first one with all of them open.
fn ticks(sandbox: &Sandbox) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for count in [100_000_u64, 1_000_000] {
        let mut book = sandbox.open("hub_book", hub_rows::opening(0)?.as_bytes())?;
        for n in 0..count {
            let account = hub_rows::account(n, n % (count / 10) == 1)?;
            book.call_on("set_account", canonical::text(&account)?.as_bytes())?;
        }
        let mut taken = Vec::new();
        for round in 0..200 {
            let ask = json!({ "now": hub_rows::NOW + round * 5_000 }).to_string();
            let begin = Instant::now();
            book.call_on("plan", ask.as_bytes())?;
            taken.push(begin.elapsed().as_secs_f64() * 1e6);
        }
        let name = format!("hub book in wasmtime, a tick of {count} accounts, 10 with work");
        let bound = if count == 100_000 { 100.0 } else { 300.0 };
        rows.push(Row::new(name, super::median(taken), bound, "us"));
    }
    let open = hub_rows::opening(100_000)?;
    let mut taken = Vec::new();
    for _ in 0..3 {
        let mut book = sandbox.open("hub_book", open.as_bytes())?;
        let ask = json!({ "now": hub_rows::NOW }).to_string();
        let begin = Instant::now();
        book.call_on("plan", ask.as_bytes())?;
        taken.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    let name = "hub book in wasmtime, first tick with 100,000 open requests, JSON out";
    rows.push(Row::new(name, super::median(taken), 300.0, "ms"));
    Ok(rows)
}
