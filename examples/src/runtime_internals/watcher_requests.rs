//! What the page *What a watcher asks for* shows.
