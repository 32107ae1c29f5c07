//! The proofs: what the pages state, one test a statement, one module a page.
//!
//! A test's name and the first sentence of its doc comment are the statement.

mod architecture;
mod index;
mod runtime_internals;
mod support;
