//! Derived files of this surface.

use anyhow::Result;

use crate::generate::Derived;

/// The derived files.
pub fn files(_description: &serde_json::Value) -> Result<Vec<Derived>> {
    Ok(Vec::new())
}
