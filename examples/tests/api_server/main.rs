//! What the in-memory API server answers, and that a controller runs on it.

mod controller;
mod faults;
mod time;
mod versions;
