//! The range in which numbers survive JSON readers that keep them as doubles.

/// 2^53. An `f64` represents every integer up to this magnitude exactly, but not all beyond it.
pub(crate) const MAX_EXACT_INTEGER: f64 = 9_007_199_254_740_992.0;
