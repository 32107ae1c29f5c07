//! The proofs of the page *Shutdown*.
