use super::*;
use crate::operations::HubMatchCycles;
use crate::policy::Policy;
use crate::proofs;
use proptest::prelude::{Just, prop, prop_assert, prop_assert_eq, proptest};
use proptest::strategy::Strategy as Generator;
use std::collections::BTreeMap;

fn party(place: usize) -> EntityId {
    EntityId::new(&format!("h{place:03}")).unwrap()
}

fn claim(debtor: usize, creditor: usize, amount: u128) -> Claim {
    Claim {
        debtor: party(debtor),
        creditor: party(creditor),
        token_id: TokenId::constant(1),
        amount: TokenAmount::new(amount),
    }
}

fn claims(parties: usize, most: u128, count: usize) -> impl Generator<Value = Vec<Claim>> {
    prop::collection::btree_map((0..parties, 0..parties), 0..=most, 0..=count).prop_map(|edges| {
        let edges = edges.into_iter().filter(|((a, b), _)| a != b);
        edges.map(|((a, b), amount)| claim(a, b, amount)).collect()
    })
}

fn shrunk(claims: &[Claim]) -> Cycles {
    let input = CyclesInput {
        claims: claims.to_vec(),
    };
    Policy::plan()
        .decide::<HubMatchCycles>(&input)
        .unwrap()
        .decision
}

fn nets<'c>(
    claims: impl Iterator<Item = (&'c EntityId, &'c EntityId, TokenAmount)>,
) -> BTreeMap<EntityId, i128> {
    let mut nets = BTreeMap::new();
    for (debtor, creditor, amount) in claims {
        let amount: i128 = amount.to_string().parse().unwrap();
        *nets.entry(debtor.clone()).or_default() -= amount;
        *nets.entry(creditor.clone()).or_default() += amount;
    }
    nets.retain(|_, net| *net != 0);
    nets
}

/// The smallest total of all ways to shrink the claims that keep every net position.
fn brute_force(claims: &[Claim]) -> u128 {
    let want = nets(claims.iter().map(|c| (&c.debtor, &c.creditor, c.amount)));
    let sizes: Vec<u128> = claims
        .iter()
        .map(|c| c.amount.to_string().parse().unwrap())
        .collect();
    let mut best = sizes.iter().sum();
    let mut kept = vec![0u128; claims.len()];
    loop {
        let all = claims.iter().zip(&kept);
        if nets(all.map(|(c, kept)| (&c.debtor, &c.creditor, TokenAmount::new(*kept)))) == want {
            best = kept.iter().sum::<u128>().min(best);
        }
        let Some(at) = (0..kept.len()).find(|at| kept[*at] < sizes[*at]) else {
            return best;
        };
        kept[at] += 1;
        kept[..at].fill(0);
    }
}

proptest! {
    #![proptest_config(proofs::config())]

    #[test]
    fn no_smaller_total_exists(claims in claims(5, 2, 8)) {
        let after = shrunk(&claims).tokens.first().map_or(0, |token| token.gross_after.to_string().parse().unwrap());
        prop_assert_eq!(after, brute_force(&claims));
    }

    #[test]
    fn net_positions_stay_and_no_claim_grows(claims in claims(12, 1_000, 60)) {
        let cycles = shrunk(&claims);
        let before = nets(claims.iter().map(|c| (&c.debtor, &c.creditor, c.amount)));
        let kept = cycles.tokens.iter().flat_map(|token| &token.claims);
        prop_assert_eq!(nets(kept.clone().map(|c| (&c.debtor, &c.creditor, c.amount))), before);
        for claim in kept {
            let old = claims.iter().find(|c| (&c.debtor, &c.creditor) == (&claim.debtor, &claim.creditor)).unwrap();
            prop_assert_eq!(claim.amount.plus(claim.cleared).unwrap(), old.amount);
        }
        // What was shrunk once cannot be shrunk again.
        let again: Vec<Claim> = cycles.tokens.iter().flat_map(|token| &token.claims)
            .map(|c| Claim { debtor: c.debtor.clone(), creditor: c.creditor.clone(), token_id: TokenId::constant(1), amount: c.amount })
            .collect();
        prop_assert!(shrunk(&again).tokens.iter().all(|token| token.changed == Count::MIN));
    }

    #[test]
    fn the_order_of_the_claims_changes_nothing(
        (claims, shuffled) in claims(8, 50, 30).prop_flat_map(|claims| (Just(claims.clone()), Just(claims).prop_shuffle()))
    ) {
        prop_assert_eq!(shrunk(&claims), shrunk(&shuffled));
    }
}

#[test]
fn a_triangle_is_cleared() {
    let cycles = shrunk(&[claim(0, 1, 10), claim(1, 2, 10), claim(2, 0, 10)]);
    assert!(cycles.tokens[0].gross_after.is_zero());
}

/// A cycle-free set of claims can still be too large: a long way round beside a short one.
#[test]
fn a_detour_is_taken_out_even_without_a_cycle() {
    // 0 owes 1 owes 2, and 0 owes 2; taking nothing out keeps the nets; the total cannot shrink
    // unless the direct claim can grow, which it may not.
    let cycles = shrunk(&[claim(0, 1, 4), claim(1, 2, 4), claim(0, 2, 3)]);
    assert_eq!(cycles.tokens[0].gross_after.to_string(), "11");
}

#[test]
fn the_largest_amounts_do_not_overflow() {
    let most = |a, b| Claim {
        amount: TokenAmount::MAX,
        ..claim(a, b, 0)
    };
    let cycles = shrunk(&[most(0, 1), most(1, 0), most(0, 2), most(2, 1)]);
    let token = &cycles.tokens[0];
    assert_eq!(token.gross_after, TokenAmount::MAX.into());
}

#[test]
fn a_claim_on_oneself_and_a_claim_that_stands_twice_are_refused() {
    let refused = |claims: Vec<Claim>| {
        Policy::plan()
            .decide::<HubMatchCycles>(&CyclesInput { claims })
            .unwrap_err()
    };
    assert_eq!(refused(vec![claim(1, 1, 5)]).code.as_str(), "out_of_range");
    assert_eq!(
        refused(vec![claim(1, 2, 5), claim(1, 2, 5)]).code.as_str(),
        "duplicate"
    );
}
