//! Rust source as a flat list of tokens, without code that is compiled for tests only. Most rules
//! need no more, and unlike a syntax tree it includes the contents of macros.

use std::str::FromStr;

use proc_macro2::{Delimiter, Group, LexError, Spacing, TokenStream, TokenTree};

/// A token and the line it is on, counted from 1.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) line: usize,
}

#[derive(Debug, PartialEq)]
pub(super) enum Kind {
    Word(String),
    /// A character of punctuation, and whether the next one belongs to the same operator.
    Mark(char, bool),
    Text(String),
    /// A literal that is not a string of any kind.
    Literal,
    Open(char),
    Close(char),
}

impl Token {
    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(&self.kind, Kind::Word(have) if have == word)
    }

    pub(super) fn is_mark(&self, mark: char) -> bool {
        matches!(self.kind, Kind::Mark(have, _) if have == mark)
    }
}

/// Returns the tokens of `source` without test code and doc comments.
pub(super) fn tokens(source: &str) -> Result<Vec<Token>, LexError> {
    let stream = TokenStream::from_str(source)?;
    let mut tokens = Vec::new();
    flatten(stream, &mut tokens);
    Ok(tokens)
}

fn flatten(stream: TokenStream, tokens: &mut Vec<Token>) {
    let mut trees = stream.into_iter().peekable();
    while let Some(tree) = trees.next() {
        if is_punct(&tree, '#') {
            // `#![cfg(test)]` empties the rest of the file or block.
            let inner = trees.peek().is_some_and(|tree| is_punct(tree, '!'));
            let mark = if inner { trees.next() } else { None };
            match trees.peek() {
                Some(TokenTree::Group(group)) if is_test_attribute(group) && inner => return,
                Some(TokenTree::Group(group)) if is_test_attribute(group) => {
                    trees.next();
                    skip_item(&mut trees);
                    continue;
                }
                Some(TokenTree::Group(group)) if is_doc_attribute(group) => {
                    trees.next();
                    continue;
                }
                _ => {}
            }
            push(tree, tokens);
            if let Some(mark) = mark {
                push(mark, tokens);
            }
            continue;
        }
        push(tree, tokens);
    }
}

fn push(tree: TokenTree, tokens: &mut Vec<Token>) {
    let line = tree.span().start().line;
    let kind = match tree {
        TokenTree::Ident(ident) => Kind::Word(ident.to_string()),
        TokenTree::Punct(punct) => Kind::Mark(punct.as_char(), punct.spacing() == Spacing::Joint),
        TokenTree::Literal(literal) => text(&literal.to_string()).map_or(Kind::Literal, Kind::Text),
        TokenTree::Group(group) => {
            let (open, close) = match group.delimiter() {
                Delimiter::Parenthesis => ('(', ')'),
                Delimiter::Brace => ('{', '}'),
                Delimiter::Bracket => ('[', ']'),
                Delimiter::None => return flatten(group.stream(), tokens),
            };
            tokens.push(Token { kind: Kind::Open(open), line });
            flatten(group.stream(), tokens);
            let line = group.span_close().start().line;
            tokens.push(Token { kind: Kind::Close(close), line });
            return;
        }
    };
    tokens.push(Token { kind, line });
}

/// Skips the item that begins here, with its attributes. It ends at `;`, at a block, or at a `,`
/// that is not in a list of generic parameters.
fn skip_item(trees: &mut impl Iterator<Item = TokenTree>) {
    let mut depth = 0_usize;
    let mut after_minus = false;
    for tree in trees {
        match &tree {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return,
            TokenTree::Punct(punct) => match punct.as_char() {
                ';' => return,
                ',' if depth == 0 => return,
                '<' => depth += 1,
                '>' if !after_minus => depth = depth.saturating_sub(1),
                _ => {}
            },
            _ => {}
        }
        after_minus = is_punct(&tree, '-');
    }
}

fn is_punct(tree: &TokenTree, mark: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == mark)
}

/// Whether the attribute is `[cfg(test)]`, including as one of several conditions, but not in
/// `not`.
fn is_test_attribute(group: &Group) -> bool {
    let mut tokens = Vec::new();
    flatten(group.stream(), &mut tokens);
    let has = |word| tokens.iter().any(|token: &Token| token.is_word(word));
    group.delimiter() == Delimiter::Bracket
        && tokens.first().is_some_and(|token| token.is_word("cfg"))
        && has("test")
        && !has("not")
}

fn is_doc_attribute(group: &Group) -> bool {
    let first = group.stream().into_iter().next();
    matches!(first, Some(TokenTree::Ident(ident)) if ident == "doc")
}

/// Returns the value of a string literal of any kind.
fn text(literal: &str) -> Option<String> {
    if literal.starts_with(|c: char| c.is_ascii_digit() || c == '\'') {
        return None;
    }
    let inner = literal.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    if let Some(inner) = inner.filter(|inner| !inner.contains('\\')) {
        return Some(inner.to_owned());
    }
    match syn::parse_str(literal).ok()? {
        syn::Lit::Str(text) => Some(text.value()),
        syn::Lit::ByteStr(bytes) => Some(String::from_utf8_lossy(&bytes.value()).into_owned()),
        syn::Lit::CStr(text) => Some(text.value().to_string_lossy().into_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> Vec<String> {
        let tokens = tokens(source).unwrap();
        let words = tokens.into_iter().filter_map(|token| match token.kind {
            Kind::Word(word) | Kind::Text(word) => Some(word),
            _ => None,
        });
        words.collect()
    }

    #[test]
    fn test_code_is_left_out() {
        let source = "
            #[cfg(test)] use a::{b, c};
            #[cfg(test)] #[allow(unused)] mod d { fn e() {} }
            #[cfg(all(test, unix))] const F: [u8; 3] = [0; 3];
            #[cfg(test)] fn k<L, M>(n: fn() -> O) -> P<Q, R> {}
            #[cfg(not(test))] struct G;
            struct H { #[cfg(test)] i: u8, j: u8 }";
        assert_eq!(words(source), ["cfg", "not", "test", "struct", "G", "struct", "H", "j", "u8"]);
        assert!(words("#![cfg(test)] fn a() {}").is_empty());
    }

    #[test]
    fn strings_of_every_kind_have_their_value_and_docs_are_left_out() {
        let source =
            "//! \"no\"\n/// \"no\"\n#[doc = \"no\"]\nf(\"a\\n\", r#\"b\"c\"#, b\"d\", 'e', 1)";
        assert_eq!(words(source), ["f", "a\n", "b\"c", "d"]);
    }

    #[test]
    fn a_token_has_its_line_and_a_broken_file_is_an_error() {
        assert_eq!(tokens("a\n\nb").unwrap()[1].line, 3);
        assert!(tokens("a\n)").is_err());
    }
}
