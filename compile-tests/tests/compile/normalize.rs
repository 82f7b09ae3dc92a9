//! Removes from the output of the compiler what does not depend on the program: paths of this
//! machine, line numbers of other files, versions of dependencies, closing remarks.

use std::path::Path;

/// Normalizes `printed`, the output of the compiler for `program`, which is a path relative to the
/// workspace's `root`.
pub(crate) fn normalize(printed: &str, program: &Path, root: &Path) -> String {
    let program = program.to_string_lossy().replace('\\', "/");
    let root = format!("{}/", root.to_string_lossy());
    let mut diagnostics: Vec<Vec<String>> = Vec::new();
    for line in printed.lines().filter(|line| !is_closing_remark(line)) {
        let is_first = line.starts_with("error") || line.starts_with("warning");
        if is_first || diagnostics.is_empty() {
            diagnostics.push(Vec::new());
        }
        diagnostics.last_mut().unwrap().push(line.replace(&root, "$WORKSPACE/"));
    }
    let diagnostics = diagnostics.into_iter().map(|lines| {
        let text = Diagnostic::new(&program, &lines).text(&lines);
        text.trim_end().to_owned() + "\n"
    });
    diagnostics.collect::<Vec<_>>().join("\n")
}

fn is_closing_remark(line: &str) -> bool {
    line.starts_with("error: aborting due to ")
        || line.starts_with("For more information about ")
        || line.starts_with("Some errors have detailed explanations: ")
        || line.trim_start().starts_with("= note: the full name for the type has been written to ")
}

/// The file that a quotation of source code is from.
#[derive(Clone, Copy, PartialEq)]
enum Source {
    Program,
    /// A file of this workspace or a dependency. It is quoted without line numbers.
    Other,
    /// A file of the standard library, which only some installations can quote. It is not quoted.
    Std,
}

/// One error or warning: all its lines have the same margin for line numbers.
struct Diagnostic<'a> {
    program: &'a str,
    margin: usize,
    /// The excess width of the margin when the line numbers of other files are removed.
    surplus: usize,
}

impl<'a> Diagnostic<'a> {
    fn new(program: &'a str, lines: &[String]) -> Self {
        let margin = lines.iter().find_map(|line| Some(location(line)?.0)).unwrap_or(1);
        let mut diagnostic = Self { program, margin, surplus: 0 };
        let mut source = Source::Program;
        let mut needed = 1;
        for line in lines {
            if let Some((_, path)) = location(line) {
                source = diagnostic.source(path);
            } else if !diagnostic.is_quotation(line) {
                if is_heading(line) {
                    source = Source::Program;
                }
            } else if source == Source::Program {
                needed = needed.max(line[..margin].trim().len());
            }
        }
        diagnostic.surplus = margin.saturating_sub(needed);
        diagnostic
    }

    fn text(&self, lines: &[String]) -> String {
        let mut text = String::new();
        let mut source = Source::Program;
        // The lines of a heading are not indented by the margin.
        let mut heading = true;
        for line in lines {
            let mut line = without_counts(line);
            if let Some((_, path)) = location(&line) {
                source = self.source(path);
                if source != Source::Program {
                    let path = shortened(path);
                    line.truncate(self.margin + ARROW);
                    line.push_str(&path);
                }
                heading = false;
            } else if self.is_quotation(&line) {
                match source {
                    Source::Std => continue,
                    Source::Other => line.replace_range(..self.margin, &" ".repeat(self.margin)),
                    Source::Program => {}
                }
                heading = false;
            } else if is_heading(&line) {
                (heading, source) = (true, Source::Program);
            } else if self.is_remark(&line) {
                heading = false;
            } else if line.starts_with("...") && source == Source::Std {
                continue;
            }
            text.push_str(&if heading { line } else { self.narrowed(&line) });
            text.push('\n');
        }
        text
    }

    fn source(&self, path: &str) -> Source {
        let rest = path.strip_prefix(self.program);
        if rest.is_some_and(|rest| rest.starts_with(':')) {
            Source::Program
        } else if std_path(path).is_some() {
            Source::Std
        } else {
            Source::Other
        }
    }

    /// Whether the line is one of source code (`12 | let x`), of markers below it, or of a
    /// suggestion.
    fn is_quotation(&self, line: &str) -> bool {
        let Some((margin, rest)) = line.split_at_checked(self.margin) else { return false };
        let number = margin.trim();
        let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
        let bars: &[&str] = if number.is_empty() { &[" |"] } else { &[" |", " ~", " +", " -"] };
        is_number && bars.iter().any(|bar| rest.starts_with(bar))
    }

    /// Whether the line is a remark on the whole diagnostic: `= note: …`.
    fn is_remark(&self, line: &str) -> bool {
        line.trim_start().starts_with("= ") && line.find('=') == Some(self.margin + 1)
    }

    fn narrowed(&self, line: &str) -> String {
        let kept = if line.starts_with("... ") { "...".len() } else { 0 };
        let surplus = " ".repeat(self.surplus);
        match line[kept..].strip_prefix(&surplus) {
            Some(rest) => format!("{}{rest}", &line[..kept]),
            None => line.to_owned(),
        }
    }
}

/// Whether the line is the first of an error, or of a note or a help text below it.
fn is_heading(line: &str) -> bool {
    !line.starts_with([' ', '.'])
}

/// Length of the arrow before a path.
const ARROW: usize = "--> ".len();

/// Returns the margin and the path of `  --> path:1:2` or `  ::: path:1:2`.
fn location(line: &str) -> Option<(usize, &str)> {
    let rest = line.trim_start();
    let path = rest.strip_prefix("--> ").or_else(|| rest.strip_prefix("::: "))?;
    Some((line.len() - rest.len(), path))
}

/// Shortens the path of another file: without line and column, and without what differs between
/// machines.
fn shortened(path: &str) -> String {
    let path = path.replace('\\', "/");
    let path = path.trim_end_matches(|c: char| c == ':' || c.is_ascii_digit());
    if let Some(rest) = std_path(path) {
        return format!("$RUST/{rest}");
    }
    // …/registry/src/index.crates.io-0123456789abcdef/name-1.2.3/src/lib.rs
    let Some((_, rest)) = path.split_once("/registry/src/") else { return path.to_owned() };
    let Some((_, rest)) = rest.split_once('/') else { return path.to_owned() };
    let Some((package, file)) = rest.split_once('/') else { return path.to_owned() };
    let is_version = |(index, _): &(usize, &str)| package.as_bytes()[index + 1].is_ascii_digit();
    match package.match_indices('-').find(is_version) {
        Some((index, _)) => format!("$CARGO/{}-$VERSION/{file}", &package[..index]),
        None => format!("$CARGO/{rest}"),
    }
}

/// Returns the part of a path below the sources of the standard library.
fn std_path(path: &str) -> Option<&str> {
    let (before, rest) = path.split_once("/library/")?;
    (before.starts_with("/rustc/") || before.ends_with("/rustlib/src/rust")).then_some(rest)
}

/// Replaces the number in `and 12 others`, which grows with the implementations of other crates.
fn without_counts(line: &str) -> String {
    let text = line.trim_start();
    let count = text.strip_prefix("and ").and_then(|rest| rest.strip_suffix(" others"));
    match count {
        Some(count) if count.bytes().all(|byte| byte.is_ascii_digit()) => line.replace(count, "$N"),
        _ => line.to_owned(),
    }
}

#[test]
fn only_the_program_keeps_its_line_numbers() {
    let printed = "\
error[E0277]: wrong
       help: not shifted
   --> tests/case.rs:9:1
    |
  9 | fn f() {}
    | ^^^^^^^^^
    |
    = note: a remark
            of two lines
note: required here
   --> /home/me/.cargo/registry/src/index.crates.io-0123/some-crate-1.2.3-rc.1/src/lib.rs:100:7
    |
100 |     fn g();
    |     ^^^^^^^
note: and here
   --> /rustc/0123/library/core/src/convert/mod.rs:450:1
    |
450 | pub trait From {}
    | ^^^^^^^^^
help: try
    |
  9 - fn f() {}
  9 + fn h() {}
    |

error: aborting due to 1 previous error

For more information about this error, try `rustc --explain E0277`.
";
    let expected = "\
error[E0277]: wrong
       help: not shifted
 --> tests/case.rs:9:1
  |
9 | fn f() {}
  | ^^^^^^^^^
  |
  = note: a remark
          of two lines
note: required here
 --> $CARGO/some-crate-$VERSION/src/lib.rs
  |
  |     fn g();
  |     ^^^^^^^
note: and here
 --> $RUST/core/src/convert/mod.rs
help: try
  |
9 - fn f() {}
9 + fn h() {}
  |
";
    assert_eq!(
        normalize(printed, Path::new("tests/case.rs"), Path::new("/home/me/work")),
        expected
    );
}
