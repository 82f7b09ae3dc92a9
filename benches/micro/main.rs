//! Micro benches.
fn main() {
    divan::main();
}
