//! What is checked of every plan and every account, with arithmetic of the simulator's own.

use super::*;

impl World<'_> {
    pub(super) fn floor(&self) -> i128 {
        i128::from(self.params.floor) * TOKEN
    }

    /// What the hubs own, without what the treasury gave, the faucet paid out, or fees brought.
    pub(super) fn equity(&self) -> i128 {
        let accounts: i128 = self.users.iter().map(|user| user.account.value).sum();
        let reserves: i128 = self.hubs.iter().flat_map(|hub| hub.reserve).sum();
        accounts + reserves - self.metrics.treasury + self.metrics.faucet_paid - self.metrics.fees
    }

    pub(super) fn broken(&mut self, what: &str) {
        let at = self.now;
        self.metrics.broken(format!("at {at} ms: {what}"));
    }

    /// The laws of a plan, written again without the policy's code. Answers whether the runtime
    /// takes it: a plan that only breaks other laws is a frame like any other.
    pub(super) fn judge(&mut self, hub: usize, actions: &[Action]) -> bool {
        let ours = self.decider.kind == Kind::Ours;
        let net = [0, 1].map(|token| self.hubs[hub].free(token));
        let mut spent = [0; 2];
        let mut gained = TOKENS.map(|token| inflow(&self.hubs[hub].draft, token));
        let mut broadcasts = 0;
        let mut stage = 0;
        let mut seen = BTreeSet::new();
        let mut found: Vec<String> = Vec::new();
        let mut thrown: Vec<String> = Vec::new();
        for action in actions {
            if action.stage() < stage {
                found.push("the actions are out of order".to_owned());
            }
            stage = action.stage();
            thrown.extend(self.thrown(hub, action));
            match action {
                Action::Deposit {
                    account_id,
                    amount,
                    token_id,
                } => {
                    let amount = value_of(*token_id, *amount);
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
                    spent[place_of(*token_id)] += amount;
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
                        gained[user.token] += open.total();
                    } else {
                        found.push("an execution that nobody signed".to_owned());
                    }
                }
                Action::Broadcast {} => broadcasts += 1,
                _ => {}
            }
        }
        if broadcasts > 1 || (broadcasts == 1 && self.hubs[hub].sent.is_some()) {
            thrown.push("the runtime would throw: a second broadcast".to_owned());
        }
        let floor = if ours { self.floor() } else { 0 };
        for ((spent, net), gained) in spent.into_iter().zip(net).zip(gained) {
            if ours && spent > gained + (net - floor).max(0) && spent > (net + gained).max(0) {
                found.push(format!(
                    "deposits of {spent} out of {net} with {gained} coming in"
                ));
            }
            if ours && spent > 100_000 * TOKEN {
                found.push("deposits beyond the cap of a tick".to_owned());
            }
        }
        for what in thrown.iter().chain(&found) {
            self.broken(what);
        }
        thrown.is_empty()
    }

    pub(super) fn parts(ops: &[core::SettlementOp]) -> (i128, i128) {
        let (mut withdraw, mut pay) = (0, 0);
        for op in ops {
            if op.kind == OpKind::C2r {
                withdraw += value_of(op.token_id, op.amount);
            } else {
                let gain = op.left_diff.wide().max(op.right_diff.wide());
                pay += gain
                    .positive_part()
                    .map_or(0, |gain| value_of(op.token_id, gain));
            }
        }
        (withdraw, pay)
    }

    /// What the runtime throws at: the whole frame is then lost.
    fn thrown(&self, hub: usize, action: &Action) -> Option<String> {
        let of = |id: &EntityId| self.places.get(id).map(|place| &self.users[*place]);
        let open = |id: &EntityId| of(id).and_then(|user| user.account.workspace.as_ref());
        let pends = |id: &EntityId| open(id).is_some_and(|open| open.pending || open.rejected);
        let what = match action {
            Action::SettleReject { account_id } => match open(account_id) {
                None => "a rejection of nothing",
                Some(_) if pends(account_id) => "a rejection while a step is pending",
                Some(open) if open.signed || open.submitted => "a rejection of what is signed",
                Some(_) => return None,
            },
            Action::SettlePropose {
                account_id, ops, ..
            } => {
                let (withdraw, pay) = Self::parts(ops);
                let capacity = of(account_id).map_or(0, |user| user.account.user_capacity());
                match open(account_id) {
                    Some(_) => "a proposal beside another",
                    None if pay > 0 && (withdraw > 0 || ops.len() > 1) => "a mixed proposal",
                    None if pay > capacity => "a debt payment beyond what can be put on hold",
                    None => return None,
                }
            }
            Action::SettleExecute { account_id } => match open(account_id) {
                _ if self.hubs[hub].sent.is_some() => "an execution beside a sent batch",
                _ if pends(account_id) => "an execution while a step is pending",
                _ => return None,
            },
            Action::Deposit { .. } if self.hubs[hub].sent.is_some() => {
                "a deposit beside a sent batch"
            }
            Action::AbortSentBatch { .. } if self.hubs[hub].sent.is_none() => "an abort of nothing",
            _ => return None,
        };
        Some(format!("the runtime would throw: {what}"))
    }

    /// Eligible, money there, and still waiting long after everybody is served first: the clock of
    /// a request runs only while both hold without a break.
    pub(super) fn starvation(&mut self, hub: usize) {
        let limit = 600_000 + 2 * self.decider.tick_ms;
        let is_busy = self.hubs[hub].sent.is_some();
        let floor = self.floor();
        let all_free = [0, 1].map(|token| self.hubs[hub].free(token) - floor);
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
            let free = all_free[user.token];
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

    pub(super) fn audit(&mut self) {
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
