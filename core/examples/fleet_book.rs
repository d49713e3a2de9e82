//! Times of the questions to a loaded fleet book, in microseconds a call, bytes in and bytes out:
//! one JSON row a line. `cargo run --release -p trimtab-core --example fleet_book`.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a benchmark looks at the clock and prints"
)]

use std::fmt::Write as _;
use std::time::Instant;
use trimtab_core::error::Error;
use trimtab_core::fleet::book::{self, AskFirst, FleetBook};
use trimtab_core::reason::Why;
use trimtab_core::units::Seconds;
use trimtab_core::value::Value;

const NOW: u64 = 1_795_000_000;

/// A public key as nodes have them, of 66 digits.
fn key(kind: u8, n: usize) -> String {
    let spread = (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("02{spread:016x}{kind:02x}{n:046x}")
}

/// A report of member `m` with `peers` capacities, of which `troubled` are depleted or saturated.
fn report(m: usize, peers: usize, troubled: usize) -> String {
    let (mut held, mut low, mut high) = (String::new(), String::new(), String::new());
    for p in 0..peers {
        let peer = key(9, p);
        let _ = write!(
            held,
            r#",{{"peer_id":"{peer}","capacity_sats":{}}}"#,
            2_000_000 + p
        );
        if p >= troubled {
            continue;
        }
        let share = ((m * 7 + p * 13) % 19) as f64 / 100.0;
        let (list, share) = match (m + p) % 2 {
            0 => (&mut low, share),
            _ => (&mut high, 1.0 - share),
        };
        let _ = write!(
            list,
            r#",{{"peer_id":"{peer}","capacity_sats":5000000,"local_pct":{share}}}"#
        );
    }
    let part = |list: &str| list.get(1..).unwrap_or_default().to_owned();
    format!(
        r#"{{"member_id":"{}","at":{},"health_at":{},"score":{},"capacities":[{}],"depleted":[{}],"saturated":[{}]}}"#,
        key(2, m),
        NOW - 60,
        NOW - 60,
        m * 37 % 101,
        part(&held),
        part(&low),
        part(&high),
    )
}

fn book(members: usize, peers: usize, troubled: usize) -> Result<FleetBook, Error> {
    let us = format!(r#"{{"state":{{"us":{{"node_id":"{}"}}}}}}"#, key(1, 0));
    let mut book = book::open(&Value::from_json(us.as_bytes())?)?;
    for p in 0..peers.min(40) {
        let peer = key(9, p);
        let channel = format!(
            r#"{{"channel_id":"{p}x1x0","peer_id":"{peer}","capacity_sats":8000000,"local_sats":{}}}"#,
            p * 200_000
        );
        book.call_bytes("set_channel", channel.as_bytes())?;
        let peer = format!(r#"{{"peer_id":"{peer}","public_capacity_sats":900000000}}"#);
        book.call_bytes("set_peer", peer.as_bytes())?;
        let source = format!(
            r#"{{"channel_id":"{p}x1x0","capacity_sats":8000000,"spendable_sats":{},"fee_ppm":{}}}"#,
            4_000_000 + p * 90_000,
            p * 11
        );
        book.call_bytes("set_source", source.as_bytes())?;
    }
    for m in 0..members {
        book.call_bytes("set_report", report(m, peers, troubled).as_bytes())?;
    }
    Ok(book)
}

/// The median of many rounds, each of `calls` calls.
fn median(
    calls: u32,
    mut call: impl FnMut() -> Result<usize, Error>,
) -> Result<(f64, usize), Error> {
    let mut rounds = Vec::new();
    let mut bytes = 0;
    for _ in 0..25 {
        let begin = Instant::now();
        for _ in 0..calls {
            bytes = call()?;
        }
        rounds.push(begin.elapsed().as_secs_f64() * 1e6 / f64::from(calls));
    }
    rounds.sort_by(f64::total_cmp);
    Ok((rounds.get(12).copied().unwrap_or_default(), bytes))
}

fn time(
    name: &str,
    book: &mut FleetBook,
    method: &str,
    input: &str,
    calls: u32,
) -> Result<(), Error> {
    let (us, bytes) = median(calls, || {
        Ok(book.call_bytes(method, input.as_bytes())?.len())
    })?;
    println!(r#"{{"name":"{name}","us":{us:.2},"answer_bytes":{bytes}}}"#);
    Ok(())
}

fn main() -> Result<(), Error> {
    let now = format!(r#"{{"now":{NOW}}}"#);
    let first = format!(r#"{{"now":{NOW},"first":50}}"#);
    let splice = format!(
        r#"{{"now":{NOW},"peer_id":"{}","type":"splice_out","amount_sats":500000}}"#,
        key(9, 7)
    );
    let fee = format!(
        r#"{{"now":{NOW},"peer_id":"{}","base_ppm":1000}}"#,
        key(9, 7)
    );
    let candidate = r#"{"inbound_ppm":300,"p_success":0.7,"tier":"vulnerable","amount_sats":500000,
        "destination":{"capacity_sats":10000000,"fee_ppm":2000,"spendable_sats":100000}}"#;

    let mut small = book(50, 40, 40)?;
    time("needs, first 50, 50 x 40", &mut small, "needs", &first, 200)?;
    time("needs, all, 50 x 40", &mut small, "needs", &now, 20)?;
    time(
        "excess, first 50, 50 x 40",
        &mut small,
        "excess",
        &first,
        200,
    )?;
    time("state, 50 x 40", &mut small, "state", &now, 200)?;
    time("competition, 50 x 40", &mut small, "competition", &now, 50)?;
    time(
        "advise, 40 candidates, 50 x 40",
        &mut small,
        "advise",
        &now,
        100,
    )?;
    time("fees, 50 x 40", &mut small, "fees", &fee, 500)?;
    time("EV, 40 sources", &mut small, "evaluate", candidate, 500)?;
    let mut wide = book(50, 200, 0)?;
    time("splice, 50 x 200", &mut wide, "splice", &splice, 2000)?;
    time(
        "headroom, 50 x 200",
        &mut wide,
        "headroom",
        &splice.replace(r#","type":"splice_out","amount_sats":500000"#, ""),
        2000,
    )?;
    let mut large = book(1000, 40, 40)?;
    time("health, 1000 members", &mut large, "health", &now, 20)?;
    time(
        "health, first 50 of 1000 members",
        &mut large,
        "health",
        &first,
        100,
    )?;
    let ask = AskFirst {
        first: None,
        now: Seconds::new(NOW)?,
    };
    let typed = median(50, || Ok(large.health(&ask, &mut Why::new()).members.len()))?;
    println!(
        r#"{{"name":"health, 1000 members, typed","us":{:.2}}}"#,
        typed.0
    );
    time(
        "needs, first 50, 1000 x 40",
        &mut large,
        "needs",
        &first,
        100,
    )?;
    drop(large);
    let begin = Instant::now();
    let mut largest = book(1000, 200, 0)?;
    println!(
        r#"{{"name":"load 1000 x 200","us":{:.0}}}"#,
        begin.elapsed().as_secs_f64() * 1e6
    );
    time(
        "competition, 1000 x 200",
        &mut largest,
        "competition",
        &now,
        1,
    )?;
    time("splice, 1000 x 200", &mut largest, "splice", &splice, 200)
}
