//! What the page *Shutdown* shows.
