//! For a fleet of Lightning nodes that share information, never sats.

pub mod advise;
pub mod book;
pub mod channel;
pub mod conflict;
pub mod fees;
pub mod gossip;
pub mod health;
pub mod limits;
pub mod liquidity;
pub mod member;
pub mod rebalance;
pub mod snapshot;
pub mod topology;
mod view;

pub use view::FleetInput;

#[cfg(test)]
mod laws;
pub mod splice;
#[cfg(test)]
mod tests;
