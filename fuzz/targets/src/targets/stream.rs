//! Splitting a stream into chunks.

use crate::random::Random;

/// Returns several ways to split a stream: whole, byte by byte, and two random ones.
pub(super) fn splits(stream: &[u8]) -> Vec<Vec<&[u8]>> {
    let mut splits = vec![vec![stream], stream.chunks(1).collect()];
    for max_chunk in [4, 100] {
        let mut random = Random::new(stream.len() as u64 + max_chunk as u64);
        let mut chunks = Vec::new();
        let mut rest = stream;
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at((1 + random.below(max_chunk)).min(rest.len()));
            chunks.push(chunk);
            rest = after;
        }
        splits.push(chunks);
    }
    splits
}

/// Takes a limit from the first byte of an input.
pub(super) fn take_limit(data: &[u8]) -> Option<(usize, &[u8])> {
    let (first, stream) = data.split_first()?;
    Some((usize::from(*first), stream))
}
