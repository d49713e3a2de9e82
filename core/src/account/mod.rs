//! For every entity, hub or not: the algebra of an account and when to ask for collateral.

pub mod advice;
pub mod algebra;
