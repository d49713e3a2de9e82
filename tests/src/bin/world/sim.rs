//! The world: payments, requests, batches, signatures, treasury, crashes, in virtual time.
//!
//! Every kind of chance has its own stream of random numbers, so that different policies and
//! different reactions meet the same payments, the same failures and the same signatures.

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
use crate::metrics::Metrics;
use crate::params::{Params, TOKEN};
use crate::policies::{Decider, Kind};

const TOKEN_ID: TokenId = TokenId::constant(1);
const SOFT: i128 = 500 * TOKEN;
const HARD: i128 = 10_000 * TOKEN;
const MAX_FEE: i128 = 15 * TOKEN;
const BASE_FEE: i128 = TOKEN / 10;
const FEE_BPS: u32 = 1;
const HOUR: u64 = 3_600_000;
/// A request that waits longer is late: what it waited for longest is counted.
const LATE_MS: u64 = 30_000;
/// How long the hub lets an account wait between two deposits.
const COOL_DOWN_MS: u64 = 30_000;

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
    reserve: i128,
    draft: Batch,
    sent: Option<(core::SentBatch, u64)>,
    recovery: Vec<Batch>,
    memory: HubMemory,
    answers: Vec<ReplenishAnswer>,
    down: bool,
    epoch: u64,
    next_tick: Option<u64>,
    /// The world's own top-up for policies that do not ask.
    topping_up: bool,
    book: Option<HubBook>,
}

/// One run.
pub struct World<'w> {
    params: &'w Params,
    decider: &'w Decider,
    options: Options,
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
    hang_at: u64,
    supply: i128,
    advice: Config,
    metrics: Metrics,
    log: Option<Box<dyn Write + 'w>>,
}

fn stream(seed: u64, number: u128) -> Rand64 {
    Rand64::new((u128::from(seed) << 32) | number)
}

/// An exponential waiting time in milliseconds.
fn wait(random: &mut Rand64, mean_seconds: f64) -> u64 {
    let part = 1.0 - random.rand_float();
    (-part.ln() * mean_seconds * 1_000.0) as u64
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
    Millis::constant(at)
}

fn tokens(amount: f64) -> i128 {
    (amount * TOKEN as f64) as i128
}

fn deposits(batch: &Batch) -> i128 {
    batch
        .r2c
        .iter()
        .flat_map(|entry| &entry.pairs)
        .map(|pair| raw(pair.amount))
        .sum()
}

fn inflow(batch: &Batch) -> i128 {
    let withdrawn: i128 = batch.c2r.iter().map(|entry| raw(entry.amount)).sum();
    let paid: i128 = batch
        .settlements
        .iter()
        .filter_map(|entry| entry.reserve_diff.wide().positive_part().ok())
        .map(raw)
        .sum();
    withdrawn + paid
}

impl Hub {
    /// What the batches of the hub will spend.
    fn committed(&self) -> i128 {
        let sent = self.sent.iter().map(|(sent, _)| &sent.batch);
        sent.chain(&self.recovery)
            .chain([&self.draft])
            .map(deposits)
            .sum()
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
                reserve: params.target_reserve as i128 * TOKEN,
                draft: Batch::default(),
                sent: None,
                recovery: Vec::new(),
                memory: HubMemory::default(),
                answers: Vec::new(),
                down: false,
                epoch: 0,
                next_tick: None,
                topping_up: false,
                book: None,
            });
        }
        let mut users = Vec::new();
        for place in 0..params.users {
            let (hub, user_id) = (place % params.hubs, id(&mut population)?);
            let receiver = population.rand_float() < params.receivers;
            let on_credit = population.rand_float() < 0.5;
            let signs = population.rand_float() < params.signers;
            let attacker = population.rand_float() < params.attackers;
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
            hang_at: 0,
            supply: 0,
            advice: Config::default(),
            metrics: Metrics::new(params),
            log: None,
        };
        world.supply = world.on_chain();
        world.begin();
        Ok(world)
    }

    /// Writes each decision as a line of JSON.
    pub fn logged(mut self, log: Box<dyn Write + 'w>) -> Self {
        self.log = Some(log);
        self
    }

    fn on_chain(&self) -> i128 {
        let users: i128 = self
            .users
            .iter()
            .map(|user| user.reserve + user.account.collateral)
            .sum();
        users + self.hubs.iter().map(|hub| hub.reserve).sum::<i128>()
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

    fn next_payment(&mut self) {
        let rate = self.params.payments_per_user_minute * self.params.users as f64;
        let after = wait(&mut self.payments, 60.0 / rate);
        self.at(self.now + after, Event::Payment);
    }

    fn next_faucet(&mut self) {
        if self.params.faucet_per_hour > 0.0 {
            let after = wait(&mut self.faucets, 3_600.0 / self.params.faucet_per_hour);
            self.at(self.now + after, Event::Faucet);
        }
    }

    fn next_crash(&mut self) {
        if self.params.crashes_per_hour > 0.0 {
            let after = wait(&mut self.crashes, 3_600.0 / self.params.crashes_per_hour);
            self.at(self.now + after, Event::Crash);
        }
    }

    /// Makes the hub tick at `time` unless it does so earlier anyway.
    fn wake(&mut self, hub: usize, time: u64) {
        if self.hubs[hub].down || self.hubs[hub].next_tick.is_some_and(|next| next <= time) {
            return;
        }
        self.hubs[hub].epoch += 1;
        self.hubs[hub].next_tick = Some(time);
        let epoch = self.hubs[hub].epoch;
        self.at(time, Event::Tick { hub, epoch });
    }

    /// Plays the whole scenario.
    pub fn run(mut self) -> Result<Metrics> {
        let end = self.params.end();
        while let Some(((time, _), event)) = self.events.pop_first() {
            if time > end {
                break;
            }
            for hub in 0..self.hubs.len() {
                let up = self.hubs[hub].reserve - self.hubs[hub].committed() >= self.floor();
                self.metrics.uptime(time - self.now, up);
            }
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
            log.flush()?;
        }
        Ok(self.metrics)
    }

    fn floor(&self) -> i128 {
        i128::from(self.params.floor) * TOKEN
    }

    /// What the hubs own, without what the treasury gave, the faucet paid out, or fees brought.
    fn equity(&self) -> i128 {
        let accounts: i128 = self.users.iter().map(|user| user.account.value).sum();
        let reserves: i128 = self.hubs.iter().map(|hub| hub.reserve).sum();
        accounts + reserves - self.metrics.treasury + self.metrics.faucet_paid - self.metrics.fees
    }

    fn broken(&mut self, what: &str) {
        let at = self.now;
        self.metrics.broken(format!("at {at} ms: {what}"));
    }

    fn play(&mut self, event: Event) -> Result<()> {
        match event {
            Event::Payment => {
                self.next_payment();
                self.pay_somebody()?;
            }
            Event::Faucet => {
                self.next_faucet();
                self.faucet();
            }
            Event::DrainFaucet { until } => {
                if self.now < until {
                    self.at(self.now + 1_000, Event::DrainFaucet { until });
                    self.faucet();
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
                if self.users[user].busy {
                    // Its own transaction first.
                    self.at(self.now + 1_000, Event::Sign { user, number });
                } else if let Some(open) = self.users[user]
                    .account
                    .workspace
                    .as_mut()
                    .filter(|open| open.number == number)
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
                id,
                amount,
                arrives,
            } => self.replenished(hub, id, amount, arrives),
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

    fn pay_somebody(&mut self) -> Result<()> {
        let random = &mut self.payments;
        let from = random.rand_range(0..self.users.len() as u64) as usize;
        let to_receiver = random.rand_float() < self.params.to_receivers;
        let abroad = random.rand_float() < self.params.to_next_hub;
        let mut to = random.rand_range(0..self.users.len() as u64) as usize;
        let ratio = (self.params.largest_payment / self.params.smallest_payment).ln();
        let size = self.params.smallest_payment * (random.rand_float() * ratio).exp();
        let hub = (self.users[from].hub + usize::from(abroad)) % self.hubs.len();
        for _ in 0..self.users.len() {
            let fits =
                to != from && self.users[to].receiver == to_receiver && self.users[to].hub == hub;
            if fits {
                break;
            }
            to = (to + 1) % self.users.len();
        }
        self.pay(from, to, tokens(size))
    }

    fn pay(&mut self, from: usize, to: usize, amount: i128) -> Result<()> {
        let short = self.users[from].account.user_capacity() < amount
            || self.users[to].account.hub_capacity() < amount;
        self.metrics.payments += 1;
        if from == to || short {
            self.metrics.payments_refused += 1;
        } else {
            let before = [from, to].map(|user| self.users[user].account.excess());
            self.users[from].account.user_pays(amount);
            self.users[to].account.hub_pays(amount);
            let (home, away) = (self.users[from].hub, self.users[to].hub);
            self.due[home][away] += if home == away { 0 } else { amount };
            let after = [from, to].map(|user| self.users[user].account.excess());
            if after
                .iter()
                .zip(before)
                .any(|(after, before)| *after > before)
            {
                self.broken("a payment left its credit limits");
            }
            self.ask(to)?;
        }
        self.top_up(from);
        Ok(())
    }

    /// A user whose capacity runs out brings money of its own.
    fn top_up(&mut self, user: usize) {
        let open = &mut self.users[user];
        let amount = tokens(self.params.top_up);
        // Whoever signed a settlement waits for it: a deposit of its own would change what it pays.
        let signed = open
            .account
            .workspace
            .as_ref()
            .is_some_and(|open| open.signed);
        if !open.busy
            && !signed
            && open.account.user_capacity() < amount / 4
            && open.reserve >= amount
        {
            open.busy = true;
            let after = (self.params.chain_seconds * 1_000.0) as u64;
            self.at(self.now + after, Event::TopUp { user, amount });
        }
    }

    /// Users take home what lies above a bound, once an hour.
    fn cash_out(&mut self) {
        for user in 0..self.users.len() {
            let open = &mut self.users[user];
            let above = open.account.user_share() - tokens(self.params.cash_out_above);
            if above > 0 && !open.busy && open.account.workspace.is_none() {
                open.busy = true;
                let after = (self.params.chain_seconds * 1_000.0) as u64;
                self.at(
                    self.now + after,
                    Event::CashOut {
                        user,
                        amount: above,
                    },
                );
            }
        }
    }

    // --- requests ---

    fn delta(account: &Account) -> Delta {
        let (hub, user) = (account.hub_credit, account.user_credit);
        let (left, right) = if account.hub_left {
            (hub, user)
        } else {
            (user, hub)
        };
        let hold = |is_hub: bool| {
            if is_hub {
                amount(account.hub_hold)
            } else {
                TokenAmount::ZERO
            }
        };
        Delta {
            collateral: amount(account.collateral),
            ondelta: signed(account.ondelta),
            offdelta: signed(account.offdelta()),
            left_credit_limit: amount(left),
            right_credit_limit: amount(right),
            left_hold: hold(account.hub_left),
            right_hold: hold(!account.hub_left),
            ..Delta::empty(TOKEN_ID)
        }
    }

    /// Asks the user's own policy whether to request collateral now, and does so.
    fn ask(&mut self, user: usize) -> Result<()> {
        let one = &self.users[user];
        if one.account.request.is_some() || one.account.hub_debt() == 0 {
            return Ok(());
        }
        // The fee is paid in advance, and the terms of this hub say that nothing comes earlier.
        let is_told = self.params.patient && self.decider.kind == Kind::Ours;
        let last = one.window.back().filter(|_| is_told);
        if last.is_some_and(|(at, _)| self.now - at < COOL_DOWN_MS) {
            return Ok(());
        }
        let input = AdviceInput {
            entity_id: one.id.clone(),
            peer_id: self.hubs[one.hub].id.clone(),
            now: millis(self.now),
            is_hub: false,
            pending_frame: false,
            workspace: one.account.workspace.is_some(),
            tokens: vec![AdviceToken {
                delta: Self::delta(&one.account),
                policy: Some(RequestPolicy {
                    soft_limit: amount(SOFT),
                    hard_limit: amount(HARD),
                    max_fee: amount(MAX_FEE),
                }),
                terms: Some(FeeTerms {
                    policy_version: Serial::constant(1),
                    base_fee: amount(BASE_FEE),
                    gas_fee: TokenAmount::ZERO,
                    fee_bps: Bps::constant(FEE_BPS),
                }),
                open_request: TokenAmount::ZERO,
            }],
        };
        let advised = advice::request_advice(&self.advice, &input, &mut Why::off())?;
        if let Some(request) = advised
            .tokens
            .first()
            .and_then(|token| token.request.as_ref())
        {
            self.request(user, raw(request.amount), raw(request.fee));
        }
        Ok(())
    }

    /// The bilateral transition: an open request stays as it is, the fee is paid off chain, the
    /// request is for the rest.
    fn request(&mut self, user: usize, amount: i128, fee: i128) {
        let at = self.now;
        self.serial += 1;
        let number = self.serial;
        let account = &mut self.users[user].account;
        if account.request.is_some() || fee <= 0 || amount <= fee || fee > account.user_capacity() {
            return;
        }
        account.user_pays(fee);
        account.request = Some(Request {
            number,
            amount: amount - fee,
            fee,
            at,
            served: false,
            starved: false,
            eligible_since: None,
        });
        let one = &mut self.users[user];
        one.lacked.clear();
        one.lack = Some(("the next tick", at));
        self.metrics.fees += fee;
        self.metrics.requests += 1;
        let hub = self.users[user].hub;
        if !self.options.no_kick {
            self.wake(hub, at);
        }
    }

    // --- the hub ---

    fn account(&self, user: &User) -> core::Account {
        let side_left = user.account.hub_left;
        let request = user.account.request.as_ref().map(|request| core::Request {
            token_id: TOKEN_ID,
            amount: amount(request.amount),
            fee: Some(FeeState {
                request_id: Some(request.number.to_string()),
                fee_token_id: None,
                fee_paid_upfront: amount(request.fee),
                policy_version: Serial::constant(1),
                requested_at: millis(request.at),
                requested_by_left: None,
                refund: None,
            }),
        });
        let side = if side_left {
            trimtab_core::account::algebra::Side::Left
        } else {
            trimtab_core::account::algebra::Side::Right
        };
        let workspace = user.account.workspace.as_ref().map(|open| {
            let mut ops = Vec::new();
            if open.withdraw > 0 {
                ops.push(core::SettlementOp::withdrawal(
                    TOKEN_ID,
                    amount(open.withdraw),
                ));
            }
            if open.pay > 0 {
                ops.extend(core::SettlementOp::debt_payment(
                    side,
                    TOKEN_ID,
                    amount(open.pay),
                ));
            }
            core::Workspace {
                ops,
                last_modified_by_left: side_left,
                executor_is_left: side_left,
                status: match (open.submitted, open.signed) {
                    (true, _) => WorkspaceStatus::Submitted,
                    (_, true) => WorkspaceStatus::ReadyToSubmit,
                    _ => WorkspaceStatus::AwaitingCounterparty,
                },
                left_signed: side_left || open.signed,
                right_signed: !side_left || open.signed,
            }
        });
        let submitted =
            (user.account.submitted_at > 0).then(|| (TOKEN_ID, millis(user.account.submitted_at)));
        core::Account {
            deltas: vec![Self::delta(&user.account)],
            requests: request.into_iter().collect(),
            submitted: submitted.into_iter().collect(),
            workspace,
            peer_reserves: [(TOKEN_ID, amount(user.reserve))].into(),
            ..core::Account::empty(user.id.clone())
        }
    }

    /// What the hub's policy reads, without the accounts.
    fn own_state(&self, place: usize) -> HubState {
        let hub = &self.hubs[place];
        HubState {
            reserves: [(TOKEN_ID, amount(hub.reserve))].into(),
            draft: hub.draft.clone(),
            sent: hub.sent.as_ref().map(|(sent, _)| sent.clone()),
            recovery: hub.recovery.clone(),
            replenish_answers: hub.answers.clone(),
            memory: hub.memory.clone(),
            ..HubState::empty(hub.id.clone(), millis(self.now))
        }
    }

    fn state(&self, place: usize) -> HubState {
        let users = self.users.iter().filter(|user| user.hub == place);
        let accounts: Vec<_> = users.map(|user| self.account(user)).collect();
        HubState {
            accounts: accounts.into(),
            ..self.own_state(place)
        }
    }

    /// The plan of the hub's book, which learns only of the accounts that changed; now and then,
    /// and whenever a log is kept, the plan of the whole state instead.
    fn decide(&mut self, hub: usize) -> Result<Plan> {
        if self.log.is_some() {
            return self.decider.plan(&self.state(hub));
        }
        let whole = self.metrics.ticks.is_multiple_of(1_009);
        let whole = whole.then(|| self.state(hub));
        let mut book = match self.hubs[hub].book.take() {
            Some(book) => book,
            None => match self.decider.book(self.own_state(hub))? {
                Some(book) => {
                    let mine = self.users.iter_mut().filter(|user| user.hub == hub);
                    mine.for_each(|user| user.known = None);
                    book
                }
                None => return self.decider.plan(&self.state(hub)),
            },
        };
        for place in 0..self.users.len() {
            let user = &self.users[place];
            let known = user.known.as_ref();
            let is_known = known.is_some_and(|(account, reserve)| {
                *account == user.account && *reserve == user.reserve
            });
            if user.hub == hub && !is_known {
                book.set_account(self.account(user))?;
                let user = &mut self.users[place];
                user.known = Some((user.account.clone(), user.reserve));
            }
        }
        // The plan brings the next memory.
        let memory = std::mem::take(&mut self.hubs[hub].memory);
        let own = HubState {
            memory,
            ..self.own_state(hub)
        };
        book.set_hub(own, None)?;
        let plan = book.plan(millis(self.now), &mut Why::off())?;
        if let Some(whole) = whole
            && self.decider.plan(&whole)? != plan
        {
            self.broken("the book and the state plan differently");
        }
        self.hubs[hub].book = Some(book);
        Ok(plan)
    }

    fn tick(&mut self, hub: usize) -> Result<()> {
        if self.decider.kind == Kind::None {
            return Ok(());
        }
        self.metrics.ticks += 1;
        let state = self.log.is_some().then(|| self.state(hub));
        let plan = self
            .decide(hub)
            .with_context(|| format!("at {} ms", self.now))?;
        if let (Some(log), Some(state)) = (&mut self.log, &state) {
            let line = serde_json::json!({ "at": self.now, "hub": hub, "op": "hub.plan" });
            let text = canonical::text(&plan)?;
            let input = canonical::text(state)?;
            let line = line.to_string();
            writeln!(
                log,
                "{},\"input\":{input},\"output\":{text}}}",
                line.trim_end_matches('}')
            )?;
        }
        self.judge(hub, &plan.actions);
        self.note(&plan.outcomes);
        self.hubs[hub].answers.clear();
        self.hubs[hub].memory = plan.memory;
        for action in &plan.actions {
            self.apply(hub, action)?;
        }
        self.starvation(hub);
        self.top_up_hub(hub);
        let own = plan.next_wake.map(Millis::get);
        let clock = (!self.options.only_kick).then(|| {
            let tick = self.decider.tick_ms;
            (self.now / tick + 1) * tick
        });
        let next = match self.decider.kind {
            // Without work our own plan says when to wake; the others are called by the clock.
            Kind::Ours if own.is_none() => None,
            Kind::Ours => own.map(|own| own.max(clock.unwrap_or(own))),
            _ => clock,
        };
        if let Some(next) = next {
            self.wake(hub, next.max(self.now + 1));
        }
        Ok(())
    }

    /// What each request waits for from now on.
    fn note(&mut self, outcomes: &[Outcome]) {
        let now = self.now;
        for outcome in outcomes {
            let what = match outcome.outcome {
                OutcomeKind::Deposit => "its batch",
                OutcomeKind::Deferred | OutcomeKind::Refused => {
                    let binding = outcome.reasons.iter().find(|reason| reason.binding);
                    binding.map_or("?", |reason| reason.code.entry().name)
                }
                _ => continue,
            };
            if let Some(place) = self.places.get(&outcome.account_id) {
                let user = &mut self.users[*place];
                // The mark of a deposit that is on its way is not another wait.
                if user.account.request.is_some() && user.account.submitted_at == 0 {
                    user.waits_for(Some(what), now);
                }
            }
        }
    }

    /// The laws of a plan, written again without the policy's code.
    fn judge(&mut self, hub: usize, actions: &[Action]) {
        let ours = self.decider.kind == Kind::Ours;
        let net = self.hubs[hub].reserve - self.hubs[hub].committed();
        let mut spent = 0;
        let mut gained = inflow(&self.hubs[hub].draft);
        let mut broadcasts = 0;
        let mut stage = 0;
        let mut seen = BTreeSet::new();
        let mut found: Vec<String> = Vec::new();
        for action in actions {
            if action.stage() < stage {
                found.push("the actions are out of order".to_owned());
            }
            stage = action.stage();
            match action {
                Action::Deposit {
                    account_id, amount, ..
                } => {
                    let amount = raw(*amount);
                    let Some(user) = self.places.get(account_id).map(|place| &self.users[*place])
                    else {
                        found.push("a deposit to nobody".to_owned());
                        continue;
                    };
                    let want = user
                        .account
                        .request
                        .as_ref()
                        .map_or(0, |request| request.amount.min(user.account.hub_debt()));
                    if amount <= 0 || amount > want || !seen.insert(account_id) {
                        found.push(format!("a deposit of {amount} for a want of {want}"));
                    }
                    let lately: i128 = user
                        .window
                        .iter()
                        .filter(|(at, _)| self.now - at < HOUR)
                        .map(|(_, amount)| amount)
                        .sum();
                    if ours && (lately + amount > 10_000 * TOKEN || amount < TOKEN) {
                        found.push("a deposit beyond its caps".to_owned());
                    }
                    spent += amount;
                }
                Action::SettlePropose {
                    account_id, ops, ..
                } => {
                    let Some(user) = self.places.get(account_id).map(|place| &self.users[*place])
                    else {
                        continue;
                    };
                    let (withdraw, pay) = Self::parts(ops);
                    if withdraw > user.account.hub_share() - user.account.hub_hold
                        || pay > user.account.user_debt()
                        || pay > user.reserve
                    {
                        found.push("a proposal beyond the hub's share".to_owned());
                    }
                }
                Action::SettleExecute { account_id } => {
                    let Some(user) = self.places.get(account_id).map(|place| &self.users[*place])
                    else {
                        continue;
                    };
                    let open = user.account.workspace.as_ref();
                    if let Some(open) = open.filter(|open| open.signed && !open.submitted) {
                        if open.withdraw > user.account.hub_share()
                            || open.pay > user.account.user_debt()
                        {
                            found.push("an executed share that shrank".to_owned());
                        }
                        gained += open.total();
                    } else {
                        found.push("an execution that nobody signed".to_owned());
                    }
                }
                Action::Broadcast {} => broadcasts += 1,
                _ => {}
            }
        }
        if broadcasts > 1 || (broadcasts == 1 && self.hubs[hub].sent.is_some()) {
            found.push("a second broadcast".to_owned());
        }
        let floor = if ours { self.floor() } else { 0 };
        if ours && spent > gained + (net - floor).max(0) && spent > (net + gained).max(0) {
            found.push(format!(
                "deposits of {spent} out of {net} with {gained} coming in"
            ));
        }
        if ours && spent > 100_000 * TOKEN {
            found.push("deposits beyond the cap of a tick".to_owned());
        }
        for what in found {
            self.broken(&what);
        }
    }

    fn parts(ops: &[core::SettlementOp]) -> (i128, i128) {
        let (mut withdraw, mut pay) = (0, 0);
        for op in ops {
            if op.kind == OpKind::C2r {
                withdraw += raw(op.amount);
            } else {
                let gain = op.left_diff.wide().max(op.right_diff.wide());
                pay += gain.positive_part().map_or(0, raw);
            }
        }
        (withdraw, pay)
    }

    fn apply(&mut self, hub: usize, action: &Action) -> Result<()> {
        let place = |id: &EntityId| {
            self.places
                .get(id)
                .copied()
                .context("an action about nobody")
        };
        match action {
            Action::Deposit {
                account_id,
                amount,
                token_id,
            } => {
                let user = place(account_id)?;
                let pair = DepositPair {
                    account_id: account_id.clone(),
                    amount: *amount,
                };
                let draft = &mut self.hubs[hub].draft;
                match draft.r2c.first_mut() {
                    Some(entry) => entry.pairs.push(pair),
                    None => draft.r2c.push(DepositEntry {
                        token_id: *token_id,
                        receiving_entity: None,
                        pairs: vec![pair],
                    }),
                }
                let now = self.now;
                let one = &mut self.users[user];
                one.account.submitted_at = now.max(1);
                one.window.push_back((now, raw(*amount)));
                one.window.retain(|(at, _)| now - at < 2 * HOUR);
                self.metrics.deposits += 1;
            }
            Action::SettlePropose {
                account_id, ops, ..
            } => {
                let user = place(account_id)?;
                let (withdraw, pay) = Self::parts(ops);
                self.serial += 1;
                let number = self.serial;
                self.users[user].account.workspace = Some(Workspace {
                    number,
                    withdraw,
                    pay,
                    signed: false,
                    submitted: false,
                });
                let after = wait(&mut self.signing, self.params.sign_mean_seconds);
                self.metrics.proposals += 1;
                if self.users[user].signs {
                    self.at(self.now + after, Event::Sign { user, number });
                }
            }
            Action::SettleReject { account_id } => {
                let user = place(account_id)?;
                self.users[user].account.workspace = None;
            }
            Action::SettleExecute { account_id } => {
                let user = place(account_id)?;
                self.execute(hub, user);
            }
            Action::Replenish { amount, id, .. } => self.replenish(hub, id.clone(), raw(*amount)),
            Action::Alert { .. } => self.metrics.alerts += 1,
            Action::AbortSentBatch { requeue } => {
                let sent = self.hubs[hub].sent.take();
                if let Some((sent, _)) = sent.filter(|_| *requeue) {
                    self.hubs[hub].recovery.insert(0, sent.batch);
                }
                self.metrics.aborts += 1;
            }
            Action::Broadcast {} => self.broadcast(hub),
            _ => {}
        }
        Ok(())
    }

    fn execute(&mut self, hub: usize, user: usize) {
        let account_id = self.users[user].id.clone();
        let account = &mut self.users[user].account;
        let Some(open) = account
            .workspace
            .as_mut()
            .filter(|open| open.signed && !open.submitted)
        else {
            return;
        };
        open.submitted = true;
        account.hub_hold = open.total();
        let draft = &mut self.hubs[hub].draft;
        if open.withdraw > 0 {
            let amount = amount(open.withdraw);
            draft.c2r.push(WithdrawalEntry {
                account_id: account_id.clone(),
                token_id: TOKEN_ID,
                amount,
            });
        }
        if open.pay > 0 {
            draft.settlements.push(SettlementEntry {
                account_id,
                token_id: TOKEN_ID,
                reserve_diff: signed(open.pay),
            });
        }
    }

    // --- the chain ---

    fn broadcast(&mut self, hub: usize) {
        let home = &mut self.hubs[hub];
        let batch = if home.recovery.is_empty() {
            std::mem::take(&mut home.draft)
        } else {
            home.recovery.remove(0)
        };
        self.serial += 1;
        let number = self.serial;
        let mut at = self.now + (self.params.chain_seconds * 1_000.0) as u64;
        let hang = self.params.hang_seconds * 1_000;
        let since = (at + HOUR - self.hang_at % HOUR) % HOUR;
        if since < hang {
            at += hang - since;
        }
        let operations =
            usize::from(!batch.r2c.is_empty()) + batch.c2r.len() + batch.settlements.len();
        self.metrics.operations += operations as u64;
        self.metrics.batches += 1;
        let fails = self.chain.rand_float() < self.params.chain_failure;
        home.sent = Some((
            core::SentBatch {
                sent_at: millis(self.now),
                batch,
            },
            number,
        ));
        self.at(
            at,
            Event::Settle {
                hub,
                batch: number,
                fails,
            },
        );
    }

    fn settle(&mut self, hub: usize, number: u64, fails: bool) -> Result<()> {
        // A batch that was taken back can no longer settle: its place was given away.
        if self.hubs[hub]
            .sent
            .as_ref()
            .is_none_or(|(_, sent)| *sent != number)
        {
            return Ok(());
        }
        let Some((sent, _)) = self.hubs[hub].sent.take() else {
            return Ok(());
        };
        if fails {
            self.metrics.failed_batches += 1;
            self.hubs[hub].recovery.insert(0, sent.batch);
        } else if self.can_settle(hub, &sent.batch)? {
            self.execute_batch(hub, &sent.batch)?;
        } else {
            self.metrics.reverts += 1;
            self.drop_batch(&sent.batch)?;
        }
        if !self.options.no_kick {
            self.wake(hub, self.now);
        }
        Ok(())
    }

    fn user_of(&self, id: &EntityId) -> Result<usize> {
        self.places.get(id).copied().context("a batch about nobody")
    }

    /// Withdrawals and settlements come before deposits; one that cannot be paid reverts it all.
    fn can_settle(&self, hub: usize, batch: &Batch) -> Result<bool> {
        let mut reserve = self.hubs[hub].reserve;
        for entry in &batch.c2r {
            let user = &self.users[self.user_of(&entry.account_id)?];
            if raw(entry.amount) > user.account.collateral {
                return Ok(false);
            }
            reserve += raw(entry.amount);
        }
        for entry in &batch.settlements {
            let pays = entry.reserve_diff.wide().positive_part().map_or(0, raw);
            if pays > self.users[self.user_of(&entry.account_id)?].reserve {
                return Ok(false);
            }
            reserve += pays;
        }
        Ok(reserve >= deposits(batch))
    }

    fn drop_batch(&mut self, batch: &Batch) -> Result<()> {
        let ids = batch.c2r.iter().map(|entry| &entry.account_id);
        let ids = ids.chain(batch.settlements.iter().map(|entry| &entry.account_id));
        for id in ids {
            let user = self.user_of(id)?;
            self.users[user].account.workspace = None;
            self.users[user].account.hub_hold = 0;
        }
        for pair in batch.r2c.iter().flat_map(|entry| &entry.pairs) {
            let user = self.user_of(&pair.account_id)?;
            self.users[user].account.submitted_at = 0;
        }
        Ok(())
    }

    fn execute_batch(&mut self, hub: usize, batch: &Batch) -> Result<()> {
        for entry in &batch.c2r {
            let user = self.user_of(&entry.account_id)?;
            let taken = raw(entry.amount);
            self.moved(user, "withdrawal", |account| account.hub_withdraws(taken));
            self.hubs[hub].reserve += taken;
            self.metrics.pulled += taken;
        }
        for entry in &batch.settlements {
            let user = self.user_of(&entry.account_id)?;
            let paid = entry.reserve_diff.wide().positive_part().map_or(0, raw);
            self.moved(user, "settlement", |account| account.user_settles(paid));
            self.users[user].reserve -= paid;
            self.hubs[hub].reserve += paid;
            self.metrics.pulled += paid;
        }
        let ids = batch.c2r.iter().map(|entry| &entry.account_id);
        for id in ids.chain(batch.settlements.iter().map(|entry| &entry.account_id)) {
            let user = self.user_of(id)?;
            self.users[user].account.workspace = None;
            self.users[user].account.hub_hold = 0;
        }
        for pair in batch.r2c.iter().flat_map(|entry| &entry.pairs) {
            let user = self.user_of(&pair.account_id)?;
            self.deposited(hub, user, raw(pair.amount));
        }
        if self.hubs[hub].reserve < 0 {
            self.broken("a reserve below zero");
        }
        Ok(())
    }

    fn deposited(&mut self, hub: usize, user: usize, amount: i128) {
        self.moved(user, "deposit", |account| account.hub_deposits(amount));
        self.hubs[hub].reserve -= amount;
        self.metrics.collateralised += amount;
        let now = self.now;
        let one = &mut self.users[user];
        one.account.submitted_at = 0;
        if one.account.request.is_some() {
            one.waits_for(None, now);
        }
        if let Some(request) = &mut one.account.request {
            if !request.served {
                request.served = true;
                let latency = now - request.at;
                self.metrics.latencies.push(latency);
                if latency >= LATE_MS {
                    let most = one.lacked.iter().max_by_key(|(_, waited)| **waited);
                    let most = most.map_or("?", |(what, _)| *what);
                    *self.metrics.late.entry(most).or_default() += 1;
                }
            }
            request.amount -= amount;
            if request.amount <= 0 {
                one.account.request = None;
            }
        }
    }

    /// A step on chain: the peer's share never falls, and share and claim together stay.
    fn moved(&mut self, user: usize, what: &str, step: impl FnOnce(&mut Account)) {
        let account = &mut self.users[user].account;
        let seen = |account: &Account| {
            (
                account.user_share(),
                account.user_share() + account.hub_debt(),
                account.excess(),
            )
        };
        let before = seen(account);
        step(account);
        let after = seen(account);
        let (collateral, value) = (account.collateral, account.value);
        if after.0 < before.0 || after.1 != before.1 || after.2 > before.2 || collateral < 0 {
            self.broken(&format!(
                "a {what} touched what is the peer's: {before:?} -> {after:?}, {collateral} {value}"
            ));
        }
    }

    // --- reserves ---

    fn faucet(&mut self) {
        let user = self.faucets.rand_range(0..self.users.len() as u64) as usize;
        let hub = self.users[user].hub;
        let amount = tokens(self.params.faucet_amount);
        let free = self.hubs[hub].reserve - self.hubs[hub].committed();
        self.metrics.faucet_calls += 1;
        if free >= amount {
            self.hubs[hub].reserve -= amount;
            self.users[user].reserve += amount;
            self.metrics.faucet_paid += amount;
            self.metrics.faucet_served += 1;
        }
        if free < i128::from(self.params.min_reserve) * TOKEN && self.hubs[hub].next_tick.is_none()
        {
            self.wake(hub, self.now + self.decider.tick_ms);
        }
    }

    fn replenish(&mut self, hub: usize, id: String, amount: i128) {
        let base = (self.params.treasury_seconds * 1_000.0) as u64;
        let after = base + wait(&mut self.treasury, self.params.treasury_mean_seconds);
        let arrives = self.treasury.rand_float() >= self.params.treasury_failure;
        self.metrics.replenishments += 1;
        self.at(
            self.now + after,
            Event::Treasury {
                hub,
                id,
                amount,
                arrives,
            },
        );
    }

    fn replenished(&mut self, hub: usize, id: String, amount: i128, arrives: bool) {
        self.hubs[hub].topping_up = false;
        // The same request twice gives once.
        if arrives && self.served_treasury.insert(id.clone()) {
            self.hubs[hub].reserve += amount;
            self.supply += amount;
            self.metrics.treasury += amount;
        }
        // What is answered while the hub is down nobody hears.
        if !self.hubs[hub].down {
            let outcome = if arrives {
                ReplenishOutcome::Done
            } else {
                ReplenishOutcome::Failed
            };
            let told = arrives.then(|| self::amount(amount));
            self.hubs[hub].answers.push(ReplenishAnswer {
                token_id: TOKEN_ID,
                id,
                outcome,
                amount: told,
            });
            self.wake(hub, self.now);
        }
    }

    fn top_up_hub(&mut self, hub: usize) {
        if self.decider.replenishes() || self.hubs[hub].topping_up {
            return;
        }
        let free = self.hubs[hub].reserve - self.hubs[hub].committed();
        if free < i128::from(self.params.min_reserve) * TOKEN {
            self.hubs[hub].topping_up = true;
            self.serial += 1;
            let id = format!("top-up {}", self.serial);
            self.replenish(
                hub,
                id,
                i128::from(self.params.target_reserve) * TOKEN - free,
            );
        }
    }

    /// Eligible, money there, and still waiting long after everybody is served first: the clock of
    /// a request runs only while both hold without a break.
    fn starvation(&mut self, hub: usize) {
        let limit = 600_000 + 2 * self.decider.tick_ms;
        let is_busy = self.hubs[hub].sent.is_some();
        let free = self.hubs[hub].reserve - self.hubs[hub].committed() - self.floor();
        let now = self.now;
        let mut starved = Vec::new();
        let asking = |user: &&mut User| user.hub == hub && user.account.request.is_some();
        for user in self.users.iter_mut().filter(asking) {
            // The hourly window is kept in two buckets of half an hour, the newer of which
            // stretches: it forgets after at most another hour.
            let lately = |hours: u64| -> i128 {
                let recent = user.window.iter().filter(|(at, _)| now - at < hours * HOUR);
                recent.map(|(_, amount)| amount).sum()
            };
            let room = 10_000 * TOKEN - lately(2);
            let claim = user.account.hub_debt();
            let is_carried = user.account.submitted_at > 0;
            let Some(request) = &mut user.account.request else {
                continue;
            };
            let want = claim.min(request.amount);
            if want < TOKEN || room < want.min(TOKEN) || is_carried || free < want {
                request.eligible_since = None;
                continue;
            }
            if is_busy {
                continue;
            }
            let since = *request.eligible_since.get_or_insert(now);
            if now - since > limit && !request.starved {
                request.starved = true;
                starved.push(format!(
                    "at {now} ms: {} waits for {want} since {since} ms, asked {} at {} ms, {room} left in its window, {free} free",
                    user.id, request.amount, request.at
                ));
            }
        }
        self.metrics.starved += starved.len() as u64;
        let room = 5usize.saturating_sub(self.metrics.starvations.len());
        self.metrics
            .starvations
            .extend(starved.into_iter().take(room));
    }

    // --- trouble ---

    fn crash(&mut self, hub: usize) -> Result<()> {
        let after = wait(&mut self.crashes, self.params.crash_mean_seconds);
        if self.hubs[hub].down {
            return Ok(());
        }
        // What survives is what was written: the memory as one string.
        let text = canonical::text(&self.hubs[hub].memory)?;
        self.hubs[hub].memory = trimtab_core::value::decode(&Value::from_json(text.as_bytes())?)?;
        self.hubs[hub].down = true;
        self.hubs[hub].book = None;
        self.hubs[hub].next_tick = None;
        self.hubs[hub].answers.clear();
        self.metrics.crashes += 1;
        self.at(self.now + after, Event::Restart { hub });
        Ok(())
    }

    fn attack(&mut self, user: usize) -> Result<()> {
        let kind = self.attacks.rand_range(0..6);
        let size = self.attacks.rand_range(1..1_000) as i128 * TOKEN;
        let other = self.attacks.rand_range(0..self.users.len() as u64) as usize;
        self.metrics.attacks += 1;
        match kind {
            // Ask again and again, and for more than is owed.
            0 => self.request(user, self.users[user].account.hub_debt() * 1_000, BASE_FEE),
            1 => self.request(user, i128::from(u64::MAX), MAX_FEE),
            // Split: hand the claim to another attacker's account in small parts.
            2 if self.users[other].attacker && other != user => {
                for _ in 0..4 {
                    self.pay(user, other, size / 4)?;
                }
            }
            // Take the collateral home at once and ask for more.
            3 if !self.users[user].busy && self.users[user].account.workspace.is_none() => {
                let amount = self.users[user].account.user_share();
                self.users[user].busy = true;
                let after = (self.params.chain_seconds * 1_000.0) as u64;
                self.at(self.now + after, Event::CashOut { user, amount });
            }
            // Sign, then be paid, so that the hub's share shrinks before it is executed.
            4 => {
                let signed = self.users[user]
                    .account
                    .workspace
                    .as_ref()
                    .is_some_and(|open| open.signed && !open.submitted);
                if signed {
                    self.pay(other, user, size)?;
                }
            }
            // Never sign again.
            _ => self.users[user].signs = false,
        }
        Ok(())
    }

    // --- several hubs ---

    /// Claims in circles are netted off chain; what remains above a bound is paid on chain.
    fn net_hubs(&mut self) -> Result<()> {
        let count = self.hubs.len();
        for a in 0..count {
            for b in 0..a {
                let both = self.due[a][b].min(self.due[b][a]);
                self.due[a][b] -= both;
                self.due[b][a] -= both;
            }
        }
        let pairs = (0..count).flat_map(|a| (0..count).map(move |b| (a, b)));
        let claims: Vec<_> = pairs.filter(|(a, b)| self.due[*a][*b] > 0).collect();
        let input = CyclesInput {
            claims: claims
                .iter()
                .map(|(a, b)| Claim {
                    debtor: self.hubs[*a].id.clone(),
                    creditor: self.hubs[*b].id.clone(),
                    token_id: TOKEN_ID,
                    amount: amount(self.due[*a][*b]),
                })
                .collect(),
        };
        let netted = cycles::match_cycles(&self.advice, &input, &mut Why::off())?;
        let nets = |due: &[Vec<i128>]| {
            (0..count)
                .map(|h| (0..count).map(|o| due[h][o] - due[o][h]).sum())
                .collect::<Vec<i128>>()
        };
        let before = nets(&self.due);
        for claim in netted.tokens.iter().flat_map(|token| &token.claims) {
            let at = |id: &EntityId| {
                self.hubs
                    .iter()
                    .position(|hub| hub.id == *id)
                    .context("a claim on nobody")
            };
            let (debtor, creditor) = (at(&claim.debtor)?, at(&claim.creditor)?);
            self.due[debtor][creditor] = raw(claim.amount);
            self.metrics.netted += raw(claim.cleared);
        }
        if nets(&self.due) != before {
            self.broken("netting changed a net position");
        }
        for (a, b) in claims {
            let bound = i128::from(self.params.floor) * TOKEN;
            let free = self.hubs[a].reserve - self.hubs[a].committed() - self.floor();
            let paid = self.due[a][b].min(free);
            if self.due[a][b] > bound && paid > 0 {
                self.due[a][b] -= paid;
                self.hubs[a].reserve -= paid;
                self.hubs[b].reserve += paid;
                self.metrics.between_hubs += paid;
            }
        }
        Ok(())
    }

    fn audit(&mut self) {
        if self.on_chain() != self.supply {
            self.broken("a token appeared or vanished");
        }
        let bad = self.users.iter().filter(|user| {
            let account = &user.account;
            user.reserve < 0
                || account.collateral < 0
                || account.excess() > 0
                || account.hub_hold < 0
        });
        let count = bad.count();
        if count > 0 {
            self.broken(&format!("{count} accounts outside their limits"));
        }
    }
}
