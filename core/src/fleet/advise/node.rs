//! A node with everything that its advice rests on: its channels, its health, its budget, what the
//! operator decided and what the other members reported.

use super::operator::{Decisions, set_by_operator};
use super::question::{NodeAdviceInput, SpentBudget};
use crate::config::Config;
use crate::error::Error;
use crate::fleet::channel::{Channel, Demand};
use crate::fleet::health::Tier;
use crate::fleet::health::assess::{AssessInput, Assessed, assess};
use crate::fleet::liquidity::classify::{Classified, LiquidityClass, judge};
use crate::fleet::member::{Member, Us};
use crate::fleet::rebalance::Model;
use crate::fleet::rebalance::budget::{Budget, BudgetInput, budget};
use crate::fleet::rebalance::candidate::EvaluateInput;
use crate::fleet::rebalance::candidate::Source;
use crate::fleet::rebalance::destination::{ChannelClass, Destination};
use crate::fleet::rebalance::flow::{Flow, FlowKind};
use crate::fleet::rebalance::size::SizeInput;
use crate::fleet::snapshot;
use crate::fleet::view::View;
use crate::reason::{Effect, Reason, Why};
use crate::units::{Count, Msat, Multiplier, NodeId, Ppm, Sat, Seconds};

/// A node, ready to be advised.
pub(super) struct Node<'i> {
    pub config: &'i Config,
    pub input: &'i NodeAdviceInput,
    /// We, with the tier that holds now.
    pub us: &'i Us,
    /// Every readable channel, by id.
    pub channels: Vec<&'i Channel>,
    pub decisions: Decisions<'i>,
    pub health: Option<Assessed>,
    pub tier: Option<Tier>,
    pub budget: Budget,
}

/// The health of the node: from what the caller gives, else from what the snapshot found.
pub(super) fn assessed(
    config: &Config,
    input: &NodeAdviceInput,
    why: &mut Why,
) -> Result<Option<Assessed>, Error> {
    let (field, known): (_, Option<&AssessInput>) = match &input.health {
        Some(given) => ("health", Some(given)),
        None => ("snapshot.assess", input.snapshot.assess.as_ref()),
    };
    let assessed = known.map(|known| assess(config, known, why));
    assessed.transpose().map_err(|error| error.inside(field))
}

/// We as the other policies read us: the tier that we announced, else the one that holds now.
pub(super) fn ourselves(input: &NodeAdviceInput, health: Option<&Assessed>) -> Us {
    let us = input.snapshot.us.clone();
    Us {
        tier: us.tier.or(health.map(|health| health.tier)),
        ..us
    }
}

/// What the other members keep of the node, its health included.
pub(super) fn report(input: &NodeAdviceInput, health: Option<&Assessed>) -> Member {
    let report = input.snapshot.report.clone();
    match health {
        None => report,
        Some(health) => Member {
            health_at: Some(input.snapshot.at),
            score: Some(health.score),
            tier: Some(health.tier),
            ..report
        },
    }
}

impl<'i> Node<'i> {
    /// A node with the health that was found.
    pub fn of(
        config: &'i Config,
        input: &'i NodeAdviceInput,
        us: &'i Us,
        health: Option<Assessed>,
        why: &mut Why,
    ) -> Result<Self, Error> {
        // What is bad among them was set aside when the fleet was looked at.
        let channels = us.channels.usable(&mut Why::off());
        let decisions = Decisions::of(&input.operator, &channels, why);
        let multiplier = health.as_ref().map(|health| health.budget_multiplier);
        let question = budget_input(input, multiplier)?;
        let budget = budget(config, &question, why).map_err(|error| error.inside("budget"))?;
        Ok(Self {
            config,
            input,
            us,
            channels,
            decisions,
            tier: us.tier,
            health,
            budget,
        })
    }

    /// How full `channel` is.
    pub fn class(&self, channel: &Channel, why: &mut Why) -> Classified {
        judge(self.config, &channel.into(), why)
    }

    /// The channels that may need something: those that count, but for those that their operator
    /// closed to forwards.
    pub fn in_use(&self) -> impl Iterator<Item = &'i Channel> {
        let channels = self.channels.iter().copied();
        channels.filter(|channel| channel.counts() && !channel.closed_to_forwards)
    }

    /// The channels that are depleted, by id.
    pub fn depleted(&self) -> Result<Vec<(&'i Channel, Classified)>, Error> {
        let mut found = Vec::new();
        for channel in self.in_use() {
            let classified = self.class(channel, &mut Why::off());
            if classified.class == LiquidityClass::Depleted {
                found.push((channel, classified));
            }
        }
        Ok(found)
    }
}

/// The budget of the last 30 days' revenue, where the caller sets none.
fn budget_input(
    input: &NodeAdviceInput,
    multiplier: Option<Multiplier>,
) -> Result<BudgetInput, Error> {
    let SpentBudget {
        base_sats,
        reserved_sats,
        spent_sats,
    } = input.budget.clone();
    snapshot::each_once(&input.snapshot.profits, "snapshot.profits")?;
    let profits = input.snapshot.profits.iter();
    let revenue: u128 = profits
        .map(|one| u128::from(one.books.revenue_msat.get()))
        .sum();
    let revenue = u64::try_from(revenue / 1000).unwrap_or(u64::MAX);
    Ok(BudgetInput {
        base_sats,
        multiplier: multiplier.unwrap_or(const { Multiplier::constant(1.0) }),
        proposed_sats: None,
        reserved_sats,
        revenue_24h_sats: None,
        revenue_30d_sats: Some(Sat::named("snapshot.profits", revenue)?),
        spent_sats,
    })
}

impl Node<'_> {
    /// Every channel as a source, by id; the rule itself says which may not give.
    pub fn sources(&self) -> Vec<Source> {
        self.channels
            .iter()
            .map(|channel| self.source(channel))
            .collect()
    }

    /// Why the operator lets a channel not give.
    pub fn barred(&self, source: &Source) -> Option<Reason> {
        let channel = self.channel(&source.channel_id)?;
        let in_force = self.decisions.on(channel);
        let word = in_force.rebalance.as_str();
        (!in_force.rebalance.may_give()).then(|| set_by_operator(channel, Effect::Adjust, word))
    }

    pub fn channel(&self, id: &NodeId) -> Option<&Channel> {
        let place = self
            .channels
            .binary_search_by(|channel| channel.channel_id.cmp(id))
            .ok()?;
        self.channels.get(place).copied()
    }
}

impl<'i> Node<'i> {
    /// The question of `rebalance.evaluate` about filling `channel`, and what the route costs where
    /// that is known. Where it is not, the question asks with the least that it can cost: the last
    /// hop.
    pub fn question(&self, channel: &Channel, budget: Sat) -> (EvaluateInput, Option<Ppm>) {
        let last = channel.last_hop;
        let least = last.map_or(Ppm::MIN, |last| last.ppm);
        let inbound = channel.route_cost_ppm.map_or(least, |cost| cost.max(least));
        let question = EvaluateInput {
            amount_sats: None,
            attempt_cost_sats: Sat::MIN,
            budget_left_sats: Some(budget),
            demand: self.demand(),
            destination: self.destination(channel),
            failures: Count::MIN,
            fixed_msat: last.map_or(Msat::MIN, |last| last.base_msat),
            health_age_s: None,
            inbound_ppm: inbound,
            p_success: None,
            sources: Vec::new().into(),
            successes: Count::MIN,
            tier: self.tier,
        };
        (question, channel.route_cost_ppm)
    }

    fn demand(&self) -> Demand {
        self.input.snapshot.demand.unwrap_or_default()
    }

    /// What moved through `channel`, over the days that the model of the config looks at.
    fn flow(&self, channel: &Channel) -> Option<Flow> {
        match self.config.rebalance.model {
            Model::Demand => channel.flow.map(|flow| Flow {
                days_out: Some(flow.days_out),
                kind: FlowKind::Unknown,
                sats_in: flow.sats_in,
                sats_out: flow.sats_out,
            }),
            Model::ClRevenueOps => channel.recent_flow.map(|flow| Flow {
                days_out: None,
                kind: FlowKind::Unknown,
                sats_in: flow.sats_in,
                sats_out: flow.sats_out,
            }),
        }
    }

    fn destination(&self, channel: &Channel) -> Destination {
        Destination {
            age_days: channel.age_days,
            broadcast_fee_ppm: Ppm::MIN,
            capacity_sats: channel.capacity_sats,
            class: ChannelClass::BreakEven,
            connected: channel.connected.unwrap_or(true),
            fee_ppm: channel.fee_ppm.unwrap_or_default(),
            flow: self.flow(channel),
            local_sats: Some(channel.local_sats),
            marginal_roi: None,
            peer_id: Some(channel.peer_id.clone()),
            phase: Some(channel.phase_now()),
            receivable_sats: channel.most_receivable(),
            spendable_sats: channel.most_sendable(),
            uptime_pct: None,
        }
    }

    fn source(&self, channel: &Channel) -> Source {
        Source {
            age_days: channel.age_days,
            capacity_sats: channel.capacity_sats,
            channel_id: channel.channel_id.clone(),
            connected: channel.connected.unwrap_or(true),
            fails: Count::MIN,
            fee_ppm: channel.fee_ppm.unwrap_or_default(),
            flow: self.flow(channel),
            local_sats: Some(channel.local_sats),
            peer_id: Some(channel.peer_id.clone()),
            phase: Some(channel.phase_now()),
            spendable_sats: channel.most_sendable(),
            uptime_pct: None,
        }
    }

    /// The question of `rebalance.size` about `channel`.
    pub fn size_question(&self, channel: &Channel) -> SizeInput {
        SizeInput {
            age_days: channel.age_days,
            capacity_sats: channel.capacity_sats,
            demand: self.demand(),
            flow: self.flow(channel),
            local_sats: Some(channel.local_sats),
            receivable_sats: channel.most_receivable(),
            spendable_sats: channel.most_sendable(),
        }
    }
}

/// A node and the other members, ready for questions.
pub(super) struct Scene<'s, 'i> {
    pub node: &'s Node<'i>,
    /// The members whose reports are fresh.
    pub view: &'s View<'i>,
    /// All members that count: for a conflict no report is too old.
    pub rivals: &'s View<'i>,
}

/// Answers with the node, what the other members reported, and where reasons go.
pub(super) fn scene<T>(
    config: &Config,
    input: &NodeAdviceInput,
    why: &mut Why,
    answer: impl FnOnce(&Scene<'_, '_>, &mut Why) -> Result<T, Error>,
) -> Result<T, Error> {
    let health = assessed(config, input, why)?;
    let us = ourselves(input, health.as_ref());
    let view = |max_age, why: &mut Why| View::of(&input.members, &us, input.now, max_age, why);
    let fresh = view(config.liquidity.max_report_age_s, why);
    let rivals = view(Seconds::MAX, &mut Why::off());
    let node = Node::of(config, input, &us, health, why)?;
    let scene = Scene {
        node: &node,
        view: &fresh,
        rivals: &rivals,
    };
    answer(&scene, why)
}
