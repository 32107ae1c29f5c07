//! What the page *From a watcher to your code* shows.
