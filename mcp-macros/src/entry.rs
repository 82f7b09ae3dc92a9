//! From tokens to tokens: parse, take the attributes off, understand, expand; at any error, the
//! fallback.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Ident, Item, ItemFn, ItemImpl, Path, parse_quote, parse2};

use crate::{
    attr::{Kind, Options, ParameterAttributes},
    expand, fallback,
    model::{self, Block, Errors, Method, Route, Source},
};

/// `#[tool]`, `#[prompt]` or `#[resource]` where it runs by itself: on a free function.
pub(crate) fn free(kind: Kind, options: TokenStream, tokens: TokenStream) -> TokenStream {
    let mut item: ItemFn = match parse2(tokens.clone()) {
        Ok(item) => item,
        Err(error) => return not_a_function(kind, &tokens, error),
    };
    let parameters = ParameterAttributes::take(&mut item.sig);
    item.attrs.extend(ParameterAttributes::allowances(&item.sig));
    let (options, krate) = match parse_options(options) {
        Ok(parsed) => parsed,
        Err(error) => return fallback::free(&default_crate(), &item, kind, &error),
    };
    match understand(kind, options, &item, parameters) {
        Ok(route) => expand::free(&krate, &item, &route),
        Err(error) => fallback::free(&krate, &item, kind, &error),
    }
}

fn understand(
    kind: Kind,
    options: Options,
    item: &ItemFn,
    parameters: Vec<ParameterAttributes>,
) -> syn::Result<Route> {
    if let Some(receiver) = item.sig.receiver() {
        return Err(syn::Error::new_spanned(
            receiver,
            format!(
                "`#[{kind}]` on a method needs `#[tools]` on the impl block around it\n\
                 help: write `#[tools] impl …`"
            ),
        ));
    }
    let mut errors = Errors::default();
    check_companion(kind, &item.sig.ident, &mut errors);
    let source = Source {
        kind,
        span: proc_macro2::Span::call_site(),
        options,
        attributes: &item.attrs,
        signature: &item.sig,
        parameters,
        siblings: &[],
    };
    let route = Route::new(source, &mut errors);
    errors.finish(route)
}

/// The type beside a free function has its name, and would hide a primitive type from the module
/// around it.
fn check_companion(kind: Kind, name: &Ident, errors: &mut Errors) {
    if model::is_primitive(name) {
        errors.at(
            name,
            format_args!("a {kind} cannot be named like the type `{name}`"),
            format_args!(
                "give the function another name and write `name = \"{name}\"` in the attribute"
            ),
        );
    }
}

/// `#[tools]`.
pub(crate) fn block(options: TokenStream, tokens: TokenStream) -> TokenStream {
    let mut item: ItemImpl = match parse2(tokens.clone()) {
        Ok(item) => item,
        Err(error) => return not_a_block(&tokens, error),
    };
    let methods = Method::take(&mut item);
    let (options, krate) = match parse_options(options) {
        Ok(parsed) => parsed,
        Err(error) => return fallback::block(&default_crate(), &item, &error),
    };
    match Block::new(options, &item, methods) {
        Ok(block) => expand::block(&krate, &item, &block),
        Err(error) => fallback::block(&krate, &item, &error),
    }
}

fn parse_options(options: TokenStream) -> syn::Result<(Options, Path)> {
    let mut options: Options = parse2(options)?;
    let krate = model::crate_path(&mut options)?.unwrap_or_else(default_crate);
    Ok((options, krate))
}

fn default_crate() -> Path {
    parse_quote!(::mcp_server)
}

/// The item is emitted as it is; what it should have been stands beside it.
fn misplaced(
    tokens: &TokenStream,
    syntax: syn::Error,
    message: impl FnOnce(&Item) -> String,
) -> TokenStream {
    let error = match parse2::<Item>(tokens.clone()) {
        Ok(item) => syn::Error::new(proc_macro2::Span::call_site(), message(&item)),
        Err(_) => syntax,
    };
    let error = error.to_compile_error();
    quote!(#tokens #error)
}

fn not_a_function(kind: Kind, tokens: &TokenStream, syntax: syn::Error) -> TokenStream {
    misplaced(tokens, syntax, |item| match item {
        Item::Impl(_) => format!(
            "`#[{kind}]` goes on a function\nhelp: `#[tools]` goes on an impl block, `#[{kind}]` on its methods"
        ),
        _ => format!(
            "`#[{kind}]` goes on a function\nhelp: or on a method of an impl block that has `#[tools]`"
        ),
    })
}

fn not_a_block(tokens: &TokenStream, syntax: syn::Error) -> TokenStream {
    misplaced(tokens, syntax, |item| match item {
        Item::Fn(_) => {
            "`#[tools]` goes on an impl block\nhelp: `#[tool]` goes on a function".to_owned()
        }
        _ => "`#[tools]` goes on an impl block\nhelp: the one that has the methods which are tools"
            .to_owned(),
    })
}
