//! The parameters of a scenario: one JSON file each, `tests/world/*.json`, every one of them in it.

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

/// One raw unit is a millionth of a dollar, and a token of six decimals is a dollar.
pub const TOKEN: i128 = 1_000_000;

/// What a scenario sets. Times in seconds unless they say otherwise, amounts in tokens.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    pub name: String,
    pub hours: f64,
    pub hubs: usize,
    pub users: usize,
    /// The share of users that mostly receive.
    pub receivers: f64,
    /// How likely a payment goes to one of them.
    pub to_receivers: f64,
    pub payments_per_user_minute: f64,
    pub smallest_payment: f64,
    pub largest_payment: f64,
    /// How likely a payment goes to the next hub, where there are several.
    pub to_next_hub: f64,
    pub faucet_per_hour: f64,
    pub faucet_amount: f64,
    /// One faucet call a second of so many tokens, in so many stretches a day of so many seconds.
    pub drains_per_day: u32,
    pub drain_seconds: u64,
    pub drain_amount: f64,
    pub chain_seconds: f64,
    pub chain_failure: f64,
    /// Once an hour no batch settles for so long.
    pub hang_seconds: u64,
    pub treasury_seconds: f64,
    pub treasury_mean_seconds: f64,
    pub treasury_failure: f64,
    /// What the treasury gives in an hour that ends at any moment; above it, it refuses.
    pub treasury_allowance: f64,
    /// Once a day the treasury neither gives nor answers for so long; that begins at some moment
    /// between these hours of the day.
    pub treasury_silent_seconds: u64,
    pub treasury_silent_from_hours: f64,
    pub treasury_silent_until_hours: f64,
    /// Whoever does not ask by itself is filled up by hand, so many hours apart.
    pub hand_top_up_hours: f64,
    pub signers: f64,
    /// The share of users who sign a debt payment: a person has to do it.
    pub hand_signers: f64,
    /// So many of those who pay most never sign.
    pub silent_spenders: usize,
    pub sign_mean_seconds: f64,
    pub attackers: f64,
    pub attack_mean_seconds: f64,
    pub crashes_per_hour: f64,
    pub crash_mean_seconds: f64,
    pub min_reserve: u64,
    pub target_reserve: u64,
    pub floor: u64,
    /// Whether every second user holds a token of 18 decimals worth a thousand times more.
    pub second_token: bool,
    pub user_reserve: f64,
    pub credit: f64,
    pub top_up: f64,
    pub cash_out_above: f64,
}

/// Every scenario that has a file here.
pub const SCENARIOS: [(&str, &str); 13] = [
    ("calm", include_str!("../../../world/calm.json")),
    ("rush", include_str!("../../../world/rush.json")),
    ("drain", include_str!("../../../world/drain.json")),
    (
        "treasury-trouble",
        include_str!("../../../world/treasury-trouble.json"),
    ),
    (
        "low-allowance",
        include_str!("../../../world/low-allowance.json"),
    ),
    ("offline", include_str!("../../../world/offline.json")),
    ("silent", include_str!("../../../world/silent.json")),
    (
        "hand-signed",
        include_str!("../../../world/hand-signed.json"),
    ),
    (
        "chain-trouble",
        include_str!("../../../world/chain-trouble.json"),
    ),
    ("adversary", include_str!("../../../world/adversary.json")),
    ("two-tokens", include_str!("../../../world/two-tokens.json")),
    ("two-hubs", include_str!("../../../world/two-hubs.json")),
    ("triangle", include_str!("../../../world/triangle.json")),
];

impl Params {
    /// The scenario of that name, or the one in a file.
    pub fn load(name: &str) -> Result<Self> {
        let known = SCENARIOS.iter().find(|(known, _)| *known == name);
        let text = match known {
            Some((_, text)) => (*text).to_owned(),
            None => std::fs::read_to_string(name)
                .with_context(|| format!("no scenario and no file {name}"))?,
        };
        serde_json::from_str(&text).with_context(|| format!("the parameters of {name}"))
    }

    /// The same with some parameters changed, each `name=value`.
    pub fn with(&self, changes: &[String]) -> Result<Self> {
        let mut json = serde_json::to_value(self)?;
        for change in changes {
            let (name, value) = change.split_once('=').context("a change is name=value")?;
            let slot = json
                .get_mut(name)
                .with_context(|| format!("no parameter {name}"))?;
            *slot = serde_json::from_str(value).unwrap_or_else(|_| value.into());
        }
        Ok(serde_json::from_value(json)?)
    }

    pub fn end(&self) -> u64 {
        (self.hours * 3_600_000.0) as u64
    }
}
