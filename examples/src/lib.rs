//! All Rust that the book shows.
//!
//! A module is named after the page that shows it. [`document`] is the custom
//! resource that runs through the whole book, and [`testing`] is what the
//! proofs put in place of an API server.

#![warn(clippy::unwrap_used, clippy::expect_used)]

pub mod architecture;
pub mod document;
pub mod runtime_internals;
pub mod testing;
