//! For a hub: who spends, who waits, who is matched with whom, and the plan of one tick.

pub mod amount;
pub mod config;
pub mod memory;
pub mod state;
