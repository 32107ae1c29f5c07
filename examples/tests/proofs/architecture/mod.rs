//! The proofs of the part *Architecture*.

mod authentication;
mod client_and_tower_stack;
mod configuration;
mod crate_overview;
mod errors;
mod request_lifecycle;
mod resource_type_system;
mod retries_and_timeouts;
