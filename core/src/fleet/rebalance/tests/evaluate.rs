//! The laws of what a rebalance is worth.

use super::*;
use crate::entries::Entries;
use crate::fleet::rebalance::evaluate::{Destination, EvaluateInput, Evaluated, evaluate};
use crate::fleet::rebalance::flow::{Flow, FlowKind};
use crate::fleet::rebalance::sources::Source;
use crate::units::{Msat, Ppm, Share};

fn sat(n: u64) -> Sat {
    Sat::new(n).unwrap()
}

fn ppm(n: u32) -> Ppm {
    Ppm::new(n).unwrap()
}

fn source(id: &str, fee: u32, moved: u64) -> Source {
    Source {
        capacity_sats: sat(10_000_000),
        channel_id: NodeId::new(id).unwrap(),
        connected: true,
        fails: Count::MIN,
        fee_ppm: ppm(fee),
        flow: Some(Flow {
            kind: FlowKind::Sink,
            sats_in: sat(moved),
            sats_out: Sat::MIN,
        }),
        peer_id: None,
        spendable_sats: sat(9_500_000),
        uptime_pct: None,
    }
}

prop_compose! {
    fn candidates()(
        out in 0..4000_u32, inbound in 0..4000_u32, fees in prop::collection::vec((0..800_u32, 0..5_000_000_u64), 1..4),
        moved in 0..60_000_000_u64, p in 0.0..=1.0f64, attempt in 0..5_u64, fixed in 0..5_000_u64,
        amount in prop::option::of(1..4_000_000_u64), tier in tiers(), spendable in 0..2_000_000_u64,
    ) -> EvaluateInput {
        let sources: Vec<Source> = fees.iter().enumerate()
            .map(|(n, (fee, moved))| source(&format!("{n}x1x0"), *fee, *moved))
            .collect();
        EvaluateInput {
            amount_sats: amount.map(sat),
            attempt_cost_sats: sat(attempt),
            budget_left_sats: None,
            destination: Destination {
                age_days: Count::new(30).unwrap(),
                broadcast_fee_ppm: Ppm::MIN,
                capacity_sats: sat(10_000_000),
                class: Default::default(),
                fee_ppm: ppm(out),
                flow: Some(Flow { kind: FlowKind::Source, sats_in: Sat::MIN, sats_out: sat(moved) }),
                marginal_roi: None,
                peer_id: None,
                spendable_sats: sat(spendable),
                uptime_pct: None,
            },
            failures: Count::MIN,
            fixed_msat: Msat::new(fixed).unwrap(),
            health_age_s: None,
            inbound_ppm: ppm(inbound),
            p_success: Some(Share::constant(p)),
            sources: sources.into(),
            successes: Count::MIN,
            tier,
        }
    }
}

fn valued(config: &Config, input: &EvaluateInput) -> Evaluated {
    evaluate(config, input, &mut Why::off()).unwrap()
}

fn ev(config: &Config, input: &EvaluateInput) -> Option<f64> {
    Some(valued(config, input).terms?.ev?.get())
}

/// All else fixed: the source that was chosen is the only one.
fn with_chosen(input: &EvaluateInput, chosen: &str) -> EvaluateInput {
    let only: Vec<Source> = input
        .sources
        .readable()
        .iter()
        .filter(|source| source.channel_id.as_str() == chosen)
        .cloned()
        .collect();
    EvaluateInput {
        sources: Entries::from(only),
        ..input.clone()
    }
}

proptest! {
    #![proptest_config(cases(0xe7a1_0a7e))]

    #[test]
    fn the_value_never_rises_with_a_cost_and_never_falls_with_the_fee(
        input in candidates(), more in 0..3000_u32,
    ) {
        let config = Config::default();
        let Some(before) = ev(&config, &input) else { return Ok(()) };
        let dearer = EvaluateInput { inbound_ppm: ppm(input.inbound_ppm.get() + more), ..input.clone() };
        prop_assert!(ev(&config, &dearer).unwrap() <= before);
        let fixed = Msat::new(input.fixed_msat.get() + u64::from(more)).unwrap();
        let dearer = EvaluateInput { fixed_msat: fixed, ..input.clone() };
        prop_assert!(ev(&config, &dearer).unwrap() <= before);
        let attempt = sat(input.attempt_cost_sats.get() + u64::from(more));
        let dearer = EvaluateInput { attempt_cost_sats: attempt, ..input.clone() };
        prop_assert!(ev(&config, &dearer).unwrap() <= before);
        let mut costly: Vec<Source> = input.sources.readable().to_vec();
        for source in &mut costly {
            source.fee_ppm = ppm(source.fee_ppm.get() + more);
        }
        let dearer = EvaluateInput { sources: costly.into(), ..input.clone() };
        prop_assert!(ev(&config, &dearer).unwrap() <= before);
        let mut richer = input.clone();
        richer.destination.fee_ppm = ppm(input.destination.fee_ppm.get() + more);
        prop_assert!(ev(&config, &richer).unwrap() >= before);
    }

    #[test]
    fn the_budget_is_the_last_whole_sat_that_pays(input in candidates()) {
        let config = Config::default();
        let Some(terms) = valued(&config, &input).terms else { return Ok(()) };
        let Some(budget) = terms.budget_sats else { return Ok(()) };
        let at = |cost: u64| {
            let input = EvaluateInput {
                inbound_ppm: Ppm::MIN, fixed_msat: sat(cost).to_msat(), ..input.clone()
            };
            ev(&config, &input).unwrap()
        };
        let threshold = terms.threshold.unwrap().get();
        prop_assert!(at(budget.get()) >= threshold && threshold > at(budget.get() + 1));
    }

    #[test]
    fn what_is_granted_never_exceeds_what_is_left(input in candidates(), left in 0..3000_u64) {
        let input = EvaluateInput { budget_left_sats: Some(sat(left)), ..input };
        for config in [Config::default(), Config::of(Profile::ClHive)] {
            let valued = valued(&config, &input);
            let budget = valued.terms.and_then(|terms| terms.budget_sats).unwrap_or_default();
            prop_assert!(!valued.accepted || budget.get() <= left);
        }
    }

    #[test]
    fn the_flips_turn_the_answer_round(input in candidates(), deployed: bool) {
        let config = Config::of(if deployed { Profile::ClHive } else { Profile::Plan });
        let first = valued(&config, &input);
        let Some(flips) = first.flips else { return Ok(()) };
        let chosen = first.source.map(|id| id.to_string());
        let input = chosen.map_or(input.clone(), |id| with_chosen(&input, &id));
        if input.sources.len() > 1 {
            return Ok(());
        }
        let accepted = |input: &EvaluateInput| valued(&config, input).accepted;
        if let Some(most) = flips.max_inbound_ppm {
            let at = |n: u32| accepted(&EvaluateInput { inbound_ppm: ppm(n), ..input.clone() });
            prop_assert!(at(most.get()) && !at(most.get() + 1));
        }
        if let (Some(least), false) = (flips.min_amount_sats, input.amount_sats.is_none()) {
            let at = |n: u64| accepted(&EvaluateInput { amount_sats: Some(sat(n)), ..input.clone() });
            prop_assert!(at(least.get()));
            prop_assert!(least.get() == 1 || !at(least.get() - 1));
        }
        if let Some(tier) = flips.tier {
            let other = EvaluateInput { tier: Some(tier), ..input.clone() };
            prop_assert!(accepted(&other) != first.accepted);
        }
    }

    #[test]
    fn every_flip_of_the_route_ends_its_reason(input in candidates()) {
        let config = Config::default();
        let reasons = |input: &EvaluateInput| {
            let mut why = Why::new();
            evaluate(&config, input, &mut why).unwrap();
            why.into_reasons()
        };
        for reason in reasons(&input) {
            let Some(flip) = reason.flip.filter(|flip| flip.field == "inbound_ppm") else { continue };
            let Quantity::Whole(to) = flip.to else { panic!("{:?}", flip.to) };
            let there = |n: i128| {
                let input = EvaluateInput { inbound_ppm: ppm(u32::try_from(n).unwrap()), ..input.clone() };
                reasons(&input).iter().any(|other| other.code == reason.code)
            };
            let back = if to < i128::from(input.inbound_ppm.get()) { to + 1 } else { to - 1 };
            prop_assert!(!there(to) && there(back), "{:?} {to}", reason.code);
        }
    }

    #[test]
    fn the_order_of_sources_changes_nothing(input in candidates(), deployed: bool) {
        let config = Config::of(if deployed { Profile::ClHive } else { Profile::Plan });
        let mut turned: Vec<Source> = input.sources.readable().to_vec();
        turned.reverse();
        let turned = EvaluateInput { sources: turned.into(), ..input.clone() };
        prop_assert_eq!(valued(&config, &turned), valued(&config, &input));
    }
}

#[test]
fn a_dearer_route_never_looks_better_to_us_as_it_does_to_the_plugin() {
    // Outbound 1800 ppm, utilisation 0.30: the plugin refuses a free route with -630 and accepts
    // one of 1700 ppm with +220 and a fee that no route can be had for.
    let mut input = EvaluateInput {
        amount_sats: Some(sat(500_000)),
        attempt_cost_sats: Sat::MIN,
        budget_left_sats: None,
        destination: Destination {
            age_days: Count::new(30).unwrap(),
            broadcast_fee_ppm: Ppm::MIN,
            capacity_sats: sat(10_000_000),
            class: Default::default(),
            fee_ppm: ppm(1800),
            flow: Some(Flow {
                kind: FlowKind::Source,
                sats_in: Sat::MIN,
                sats_out: sat(21_000_000),
            }),
            marginal_roi: None,
            peer_id: None,
            spendable_sats: sat(100_000),
            uptime_pct: None,
        },
        failures: Count::MIN,
        fixed_msat: Msat::MIN,
        health_age_s: None,
        inbound_ppm: Ppm::MIN,
        p_success: Some(Share::MAX),
        sources: vec![source("1x1x0", 0, 0)].into(),
        successes: Count::MIN,
        tier: Some(Tier::Stable),
    };
    let plugin = Config::of(Profile::ClHive);
    let cheap = valued(&plugin, &input);
    assert_eq!((cheap.accepted, ev(&plugin, &input)), (false, Some(-630.0)));
    assert!(valued(&Config::default(), &input).accepted);
    input.inbound_ppm = ppm(1700);
    let dear = valued(&plugin, &input);
    assert_eq!((dear.accepted, ev(&plugin, &input)), (true, Some(220.0)));
    assert!(!valued(&Config::default(), &input).accepted);
}
