//! What the derive takes, and what it says of the rest: each case is a file in `tests/ui_elicit`.

#[test]
fn derive() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui_elicit/pass/*.rs");
    cases.compile_fail("tests/ui_elicit/fail/*.rs");
}
