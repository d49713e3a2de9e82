//! What an operator wants to know of a run.

use crate::params::{Params, TOKEN};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The numbers of one run; amounts in raw units.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    pub events: u64,
    pub ticks: u64,
    pub payments: u64,
    pub payments_refused: u64,
    pub requests: u64,
    pub deposits: u64,
    pub proposals: u64,
    pub batches: u64,
    pub failed_batches: u64,
    pub reverts: u64,
    pub aborts: u64,
    pub operations: u64,
    pub alerts: u64,
    pub crashes: u64,
    pub attacks: u64,
    pub replenishments: u64,
    pub faucet_calls: u64,
    pub faucet_served: u64,
    pub faucet_paid: i128,
    pub fees: i128,
    pub treasury: i128,
    pub treasury_asked: i128,
    /// The most that it was asked for in any hour.
    pub treasury_peak: i128,
    pub treasury_refused: u64,
    /// How often it was asked while it was silent.
    pub treasury_unanswered: u64,
    pub rejects: u64,
    pub pulled: i128,
    pub collateralised: i128,
    pub netted: i128,
    pub between_hubs: i128,
    pub equity: i128,
    pub starved: u64,
    pub latencies: Vec<u64>,
    /// What the requests that took thirty seconds and more waited for longest.
    pub late: BTreeMap<&'static str, u64>,
    pub open_at_end: Vec<u64>,
    pub violations: Vec<String>,
    pub starvations: Vec<String>,
    pub violation_count: u64,
    up_ms: u64,
    all_ms: u64,
    /// The capital in use, summed over time.
    capital_ms: f64,
    passed_ms: u64,
}

impl Metrics {
    pub fn new(_: &Params) -> Self {
        Self::default()
    }

    pub fn uptime(&mut self, passed: u64, up: bool) {
        self.all_ms += passed;
        self.up_ms += if up { passed } else { 0 };
    }

    pub fn in_use(&mut self, passed: u64, capital: i128) {
        self.passed_ms += passed;
        self.capital_ms += passed as f64 * capital as f64;
    }

    pub fn broken(&mut self, what: String) {
        self.violation_count += 1;
        if self.violations.len() < 5 {
            self.violations.push(what);
        }
    }
}

/// What an operation on chain and what capital may cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Prices {
    /// Dollars an operation.
    pub gas: Vec<f64>,
    /// The part of the capital a year.
    pub rates: Vec<f64>,
}

/// What a thousand dollars of collateral cost at one gas price and one rate, in dollars.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Cost {
    pub gas: f64,
    pub rate: f64,
    pub operations: f64,
    pub capital: f64,
}

impl Cost {
    pub fn total(&self) -> f64 {
        self.operations + self.capital
    }
}

/// The numbers of all seeds of one scenario under one policy.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Row {
    pub scenario: String,
    pub policy: String,
    pub tick_ms: u64,
    pub seeds: u64,
    pub faucet_success: f64,
    pub worst_faucet_success: f64,
    pub reserve_uptime: f64,
    pub worst_reserve_uptime: f64,
    pub latency_p50_s: f64,
    pub latency_p95_s: f64,
    pub latency_p99_s: f64,
    pub worst_latency_p95_s: f64,
    /// Requests that were still open, with a claim, when the scenario ended; per seed.
    pub open_at_end: f64,
    pub requests: f64,
    pub collateralised: f64,
    /// What the reserve lost per unit of collateral: what deposits took less what was pulled back.
    pub reserve_per_unit: f64,
    pub treasury_per_unit: f64,
    /// On-chain operations per thousand tokens of collateral.
    pub operations_per_1000: f64,
    pub batches: f64,
    pub ticks: f64,
    pub failed_batches: f64,
    pub reverts: u64,
    pub aborts: u64,
    pub payments_refused: f64,
    pub starved: u64,
    pub netted: f64,
    /// The processor's time for all seeds: all that differs between two runs of one commit. Absent
    /// where the system does not tell, and in rows that are older than this field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processor_seconds: Option<f64>,
    /// What the treasury was asked for a seed, and the most of it in any hour of any seed.
    pub treasury_asked: f64,
    pub treasury_peak: f64,
    /// How often a seed the treasury refused because its allowance was used up.
    pub treasury_refused: f64,
    /// How often a seed it was asked while it was silent; absent in rows that are older than this
    /// field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub treasury_unanswered: Option<f64>,
    /// Settlements proposed and withdrawn, a seed.
    pub proposals: f64,
    pub rejects: f64,
    /// What the treasury has given net of what came back, averaged over time.
    pub capital_in_use: f64,
    /// A thousand dollars of collateral at every gas price and rate; none without collateral.
    pub costs: Vec<Cost>,
    pub adversary_loss: f64,
    pub violations: u64,
    pub first_violation: Option<String>,
    pub first_starvation: Option<String>,
    pub replay: Option<String>,
    /// The share of requests that took thirty seconds and more.
    pub late: f64,
    /// What they waited for longest, as shares of all requests.
    pub late_because: BTreeMap<String, f64>,
    /// The targets that this row misses.
    pub missed: Vec<String>,
}

fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 1.0 }
}

fn quantile(sorted: &[u64], part: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let at = (part * last as f64).round() as usize;
    sorted.get(at).map_or(0.0, |ms| *ms as f64 / 1_000.0)
}

impl Row {
    pub fn of(
        scenario: &str,
        policy: &str,
        tick_ms: u64,
        runs: &[(u64, Metrics, Option<i128>)],
        options: &str,
        prices: &Prices,
    ) -> Self {
        let seeds = runs.len() as f64;
        let tokens = |raw: i128| raw as f64 / TOKEN as f64;
        let sum =
            |of: &dyn Fn(&Metrics) -> f64| runs.iter().map(|(_, run, _)| of(run)).sum::<f64>();
        let worst = |of: &dyn Fn(&Metrics) -> f64| {
            runs.iter()
                .map(|(_, run, _)| of(run))
                .fold(f64::INFINITY, f64::min)
        };
        let mut all: Vec<u64> = runs
            .iter()
            .flat_map(|(_, run, _)| run.latencies.iter().copied())
            .collect();
        all.sort_unstable();
        let p95 = |run: &Metrics| {
            let mut own = run.latencies.clone();
            own.sort_unstable();
            -quantile(&own, 0.95)
        };
        let faucet = |run: &Metrics| share(run.faucet_served as f64, run.faucet_calls as f64);
        let uptime = |run: &Metrics| share(run.up_ms as f64, run.all_ms as f64);
        let collateralised = sum(&|run| tokens(run.collateralised));
        let per_unit = |amount: f64| {
            if collateralised > 0.0 {
                amount / collateralised
            } else {
                0.0
            }
        };
        let capital = |run: &Metrics| share(run.capital_ms, run.passed_ms as f64) / TOKEN as f64;
        let years = sum(&|run| run.passed_ms as f64) / seeds / (8_760.0 * 3_600_000.0);
        let mixes = prices
            .gas
            .iter()
            .flat_map(|gas| prices.rates.iter().map(move |rate| (gas, rate)));
        let costs = mixes.map(|(gas, rate)| Cost {
            gas: *gas,
            rate: *rate,
            operations: per_unit(sum(&|run| run.operations as f64)) * 1_000.0 * gas,
            capital: per_unit(sum(&capital)) * 1_000.0 * rate * years,
        });
        let costs = if collateralised > 0.0 {
            costs.collect()
        } else {
            Vec::new()
        };
        let mut late_because: BTreeMap<String, f64> = BTreeMap::new();
        for (what, count) in runs.iter().flat_map(|(_, run, _)| &run.late) {
            *late_because.entry((*what).to_owned()).or_default() += *count as f64;
        }
        let served = all.len().max(1) as f64;
        late_because.values_mut().for_each(|count| *count /= served);
        let bad = runs.iter().find(|(_, run, _)| run.violation_count > 0);
        let hungry = runs.iter().find(|(_, run, _)| run.starved > 0);
        let loss = runs
            .iter()
            .filter_map(|(_, run, honest)| Some(honest.as_ref()? - run.equity));
        let mut row = Self {
            late: late_because.values().sum(),
            late_because,
            missed: Vec::new(),
            scenario: scenario.to_owned(),
            policy: policy.to_owned(),
            tick_ms,
            seeds: runs.len() as u64,
            faucet_success: sum(&faucet) / seeds,
            worst_faucet_success: worst(&faucet),
            reserve_uptime: sum(&uptime) / seeds,
            worst_reserve_uptime: worst(&uptime),
            latency_p50_s: quantile(&all, 0.5),
            latency_p95_s: quantile(&all, 0.95),
            latency_p99_s: quantile(&all, 0.99),
            worst_latency_p95_s: -worst(&p95),
            open_at_end: sum(&|run| run.open_at_end.len() as f64) / seeds,
            requests: sum(&|run| run.requests as f64) / seeds,
            collateralised: collateralised / seeds,
            reserve_per_unit: per_unit(sum(&|run| tokens(run.collateralised - run.pulled))),
            treasury_per_unit: per_unit(sum(&|run| tokens(run.treasury))),
            operations_per_1000: per_unit(sum(&|run| run.operations as f64)) * 1_000.0,
            batches: sum(&|run| run.batches as f64) / seeds,
            ticks: sum(&|run| run.ticks as f64) / seeds,
            failed_batches: sum(&|run| run.failed_batches as f64) / seeds,
            reverts: runs.iter().map(|(_, run, _)| run.reverts).sum(),
            aborts: runs.iter().map(|(_, run, _)| run.aborts).sum(),
            payments_refused: share(sum(&|run| run.payments_refused as f64), sum(&|run| run.payments as f64)),
            starved: runs.iter().map(|(_, run, _)| run.starved).sum(),
            netted: sum(&|run| tokens(run.netted)) / seeds,
            processor_seconds: None,
            treasury_asked: sum(&|run| tokens(run.treasury_asked)) / seeds,
            treasury_peak: runs.iter().map(|(_, run, _)| tokens(run.treasury_peak)).fold(0.0, f64::max),
            treasury_refused: sum(&|run| run.treasury_refused as f64) / seeds,
            treasury_unanswered: Some(sum(&|run| run.treasury_unanswered as f64) / seeds),
            proposals: sum(&|run| run.proposals as f64) / seeds,
            rejects: sum(&|run| run.rejects as f64) / seeds,
            capital_in_use: sum(&capital) / seeds,
            costs,
            adversary_loss: loss.map(tokens).fold(0.0, f64::max),
            violations: runs.iter().map(|(_, run, _)| run.violation_count).sum(),
            first_starvation: hungry.and_then(|(_, run, _)| run.starvations.first().cloned()),
            first_violation: bad.and_then(|(_, run, _)| run.violations.first().cloned()),
            replay: bad.or(hungry).map(|(seed, _, _)| {
                let policy = policy.replace(' ', "-");
                format!("cargo run --profile world -p trimtab-tests --bin world -- --scenario {scenario} --policy {policy} --seed {seed} --seeds 1{options} --log world.jsonl")
            }),
        };
        if policy.starts_with("trimtab") {
            row.missed = row.missed();
        }
        row
    }

    /// What an operator is promised, where it does not hold.
    fn missed(&self) -> Vec<String> {
        let mut missed = Vec::new();
        let laws = [
            (
                self.violations > 0,
                format!("{} laws broken", self.violations),
            ),
            (self.starved > 0, format!("{} starved", self.starved)),
            (
                self.adversary_loss > 0.0,
                format!("loss {}", self.adversary_loss),
            ),
        ];
        missed.extend(laws.into_iter().filter(|(is, _)| *is).map(|(_, what)| what));
        missed.extend(self.targets_missed());
        missed
    }

    /// The targets of service that this row misses.
    pub fn targets_missed(&self) -> Vec<String> {
        let (faucet, uptime) = (self.faucet_success * 100.0, self.reserve_uptime * 100.0);
        let p95 = self.latency_p95_s;
        let targets = [
            (faucet > 95.0, format!("faucet {faucet:.2} %")),
            (uptime > 99.0, format!("uptime {uptime:.2} %")),
            (p95 < 30.0, format!("p95 {p95:.1} s")),
        ];
        let missed = targets.into_iter().filter(|(holds, _)| !holds);
        missed.map(|(_, what)| what).collect()
    }
}
