//! Whether an expected value reaches the threshold of a tier (`rebalance.accept`): JSON in, JSON out,
//! by trimtab natively, by regorus and by Cedar, one after the other in the same run.
//!
//! Prints one row a line, as the bench reads them: nanoseconds are those of one decision.

use anyhow::{Context as _, Result, ensure};
use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request};
use std::time::Instant;
use trimtab_core::policy::Policy;

const CALLS: u32 = 500;
const ROUNDS: usize = 31;
const TIERS: [&str; 4] = ["struggling", "vulnerable", "stable", "thriving"];

/// What trimtab decides, in Rego.
const REGO: &str = r#"
package rebalance
import rego.v1

multipliers := {"struggling": 2.0, "vulnerable": 1.5, "stable": 1.0, "thriving": 0.75}

multiplier := multipliers[input.tier]

threshold := input.min_ev / multiplier

decision := {
    "accepted": input.ev >= threshold,
    "multiplier": multiplier,
    "threshold": threshold,
    "tier": input.tier,
}
"#;

/// The same in Cedar, which has no division and no floats: both sides in hundredths. It gives no
/// threshold and no multiplier, only yes or no.
const CEDAR: &str = r#"
permit(principal, action, resource) when { context.tier == "struggling" && context.ev * 200 >= context.min_ev * 100 };
permit(principal, action, resource) when { context.tier == "vulnerable" && context.ev * 150 >= context.min_ev * 100 };
permit(principal, action, resource) when { context.tier == "stable" && context.ev * 100 >= context.min_ev * 100 };
permit(principal, action, resource) when { context.tier == "thriving" && context.ev * 75 >= context.min_ev * 100 };
"#;

/// A way to decide: JSON in, whether it accepts out.
type Way<'w> = Box<dyn FnMut(&str) -> Result<bool> + 'w>;

fn main() -> Result<()> {
    let inputs: Vec<String> = TIERS
        .iter()
        .flat_map(|tier| {
            [5, 6, 7, 13, 14].map(|ev| format!("{{\"ev\":{ev},\"min_ev\":10,\"tier\":\"{tier}\"}}"))
        })
        .collect();
    let (policy, mut engine) = (Policy::plan(), regorus::Engine::new());
    engine.add_policy("rebalance.rego".to_owned(), REGO.to_owned())?;
    let cedar: PolicySet = CEDAR.parse()?;
    let authorizer = Authorizer::new();
    let entities = Entities::empty();
    let uid: EntityUid = "Node::\"us\"".parse()?;
    let mut ways: Vec<(&str, Way<'_>)> = vec![
        ("trimtab", Box::new(|input| native(&policy, input))),
        (
            "regorus on JSON",
            Box::new(|input| rego(&mut engine, input)),
        ),
        (
            "Cedar on JSON",
            Box::new(|input| cedar_of(&authorizer, &cedar, &entities, &uid, input)),
        ),
    ];
    agree(&mut ways, &inputs)?;
    let mut kept = vec![Vec::new(); ways.len()];
    for round in 0..=ROUNDS {
        for ((_, way), kept) in ways.iter_mut().zip(&mut kept) {
            let begin = Instant::now();
            for call in 0..CALLS {
                let input = &inputs[call as usize % inputs.len()];
                std::hint::black_box(way(input)?);
            }
            // The first round warms up.
            if round > 0 {
                kept.push(begin.elapsed().as_secs_f64() * 1e6 / f64::from(CALLS));
            }
        }
    }
    let medians: Vec<f64> = kept.into_iter().map(median).collect();
    for ((name, _), time) in ways.iter().zip(&medians).skip(1) {
        let row = serde_json::json!({
            "name": format!("rebalance.accept, native on JSON, against {name}"),
            "ours": medians[0], "peer": time, "unit": "us",
        });
        println!("{row}");
    }
    Ok(())
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// A race of engines that decide differently would mean nothing.
fn agree(ways: &mut [(&str, Way<'_>)], inputs: &[String]) -> Result<()> {
    for input in inputs {
        let ours = (ways[0].1)(input)?;
        for (name, way) in &mut *ways {
            ensure!(way(input)? == ours, "{name} decides {input} otherwise");
        }
    }
    Ok(())
}

/// The answer ends in canonical JSON; its decision begins with the verdict.
fn native(policy: &Policy, input: &str) -> Result<bool> {
    let answer = policy.call("rebalance.accept", input.as_bytes())?;
    Ok(answer.starts_with(b"{\"decision\":{\"accepted\":true"))
}

fn rego(engine: &mut regorus::Engine, input: &str) -> Result<bool> {
    engine.set_input_json(input)?;
    let decision = engine.eval_rule("data.rebalance.decision".to_owned())?;
    let answer = decision.to_json_str()?;
    Ok(answer.contains("\"accepted\":true") || answer.contains("\"accepted\": true"))
}

fn cedar_of(
    authorizer: &Authorizer,
    policies: &PolicySet,
    entities: &Entities,
    uid: &EntityUid,
    input: &str,
) -> Result<bool> {
    let context = Context::from_json_str(input, None)?;
    let request =
        Request::new(uid.clone(), uid.clone(), uid.clone(), context, None).context("request")?;
    let response = authorizer.is_authorized(&request, policies, entities);
    // As much of an answer as Cedar gives: the verdict and which policies made it.
    let reasons: Vec<String> = response
        .diagnostics()
        .reason()
        .map(ToString::to_string)
        .collect();
    let answer = serde_json::json!({
        "accepted": response.decision() == Decision::Allow, "reasons": reasons,
    });
    Ok(answer.to_string().contains("\"accepted\":true"))
}
