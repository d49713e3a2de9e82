//! For a hub: who spends, who waits, who is matched with whom, and the plan of one tick.

pub mod apply;
pub mod book;
pub mod columns;
pub mod cycles;
pub mod detect;
pub mod guard;
pub mod limits;
pub mod matching;
pub mod memory;
pub mod netting;
pub mod pairing;
pub mod plan;
pub mod reserves;
pub mod roster;
pub mod state;
pub mod verify;
