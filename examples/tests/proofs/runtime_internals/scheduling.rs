//! *When a reconcile runs, and how often*.

mod bench;
mod busy;
mod concurrency;
mod debounce;
mod life;
mod ready;
mod requeue;
mod results;
