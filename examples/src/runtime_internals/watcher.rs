//! What the page *The watcher, state by state* shows.
