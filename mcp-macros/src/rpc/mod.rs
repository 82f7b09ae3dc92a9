//! `#[rpc_schemas]`: the schemas of a trait with jsonrpsee's `#[rpc]`.
//!
//! The attributes of jsonrpsee are read, not checked: its own macro expands after this one, and
//! reports what is wrong with them.

mod attributes;
mod expand;
mod interface;

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{ItemTrait, Path, parse_quote, parse2};

use crate::attr::Options;
use crate::model;
use interface::Interface;

/// Expands `#[rpc_schemas]` on a trait. After an error, the trait is emitted without it.
pub(crate) fn schemas(options: TokenStream, tokens: TokenStream) -> TokenStream {
    let Ok(mut item) = parse2::<ItemTrait>(tokens.clone()) else {
        let error = "`#[rpc_schemas]` goes on a trait\nhelp: above its `#[rpc(server)]`";
        let error = syn::Error::new(Span::call_site(), error).to_compile_error();
        return quote!(#tokens #error);
    };
    let interface = Interface::take(&mut item);
    let expanded = crate_path(options).and_then(|krate| {
        let interface = interface?;
        Ok(expand::function(&krate, &item, &interface))
    });
    let expanded = expanded.unwrap_or_else(|error| error.to_compile_error());
    quote!(#item #expanded)
}

fn crate_path(options: TokenStream) -> syn::Result<Path> {
    let mut options: Options = parse2(options)?;
    let krate = model::crate_path(&mut options)?;
    if let Some(entry) = options.entries.first() {
        let error = format!("unknown option `{}`\nhelp: the only option is `crate`", entry.name);
        return Err(syn::Error::new(entry.span(), error));
    }
    if let Some(text) = options.positional {
        let error = "`#[rpc_schemas]` takes no text\nhelp: write `#[rpc_schemas]`";
        return Err(syn::Error::new(text.span(), error));
    }
    Ok(krate.unwrap_or_else(|| parse_quote!(::mcp_server)))
}
