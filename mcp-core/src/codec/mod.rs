//! Pure byte functions with limits: no IO, no clock.

pub mod line;
pub mod scan;
pub mod sse;
