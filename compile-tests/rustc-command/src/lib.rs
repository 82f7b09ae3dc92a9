//! The command line of the compiler, for tests that run the compiler themselves.
//!
//! With the command line that Cargo built it with, a test can compile other programs with the same
//! compiled libraries. A procedural macro runs in the compiler and can read that command line.
//!
//! The tests are in another crate because Cargo builds the dependencies of a procedural macro and
//! its own tests separately.

use proc_macro::TokenStream;

/// Expands to `(compiler, arguments)` of type `(&str, &[&str])`: the path of the running compiler,
/// and its arguments for the dependencies and the target.
#[proc_macro]
pub fn rustc_command(_: TokenStream) -> TokenStream {
    let compiler = std::env::current_exe().unwrap_or_else(|_| "rustc".into());
    let arguments = dependencies(command_line());
    format!("({:?}, &{arguments:?} as &[&str])", compiler.to_string_lossy())
        .parse()
        .expect("string literals are valid tokens")
}

/// Returns the arguments of this process. If the system limits their length, Cargo passes a file
/// with one argument per line.
fn command_line() -> Vec<String> {
    let mut arguments = Vec::new();
    for argument in std::env::args().skip(1) {
        match argument.strip_prefix('@').and_then(|path| std::fs::read_to_string(path).ok()) {
            Some(file) => arguments.extend(file.lines().map(str::to_owned)),
            None => arguments.push(argument),
        }
    }
    arguments
}

/// Returns the options `-L`, `--extern` and `--target` with their values.
fn dependencies(arguments: Vec<String>) -> Vec<String> {
    let mut chosen = Vec::new();
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        if ["-L", "--extern", "--target"].contains(&argument.as_str()) {
            chosen.push(argument);
            chosen.extend(arguments.next());
        }
    }
    chosen
}
