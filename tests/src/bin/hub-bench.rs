//! `hub-bench`: the rows of the hub's book alone, built without the sandbox.
//!
//! ```text
//! cargo run --release -p trimtab-tests --no-default-features --bin hub-bench
//! ```

use anyhow::Result;
use std::io::Write as _;

fn main() -> Result<()> {
    let mut out = std::io::stdout().lock();
    for row in trimtab_tests::hub_rows::rows()? {
        writeln!(
            out,
            "{:60} {:>10.2} {:>10.2} {}",
            row.name, row.ours, row.bound, row.unit
        )?;
    }
    Ok(())
}
