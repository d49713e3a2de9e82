//! How long the hub's book takes, and what it weighs: rows of `bench`, built without the sandbox.
//!
//! Nothing here is asserted: times belong to a machine and a moment.

use anyhow::{Context as _, Result};
use std::time::Instant;
use trimtab_core::account::algebra::Delta;
use trimtab_core::canonical;
use trimtab_core::hub::book::HubBook;
use trimtab_core::hub::state::{Account, FeeState, HubState, Request};
use trimtab_core::policy::Policy;
use trimtab_core::reason::Why;
use trimtab_core::table::Table;
use trimtab_core::units::{EntityId, Millis, Serial, SignedTokenAmount, TokenAmount, TokenId};
use trimtab_core::value::Value;

/// One measurement; `bound` is what the issue asks for.
#[derive(Clone, Debug)]
pub struct HubRow {
    /// What was measured.
    pub name: String,
    /// How much it was.
    pub ours: f64,
    /// How much it may be.
    pub bound: f64,
    /// In which unit.
    pub unit: &'static str,
}

const TOKEN: TokenId = const { TokenId::constant(1) };
/// The moment of the first tick, in milliseconds.
pub const NOW: u64 = 1_700_000_000_000;

fn row(name: &str, ours: f64, bound: f64, unit: &'static str) -> HubRow {
    HubRow {
        name: name.to_owned(),
        ours,
        bound,
        unit,
    }
}

/// The rows of the groups `tick`, `open` and `json` that have `word` in their name; all without.
pub fn rows(word: &str) -> Result<Vec<HubRow>> {
    const NONE: f64 = f64::NAN;
    let mut rows = Vec::new();
    if "tick".contains(word) {
        let (some, many) = (tick_with_ten(100_000)?, tick_with_ten(1_000_000)?);
        rows.extend([
            row(
                "hub book, a tick of 100,000 accounts, 10 with work",
                some.tick_us,
                50.0,
                "us",
            ),
            row(
                "hub book, the same with 1,000,000",
                many.tick_us,
                3.0 * some.tick_us,
                "us",
            ),
            row(
                "hub book, a change of one account of 100,000",
                some.change_us,
                NONE,
                "us",
            ),
            row(
                "hub book, bytes per account of 1,000,000",
                many.bytes,
                400.0,
                "B",
            ),
        ]);
    }
    if "open".contains(word) {
        let [first, later] = first_tick(100_000)?;
        rows.extend([
            row(
                "hub book, first tick with 100,000 open requests",
                first,
                150.0,
                "ms",
            ),
            row(
                "hub book, a later tick with 100,000 open requests",
                later,
                NONE,
                "ms",
            ),
        ]);
    }
    if "json".contains(word) {
        let [planning, reading, parsing] = from_json(100_000)?;
        let name = "hub.plan of 100,000 accounts from JSON, against 3x parsing";
        rows.extend([
            row(
                &format!("{name} with serde_json"),
                planning,
                3.0 * parsing,
                "ms",
            ),
            row(
                &format!("{name} with our own reader"),
                planning,
                3.0 * reading,
                "ms",
            ),
        ]);
    }
    Ok(rows)
}

struct Ticks {
    tick_us: f64,
    change_us: f64,
    bytes: f64,
}

fn amount(n: u64) -> TokenAmount {
    TokenAmount::new(u128::from(n))
}

/// One token of 18 decimals, credit both ways; every other account holds something of the hub's.
pub fn account(n: u64, asks: bool) -> Result<Account> {
    let mut bytes = [0; 32];
    let mixed = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for (byte, value) in bytes.iter_mut().zip(mixed.to_be_bytes()) {
        *byte = value;
    }
    let size = 1_000_000 * (1 + mixed % 900);
    let mut delta = Delta {
        collateral: amount(if n.is_multiple_of(2) { 3 * size } else { 0 }),
        left_credit_limit: amount(10_000_000_000),
        right_credit_limit: amount(10_000_000_000),
        ..Delta::empty(TOKEN)
    };
    // The hub's id is the smallest: it is LEFT, and owes below zero.
    let owed = amount(size).wide();
    delta.offdelta = SignedTokenAmount::new(if asks { owed.negated() } else { owed })?;
    let request = asks.then(|| Request {
        token_id: TOKEN,
        amount: amount(size),
        fee: Some(FeeState {
            request_id: None,
            fee_token_id: None,
            fee_paid_upfront: TokenAmount::ZERO,
            policy_version: const { Serial::constant(1) },
            requested_at: Millis::clamped(NOW - 1_000 - mixed % 100_000),
            requested_by_left: None,
            refund: None,
        }),
    });
    Ok(Account {
        deltas: vec![delta],
        requests: request.into_iter().collect(),
        ..Account::empty(EntityId::of_bytes(&bytes))
    })
}

fn hub() -> Result<HubState> {
    Ok(HubState {
        reserves: Table::from_iter([(TOKEN, amount(1_000_000_000_000))]),
        ..HubState::empty(EntityId::new("0x1")?, Millis::clamped(NOW))
    })
}

/// What a `hub_book` with `open` accounts, every one of which asks, is opened with: JSON.
pub fn opening(open: u64) -> Result<String> {
    let accounts: Result<Vec<Account>> = (0..open).map(|n| account(n, true)).collect();
    let state = HubState {
        accounts: accounts?.into(),
        ..hub()?
    };
    Ok(format!("{{\"state\":{}}}", canonical::text(&state)?))
}

/// The resident memory of this process in bytes, where the system tells it.
fn resident() -> Result<f64> {
    let text = std::fs::read_to_string("/proc/self/statm")?;
    let pages = text
        .split_whitespace()
        .nth(1)
        .context("no resident pages")?;
    Ok(pages.parse::<f64>()? * 4_096.0)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}

fn tick_with_ten(count: u64) -> Result<Ticks> {
    let before = resident().unwrap_or(f64::NAN);
    let mut book = HubBook::new(Policy::plan(), hub()?)?;
    let every = count / 10;
    for n in 0..count {
        book.set_account(account(n, n % every == 1)?)?;
    }
    let bytes = (resident().unwrap_or(f64::NAN) - before) / count as f64;
    let (mut ticks, mut changes) = (Vec::new(), Vec::new());
    for round in 0..400u64 {
        let begin = Instant::now();
        book.plan(Millis::clamped(NOW + round * 5_000), &mut Why::new())?;
        ticks.push(begin.elapsed().as_secs_f64() * 1e6);
        let other = account(round * 97 * 2, false)?;
        let begin = Instant::now();
        book.set_account(other)?;
        changes.push(begin.elapsed().as_secs_f64() * 1e6);
    }
    Ok(Ticks {
        tick_us: median(ticks),
        change_us: median(changes),
        bytes,
    })
}

fn first_tick(count: u64) -> Result<[f64; 2]> {
    let mut first = Vec::new();
    let mut later = Vec::new();
    for _ in 0..5 {
        let accounts: Result<Vec<Account>> = (0..count).map(|n| account(n, true)).collect();
        let mut book = HubBook::new(
            Policy::plan(),
            HubState {
                accounts: accounts?.into(),
                ..hub()?
            },
        )?;
        let begin = Instant::now();
        let plan = book.plan(Millis::clamped(NOW), &mut Why::new())?;
        first.push(begin.elapsed().as_secs_f64() * 1e3);
        book.apply(&plan)?;
        let begin = Instant::now();
        book.plan(Millis::clamped(NOW + 1_000), &mut Why::new())?;
        later.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    Ok([median(first), median(later)])
}

/// Milliseconds of `hub.plan` on the bytes, of our reader and of `serde_json` on the same bytes.
fn from_json(count: u64) -> Result<[f64; 3]> {
    let accounts: Result<Vec<Account>> = (0..count).map(|n| account(n, n % 10 == 1)).collect();
    let state = HubState {
        accounts: accounts?.into(),
        ..hub()?
    };
    let text = canonical::text(&state)?;
    let policy = Policy::plan();
    let mut kept = [const { Vec::new() }; 3];
    for _ in 0..7 {
        let runs: [&dyn Fn() -> Result<()>; 3] = [
            &|| {
                policy.call("hub.plan", text.as_bytes())?;
                Ok(())
            },
            &|| {
                Value::from_json(text.as_bytes())?;
                Ok(())
            },
            &|| {
                serde_json::from_slice::<serde_json::Value>(text.as_bytes())?;
                Ok(())
            },
        ];
        for (kept, run) in kept.iter_mut().zip(runs) {
            let begin = Instant::now();
            run()?;
            kept.push(begin.elapsed().as_secs_f64() * 1e3);
        }
    }
    Ok(kept.map(median))
}
