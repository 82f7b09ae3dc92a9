//! The options of an attribute: `"note://{id}", name = "x", read_only, default = 3`.

use proc_macro2::Span;
use syn::{
    Expr, ExprArray, Ident, LitStr, Result, Token,
    ext::IdentExt as _,
    parenthesized,
    parse::{Parse, ParseStream},
    token,
};

/// An optional string without a name, then named options.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) positional: Option<LitStr>,
    pub(crate) entries: Vec<Entry>,
}

/// `name` or `name = value`.
pub(crate) struct Entry {
    pub(crate) name: Ident,
    pub(crate) value: Option<Expr>,
}

impl Entry {
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name == name
    }

    pub(crate) fn span(&self) -> Span {
        self.name.span()
    }
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Self::default();
        if input.peek(LitStr) {
            options.positional = Some(input.parse()?);
            skip_comma(input)?;
        }
        while !input.is_empty() {
            options.entries.push(input.parse()?);
            skip_comma(input)?;
        }
        Ok(options)
    }
}

impl Parse for Entry {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        // `crate` is a keyword, so keywords are accepted too.
        let name = input.call(Ident::parse_any)?;
        if name == "scopes" && input.peek(token::Paren) {
            // `scopes("a", "b")` is `scopes = ["a", "b"]`.
            let content;
            let paren = parenthesized!(content in input);
            let elems = content.parse_terminated(Expr::parse, Token![,])?;
            let bracket_token = token::Bracket(paren.span);
            let list = ExprArray { attrs: Vec::new(), bracket_token, elems };
            return Ok(Self { name, value: Some(Expr::Array(list)) });
        }
        if input.peek(token::Paren) {
            return Err(syn::Error::new(
                name.span(),
                format!(
                    "`{name}` takes no list\n\
                     help: write options one by one, as `name` or `name = value`: `read_only, title = \"…\"`"
                ),
            ));
        }
        let value =
            if input.parse::<Option<Token![=]>>()?.is_some() { Some(input.parse()?) } else { None };
        Ok(Self { name, value })
    }
}

fn skip_comma(input: ParseStream<'_>) -> Result<()> {
    if !input.is_empty() {
        input.parse::<Token![,]>()?;
    }
    Ok(())
}
