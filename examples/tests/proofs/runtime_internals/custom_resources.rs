//! The proofs of the page *What the derive macro writes*.
