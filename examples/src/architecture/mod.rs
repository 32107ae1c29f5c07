//! What the pages of the part *Architecture* show.

pub mod authentication;
pub mod client_and_tower_stack;
pub mod configuration;
pub mod errors;
pub mod request_lifecycle;
pub mod resource_type_system;
pub mod retries_and_timeouts;
