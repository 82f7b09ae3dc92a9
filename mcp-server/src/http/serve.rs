//! Serving on a socket of our own.
