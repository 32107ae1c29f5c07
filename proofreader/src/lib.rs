//! The mdBook preprocessor of the book.
