//! Requests of the modern era (since 2026-07-28).
