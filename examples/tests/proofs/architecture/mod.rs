//! The proofs of the part *Architecture*.

mod client_and_tower_stack;
mod errors;
