//! `trimtab demo`: a fleet, a node with channels that close, and a hub, all carried by this program.

use serde_json::json;

use super::arguments::Asked;
use super::caller::{Host, Json};
use super::failure::Failure;
use super::hub::Judged;
use super::node::Fleet;
use super::paint::{Page, in_style};
use super::{fleet, paint};

/// A hub with eleven peers and a liar.
const HUB: &str = include_str!("../../demo/hub.json");

/// Its second token is not worth a dollar, so it has limits of its own.
const HUB_CONFIG: &[u8] = include_bytes!("../../demo/hub-config.json");

/// The command.
pub fn run(json: bool, asked: &Asked) -> Result<u8, Failure> {
    let host = Host::of(asked)?;
    let caller = host.asked(asked)?;
    let state: Json = serde_json::from_str(HUB)
        .map_err(|error| Failure::Usage(format!("the carried hub: {error}")))?;
    let judged = match &asked.config {
        Some(_) => Judged::of(&caller, &state)?,
        None => Judged::of(&host.policy(&asked.profile, Some(HUB_CONFIG))?, &state)?,
    };
    let (carried, closing) = (Fleet::carried()?, Fleet::closing()?);
    let mut page = Page::default();
    if json {
        let told = |fleet: &Fleet| -> Result<Json, Failure> {
            let told = fleet::json(&caller, fleet)?;
            Ok(serde_json::from_str(&told).unwrap_or_default())
        };
        page.line(json!({
            "closing": told(&closing)?, "fleet": told(&carried)?, "hub": judged.json(),
        }));
        page.print()?;
        return Ok(0);
    }
    let digest = host.digest().unwrap_or("none: native");
    page.line(format_args!(
        "{} {}  profile {}",
        in_style(paint::TITLE, "trimtab"),
        trimtab_core::policy::VERSION,
        asked.profile,
    ));
    page.line(in_style(paint::DIM, format_args!("module {digest}")));
    page.line("");
    fleet::show(&caller, &carried, &mut page)?;
    page.line("");
    fleet::show(&caller, &closing, &mut page)?;
    page.line("");
    judged.show(&state, &mut page)?;
    page.hint("trimtab fleet DIR, with the answers of your own nodes (--help)");
    page.print()?;
    Ok(0)
}
