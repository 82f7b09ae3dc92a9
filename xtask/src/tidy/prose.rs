//! Text for readers: Markdown files, and the comments and string literals of Rust files.

/// Consecutive lines that form one text.
#[derive(Debug, PartialEq)]
pub(super) struct Block {
    pub(super) kind: Kind,
    pub(super) lines: Vec<Line>,
}

#[derive(Debug, PartialEq, Clone, Copy)]
pub(super) enum Kind {
    Markdown,
    Comment,
    Literal,
}

/// A line, without the markers (`///`, quotes).
#[derive(Debug, PartialEq)]
pub(super) struct Line {
    /// Counted from 1.
    pub(super) number: usize,
    /// Number of characters before the text.
    pub(super) column: usize,
    pub(super) text: String,
}

/// Returns a Markdown file as one block.
pub(super) fn markdown(source: &str) -> Vec<Block> {
    let line =
        |(index, text): (usize, &str)| Line { number: index + 1, column: 0, text: text.to_owned() };
    let lines = source.lines().enumerate().map(line).collect();
    vec![Block { kind: Kind::Markdown, lines }]
}

/// Returns the comments and string literals of a Rust file, in order. Comments on consecutive lines
/// with the same marker and column are one block.
pub(super) fn rust(source: &str) -> Vec<Block> {
    let mut scanner = Scanner { rest: source, line: 1, column: 0, blocks: Vec::new() };
    while !scanner.rest.is_empty() {
        scanner.step();
    }
    scanner.blocks
}

struct Scanner<'a> {
    rest: &'a str,
    line: usize,
    column: usize,
    blocks: Vec<Block>,
}

impl<'a> Scanner<'a> {
    fn step(&mut self) {
        let rest = self.rest;
        if rest.starts_with("//") {
            self.line_comment();
        } else if rest.starts_with("/*") {
            self.block_comment();
        } else if let Some(opening) = raw_opening(rest) {
            self.take(opening.len());
            let closing = format!("\"{}", "#".repeat(opening.matches('#').count()));
            let length = self.rest.find(&closing).unwrap_or(self.rest.len());
            self.literal(length, closing.len());
        } else if rest.starts_with('"') {
            self.take(1);
            let length = unescaped(self.rest, '"');
            self.literal(length, 1);
        } else if rest.starts_with('\'') {
            self.take(character(rest));
        } else {
            // Words are consumed whole, so that the `r` in `var"` does not begin a raw string.
            let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_'));
            self.take(
                word.unwrap_or(rest.len()).max(rest.chars().next().map_or(1, char::len_utf8)),
            );
        }
    }

    fn line_comment(&mut self) {
        let marker = ["///", "//!", "//"].into_iter().find(|marker| self.rest.starts_with(marker));
        self.take(marker.map_or(0, str::len));
        let column = self.column;
        let number = self.line;
        let text = self.take(self.rest.find('\n').unwrap_or(self.rest.len())).to_owned();
        let line = Line { number, column, text };
        match self.blocks.last_mut() {
            Some(Block { kind: Kind::Comment, lines })
                if lines
                    .last()
                    .is_some_and(|last| (last.number + 1, last.column) == (number, column)) =>
            {
                lines.push(line);
            }
            _ => self.blocks.push(Block { kind: Kind::Comment, lines: vec![line] }),
        }
    }

    fn block_comment(&mut self) {
        self.take(2);
        let mut depth = 1;
        let mut length = 0;
        while depth > 0 && length < self.rest.len() {
            let rest = &self.rest[length..];
            if rest.starts_with("/*") {
                depth += 1;
                length += 2;
            } else if rest.starts_with("*/") {
                depth -= 1;
                length += 2;
            } else {
                length += rest.chars().next().map_or(1, char::len_utf8);
            }
        }
        self.block(Kind::Comment, length);
    }

    fn literal(&mut self, length: usize, closing: usize) {
        self.block(Kind::Literal, length);
        self.take(closing.min(self.rest.len()));
    }

    /// Takes `length` bytes as a block of their own.
    fn block(&mut self, kind: Kind, length: usize) {
        let (number, column) = (self.line, self.column);
        let text = self.take(length);
        let line = |(index, text): (usize, &str)| Line {
            number: number + index,
            column: if index == 0 { column } else { 0 },
            text: text.to_owned(),
        };
        let lines = text.split('\n').enumerate().map(line).collect();
        self.blocks.push(Block { kind, lines });
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        match taken.rsplit_once('\n') {
            Some((before, last)) => {
                self.line += before.matches('\n').count() + 1;
                self.column = last.chars().count();
            }
            None => self.column += taken.chars().count(),
        }
        taken
    }
}

/// Returns the opening of a raw string, such as `r"` or `br##"`.
fn raw_opening(rest: &str) -> Option<&str> {
    let prefix = ["r", "br", "cr"].into_iter().find(|prefix| {
        rest.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(['#', '"']))
    })?;
    let hashes = rest[prefix.len()..].bytes().take_while(|byte| *byte == b'#').count();
    let length = prefix.len() + hashes + 1;
    rest.get(..length).filter(|opening| opening.ends_with('"'))
}

/// Returns the position of the first `end` that is not escaped.
fn unescaped(text: &str, end: char) -> usize {
    let mut escaped = false;
    for (index, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == end => return index,
            _ => {}
        }
    }
    text.len()
}

/// Returns the length of a character literal, or 1 if the quote begins a lifetime.
fn character(rest: &str) -> usize {
    let inside = &rest[1..];
    let mut characters = inside.chars();
    match (characters.next(), characters.next()) {
        (Some('\\'), _) => (1 + unescaped(inside, '\'') + 1).min(rest.len()),
        (Some(first), Some('\'')) => 1 + first.len_utf8() + 1,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<String> {
        rust(source)
            .into_iter()
            .map(|block| {
                block.lines.into_iter().map(|line| line.text).collect::<Vec<_>>().join("\n")
            })
            .collect()
    }

    #[test]
    fn consecutive_comments_are_one_block() {
        let comment = |lines: &[(usize, usize, &str)]| {
            let line = |(number, column, text): &(usize, usize, &str)| Line {
                number: *number,
                column: *column,
                text: text.to_string(),
            };
            Block { kind: Kind::Comment, lines: lines.iter().map(line).collect() }
        };
        assert_eq!(
            rust("//! A\n//! B\n\n    /// C\nlet x; // D\n// E\n"),
            [
                comment(&[(1, 3, " A"), (2, 3, " B")]),
                comment(&[(4, 7, " C")]),
                comment(&[(5, 9, " D")]),
                comment(&[(6, 2, " E")]),
            ]
        );
    }

    #[test]
    fn literals_of_every_form_are_found() {
        assert_eq!(
            texts(r####"f("a\"b", r"c\", br##"d"#e"##, c"f") // g"####),
            ["a\\\"b", "c\\", "d\"#e", "f", " g"]
        );
        assert_eq!(texts("\"a \\\n  b\""), ["a \\\n  b"]);
    }

    #[test]
    fn quotes_of_characters_and_lifetimes_do_not_begin_a_string() {
        assert_eq!(texts(r#"let c = '"'; let d = '\''; let e: &'a str = "f";"#), ["f"]);
        assert_eq!(texts("let c = '\\u{22}'; r#type; b'\"'; var(\"x\")"), ["x"]);
    }

    #[test]
    fn comments_can_contain_quotes_and_nest() {
        assert_eq!(
            texts("// a \"b\n/* c /* d */\n \"e */ \"f\""),
            [" a \"b", " c /* d */\n \"e */", "f"]
        );
    }
}
