//! The proofs of the page *The reflector and its Store*.
