//! The rule on small crates.

use super::RULE;
use crate::tidy::tree::Tree;

/// The first lines of the findings, up to the advice.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    let findings = (RULE.check)(&Tree::of(files)).findings();
    let short = |text: &String| text.split(';').next().unwrap_or_default().to_owned();
    findings.iter().map(short).collect()
}

const CIRCLE: &str = "import circle of 2 files, such as x/src/a.rs -> x/src/b.rs -> x/src/a.rs";

/// A crate whose files `a.rs` and `b.rs` have these texts.
fn pair<'a>(a: &'a str, b: &'a str) -> [(&'static str, &'a str); 3] {
    [
        ("x/src/lib.rs", "mod a;\nmod b;\npub use a::A;\npub use b::B;"),
        ("x/src/a.rs", a),
        ("x/src/b.rs", b),
    ]
}

#[test]
fn two_files_that_import_each_other_are_a_circle_and_the_names_are_listed() {
    let files = pair("use crate::b::B;\npub struct A(B);", "\nuse super::a::A;\npub struct B(A);");
    let findings = (RULE.check)(&Tree::of(&files)).findings();
    assert_eq!(
        findings,
        [format!(
            "x/src/a.rs:1: {CIRCLE}; move what both sides need into another file\
             \n    x/src/a.rs -> x/src/b.rs: B (1)\
             \n    x/src/b.rs -> x/src/a.rs: A (2)"
        )]
    );
}

#[test]
fn an_import_in_one_direction_is_not_a_circle() {
    assert!(found(&pair("use crate::B;\npub struct A(B);", "pub struct B;")).is_empty());
}

#[test]
fn paths_count_in_every_position() {
    let b = "pub struct B(crate::A);";
    for a in [
        "pub struct A(crate::b::B);",
        "pub fn f() { super::b::B::new(); } pub struct A;",
        "use super::b; pub struct A(b::B);",
        "use crate::b as other; pub struct A; pub fn f() { let _ = other::B; }",
        "pub struct A; pub fn f() { vec![crate::b::B, 1]; }",
        "#[serde(with = \"crate::b::B\")] pub struct A;",
        "pub struct A; impl Clone for A { fn clone(&self) -> Self { use crate::b::B; B } }",
        "use crate::b::*; pub struct A(B);",
        "pub struct A; macro_rules! m { () => { $crate::b::B } }",
        "pub struct A; macro_rules! m { () => { use $crate::{a::A, b::{B}}; } }",
        "pub mod inner { pub struct A(crate::b::B); } pub use inner::A;",
    ] {
        assert_eq!(found(&pair(a, b)), [format!("x/src/a.rs:1: {CIRCLE}")], "{a}");
    }
}

#[test]
fn docs_tests_and_quoted_code_do_not_count() {
    let b = "pub struct B(crate::A);";
    for a in [
        "/// [`B`](crate::b::B)\npub struct A;",
        "pub struct A; #[cfg(test)] mod tests { use crate::b::B; }",
        "pub struct A; #[cfg(test)] fn f() { crate::b::B; }",
        "pub struct A; fn f() { quote! { crate::b::B } }",
        "pub struct A; #[cfg(test)] #[path = \"b_tests.rs\"] mod b_tests;",
    ] {
        assert!(found(&pair(a, b)).is_empty(), "{a}");
    }
}

#[test]
fn a_module_that_only_declares_and_re_exports_is_ignored() {
    let lib = ("x/src/lib.rs", "mod m;");
    let one = ("x/src/m/one.rs", "pub struct One;");
    let two = ("x/src/m/two.rs", "use super::One;\npub struct Two(One);");
    let declares = ("x/src/m/mod.rs", "mod one;\nmod two;\npub use one::One;\npub use two::Two;");
    assert!(found(&[lib, declares, one, two]).is_empty());

    let defines = ("x/src/m/mod.rs", "mod two;\npub use two::Two;\npub struct One;");
    assert_eq!(
        found(&[lib, defines, two]),
        ["x/src/m/mod.rs:2: import circle of 2 files, such as \
          x/src/m/mod.rs -> x/src/m/two.rs -> x/src/m/mod.rs"]
    );
}

#[test]
fn items_that_macros_define_are_found_where_the_macro_is_called() {
    let a = "make! { pub struct A { b: crate::b::B } }";
    let b = "use crate::a::A; object! { B = \"b\": A }";
    assert_eq!(found(&pair(a, b)), [format!("x/src/a.rs:1: {CIRCLE}")]);
}

#[test]
fn a_path_into_the_crate_without_a_target_is_a_finding() {
    let a = "use crate::c::C;\npub struct A(std::cell::Cell<u8>);";
    assert_eq!(
        found(&pair(a, "pub struct B;")),
        ["x/src/a.rs:1: `crate::c::C` has no known target"]
    );
}

#[test]
fn a_re_export_of_another_crate_does_not_count() {
    let lib = ("x/src/lib.rs", "mod a;\npub use other::Other;");
    assert!(found(&[lib, ("x/src/a.rs", "use crate::Other;\nstruct A(Other);")]).is_empty());
}

#[test]
fn programs_are_checked_and_a_missing_file_is_a_finding() {
    let main = ("x/src/bin/p/main.rs", "mod a;\nfn f() { a::g() }");
    let a = ("x/src/bin/p/a.rs", "pub fn g() { crate::f() }");
    assert_eq!(found(&[main, a]).len(), 1);
    assert_eq!(found(&[main]), ["x/src/bin/p/a/mod.rs:1: the file does not exist"]);
}
