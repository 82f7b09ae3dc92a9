//! `#[derive(Elicit)]`: a struct is a form, an enum without data is a choice.

mod case;
mod choice;
mod options;
mod structure;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Path, Result, parse_quote, parse2};

use crate::model::Errors;
use options::{Attributes, Level};

/// Expands the derive macro, or returns its errors.
pub(crate) fn derive(tokens: TokenStream) -> TokenStream {
    match parse2(tokens).and_then(|input: DeriveInput| expand(&input)) {
        Ok(code) => code,
        Err(error) => error.to_compile_error(),
    }
}

fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let mut errors = Errors::default();
    let attributes = Attributes::read(&input.attrs, Level::Item, &mut errors);
    if let Some(parameter) = input.generics.params.first() {
        errors.at(
            parameter,
            "a form cannot be generic",
            "its fields must be known: write a type for each form",
        );
    }
    let krate: Path = attributes.krate.clone().unwrap_or_else(|| parse_quote!(::mcp_server));
    let code = match &input.data {
        Data::Struct(data) => structure::expand(&krate, input, data, &attributes, &mut errors),
        Data::Enum(data) => choice::expand(&krate, input, data, &attributes, &mut errors),
        Data::Union(data) => {
            errors.at(
                data.union_token,
                "a union cannot be a form",
                "use a struct with named fields",
            );
            quote!()
        }
    };
    errors.finish(code)
}
