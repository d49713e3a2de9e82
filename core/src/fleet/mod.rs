//! For a fleet of Lightning nodes that share information, never sats.

pub mod health;
