//! What the page *The reflector and its Store* shows.
