//! The laws of health.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::assess::{AssessInput, TrendSource, assess};
use super::balance::{LiquidityScoreInput, LocalShare, liquidity_score};
use super::profit::{Profit, ProfitClass, ProfitInput, profit};
use super::trend::{TrendInput, trend};
use super::*;
use crate::config::Profile;
use crate::reason::Quantity;
use crate::units::{Count, Msat, Real, Seconds};

pub(in crate::fleet) fn cases(seed: u64) -> ProptestConfig {
    ProptestConfig {
        rng_seed: RngSeed::Fixed(seed),
        ..crate::proofs::config()
    }
}

fn trends() -> impl Strategy<Value = Trend> {
    prop::sample::select(vec![Trend::Improving, Trend::Stable, Trend::Declining])
}

fn tiers() -> impl Strategy<Value = Tier> {
    prop::sample::select(TIERS.iter().map(|row| row.tier).collect::<Vec<_>>())
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

/// A channel's books and under which profile they are judged.
#[derive(Clone, Debug)]
struct Judged {
    profile: Profile,
    input: ProfitInput,
}

impl Judged {
    fn of(profile: Profile, revenue: u64, cost: Option<u64>, idle: Option<u64>) -> Self {
        let input = ProfitInput {
            age_days: None,
            channel_id: None,
            cost_msat: cost.map(Msat::constant),
            idle_s: idle.map(Seconds::constant),
            opening_msat: None,
            revenue_msat: Msat::constant(revenue),
        };
        Self { profile, input }
    }

    fn class(&self) -> (Profit, Vec<Reason>) {
        let mut why = Why::new();
        let decided = profit(&Config::of(self.profile), &self.input, &mut why).unwrap();
        (decided, why.into_reasons())
    }

    /// The same with one field at another value.
    fn with(&self, field: &str, to: u64) -> Self {
        let mut other = self.clone();
        match field {
            "revenue_msat" => other.input.revenue_msat = Msat::constant(to),
            "idle_s" => other.input.idle_s = Some(Seconds::constant(to)),
            "age_days" => other.input.age_days = Some(Count::constant(to as u32)),
            other => panic!("no flip of {other}"),
        }
        other
    }

    fn at(&self, field: &str) -> u64 {
        match field {
            "revenue_msat" => self.input.revenue_msat.get(),
            "idle_s" => self.input.idle_s.map_or(0, Seconds::get),
            _ => self.input.age_days.map_or(0, |age| age.get().into()),
        }
    }
}

prop_compose! {
    fn judged()(
        profile in prop::sample::select(vec![Profile::Plan, Profile::ClHive]),
        revenue in 0..400_000u64, cost in prop::option::of(0..300_000u64),
        idle in prop::option::of(0..5_000_000u64), age in prop::option::of(0..60u32),
        opening in prop::option::of(0..300_000u64),
    ) -> Judged {
        let mut judged = Judged::of(profile, revenue, cost, idle);
        judged.input.age_days = age.map(Count::constant);
        judged.input.opening_msat = opening.map(Msat::constant);
        judged
    }
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
        let config = HealthConfig::default();
        let (lifted, before) = (points(&config, &better), points(&config, &input));
        prop_assert!(lifted >= before);
        let multiplier = |score| Tier::of(&config, score).multiplier(&config);
        prop_assert!(multiplier(lifted) <= multiplier(before));
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
    fn every_flip_of_the_profit_flips_and_the_step_before_does_not(judged in judged()) {
        let (_, reasons) = judged.class();
        let reason = reasons.last().unwrap();
        // Where nothing but standing still decides, no revenue ends it.
        let Some(flip) = &reason.flip else {
            prop_assert!(false, "{reason:?}");
            return Ok(());
        };
        let Quantity::Whole(to) = flip.to else { panic!("a whole number") };
        let to = u64::try_from(to).unwrap();
        let holds = |judged: &Judged| judged.class().1.last().unwrap().code == reason.code;
        prop_assert!(!holds(&judged.with(&flip.field, to)), "{reason:?}");
        let back = if to > judged.at(&flip.field) { to - 1 } else { to + 1 };
        prop_assert!(holds(&judged.with(&flip.field, back)), "{reason:?}");
    }

    #[test]
    fn more_revenue_never_worsens_and_more_cost_never_betters_a_class(judged in judged(), more in 0..200_000u64) {
        let class = judged.class().0.class;
        let mut richer = judged.clone();
        richer.input.revenue_msat = Msat::constant(judged.input.revenue_msat.get() + more);
        prop_assert!(richer.class().0.class >= class);
        let mut dearer = judged.clone();
        dearer.input.opening_msat = None;
        dearer.input.age_days = None;
        let before = dearer.class().0.class;
        dearer.input.cost_msat = Some(Msat::constant(judged.input.cost_msat.map_or(0, Msat::get) + more));
        // Of two ways to lose none is better: a channel without costs only breaks even.
        let worth = |class: ProfitClass| match class {
            ProfitClass::Profitable => 2,
            ProfitClass::BreakEven => 1,
            ProfitClass::Underwater | ProfitClass::Stagnant => 0,
        };
        let dust = before == ProfitClass::BreakEven && judged.input.cost_msat.is_none_or(|cost| cost == Msat::MIN);
        prop_assert!(worth(dearer.class().0.class) <= worth(before) || dust);
    }

    #[test]
    fn a_known_tier_changes_only_beyond_its_bound(
        profitable in 0..=20u32, underwater in 0..=20u32, liquidity in 0..=100u32, previous in tiers(), hysteresis in 0..12u8,
    ) {
        let mut config = Config::default();
        config.health.tier_hysteresis = Points::constant(hysteresis);
        let underwater = underwater.min(20 - profitable);
        let mut input = AssessInput {
            channels: None,
            liquidity_score: Some(Score::constant(liquidity.into())),
            previous_tier: Some(previous),
            profitable: Count::constant(profitable),
            stagnant: Count::MIN,
            total: Some(Count::constant(20)),
            trend: TrendSource::Stable,
            underwater: Count::constant(underwater),
        };
        let ask = |input: &AssessInput| {
            let mut why = Why::new();
            let judged = assess(&config, input, &mut why).unwrap();
            (judged, why.into_reasons())
        };
        let (judged, reasons) = ask(&input);
        let held = reasons.iter().find(|reason| reason.code == Code::TierHeld);
        let alone = Tier::of(&config.health, judged.score);
        prop_assert_eq!(held.is_some(), judged.tier != alone);
        prop_assert_eq!(judged.budget_multiplier, judged.tier.multiplier(&config.health));
        // Between what was and what the score says.
        prop_assert!(judged.tier >= alone.min(previous) && judged.tier <= alone.max(previous));
        // Each bound that was passed was passed by enough.
        let score = i32::from(judged.score.get());
        let upper = |tier: Tier| i32::from(tier.upper(&config.health).get());
        for tier in TIERS.iter().map(|row| row.tier) {
            let by = i32::from(hysteresis);
            prop_assert!(!(tier >= previous && tier < judged.tier) || score >= upper(tier) + by.max(1));
            prop_assert!(!(tier >= judged.tier && tier < previous) || score <= upper(tier) - by);
        }
        // Judged again it stays: noise within the bounds changes nothing.
        input.previous_tier = Some(judged.tier);
        prop_assert_eq!(ask(&input).0.tier, judged.tier);
        if let Some(above) = judged.tier_above {
            prop_assert!(i32::from(above.missing.get()) + score >= (upper(judged.tier) + 1).min(100));
        }
        if let Some(reason) = held {
            let flip = reason.flip.as_ref().unwrap();
            input.previous_tier = TIERS.iter().map(|row| row.tier).find(|tier| flip.to == Quantity::from(tier.as_str()));
            prop_assert!(ask(&input).1.iter().all(|reason| reason.code != Code::TierHeld));
        }
    }

    #[test]
    fn a_score_is_rounded_as_is_said(total in 0..=1000u32) {
        let x = f64::from(total) / 10.0;
        prop_assert_eq!(Rounding::Truncate.score(x).get(), (total / 10) as u8);
        let (whole, tenth) = (total / 10, total % 10);
        let up = tenth > 5 || (tenth == 5 && whole % 2 == 1);
        prop_assert_eq!(Rounding::Nearest.score(x).get(), (whole + u32::from(up)) as u8);
    }

    #[test]
    fn the_way_to_the_next_tier_leads_there_and_no_shorter_way_does(
        profitable in 0..40u32, underwater in 0..40u32, stagnant in 0..40u32, even in 0..40u32, liquidity in 0..=100u32,
    ) {
        let ask = |profitable: u32, total: u32, stagnant: u32| {
            let input = AssessInput {
                channels: None,
                liquidity_score: Some(Score::constant(liquidity.into())),
                previous_tier: None,
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
        let config = HealthConfig::default();
        assert_eq!(Tier::of(&config, Points::constant(points)), tier);
        assert_eq!(tier.multiplier(&config).get(), multiplier);
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
    use Code::{InsufficientHistory, RevenueFalling, RevenueRising, RevenueSteady};
    use Profile::{ClHive, Plan};
    use Trend::{Declining, Improving, Stable};
    for (profile, windows, expected, code) in [
        (Plan, vec![], Stable, InsufficientHistory),
        (Plan, vec![9], Stable, InsufficientHistory),
        (Plan, vec![0, 0], Stable, RevenueSteady),
        (Plan, vec![0, 1], Improving, RevenueRising),
        (Plan, vec![1, 0], Declining, RevenueFalling),
        (Plan, vec![100, 250], Stable, RevenueSteady),
        (Plan, vec![100, 251], Improving, RevenueRising),
        (Plan, vec![250, 100], Stable, RevenueSteady),
        (Plan, vec![251, 100], Declining, RevenueFalling),
        (Plan, vec![100, 7_000_000, 100], Stable, RevenueSteady),
        (ClHive, vec![0, 0], Stable, RevenueSteady),
        (ClHive, vec![100, 105], Stable, RevenueSteady),
        (ClHive, vec![100, 106], Improving, RevenueRising),
        (ClHive, vec![100, 95], Stable, RevenueSteady),
        (ClHive, vec![100, 94], Declining, RevenueFalling),
    ] {
        let windows: Vec<Msat> = windows.into_iter().map(Msat::constant).collect();
        let mut why = Why::new();
        let decided = trend(&Config::of(profile), &TrendInput { windows }, &mut why).unwrap();
        assert_eq!((decided.trend, why.reasons()[0].code), (expected, code));
    }
}

#[test]
fn a_channel_is_judged_by_its_return() {
    use Profile::{ClHive, Plan};
    use ProfitClass::{BreakEven, Profitable, Stagnant, Underwater};
    const WEEK: u64 = 7 * 24 * HOUR;
    const MONTH: u64 = 30 * 24 * HOUR;
    for (profile, revenue, cost, idle, expected) in [
        (Plan, 0, Some(0), None, BreakEven),
        (Plan, 10_000, Some(0), None, BreakEven),
        (Plan, 10_001, Some(0), None, Profitable),
        (Plan, 10_001, None, None, Profitable),
        (Plan, 110, Some(100), None, BreakEven),
        (Plan, 111, Some(100), None, Profitable),
        (Plan, 90, Some(100), None, BreakEven),
        (Plan, 89, Some(100), None, Underwater),
        (Plan, 89, Some(100), Some(MONTH - 1), Underwater),
        (Plan, 89, Some(100), Some(MONTH), Stagnant),
        (Plan, 0, Some(0), Some(MONTH - 1), BreakEven),
        (Plan, 0, Some(0), Some(MONTH), Stagnant),
        (ClHive, 1, Some(0), None, Profitable),
        (ClHive, 0, Some(0), Some(MONTH), BreakEven),
        (ClHive, 89, Some(100), Some(WEEK - 1), Underwater),
        (ClHive, 89, Some(100), Some(WEEK), Stagnant),
        (ClHive, 111, Some(100), Some(WEEK), Profitable),
    ] {
        let judged = Judged::of(profile, revenue, cost, idle);
        assert_eq!(judged.class().0.class, expected, "{judged:?}");
    }
    let unknown = Judged::of(Plan, 1, None, None).class().1;
    assert_eq!(unknown[0].code, Code::CostUnknown);
}

#[test]
fn a_young_channel_is_not_judged_by_its_opening() {
    let ask = |age: Option<u32>, cost: u64, opening: u64, idle: Option<u64>| {
        let mut judged = Judged::of(Profile::Plan, 0, Some(cost), idle);
        judged.input.age_days = age.map(Count::constant);
        judged.input.opening_msat = Some(Msat::constant(opening));
        let (decided, reasons) = judged.class();
        (decided.class, reasons[0].code)
    };
    let young = (ProfitClass::BreakEven, Code::YoungChannel);
    assert_eq!(ask(Some(29), 155_000, 155_000, None), young);
    assert_eq!(ask(Some(29), 155_000, 155_000, Some(9_999_999)), young);
    let loses = (ProfitClass::Underwater, Code::ChannelUnderwater);
    assert_eq!(ask(Some(30), 155_000, 155_000, None), loses);
    // Any other cost ends the grace, and an unknown age has none.
    assert_eq!(ask(Some(1), 155_001, 155_000, None), loses);
    assert_eq!(ask(None, 155_000, 155_000, None), loses);
}

#[test]
fn bounds_and_rounding_of_other_generations_can_be_set() {
    let mut config = Config::default();
    config.health.struggling_max = Points::constant(20);
    config.health.vulnerable_max = Points::constant(40);
    config.health.stable_max = Points::constant(65);
    config.health.rounding = Rounding::Nearest;
    config.health.validate().unwrap();
    // 30.6 points without trend: 31, and that is vulnerable there.
    let input = ScoreInput {
        profitable_pct: Share::constant(0.015),
        underwater_pct: Share::constant(0.0),
        liquidity_score: Score::constant(0.0),
        trend: Trend::Declining,
    };
    let judged = score(&config, &input, &mut Why::off()).unwrap();
    assert_eq!((judged.score.get(), judged.tier), (31, Tier::Vulnerable));
    let judged = score(&Config::default(), &input, &mut Why::off()).unwrap();
    assert_eq!((judged.score.get(), judged.tier), (30, Tier::Struggling));
    for (struggling, vulnerable, stable) in [(40, 40, 65), (20, 65, 65), (20, 40, 100)] {
        config.health.struggling_max = Points::constant(struggling);
        config.health.vulnerable_max = Points::constant(vulnerable);
        config.health.stable_max = Points::constant(stable);
        assert!(config.health.validate().is_err());
    }
}

#[test]
fn low_local_balance_needs_outbound() {
    let ask = |shares: &[f64]| {
        let input = AssessInput {
            channels: Some(channels(shares)),
            liquidity_score: None,
            previous_tier: None,
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
    // The bounds themselves are no need.
    assert_eq!(ask(&[0.3]), (false, false));
    assert_eq!(ask(&[0.7]), (false, false));
}

#[test]
fn the_components_are_the_parts_of_the_score_and_their_most_is_a_hundred() {
    let perfect = AssessInput {
        channels: None,
        liquidity_score: Some(Score::MAX),
        previous_tier: None,
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
