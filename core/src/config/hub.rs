//! What an operator may set about a hub. Every difference between the profiles is a field here.

use crate::config::amount::HubAmount;
use crate::config::profile::Profile;
use crate::error::Error;
use crate::reason::{Code, Effect, Reason, Why};
use crate::table::Table;
use crate::units::{Bps, Count, Decimals, Millis, Serial, TokenId};

/// Who is served first.
#[choice]
pub enum Strategy {
    /// The largest, then the oldest; older runtimes call it `hnw`.
    #[serde(alias = "hnw")]
    Amount,
    /// The oldest, then the largest; older runtimes call it `fifo`.
    #[serde(alias = "fifo")]
    Time,
    /// The one with the highest fee, then the largest.
    Fee,
}

/// How much is pulled back from peers that hold what is the hub's.
#[choice]
pub enum Funding {
    /// As much as this plan pays from the reserve, and what waits unmet.
    MatchFirst,
    /// What waits unmet, and what the reserve lacks to its minimum.
    ReserveFirst,
    /// Every free share above the soft limit, whole.
    Sweep,
}

/// Which amount the proportional fee is taken of.
#[choice]
pub enum FeeBasis {
    /// What the hub would deposit: the smaller of request and claim.
    Want,
    /// The request as it was made; and a fee in another token counts by its raw units, as in the
    /// runtime.
    Request,
}

/// Where a reserve is replenished from. Configured, never taken from state or from a peer.
#[choice]
#[schemars(rename = "ReserveSource")]
pub enum Source {
    /// A faucet.
    Faucet,
    /// The operator's treasury.
    Treasury,
    /// A withdrawal from the hub's main wallet.
    Withdraw,
}

/// What a hub knows about a token.
#[record(Eq)]
pub struct Token {
    /// Its decimal places.
    pub decimals: Decimals,
}

/// The limits of one token, where the hub's own do not fit it. Amounts are in whole tokens unless
/// they say otherwise. Of a token that is not in `limited_tokens` the first four must be set; what
/// else is absent is the hub's amount in the ratio of the two `target_reserve`.
#[record(Default, Eq)]
pub struct OwnLimits {
    /// Requests never bring the reserve below this.
    pub floor: Option<HubAmount>,
    /// Below this an episode of replenishment opens.
    pub min_reserve: Option<HubAmount>,
    /// At this an episode of replenishment closes.
    pub target_reserve: Option<HubAmount>,
    /// No deposit or withdrawal is smaller.
    pub min_deposit: Option<HubAmount>,
    /// A claim or share above this is worth acting on unasked.
    pub soft_limit: Option<HubAmount>,
    /// A claim above this is reported as severe.
    pub hard_limit: Option<HubAmount>,
    /// No single deposit is larger.
    pub per_request_cap: Option<HubAmount>,
    /// No account is given more in an hour.
    pub per_account_window: Option<HubAmount>,
    /// No tick deposits more.
    pub per_tick_cap: Option<HubAmount>,
    /// What the hub leaves of its own share when it pulls back.
    pub keep_buffer: Option<HubAmount>,
}

/// A limit by its name: what a token sets of it, and what the hub sets.
pub(crate) type Limit = (
    &'static str,
    fn(&OwnLimits) -> Option<HubAmount>,
    fn(&HubConfig) -> HubAmount,
);

impl OwnLimits {
    /// The limits that a token apart must set itself.
    pub(crate) const NEEDED: [Limit; 4] = [
        ("floor", |own| own.floor, |hub| hub.floor),
        ("min_reserve", |own| own.min_reserve, |hub| hub.min_reserve),
        (
            "target_reserve",
            |own| own.target_reserve,
            |hub| hub.target_reserve,
        ),
        ("min_deposit", |own| own.min_deposit, |hub| hub.min_deposit),
    ];

    /// Those that it has in the ratio of the two targets where it does not set them.
    pub(crate) const OTHERS: [Limit; 6] = [
        ("soft_limit", |own| own.soft_limit, |hub| hub.soft_limit),
        ("hard_limit", |own| own.hard_limit, |hub| hub.hard_limit),
        (
            "per_request_cap",
            |own| own.per_request_cap,
            |hub| hub.per_request_cap,
        ),
        (
            "per_account_window",
            |own| own.per_account_window,
            |hub| hub.per_account_window,
        ),
        (
            "per_tick_cap",
            |own| own.per_tick_cap,
            |hub| hub.per_tick_cap,
        ),
        ("keep_buffer", |own| own.keep_buffer, |hub| hub.keep_buffer),
    ];

    /// Every limit.
    fn fields() -> impl Iterator<Item = Limit> {
        Self::NEEDED.into_iter().chain(Self::OTHERS)
    }
}

/// What an operator may set about a hub. Amounts are in whole tokens unless they say otherwise.
#[record]
pub struct HubConfig {
    /// The time between two ticks, in milliseconds.
    pub tick_ms: Millis,
    /// Who is served first.
    pub strategy: Strategy,
    /// How much is pulled back.
    pub funding: Funding,
    /// Whether a peer is served without a request once its claim is above the soft limit.
    pub proactive: bool,
    /// Whether unsecured debt is pulled back by a settlement, besides the hub's own collateral.
    pub pull_unsecured: bool,
    /// Below this an episode of replenishment opens.
    pub min_reserve: HubAmount,
    /// At this an episode of replenishment closes.
    pub target_reserve: HubAmount,
    /// Requests never bring the reserve below this.
    pub floor: HubAmount,
    /// A claim or share above this is worth acting on unasked.
    pub soft_limit: HubAmount,
    /// A claim above this is reported as severe.
    pub hard_limit: HubAmount,
    /// No deposit or withdrawal is smaller.
    pub min_deposit: HubAmount,
    /// No single deposit is larger.
    pub per_request_cap: HubAmount,
    /// No account is given more of one token in an hour.
    pub per_account_window: HubAmount,
    /// No tick deposits more of one token.
    pub per_tick_cap: HubAmount,
    /// What the hub leaves of its own share when it pulls back.
    pub keep_buffer: HubAmount,
    /// How far above the soft limit a sweep begins, in ten-thousandths.
    pub hysteresis_bps: Bps,
    /// How long an account waits for its next deposit of a token, in milliseconds.
    pub cool_down_ms: Millis,
    /// Requests older than this are served first; null for never.
    #[null]
    pub max_wait_ms: Option<Millis>,
    /// Whether a request must have paid its fee.
    pub require_prepaid_fee: bool,
    /// The fixed part of the fee.
    pub base_fee: HubAmount,
    /// The proportional part of the fee, in ten-thousandths.
    pub fee_bps: Bps,
    /// Which amount the proportional part is taken of.
    pub fee_basis: FeeBasis,
    /// The version of the published fee terms; 0 counts as 1.
    pub policy_version: Serial,
    /// Whether a request that is tried again after a stale mark must still have this version.
    pub recheck_version_on_retry: bool,
    /// A mark of a submitted request is ignored from this age on, in milliseconds.
    pub submitted_stale_ms: Millis,
    /// A sent batch older than this is aborted, in milliseconds.
    pub sent_stale_ms: Millis,
    /// A proposal that the peer has not signed counts as on its way until this age, and is withdrawn
    /// where that is possible when it is older, in milliseconds; null for neither.
    pub proposal_stale_ms: Option<Millis>,
    /// Most deposits of a tick.
    pub max_deposits: Count,
    /// Most proposals of a tick.
    pub max_proposals: Count,
    /// Most executed settlements of a tick, and most withdrawn ones.
    pub max_executes: Count,
    /// Most operations of a batch.
    pub batch_operations: Count,
    /// Most accounts of one deposit entry of a batch.
    pub batch_pairs_per_entry: Count,
    /// Most accounts of all deposit entries of a batch.
    pub batch_pairs: Count,
    /// Most settlements of a batch.
    pub batch_settlements: Count,
    /// Whether a batch that is non-empty without this plan is broadcast; one that a request waits
    /// for always is.
    pub broadcast_leftovers: bool,
    /// Whether outcomes carry the runtime's own event codes.
    pub runtime_events: bool,
    /// The time between two looks at the reserves, in milliseconds.
    pub monitor_ms: Millis,
    /// A replenishment without an answer is given up after this, in milliseconds.
    pub replenish_timeout_ms: Millis,
    /// The wait after the first failed replenishment, in milliseconds; it doubles each time.
    pub retry_ms: Millis,
    /// The longest wait between two tries, in milliseconds.
    pub max_retry_ms: Millis,
    /// After so many failures the next source is asked.
    pub failures_per_source: Count,
    /// Where reserves are replenished from, in this order.
    pub sources: Vec<Source>,
    /// The sources of single tokens, instead of `sources`.
    pub token_sources: Table<TokenId, Vec<Source>>,
    /// The tokens that the amounts above are meant for; null for all. Any other token needs
    /// `token_limits`.
    pub limited_tokens: Option<Vec<TokenId>>,
    /// The limits of single tokens.
    pub token_limits: Table<TokenId, OwnLimits>,
    /// The tokens that the runtime knows; the state may name more.
    pub tokens: Table<TokenId, Token>,
}

impl Default for HubConfig {
    fn default() -> Self {
        Self::of(Profile::Plan)
    }
}

/// The decimals of the runtime's own tokens: USDC, WETH, USDT, TRX, SUN.
const TOKENS: [(TokenId, Decimals); 5] = [
    (TokenId::constant(1), Decimals::constant(6)),
    (TokenId::constant(2), Decimals::constant(18)),
    (TokenId::constant(3), Decimals::constant(6)),
    (TokenId::constant(4), Decimals::constant(6)),
    (TokenId::constant(5), Decimals::constant(18)),
];

/// The tokens that the plan's amounts, which are dollars, are meant for.
const DOLLARS: [TokenId; 2] = [TokenId::constant(1), TokenId::constant(3)];

impl HubConfig {
    /// The constants of `profile`.
    #[must_use]
    pub fn of(profile: Profile) -> Self {
        match profile {
            Profile::Xln => Self::runtime(),
            _ => Self::plan(),
        }
    }

    fn plan() -> Self {
        let token = |(id, decimals)| (id, Token { decimals });
        Self {
            tick_ms: const { Millis::constant(5_000) },
            strategy: Strategy::Amount,
            funding: Funding::MatchFirst,
            proactive: false,
            pull_unsecured: true,
            min_reserve: HubAmount::tokens(1_000),
            target_reserve: HubAmount::tokens(2_000),
            floor: HubAmount::tokens(500),
            soft_limit: HubAmount::tokens(500),
            hard_limit: HubAmount::tokens(10_000),
            min_deposit: HubAmount::tokens(1),
            per_request_cap: HubAmount::tokens(10_000),
            per_account_window: HubAmount::tokens(10_000),
            per_tick_cap: HubAmount::tokens(100_000),
            keep_buffer: HubAmount::tokens(0),
            hysteresis_bps: const { Bps::constant(1_000) },
            cool_down_ms: const { Millis::constant(30_000) },
            max_wait_ms: Some(const { Millis::constant(600_000) }),
            require_prepaid_fee: false,
            base_fee: HubAmount::tokens(0),
            fee_bps: const { Bps::constant(0) },
            fee_basis: FeeBasis::Want,
            policy_version: const { Serial::constant(1) },
            recheck_version_on_retry: true,
            submitted_stale_ms: const { Millis::constant(300_000) },
            sent_stale_ms: const { Millis::constant(120_000) },
            proposal_stale_ms: Some(const { Millis::constant(120_000) }),
            max_deposits: const { Count::constant(64) },
            max_proposals: const { Count::constant(10) },
            max_executes: const { Count::constant(10) },
            batch_operations: const { Count::constant(50) },
            batch_pairs_per_entry: const { Count::constant(64) },
            batch_pairs: const { Count::constant(256) },
            batch_settlements: const { Count::constant(32) },
            broadcast_leftovers: true,
            runtime_events: false,
            monitor_ms: const { Millis::constant(60_000) },
            replenish_timeout_ms: const { Millis::constant(300_000) },
            retry_ms: const { Millis::constant(30_000) },
            max_retry_ms: const { Millis::constant(900_000) },
            failures_per_source: const { Count::constant(3) },
            sources: vec![Source::Treasury, Source::Withdraw, Source::Faucet],
            token_sources: Table::new(),
            limited_tokens: Some(DOLLARS.to_vec()),
            token_limits: Table::new(),
            tokens: TOKENS.into_iter().map(token).collect(),
        }
    }

    fn runtime() -> Self {
        Self {
            tick_ms: const { Millis::constant(1_000) },
            funding: Funding::Sweep,
            pull_unsecured: false,
            min_reserve: HubAmount::ZERO,
            target_reserve: HubAmount::ZERO,
            floor: HubAmount::ZERO,
            min_deposit: HubAmount::units(1),
            per_request_cap: HubAmount::UNLIMITED,
            per_account_window: HubAmount::UNLIMITED,
            per_tick_cap: HubAmount::UNLIMITED,
            keep_buffer: HubAmount::ZERO,
            hysteresis_bps: const { Bps::constant(0) },
            cool_down_ms: const { Millis::constant(0) },
            max_wait_ms: None,
            require_prepaid_fee: true,
            base_fee: HubAmount::tenths(1),
            fee_bps: const { Bps::constant(1) },
            fee_basis: FeeBasis::Request,
            recheck_version_on_retry: false,
            proposal_stale_ms: None,
            limited_tokens: None,
            max_deposits: const { Count::constant(10) },
            broadcast_leftovers: false,
            runtime_events: true,
            sources: Vec::new(),
            ..Self::plan()
        }
    }

    /// Refuses what can never make sense, and amounts that one of the config's tokens cannot
    /// represent: nothing of such a token could be decided.
    pub fn validate(&self) -> Result<(), Error> {
        if self.tick_ms.get() == 0 {
            return Err(Error::out_of_range("tick_ms", 0, "at least 1"));
        }
        if self.failures_per_source.get() == 0 {
            return Err(Error::out_of_range("failures_per_source", 0, "at least 1"));
        }
        for (id, token) in &self.tokens {
            let own = self.token_limits.get(id);
            for (name, own_field, hub) in OwnLimits::fields() {
                let fits = |amount: HubAmount, field: String| {
                    let units = amount.scaled(token.decimals);
                    units.map_err(|error| Error { field, ..error })
                };
                if let Some(amount) = own.and_then(own_field) {
                    fits(amount, format!("token_limits.{id}.{name}"))?;
                } else if self.is_limited(*id) {
                    fits(hub(self), name.to_owned())?;
                }
            }
        }
        Ok(())
    }

    /// Adds a warning for what is legal and odd: reserves that cannot pay what one request may
    /// take, bounds in the wrong order, fees that nobody is asked for.
    pub fn lint(&self, why: &mut Why) {
        // Any decimals would do: the settings are compared with each other.
        let scaled = |amount: HubAmount| {
            let units = amount.scaled(const { Decimals::constant(18) });
            units.unwrap_or(crate::units::TokenAmount::MAX)
        };
        let warn = |code, observed, limit| {
            Reason::new(code, Effect::Warn)
                .observed(scaled(observed))
                .limit(limit)
        };
        let spendable = scaled(self.target_reserve).less(scaled(self.floor));
        if self.monitors() && scaled(self.per_request_cap) > spendable {
            why.add(|| warn(Code::CapAboveReserve, self.per_request_cap, spendable));
        }
        for (low, high) in [
            (self.floor, self.min_reserve),
            (self.min_reserve, self.target_reserve),
            (self.soft_limit, self.hard_limit),
        ] {
            if scaled(low) > scaled(high) {
                why.add(|| warn(Code::BoundsCrossed, low, scaled(high)));
            }
        }
        for (id, own) in &self.token_limits {
            // What a token that is none of the hub's does not set has no fixed amount.
            let hub = |amount| self.is_limited(*id).then_some(amount);
            let pairs: [[(Option<HubAmount>, HubAmount); 2]; 3] = [
                [(own.floor, self.floor), (own.min_reserve, self.min_reserve)],
                [
                    (own.min_reserve, self.min_reserve),
                    (own.target_reserve, self.target_reserve),
                ],
                [
                    (own.soft_limit, self.soft_limit),
                    (own.hard_limit, self.hard_limit),
                ],
            ];
            for pair in pairs
                .iter()
                .filter(|pair| pair.iter().any(|one| one.0.is_some()))
            {
                let [low, high] = pair.map(|(own, of_hub)| own.or_else(|| hub(of_hub)));
                let Some((low, high)) = low.zip(high) else {
                    continue;
                };
                if scaled(low) > scaled(high) {
                    why.add(|| {
                        let about = format_args!("hub.token_limits.{id}");
                        warn(Code::BoundsCrossed, low, scaled(high)).about(about)
                    });
                }
            }
        }
        let unknown = |id: &&TokenId| !self.tokens.contains_key(*id);
        for id in self.token_limits.keys().filter(unknown) {
            why.add(|| Reason::without_effect(format_args!("hub.token_limits.{id}")));
        }
        for id in self.token_sources.keys().filter(unknown) {
            why.add(|| Reason::without_effect(format_args!("hub.token_sources.{id}")));
        }
        if !self.require_prepaid_fee && !self.base_fee.is_zero() {
            why.add(|| Reason::without_effect("hub.base_fee"));
        }
        if !self.require_prepaid_fee && self.fee_bps.get() > 0 {
            why.add(|| Reason::without_effect("hub.fee_bps"));
        }
    }

    /// The published version; the runtime reads 0 as 1.
    #[must_use]
    pub fn version(&self) -> Serial {
        self.policy_version.max(const { Serial::constant(1) })
    }

    /// Whether the reserves are watched at all.
    #[must_use]
    pub fn monitors(&self) -> bool {
        let bounds = [self.min_reserve, self.target_reserve, self.floor];
        let own = self.token_limits.values();
        let own = own.flat_map(|own| [own.min_reserve, own.target_reserve, own.floor]);
        let mut all = bounds.into_iter().chain(own.flatten());
        all.any(|bound| !bound.is_zero())
    }

    /// Whether the hub's own amounts are meant for a token.
    #[must_use]
    pub fn is_limited(&self, token_id: TokenId) -> bool {
        let limited = self.limited_tokens.as_ref();
        limited.is_none_or(|tokens| tokens.contains(&token_id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::limits::Tokens;
    use crate::hub::state::HubState;
    use crate::proofs;
    use crate::units::EntityId;
    use proptest::prelude::*;

    fn read(text: &str) -> HubConfig {
        let value = crate::value::Value::from_json(text.as_bytes()).unwrap();
        let policy = crate::policy::Policy::new("plan", Some(&value)).unwrap();
        policy.config().hub.clone()
    }

    /// An amount of so many decimal places.
    fn amount(places: usize) -> HubAmount {
        let text = format!("\"0.{}1\"", "0".repeat(places));
        crate::value::decode(&crate::value::Value::from_json(text.as_bytes()).unwrap()).unwrap()
    }

    proptest! {
        #![proptest_config(proofs::config())]

        #[test]
        fn a_config_that_is_valid_has_limits_in_units_for_each_of_its_tokens(id in 1u32..6, field in 0usize..10, places in 0usize..12, of_hub in any::<bool>()) {
            let id = TokenId::constant(id);
            let mut config = HubConfig::default();
            let fine = amount(places);
            let mut own = OwnLimits::default();
            let (hub, own_field) = match field {
                0 => (&mut config.floor, &mut own.floor),
                1 => (&mut config.min_reserve, &mut own.min_reserve),
                2 => (&mut config.target_reserve, &mut own.target_reserve),
                3 => (&mut config.min_deposit, &mut own.min_deposit),
                4 => (&mut config.soft_limit, &mut own.soft_limit),
                5 => (&mut config.hard_limit, &mut own.hard_limit),
                6 => (&mut config.per_request_cap, &mut own.per_request_cap),
                7 => (&mut config.per_account_window, &mut own.per_account_window),
                8 => (&mut config.per_tick_cap, &mut own.per_tick_cap),
                _ => (&mut config.keep_buffer, &mut own.keep_buffer),
            };
            match of_hub {
                true => *hub = fine,
                false => *own_field = Some(fine),
            }
            config.token_limits.insert(id, own);
            let hub = HubState::empty(EntityId::new("0x11").unwrap(), Millis::MIN);
            let name = OwnLimits::fields().nth(field).unwrap().0;
            match config.validate() {
                Ok(()) => {
                    let tokens = Tokens::of(&hub, &config);
                    for id in config.tokens.keys() {
                        prop_assert!(tokens.get(*id).is_ok(), "{id} {name}");
                    }
                }
                Err(error) if of_hub => prop_assert_eq!(error.field, name),
                Err(error) => prop_assert_eq!(error.field, format!("token_limits.{id}.{name}")),
            }
        }
    }

    fn told(text: &str) -> Vec<(Code, Option<String>)> {
        let mut why = Why::new();
        read(text).lint(&mut why);
        let reasons = why.into_reasons().into_iter();
        let own = reasons.filter(|reason| reason.subject.is_some());
        own.map(|reason| (reason.code, reason.subject)).collect()
    }

    #[test]
    fn bounds_of_a_token_in_the_wrong_order_and_limits_of_an_unknown_token_are_told() {
        let config = r#"{"hub":{"token_limits":{
            "1":{"floor":"1500"},
            "2":{"floor":"50","min_reserve":"10","target_reserve":"20","min_deposit":"0.01"},
            "777":{"floor":"1"}},"token_sources":{"778":["faucet"]}}}"#;
        let about = |code, subject: &str| (code, Some(subject.to_owned()));
        assert_eq!(
            told(config),
            [
                about(Code::BoundsCrossed, "hub.token_limits.1"),
                about(Code::BoundsCrossed, "hub.token_limits.2"),
                about(Code::SettingWithoutEffect, "hub.token_limits.777"),
                about(Code::SettingWithoutEffect, "hub.token_sources.778"),
            ]
        );
        assert_eq!(told("{}"), []);
    }
}
