//! *Shutdown*.

mod bounded;
mod graceful;
mod scene;
mod shared;
#[cfg(unix)]
mod signals;
mod unpolled;
