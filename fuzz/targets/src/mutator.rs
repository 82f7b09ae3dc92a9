//! Random mutations of the seeds of a target.

use mcp_test_support::Random;

/// Maximum length of an input, in bytes. Longer ones are truncated.
const MAX_INPUT_BYTES: usize = 16 << 10;

pub(crate) struct Mutator<'a> {
    seeds: &'a [Vec<u8>],
    dictionary: Vec<&'a str>,
    random: Random,
}

impl<'a> Mutator<'a> {
    pub(crate) fn new(seeds: &'a [Vec<u8>], dictionary: &[&'a [&'a str]], random: Random) -> Self {
        Self { seeds, dictionary: dictionary.concat(), random }
    }

    /// Returns a seed with one to five mutations.
    pub(crate) fn next_input(&mut self) -> Vec<u8> {
        let mut input = self.random.pick(self.seeds).clone();
        for _ in 0..=self.random.below(5) {
            self.mutate(&mut input);
            input.truncate(MAX_INPUT_BYTES);
        }
        input
    }

    fn mutate(&mut self, input: &mut Vec<u8>) {
        let random = &mut self.random;
        let at = random.below(input.len() + 1);
        let span = at..(at + random.below(12)).min(input.len());
        match random.below(10) {
            0 if !input.is_empty() => {
                let at = at.min(input.len() - 1);
                input[at] ^= 1 << random.below(8);
            }
            1 => drop(input.drain(span)),
            2 => {
                let copy = input[span].to_vec();
                let to = random.below(input.len() + 1);
                input.splice(to..to, copy);
            }
            3 => input.truncate(at),
            4 => {
                let other = random.pick(self.seeds);
                let from = random.below(other.len());
                let to = (from + random.below(40)).min(other.len());
                input.splice(at..at, other[from..to].iter().copied());
            }
            // Rare: long inputs are slow, but limits and quadratic loops need them.
            5 if random.below(50) == 0 => {
                let copy = input[span].repeat(random.below(1_000));
                input.splice(at..at, copy);
            }
            6 if !self.dictionary.is_empty() => {
                input.splice(span, random.pick(&self.dictionary).bytes());
            }
            7 => input.insert(at, random.next() as u8),
            _ if !self.dictionary.is_empty() => {
                input.splice(at..at, random.pick(&self.dictionary).bytes());
            }
            _ => {}
        }
    }
}
