//! The proofs of the page *From a change to a reconcile*.

mod backoff;
mod given;
mod mappers;
mod opening;
mod owners;
mod results;
mod stage;
mod triggers;
mod twice;
