//! What the pages of *Runtime internals* show.

pub mod controller_pipeline;
pub mod custom_resources;
pub mod reflector_and_store;
pub mod scheduling;
pub mod schemas;
pub mod shared_streams;
pub mod shutdown;
pub mod stream_adaptors;
pub mod watcher;
pub mod watcher_requests;
