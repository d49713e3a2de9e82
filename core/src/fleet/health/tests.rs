//! The laws of health.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::assess::{AssessInput, TrendSource, assess};
use super::balance::{LiquidityScoreInput, LocalShare, liquidity_score};
use super::profit::{Profit, ProfitClass, ProfitInput, profit};
use super::trend::{TrendInput, trend};
use super::*;
use crate::reason::Quantity;
use crate::units::Msat;

#[allow(
    clippy::disallowed_methods,
    reason = "a test may ask how long it should run"
)]
pub(in crate::fleet) fn cases(seed: u64) -> ProptestConfig {
    let cases = std::env::var("TRIMTAB_CASES")
        .ok()
        .and_then(|text| text.parse().ok());
    ProptestConfig {
        cases: cases.unwrap_or(256),
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn trends() -> impl Strategy<Value = Trend> {
    prop::sample::select(vec![Trend::Improving, Trend::Stable, Trend::Declining])
}

prop_compose! {
    fn scorings()(p in 0.0..=1.0f64, u in 0.0..=1.0f64, l in 0.0..=100.0f64, trend in trends()) -> ScoreInput {
        ScoreInput {
            profitable_pct: Share::constant(p),
            underwater_pct: Share::constant(u),
            liquidity_score: Score::constant(l),
            trend,
        }
    }
}

fn reasons_of(input: &ScoreInput) -> Vec<Reason> {
    let mut why = Why::new();
    score(&Config::default(), input, &mut why).unwrap();
    why.into_reasons()
}

fn channels(shares: &[f64]) -> Vec<LocalShare> {
    let local = |pct: &f64| LocalShare {
        local_pct: Share::constant(*pct),
    };
    shares.iter().map(local).collect()
}

fn class(revenue: u64, cost: Option<u64>, idle: Option<u64>) -> (Profit, Vec<Reason>) {
    let input = ProfitInput {
        channel_id: None,
        cost_msat: cost.map(Msat::constant),
        idle_s: idle.map(Seconds::constant),
        revenue_msat: Msat::constant(revenue),
    };
    let mut why = Why::new();
    let decided = profit(&Config::default(), &input, &mut why).unwrap();
    (decided, why.into_reasons())
}

proptest! {
    #![proptest_config(cases(1))]

    #[test]
    fn every_flip_of_the_score_flips_and_the_step_before_does_not(input in scorings()) {
        for reason in reasons_of(&input) {
            let Some(flip) = &reason.flip else { continue };
            let Quantity::Real(to) = flip.to else { panic!("a real number") };
            let holds_at = |pct: f64| {
                let changed = ScoreInput { profitable_pct: Share::constant(pct), ..input.clone() };
                reasons_of(&changed).iter().any(|other| other.code == reason.code)
            };
            prop_assert!(!holds_at(to), "{reason:?}");
            let back = if to > input.profitable_pct.get() { flip::below(to) } else { flip::above(to) };
            prop_assert!(holds_at(back), "{reason:?}");
        }
    }

    #[test]
    fn the_score_never_falls_when_more_channels_earn(input in scorings(), more in 0.0..=1.0f64) {
        let better = ScoreInput {
            profitable_pct: Share::constant(input.profitable_pct.get().max(more)),
            ..input.clone()
        };
        prop_assert!(points(&better) >= points(&input));
        let config = HealthConfig::default();
        prop_assert!(Tier::of(points(&better)).multiplier(&config) <= Tier::of(points(&input)).multiplier(&config));
    }

    #[test]
    fn the_order_of_channels_changes_nothing(mut shares in prop::collection::vec(0.0..=1.0f64, 0..40), by in 0..40usize) {
        let ask = |shares: &[f64]| {
            let input = LiquidityScoreInput { channels: channels(shares) };
            liquidity_score(&Config::default(), &input, &mut Why::off()).unwrap().liquidity_score
        };
        let before = ask(&shares);
        let len = shares.len().max(1);
        shares.rotate_left(by % len);
        shares.reverse();
        prop_assert_eq!(ask(&shares), before);
        prop_assert!(before >= Points::constant(50) || shares.is_empty());
    }

    #[test]
    fn every_flip_of_the_profit_flips_and_the_step_before_does_not(
        revenue in 0..400_000u64, cost in prop::option::of(0..300_000u64), idle in prop::option::of(0..2_000_000u64),
    ) {
        let (decided, reasons) = class(revenue, cost, idle);
        let reason = reasons.last().unwrap();
        let Quantity::Whole(to) = reason.flip.as_ref().unwrap().to else { panic!("a whole number") };
        let to = u64::try_from(to).unwrap();
        prop_assert_ne!(class(to, cost, idle).0.class, decided.class);
        let back = if to > revenue { to - 1 } else { to + 1 };
        prop_assert_eq!(class(back, cost, idle).0.class, decided.class);
    }

    #[test]
    fn the_way_to_the_next_tier_leads_there_and_no_shorter_way_does(
        profitable in 0..40u32, underwater in 0..40u32, stagnant in 0..40u32, even in 0..40u32, liquidity in 0..=100u32,
    ) {
        let ask = |profitable: u32, total: u32, stagnant: u32| {
            let input = AssessInput {
                channels: None,
                liquidity_score: Some(Score::constant(liquidity.into())),
                profitable: Count::constant(profitable),
                stagnant: Count::constant(stagnant),
                total: Some(Count::constant(total)),
                trend: TrendSource::Stable,
                underwater: Count::constant(underwater),
            };
            assess(&Config::default(), &input, &mut Why::off()).unwrap()
        };
        let total = profitable + underwater + stagnant + even;
        let now = ask(profitable, total, stagnant);
        if let Some(needed) = now.tier_above.and_then(|above| above.profitable) {
            let needed = needed.get();
            prop_assert!(ask(needed, total, 0).tier > now.tier);
            prop_assert!(needed == 0 || ask(needed - 1, total, 0).tier <= now.tier);
        }
    }
}

#[test]
fn the_tiers_change_where_the_plan_says() {
    for (points, tier, multiplier) in [
        (0, Tier::Struggling, 2.0),
        (30, Tier::Struggling, 2.0),
        (31, Tier::Vulnerable, 1.5),
        (50, Tier::Vulnerable, 1.5),
        (51, Tier::Stable, 1.0),
        (70, Tier::Stable, 1.0),
        (71, Tier::Thriving, 0.75),
        (100, Tier::Thriving, 0.75),
    ] {
        assert_eq!(Tier::of(Points::constant(points)), tier);
        assert_eq!(tier.multiplier(&HealthConfig::default()).get(), multiplier);
    }
}

#[test]
fn a_depleted_node_scores_50_at_half_spread_and_0_at_full() {
    let input = LiquidityScoreInput {
        channels: channels(&[0.0, 0.0, 1.0]),
    };
    let mut config = Config::default();
    let ask = |config: &Config| {
        liquidity_score(config, &input, &mut Why::off())
            .unwrap()
            .liquidity_score
            .get()
    };
    assert_eq!(ask(&config), 50);
    config.health.spread = Spread::Full;
    assert_eq!(ask(&config), 0);
}

#[test]
fn the_trend_follows_the_halves() {
    for (windows, expected, code) in [
        (vec![], Trend::Stable, Code::InsufficientHistory),
        (vec![9], Trend::Stable, Code::InsufficientHistory),
        (vec![0, 0], Trend::Stable, Code::RevenueSteady),
        (vec![100, 105], Trend::Stable, Code::RevenueSteady),
        (vec![100, 106], Trend::Improving, Code::RevenueRising),
        (vec![100, 95], Trend::Stable, Code::RevenueSteady),
        (vec![100, 94], Trend::Declining, Code::RevenueFalling),
        (vec![0, 1], Trend::Improving, Code::RevenueRising),
        (
            vec![100, 7_000_000, 100],
            Trend::Stable,
            Code::RevenueSteady,
        ),
    ] {
        let windows: Vec<Msat> = windows.into_iter().map(Msat::constant).collect();
        let mut why = Why::new();
        let decided = trend(&Config::default(), &TrendInput { windows }, &mut why).unwrap();
        assert_eq!((decided.trend, why.reasons()[0].code), (expected, code));
    }
}

#[test]
fn a_channel_is_judged_by_its_return() {
    use ProfitClass::{BreakEven, Profitable, Stagnant, Underwater};
    const WEEK: u64 = 7 * DAY;
    for (revenue, cost, idle, expected) in [
        (0, Some(0), None, BreakEven),
        (1, Some(0), None, Profitable),
        (1, None, None, Profitable),
        (110, Some(100), None, BreakEven),
        (111, Some(100), None, Profitable),
        (90, Some(100), None, BreakEven),
        (89, Some(100), None, Underwater),
        (89, Some(100), Some(WEEK - 1), Underwater),
        (89, Some(100), Some(WEEK), Stagnant),
    ] {
        assert_eq!(
            class(revenue, cost, idle).0.class,
            expected,
            "{revenue} {cost:?} {idle:?}"
        );
    }
    assert_eq!(class(1, None, None).1[0].code, Code::CostUnknown);
}

#[test]
fn low_local_balance_needs_outbound() {
    let ask = |shares: &[f64]| {
        let input = AssessInput {
            channels: Some(channels(shares)),
            liquidity_score: None,
            profitable: Count::constant(1),
            stagnant: Count::MIN,
            total: None,
            trend: TrendSource::Windows(Vec::new()),
            underwater: Count::MIN,
        };
        let decided = assess(&Config::default(), &input, &mut Why::off()).unwrap();
        (decided.needs_outbound, decided.needs_inbound)
    };
    assert_eq!(ask(&[0.1, 0.2]), (true, false));
    assert_eq!(ask(&[0.9, 0.8]), (false, true));
    assert_eq!(ask(&[0.1, 0.9]), (false, false));
    assert_eq!(ask(&[]), (false, false));
}

#[test]
fn the_components_are_the_parts_of_the_score_and_their_most_is_a_hundred() {
    let perfect = AssessInput {
        channels: None,
        liquidity_score: Some(Score::MAX),
        profitable: Count::constant(3),
        stagnant: Count::MIN,
        total: None,
        trend: TrendSource::Improving,
        underwater: Count::MIN,
    };
    let decided = assess(&Config::default(), &perfect, &mut Why::off()).unwrap();
    let parts = decided.components;
    let most = [
        parts.profitable,
        parts.underwater,
        parts.liquidity,
        parts.trend,
    ];
    assert_eq!(most.map(Real::get), [40.0, 30.0, 20.0, 10.0]);
    assert_eq!(most.map(Real::get).iter().sum::<f64>(), 100.0);
    assert_eq!(decided.score.get(), 100);
}
