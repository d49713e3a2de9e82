//! How many cases a property test runs: 256 with a fixed seed, more when `TRIMTAB_CASES` asks.

use proptest::test_runner::{Config, RngSeed};

/// The config of every property test that takes its number of cases from outside.
pub(crate) fn config() -> Config {
    // The one place where a test looks at its surroundings.
    #[allow(clippy::disallowed_methods)]
    let asked = std::env::var("TRIMTAB_CASES");
    let cases = asked
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(256);
    Config {
        cases,
        // As many as suit the cases: a long run rejects more than a short one.
        max_global_rejects: cases.saturating_mul(4),
        rng_seed: RngSeed::Fixed(0x7421_7421),
        failure_persistence: None,
        ..Config::default()
    }
}
