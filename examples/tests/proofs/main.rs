//! The proofs: what the pages state, one test a statement, one module a page.
//!
//! A test's name and the first sentence of its doc comment are the statement.

#![allow(clippy::unwrap_used, reason = "what helps a test may fail it")]

mod architecture;
mod index;
mod support;
