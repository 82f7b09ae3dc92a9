//! Programs that show the SDK, each in a file of its own under `examples/`; this library is empty.
