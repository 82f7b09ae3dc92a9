//! Tests with a simulated disk.

mod damage;
mod disk;
mod faults;
mod groups;
mod histories;
mod invariants;
#[cfg(feature = "http")]
mod shared;
