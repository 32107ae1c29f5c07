//! What the page *What the derive macro writes* shows.
