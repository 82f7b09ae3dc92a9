//! Programs that compile, and programs that do not, with what the compiler then says.
//!
//! One file is one kind of mistake. After a change of rustc or of a message: `TRYBUILD=overwrite cargo test
//! -p mcp-server --test macros ui`, and read the difference. A message points at the word which is wrong and
//! says what to write instead.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    cases.compile_fail("tests/ui/fail/*.rs");
}
