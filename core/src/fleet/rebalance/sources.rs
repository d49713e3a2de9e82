//! From where to move: which channels may give, and which gives best.
//!
//! Both ends of a move are looked at: a source at the destination's own peer would only get its sats
//! back, and one that is depleted, or would be, asks for a rebalance itself.
//!
//! Source: spec "Both ends of a move"; the deployed plugin for its own model. Codes of the model
//! `demand`: `same_peer`, `peer_unknown`, `not_in_normal_operation`, `source_offline`,
//! `source_depleted`, `source_gives_less`; of `cl_revenue_ops`: `source_too_small`,
//! `source_offline`, `source_drains`, `spread_beyond_tolerance`, `source_earns_too_little`; of both:
//! `source_ranked`, `no_source`.

use super::candidate::{Ranked, Source};
use super::giving::{self, Move};
use super::scoring::{Ask, Candidate, each_giving};
use super::*;
use crate::entries::Entries;
use crate::fleet::channel::Demand;
use crate::sorting;
use crate::units::{Count, Ppm, Sat};

/// Channels that may give.
#[record]
pub struct SourcesInput {
    /// How much should be moved.
    pub amount_sats: Sat,
    /// How much the channels of our node sell.
    #[serde(default)]
    pub demand: Demand,
    /// The peer of the channel that should be filled.
    pub destination_peer_id: Option<NodeId>,
    /// What the route is expected to cost.
    pub inbound_ppm: Ppm,
    /// What we charge at the destination.
    pub out_ppm: Ppm,
    /// The channels.
    pub sources: Entries<Source>,
}

/// The channels that may give, best first.
#[record(open)]
pub struct Sources {
    /// The channels, best first; ties by id.
    pub ranked: Vec<Ranked>,
    /// How many were refused.
    pub refused: Count,
}

/// Ranks the channels that may give.
pub fn sources(config: &Config, input: &SourcesInput, why: &mut Why) -> Result<Sources, Error> {
    let usable = input.sources.usable(why);
    let all = usable.iter().copied();
    let ranked = match config.rebalance.model {
        Model::Demand => by_loss(config, input, all, why)?,
        Model::ClRevenueOps => by_score(config, input, all, why)?,
    };
    let refused = u32::try_from(usable.len() - ranked.len()).unwrap_or(u32::MAX);
    if let Some(best) = ranked.first() {
        why.add(|| {
            let reason = Reason::new(Code::SourceRanked, Effect::Allow).about(&best.channel_id);
            match (best.loss, best.score) {
                (Some(loss), _) => reason.observed(loss),
                (None, Some(score)) => reason.observed(score),
                (None, None) => reason,
            }
        });
    }
    Ok(Sources {
        ranked,
        refused: Count::new(refused)?,
    })
}

fn by_loss<'s>(
    config: &'s Config,
    input: &'s SourcesInput,
    sources: impl Iterator<Item = &'s Source>,
    why: &mut Why,
) -> Result<Vec<Ranked>, Error> {
    let wanted = Move {
        amount: Some(input.amount_sats),
        demand: input.demand,
        peer: input.destination_peer_id.as_ref(),
    };
    let admissible = giving::admissible(config, wanted, sources, why);
    let mut giving = giving::able(&admissible, wanted, input.amount_sats, why);
    sorting::by(&mut giving, giving::Giver::order);
    giving.iter().map(giving::Giver::ranked).collect()
}

fn by_score<'s>(
    config: &Config,
    input: &SourcesInput,
    sources: impl Iterator<Item = &'s Source>,
    why: &mut Why,
) -> Result<Vec<Ranked>, Error> {
    let ask = Ask {
        amount: input.amount_sats,
        inbound: input.inbound_ppm,
        out: input.out_ppm,
    };
    let mut giving = Vec::new();
    each_giving(config, sources, ask, why, |candidate| {
        giving.push(candidate)
    })?;
    sorting::by(&mut giving, Candidate::order);
    Ok(giving.iter().map(Candidate::ranked).collect())
}
