//! What the page *From a Rust type to a schema* shows.
