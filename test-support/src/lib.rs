//! Parts that the tests of several crates share. No published crate depends on this one, except its
//! tests.

mod random;

pub use random::Random;
