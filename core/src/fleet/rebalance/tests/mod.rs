//! The laws of thresholds and budgets.

use super::budget::{BudgetInput, budget};
use super::pause::{BackoffInput, CooldownInput, backoff, cooldown};
use super::*;
use crate::config::Profile;
use crate::fleet::health::tests::cases;
use crate::reason::{Code, Quantity};
use crate::units::{Count, Sat};
use proptest::prelude::*;

mod evaluate;

fn configs() -> impl Strategy<Value = Config> {
    prop::sample::select(vec![Profile::Plan, Profile::ClHive]).prop_map(Config::of)
}

fn tiers() -> impl Strategy<Value = Option<Tier>> {
    prop::sample::select(vec![
        None,
        Some(Tier::Struggling),
        Some(Tier::Vulnerable),
        Some(Tier::Stable),
        Some(Tier::Thriving),
    ])
}

fn real(x: f64) -> RealSat {
    RealSat::new(x).unwrap()
}

fn asked(ev: f64, min_ev: f64, tier: Option<Tier>) -> AcceptInput {
    AcceptInput {
        channel: None,
        ev: real(ev),
        health_age_s: None,
        min_ev: real(min_ev),
        tier,
    }
}

proptest! {
    #![proptest_config(cases(0x7e0a_1a02))]

    #[test]
    fn accepted_exactly_from_the_threshold_up(
        config in configs(), ev in -50.0..50.0f64, min_ev in -20.0..40.0f64, tier in tiers(),
    ) {
        let input = asked(ev, min_ev, tier);
        let mut why = Why::new();
        let accepted = accept(&config, &input, &mut why).unwrap();
        prop_assert_eq!(accepted.accepted, ev >= accepted.threshold.get());
        let reasons = why.into_reasons();
        let flip = reasons.last().unwrap().flip.clone().unwrap();
        let Quantity::Real(to) = flip.to else { panic!("{flip:?}") };
        let at = |ev: f64| accept(&config, &asked(ev, min_ev, tier), &mut Why::off()).unwrap().accepted;
        prop_assert_eq!(at(to), !accepted.accepted);
        let back = if to > ev { flip::below(to) } else { flip::above(to) };
        prop_assert_eq!(at(back), accepted.accepted);
    }

    #[test]
    fn more_need_never_raises_a_positive_threshold_and_never_moves_another(
        config in configs(), whole in -20..40_i32,
    ) {
        // The deployed plugin counts in whole sats; it would truncate a fraction for some tiers only.
        let min_ev = f64::from(whole);
        let tiers = [Tier::Struggling, Tier::Vulnerable, Tier::Stable, Tier::Thriving];
        let thresholds = tiers.map(|tier| accept(&config, &asked(0.0, min_ev, Some(tier)), &mut Why::off()).unwrap().threshold);
        prop_assert!(thresholds.is_sorted());
        prop_assert!(min_ev > 0.0 || thresholds == [real(min_ev); 4]);
    }

    #[test]
    fn a_multiplier_from_outside_stays_within_our_bounds(config in configs(), multiplier in 0.0..=1000.0f64) {
        let input = ThresholdInput { min_ev_sats: real(10.0), multiplier: Multiplier::constant(multiplier) };
        let decided = threshold(&config, &input, &mut Why::off()).unwrap();
        prop_assert!((0.5..=2.5).contains(&decided.multiplier.get()));
        prop_assert!((4.0..=20.0).contains(&decided.threshold.get()));
    }

    #[test]
    fn spent_reserved_and_granted_never_exceed_the_budget(
        config in configs(), base in 0..100_000_u64, multiplier in 0.0..3.0f64,
        spent in 0..100_000_u64, reserved in 0..100_000_u64, proposed in 0..100_000_u64,
    ) {
        let sat = |n| Sat::new(n).unwrap();
        let input = BudgetInput {
            base_sats: Some(sat(base)),
            multiplier: Multiplier::constant(multiplier),
            proposed_sats: Some(sat(proposed)),
            reserved_sats: sat(reserved),
            revenue_30d_sats: None,
            revenue_24h_sats: None,
            spent_sats: sat(spent),
        };
        let left = budget(&config, &input, &mut Why::off()).unwrap();
        let granted = left.granted_sats.unwrap().get();
        prop_assert!(granted == 0 || spent + reserved + granted <= left.cap_sats.get());
        prop_assert!(granted <= proposed);
        let mut why = Why::new();
        budget(&config, &input, &mut why).unwrap();
        for reason in why.into_reasons() {
            let Some(flip) = reason.flip.filter(|flip| flip.field != "multiplier") else { continue };
            let Quantity::Whole(to) = flip.to else { panic!("{:?}", flip.to) };
            let there = |n: i128| {
                let mut input = input.clone();
                let n = sat(u64::try_from(n).unwrap());
                if flip.field == "spent_sats" { input.spent_sats = n } else { input.proposed_sats = Some(n) }
                let mut why = Why::new();
                budget(&config, &input, &mut why).unwrap();
                why.reasons().iter().any(|other| other.code == reason.code)
            };
            prop_assert!(!there(to) && there(to + 1), "{:?}", reason.code);
        }
    }

    #[test]
    fn a_pause_ends_when_it_says(fails in 0..20_u32, ago in 0..400_000_u64) {
        let config = Config::default();
        let at = |n| Seconds::new(n).unwrap();
        let now = 1_795_000_000;
        let input = BackoffInput {
            fails: Count::new(fails).unwrap(), last_failure: Some(at(now - ago)), now: at(now),
        };
        let pause = backoff(&config, &input, &mut Why::off()).unwrap();
        let whole = if fails > 10 { 48 * 3600 } else { 600 * 2_u64.pow(fails.min(4)) };
        prop_assert_eq!((pause.ready, pause.wait_s.get()), (ago >= whole, whole.saturating_sub(ago)));
        let later = BackoffInput { now: at(now + pause.wait_s.get()), ..input };
        prop_assert!(backoff(&config, &later, &mut Why::off()).unwrap().ready);
    }
}

#[test]
fn the_deployed_thresholds_are_five_six_ten_and_thirteen() {
    let tiers = [
        Tier::Struggling,
        Tier::Vulnerable,
        Tier::Stable,
        Tier::Thriving,
    ];
    let of = |profile| {
        tiers.map(|tier| {
            let input = asked(8.0, 10.0, Some(tier));
            let accepted = accept(&Config::of(profile), &input, &mut Why::off()).unwrap();
            accepted.threshold.get()
        })
    };
    assert_eq!(of(Profile::ClHive), [5.0, 6.0, 10.0, 13.0]);
    assert_eq!(
        of(Profile::Plan),
        [5.0, 10.0 / 1.5, 10.0, 13.333_333_333_333_334]
    );
}

#[test]
fn an_old_or_unknown_tier_changes_nothing() {
    let mut input = asked(8.0, 10.0, Some(Tier::Struggling));
    let ask = |input: &AcceptInput| {
        let mut why = Why::new();
        let accepted = accept(&Config::default(), input, &mut why).unwrap();
        (accepted.accepted, why.into_reasons().len())
    };
    assert_eq!(ask(&input), (true, 1));
    input.health_age_s = Some(Seconds::new(300).unwrap());
    assert_eq!(ask(&input), (true, 1));
    input.health_age_s = Some(Seconds::new(301).unwrap());
    assert_eq!(ask(&input), (false, 2));
    input.tier = None;
    assert_eq!(ask(&input), (false, 2));
}

#[test]
fn a_channel_that_was_filled_rests_for_a_day() {
    let at = |n| Seconds::new(n).unwrap();
    let ready = |last, now| {
        let input = CooldownInput {
            last_success: last,
            now: at(now),
        };
        cooldown(&Config::default(), &input, &mut Why::off())
            .unwrap()
            .ready
    };
    assert!(ready(None, 0));
    assert!(!ready(Some(at(1000)), 1000 + 86_399));
    assert!(ready(Some(at(1000)), 1000 + 86_400));
}

#[test]
fn a_budget_is_a_share_of_a_days_revenue_and_never_nothing() {
    let base = |profile, month: Option<u64>, day: Option<u64>| {
        let sats = |n: Option<u64>| n.map(|n| Sat::new(n).unwrap());
        let input = BudgetInput {
            base_sats: None,
            multiplier: Multiplier::constant(1.0),
            proposed_sats: None,
            reserved_sats: Sat::MIN,
            revenue_30d_sats: sats(month),
            revenue_24h_sats: sats(day),
            spent_sats: Sat::MIN,
        };
        budget(&Config::of(profile), &input, &mut Why::off()).map(|budget| budget.base_sats.get())
    };
    assert_eq!(base(Profile::Plan, Some(100_000), None), Ok(1000));
    assert_eq!(base(Profile::Plan, Some(100_099), None), Ok(1000));
    assert_eq!(base(Profile::Plan, Some(49_999), Some(1_000_000)), Ok(500));
    assert_eq!(base(Profile::Plan, None, Some(10_000)), Ok(3000));
    assert_eq!(
        base(Profile::ClHive, Some(3_000_000), Some(10_000)),
        Ok(5000)
    );
    assert_eq!(
        base(Profile::ClHive, Some(3_000_000), Some(20_000)),
        Ok(6000)
    );
    assert_eq!(
        base(Profile::Plan, None, None).unwrap_err().field,
        "base_sats"
    );
}
