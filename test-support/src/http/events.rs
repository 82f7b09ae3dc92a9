//! Streams of events.

/// Returns the data of each event of a stream. An event has one line of data at most.
pub fn data(stream: &str) -> impl Iterator<Item = &str> {
    stream.lines().filter_map(|line| line.strip_prefix("data: "))
}
