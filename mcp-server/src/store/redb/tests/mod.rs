//! Tests with a simulated disk.

mod disk;
mod faults;
mod groups;
mod histories;
mod invariants;
