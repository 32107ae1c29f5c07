//! The proofs of the page *From a Rust type to a schema*.

mod opening;
mod rules;
mod shapes;
mod steps;
pub mod table;
mod unknown;
