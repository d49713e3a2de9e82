//! Prints the description of the policy; `make generate` writes it to `core/src/describe.json`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    use std::io::Write as _;
    let text = serde_json::to_string_pretty(&trimtab_core::describe::build())?;
    writeln!(std::io::stdout(), "{text}")?;
    Ok(())
}
