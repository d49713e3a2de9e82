//! `trimtab hub`: who can give, who should get, who is matched with whom.

use std::path::Path;

use super::caller::{Caller, Host, Json};
use super::paint::Page;
use super::{Asked, Failure, bytes_of};

/// The command.
pub fn run(state: &Path, asked: &Asked) -> Result<u8, Failure> {
    let bytes = bytes_of(Some(state))?;
    let state: Json = serde_json::from_slice(&bytes)
        .map_err(|error| Failure::Usage(format!("{}: {error}", state.display())))?;
    let host = Host::of(asked)?;
    let mut page = Page::default();
    show(&host.asked(asked)?, &state, &mut page)?;
    page.print()?;
    Ok(0)
}

/// Writes the page of a hub.
pub fn show(caller: &Caller, state: &Json, page: &mut Page) -> Result<(), Failure> {
    let envelope = caller.ask("hub.detect", state)?;
    let decision = envelope.get("decision").unwrap_or(&Json::Null);
    page.title("hub");
    page.line(decision);
    Ok(())
}
