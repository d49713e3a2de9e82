//! The reserve account of a tick: what a hub may spend of each token.
//!
//! net = reserve - open own debts - outflow; usable = net >= 0 ? max(0, net - floor) + inflow
//! : max(0, net + inflow). The floor guards the reserve, not the inflow that this batch brings.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Error;
use crate::hub::guard::reported;
use crate::hub::limits::TokenLimits;
use crate::hub::state::{Batch, HubState};
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
pub struct Flows(BTreeMap<TokenId, Flow>);

impl Flows {
    /// The flows of all batches; each batch once.
    pub fn of(hub: &HubState) -> Result<Self, Error> {
        let mut flows = Self::default();
        let mut seen = BTreeSet::new();
        flows.spend(&hub.draft, &mut seen)?;
        for entry in &hub.draft.c2r {
            let flow = flows.0.entry(entry.token_id).or_default();
            flow.inflow = flow.inflow.plus(entry.amount.wide())?;
        }
        for entry in &hub.draft.settlements {
            let gain = entry.reserve_diff.wide();
            if !gain.is_negative() {
                let flow = flows.0.entry(entry.token_id).or_default();
                flow.inflow = flow.inflow.plus(gain)?;
            }
        }
        for batch in hub.sent.iter().map(|sent| &sent.batch).chain(&hub.recovery) {
            flows.spend(batch, &mut seen)?;
        }
        Ok(flows)
    }

    fn spend<'b>(&mut self, batch: &'b Batch, seen: &mut BTreeSet<&'b str>) -> Result<(), Error> {
        // A batch that moved from sent to recovery may be listed in both.
        if batch.id.as_deref().is_some_and(|id| !seen.insert(id)) {
            return Ok(());
        }
        for entry in &batch.r2c {
            let flow = self.0.entry(entry.token_id).or_default();
            for pair in &entry.pairs {
                flow.outflow = flow.outflow.plus(pair.amount.wide())?;
            }
        }
        for entry in &batch.r2r {
            let flow = self.0.entry(entry.token_id).or_default();
            flow.outflow = flow.outflow.plus(entry.amount.wide())?;
            flow.early = flow.early.plus(entry.amount.wide())?;
        }
        for entry in &batch.r2e {
            let flow = self.0.entry(entry.token_id).or_default();
            flow.outflow = flow.outflow.plus(entry.amount.wide())?;
        }
        for entry in &batch.settlements {
            let diff = entry.reserve_diff.wide();
            if diff.is_negative() {
                let flow = self.0.entry(entry.token_id).or_default();
                flow.outflow = flow.outflow.plus(diff.negated())?;
            }
        }
        Ok(())
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
        let amount = |amounts: &BTreeMap<TokenId, TokenAmount>| {
            amounts.get(&token_id).copied().unwrap_or_default()
        };
        let (reserve, debts) = (amount(&hub.reserves), amount(&hub.open_debts));
        let free = reserve.wide().minus(debts.wide())?;
        let net = free.minus(flow.outflow)?;
        let inflow = flow.inflow.plus(executed)?;
        let flow = Flow { inflow, ..flow };
        let overcommitted = free < flow.early;
        let usable = match (overcommitted, net.is_negative()) {
            (true, _) => Wide::ZERO,
            (false, true) => net.plus(inflow)?.max(Wide::ZERO),
            (false, false) => net
                .minus(limits.floor.wide())?
                .max(Wide::ZERO)
                .plus(inflow)?,
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
        let guarded = match beyond_inflow > Wide::ZERO {
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
