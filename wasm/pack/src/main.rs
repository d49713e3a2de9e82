//! Builds, binds, checks and copies the one module; generates the types of every surface.

fn main() {}
