//! What users do: pay, ask, bring and take home tokens, attack.

use super::*;

impl World<'_> {
    pub(super) fn next_payment(&mut self) {
        let mean = self.between_payments();
        let after = wait(&mut self.payments, mean);
        self.at(self.now + after, Event::Payment);
    }

    /// The mean time between two payments, in seconds.
    fn between_payments(&self) -> f64 {
        60.0 / (self.params.payments_per_user_minute * self.params.users as f64)
    }

    /// The users who pay most less what they are paid, as the seed draws the payments of the whole
    /// run: the same whatever a policy does. Before the first payment is drawn.
    pub(super) fn spenders(&self, count: usize) -> BTreeSet<usize> {
        let mut spent = vec![0; self.users.len()];
        let mut random = self.payments;
        let mut at = wait(&mut random, self.between_payments());
        while count > 0 && at <= self.params.end() {
            at += wait(&mut random, self.between_payments());
            let (from, to, amount) = self.draw_payment(&mut random);
            spent[from] += amount;
            spent[to] -= amount;
        }
        let mut places: Vec<usize> = (0..spent.len()).collect();
        places.sort_by_key(|place| std::cmp::Reverse(spent[*place]));
        places.into_iter().take(count).collect()
    }

    pub(super) fn next_faucet(&mut self) {
        if self.params.faucet_per_hour > 0.0 {
            let after = wait(&mut self.faucets, 3_600.0 / self.params.faucet_per_hour);
            self.at(self.now + after, Event::Faucet);
        }
    }

    pub(super) fn pay_somebody(&mut self) -> Result<()> {
        let mut random = self.payments;
        let (from, to, amount) = self.draw_payment(&mut random);
        self.payments = random;
        self.pay(from, to, amount)
    }

    /// Who wants to pay how much to whom; what they hold has no say in it.
    fn draw_payment(&self, random: &mut Rand64) -> (usize, usize, i128) {
        let from = random.rand_range(0..self.users.len() as u64) as usize;
        let to_receiver = random.rand_float() < self.params.to_receivers;
        let abroad = random.rand_float() < self.params.to_next_hub;
        let mut to = random.rand_range(0..self.users.len() as u64) as usize;
        let ratio = (self.params.largest_payment / self.params.smallest_payment).ln();
        let size = self.params.smallest_payment * (random.rand_float() * ratio).exp();
        let hub = (self.users[from].hub + usize::from(abroad)) % self.hubs.len();
        let token = self.users[from].token;
        for _ in 0..self.users.len() {
            let fits = to != from
                && self.users[to].receiver == to_receiver
                && self.users[to].hub == hub
                && self.users[to].token == token;
            if fits {
                break;
            }
            to = (to + 1) % self.users.len();
        }
        (from, to, tokens(size))
    }

    pub(super) fn pay(&mut self, from: usize, to: usize, amount: i128) -> Result<()> {
        let other = self.users[from].token != self.users[to].token;
        let short = other
            || self.users[from].account.user_capacity() < amount
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
    pub(super) fn top_up(&mut self, user: usize) {
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
    pub(super) fn cash_out(&mut self) {
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

    /// Asks the user's own policy whether to request collateral now, and does so.
    pub(super) fn ask(&mut self, user: usize) -> Result<()> {
        let one = &self.users[user];
        if one.account.request.is_some() || one.account.hub_debt() == 0 {
            return Ok(());
        }
        let token = TOKENS[one.token];
        let input = AdviceInput {
            entity_id: one.id.clone(),
            peer_id: self.hubs[one.hub].id.clone(),
            now: millis(self.now),
            is_hub: false,
            pending_frame: false,
            workspace: one.account.workspace.is_some(),
            tokens: vec![AdviceToken {
                delta: Self::delta(&one.account, token),
                policy: Some(RequestPolicy {
                    soft_limit: units(token, SOFT),
                    hard_limit: units(token, HARD),
                    max_fee: units(token, MAX_FEE),
                }),
                terms: Some(FeeTerms {
                    policy_version: const { Serial::constant(1) },
                    base_fee: units(token, BASE_FEE),
                    gas_fee: TokenAmount::ZERO,
                    fee_bps: Bps::clamped(FEE_BPS),
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
            self.request(
                user,
                value_of(token, request.amount),
                value_of(token, request.fee),
            );
        }
        Ok(())
    }

    /// The bilateral transition: an open request stays as it is, the fee is paid off chain, the
    /// request is for the rest.
    pub(super) fn request(&mut self, user: usize, amount: i128, fee: i128) {
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

    pub(super) fn faucet(&mut self, amount: f64) {
        let user = self.faucets.rand_range(0..self.users.len() as u64) as usize;
        let hub = self.users[user].hub;
        let amount = tokens(amount);
        let token = self.users[user].token;
        let free = self.hubs[hub].free(token);
        self.metrics.faucet_calls += 1;
        if free >= amount {
            self.hubs[hub].reserve[token] -= amount;
            self.users[user].reserve += amount;
            self.metrics.faucet_paid += amount;
            self.metrics.faucet_served += 1;
        }
        if free < i128::from(self.params.min_reserve) * TOKEN && self.hubs[hub].next_tick.is_none()
        {
            self.wake(hub, self.now + self.decider.tick_ms);
        }
    }

    pub(super) fn attack(&mut self, user: usize) -> Result<()> {
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
}
