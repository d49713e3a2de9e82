use super::*;
use crate::proofs;
use proptest::prelude::{Just, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::strategy::Strategy as Generator;

fn amounts(most: usize) -> impl Generator<Value = Vec<TokenAmount>> {
    let amount = prop_oneof![
        6 => (0u128..12).prop_map(TokenAmount::new),
        1 => any::<u128>().prop_map(TokenAmount::new),
        1 => any::<[u64; 4]>().prop_map(|limbs| TokenAmount::from_u256(U256::from_limbs(limbs))),
        1 => Just(TokenAmount::MAX),
    ];
    prop::collection::vec(amount, 0..most)
}

fn needs(most: usize) -> impl Generator<Value = Vec<Need>> {
    amounts(most).prop_flat_map(|amounts| {
        let count = amounts.len();
        let since = prop::collection::vec(0u64..4, count);
        let fees = prop::collection::vec(0u128..4, count);
        (Just(amounts), since, fees).prop_map(|(amounts, since, fees)| {
            let need = |((amount, since), fee)| Need {
                amount,
                requested_at: Millis::constant(since),
                fee: TokenAmount::new(fee),
            };
            amounts.into_iter().zip(since).zip(fees).map(need).collect()
        })
    })
}

fn strategies() -> impl Generator<Value = Strategy> {
    prop_oneof![
        Just(Strategy::Amount),
        Just(Strategy::Time),
        Just(Strategy::Fee)
    ]
}

fn sum(parts: impl Iterator<Item = TokenAmount>) -> TokenTotal {
    parts.fold(TokenTotal::ZERO, |sum, amount| {
        sum.plus(amount.into()).unwrap()
    })
}

/// The order of service, written as the plan says it.
fn served_first(strategy: Strategy, a: &Need, b: &Need) -> std::cmp::Ordering {
    let larger = b.amount.cmp(&a.amount);
    let older = a.requested_at.cmp(&b.requested_at);
    match strategy {
        Strategy::Amount => larger.then(older),
        Strategy::Time => older.then(larger),
        Strategy::Fee => b.fee.cmp(&a.fee).then(larger),
    }
}

proptest! {
    #![proptest_config(proofs::config())]

    #[test]
    fn matching_is_maximal_and_uses_minimal_reserve(
        strategy in strategies(), spenders in amounts(12), receivers in needs(12)
    ) {
        let pairing = pair(strategy, &spenders, &receivers).unwrap();
        let demand = sum(receivers.iter().map(|need| need.amount));
        let recoverable = sum(spenders.iter().copied());
        let matched = sum(pairing.pairs.iter().map(|pair| pair.amount));
        prop_assert_eq!(matched, demand.min(recoverable));
        prop_assert_eq!(pairing.matched(), matched);
        prop_assert_eq!(pairing.reserve_used(), demand.less(recoverable));
        prop_assert_eq!(sum(pairing.served.iter().map(|part| part.amount)), matched);
        prop_assert_eq!(sum(pairing.pulled.iter().map(|part| part.amount)), matched);
    }

    #[test]
    fn pairs_give_each_side_exactly_its_part(
        strategy in strategies(), spenders in amounts(12), receivers in needs(12)
    ) {
        let pairing = pair(strategy, &spenders, &receivers).unwrap();
        let most = pairing.served.len() + pairing.pulled.len();
        prop_assert!(pairing.pairs.is_empty() || pairing.pairs.len() < most);
        prop_assert!(pairing.pairs.iter().all(|pair| !pair.amount.is_zero()));
        for part in &pairing.served {
            let got = sum(pairing.pairs.iter().filter(|p| p.receiver == part.place).map(|p| p.amount));
            prop_assert_eq!(got, part.amount.into());
        }
        for part in &pairing.pulled {
            let got = sum(pairing.pairs.iter().filter(|p| p.spender == part.place).map(|p| p.amount));
            prop_assert_eq!(got, part.amount.into());
            prop_assert!(part.amount <= spenders[part.place as usize]);
        }
    }

    #[test]
    fn receivers_are_served_in_the_order_of_the_strategy(
        strategy in strategies(), spenders in amounts(12), receivers in needs(12)
    ) {
        let pairing = pair(strategy, &spenders, &receivers).unwrap();
        let mut order: Vec<u32> = (0..receivers.len() as u32).filter(|at| !receivers[*at as usize].amount.is_zero()).collect();
        order.sort_by(|a, b| served_first(strategy, &receivers[*a as usize], &receivers[*b as usize]).then(a.cmp(b)));
        let served: Vec<u32> = pairing.served.iter().map(|part| part.place).collect();
        prop_assert_eq!(&order[..served.len()], &served[..]);
        for part in pairing.served.iter().rev().skip(1) {
            prop_assert_eq!(part.amount, receivers[part.place as usize].amount);
        }
    }

    /// Every subset of spenders smaller than the pulled one holds too little.
    #[test]
    fn the_fewest_spenders_are_pulled(
        strategy in strategies(), spenders in amounts(9), receivers in needs(6)
    ) {
        let pairing = pair(strategy, &spenders, &receivers).unwrap();
        let pulled = pairing.pulled.len() as u32;
        for subset in 0u32..1 << spenders.len() {
            if subset.count_ones() < pulled {
                let held = sum((0..spenders.len()).filter(|at| subset >> at & 1 == 1).map(|at| spenders[at]));
                prop_assert!(held < pairing.matched());
            }
        }
    }

    /// Without equal-amount pairs the number of pairs never falls by more than they were.
    #[test]
    fn equal_amounts_are_paired_first(
        strategy in strategies(), spenders in amounts(12), receivers in needs(12)
    ) {
        let pairing = pair(strategy, &spenders, &receivers).unwrap();
        let mut haves: Vec<Part> = pairing.pulled.clone();
        for part in &pairing.served {
            let equal: Vec<usize> = (0..haves.len()).filter(|at| haves[*at].amount == part.amount).collect();
            let Some(at) = equal.into_iter().min_by_key(|at| haves[*at].place) else { continue };
            let spender = haves.remove(at).place;
            let whole = Pair { spender, receiver: part.place, amount: part.amount };
            prop_assert!(pairing.pairs.contains(&whole));
        }
    }
}

#[test]
fn an_equal_amount_is_paired_even_when_a_larger_spender_stands_first() {
    let need = |amount| Need {
        amount: TokenAmount::new(amount),
        ..Need::default()
    };
    let spenders = [9, 5, 5].map(TokenAmount::new);
    let pairing = pair(Strategy::Amount, &spenders, &[need(5), need(9), need(5)]).unwrap();
    let pairs: Vec<(u32, u32)> = pairing
        .pairs
        .iter()
        .map(|p| (p.spender, p.receiver))
        .collect();
    assert_eq!(pairs, [(0, 1), (1, 0), (2, 2)]);
}
