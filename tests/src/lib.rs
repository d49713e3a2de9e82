//! Vectors, parity, the world simulator and benches of trimtab.
