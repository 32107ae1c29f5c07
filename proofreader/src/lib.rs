//! The mdBook preprocessor of the book: it expands the directives of a page,
//! answers for every one of them, and keeps the rules of the book.
//!
//! It writes nothing but the book that it hands back to mdBook, and starts
//! nothing but `cargo metadata`.

#![warn(clippy::unwrap_used, clippy::expect_used)]

mod appendix;
pub mod book;
pub mod directive;
pub mod evidence;
pub mod expand;
pub mod locks;
pub mod mermaid;
pub mod page;
pub mod recording;
pub mod report;
pub mod rules;
pub mod words;
