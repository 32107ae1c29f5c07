//! The proofs of the page *What a watcher asks for*.
