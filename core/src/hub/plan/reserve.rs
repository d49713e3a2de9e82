//! The reserve account of a tick: what a hub may spend of each token.
//!
//! free = reserve - open own debts; net = free - outflow;
//! usable = max(0, net + inflow - min(floor, max(0, free))). The floor guards the reserve, not the
//! inflow that this batch brings, and what the batch already takes uses up that inflow.

use std::iter;

use crate::error::Error;
use crate::hub::guard::reported;
use crate::hub::limits::TokenLimits;
use crate::hub::state::{Batch, HubState, WithdrawalEntry};
use crate::table::Table;
use crate::units::{EntityId, TokenAmount, TokenId, Wide};

/// What the batches of a hub do to one reserve. They settle in this order: what comes from outside,
/// transfers to others, withdrawals and settlements, deposits.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Flow {
    /// What comes in from outside, before anything is spent.
    pub external: Wide,
    /// Everything that spends the reserve.
    pub outflow: Wide,
    /// The part of it that settles before withdrawals bring anything in.
    pub early: Wide,
    /// What the draft brings in before its deposits.
    pub inflow: Wide,
    /// What its withdrawals take above the collateral that there is: the chain reverts such a batch.
    pub beyond: Wide,
}

/// The collateral of an account in one token, where the account is known.
pub type Collateral<'a> = dyn Fn(&EntityId, TokenId) -> Result<Option<TokenAmount>, Error> + 'a;

/// The batches that have not settled, the draft first, each once: a batch that moved from sent to
/// recovery may be listed in both. Only the same content under the same id is the same batch.
#[must_use]
pub fn unsettled(hub: &HubState) -> Vec<&Batch> {
    let sent = hub.sent.iter().map(|sent| &sent.batch);
    let all = iter::once(&hub.draft).chain(sent).chain(&hub.recovery);
    let mut known: Table<&str, Vec<&Batch>> = Table::new();
    let mut batches = Vec::new();
    for batch in all {
        let id = batch.id.as_deref().unwrap_or_default();
        let same_id = known.slot(id);
        if id.is_empty() || !same_id.contains(&batch) {
            same_id.push(batch);
            batches.push(batch);
        }
    }
    batches
}

/// The same in the order in which they settle: the draft last.
fn settling(hub: &HubState) -> Vec<&Batch> {
    let mut batches = unsettled(hub);
    let first = batches.len().min(1);
    batches.rotate_left(first);
    batches
}

/// The flows of every token, read once.
#[derive(Clone, Debug, Default)]
pub struct Flows(Table<TokenId, Flow>);

impl Flows {
    /// The flows of all batches, as if every withdrawal were covered.
    pub fn of(hub: &HubState) -> Result<Self, Error> {
        Self::within(hub, &|_, _| Ok(None))
    }

    /// The flows of all batches; a withdrawal brings no more than the collateral that is left.
    pub fn within(hub: &HubState, collateral: &Collateral<'_>) -> Result<Self, Error> {
        let batches = settling(hub);
        let mut parts = Vec::new();
        brought_last(&batches, collateral, &mut parts)?;
        for batch in batches {
            spent(batch, &mut parts)?;
        }
        Self::summed(parts)
    }

    fn summed(parts: Vec<(TokenId, Flow)>) -> Result<Self, Error> {
        let mut flows = Table::slots(parts.iter().map(|(token_id, _)| *token_id));
        for (token_id, part) in parts {
            let flow: &mut Flow = flows.slot(token_id);
            flow.external = flow.external.plus(part.external)?;
            flow.outflow = flow.outflow.plus(part.outflow)?;
            flow.early = flow.early.plus(part.early)?;
            flow.inflow = flow.inflow.plus(part.inflow)?;
            flow.beyond = flow.beyond.plus(part.beyond)?;
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

/// What is left of each collateral while one batch settles after the other.
struct Escrow<'a> {
    collateral: &'a Collateral<'a>,
    left: Table<(EntityId, TokenId), Option<TokenAmount>>,
}

impl<'a> Escrow<'a> {
    const fn of(collateral: &'a Collateral<'a>) -> Self {
        Self {
            collateral,
            left: Table::new(),
        }
    }

    /// What a withdrawal brings, and what it lacks.
    fn take(&mut self, entry: &WithdrawalEntry) -> Result<(TokenAmount, TokenAmount), Error> {
        let key = (entry.account_id.clone(), entry.token_id);
        let known = match self.left.get(&key) {
            Some(left) => *left,
            None => (self.collateral)(&entry.account_id, entry.token_id)?,
        };
        let brings = entry.amount.min(known.unwrap_or(entry.amount));
        self.left.insert(key, known.map(|left| left.less(brings)));
        Ok((brings, entry.amount.less(brings)))
    }

    /// What a batch brings into the reserve before its deposits, part by part.
    fn brought(&mut self, batch: &Batch, parts: &mut Vec<(TokenId, Flow)>) -> Result<(), Error> {
        let none = Flow::default();
        for entry in &batch.c2r {
            let (inflow, beyond) = self.take(entry)?;
            let (inflow, beyond) = (inflow.wide(), beyond.wide());
            let flow = Flow {
                inflow,
                beyond,
                ..none
            };
            parts.push((entry.token_id, flow));
        }
        for entry in &batch.settlements {
            let inflow = entry.reserve_diff.wide();
            if !inflow.is_negative() {
                parts.push((entry.token_id, Flow { inflow, ..none }));
            }
        }
        Ok(())
    }
}

/// What the last of the batches brings after the others.
fn brought_last(
    batches: &[&Batch],
    collateral: &Collateral<'_>,
    parts: &mut Vec<(TokenId, Flow)>,
) -> Result<(), Error> {
    let mut escrow = Escrow::of(collateral);
    let Some((last, before)) = batches.split_last() else {
        return Ok(());
    };
    for batch in before {
        escrow.brought(batch, &mut Vec::new())?;
    }
    escrow.brought(last, parts)
}

/// What a batch spends and what it gets from outside for it, part by part.
fn spent(batch: &Batch, parts: &mut Vec<(TokenId, Flow)>) -> Result<(), Error> {
    let none = Flow::default();
    for entry in &batch.e2r {
        let external = entry.amount.wide();
        parts.push((entry.token_id, Flow { external, ..none }));
    }
    let mut spend = |token_id: TokenId, outflow: Wide, early: Wide| {
        let flow = Flow {
            outflow,
            early,
            ..none
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

/// The tokens of which a batch spends more than there is, each with the reserve that would do; the
/// largest amount where no reserve would.
pub type Lacking = Table<TokenId, TokenAmount>;

/// What the chain would revert, a batch as a whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Unpayable {
    /// What the batch that would be sent next lacks: with anything it is not sent.
    pub next: Lacking,
    /// What that batch or the draft behind it lacks: with anything nothing is added to the draft.
    pub any: Lacking,
}

/// What the next batch and the draft lack while no batch is sent. `gains` come into the draft besides what it brings
/// itself.
pub fn unpayable(
    hub: &HubState,
    gains: &Table<TokenId, Wide>,
    collateral: &Collateral<'_>,
) -> Result<Unpayable, Error> {
    Unpayable::of(hub, collateral, |token_id, flow, is_draft| {
        let gain = gains.get(&token_id).copied().filter(|_| is_draft);
        let later = flow
            .outflow
            .minus(flow.inflow)?
            .minus(gain.unwrap_or_default())?;
        Ok(flow.early.max(later))
    })
}

/// Whether there is something that no settlement added to the draft could mend.
pub fn is_lost(hub: &HubState, collateral: &Collateral<'_>) -> Result<bool, Error> {
    let lost = Unpayable::of(hub, collateral, |_, flow, is_draft| match is_draft {
        true => Ok(flow.early),
        false => Ok(flow.early.max(flow.outflow.minus(flow.inflow)?)),
    })?;
    Ok(!lost.any.is_empty())
}

impl Unpayable {
    /// By `taken` of the flows of a batch.
    fn of(
        hub: &HubState,
        collateral: &Collateral<'_>,
        taken: impl Fn(TokenId, Flow, bool) -> Result<Wide, Error>,
    ) -> Result<Self, Error> {
        // Batches that were taken back go first.
        let batches = settling(hub);
        let draft = lacking(hub, &batches, collateral, |id, flow| taken(id, flow, true))?;
        let next = match batches.as_slice() {
            [first, _, ..] => lacking(hub, &[*first], collateral, |id, flow| {
                taken(id, flow, false)
            })?,
            _ => draft.clone(),
        };
        let mut any = draft;
        for (token_id, needed) in &next {
            let most: &mut TokenAmount = any.slot(*token_id);
            *most = (*most).max(*needed);
        }
        Ok(Self { next, any })
    }
}

/// What the last of the batches lacks after the others, by `taken` of its flow.
fn lacking(
    hub: &HubState,
    batches: &[&Batch],
    collateral: &Collateral<'_>,
    taken: impl Fn(TokenId, Flow) -> Result<Wide, Error>,
) -> Result<Lacking, Error> {
    let mut lacking = Table::new();
    let Some((last, before)) = batches.split_last() else {
        return Ok(lacking);
    };
    let mut escrow = Escrow::of(collateral);
    let (mut parts, mut earlier) = (Vec::new(), Vec::new());
    for batch in before {
        escrow.brought(batch, &mut earlier)?;
        spent(batch, &mut earlier)?;
    }
    escrow.brought(last, &mut parts)?;
    spent(last, &mut parts)?;
    let earlier = Flows::summed(earlier)?;
    for (token_id, flow) in &Flows::summed(parts)?.0 {
        let amount = |amounts: &Table<TokenId, TokenAmount>| {
            amounts.get(token_id).copied().unwrap_or_default()
        };
        if flow.beyond > Wide::ZERO {
            lacking.insert(*token_id, TokenAmount::MAX);
            continue;
        }
        let before = earlier.of_token(*token_id);
        let gone = before.outflow.minus(before.inflow)?;
        let gone = gone.minus(before.external)?;
        let taken = taken(*token_id, *flow)?.minus(flow.external)?;
        let needed = amount(&hub.open_debts).wide().plus(gone)?.plus(taken)?;
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
        let overcommitted = free.plus(flow.external)? < flow.early;
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
        let taken = self.flow.early.minus(self.flow.external).ok()?;
        self.debts.wide().plus(taken).ok()?.positive_part().ok()
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
