//! The grammar of jsonrpsee's attributes: `name = "get", aliases = ["fetch"], blocking, item = T`.

use proc_macro2::{TokenStream, TokenTree};
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::{Attribute, Ident, LitStr, Token, bracketed};

/// The arguments of one attribute.
pub(super) struct Arguments(Vec<Argument>);

/// `label`, `label = value` or `label(…)`. The tokens are what follows the label.
struct Argument {
    label: Ident,
    tokens: TokenStream,
}

impl Arguments {
    /// Reads an attribute. Without arguments, or with ones that jsonrpsee does not accept either,
    /// there are none.
    pub(super) fn of(attribute: &Attribute) -> Self {
        let parsed = attribute.parse_args_with(|input: ParseStream<'_>| {
            input.parse_terminated(Argument::parse, Token![,])
        });
        Self(parsed.map(|list| list.into_iter().collect()).unwrap_or_default())
    }

    /// Returns the value of `label = value`.
    pub(super) fn value<T: Parse>(&self, label: &str) -> Option<T> {
        let argument = self.0.iter().find(|argument| argument.label == label)?;
        let value = |input: ParseStream<'_>| {
            input.parse::<Token![=]>()?;
            let value = input.parse()?;
            // A subscription may have the name of its messages too: `name = "a" => "b"`.
            input.parse::<TokenStream>()?;
            Ok(value)
        };
        value.parse2(argument.tokens.clone()).ok()
    }

    /// Returns the string of `label = "…"`.
    pub(super) fn string(&self, label: &str) -> Option<String> {
        self.value::<LitStr>(label).map(|text| text.value())
    }

    /// Returns the strings of `label = ["…", "…"]`.
    pub(super) fn strings(&self, label: &str) -> Vec<String> {
        self.value::<Strings>(label).map(|strings| strings.0).unwrap_or_default()
    }
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let label = input.call(Ident::parse_any)?;
        let mut tokens = Vec::new();
        // A comma in `Map<K, V>` separates no arguments.
        let mut depth = 0_usize;
        while !(input.is_empty() || depth == 0 && input.peek(Token![,])) {
            if input.peek(Token![<]) {
                depth += 1;
            } else if input.peek(Token![>]) {
                depth = depth.saturating_sub(1);
            }
            tokens.push(input.parse::<TokenTree>()?);
        }
        Ok(Self { label, tokens: tokens.into_iter().collect() })
    }
}

struct Strings(Vec<String>);

impl Parse for Strings {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let content;
        bracketed!(content in input);
        let list = content.parse_terminated(<LitStr as Parse>::parse, Token![,])?;
        Ok(Self(list.iter().map(LitStr::value).collect()))
    }
}

#[cfg(test)]
mod tests {
    use quote::ToTokens as _;
    use syn::{Attribute, Type, parse_quote};

    use super::*;

    #[test]
    fn arguments_are_found_beside_others() {
        let attribute: Attribute = parse_quote!(
            #[subscription(name = "sub" => "item", item = Map<u8, Vec<u8>>, aliases = ["a", "b"],
                with_extensions, server_bounds(T: Clone))]
        );
        let arguments = Arguments::of(&attribute);
        assert_eq!(arguments.string("name").as_deref(), Some("sub"));
        assert_eq!(arguments.strings("aliases"), ["a", "b"]);
        let item: Type = arguments.value("item").unwrap();
        assert_eq!(item.to_token_stream().to_string(), "Map < u8 , Vec < u8 > >");
        assert!(arguments.string("with_extensions").is_none());
        assert!(arguments.string("unsubscribe").is_none());
    }

    #[test]
    fn an_attribute_that_jsonrpsee_refuses_has_no_arguments() {
        let attribute: Attribute = parse_quote!(#[method]);
        assert!(Arguments::of(&attribute).string("name").is_none());
        let attribute: Attribute = parse_quote!(#[method(name = 1, "x")]);
        assert!(Arguments::of(&attribute).string("name").is_none());
    }
}
