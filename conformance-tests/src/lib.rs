//! Our SDK against the rest of the world: fixtures, and tests that need foreign peers or real processes.
