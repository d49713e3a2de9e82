//! Runs the trimtab policy module in a sandbox; the trimtab command.
