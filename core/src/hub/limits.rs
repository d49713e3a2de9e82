//! The limits of a config in the raw units of each token, and the room that is left in a batch.

use crate::error::Error;
use crate::hub::config::HubConfig;
use crate::hub::state::{Batch, HubState};
use crate::table::Table;
use crate::units::{Bps, Decimals, TokenAmount, TokenId};

/// The amounts of a config, scaled to one token.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenLimits {
    /// Below this an episode of replenishment opens.
    pub min_reserve: TokenAmount,
    /// At this it closes.
    pub target_reserve: TokenAmount,
    /// Requests never bring the reserve below this.
    pub floor: TokenAmount,
    /// A claim above this is worth acting on unasked.
    pub soft_limit: TokenAmount,
    /// A free share above this is swept: the soft limit with its hysteresis.
    pub sweep_above: TokenAmount,
    /// A claim above this is severe.
    pub hard_limit: TokenAmount,
    /// No deposit is smaller.
    pub min_deposit: TokenAmount,
    /// No single deposit is larger.
    pub per_request_cap: TokenAmount,
    /// No account is given more in an hour.
    pub per_account_window: TokenAmount,
    /// No tick deposits more.
    pub per_tick_cap: TokenAmount,
    /// What stays when the hub pulls back.
    pub keep_buffer: TokenAmount,
    /// The fixed part of the fee.
    pub base_fee: TokenAmount,
}

impl TokenLimits {
    /// The amounts of `config` for a token of so many decimals.
    pub fn of(config: &HubConfig, decimals: Decimals) -> Result<Self, Error> {
        let soft_limit = config.soft_limit.scaled(decimals)?;
        let band = soft_limit.part(config.hysteresis_bps);
        Ok(Self {
            min_reserve: config.min_reserve.scaled(decimals)?,
            target_reserve: config.target_reserve.scaled(decimals)?,
            floor: config.floor.scaled(decimals)?,
            soft_limit,
            sweep_above: soft_limit.plus(band).unwrap_or(TokenAmount::MAX),
            hard_limit: config.hard_limit.scaled(decimals)?,
            // A deposit of nothing is none.
            min_deposit: config
                .min_deposit
                .scaled(decimals)?
                .max(TokenAmount::new(1)),
            per_request_cap: config.per_request_cap.scaled(decimals)?,
            per_account_window: config.per_account_window.scaled(decimals)?,
            per_tick_cap: config.per_tick_cap.scaled(decimals)?,
            keep_buffer: config.keep_buffer.scaled(decimals)?,
            base_fee: config.base_fee.scaled(decimals)?,
        })
    }

    /// The fee for `amount`.
    pub fn fee(&self, amount: TokenAmount, share: Bps) -> Result<TokenAmount, Error> {
        self.base_fee.plus(amount.part(share))
    }
}

/// The limits of every token that the hub knows.
#[derive(Clone, Debug)]
pub struct Tokens(Table<TokenId, Result<TokenLimits, Error>>);

impl Tokens {
    /// The tokens of the config and of the state; the state's own take precedence.
    #[must_use]
    pub fn of(hub: &HubState, config: &HubConfig) -> Self {
        let known = config.tokens.iter().chain(&hub.tokens);
        let limits = |decimals| TokenLimits::of(config, decimals);
        let known = known.map(|(id, token)| (*id, limits(token.decimals)));
        Self(known.collect())
    }

    /// The limits of a token. One that is unknown, or whose decimals cannot represent the config,
    /// is an error about `token_id`.
    pub fn get(&self, token_id: TokenId) -> Result<&TokenLimits, Error> {
        match self.0.get(&token_id) {
            Some(Ok(limits)) => Ok(limits),
            Some(Err(error)) => Err(Error {
                field: "token_id".to_owned(),
                ..error.clone()
            }),
            None => Err(Error::out_of_range("token_id", token_id, "a known token")),
        }
    }
}

/// How much more fits into the draft.
#[derive(Clone, Debug)]
pub struct BatchRoom {
    operations: usize,
    pairs: usize,
    settlements: usize,
    pairs_per_entry: usize,
    /// The accounts of the hub's own deposit entry of each token.
    entries: Table<TokenId, usize>,
}

fn at_most(limit: crate::units::Count) -> usize {
    usize::try_from(limit.get()).unwrap_or(usize::MAX)
}

impl BatchRoom {
    /// The room beside what the draft already holds.
    #[must_use]
    pub fn of(hub: &HubState, config: &HubConfig) -> Self {
        let draft = &hub.draft;
        let pairs = draft.r2c.iter().map(|entry| entry.pairs.len()).sum();
        let own = draft.r2c.iter().filter(|entry| {
            let side = entry.receiving_entity.as_ref();
            side.is_none_or(|side| *side == hub.hub_id)
        });
        let mut entries = Table::slots(own.clone().map(|entry| entry.token_id));
        for entry in own {
            *entries.slot(entry.token_id) += entry.pairs.len();
        }
        Self {
            operations: at_most(config.batch_operations).saturating_sub(operations(draft)),
            pairs: at_most(config.batch_pairs).saturating_sub(pairs),
            settlements: at_most(config.batch_settlements).saturating_sub(draft.settlements.len()),
            pairs_per_entry: at_most(config.batch_pairs_per_entry),
            entries,
        }
    }

    /// Whether one more deposit of `token_id` fits.
    #[must_use]
    pub fn fits_deposit(&self, token_id: TokenId) -> bool {
        let entry = self.entries.get(&token_id);
        self.pairs > 0
            && entry.map_or(self.operations > 0 && self.pairs_per_entry > 0, |pairs| {
                *pairs < self.pairs_per_entry
            })
    }

    /// Takes the room of one deposit.
    pub fn take_deposit(&mut self, token_id: TokenId) {
        self.pairs = self.pairs.saturating_sub(1);
        if !self.entries.contains_key(&token_id) {
            self.operations = self.operations.saturating_sub(1);
        }
        *self.entries.slot(token_id) += 1;
    }

    /// Takes the room of one executed settlement, if it fits.
    pub fn take_settlement(&mut self, operations: usize) -> bool {
        let fits = self.operations >= operations && self.settlements > 0;
        if fits {
            self.operations -= operations;
            self.settlements -= 1;
        }
        fits
    }
}

fn operations(batch: &Batch) -> usize {
    batch.r2c.len()
        + batch.c2r.len()
        + batch.r2r.len()
        + batch.r2e.len()
        + batch.e2r.len()
        + batch.settlements.len()
        + at_most(batch.other_operations)
}
