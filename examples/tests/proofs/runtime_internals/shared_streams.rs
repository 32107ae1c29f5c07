//! The proofs of the page *One watch for several controllers*.
