//! The outcome of one request in full, however far back it stands in the line.
//!
//! Codes: those of `hub.plan`, and `nothing_to_explain`.

use crate::config::Config;
use crate::error::Error;
use crate::hub::plan::outcome::{Outcome, Report};
use crate::hub::state::HubState;
use crate::reason::{Code, Effect, Reason, Why};
use crate::units::{EntityId, TokenId};

/// Which request to explain, in which state.
#[record]
pub struct HubExplainInput {
    /// The state, as `hub.plan` would get it.
    pub state: HubState,
    /// The peer.
    pub account_id: EntityId,
    /// The token.
    pub token_id: TokenId,
}

/// What the plan does with one account and token.
#[record(open)]
pub struct HubExplained {
    /// What becomes of it: the request first, then settlements. Empty when nothing is asked.
    pub outcomes: Vec<Outcome>,
}

/// Explains what a plan does with one account and token.
pub fn explain(
    config: &Config,
    input: &HubExplainInput,
    why: &mut Why,
) -> Result<HubExplained, Error> {
    let report = Report::focused(
        config.hub.runtime_events,
        input.account_id.clone(),
        input.token_id,
    );
    let plan = super::planned(&config.hub, &input.state, report, why)?;
    if plan.outcomes.is_empty() {
        why.add(|| Reason::new(Code::NothingToExplain, Effect::Allow).about(&input.account_id));
    }
    Ok(HubExplained {
        outcomes: plan.outcomes,
    })
}
