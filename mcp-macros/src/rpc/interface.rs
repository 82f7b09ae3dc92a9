//! What the schemas need of a trait.

use proc_macro2::{Span, TokenStream};
use syn::{Attribute, FnArg, ItemTrait, Pat, ReturnType, TraitItem, TraitItemFn, Type};

use super::attributes::Arguments;
use crate::attr::Docs;

/// The methods of a trait, with their names in the module.
pub(super) struct Interface {
    pub(super) methods: Vec<RpcMethod>,
}

/// A method or a subscription.
pub(super) struct RpcMethod {
    pub(super) name: String,
    pub(super) aliases: Vec<String>,
    pub(super) docs: Option<TokenStream>,
    pub(super) params: Vec<RpcParam>,
    pub(super) output: RpcOutput,
}

pub(super) struct RpcParam {
    pub(super) name: String,
    pub(super) docs: Option<TokenStream>,
    pub(super) ty: Type,
}

pub(super) enum RpcOutput {
    /// What a method returns, usually a `Result`.
    Returned(Type),
    /// The type of the values of a subscription.
    Values(Type),
}

impl Interface {
    /// Reads a trait, and removes the doc comments of its parameters: the compiler allows none.
    pub(super) fn take(item: &mut ItemTrait) -> syn::Result<Self> {
        let is_rpc = |attribute: &&Attribute| {
            attribute.path().segments.last().is_some_and(|segment| segment.ident == "rpc")
        };
        let namespace = match item.attrs.iter().find(is_rpc) {
            Some(attribute) => Ok(namespace(&Arguments::of(attribute))),
            None => Err(syn::Error::new(
                Span::call_site(),
                "`#[rpc_schemas]` has to be above `#[rpc]` of jsonrpsee\n\
                 help: write `#[rpc_schemas]` in the line before `#[rpc(server)]`",
            )),
        };
        let functions = item.items.iter_mut().filter_map(|item| match item {
            TraitItem::Fn(function) => Some(function),
            _ => None,
        });
        let methods: Vec<RpcMethod> = functions.filter_map(RpcMethod::take).collect();
        let namespace = namespace?;
        let methods = methods
            .into_iter()
            .map(|method| RpcMethod { name: format!("{namespace}{}", method.name), ..method });
        Ok(Self { methods: methods.collect() })
    }
}

/// Returns what all names start with. Aliases do not.
fn namespace(rpc: &Arguments) -> String {
    let separator = || rpc.string("namespace_separator").unwrap_or_else(|| "_".to_owned());
    rpc.string("namespace").map_or_else(String::new, |namespace| namespace + &separator())
}

impl RpcMethod {
    /// Returns `None` for a function that is no method, or that jsonrpsee refuses.
    fn take(function: &mut TraitItemFn) -> Option<Self> {
        let params = function.sig.inputs.iter_mut().filter_map(|argument| match argument {
            FnArg::Typed(argument) => Some(argument),
            FnArg::Receiver(_) => None,
        });
        let params: Vec<RpcParam> = params
            .filter_map(|argument| {
                let docs = Docs::of(&argument.attrs).map(Docs::into_tokens);
                argument.attrs.retain(|attribute| !attribute.path().is_ident("doc"));
                let Pat::Ident(pattern) = &*argument.pat else { return None };
                let mut attributes = argument.attrs.iter();
                let renamed = attributes.find(|attribute| attribute.path().is_ident("argument"));
                let renamed = renamed.and_then(|it| Arguments::of(it).string("rename"));
                let name = renamed.unwrap_or_else(|| pattern.ident.to_string());
                Some(RpcParam { name, docs, ty: (*argument.ty).clone() })
            })
            .collect();
        let attribute = function.attrs.iter().find(|attribute| {
            attribute.path().is_ident("method") || attribute.path().is_ident("subscription")
        })?;
        let arguments = Arguments::of(attribute);
        let output = if attribute.path().is_ident("subscription") {
            RpcOutput::Values(arguments.value("item")?)
        } else {
            RpcOutput::Returned(match &function.sig.output {
                ReturnType::Default => syn::parse_quote!(()),
                ReturnType::Type(_, ty) => (**ty).clone(),
            })
        };
        Some(Self {
            name: arguments.string("name")?,
            aliases: arguments.strings("aliases"),
            docs: Docs::of(&function.attrs).map(Docs::into_tokens),
            params,
            output,
        })
    }
}
