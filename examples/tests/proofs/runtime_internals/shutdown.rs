//! *Shutdown*.

mod bounded;
mod graceful;
mod scene;
#[cfg(unix)]
mod signals;
mod unpolled;
