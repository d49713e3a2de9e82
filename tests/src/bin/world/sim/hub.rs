//! The process of a hub: what it sees, decides and does, its treasury and its crashes.

use super::*;
use trimtab_core::table::Table;

impl World<'_> {
    pub(super) fn next_crash(&mut self) {
        if self.params.crashes_per_hour > 0.0 {
            let after = wait(&mut self.crashes, 3_600.0 / self.params.crashes_per_hour);
            self.at(self.now + after, Event::Crash);
        }
    }

    /// Makes the hub tick at `time` unless it does so earlier anyway.
    pub(super) fn wake(&mut self, hub: usize, time: u64) {
        if self.hubs[hub].down || self.hubs[hub].next_tick.is_some_and(|next| next <= time) {
            return;
        }
        self.hubs[hub].epoch += 1;
        self.hubs[hub].next_tick = Some(time);
        let epoch = self.hubs[hub].epoch;
        self.at(time, Event::Tick { hub, epoch });
    }

    pub(super) fn account(&self, user: &User) -> core::Account {
        let side_left = user.account.hub_left;
        let token = TOKENS[user.token];
        let request = user.account.request.as_ref().map(|request| core::Request {
            token_id: token,
            amount: units(token, request.amount),
            fee: Some(FeeState {
                request_id: Some(request.number.to_string()),
                fee_token_id: None,
                fee_paid_upfront: units(token, request.fee),
                policy_version: const { Serial::constant(1) },
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
                    token,
                    units(token, open.withdraw),
                ));
            }
            if open.pay > 0 {
                ops.extend(core::SettlementOp::debt_payment(
                    side,
                    token,
                    units(token, open.pay),
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
                left_signed: open.signed,
                right_signed: open.signed,
                sealed: open.signed,
                updated_at: Some(millis(open.at)),
            }
        });
        let submitted =
            (user.account.submitted_at > 0).then(|| (token, millis(user.account.submitted_at)));
        let open = user.account.workspace.as_ref();
        core::Account {
            deltas: vec![Self::delta(&user.account, token)],
            pending_settlement: open.is_some_and(|open| open.pending || open.rejected),
            requests: request.into_iter().collect(),
            submitted: submitted.into_iter().collect(),
            workspace,
            peer_reserves: Table::from_iter([(token, units(token, user.reserve))]),
            ..core::Account::empty(user.id.clone())
        }
    }

    /// What the hub's policy reads, without the accounts.
    pub(super) fn own_state(&self, place: usize) -> HubState {
        let hub = &self.hubs[place];
        HubState {
            reserves: (0..self.tokens())
                .map(|token| (TOKENS[token], units(TOKENS[token], hub.reserve[token])))
                .collect(),
            draft: hub.draft.clone(),
            sent: hub.sent.as_ref().map(|(sent, _)| sent.clone()),
            recovery: hub.recovery.clone(),
            replenish_answers: hub.answers.clone(),
            memory: hub.memory.clone(),
            ..HubState::empty(hub.id.clone(), millis(self.now))
        }
    }

    pub(super) fn state(&self, place: usize) -> HubState {
        let users = self.users.iter().filter(|user| user.hub == place);
        let accounts: Vec<_> = users.map(|user| self.account(user)).collect();
        HubState {
            accounts: accounts.into(),
            ..self.own_state(place)
        }
    }

    /// The plan of the hub's book, which learns only of the accounts that changed; now and then,
    /// and whenever a log is kept, the plan of the whole state instead.
    pub(super) fn decide(&mut self, hub: usize) -> Result<Plan> {
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
        // The plan brings the next memory; until it is taken, the book has this one.
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

    pub(super) fn tick(&mut self, hub: usize) -> Result<()> {
        if self.decider.kind == Kind::None {
            return Ok(());
        }
        self.metrics.ticks += 1;
        let state = self.log.is_some().then(|| self.state(hub));
        let plan = self
            .decide(hub)
            .with_context(|| format!("at {} ms", self.now))?;
        if let (Some(log), Some(state)) = (&mut self.log, &state) {
            let input = canonical::text(state)?;
            let output = self.decider.envelope(&input)?;
            log.tick(millis(self.now), hub, input, &output)?;
        }
        let own = plan.next_wake.map(Millis::get);
        let is_lost = !self.frame(hub, plan)?;
        self.starvation(hub);
        let clock = (!self.options.only_kick).then(|| {
            let tick = self.decider.tick_ms;
            (self.now / tick + 1) * tick
        });
        let next = match self.decider.kind {
            // Nobody has heard what a lost frame said.
            Kind::Ours if is_lost => clock,
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

    /// The plan as a frame of the runtime: all of it or, where the runtime throws, nothing, and the
    /// memory is again what it was before. Answers whether it was taken.
    pub(super) fn frame(&mut self, hub: usize, plan: Plan) -> Result<bool> {
        if !self.judge(hub, &plan.actions) {
            let home = &mut self.hubs[hub];
            if let Some(book) = &home.book {
                home.memory = book.snapshot()?.memory;
            }
            return Ok(false);
        }
        self.note(&plan.outcomes);
        self.hubs[hub].answers.clear();
        self.hubs[hub].memory = plan.memory;
        for action in &plan.actions {
            self.apply(hub, action)?;
        }
        Ok(true)
    }

    /// What each request waits for from now on.
    pub(super) fn note(&mut self, outcomes: &[Outcome]) {
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

    pub(super) fn apply(&mut self, hub: usize, action: &Action) -> Result<()> {
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
                let own = |entry: &&mut DepositEntry| entry.token_id == *token_id;
                match draft.r2c.iter_mut().find(own) {
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
                one.window.push_back((now, value_of(*token_id, *amount)));
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
                    at: self.now,
                    pending: true,
                    rejected: false,
                });
                self.at(self.now + COMMIT_MS, Event::Commit { user, number });
                let after = wait(&mut self.signing, self.params.sign_mean_seconds);
                self.metrics.proposals += 1;
                let signs = self.users[user].signs && !self.silent.contains(&user);
                if signs && (pay == 0 || self.users[user].signs_by_hand) {
                    self.at(self.now + after, Event::Sign { user, number });
                }
            }
            Action::SettleReject { account_id } => {
                let user = place(account_id)?;
                self.metrics.rejects += 1;
                let number = self.users[user].account.workspace.as_mut().map(|open| {
                    open.rejected = true;
                    open.number
                });
                if let Some(number) = number {
                    self.at(self.now + COMMIT_MS, Event::Commit { user, number });
                }
            }
            Action::SettleExecute { account_id } => {
                let user = place(account_id)?;
                self.execute(hub, user);
            }
            Action::Replenish {
                amount,
                id,
                token_id,
                ..
            } => {
                let asked = value_of(*token_id, *amount);
                self.replenish(hub, place_of(*token_id), id.clone(), asked);
            }
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

    pub(super) fn execute(&mut self, hub: usize, user: usize) {
        let account_id = self.users[user].id.clone();
        let token = TOKENS[self.users[user].token];
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
            let amount = units(token, open.withdraw);
            draft.c2r.push(WithdrawalEntry {
                account_id: account_id.clone(),
                token_id: token,
                amount,
            });
        }
        if open.pay > 0 {
            draft.settlements.push(SettlementEntry {
                account_id,
                token_id: token,
                reserve_diff: signed_units(token, open.pay),
            });
        }
    }

    pub(super) fn broadcast(&mut self, hub: usize) {
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
        let operations = batch.r2c.len() + batch.c2r.len() + batch.settlements.len();
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

    pub(super) fn user_of(&self, id: &EntityId) -> Result<usize> {
        self.places.get(id).copied().context("a batch about nobody")
    }

    /// Whether the treasury answers nobody now.
    fn treasury_is_silent(&self) -> bool {
        let day = 24 * HOUR;
        let since = (self.now + day - self.silent_at % day) % day;
        since < self.params.treasury_silent_seconds * 1_000
    }

    /// What the treasury is asked for: it gives up to its allowance of any hour, after a while.
    pub(super) fn replenish(&mut self, hub: usize, token: usize, id: String, amount: i128) {
        let base = (self.params.treasury_seconds * 1_000.0) as u64;
        let after = base + wait(&mut self.treasury, self.params.treasury_mean_seconds);
        // A person repeats what failed.
        let by_hand = !self.decider.replenishes();
        let fails = self.treasury.rand_float() < self.params.treasury_failure && !by_hand;
        self.metrics.replenishments += 1;
        self.metrics.treasury_asked += amount;
        let now = self.now;
        let hour = |list: &mut VecDeque<(u64, i128)>| -> i128 {
            list.retain(|(at, _)| now - at < HOUR);
            list.iter().map(|(_, amount)| amount).sum()
        };
        self.asked.push_back((now, amount));
        let asked = hour(&mut self.asked);
        self.metrics.treasury_peak = self.metrics.treasury_peak.max(asked);
        if self.treasury_is_silent() && !by_hand {
            self.metrics.treasury_unanswered += 1;
            return;
        }
        let known = self.served_treasury.contains(&id);
        let within = hour(&mut self.allowance) + amount <= tokens(self.params.treasury_allowance);
        let arrives = !fails && (within || known);
        if !within && !known {
            self.metrics.treasury_refused += 1;
        } else if arrives && !known {
            self.allowance.push_back((now, amount));
        }
        self.at(
            self.now + after,
            Event::Treasury {
                hub,
                token,
                id,
                amount,
                arrives,
            },
        );
    }

    pub(super) fn replenished(
        &mut self,
        hub: usize,
        token: usize,
        id: String,
        amount: i128,
        arrives: bool,
    ) {
        // The same request twice gives once.
        if arrives && self.served_treasury.insert(id.clone()) {
            self.hubs[hub].reserve[token] += amount;
            self.supply += amount;
            self.metrics.treasury += amount;
        }
        // What is answered while the hub is down nobody hears.
        if !self.hubs[hub].down && self.decider.replenishes() {
            let outcome = if arrives {
                ReplenishOutcome::Done
            } else {
                ReplenishOutcome::Failed
            };
            let told = arrives.then(|| units(TOKENS[token], amount));
            self.hubs[hub].answers.push(ReplenishAnswer {
                token_id: TOKENS[token],
                id,
                outcome,
                amount: told,
            });
            self.wake(hub, self.now);
        }
    }

    pub(super) fn hand_top_up(&self) -> u64 {
        (self.params.hand_top_up_hours * HOUR as f64) as u64
    }

    /// A person fills up what does not ask by itself.
    pub(super) fn top_up_by_hand(&mut self) {
        for hub in 0..self.hubs.len() {
            for token in 0..self.tokens() {
                let target = i128::from(self.params.target_reserve) * TOKEN;
                let lacking = target - self.hubs[hub].free(token);
                if lacking > 0 {
                    self.serial += 1;
                    let id = format!("by hand {}", self.serial);
                    self.replenish(hub, token, id, lacking);
                }
            }
        }
    }

    pub(super) fn crash(&mut self, hub: usize) -> Result<()> {
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

    /// Claims in circles are netted off chain; what remains above a bound is paid on chain.
    pub(super) fn net_hubs(&mut self) -> Result<()> {
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
                    token_id: DOLLAR,
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
            let free = self.hubs[a].free(0) - self.floor();
            let paid = self.due[a][b].min(free);
            if self.due[a][b] > bound && paid > 0 {
                self.due[a][b] -= paid;
                self.hubs[a].reserve[0] -= paid;
                self.hubs[b].reserve[0] += paid;
                self.metrics.between_hubs += paid;
            }
        }
        Ok(())
    }
}
