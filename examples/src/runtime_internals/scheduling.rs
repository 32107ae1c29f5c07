//! What the page *When a reconcile runs, and how often* shows.
