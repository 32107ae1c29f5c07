//! What the pages of the part *Architecture* show.

pub mod client_and_tower_stack;
pub mod errors;
