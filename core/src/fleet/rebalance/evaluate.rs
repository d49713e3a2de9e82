//! What a rebalance is worth, by one of two models, and which values would change the answer.
//!
//! `demand` holds what the moved sats will earn, from how often somebody wants them there, against
//! what the route is *expected* to cost. `cl_revenue_ops` repeats the deployed plugin step by step,
//! which takes the whole fee budget for the cost: there a dearer route looks better. It is here to
//! be compared with.
//!
//! Source: spec "Budget and EV threshold"; the deployed plugin. Codes: those of [`super::size`] and
//! [`super::sources`], `destination_is_sink`, `destination_offline`, `destination_zombie`,
//! `destination_underwater`, `not_in_normal_operation`, `channel_too_young`,
//! `amount_cut_to_receivable`, `amount_cut_to_source`, `not_affordable`, `value_below_threshold`,
//! `value_reaches_threshold`, `budget_too_small`, `spread_below_tolerance`, `kelly_refuses`,
//! `no_fee_left`, `profit_below_threshold`, `profit_reaches_threshold`.

use super::candidate::{Asked, EvaluateInput, Evaluated, Source};
use super::*;

/// Values a rebalance.
pub fn evaluate(config: &Config, input: &EvaluateInput, why: &mut Why) -> Result<Evaluated, Error> {
    let usable = input.sources.usable(why);
    evaluate_from(config, input, usable.into_iter(), why)
}

/// Values a rebalance out of `sources`, which are by id; those of the input do not count.
pub(in crate::fleet) fn evaluate_from<'c>(
    config: &'c Config,
    input: &'c EvaluateInput,
    sources: impl Iterator<Item = &'c Source>,
    why: &mut Why,
) -> Result<Evaluated, Error> {
    let tier = known_tier(config, input.tier, input.health_age_s, why);
    let asked = Asked {
        config,
        input,
        tier,
        multiplier: own_multiplier(config, tier),
    };
    match config.rebalance.model {
        Model::Demand => demand::evaluate(asked, sources, why),
        Model::ClRevenueOps => deployed::evaluate(asked, sources, why),
    }
}
