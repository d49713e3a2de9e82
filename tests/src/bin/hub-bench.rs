//! `hub-bench`: the rows of the hub's book alone, built without the sandbox.
//!
//! ```text
//! cargo run --release -p trimtab-tests --no-default-features --bin hub-bench [-- WORD OF A ROW]
//! ```

use anyhow::Result;
use std::io::Write as _;

fn main() -> Result<()> {
    let word = std::env::args().nth(1).unwrap_or_default();
    let mut out = std::io::stdout().lock();
    for row in trimtab_tests::hub_rows::rows(&word)? {
        let bound = if row.bound.is_nan() {
            String::new()
        } else {
            format!("{:.2}", row.bound)
        };
        writeln!(
            out,
            "{:62} {:>10.2} {bound:>10} {}",
            row.name, row.ours, row.unit
        )?;
    }
    Ok(())
}
