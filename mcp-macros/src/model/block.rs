//! `#[tools]` on an impl block: its marked methods, whose names and URIs must be unique.

use proc_macro2::Span;
use syn::{Generics, Ident, ImplItem, ItemImpl, Signature, Type, spanned::Spanned as _};

use super::{Errors, Route, Source, options::Reader};
use crate::attr::{Marker, Options, ParameterAttributes};

/// An impl block with routes.
pub(crate) struct Block {
    pub(crate) self_ty: Type,
    pub(crate) generics: Generics,
    pub(crate) routes: Vec<Route>,
}

/// The attributes that were removed from one function of the block.
pub(crate) struct Method {
    markers: Vec<Marker>,
    parameters: Vec<ParameterAttributes>,
}

impl Method {
    /// Removes our attributes from every marked function, and returns one entry for each function,
    /// in order.
    pub(crate) fn take(block: &mut ItemImpl) -> Vec<Self> {
        let functions = block.items.iter_mut().filter_map(|item| match item {
            ImplItem::Fn(function) => Some(function),
            _ => None,
        });
        functions
            .map(|function| {
                let markers = Marker::take(&mut function.attrs);
                let parameters = if markers.is_empty() {
                    Vec::new()
                } else {
                    function.attrs.extend(ParameterAttributes::allowances(&function.sig));
                    ParameterAttributes::take(&mut function.sig)
                };
                Self { markers, parameters }
            })
            .collect()
    }
}

impl Block {
    pub(crate) fn new(
        options: Options,
        block: &ItemImpl,
        methods: Vec<Method>,
    ) -> syn::Result<Self> {
        let mut errors = Errors::default();
        Reader::new("tools", options, &mut errors).finish();
        if let Some((path, _)) = &block.trait_ {
            errors.at(
                path,
                "`#[tools]` goes on an inherent impl block, not on a trait impl",
                "call the methods of the trait from inherent methods",
            );
        }
        let functions = || {
            block.items.iter().filter_map(|item| match item {
                ImplItem::Fn(function) => Some(function),
                _ => None,
            })
        };
        let siblings: Vec<&Signature> = functions().map(|function| &function.sig).collect();
        let mut routes = Vec::new();
        for (function, Method { markers, parameters }) in functions().zip(methods) {
            let mut markers = markers.into_iter();
            let Some(Marker { kind, span, options }) = markers.next() else { continue };
            for second in markers {
                errors.at_span(
                    second.span,
                    format_args!("a function can have one marker; this one is already a {kind}"),
                    "write a second function that calls it",
                );
            }
            let source = Source {
                kind,
                span,
                options: errors.unwrap_or_push(options),
                attributes: &function.attrs,
                signature: &function.sig,
                parameters,
                siblings: &siblings,
            };
            routes.push(Route::new(source, &mut errors));
        }
        if routes.is_empty() {
            errors.at_span(
                block.self_ty.span(),
                "this block has no tool, prompt or resource",
                "mark its methods with `#[tool]`, `#[prompt]` or `#[resource(\"…\")]`",
            );
        }
        check_duplicates(&routes, &mut errors);
        let (self_ty, generics) = ((*block.self_ty).clone(), block.generics.clone());
        errors.finish(Self { self_ty, generics, routes })
    }
}

/// Checks that the names of tools and prompts and the URIs of resources are unique. Functions with
/// `#[cfg]` are skipped, because only some are compiled; the server checks them when it is built.
fn check_duplicates(routes: &[Route], errors: &mut Errors) {
    let certain: Vec<_> = routes
        .iter()
        .filter(|route| route.function().cfgs.is_empty())
        .map(|route| (route, Key::of(route)))
        .collect();
    for (index, (route, key)) in certain.iter().enumerate() {
        let duplicate = certain[..index]
            .iter()
            .find(|(earlier, it)| earlier.kind() == route.kind() && it.text == key.text);
        if let Some((_, first)) = duplicate {
            let what = if matches!(route, Route::Resource(_)) { "URI" } else { "name" };
            errors.at_span(
                key.span,
                format_args!(
                    "the {kind} `{first}` already has the {what} `{text}`",
                    kind = route.kind(),
                    first = first.function,
                    text = key.text
                ),
                format_args!("use another {what} for this one"),
            );
        }
    }
}

/// The unique key of a route.
struct Key<'a> {
    text: String,
    span: Span,
    function: &'a Ident,
}

impl<'a> Key<'a> {
    fn of(route: &'a Route) -> Self {
        let function = &route.function().ident;
        let (text, span) = match route {
            Route::Tool(tool) => (tool.listing.name.clone(), tool.listing.name_span),
            Route::Prompt(prompt) => (prompt.listing.name.clone(), prompt.listing.name_span),
            Route::Resource(resource) => (resource.uri.value(), resource.uri.span()),
        };
        Self { text, span, function }
    }
}
