//! The proofs of the page *From a change to a reconcile*.
