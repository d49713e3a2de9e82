//! For a fleet of Lightning nodes that share information, never sats.

pub mod channel;
pub mod gossip;
pub mod health;
pub mod liquidity;
pub mod member;
pub mod rebalance;
pub mod snapshot;
pub mod splice;
