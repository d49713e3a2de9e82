//! The limits of a config in the raw units of each token, and the room that is left in a batch.

use crate::config::amount::HubAmount;
use crate::config::hub::{HubConfig, OwnLimits};
use crate::error::Error;
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
    /// The fields of `token_limits` without which the token has no limits.
    missing: Vec<&'static str>,
}

/// A field of a token's own limits.
type Field = fn(&OwnLimits) -> Option<HubAmount>;

impl TokenLimits {
    /// The amounts for a token of so many decimals: the hub's own, each replaced by what `own` sets.
    pub fn of(
        config: &HubConfig,
        decimals: Decimals,
        own: Option<&OwnLimits>,
    ) -> Result<Self, Error> {
        let amount =
            |field: Field, hub: HubAmount| own.and_then(field).unwrap_or(hub).scaled(decimals);
        Self::from(config, decimals, amount)
    }

    /// The amounts for a token that the hub's own are not meant for: what `own` sets, the rest in
    /// the ratio of the two targets; or the fields that are missing.
    pub fn apart(
        config: &HubConfig,
        decimals: Decimals,
        own: Option<&OwnLimits>,
    ) -> Result<Self, Error> {
        let none = OwnLimits::default();
        let own = own.unwrap_or(&none);
        let lacking = OwnLimits::NEEDED.into_iter();
        let lacking = lacking.filter(|(_, field, _)| field(own).is_none());
        let mut missing: Vec<&'static str> = lacking.map(|(name, ..)| name).collect();
        let target = own.target_reserve.map(|target| target.scaled(decimals));
        let target = target.transpose()?;
        let in_ratio = |hub: HubAmount| hub.in_ratio(target?, config.target_reserve);
        if target.is_some() {
            // Without a target of the hub there is no ratio.
            let lacking = OwnLimits::OTHERS.into_iter();
            let lacking = lacking
                .filter(|(_, field, hub)| field(own).is_none() && in_ratio(hub(config)).is_none());
            missing.extend(lacking.map(|(name, ..)| name));
        }
        if !missing.is_empty() {
            return Self::none(config, decimals, missing);
        }
        Self::from(config, decimals, |field, hub| match field(own) {
            Some(amount) => amount.scaled(decimals),
            None => Ok(in_ratio(hub).unwrap_or(TokenAmount::MAX)),
        })
    }

    fn from(
        config: &HubConfig,
        decimals: Decimals,
        amount: impl Fn(Field, HubAmount) -> Result<TokenAmount, Error>,
    ) -> Result<Self, Error> {
        let soft_limit = amount(|own| own.soft_limit, config.soft_limit)?;
        let band = soft_limit.part(config.hysteresis_bps);
        Ok(Self {
            min_reserve: amount(|own| own.min_reserve, config.min_reserve)?,
            target_reserve: amount(|own| own.target_reserve, config.target_reserve)?,
            floor: amount(|own| own.floor, config.floor)?,
            soft_limit,
            sweep_above: soft_limit.plus(band).unwrap_or(TokenAmount::MAX),
            hard_limit: amount(|own| own.hard_limit, config.hard_limit)?,
            // A deposit of nothing is none.
            min_deposit: amount(|own| own.min_deposit, config.min_deposit)?
                .max(TokenAmount::new(1)),
            per_request_cap: amount(|own| own.per_request_cap, config.per_request_cap)?,
            per_account_window: amount(|own| own.per_account_window, config.per_account_window)?,
            per_tick_cap: amount(|own| own.per_tick_cap, config.per_tick_cap)?,
            keep_buffer: amount(|own| own.keep_buffer, config.keep_buffer)?,
            base_fee: config.base_fee.scaled(decimals)?,
            missing: Vec::new(),
        })
    }

    /// A token without limits: nothing is served, pulled back or replenished.
    fn none(
        config: &HubConfig,
        decimals: Decimals,
        missing: Vec<&'static str>,
    ) -> Result<Self, Error> {
        let (nothing, all) = (TokenAmount::ZERO, TokenAmount::MAX);
        Ok(Self {
            min_reserve: nothing,
            target_reserve: nothing,
            floor: nothing,
            soft_limit: all,
            sweep_above: all,
            hard_limit: all,
            min_deposit: all,
            per_request_cap: nothing,
            per_account_window: nothing,
            per_tick_cap: nothing,
            keep_buffer: nothing,
            base_fee: config.base_fee.scaled(decimals)?,
            missing,
        })
    }

    /// Whether the config says what this token's limits are.
    #[must_use]
    pub const fn are_set(&self) -> bool {
        self.missing.is_empty()
    }

    /// The fields of `token_limits` that the config lacks, by name.
    #[must_use]
    pub fn lacking(&self) -> String {
        self.missing.join(", ")
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
        let known = known.map(|(id, token)| {
            let own = config.token_limits.get(id);
            let limits = match config.is_limited(*id) {
                true => TokenLimits::of(config, token.decimals, own),
                false => TokenLimits::apart(config, token.decimals, own),
            };
            (*id, limits)
        });
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
        let left = |limit: crate::units::Count, taken: usize| at_most(limit).checked_sub(taken);
        let room = left(config.batch_operations, operations(draft))
            .zip(left(config.batch_pairs, pairs))
            .zip(left(config.batch_settlements, draft.settlements.len()));
        let pairs_per_entry = at_most(config.batch_pairs_per_entry);
        let is_over = draft
            .r2c
            .iter()
            .any(|entry| entry.pairs.len() > pairs_per_entry);
        // Whoever adds to a batch that is over a limit already is refused, whatever is added.
        let ((operations, pairs), settlements) = room.filter(|_| !is_over).unwrap_or_default();
        Self {
            operations,
            pairs,
            settlements,
            pairs_per_entry,
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
