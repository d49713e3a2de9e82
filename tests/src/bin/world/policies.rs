//! Who decides: trimtab natively or in the sandbox, and the baselines it is compared with.

use anyhow::{Result, bail};
use std::str::FromStr;
#[cfg(feature = "sandbox")]
use trimtab_core::canonical;
use trimtab_core::hub::book::HubBook;
use trimtab_core::hub::plan::Plan;
use trimtab_core::hub::plan::action::Action;
use trimtab_core::hub::state::HubState;
use trimtab_core::log::line::LogPolicy;
use trimtab_core::operations::HubPlan;
use trimtab_core::policy::Policy;
use trimtab_core::value::Value;

use crate::log::Decides;
use crate::params::Params;

#[cfg(feature = "sandbox")]
pub use trimtab_host::Sandbox;

/// Where the world is built without the sandbox there is none.
#[cfg(not(feature = "sandbox"))]
#[derive(Debug)]
pub enum Sandbox {}

/// The sandbox to decide in.
#[cfg(feature = "sandbox")]
pub fn sandbox() -> Result<Sandbox> {
    Ok(Sandbox::new()?)
}

/// The sandbox to decide in.
#[cfg(not(feature = "sandbox"))]
pub fn sandbox() -> Result<Sandbox> {
    bail!("this world was built without the feature `sandbox`")
}

/// Whose decisions are played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Profile `plan`.
    Ours,
    /// Profile `xln`: the deployed runtime's own rule.
    Xln,
    /// First come, first served out of the reserve; nothing is pulled back.
    Fcfs,
    /// Nothing is done.
    None,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Ours, Self::Xln, Self::Fcfs, Self::None];

    pub fn name(self) -> &'static str {
        match self {
            Self::Ours => "trimtab",
            Self::Xln => "xln",
            Self::Fcfs => "reserves only",
            Self::None => "no policy",
        }
    }
}

impl FromStr for Kind {
    type Err = anyhow::Error;
    fn from_str(name: &str) -> Result<Self> {
        match Self::ALL
            .into_iter()
            .find(|kind| kind.name().replace(' ', "-") == name)
        {
            Some(kind) => Ok(kind),
            None => bail!("no policy {name}: trimtab, xln, reserves-only or no-policy"),
        }
    }
}

enum Way {
    Native(Box<Policy>),
    #[cfg(feature = "sandbox")]
    Sandbox(Box<trimtab_host::Policy>),
    Fcfs,
    None,
}

/// A policy with its config.
pub struct Decider {
    pub kind: Kind,
    /// The time between two ticks, in milliseconds.
    pub tick_ms: u64,
    way: Way,
    /// Who decides, as a log names it; the baselines are no policies of trimtab.
    pub decides: Option<Decides>,
}

impl Decider {
    pub fn new(
        kind: Kind,
        params: &Params,
        tick_ms: Option<u64>,
        sandbox: Option<&Sandbox>,
    ) -> Result<Self> {
        let amounts = format!(
            r#""min_reserve":"{}","target_reserve":"{}","floor":"{}""#,
            params.min_reserve, params.target_reserve, params.floor
        );
        let tick = tick_ms.unwrap_or(if kind == Kind::Xln { 1_000 } else { 5_000 });
        // The dear token is worth a thousand dollars.
        let dear = |dollars: u64| format!("{}.{:03}", dollars / 1_000, dollars % 1_000);
        let own = format!(
            r#""token_limits":{{"2":{{"min_reserve":"{}","target_reserve":"{}","floor":"{}","min_deposit":"0.001",
            "soft_limit":"0.5","hard_limit":"10","per_request_cap":"10","per_account_window":"10","per_tick_cap":"100"}}}}"#,
            dear(params.min_reserve),
            dear(params.target_reserve),
            dear(params.floor)
        );
        let own = if params.second_token {
            own
        } else {
            r#""token_limits":{}"#.to_owned()
        };
        let (profile, config) = match kind {
            Kind::Xln => ("xln", format!(r#"{{"hub":{{"tick_ms":{tick}}}}}"#)),
            _ => (
                "plan",
                format!(r#"{{"hub":{{"tick_ms":{tick},{amounts},{own}}}}}"#),
            ),
        };
        let parsed = Value::from_json(config.as_bytes())?;
        let native = Policy::new(profile, Some(&parsed))?;
        #[cfg(feature = "sandbox")]
        let module = sandbox.map_or("native", Sandbox::digest).to_owned();
        #[cfg(not(feature = "sandbox"))]
        let module = "native".to_owned();
        let decides = matches!(kind, Kind::Ours | Kind::Xln).then(|| {
            let policy = LogPolicy {
                config: native.digest().to_owned(),
                profile: profile.to_owned(),
                overrides: Some(config.clone()),
            };
            Decides { module, policy }
        });
        let way = match (kind, sandbox) {
            (Kind::None, _) => Way::None,
            (Kind::Fcfs, _) => Way::Fcfs,
            #[cfg(feature = "sandbox")]
            (_, Some(sandbox)) => {
                Way::Sandbox(Box::new(sandbox.policy(profile, Some(config.as_bytes()))?))
            }
            #[cfg(not(feature = "sandbox"))]
            (_, Some(sandbox)) => match *sandbox {},
            (_, None) => Way::Native(Box::new(native)),
        };
        Ok(Self {
            kind,
            tick_ms: tick,
            way,
            decides,
        })
    }

    /// The answer to the canonical text of a state, as a log keeps it.
    pub fn envelope(&self, input: &str) -> Result<Vec<u8>> {
        match &self.way {
            Way::Native(policy) => Ok(policy.call("hub.plan", input.as_bytes())?),
            #[cfg(feature = "sandbox")]
            Way::Sandbox(policy) => Ok(policy.call("hub.plan", input.as_bytes())?),
            Way::Fcfs | Way::None => bail!("a baseline gives no envelope"),
        }
    }

    /// Whether the policy itself asks for replenishment; the others are filled up by hand.
    pub fn replenishes(&self) -> bool {
        self.kind == Kind::Ours
    }

    /// A book of `state`, where decisions are made natively: its plans are those of the state.
    pub fn book(&self, state: HubState) -> Result<Option<HubBook>> {
        Ok(match &self.way {
            Way::Native(policy) => Some(HubBook::new((**policy).clone(), state)?),
            _ => None,
        })
    }

    pub fn plan(&self, state: &HubState) -> Result<Plan> {
        Ok(match &self.way {
            Way::Native(policy) => policy.decide::<HubPlan>(state)?.decision,
            #[cfg(feature = "sandbox")]
            Way::Sandbox(policy) => {
                let answer = policy.call("hub.plan", canonical::text(state)?.as_bytes())?;
                let answer = Value::from_json(&answer)?;
                let decision = answer.get("decision").unwrap_or(&Value::Null);
                trimtab_core::value::decode(decision)?
            }
            Way::Fcfs => first_come(state),
            Way::None => Plan::default(),
        })
    }
}

fn first_come(state: &HubState) -> Plan {
    let mut plan = Plan::default();
    if state.sent.is_some() {
        return plan;
    }
    for (token_id, reserve) in &state.reserves {
        let mut left = *reserve;
        let batches = state.recovery.iter().chain([&state.draft]);
        let entries = batches.flat_map(|batch| &batch.r2c);
        for entry in entries.filter(|entry| entry.token_id == *token_id) {
            let pairs = entry.pairs.iter();
            left = pairs.fold(left, |left, pair| left.less(pair.amount));
        }
        let mut open: Vec<_> = state
            .accounts
            .readable()
            .iter()
            .filter_map(|account| {
                let request = account.request(*token_id)?;
                let side = state.side(&account.account_id);
                let claim = account.delta(*token_id)?.seen_from(side).ok()?.own_debt;
                let at = request.fee.as_ref()?.requested_at;
                account.submitted_at(*token_id).is_none().then_some((
                    at,
                    &account.account_id,
                    claim.min(request.amount),
                ))
            })
            .collect();
        open.sort();
        for (_, account_id, want) in open.into_iter().take(64) {
            let amount = want.min(left);
            if !amount.is_zero() {
                left = left.less(amount);
                plan.actions.push(Action::Deposit {
                    account_id: account_id.clone(),
                    amount,
                    token_id: *token_id,
                });
            }
        }
    }
    let waiting = state
        .recovery
        .iter()
        .chain([&state.draft])
        .any(|batch| !batch.is_empty());
    if waiting || !plan.actions.is_empty() {
        plan.actions.push(Action::Broadcast {});
    }
    plan
}
