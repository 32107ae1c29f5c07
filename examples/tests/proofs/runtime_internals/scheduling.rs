//! The proofs of the page *When a reconcile runs, and how often*.
