//! The reserve account of a tick: what a hub may spend of each token.
//!
//! free = reserve - open own debts; net = free - outflow;
//! usable = max(0, net + inflow - min(floor, max(0, free))). The floor guards the reserve, not the
//! inflow that this batch brings, and what the batch already takes uses up that inflow.

use crate::error::Error;
use crate::hub::guard::reported;
use crate::hub::limits::TokenLimits;
use crate::hub::state::{Batch, HubState};
use crate::sorting;
use crate::table::Table;
use crate::units::{TokenAmount, TokenId, Wide};

/// What the batches of a hub do to one reserve.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Flow {
    /// Everything that spends the reserve.
    pub outflow: Wide,
    /// The part of it that settles before withdrawals bring anything in.
    pub early: Wide,
    /// What the draft brings in before its deposits.
    pub inflow: Wide,
}

/// The flows of every token, read once.
#[derive(Clone, Debug, Default)]
pub struct Flows(Table<TokenId, Flow>);

impl Flows {
    /// The flows of all batches; each batch once.
    pub fn of(hub: &HubState) -> Result<Self, Error> {
        let mut parts = Vec::new();
        brought(&hub.draft, &mut parts);
        let mut batches = vec![&hub.draft];
        batches.extend(hub.sent.iter().map(|sent| &sent.batch));
        batches.extend(&hub.recovery);
        // A batch that moved from sent to recovery may be listed in both.
        let again = sorting::repeats(batches.iter().map(|batch| batch.id.as_deref()));
        for (batch, again) in batches.into_iter().zip(again) {
            if batch.id.is_none() || !again {
                spent(batch, &mut parts)?;
            }
        }
        Self::summed(parts)
    }

    fn summed(parts: Vec<(TokenId, Flow)>) -> Result<Self, Error> {
        let mut flows = Table::slots(parts.iter().map(|(token_id, _)| *token_id));
        for (token_id, part) in parts {
            let flow: &mut Flow = flows.slot(token_id);
            flow.outflow = flow.outflow.plus(part.outflow)?;
            flow.early = flow.early.plus(part.early)?;
            flow.inflow = flow.inflow.plus(part.inflow)?;
        }
        Ok(Self(flows))
    }

    /// The flow of one token.
    #[must_use]
    pub fn of_token(&self, token_id: TokenId) -> Flow {
        self.0.get(&token_id).copied().unwrap_or_default()
    }

    /// Every token that some batch moves.
    pub fn tokens(&self) -> impl Iterator<Item = TokenId> + '_ {
        self.0.keys().copied()
    }
}

/// What a batch brings into the reserve before its deposits, part by part.
fn brought(batch: &Batch, parts: &mut Vec<(TokenId, Flow)>) {
    let none = Flow::default();
    for entry in &batch.c2r {
        let inflow = entry.amount.wide();
        parts.push((entry.token_id, Flow { inflow, ..none }));
    }
    for entry in &batch.settlements {
        let inflow = entry.reserve_diff.wide();
        if !inflow.is_negative() {
            parts.push((entry.token_id, Flow { inflow, ..none }));
        }
    }
}

/// What a batch spends, part by part.
fn spent(batch: &Batch, parts: &mut Vec<(TokenId, Flow)>) -> Result<(), Error> {
    let mut spend = |token_id: TokenId, outflow: Wide, early: Wide| {
        let flow = Flow {
            outflow,
            early,
            inflow: Wide::ZERO,
        };
        parts.push((token_id, flow));
    };
    for entry in &batch.r2c {
        let mut pairs = entry.pairs.iter();
        let sum = pairs.try_fold(Wide::ZERO, |sum, pair| sum.plus(pair.amount.wide()))?;
        spend(entry.token_id, sum, Wide::ZERO);
    }
    for entry in &batch.r2r {
        spend(entry.token_id, entry.amount.wide(), entry.amount.wide());
    }
    for entry in &batch.r2e {
        spend(entry.token_id, entry.amount.wide(), Wide::ZERO);
    }
    for entry in &batch.settlements {
        let diff = entry.reserve_diff.wide();
        if diff.is_negative() {
            spend(entry.token_id, diff.negated(), Wide::ZERO);
        }
    }
    Ok(())
}

/// The tokens of which the batch that would be sent next spends more than there is, each with the
/// reserve that would do: the chain would revert the batch as a whole. `gains` come into the draft
/// besides what it brings itself.
pub fn unpayable(
    hub: &HubState,
    gains: &Table<TokenId, Wide>,
) -> Result<Table<TokenId, TokenAmount>, Error> {
    next(hub, |token_id, flow, is_draft| {
        let gain = gains.get(&token_id).copied().filter(|_| is_draft);
        let later = flow
            .outflow
            .minus(flow.inflow)?
            .minus(gain.unwrap_or_default())?;
        Ok(flow.early.max(later))
    })
}

/// The same for what no settlement of the batch could mend.
pub fn is_lost(hub: &HubState) -> Result<bool, Error> {
    let spent = next(hub, |_, flow, is_draft| match is_draft {
        true => Ok(flow.early),
        false => Ok(flow.early.max(flow.outflow.minus(flow.inflow)?)),
    })?;
    Ok(!spent.is_empty())
}

/// The tokens of which the next batch takes more than there is, by `taken` of its flow.
fn next(
    hub: &HubState,
    taken: impl Fn(TokenId, Flow, bool) -> Result<Wide, Error>,
) -> Result<Table<TokenId, TokenAmount>, Error> {
    // A batch that was taken back goes first.
    let batch = hub.recovery.first().unwrap_or(&hub.draft);
    let mut parts = Vec::new();
    brought(batch, &mut parts);
    spent(batch, &mut parts)?;
    let mut lacking = Table::new();
    for (token_id, flow) in &Flows::summed(parts)?.0 {
        let amount = |amounts: &Table<TokenId, TokenAmount>| {
            amounts.get(token_id).copied().unwrap_or_default()
        };
        let taken = taken(*token_id, *flow, hub.recovery.is_empty())?.max(Wide::ZERO);
        let needed = amount(&hub.open_debts).wide().plus(taken)?;
        if taken > Wide::ZERO && needed > amount(&hub.reserves).wide() {
            lacking.insert(*token_id, reported(needed));
        }
    }
    Ok(lacking)
}

/// What a hub may spend of one token in this tick.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Account {
    /// The reserve.
    pub reserve: TokenAmount,
    /// What the hub owes on chain.
    pub debts: TokenAmount,
    /// What the batches spend and bring.
    pub flow: Flow,
    /// Reserve less debts less outflow.
    pub net: Wide,
    /// What deposits may spend.
    pub usable: TokenAmount,
    /// Whether the draft cannot settle as it stands.
    pub overcommitted: bool,
}

impl Account {
    /// The account of one token, `executed` coming in besides what the draft brings.
    pub fn of(
        hub: &HubState,
        limits: &TokenLimits,
        token_id: TokenId,
        flow: Flow,
        executed: Wide,
    ) -> Result<Self, Error> {
        let amount = |amounts: &Table<TokenId, TokenAmount>| {
            amounts.get(&token_id).copied().unwrap_or_default()
        };
        let (reserve, debts) = (amount(&hub.reserves), amount(&hub.open_debts));
        let free = reserve.wide().minus(debts.wide())?;
        let net = free.minus(flow.outflow)?;
        let inflow = flow.inflow.plus(executed)?;
        let flow = Flow { inflow, ..flow };
        let overcommitted = free < flow.early;
        // What entries of the batch take below the floor is covered by its inflow first: the same
        // inflow never pays for two deposits.
        let guarded = limits.floor.wide().min(free.max(Wide::ZERO));
        let usable = match overcommitted || !limits.are_set() {
            true => Wide::ZERO,
            false => net.plus(inflow)?.minus(guarded)?.max(Wide::ZERO),
        };
        Ok(Self {
            reserve,
            debts,
            flow,
            net,
            usable: reported(usable),
            overcommitted,
        })
    }

    /// The smallest reserve with which the draft can settle as it stands.
    #[must_use]
    pub fn reserve_to_settle(&self) -> Option<TokenAmount> {
        let needed = self.debts.wide().plus(self.flow.early).ok()?;
        needed.positive_part().ok()
    }

    /// The smallest reserve with which deposits may spend `usable`.
    #[must_use]
    pub fn reserve_for(&self, usable: TokenAmount, limits: &TokenLimits) -> Option<TokenAmount> {
        let beyond_inflow = usable.wide().minus(self.flow.inflow).ok()?;
        let beyond_batch = beyond_inflow.plus(self.flow.outflow).ok()?;
        let guarded = match beyond_batch > Wide::ZERO {
            true => limits.floor.wide(),
            false => Wide::ZERO,
        };
        let net = beyond_inflow.plus(guarded).ok()?;
        let reserve = self.reserve_of(net)?;
        Some(reserve.max(self.reserve_to_settle()?))
    }

    /// The reserve that leaves `net` after debts and outflow.
    #[must_use]
    pub fn reserve_of(&self, net: Wide) -> Option<TokenAmount> {
        let taken = self.debts.wide().plus(self.flow.outflow).ok()?;
        net.plus(taken).ok()?.positive_part().ok()
    }
}
