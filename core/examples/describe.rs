//! Prints the schemas that the module carries; `make generate` writes them to
//! `core/src/operations/describe.json`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    use std::io::Write as _;
    write!(
        std::io::stdout(),
        "{}",
        trimtab_core::operations::embedded()?
    )?;
    Ok(())
}
