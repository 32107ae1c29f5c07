//! What the page *From a change to a reconcile* shows.
