//! The proofs of the page *From a watcher to your code*.
