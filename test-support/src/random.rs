//! A generator of pseudo-random numbers.

/// A generator of pseudo-random numbers (xorshift64*). The same seed gives the same numbers, so a
/// failure can be reproduced.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Creates a generator. The seed 0 is the same as 1.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed.max(1))
    }

    /// Returns the next number.
    #[expect(clippy::should_implement_trait, reason = "the generator is not used as an iterator")]
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// Returns a number below `bound`, or 0 if `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 16) as usize % bound.max(1)
    }

    /// Returns one of the items.
    ///
    /// # Panics
    /// If there are none.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}
