//! Checks a plan, whoever made it, against the laws that no plan may break.
//!
//! ```
//! use trimtab_core::policy::Policy;
//! let input = br#"{"state":{"hub_id":"0x11","now":1},"plan":{"actions":[{"type":"broadcast"}]}}"#;
//! let answer = Policy::plan().call("hub.verify_plan", input)?;
//! assert!(String::from_utf8_lossy(&answer).contains("plan_broadcast_misplaced"));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! The amounts are checked one by one in the order of the plan, so that every prefix holds.
//! Source: spec of the hub, section 4. Codes: `plan_valid` and the other `plan_` codes.

use crate::config::Config;
use crate::config::hub::HubConfig;
use crate::error::Error;
use crate::hub::apply::account_of;
use crate::hub::guard;
use crate::hub::limits::{BatchRoom, Tokens};
use crate::hub::plan::accounts::collateral_of;
use crate::hub::plan::action::Action;
use crate::hub::plan::eligibility::{Candidate, Carried, Court, Judged};
use crate::hub::plan::reserve::{self, Flows};
use crate::hub::plan::settle::{self, Leaving, Standing};
use crate::hub::plan::{Plan, order, walk};
use crate::hub::reserves;
use crate::hub::state::{Account, HubState, SettlementOp};
use crate::reason::{Code, Effect, Reason, Why};
use crate::sorting;
use crate::table::{Set, Table};
use crate::units::{Count, EntityId, TokenAmount, TokenId, Wide};

/// A plan and the state it was made for.
#[record]
pub struct HubVerifyInput {
    /// The state.
    pub state: HubState,
    /// The plan.
    pub plan: Plan,
}

/// Whether a plan keeps the laws.
#[record(open)]
pub struct HubVerified {
    /// How many actions were checked.
    pub actions: Count,
    /// Whether every law is kept.
    pub valid: bool,
}

/// Checks a plan.
pub fn verify(
    config: &Config,
    input: &HubVerifyInput,
    why: &mut Why,
) -> Result<HubVerified, Error> {
    let mut found = Why::new();
    let mut set_aside = Why::off();
    let config = &config.hub;
    let accounts = input.state.usable(config, &mut set_aside)?;
    let (_, aside) = set_aside.finish();
    let tokens = Tokens::of(&input.state, config);
    let mut check = Check {
        config,
        hub: &input.state,
        plan: &input.plan,
        accounts: accounts.into_iter().map(|a| (&a.account_id, a)).collect(),
        aside: aside.iter().map(|aside| aside.subject.as_str()).collect(),
        tokens: &tokens,
        leaving: Leaving::of(&input.state)?,
        why: &mut found,
    };
    check.run()?;
    let (reasons, _) = found.finish();
    let valid = reasons.is_empty();
    if valid {
        why.add(|| Reason::new(Code::PlanValid, Effect::Allow));
    }
    reasons.into_iter().for_each(|reason| why.add(|| reason));
    for entry in aside {
        why.quarantine(entry.subject, entry.error);
    }
    let actions = u32::try_from(input.plan.actions.len()).unwrap_or(u32::MAX);
    Ok(HubVerified {
        actions: Count::new(actions)?,
        valid,
    })
}

struct Check<'a> {
    config: &'a HubConfig,
    hub: &'a HubState,
    plan: &'a Plan,
    accounts: Table<&'a EntityId, &'a Account>,
    aside: Set<&'a str>,
    tokens: &'a Tokens,
    /// What batches take out of the accounts already.
    leaving: Leaving,
    why: &'a mut Why,
}

/// A candidate and its place in the line.
type Line<'a> = Table<(&'a EntityId, TokenId), (usize, Candidate<'a>)>;

impl<'a> Check<'a> {
    fn refuse(&mut self, code: Code, about: Option<&EntityId>) {
        let reason = || {
            let reason = Reason::new(code, Effect::Refuse);
            match about {
                Some(account) => reason.about(account),
                None => reason,
            }
        };
        self.why.add(reason);
    }

    fn above(
        &mut self,
        code: Code,
        about: &EntityId,
        amount: TokenAmount,
        found: impl Into<Wide>,
        limit: impl Into<Wide>,
    ) {
        let (found, limit) = (found.into(), limit.into());
        if found > limit {
            let fits = || {
                let least = amount.wide().plus(limit).ok()?.minus(found).ok()?;
                let is_amount = !least.is_negative();
                is_amount.then(|| least.positive_part().ok())?
            };
            self.why.add(|| {
                Reason::new(code, Effect::Refuse)
                    .about(about)
                    .observed(found)
                    .limit(limit)
                    .flip_if("amount", fits())
            });
        }
    }

    /// A deposit that leaves `left` of a reserve where `floor` has to stay.
    fn below_floor(&mut self, about: &EntityId, amount: TokenAmount, left: Wide, floor: Wide) {
        if left < floor {
            let fits = || {
                let least = amount.wide().plus(left).ok()?.minus(floor).ok()?;
                let is_amount = !least.is_negative();
                is_amount.then(|| least.positive_part().ok())?
            };
            self.why.add(|| {
                Reason::new(Code::PlanCrossesFloor, Effect::Refuse)
                    .about(about)
                    .observed(left)
                    .limit(floor)
                    .flip_if("amount", fits())
            });
        }
    }

    fn run(&mut self) -> Result<(), Error> {
        let actions = &self.plan.actions;
        if !self.hub.is_hub {
            if !actions.is_empty() {
                self.refuse(Code::PlanBlocked, None);
            }
            return Ok(());
        }
        let clock = self.hub.submit_clock.unwrap_or(self.hub.now);
        let age = self.hub.sent.as_ref().map(|sent| clock.less(sent.sent_at));
        let stuck = age.is_some_and(|age| age > self.config.sent_stale_ms);
        let aborts = |action: &Action| matches!(action, Action::AbortSentBatch { .. });
        if stuck || actions.iter().any(aborts) {
            let only = [Action::AbortSentBatch { requeue: true }];
            if !stuck || actions.as_slice() != only {
                self.refuse(Code::PlanBlocked, None);
            }
            return Ok(());
        }
        if age.is_some() {
            self.nothing_into_a_batch();
        }
        self.order_of_stages()?;
        self.accounts_once();
        let gains = self.settlements()?;
        self.sendable(&gains)?;
        self.deposits(&gains)?;
        self.proposals()?;
        self.replenishments()?;
        Ok(())
    }

    /// A batch that the chain would revert is not sent, and nothing is put into it.
    fn sendable(&mut self, gains: &Table<TokenId, Wide>) -> Result<(), Error> {
        if self.hub.sent.is_some() {
            return Ok(());
        }
        let has = |stage: u8| {
            self.plan
                .actions
                .iter()
                .any(|action| action.stage() == stage)
        };
        let unpayable = reserve::unpayable(self.hub, gains, &self.collateral())?;
        let lacking = match (has(4), has(6)) {
            (true, _) => unpayable.any,
            (false, true) => unpayable.next,
            (false, false) => return Ok(()),
        };
        for (token_id, needed) in &lacking {
            let reserve = self.hub.reserves.get(token_id).copied().unwrap_or_default();
            self.why.add(|| {
                Reason::new(Code::PlanDraftOvercommitted, Effect::Refuse)
                    .about(token_id)
                    .observed(reserve)
                    .limit(*needed)
            });
        }
        Ok(())
    }

    /// What the accounts hold in collateral.
    fn collateral(&self) -> impl Fn(&EntityId, TokenId) -> Result<Option<TokenAmount>, Error> + '_ {
        |account_id, token_id| {
            let account = self.accounts.get(account_id).copied();
            Ok(collateral_of(account, token_id))
        }
    }

    /// Whether a request waits for a batch that was not sent.
    fn is_awaited(&self) -> bool {
        let unsent = Carried::unsent(self.hub);
        let mut requests = self.accounts.values().flat_map(|account| {
            let asked = account.requests.iter().filter(|r| !r.amount.is_zero());
            asked.map(|request| (&account.account_id, request.token_id))
        });
        requests.any(|(account_id, token_id)| unsent.has(account_id, token_id))
    }

    fn nothing_into_a_batch(&mut self) {
        for action in &self.plan.actions {
            if let Action::Deposit { account_id, .. } | Action::SettleExecute { account_id } =
                action
            {
                self.refuse(Code::PlanBlocked, Some(account_id));
            }
        }
    }

    /// Rejects, proposals, executes, deposits, replenishment, and the broadcast last.
    fn order_of_stages(&mut self) -> Result<(), Error> {
        let actions = &self.plan.actions;
        let stages = actions.iter().map(Action::stage);
        if !stages.clone().is_sorted() {
            self.refuse(Code::PlanWrongOrder, None);
        }
        for stage in [1, 3] {
            let ids = actions.iter().filter(|action| action.stage() == stage);
            if !ids.filter_map(account_of).is_sorted() {
                self.refuse(Code::PlanWrongOrder, None);
            }
        }
        let broadcasts = stages.filter(|stage| *stage == 6).count();
        let work = actions.iter().any(|action| matches!(action.stage(), 3 | 4));
        let left = !self.hub.draft.is_empty() || self.hub.recovery.iter().any(|b| !b.is_empty());
        let may = self.hub.sent.is_none() && !self.hub.broadcast_in_input;
        let waits = left && (self.config.broadcast_leftovers || self.is_awaited());
        let must = may && (work || waits);
        let is_last = actions.last().is_some_and(|action| action.stage() == 6);
        match broadcasts {
            0 if must && self.settles()? => self.refuse(Code::PlanBroadcastMissing, None),
            0 => {}
            1 if is_last && may && (work || left) => {}
            _ => self.refuse(Code::PlanBroadcastMisplaced, None),
        }
        Ok(())
    }

    /// Whether the next batch can settle with what this plan's executes bring.
    fn settles(&self) -> Result<bool, Error> {
        let mut gains = Vec::new();
        for action in &self.plan.actions {
            let Action::SettleExecute { account_id } = action else {
                continue;
            };
            let account = self.accounts.get(account_id).copied();
            let workspace = account.and_then(|account| account.workspace.as_ref());
            let side = self.hub.side(account_id);
            let brings = workspace.map(|workspace| settle::gains(workspace, side));
            gains.extend(brings.into_iter().flatten());
        }
        let gains = settle::summed(gains)?;
        let unpayable = reserve::unpayable(self.hub, &gains, &self.collateral())?;
        Ok(unpayable.next.is_empty())
    }

    /// Every account that is named is one of ours, and named once per purpose.
    fn accounts_once(&mut self) {
        // One settlement per account, one deposit per account and token.
        let purposes = self.plan.actions.iter().filter_map(|action| {
            let token = match action {
                Action::Deposit { token_id, .. } => Some(*token_id),
                _ => None,
            };
            Some((account_of(action)?, token))
        });
        let again = sorting::repeats(purposes.clone());
        for ((account_id, _), again) in purposes.zip(again) {
            if self.aside.contains(account_id.as_str()) {
                self.refuse(Code::PlanQuarantinedAccount, Some(account_id));
            } else if !self.accounts.contains_key(account_id) {
                self.refuse(Code::PlanUnknownAccount, Some(account_id));
            }
            if again {
                self.refuse(Code::PlanDuplicate, Some(account_id));
            }
        }
    }

    /// Executes and rejects; what the executes bring into the reserves.
    fn settlements(&mut self) -> Result<Table<TokenId, Wide>, Error> {
        let mut gains = Vec::new();
        let (mut done, mut rejected) = (0u32, 0u32);
        for action in &self.plan.actions {
            let (account_id, executes) = match action {
                Action::SettleExecute { account_id } => (account_id, true),
                Action::SettleReject { account_id } => (account_id, false),
                _ => continue,
            };
            let Some(account) = self.accounts.get(account_id).copied() else {
                continue;
            };
            let side = self.hub.side(account_id);
            let asked = self.hub.memory.proposals.get(account_id);
            let (config, now) = (self.config, self.hub.now);
            let standing = settle::standing(config, account, side, asked, &self.leaving, now)?;
            match (standing, executes) {
                (Standing::Ripe, true) => {
                    done += 1;
                    let workspace = account.workspace.as_ref();
                    let brings = workspace.map(|workspace| settle::gains(workspace, side));
                    gains.extend(brings.into_iter().flatten());
                }
                (Standing::Unanswered(_), false) => rejected += 1,
                (Standing::Sealed(Some(_), _), true) => {
                    self.refuse(Code::PlanShareShrunk, Some(account_id));
                }
                _ => self.refuse(Code::PlanNotEligible, Some(account_id)),
            }
            if !executes && rejected > self.config.max_executes.get() {
                self.refuse(Code::PlanAboveCap, Some(account_id));
            }
            if executes && done > self.config.max_executes.get() {
                self.refuse(Code::PlanAboveCap, Some(account_id));
            }
        }
        settle::summed(gains)
    }

    fn line(&self) -> Result<Line<'a>, Error> {
        let carried = Carried::of(self.hub);
        let memory = walk::current(&self.hub.memory, self.hub.now);
        let court = Court {
            hub: self.hub,
            config: self.config,
            tokens: self.tokens,
            carried: &carried,
            memory: &memory,
        };
        let mut candidates: Table<TokenId, Vec<Candidate<'a>>> = Table::new();
        let mut open = |judged: Judged<'a>| {
            if let Judged::Open(candidate) = judged {
                let list = candidates.slot(candidate.token_id);
                list.push(candidate);
            }
        };
        for account in self.accounts.values().copied() {
            for request in account.requests.iter().filter(|r| !r.amount.is_zero()) {
                open(court.judge(account, request)?);
            }
            let unasked = account.deltas.iter().map(|delta| delta.token_id);
            for token_id in unasked.filter(|_| self.config.proactive) {
                if account.request(token_id).is_none() {
                    court
                        .judge_unasked(account, token_id)?
                        .into_iter()
                        .for_each(&mut open);
                }
            }
        }
        let mut lists: Vec<_> = candidates.into_values().collect();
        for list in &mut lists {
            order::first(list, usize::MAX, self.config, self.hub.now);
        }
        let places = order::interleaved(lists).enumerate();
        let line = places.map(|(place, candidate)| {
            let key = (&candidate.account.account_id, candidate.token_id);
            (key, (place, candidate))
        });
        Ok(line.collect())
    }

    /// Each deposit within claim, caps, batch and usable reserve, in the order of the line.
    fn deposits(&mut self, gains: &Table<TokenId, Wide>) -> Result<(), Error> {
        let line = self.line()?;
        let flows = Flows::within(self.hub, &self.collateral())?;
        let memory = walk::current(&self.hub.memory, self.hub.now);
        let mut room = self.room()?;
        let mut spent: Table<TokenId, Wide> = Table::new();
        let (mut count, mut last) = (0u32, None);
        for action in &self.plan.actions {
            let Action::Deposit {
                account_id,
                amount,
                token_id,
            } = action
            else {
                continue;
            };
            count += 1;
            let Some((place, candidate)) = line.get(&(account_id, *token_id)) else {
                self.refuse(Code::PlanNotEligible, Some(account_id));
                continue;
            };
            if last.is_some_and(|last| last > *place) {
                self.refuse(Code::PlanWrongOrder, Some(account_id));
            }
            last = Some(*place);
            let limits = self.tokens.get(*token_id)?;
            self.above(
                Code::PlanAboveClaim,
                account_id,
                *amount,
                *amount,
                candidate.want,
            );
            let given = memory
                .served
                .get(account_id)
                .and_then(|tokens| tokens.get(token_id));
            let given = given.map_or(Ok(TokenAmount::ZERO), |served| served.amount())?;
            let sum = spent.slot(*token_id);
            *sum = sum.plus(amount.wide())?;
            let sum = *sum;
            self.above(
                Code::PlanAboveCap,
                account_id,
                *amount,
                *amount,
                limits.per_request_cap,
            );
            let window = limits.per_account_window.less(given);
            self.above(Code::PlanAboveCap, account_id, *amount, *amount, window);
            self.above(
                Code::PlanAboveCap,
                account_id,
                *amount,
                sum,
                limits.per_tick_cap,
            );
            let fits = room.fits_deposit(*token_id) && count <= self.config.max_deposits.get();
            if !fits || *amount < limits.min_deposit {
                self.refuse(Code::PlanAboveCap, Some(account_id));
            }
            room.take_deposit(*token_id);
            let gain = gains.get(token_id).copied().unwrap_or_default();
            let flow = flows.of_token(*token_id);
            let account = reserve::Account::of(self.hub, limits, *token_id, flow, gain)?;
            self.above(
                Code::PlanAboveUsable,
                account_id,
                *amount,
                sum,
                account.usable,
            );
            let left = account.net.plus(account.flow.inflow)?.minus(sum)?;
            let least = limits.floor.wide().min(account.net.max(Wide::ZERO));
            self.below_floor(account_id, *amount, left, least);
        }
        Ok(())
    }

    /// The room that the executed settlements of this plan leave in the draft.
    fn room(&mut self) -> Result<BatchRoom, Error> {
        let mut room = BatchRoom::of(self.hub, self.config);
        for action in &self.plan.actions {
            let Action::SettleExecute { account_id } = action else {
                continue;
            };
            let account = self.accounts.get(account_id);
            let workspace = account.and_then(|account| account.workspace.as_ref());
            if !room.take_settlement(workspace.map_or(1, |workspace| workspace.ops.len())) {
                self.refuse(Code::PlanAboveCap, Some(account_id));
            }
        }
        Ok(room)
    }

    /// Each proposal within what is ours now.
    fn proposals(&mut self) -> Result<(), Error> {
        let mut count = 0u32;
        for action in &self.plan.actions {
            let Action::SettlePropose {
                account_id,
                executor_is_left,
                ops,
                ..
            } = action
            else {
                continue;
            };
            count += 1;
            if count > self.config.max_proposals.get() {
                self.refuse(Code::PlanAboveCap, Some(account_id));
            }
            let Some(account) = self.accounts.get(account_id).copied() else {
                continue;
            };
            let pending = account.workspace.is_some()
                || account.is_pending()
                || self.leaving.has(account_id)
                || !account.is_active();
            let side = self.hub.side(account_id);
            // A debt payment waits for a person, and a withdrawal mixed with it would too.
            let debts = ops.iter().filter(|op| op.paid_to(side).is_some()).count();
            let mixed = debts > 0 && ops.len() > 1;
            if pending || mixed || ops.is_empty() || *executor_is_left != side.is_left() {
                self.refuse(Code::PlanNotEligible, Some(account_id));
            }
            self.operations(account, ops)?;
        }
        Ok(())
    }

    fn operations(&mut self, account: &Account, ops: &[SettlementOp]) -> Result<(), Error> {
        let side = self.hub.side(&account.account_id);
        let again = sorting::repeats(ops.iter().map(|op| (op.token_id, op.kind)));
        for (op, again) in ops.iter().zip(again) {
            let paid = op.paid_to(side);
            let known = *op == SettlementOp::withdrawal(op.token_id, op.amount) || paid.is_some();
            let delta = account.delta(op.token_id);
            let Some(delta) =
                delta.filter(|_| known && !again && account.request(op.token_id).is_none())
            else {
                self.refuse(Code::PlanNotEligible, Some(&account.account_id));
                continue;
            };
            let ours = guard::recoverable(self.config, account, delta, side)?;
            let limits = self.tokens.get(op.token_id)?;
            let withdrawable = ours.by_withdrawal.less(limits.keep_buffer);
            let (amount, limit) = match paid {
                Some(paid) => (paid, ours.by_settlement),
                None => (op.amount, withdrawable),
            };
            let covered = paid.is_some_and(|paid| paid <= withdrawable);
            if amount < limits.min_deposit || covered || !limits.are_set() {
                self.refuse(Code::PlanNotEligible, Some(&account.account_id));
            }
            self.above(
                Code::PlanAboveShare,
                &account.account_id,
                amount,
                amount,
                limit,
            );
        }
        Ok(())
    }

    /// Only a source that the config names is ever asked, once for a token, under the id of the
    /// episode, and for no more than the reserve lacks.
    fn replenishments(&mut self) -> Result<(), Error> {
        let asked = |action: &'a Action| match action {
            Action::Replenish {
                amount,
                id,
                source,
                token_id,
            } => Some((*token_id, *amount, id, *source)),
            _ => None,
        };
        let asked: Vec<_> = self.plan.actions.iter().filter_map(asked).collect();
        if asked.is_empty() {
            return Ok(());
        }
        let tokens: Vec<TokenId> = asked.iter().map(|(token_id, ..)| *token_id).collect();
        let due = self.due(&tokens)?;
        let again = sorting::repeats(tokens);
        for ((token_id, amount, id, source), again) in asked.into_iter().zip(again) {
            let sources = self.config.token_sources.get(&token_id);
            let known = sources.unwrap_or(&self.config.sources).contains(&source);
            let fits = due.iter().any(|action| match action {
                Action::Replenish {
                    amount: most,
                    id: due,
                    token_id: of,
                    ..
                } => *of == token_id && due == id && amount <= *most && !amount.is_zero(),
                _ => false,
            });
            if !known || !fits || again {
                self.refuse(Code::PlanNotEligible, None);
            }
        }
        Ok(())
    }

    /// What the watch over the reserves of these tokens asks for.
    fn due(&self, tokens: &[TokenId]) -> Result<Vec<Action>, Error> {
        let flows = Flows::within(self.hub, &self.collateral())?;
        let mut accounts = Table::new();
        for token_id in tokens {
            // A token that nobody described is not watched.
            if let Ok(limits) = self.tokens.get(*token_id) {
                let flow = flows.of_token(*token_id);
                let account = reserve::Account::of(self.hub, limits, *token_id, flow, Wide::ZERO)?;
                accounts.insert(*token_id, account);
            }
        }
        let mut memory = walk::current(&self.hub.memory, self.hub.now);
        let (config, hub, why) = (self.config, self.hub, &mut Why::off());
        let (due, _) =
            reserves::watch(config, hub, self.tokens, &accounts, &mut memory, None, why)?;
        Ok(due)
    }
}
