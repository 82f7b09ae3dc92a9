//! An enum without data as a choice: `impl Choice` and `impl FormField`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DataEnum, DeriveInput, Fields, Path, ext::IdentExt as _};

use super::options::{Attributes, Level};
use crate::model::Errors;

pub(super) fn expand(
    krate: &Path,
    input: &DeriveInput,
    data: &DataEnum,
    attributes: &Attributes,
    errors: &mut Errors,
) -> TokenStream {
    let ident = &input.ident;
    if data.variants.is_empty() {
        errors.at(ident, "a choice needs something to choose", "write the options as variants");
    }
    let mut titled = false;
    let mut options = Vec::new();
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            errors.at(
                &variant.fields,
                "an option of a choice has no data",
                "a form is flat: ask for the data in a field of its own",
            );
        }
        let read = Attributes::read(&variant.attrs, Level::Variant, errors);
        let plain = variant.ident.unraw().to_string();
        let value = read.rename.unwrap_or_else(|| match attributes.rename_all {
            Some(case) => case.variant(&plain),
            None => plain,
        });
        titled |= read.title.is_some() || read.description.is_some();
        let title = match (read.title, read.description) {
            (Some(title), _) => quote!(#title),
            (None, Some(docs)) => docs,
            (None, None) => quote!(#value),
        };
        let name = &variant.ident;
        options.push((
            quote!(#ident::#name => #value),
            quote!(#krate::types::EnumOption::new(#value, #title)),
        ));
    }
    let (values, options): (Vec<_>, Vec<_>) = options.into_iter().unzip();
    let private = quote!(#krate::macro_support::form);
    quote! {
        #[automatically_derived]
        impl #krate::input::Choice for #ident {
            const TITLED: bool = #titled;

            fn options() -> ::std::vec::Vec<#krate::types::EnumOption> {
                ::std::vec![#(#options),*]
            }
        }

        #[automatically_derived]
        impl #krate::input::FormField for #ident {
            fn field() -> #krate::types::PrimitiveSchema {
                #private::choice::<Self>()
            }
        }

        #[automatically_derived]
        #[allow(deprecated)]
        impl #private::DefaultValue for #ident {
            fn default_json(&self) -> #krate::serde_json::Value {
                let value: &str = match self { #(#values),* };
                #krate::serde_json::Value::from(value)
            }
        }
    }
}
