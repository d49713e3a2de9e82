//! Batches on chain: they settle, fail or revert.

use super::*;

impl World<'_> {
    pub(super) fn on_chain(&self) -> i128 {
        let users: i128 = self
            .users
            .iter()
            .map(|user| user.reserve + user.account.collateral)
            .sum();
        users + self.hubs.iter().flat_map(|hub| hub.reserve).sum::<i128>()
    }

    pub(super) fn settle(&mut self, hub: usize, number: u64, fails: bool) -> Result<()> {
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

    /// Withdrawals and settlements come before deposits; one that cannot be paid reverts it all.
    pub(super) fn can_settle(&self, hub: usize, batch: &Batch) -> Result<bool> {
        let mut reserve = self.hubs[hub].reserve;
        for entry in &batch.c2r {
            let user = &self.users[self.user_of(&entry.account_id)?];
            let taken = value_of(entry.token_id, entry.amount);
            if taken > user.account.collateral {
                return Ok(false);
            }
            reserve[place_of(entry.token_id)] += taken;
        }
        for entry in &batch.settlements {
            let pays = paid_by(entry);
            if pays > self.users[self.user_of(&entry.account_id)?].reserve {
                return Ok(false);
            }
            reserve[place_of(entry.token_id)] += pays;
        }
        let mut tokens = TOKENS.iter().zip(reserve);
        Ok(tokens.all(|(token, reserve)| reserve >= deposits(batch, *token)))
    }

    pub(super) fn drop_batch(&mut self, batch: &Batch) -> Result<()> {
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

    pub(super) fn execute_batch(&mut self, hub: usize, batch: &Batch) -> Result<()> {
        for entry in &batch.c2r {
            let user = self.user_of(&entry.account_id)?;
            let taken = value_of(entry.token_id, entry.amount);
            self.moved(user, "withdrawal", |account| account.hub_withdraws(taken));
            self.hubs[hub].reserve[place_of(entry.token_id)] += taken;
            self.metrics.pulled += taken;
        }
        for entry in &batch.settlements {
            let user = self.user_of(&entry.account_id)?;
            let paid = paid_by(entry);
            self.moved(user, "settlement", |account| account.user_settles(paid));
            self.users[user].reserve -= paid;
            self.hubs[hub].reserve[place_of(entry.token_id)] += paid;
            self.metrics.pulled += paid;
        }
        let ids = batch.c2r.iter().map(|entry| &entry.account_id);
        for id in ids.chain(batch.settlements.iter().map(|entry| &entry.account_id)) {
            let user = self.user_of(id)?;
            self.users[user].account.workspace = None;
            self.users[user].account.hub_hold = 0;
        }
        for entry in &batch.r2c {
            for pair in &entry.pairs {
                let user = self.user_of(&pair.account_id)?;
                self.deposited(hub, user, value_of(entry.token_id, pair.amount));
            }
        }
        if self.hubs[hub].reserve.iter().any(|reserve| *reserve < 0) {
            self.broken("a reserve below zero");
        }
        Ok(())
    }

    pub(super) fn deposited(&mut self, hub: usize, user: usize, amount: i128) {
        self.moved(user, "deposit", |account| account.hub_deposits(amount));
        let token = self.users[user].token;
        self.hubs[hub].reserve[token] -= amount;
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
    pub(super) fn moved(&mut self, user: usize, what: &str, step: impl FnOnce(&mut Account)) {
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
}
