//! Bridges between this SDK and other libraries.

pub mod jsonrpsee;
