//! A replenishment is asked for once, a missing entry is a reserve of nothing, and no moment that
//! lies ahead holds the watch up.

use super::*;
use crate::config::amount::HubAmount;
use crate::config::hub::OwnLimits;
use crate::proofs;
use crate::units::EntityId;
use proptest::prelude::*;

const NOW: u64 = 1_000_000_000;
const TOKEN: TokenId = TokenId::constant(1);

fn whole(tokens: u64) -> TokenAmount {
    TokenAmount::new(u128::from(tokens) * 1_000_000)
}

fn hub(reserve: Option<u64>, memory: TokenMemory) -> HubState {
    let mut hub = HubState::empty(EntityId::new("0x11").unwrap(), Millis::constant(NOW));
    if let Some(reserve) = reserve {
        hub.reserves.insert(TOKEN, whole(reserve));
    }
    hub.memory.tokens.insert(TOKEN, memory);
    hub
}

fn asked(confirmed: bool) -> TokenMemory {
    TokenMemory {
        episode: Serial::constant(1),
        since: Some(Millis::constant(NOW - 1_000)),
        in_flight: Some(InFlight {
            id: "asked".to_owned(),
            amount: whole(1_500),
            at: Millis::constant(NOW),
            reserve: whole(500),
            confirmed,
        }),
        reserve: whole(500),
        ..TokenMemory::default()
    }
}

fn look(config: &Config, hub: &HubState) -> Watched {
    reserves(config, hub, &mut Why::off()).unwrap()
}

/// The next look, so much later, at such a reserve.
fn next(config: &Config, hub: &mut HubState, after: u64, reserve: u64) -> Watched {
    hub.now = hub.now.plus(Millis::new(after).unwrap()).unwrap();
    hub.reserves.insert(TOKEN, whole(reserve));
    let watched = look(config, hub);
    hub.memory = watched.memory.clone();
    watched
}

fn asks(watched: &Watched) -> bool {
    let asks = |action: &Action| matches!(action, Action::Replenish { .. });
    watched.actions.iter().any(asks)
}

fn in_flight(hub: &HubState) -> Option<&InFlight> {
    let token = hub.memory.tokens.get(&TOKEN);
    token.and_then(|token| token.in_flight.as_ref())
}

proptest! {
    #![proptest_config(proofs::config())]

    #[test]
    fn a_confirmed_replenishment_is_asked_for_once_until_all_of_it_shows(steps in prop::collection::vec(0u64..2_000, 1..20)) {
        let config = Config::default();
        let mut hub = hub(Some(500), asked(true));
        let mut lowest = 500;
        for step in steps {
            // The hub gives and takes back, but the amount itself has not come.
            let reserve = step.min(lowest + 1_499);
            lowest = lowest.min(reserve);
            let watched = next(&config, &mut hub, 5_000, reserve);
            prop_assert!(!asks(&watched));
            prop_assert!(in_flight(&hub).is_some());
        }
        // Whatever was spent in between: now it is there.
        next(&config, &mut hub, 5_000, lowest + 1_500);
        prop_assert!(in_flight(&hub).is_none_or(|asked| asked.id != "asked"));
    }

    #[test]
    fn a_confirmed_replenishment_that_never_shows_is_given_up_in_time(late in 300_000u64..10_000_000) {
        let mut hub = hub(Some(500), asked(true));
        let watched = next(&Config::default(), &mut hub, late, 500);
        prop_assert!(asks(&watched));
        prop_assert!(in_flight(&hub).is_some_and(|asked| asked.id != "asked"), "under a new id");
    }

    #[test]
    fn a_moment_that_lies_ahead_delays_no_replenishment_for_longer_than_its_own_wait(ahead in 1u64..8_000_000_000_000, confirmed in any::<bool>()) {
        let config = Config::default();
        let later = Millis::new(NOW + ahead).unwrap();
        let mut waits = asked(false);
        waits.in_flight = None;
        waits.next_at = Some(later);
        let mut waiting = hub(Some(500), waits);
        next(&config, &mut waiting, 0, 500);
        prop_assert!(asks(&next(&config, &mut waiting, config.hub.max_retry_ms.get(), 500)));
        let mut flies = asked(confirmed);
        flies.in_flight.as_mut().unwrap().at = later;
        let mut flying = hub(Some(500), flies);
        next(&config, &mut flying, 0, 500);
        prop_assert!(in_flight(&flying).is_some());
        next(&config, &mut flying, config.hub.replenish_timeout_ms.get(), 500);
        prop_assert!(in_flight(&flying).is_none_or(|asked| asked.id != "asked"));
    }

    #[test]
    fn outflow_that_lies_ahead_grows_old(ahead in 1u64..1_000_000) {
        let mut memory = TokenMemory { reserve: whole(5_000), ..TokenMemory::default() };
        memory.outflow.bucket = Serial::new(NOW / 600_000 + ahead).unwrap();
        memory.outflow.amounts[0] = whole(7);
        let mut hub = hub(Some(5_000), memory);
        let config = Config::default();
        next(&config, &mut hub, 0, 5_000);
        let watched = next(&config, &mut hub, WINDOW_MS, 5_000);
        prop_assert_eq!(watched.reserves[0].time_to_empty_ms, None);
    }

    #[test]
    fn a_reserve_without_an_entry_is_a_reserve_of_nothing(known in any::<bool>(), own in any::<bool>()) {
        let mut config = Config::default();
        let mut memory = TokenMemory::default();
        if known {
            memory = asked(false);
        }
        let entry = hub(Some(0), memory.clone());
        let mut none = hub(None, memory);
        if own && !known {
            let limits = OwnLimits { floor: Some(HubAmount::tokens(400)), ..OwnLimits::default() };
            config.hub.token_limits.insert(TOKEN, limits);
            none.memory.tokens = Table::new();
        }
        let (with, without) = (look(&config, &entry), look(&config, &none));
        prop_assert_eq!(&without.actions, &with.actions);
        prop_assert_eq!(without.reserves, with.reserves);
        let plan = |hub| crate::hub::plan::plan(&config, hub, &mut Why::off()).unwrap();
        prop_assert_eq!(plan(&none).actions, with.actions);
    }
}
