//! Doc comments as the text of a description.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The text of an item's doc comments: an expression of type `&'static str`.
pub(crate) struct Docs(TokenStream);

impl Docs {
    /// None when there is no doc comment, or only an empty one.
    pub(crate) fn of<'a>(attributes: impl IntoIterator<Item = &'a Attribute>) -> Option<Self> {
        let mut parts = attributes.into_iter().filter_map(Part::of).peekable();
        parts.peek()?;
        let mut tokens = Vec::new();
        let mut text = String::new();
        for part in parts {
            match part {
                Part::Text(line) => {
                    text.push_str(&line);
                    text.push('\n');
                }
                Part::Expression(expression) => {
                    let before = std::mem::take(&mut text);
                    tokens.push(quote!(#before, #expression, "\n"));
                }
            }
        }
        let text = if tokens.is_empty() { text.trim() } else { text.trim_end() };
        match (tokens.as_slice(), text) {
            ([], "") => None,
            ([], text) => Some(Self(quote!(#text))),
            (tokens, text) => Some(Self(quote!(::core::concat!(#(#tokens,)* #text)))),
        }
    }

    pub(crate) fn into_tokens(self) -> TokenStream {
        self.0
    }
}

enum Part {
    Text(String),
    /// `#[doc = include_str!("…")]`.
    Expression(Expr),
}

impl Part {
    fn of(attribute: &Attribute) -> Option<Self> {
        match &attribute.meta {
            Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
                Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
                    Some(Self::Text(plain(&text.value())))
                }
                other => Some(Self::Expression(other.clone())),
            },
            _ => None,
        }
    }
}

/// A line comment loses the space after its slashes; a block comment its margin, with the stars if
/// every line has one.
fn plain(comment: &str) -> String {
    if !comment.contains('\n') {
        return comment.strip_prefix(' ').unwrap_or(comment).trim_end().to_owned();
    }
    let mut lines: Vec<&str> = comment.trim().lines().map(str::trim_end).collect();
    let (_, rest) = lines.split_first_mut().expect("a comment with a newline has a line");
    let starred = rest.iter().all(|line| line.is_empty() || line.trim_start().starts_with('*'));
    let indent = |line: &&mut &str| line.len() - line.trim_start().len();
    let margin = rest
        .iter_mut()
        .filter(|line| !line.is_empty())
        .map(|line| indent(&line))
        .min()
        .unwrap_or(0);
    for line in rest {
        *line = if starred {
            let line_text = line.trim_start().trim_start_matches('*');
            line_text.strip_prefix(' ').unwrap_or(line_text)
        } else {
            line.get(margin..).unwrap_or_default()
        };
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use quote::ToTokens as _;
    use syn::{Attribute, ItemFn, parse_quote};

    use super::Docs;

    fn docs(item: ItemFn) -> Option<String> {
        Docs::of(&item.attrs as &Vec<Attribute>)
            .map(|docs| docs.into_tokens().into_token_stream().to_string())
    }

    #[test]
    fn lines_keep_their_inner_indentation() {
        let item = parse_quote! {
            /// First.
            ///
            ///     code
            fn f() {}
        };
        assert_eq!(docs(item).unwrap(), r#""First.\n\n    code""#);
    }

    #[test]
    fn a_block_loses_its_margin() {
        let item = parse_quote! {
            /** First.
             * Second.
             */
            fn f() {}
        };
        assert_eq!(docs(item).unwrap(), r#""First.\nSecond.""#);
    }

    #[test]
    fn an_included_file_is_joined_by_the_compiler() {
        let item = parse_quote! {
            /// Head.
            #[doc = include_str!("x.md")]
            fn f() {}
        };
        assert_eq!(
            docs(item).unwrap(),
            r#":: core :: concat ! ("Head.\n" , include_str ! ("x.md") , "\n" , "")"#
        );
    }

    #[test]
    fn nothing_is_none() {
        assert!(
            docs(parse_quote!(
                fn f() {}
            ))
            .is_none()
        );
        assert!(
            docs(parse_quote!(
                #[doc(hidden)]
                fn f() {}
            ))
            .is_none()
        );
    }
}
