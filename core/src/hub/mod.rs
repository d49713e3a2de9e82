//! For a hub: who spends, who waits, who is matched with whom, and the plan of one tick.
