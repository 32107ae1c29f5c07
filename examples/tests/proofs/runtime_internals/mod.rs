//! The proofs of *Runtime internals*, a module a page.

mod controller_pipeline;
mod custom_resources;
mod reflector_and_store;
mod scheduling;
mod schemas;
mod shared_streams;
mod shutdown;
mod stream_adaptors;
mod watcher;
mod watcher_requests;
