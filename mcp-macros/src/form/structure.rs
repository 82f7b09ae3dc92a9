//! A struct as a form: `impl Form`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::{
    DataStruct, DeriveInput, Expr, ExprLit, Field, Fields, Lit, Path, ext::IdentExt as _,
    spanned::Spanned as _,
};

use super::options::{Attributes, Bound, Level};
use crate::model::Errors;

pub(super) fn expand(
    krate: &Path,
    input: &DeriveInput,
    data: &DataStruct,
    attributes: &Attributes,
    errors: &mut Errors,
) -> TokenStream {
    let ident = &input.ident;
    let Fields::Named(fields) = &data.fields else {
        errors.at(ident, "a form has named fields", "write `struct Name { field: Type }`");
        return TokenStream::new();
    };
    let steps: Vec<_> =
        fields.named.iter().map(|field| one(krate, field, attributes, errors)).collect();
    quote! {
        #[automatically_derived]
        #[allow(deprecated, clippy::cast_lossless, clippy::unnecessary_cast)]
        impl #krate::input::Form for #ident {
            fn schema() -> #krate::types::ElicitSchema {
                let form = #krate::types::ElicitSchema::new();
                #(#steps)*
                form
            }
        }
    }
}

/// `let form = FieldSpec::new()….add_to::<Type>(form, "name");`
fn one(krate: &Path, field: &Field, form: &Attributes, errors: &mut Errors) -> TokenStream {
    let private = quote!(#krate::macro_support::form);
    let attributes = Attributes::read(&field.attrs, Level::Field, errors);
    let ty = &field.ty;
    let plain = field.ident.as_ref().map(|ident| ident.unraw().to_string()).unwrap_or_default();
    let name = attributes.rename.clone().unwrap_or_else(|| match form.rename_all {
        Some(case) => case.field(&plain),
        None => plain,
    });
    let title = attributes.title.iter().map(|title| quote!(.title(#title)));
    let description = attributes.description.iter().map(|text| quote!(.description(#text)));
    let bounds =
        attributes.bounds.iter().map(|Bound { setter, value, .. }| quote!(.#setter(#value)));
    let checks = attributes.bounds.iter().map(|Bound { name, needs, .. }| {
        let span = at(name.span());
        quote_spanned!(span=> {
            const fn needs<T: #krate::input::#needs>() {}
            needs::<#ty>();
        })
    });
    let default = attributes.default.as_ref().map(|(name, value)| {
        let span = at(name.span());
        let value = match value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
                quote!(::core::convert::Into::into(#text))
            }
            other => other.to_token_stream(),
        };
        quote_spanned!(span=> .default_value({
            let value: <#ty as #private::DefaultOf>::Value = #value;
            #private::DefaultValue::default_json(&value)
        }))
    });
    let optional = attributes.optional.then(|| quote!(.optional()));
    // A type that will not do is shown at the type.
    let add = quote_spanned!(at(ty.span())=> .add_to::<#ty>(form, #name));
    quote! {
        #(#checks)*
        let form = #krate::input::FieldSpec::new() #(#title)* #(#description)* #(#bounds)* #default #optional #add;
    }
}

/// Our code, shown at a place of the user's.
fn at(span: Span) -> Span {
    Span::call_site().located_at(span)
}
