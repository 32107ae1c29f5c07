//! What the page *One watch for several controllers* shows.
