//! The proofs of the page *From a Rust type to a schema*.
