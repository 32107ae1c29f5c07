//! The proofs of the page *The watcher, state by state*.
