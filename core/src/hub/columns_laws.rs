use super::*;
use crate::hub::matching::{MatchInput, Receiver, Spender, match_requests};
use crate::proofs;
use crate::reason::Why;
use crate::units::{EntityId, TokenId};
use crate::{config::Config, operations};
use proptest::prelude::{any, prop, prop_assert_eq, proptest};

pub(super) fn input(strategy: u32, spenders: &[U256], receivers: &[(U256, u64, U256)]) -> Vec<u8> {
    let mut bytes = Vec::from(*MAGIC);
    for word in [strategy, spenders.len() as u32, receivers.len() as u32] {
        bytes.extend(word.to_le_bytes());
    }
    let amount = |amount: &U256| amount.to_le_bytes::<32>();
    spenders.iter().for_each(|s| bytes.extend(amount(s)));
    receivers.iter().for_each(|r| bytes.extend(amount(&r.0)));
    receivers
        .iter()
        .for_each(|r| bytes.extend(r.1.to_le_bytes()));
    receivers.iter().for_each(|r| bytes.extend(amount(&r.2)));
    bytes
}

fn id(side: char, place: usize) -> EntityId {
    EntityId::new(&format!("{side}{place:06}")).unwrap()
}

proptest! {
    #![proptest_config(proofs::config())]

    #[test]
    fn columns_and_records_decide_alike(
        strategy in 0u32..3,
        spenders in prop::collection::vec((any::<u8>(), 0u32..200), 0..20),
        receivers in prop::collection::vec((any::<u8>(), 0u32..200, 0u64..4, 0u64..4), 0..20),
    ) {
        let wide = |small: u8, shift: u32| U256::from(small) << shift;
        let spenders: Vec<U256> = spenders.into_iter().map(|(n, shift)| wide(n, shift)).collect();
        let receivers: Vec<(U256, u64, U256)> = receivers.into_iter()
            .map(|(n, shift, since, fee)| (wide(n, shift), since, U256::from(fee))).collect();
        let token_id = TokenId::constant(1);
        let record = MatchInput {
            strategy: Some([Strategy::Amount, Strategy::Time, Strategy::Fee][strategy as usize]),
            spenders: spenders.iter().enumerate().map(|(place, amount)| Spender {
                id: id('s', place), token_id, amount: TokenAmount::from_u256(*amount),
            }).collect(),
            receivers: receivers.iter().enumerate().map(|(place, (amount, since, fee))| Receiver {
                id: id('r', place), token_id, amount: TokenAmount::from_u256(*amount),
                requested_at: Millis::constant(*since), fee: TokenAmount::from_u256(*fee),
            }).collect(),
        };
        let decided = match_requests(&Config::default(), &record, &mut Why::off()).unwrap();
        let answer = operations::call_columns("hub.match_columns", &input(strategy, &spenders, &receivers)).unwrap();
        let empty = Vec::new();
        let matches = decided.tokens.first().map_or(&empty, |token| &token.matches);
        let mut expected = Vec::from(*MAGIC);
        expected.extend((matches.len() as u32).to_le_bytes());
        let place = |id: &EntityId| id.as_str()[1..].parse::<u32>().unwrap().to_le_bytes();
        matches.iter().for_each(|m| expected.extend(place(&m.spender)));
        matches.iter().for_each(|m| expected.extend(place(&m.receiver)));
        matches.iter().for_each(|m| expected.extend(m.amount.get().to_le_bytes::<32>()));
        prop_assert_eq!(&answer[..expected.len()], &expected[..]);
        let proof = &answer[expected.len() + 8..];
        if let Some(token) = decided.tokens.first() {
            prop_assert_eq!(&proof[..64], &token.proof.sum_in.get().to_le_bytes::<64>()[..]);
            prop_assert_eq!(&proof[192..], &token.proof.reserve_used.get().to_le_bytes::<64>()[..]);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), n in 0u32..4, m in 0u32..4) {
        let _ = match_columns(&bytes);
        let mut framed = input(0, &[], &[]);
        framed.splice(8..16, [n.to_le_bytes(), m.to_le_bytes()].concat());
        framed.extend(&bytes);
        let _ = match_columns(&framed);
    }
}

#[test]
fn wrong_lengths_magic_and_strategy_are_refused() {
    let good = input(0, &[U256::ONE], &[(U256::ONE, 0, U256::ZERO)]);
    let code = |bytes: &[u8]| match_columns(bytes).unwrap_err().code;
    assert!(match_columns(&good).is_ok());
    assert_eq!(code(&good[..good.len() - 1]), ErrorCode::Malformed);
    assert_eq!(code(&[&good[..], &[0]].concat()), ErrorCode::Malformed);
    assert_eq!(code(b"TTC2"), ErrorCode::Malformed);
    assert_eq!(code(&input(3, &[], &[])), ErrorCode::OutOfRange);
    assert_eq!(
        code(&input(0, &[], &[(U256::ONE, u64::MAX, U256::ZERO)])),
        ErrorCode::OutOfRange
    );
    assert!(operations::call_columns("hub.plan", &good).is_err());
}
