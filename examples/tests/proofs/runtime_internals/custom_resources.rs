//! The proofs of the page *What the derive macro writes*.

mod attributes;
mod crd;
mod effects;
mod install;
mod object;
mod versions;
