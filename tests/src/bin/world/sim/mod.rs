//! The world: payments, requests, batches, signatures, treasury, crashes, in virtual time.
//!
//! Every kind of chance has its own stream of random numbers, so that different policies and
//! different reactions meet the same payments, the same failures and the same signatures.

mod chain;
mod hub;
mod judge;
#[cfg(test)]
mod tests;
mod users;

use anyhow::{Context as _, Result};
use oorandom::Rand64;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::Write;
use trimtab_core::account::advice::{self, AdviceInput, AdviceToken, FeeTerms, RequestPolicy};
use trimtab_core::account::algebra::Delta;
use trimtab_core::canonical;
use trimtab_core::config::Config;
use trimtab_core::hub::book::HubBook;
use trimtab_core::hub::cycles::{self, Claim, CyclesInput};
use trimtab_core::hub::memory::HubMemory;
use trimtab_core::hub::plan::Plan;
use trimtab_core::hub::plan::action::Action;
use trimtab_core::hub::plan::outcome::{Outcome, OutcomeKind};
use trimtab_core::hub::state::{
    self as core, Batch, DepositEntry, DepositPair, FeeState, HubState, OpKind, ReplenishAnswer,
    ReplenishOutcome, SettlementEntry, WithdrawalEntry, WorkspaceStatus,
};
use trimtab_core::reason::Why;
use trimtab_core::units::{Bps, EntityId, Millis, Serial, SignedTokenAmount, TokenAmount, TokenId};
use trimtab_core::value::Value;

use crate::ledger::{Account, Request, Workspace};
use crate::log::DecisionLog;
use crate::metrics::Metrics;
use crate::params::{Params, TOKEN};
use crate::policies::{Decider, Kind};

/// The token of six decimals, of which one is a dollar.
const DOLLAR: TokenId = const { TokenId::constant(1) };
/// A token of 18 decimals worth a thousand dollars.
const DEAR: TokenId = const { TokenId::constant(2) };
/// How many raw units of the dear token a millionth of a dollar is.
const DEAR_UNITS: i128 = 1_000_000_000;
const SOFT: i128 = 500 * TOKEN;
const HARD: i128 = 10_000 * TOKEN;
const MAX_FEE: i128 = 15 * TOKEN;
const BASE_FEE: i128 = TOKEN / 10;
const FEE_BPS: u32 = 1;
const HOUR: u64 = 3_600_000;
/// A request that waits longer is late: what it waited for longest is counted.
const LATE_MS: u64 = 30_000;
/// So long a step of a settlement waits until both sides committed its frame.
const COMMIT_MS: u64 = 1_000;

/// How a run is made.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Attackers behave like everybody else: what their attacks are measured against.
    pub honest: bool,
    /// Whether a new request calls a tick at once.
    pub no_kick: bool,
    /// Whether the hub ticks only when called or woken by its own plan, never on the clock.
    pub only_kick: bool,
}

#[derive(Clone, Debug)]
enum Event {
    Payment,
    Faucet,
    DrainFaucet {
        until: u64,
    },
    HandTopUp,
    Commit {
        user: usize,
        number: u64,
    },
    Tick {
        hub: usize,
        epoch: u64,
    },
    Settle {
        hub: usize,
        batch: u64,
        fails: bool,
    },
    Sign {
        user: usize,
        number: u64,
    },
    Treasury {
        hub: usize,
        token: usize,
        id: String,
        amount: i128,
        arrives: bool,
    },
    TopUp {
        user: usize,
        amount: i128,
    },
    CashOut {
        user: usize,
        amount: i128,
    },
    Attack {
        user: usize,
    },
    Crash,
    Restart {
        hub: usize,
    },
    Net,
    Audit,
}

struct User {
    id: EntityId,
    hub: usize,
    receiver: bool,
    attacker: bool,
    signs: bool,
    /// Whether it signs what a person has to sign.
    signs_by_hand: bool,
    /// The place of its token.
    token: usize,
    reserve: i128,
    /// An own transaction is on its way to the chain.
    busy: bool,
    account: Account,
    /// What the hub's book knows of account and reserve.
    known: Option<(Account, i128)>,
    /// What was deposited for it, and when, over the last hour.
    window: VecDeque<(u64, i128)>,
    /// What its open request waits for, and since when.
    lack: Option<(&'static str, u64)>,
    /// How long it has waited for what.
    lacked: BTreeMap<&'static str, u64>,
}

impl User {
    /// From `now` on the request waits for something else.
    fn waits_for(&mut self, what: Option<&'static str>, now: u64) {
        if let Some((before, since)) = self.lack.take() {
            *self.lacked.entry(before).or_default() += now - since;
        }
        self.lack = what.map(|what| (what, now));
    }
}

struct Hub {
    id: EntityId,
    /// In each token.
    reserve: [i128; 2],
    draft: Batch,
    sent: Option<(core::SentBatch, u64)>,
    recovery: Vec<Batch>,
    memory: HubMemory,
    answers: Vec<ReplenishAnswer>,
    down: bool,
    epoch: u64,
    next_tick: Option<u64>,
    book: Option<HubBook>,
}

/// One run.
pub struct World<'w> {
    params: &'w Params,
    decider: &'w Decider,
    options: Options,
    seed: u64,
    now: u64,
    serial: u64,
    events: BTreeMap<(u64, u64), Event>,
    payments: Rand64,
    faucets: Rand64,
    chain: Rand64,
    treasury: Rand64,
    signing: Rand64,
    attacks: Rand64,
    crashes: Rand64,
    users: Vec<User>,
    places: BTreeMap<EntityId, usize>,
    hubs: Vec<Hub>,
    /// What one hub owes another, off chain.
    due: Vec<Vec<i128>>,
    served_treasury: BTreeSet<String>,
    /// The largest spenders, where they never sign.
    silent: BTreeSet<usize>,
    /// What the treasury gave lately, and when.
    allowance: VecDeque<(u64, i128)>,
    /// What it was asked for lately, and when.
    asked: VecDeque<(u64, i128)>,
    silent_at: u64,
    hang_at: u64,
    supply: i128,
    advice: Config,
    metrics: Metrics,
    log: Option<DecisionLog<'w>>,
}

fn stream(seed: u64, number: u128) -> Rand64 {
    Rand64::new((u128::from(seed) << 32) | number)
}

/// An exponential waiting time in milliseconds.
fn wait(random: &mut Rand64, mean_seconds: f64) -> u64 {
    let part = 1.0 - random.rand_float();
    (-part.ln() * mean_seconds * 1_000.0) as u64
}

/// The tokens by place.
const TOKENS: [TokenId; 2] = [DOLLAR, DEAR];

/// The place of a token.
fn place_of(token: TokenId) -> usize {
    usize::from(token != DOLLAR)
}

/// In the raw units of a token.
fn units(token: TokenId, raw: i128) -> TokenAmount {
    amount(if token == DOLLAR {
        raw
    } else {
        raw * DEAR_UNITS
    })
}

/// In the raw units of a token, with its sign.
fn signed_units(token: TokenId, raw: i128) -> SignedTokenAmount {
    signed(if token == DOLLAR {
        raw
    } else {
        raw * DEAR_UNITS
    })
}

/// In millionths of a dollar.
fn value_of(token: TokenId, amount: TokenAmount) -> i128 {
    raw(amount) / if token == DOLLAR { 1 } else { DEAR_UNITS }
}

fn amount(raw: i128) -> TokenAmount {
    TokenAmount::new(u128::try_from(raw.max(0)).unwrap_or(0))
}

fn signed(raw: i128) -> SignedTokenAmount {
    let wide = TokenAmount::new(raw.unsigned_abs()).wide();
    SignedTokenAmount::new(if raw < 0 { wide.negated() } else { wide }).unwrap_or_default()
}

fn raw(amount: TokenAmount) -> i128 {
    i128::try_from(amount.get()).unwrap_or(i128::MAX)
}

fn millis(at: u64) -> Millis {
    Millis::clamped(at)
}

fn tokens(amount: f64) -> i128 {
    (amount * TOKEN as f64) as i128
}

fn deposits(batch: &Batch, token: TokenId) -> i128 {
    let entries = batch.r2c.iter().filter(|entry| entry.token_id == token);
    let pairs = entries.flat_map(|entry| &entry.pairs);
    pairs.map(|pair| value_of(token, pair.amount)).sum()
}

fn inflow(batch: &Batch, token: TokenId) -> i128 {
    let withdrawn = batch.c2r.iter().filter(|entry| entry.token_id == token);
    let withdrawn: i128 = withdrawn.map(|entry| value_of(token, entry.amount)).sum();
    let paid = batch
        .settlements
        .iter()
        .filter(|entry| entry.token_id == token);
    let paid: i128 = paid.map(paid_by).sum();
    withdrawn + paid
}

/// What a settlement of a batch brings the hub.
fn paid_by(entry: &SettlementEntry) -> i128 {
    let paid = entry.reserve_diff.wide().positive_part();
    paid.map_or(0, |paid| value_of(entry.token_id, paid))
}

impl Hub {
    /// What the batches of the hub will spend of a token.
    fn committed(&self, token: usize) -> i128 {
        let sent = self.sent.iter().map(|(sent, _)| &sent.batch);
        let all = sent.chain(&self.recovery).chain([&self.draft]);
        all.map(|batch| deposits(batch, TOKENS[token])).sum()
    }

    /// What is left of a reserve after them.
    fn free(&self, token: usize) -> i128 {
        self.reserve[token] - self.committed(token)
    }
}

impl<'w> World<'w> {
    pub fn new(
        params: &'w Params,
        decider: &'w Decider,
        seed: u64,
        options: Options,
    ) -> Result<Self> {
        let mut population = stream(seed, 1);
        let mut used = BTreeSet::new();
        let mut id = |random: &mut Rand64| loop {
            let high = random.rand_u64();
            if used.insert(high) {
                return EntityId::new(&format!("0x{high:016x}{:048x}", 7));
            }
        };
        let mut hubs = Vec::new();
        for _ in 0..params.hubs {
            hubs.push(Hub {
                id: id(&mut population)?,
                reserve: [
                    params.target_reserve as i128 * TOKEN,
                    if params.second_token {
                        params.target_reserve as i128 * TOKEN
                    } else {
                        0
                    },
                ],
                draft: Batch::default(),
                sent: None,
                recovery: Vec::new(),
                memory: HubMemory::default(),
                answers: Vec::new(),
                down: false,
                epoch: 0,
                next_tick: None,
                book: None,
            });
        }
        let mut users = Vec::new();
        let mut hands = stream(seed, 9);
        for place in 0..params.users {
            let (hub, user_id) = (place % params.hubs, id(&mut population)?);
            let receiver = population.rand_float() < params.receivers;
            let on_credit = population.rand_float() < 0.5;
            let signs = population.rand_float() < params.signers;
            let attacker = population.rand_float() < params.attackers;
            let signs_by_hand = hands.rand_float() < params.hand_signers;
            // Half of those who mostly pay begin on credit, half with collateral of their own.
            let collateral = if receiver || on_credit {
                0
            } else {
                tokens(params.top_up)
            };
            let mut account = Account {
                hub_left: hubs[hub].id < user_id,
                hub_credit: tokens(params.credit),
                user_credit: if receiver || on_credit {
                    tokens(params.credit)
                } else {
                    0
                },
                ..Account::default()
            };
            account.user_deposits(collateral);
            users.push(User {
                id: user_id,
                hub,
                receiver,
                attacker,
                signs,
                signs_by_hand,
                token: usize::from(params.second_token && (place / params.hubs) % 2 == 1),
                reserve: tokens(params.user_reserve) - collateral,
                busy: false,
                account,
                known: None,
                window: VecDeque::new(),
                lack: None,
                lacked: BTreeMap::new(),
            });
        }
        let places = users
            .iter()
            .enumerate()
            .map(|(place, user)| (user.id.clone(), place))
            .collect();
        let mut world = Self {
            due: vec![vec![0; params.hubs]; params.hubs],
            params,
            decider,
            options,
            seed,
            now: 0,
            serial: 0,
            events: BTreeMap::new(),
            payments: stream(seed, 2),
            faucets: stream(seed, 3),
            chain: stream(seed, 4),
            treasury: stream(seed, 5),
            signing: stream(seed, 6),
            attacks: stream(seed, 7),
            crashes: stream(seed, 8),
            users,
            places,
            hubs,
            served_treasury: BTreeSet::new(),
            silent: BTreeSet::new(),
            allowance: VecDeque::new(),
            asked: VecDeque::new(),
            silent_at: 0,
            hang_at: 0,
            supply: 0,
            advice: Config::default(),
            metrics: Metrics::new(params),
            log: None,
        };
        world.supply = world.on_chain();
        world.silent = world.spenders(params.silent_spenders);
        world.begin();
        Ok(world)
    }

    /// Writes each decision to a decision log; the baselines keep none.
    pub fn logged(mut self, out: Box<dyn Write + 'w>) -> Result<Self> {
        let begin = |decides| DecisionLog::begin(out, decides);
        self.log = self.decider.decides.clone().map(begin).transpose()?;
        Ok(self)
    }

    fn at(&mut self, time: u64, event: Event) {
        self.serial += 1;
        self.events.insert((time, self.serial), event);
    }

    fn begin(&mut self) {
        self.next_payment();
        self.next_faucet();
        self.at(HOUR, Event::Audit);
        self.hang_at = (self.chain.rand_float() * HOUR as f64) as u64;
        let from = self.params.treasury_silent_from_hours;
        let hours = self.params.treasury_silent_until_hours - from;
        let begins = from + stream(self.seed, 10).rand_float() * hours;
        self.silent_at = (begins * HOUR as f64) as u64;
        if !self.decider.replenishes() {
            self.at(self.hand_top_up(), Event::HandTopUp);
        }
        for drain in 0..self.params.drains_per_day {
            let mut start =
                24 * HOUR * u64::from(drain + 1) / u64::from(self.params.drains_per_day + 1);
            while start < self.params.end() {
                self.at(
                    start,
                    Event::DrainFaucet {
                        until: start + self.params.drain_seconds * 1_000,
                    },
                );
                start += 24 * HOUR;
            }
        }
        for hub in 0..self.hubs.len() {
            self.wake(hub, 0);
        }
        if self.params.hubs > 1 {
            self.at(60_000, Event::Net);
        }
        if self.params.attackers > 0.0 && !self.options.honest {
            for user in 0..self.users.len() {
                if self.users[user].attacker {
                    let after = wait(&mut self.attacks, self.params.attack_mean_seconds);
                    self.at(after, Event::Attack { user });
                }
            }
        }
        self.next_crash();
    }

    /// Plays the whole scenario.
    pub fn run(mut self) -> Result<Metrics> {
        let end = self.params.end();
        while let Some(((time, _), event)) = self.events.pop_first() {
            if time > end {
                break;
            }
            for hub in 0..self.hubs.len() {
                let up = (0..self.tokens()).all(|token| self.hubs[hub].free(token) >= self.floor());
                self.metrics.uptime(time - self.now, up);
            }
            self.metrics.in_use(time - self.now, self.capital());
            self.now = time;
            self.metrics.events += 1;
            self.play(event)?;
            if self.on_chain() != self.supply && self.metrics.events.is_multiple_of(64) {
                self.broken("a token appeared or vanished");
                self.supply = self.on_chain();
            }
        }
        self.now = end;
        self.audit();
        let open = self.users.iter().filter_map(|user| {
            let request = user
                .account
                .request
                .as_ref()
                .filter(|request| !request.served)?;
            (user.account.hub_debt() > 0).then_some(end - request.at)
        });
        self.metrics.open_at_end = open.collect();
        self.metrics.equity = self.equity();
        if let Some(log) = &mut self.log {
            log.end(millis(self.now))?;
        }
        Ok(self.metrics)
    }

    /// How many tokens this world has.
    fn tokens(&self) -> usize {
        1 + usize::from(self.params.second_token)
    }

    /// What the treasury has given, the first filling included, less what came back into a reserve
    /// above its target. What users brought beyond that was never the treasury's.
    fn capital(&self) -> i128 {
        let target = i128::from(self.params.target_reserve) * TOKEN;
        let first = target * (self.hubs.len() * self.tokens()) as i128;
        let places = (0..self.hubs.len()).flat_map(|hub| (0..self.tokens()).map(move |t| (hub, t)));
        let back: i128 = places
            .map(|(hub, token)| (self.hubs[hub].reserve[token] - target).max(0))
            .sum();
        (first + self.metrics.treasury - back).max(0)
    }

    fn play(&mut self, event: Event) -> Result<()> {
        match event {
            Event::Payment => {
                self.next_payment();
                self.pay_somebody()?;
            }
            Event::Faucet => {
                self.next_faucet();
                self.faucet(self.params.faucet_amount);
            }
            Event::DrainFaucet { until } => {
                if self.now < until {
                    self.at(self.now + 1_000, Event::DrainFaucet { until });
                    self.faucet(self.params.drain_amount);
                }
            }
            Event::Tick { hub, epoch } => {
                if self.hubs[hub].epoch == epoch && !self.hubs[hub].down {
                    self.hubs[hub].next_tick = None;
                    self.tick(hub)?;
                }
            }
            Event::Settle { hub, batch, fails } => self.settle(hub, batch, fails)?,
            Event::Sign { user, number } => {
                let mut hub = None;
                let waits = self.users[user].account.workspace.as_ref();
                if self.users[user].busy || waits.is_some_and(|open| open.pending) {
                    // Its own transaction first.
                    self.at(self.now + 1_000, Event::Sign { user, number });
                } else if let Some(open) = self.users[user]
                    .account
                    .workspace
                    .as_mut()
                    .filter(|open| open.number == number && !open.rejected)
                {
                    open.signed = true;
                    hub = Some(self.users[user].hub);
                }
                if let Some(hub) = hub.filter(|_| !self.options.no_kick) {
                    self.wake(hub, self.now);
                }
            }
            Event::Treasury {
                hub,
                token,
                id,
                amount,
                arrives,
            } => self.replenished(hub, token, id, amount, arrives),
            Event::HandTopUp => {
                self.at(self.now + self.hand_top_up(), Event::HandTopUp);
                self.top_up_by_hand();
            }
            Event::Commit { user, number } => {
                let account = &mut self.users[user].account;
                let own = account
                    .workspace
                    .as_mut()
                    .filter(|open| open.number == number);
                if own.as_ref().is_some_and(|open| open.rejected) {
                    account.workspace = None;
                } else if let Some(open) = own {
                    open.pending = false;
                }
            }
            Event::TopUp { user, amount } => {
                self.users[user].busy = false;
                let amount = amount.min(self.users[user].reserve);
                self.users[user].reserve -= amount;
                self.users[user].account.user_deposits(amount);
            }
            Event::CashOut { user, amount } => {
                self.users[user].busy = false;
                let amount = amount.min(self.users[user].account.user_share());
                self.users[user].account.user_withdraws(amount);
                self.users[user].reserve += amount;
            }
            Event::Attack { user } => {
                let after = wait(&mut self.attacks, self.params.attack_mean_seconds);
                self.at(self.now + after, Event::Attack { user });
                self.attack(user)?;
            }
            Event::Crash => {
                self.next_crash();
                let hub = self.crashes.rand_range(0..self.hubs.len() as u64) as usize;
                self.crash(hub)?;
            }
            Event::Restart { hub } => {
                self.hubs[hub].down = false;
                self.wake(hub, self.now);
            }
            Event::Net => {
                self.at(self.now + 60_000, Event::Net);
                self.net_hubs()?;
            }
            Event::Audit => {
                self.at(self.now + HOUR, Event::Audit);
                self.audit();
                self.cash_out();
            }
        }
        Ok(())
    }

    // --- payments ---

    // --- requests ---

    fn delta(account: &Account, token: TokenId) -> Delta {
        let (hub, user) = (account.hub_credit, account.user_credit);
        let (left, right) = if account.hub_left {
            (hub, user)
        } else {
            (user, hub)
        };
        let hold = |is_hub: bool| {
            if is_hub {
                units(token, account.hub_hold)
            } else {
                TokenAmount::ZERO
            }
        };
        Delta {
            collateral: units(token, account.collateral),
            ondelta: signed_units(token, account.ondelta),
            offdelta: signed_units(token, account.offdelta()),
            left_credit_limit: units(token, left),
            right_credit_limit: units(token, right),
            left_hold: hold(account.hub_left),
            right_hold: hold(!account.hub_left),
            ..Delta::empty(token)
        }
    }

    // --- the hub ---

    // --- the chain ---

    // --- reserves ---

    // --- trouble ---

    // --- several hubs ---
}
