//! The Python extension of trimtab.
