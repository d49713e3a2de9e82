//! What may still be spent on rebalancing: nothing that is spent or reserved is counted twice.
//!
//! Source: plan, phase 1. Codes: `budget_left`, `budget_cut`, `budget_exhausted`,
//! `multiplier_clamped`.

use super::*;
use crate::units::Sat;

/// Our budget and what is gone of it.
#[record]
pub struct BudgetInput {
    /// The budget of a healthy node; from the revenue when absent.
    pub base_sats: Option<Sat>,
    /// The multiplier of our tier; clamped to the configured bounds.
    #[serde(default = "one")]
    pub multiplier: Multiplier,
    /// What somebody wants to spend now.
    pub proposed_sats: Option<Sat>,
    /// What running jobs may still spend.
    #[serde(default)]
    pub reserved_sats: Sat,
    /// What we earned in the last 30 days.
    pub revenue_30d_sats: Option<Sat>,
    /// What we earned in the last day; the deployed plugin knows no more.
    pub revenue_24h_sats: Option<Sat>,
    /// What was spent in the last day.
    #[serde(default)]
    pub spent_sats: Sat,
}

fn one() -> Multiplier {
    const { Multiplier::constant(1.0) }
}

/// What may still be spent.
#[record(open, Copy)]
pub struct Budget {
    /// The budget of a healthy node.
    pub base_sats: Sat,
    /// Our budget.
    pub cap_sats: Sat,
    /// What the proposal may spend.
    pub granted_sats: Option<Sat>,
    /// What is left of it.
    pub left_sats: Sat,
    /// The multiplier in force.
    pub multiplier: Multiplier,
}

/// Answers what is left of our budget, and how much of a proposal fits.
pub fn budget(config: &Config, input: &BudgetInput, why: &mut Why) -> Result<Budget, Error> {
    let multiplier = match config.rebalance.nnlb {
        Nnlb::Both => clamped(config, input.multiplier, why),
        Nnlb::Off | Nnlb::Threshold => one(),
    };
    let base_sats = base(config, input)?;
    let cap_sats = times(base_sats, multiplier)?;
    let left_sats = cap_sats.less(input.spent_sats).less(input.reserved_sats);
    let granted_sats = input.proposed_sats.map(|proposed| proposed.min(left_sats));
    why.add(|| match input.proposed_sats {
        _ if left_sats == Sat::MIN => {
            let cap = cap_sats.less(input.reserved_sats);
            let below = (cap > Sat::MIN).then(|| cap.get() - 1);
            Reason::new(Code::BudgetExhausted, Effect::Refuse)
                .observed(
                    i128::from(input.spent_sats.get()) + i128::from(input.reserved_sats.get()),
                )
                .limit(cap_sats)
                .flip_if("spent_sats", below)
        }
        Some(proposed) if proposed > left_sats => Reason::new(Code::BudgetCut, Effect::Adjust)
            .observed(proposed)
            .limit(left_sats)
            .flip("proposed_sats", left_sats),
        _ => Reason::new(Code::BudgetLeft, Effect::Allow)
            .observed(left_sats)
            .limit(cap_sats),
    });
    Ok(Budget {
        base_sats,
        cap_sats,
        granted_sats,
        left_sats,
        multiplier,
    })
}

/// A share of a day's revenue. One day says little: the mean of a month stands for it, where it is
/// known, but for the deployed plugin's model.
fn base(config: &Config, input: &BudgetInput) -> Result<Sat, Error> {
    let settings = &config.rebalance;
    let share = settings.budget_share.get();
    let of_month = input
        .revenue_30d_sats
        .map(|sats| ("revenue_30d_sats", sats.as_f64() * share / 30.0));
    let of_day = input
        .revenue_24h_sats
        .map(|sats| ("revenue_24h_sats", sats.as_f64() * share));
    let revenue = match settings.model {
        Model::Demand => of_month.or(of_day),
        Model::ClRevenueOps => of_day.or(of_month),
    };
    match (input.base_sats, revenue) {
        (Some(base), _) => Ok(base),
        // A float cast floors what is not negative.
        (None, Some((name, sats))) => {
            Ok(Sat::named(name, sats as u64)?.max(settings.min_budget_sats))
        }
        (None, None) => Err(Error::missing("base_sats")),
    }
}

fn times(base: Sat, multiplier: Multiplier) -> Result<Sat, Error> {
    Sat::new((base.as_f64() * multiplier.get()) as u64).map_err(|_| Error::overflow("base_sats"))
}
