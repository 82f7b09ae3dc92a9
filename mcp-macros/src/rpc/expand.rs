//! The function that returns the schemas of a trait.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{ItemTrait, Path, WherePredicate, parse_quote};

use super::interface::{Interface, RpcMethod, RpcOutput, RpcParam};

/// Generates the function. It has the generics of the trait, and needs the schemas of the types
/// that occur in it.
pub(super) fn function(krate: &Path, item: &ItemTrait, interface: &Interface) -> TokenStream {
    let bridge = quote!(#krate::bridge::jsonrpsee);
    let name = format_ident!("{}_schemas", snake_case(&item.ident.to_string()));
    let visibility = &item.vis;
    let schemas = interface.methods.iter().map(|method| schema(&bridge, method));
    let mut generics = item.generics.clone();
    if generics.type_params().next().is_some() {
        // All bounds are in the where clause: clippy wants those of one type in one place.
        let parameters = generics.type_params_mut().filter(|it| !it.bounds.is_empty());
        let mut all: Vec<WherePredicate> = parameters
            .map(|parameter| {
                let (name, bounds) = (&parameter.ident, std::mem::take(&mut parameter.bounds));
                parse_quote!(#name: #bounds)
            })
            .collect();
        all.extend(interface.methods.iter().flat_map(|method| predicates(krate, method)));
        generics.make_where_clause().predicates.extend(all);
    }
    let (parameters, _, bounds) = generics.split_for_impl();
    let parameters = quote!(#parameters);
    let doc = format!("Returns the schemas of the methods of [`{}`].", item.ident);
    quote! {
        #[doc = #doc]
        #visibility fn #name #parameters () -> #bridge::RpcSchemas #bounds {
            ::core::iter::FromIterator::from_iter([#(#schemas),*])
        }
    }
}

fn schema(bridge: &TokenStream, method: &RpcMethod) -> TokenStream {
    let RpcMethod { name, aliases, docs, params, output } = method;
    let description = call("description", docs.as_ref());
    let params = params.iter().map(|RpcParam { name, docs, ty }| {
        let description = call("param_description", docs.as_ref());
        quote!(.param::<#ty>(#name) #description)
    });
    let output = match output {
        RpcOutput::Returned(ty) => quote!(.returns_response::<#ty>()),
        RpcOutput::Values(ty) => quote!(.returns::<#ty>()),
    };
    quote! {
        #bridge::MethodSchema::new(#name) #(.alias(#aliases))* #description #(#params)* #output
    }
}

fn call(function: &str, docs: Option<&TokenStream>) -> Option<TokenStream> {
    let function = format_ident!("{function}");
    docs.map(|text| quote!(.#function(#text)))
}

/// What the types of a method must implement, for types with parameters.
fn predicates(krate: &Path, method: &RpcMethod) -> Vec<WherePredicate> {
    let schema = quote!(#krate::schemars::JsonSchema);
    let types = method.params.iter().map(|param| &param.ty);
    let mut all: Vec<WherePredicate> = types.map(|ty| parse_quote!(#ty: #schema)).collect();
    all.push(match &method.output {
        RpcOutput::Values(ty) => parse_quote!(#ty: #schema),
        RpcOutput::Returned(ty) => {
            parse_quote!(#ty: #krate::bridge::jsonrpsee::IntoResponse<Output: #schema>)
        }
    });
    all
}

/// Returns the name of a trait as that of a function: `StateApi` → `state_api`, `ChainRPC` →
/// `chain_rpc`, `RPCModule` → `rpc_module`. Unlike the cases of serde, it takes a run of capitals
/// for one word.
fn snake_case(name: &str) -> String {
    let characters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (index, character) in characters.iter().enumerate() {
        let is_lower = |at: Option<usize>| {
            at.and_then(|at| characters.get(at)).is_some_and(|it| !it.is_uppercase() && *it != '_')
        };
        // A run of capitals is one word; its last one begins the next word.
        let begins = is_lower(index.checked_sub(1)) || index > 0 && is_lower(Some(index + 1));
        if character.is_uppercase() && begins && !snake.ends_with('_') {
            snake.push('_');
        }
        snake.extend(character.to_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::snake_case;

    #[test]
    fn runs_of_capitals_are_one_word() {
        for (name, snake) in [
            ("StateApi", "state_api"),
            ("ChainRPC", "chain_rpc"),
            ("RPCModule", "rpc_module"),
            ("Eth1Api", "eth1_api"),
            ("A", "a"),
            ("API", "api"),
        ] {
            assert_eq!(snake_case(name), snake);
        }
    }
}
