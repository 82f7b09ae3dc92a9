//! Tasks: the extension of 2026-07-28, and the experimental form of 2025-11-25.

mod experimental;
mod failures;
mod faults;
pub mod fixture;
mod input;
mod layers;
mod lifecycle;
mod limits;
mod listening;
mod owners;
mod recovery;
mod results;
mod storage;
