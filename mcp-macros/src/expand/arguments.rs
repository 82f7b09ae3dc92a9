//! The arguments of a tool as a struct, whose derives provide the schema and the decoding.
//!
//! The struct has a type parameter for each field, and its uses provide the types: an item inside a
//! function sees neither the generics of an impl block nor `Self`, but its uses do.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, format_ident, quote};
use syn::Ident;

use super::scope::{Scope, local};
use crate::model::{Argument, Default, Function, Parameter};

/// The arguments of one tool.
pub(super) struct Arguments<'a> {
    scope: &'a Scope<'a>,
    fields: Vec<(&'a Parameter, &'a Argument)>,
}

impl<'a> Arguments<'a> {
    pub(super) fn new(scope: &'a Scope<'a>, function: &'a Function) -> Self {
        Self { scope, fields: function.arguments().collect() }
    }

    /// Generates the struct, and a function for each use of it. Each type parameter has the bound
    /// [`Argument`], so that an unsuitable type is reported once, at the user's code.
    ///
    /// [`Argument`]: a trait of the runtime
    pub(super) fn definition(&self) -> TokenStream {
        let (krate, private) = (self.scope.krate, self.scope.private());
        let headers = self.fields.iter().filter(|(_, argument)| argument.header.is_some());
        let headers =
            headers.map(|(Parameter { ty, .. }, _)| quote!(#private::header_argument::<#ty>();));
        if self.flattened().is_some() {
            return quote! {
                fn __schema<T: #private::Argument>() -> #krate::types::Schema {
                    #krate::tool::input_schema::<T>()
                }
                fn __decode<T: #private::Argument>(
                    call: &#krate::tool::ToolCall,
                ) -> ::core::result::Result<T, #krate::extract::ArgumentErrors> {
                    #krate::tool::decode(call, &[])
                }
            };
        }
        let [serde, schemars] = ["serde", "schemars"].map(|name| {
            let name = format_ident!("{name}");
            quote!(#krate::#name).to_string()
        });
        let params: Vec<Ident> =
            (0..self.fields.len()).map(|index| format_ident!("T{index}")).collect();
        let bounds = quote!(#(#params: #private::Argument),*);
        let bound = bounds.to_string();
        let fields = self.fields.iter().zip(&params).map(|((parameter, argument), param)| {
            let Parameter { local, .. } = parameter;
            let Argument { name, description, header, .. } = argument;
            let description = description.iter();
            let header = header.iter();
            let ty = field_type(argument, param);
            quote! {
                #[serde(rename = #name)]
                #(#[schemars(description = #description)])*
                #(#[schemars(extend("x-mcp-header" = #header))])*
                #local: #ty
            }
        });
        let checks = self.fields.iter().zip(&params).map(|((_, argument), param)| {
            let (name, ty) = (&argument.name, field_type(argument, param));
            quote!(#krate::tool::Field::new::<#ty>(#name))
        });
        quote! {
            #[derive(#krate::serde::Deserialize, #krate::schemars::JsonSchema)]
            #[serde(crate = #serde, deny_unknown_fields, bound = #bound)]
            #[schemars(crate = #schemars, bound = #bound)]
            struct __Arguments<#(#params),*> {
                #(#fields),*
            }
            fn __schema<#bounds>() -> #krate::types::Schema {
                #krate::tool::input_schema::<__Arguments<#(#params),*>>()
            }
            fn __decode<#bounds>(
                call: &#krate::tool::ToolCall,
            ) -> ::core::result::Result<__Arguments<#(#params),*>, #krate::extract::ArgumentErrors> {
                #krate::tool::decode(call, const { &[#(#checks),*] })
            }
            #(#headers)*
        }
    }

    /// Generates the schema, with the values of the defaults.
    pub(super) fn schema(&self) -> TokenStream {
        let (private, types) = (self.scope.private(), self.types());
        let bare = quote!(__schema::<#types>());
        let with_default = |schema, (parameter, argument): &(&Parameter, &Argument)| {
            let Some(value) = default_of(parameter, argument) else { return schema };
            let name = &argument.name;
            quote! {
                #private::set_default(#schema, #name, {
                    #[allow(unused_imports)]
                    use #private::{SerializableDefault as _, UnserializableDefault as _};
                    (&&#private::ArgumentDefault(#value)).json()
                })
            }
        };
        self.fields.iter().fold(bare, with_default)
    }

    /// Generates whether all arguments have types of the standard library. Other types and headers
    /// can have annotations, which are checked when the server starts.
    pub(super) fn are_standard(&self) -> TokenStream {
        let private = self.scope.private();
        let is_plain = |(_, argument): &(&Parameter, &Argument)| {
            argument.header.is_none() && argument.flatten.is_none()
        };
        if !self.fields.iter().all(is_plain) {
            return quote!(false);
        }
        let types = self.fields.iter().map(|(parameter, _)| &parameter.ty);
        quote!({
            #[allow(unused_imports)]
            use #private::{OtherArgument as _, StandardArgument as _};
            true #(&& (&&#private::ArgumentType::<#types>::new()).is_standard())*
        })
    }

    /// Generates a `let` of every argument, or an early return with all errors.
    pub(super) fn decoding(&self) -> TokenStream {
        let (types, call) = (self.types(), local("call"));
        let (arguments, errors) = (local("arguments"), local("errors"));
        let locals = self.fields.iter().map(|(parameter, _)| &parameter.local);
        let pattern = match self.flattened() {
            Some((parameter, _)) => parameter.local.to_token_stream(),
            None => quote!(__Arguments { #(#locals: #locals),* }),
        };
        let defaults = self.fields.iter().filter_map(|(parameter, argument)| {
            let value = default_of(parameter, argument)?;
            let local = &parameter.local;
            Some(quote!(let #local = match #local {
                ::core::option::Option::Some(#local) => #local,
                ::core::option::Option::None => #value,
            };))
        });
        quote! {
            let #pattern = match __decode::<#types>(&#call) {
                ::core::result::Result::Ok(#arguments) => #arguments,
                ::core::result::Result::Err(#errors) => return #call.reject(#errors),
            };
            #(#defaults)*
        }
    }

    /// The types of the arguments, as the user wrote them.
    fn types(&self) -> TokenStream {
        let types = self.fields.iter().map(|(parameter, _)| &parameter.ty);
        quote!(#(#types),*)
    }

    fn flattened(&self) -> Option<&(&'a Parameter, &'a Argument)> {
        self.fields.iter().find(|(_, argument)| argument.flatten.is_some())
    }
}

/// The type of a field. An argument with a default may be omitted or `null`.
fn field_type(argument: &Argument, param: &Ident) -> TokenStream {
    match argument.default {
        Some(_) => quote!(::core::option::Option<#param>),
        None => param.into_token_stream(),
    }
}

/// Generates the default of an argument, as a value of its type.
pub(super) fn default_of(parameter: &Parameter, argument: &Argument) -> Option<TokenStream> {
    let ty = &parameter.ty;
    let value = local("value");
    Some(match argument.default.as_ref()? {
        Default::Trait => quote!(<#ty as ::core::default::Default>::default()),
        Default::Text(text) => quote!(::core::convert::Into::<#ty>::into(#text)),
        Default::Value(expression) => quote!({ let #value: #ty = #expression; #value }),
    })
}
