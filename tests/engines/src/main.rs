//! Whether an expected value reaches the threshold of a tier (`rebalance.accept`): JSON in, JSON out,
//! by trimtab natively, by regorus (its interpreter and its virtual machine) and by Cedar, one after
//! the other in the same run. The arguments are the inputs; before anything is timed, every engine
//! must give the same answer to each of them.
//!
//! Prints one row a line, as the bench reads them: microseconds of one decision.

use anyhow::{Context as _, Result, bail, ensure};
use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request};
use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::RegoVM;
use serde::Deserialize;
use std::time::Instant;
use trimtab_core::policy::Policy;

/// Rounds are short, one pass through the inputs: a slow engine must not be interrupted more often
/// than a fast one, or a busy machine would flatter the fast one.
const ROUNDS: usize = 501;
const ENTRY: &str = "data.rebalance.decision";

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

/// A way to decide: JSON in, JSON out.
type Way<'w> = Box<dyn FnMut(&str) -> Result<Vec<u8>> + 'w>;

/// What was decided. Cedar can only say yes or no.
#[derive(Clone, Debug, Deserialize, PartialEq)]
struct Decided {
    accepted: bool,
    multiplier: Option<f64>,
    threshold: Option<f64>,
    tier: Option<String>,
}

impl Decided {
    const fn verdict(accepted: bool) -> Self {
        Self {
            accepted,
            multiplier: None,
            threshold: None,
            tier: None,
        }
    }
}

fn main() -> Result<()> {
    let inputs: Vec<String> = std::env::args().skip(1).collect();
    ensure!(!inputs.is_empty(), "the arguments are the inputs");
    let (policy, mut engine) = (Policy::plan(), regorus::Engine::new());
    engine.add_policy("rebalance.rego".to_owned(), REGO.to_owned())?;
    let mut machine = machine()?;
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
            "the virtual machine of regorus on JSON",
            Box::new(|input| rego_machine(&mut machine, input)),
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
            for input in &inputs {
                std::hint::black_box(way(input)?);
            }
            // The first round warms up.
            if round > 0 {
                kept.push(begin.elapsed().as_secs_f64() * 1e6 / inputs.len() as f64);
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
        let ours = decided(&(ways[0].1)(input)?)?;
        for (name, way) in &mut *ways {
            let theirs = decided(&way(input)?)?;
            let wanted = match theirs.tier {
                Some(_) => ours.clone(),
                None => Decided::verdict(ours.accepted),
            };
            ensure!(
                theirs == wanted,
                "{name} decides {input} otherwise: {theirs:?}, not {wanted:?}"
            );
        }
    }
    Ok(())
}

fn decided(answer: &[u8]) -> Result<Decided> {
    let mut answer: serde_json::Value = serde_json::from_slice(answer)?;
    // Ours is an envelope: the decision, its reasons, and who decided.
    let decision = answer.get_mut("decision").map(serde_json::Value::take);
    Ok(serde_json::from_value(decision.unwrap_or(answer))?)
}

fn native(policy: &Policy, input: &str) -> Result<Vec<u8>> {
    Ok(policy.call("rebalance.accept", input.as_bytes())?)
}

fn rego(engine: &mut regorus::Engine, input: &str) -> Result<Vec<u8>> {
    engine.set_input_json(input)?;
    let decision = engine.eval_rule(ENTRY.to_owned())?;
    Ok(decision.to_json_str()?.into_bytes())
}

/// The program for the virtual machine, compiled once.
fn machine() -> Result<RegoVM> {
    let mut engine = regorus::Engine::new();
    engine.add_policy("rebalance.rego".to_owned(), REGO.to_owned())?;
    let compiled = engine.compile_with_entrypoint(&ENTRY.into())?;
    let mut machine = RegoVM::new();
    machine.load_program(Compiler::compile_from_policy(&compiled, &[ENTRY])?);
    Ok(machine)
}

fn rego_machine(machine: &mut RegoVM, input: &str) -> Result<Vec<u8>> {
    machine.set_input(regorus::Value::from_json_str(input)?);
    Ok(machine.execute()?.to_json_str()?.into_bytes())
}

fn cedar_of(
    authorizer: &Authorizer,
    policies: &PolicySet,
    entities: &Entities,
    uid: &EntityUid,
    input: &str,
) -> Result<Vec<u8>> {
    let context = Context::from_json_str(input, None)?;
    let request =
        Request::new(uid.clone(), uid.clone(), uid.clone(), context, None).context("request")?;
    let response = authorizer.is_authorized(&request, policies, entities);
    let mut errors = response.diagnostics().errors();
    if let Some(error) = errors.next() {
        bail!("Cedar: {error}");
    }
    // As much of an answer as Cedar gives: the verdict and which policies made it.
    let reasons = response.diagnostics().reason().map(ToString::to_string);
    let answer = serde_json::json!({
        "accepted": response.decision() == Decision::Allow,
        "reasons": reasons.collect::<Vec<String>>(),
    });
    Ok(answer.to_string().into_bytes())
}
