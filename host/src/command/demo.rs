//! `trimtab demo`: a fleet and a hub that this program carries.

use super::arguments::Asked;
use super::caller::{Host, Json};
use super::failure::Failure;
use super::node::Fleet;
use super::paint::{Page, in_style};
use super::{fleet, hub, paint};

/// A hub with eleven peers and a liar.
const HUB: &str = include_str!("../../demo/hub.json");

/// The command.
pub fn run(asked: &Asked) -> Result<u8, Failure> {
    let host = Host::of(asked)?;
    let caller = host.asked(asked)?;
    let mut page = Page::default();
    let digest = host.digest().unwrap_or("none: native");
    page.line(format_args!(
        "{} {}  profile {}",
        in_style(paint::TITLE, "trimtab"),
        trimtab_core::policy::VERSION,
        asked.profile,
    ));
    page.line(in_style(paint::DIM, format_args!("module {digest}")));
    page.line("");
    fleet::show(&caller, &Fleet::carried()?, &mut page)?;
    let state: Json = serde_json::from_str(HUB)
        .map_err(|error| Failure::Usage(format!("the carried hub: {error}")))?;
    page.line("");
    hub::show(&caller, &state, &mut page)?;
    page.print()?;
    Ok(0)
}
