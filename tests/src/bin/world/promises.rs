//! What must hold of the rows: a broken promise fails the program. Where we may lose, the row stays
//! and says why.

use crate::metrics::{Cost, Row};

/// One promise, and what became of it.
pub struct Promise {
    pub what: String,
    pub found: String,
    pub holds: bool,
    /// Whether the program fails without it.
    pub must: bool,
}

const OURS: &str = "trimtab";
const RUNTIME: &str = "xln";
const RESERVES: &str = "reserves only";
const NOBODY: &str = "no policy";

/// Reserve per unit where peers do not sign lies at most by so much of its size above that of `calm`.
const MORE_RESERVE: f64 = 0.3;
/// Reserve per unit of a smaller size is near zero: its part is then no measure.
const NEAR_ZERO: f64 = 0.1;
/// Of the six mixes of prices, we are cheaper in at least so many.
const LEAST_MIXES: usize = 5;

/// Every promise that these rows can tell.
pub fn all(rows: &[Row]) -> Vec<Promise> {
    let row = |scenario: &str, policy: &str| {
        let mut own = rows.iter().filter(|row| row.scenario == scenario);
        own.find(|row| row.policy == policy)
    };
    let mut promises = Vec::new();
    for ours in rows.iter().filter(|row| row.policy == OURS) {
        let loss = ours.adversary_loss.max(0.0);
        promises.push(Promise {
            what: format!(
                "{}: nobody starves, no law is broken, no adversary gains",
                ours.scenario
            ),
            found: format!(
                "{} starved, {} laws broken, loss {loss:.0}",
                ours.starved, ours.violations
            ),
            holds: ours.starved == 0 && ours.violations == 0 && loss == 0.0,
            must: true,
        });
    }
    let faucet = |policy: &str, below: Option<f64>, above: Option<f64>| {
        let row = row("drain", policy)?;
        let success = row.faucet_success * 100.0;
        Some(Promise {
            what: match (below, above) {
                (Some(below), _) => {
                    format!("drain: {policy} serves less than {below} % of the faucet")
                }
                (_, above) => format!(
                    "drain: {policy} serves more than {} % of the faucet",
                    above.unwrap_or(0.0)
                ),
            },
            found: format!("{success:.2} %"),
            holds: below.is_none_or(|below| success < below)
                && above.is_none_or(|above| success > above),
            must: true,
        })
    };
    promises.extend(faucet(NOBODY, Some(60.0), None));
    promises.extend(faucet(RUNTIME, Some(80.0), None));
    promises.extend(faucet(OURS, None, Some(95.0)));
    promises.extend(row("drain", OURS).map(|row| Promise {
        what: "drain: the reserve of trimtab is up for more than 99 %".to_owned(),
        found: format!("{:.2} %", row.reserve_uptime * 100.0),
        holds: row.reserve_uptime > 0.99,
        must: true,
    }));
    promises.extend(row("low-allowance", OURS).map(|row| Promise {
        what: "low-allowance: the treasury refuses what lies above its allowance".to_owned(),
        found: format!("{:.1} refusals a seed", row.treasury_refused),
        holds: row.treasury_refused > 0.0,
        must: true,
    }));
    promises.extend(row("treasury-trouble", OURS).and_then(|row| {
        let unanswered = row.treasury_unanswered?;
        Some(Promise {
            what: "treasury-trouble: the treasury is asked while it is silent".to_owned(),
            found: format!("{unanswered:.1} times a seed"),
            holds: unanswered > 0.0,
            must: true,
        })
    }));
    promises.extend(rows.iter().filter(|row| row.policy == OURS).map(targets));
    for scenario in ["silent", "offline"] {
        if let (Some(row), Some(calm)) = (row(scenario, OURS), row("calm", OURS)) {
            promises.push(reserve(row, calm));
        }
    }
    for scenario in ["calm", "rush", "drain"] {
        for other in [RUNTIME, RESERVES] {
            if let (Some(ours), Some(other)) = (row(scenario, OURS), row(scenario, other)) {
                promises.push(cheaper(ours, other));
            }
        }
    }
    promises
}

/// What an operator is told to expect of our row.
fn targets(row: &Row) -> Promise {
    let missed = row.targets_missed();
    Promise {
        what: format!(
            "{}: more than 95 % of the faucet, the reserve up for more than 99 %, p95 below 30 s",
            row.scenario
        ),
        found: if missed.is_empty() {
            format!(
                "{:.2} %, {:.2} %, {:.1} s",
                row.faucet_success * 100.0,
                row.reserve_uptime * 100.0,
                row.latency_p95_s
            )
        } else {
            let waits = row.late_because.iter();
            let waits: Vec<String> = waits
                .map(|(what, share)| format!("{what} {:.2} %", share * 100.0))
                .collect();
            format!(
                "missed: {}; {:.2} % of the requests took 30 s and more, most of it waiting for: {}",
                missed.join(", "),
                row.late * 100.0,
                waits.join(", ")
            )
        },
        holds: missed.is_empty(),
        must: false,
    }
}

/// Where more comes back than is deposited, what the reserve spends is negative: the same distance
/// is then allowed above it.
fn reserve(row: &Row, calm: &Row) -> Promise {
    let (own, base) = (row.reserve_per_unit, calm.reserve_per_unit);
    let room = MORE_RESERVE * base.abs();
    let most = base + room;
    let holds = own <= most;
    let mut found = format!("{own:.3}, in calm {base:.3}, so at most {most:.3}");
    if !holds {
        let withdrawn = |row: &Row| row.rejects / row.proposals.max(1.0) * 100.0;
        let back = |row: &Row| (1.0 - row.reserve_per_unit) * 100.0;
        found.push_str(&format!(
            "; lost by {:.3}: for each 100 of deposits {:.1} came back, in calm {:.1}; {:.1} % of the proposals were never signed and were withdrawn, in calm {:.1} %",
            own - most,
            back(row),
            back(calm),
            withdrawn(row),
            withdrawn(calm),
        ));
        if base.abs() < NEAR_ZERO {
            found.push_str(&format!(
                "; that of calm is near zero, so {:.0} % of its size leave a room of only {room:.3}",
                MORE_RESERVE * 100.0
            ));
        }
    }
    Promise {
        what: format!(
            "{}: reserve per unit at most that of calm plus {:.0} % of its size",
            row.scenario,
            MORE_RESERVE * 100.0
        ),
        found,
        holds,
        must: false,
    }
}

fn cheaper(ours: &Row, other: &Row) -> Promise {
    let pairs: Vec<(&Cost, &Cost)> = ours.costs.iter().zip(&other.costs).collect();
    let won = pairs.iter().filter(|(a, b)| a.total() < b.total()).count();
    let holds = won >= LEAST_MIXES.min(pairs.len());
    let mut found = format!("cheaper in {won} of {}", pairs.len());
    let lost = pairs.iter().filter(|(a, b)| a.total() >= b.total());
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    for (a, b) in lost {
        let because = match (a.operations > b.operations, a.capital > b.capital) {
            (true, false) => "more operations, which cost more than the capital that they save",
            (false, true) => "more capital bound",
            _ => "more operations and more capital bound",
        };
        let mix = format!(
            "gas {} at {} %: operations {:.2} against {:.2}, capital {:.2} against {:.2}",
            a.gas,
            a.rate * 100.0,
            a.operations,
            b.operations,
            a.capital,
            b.capital
        );
        match reasons.iter_mut().find(|(known, _)| *known == because) {
            Some((_, mixes)) => mixes.push(mix),
            None => reasons.push((because, vec![mix])),
        }
    }
    for (because, mixes) in reasons {
        found.push_str(&format!("; lost by {because} ({})", mixes.join("; ")));
    }
    if other.faucet_success + 0.01 < ours.faucet_success {
        found.push_str(&format!(
            "; {} served {:.0} % of the faucet, trimtab {:.0} %",
            other.policy,
            other.faucet_success * 100.0,
            ours.faucet_success * 100.0,
        ));
    }
    Promise {
        what: format!(
            "{}: trimtab costs less than {} in at least {LEAST_MIXES} of {} mixes of prices",
            ours.scenario,
            other.policy,
            pairs.len()
        ),
        found,
        holds,
        must: false,
    }
}
