//! `trimtab demo`: a fleet and a hub that this program carries.

use super::caller::Host;
use super::node::Fleet;
use super::paint::{Page, in_style};
use super::{Asked, Failure, fleet, paint};

/// The command.
pub fn run(asked: &Asked) -> Result<u8, Failure> {
    let host = Host::of(asked)?;
    let caller = host.asked(asked)?;
    let mut page = Page::default();
    let digest = host.digest().unwrap_or("none: native");
    page.line(format_args!(
        "{} {}  profile {}\n{}",
        in_style(paint::TITLE, "trimtab"),
        trimtab_core::policy::VERSION,
        asked.profile,
        in_style(paint::DIM, format_args!("module {digest}")),
    ));
    page.line("");
    fleet::show(&caller, &Fleet::carried()?, &mut page)?;
    page.print()?;
    Ok(0)
}
