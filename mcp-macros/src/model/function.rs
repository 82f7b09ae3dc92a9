//! The function of a route: its signature.

use proc_macro2::Span;
use quote::ToTokens as _;
use syn::{
    Attribute, FnArg, GenericParam, Ident, LitStr, ReceiverKind, ReturnType, Safety, Signature,
    Type, parse_quote,
};

use super::{Argument, Errors, Parameter, Source, types};

/// A function that can be called from a route.
pub(crate) struct Function {
    pub(crate) ident: Ident,
    /// Its `#[cfg]`s, which its route also has.
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) receiver: Option<Receiver>,
    pub(crate) is_async: bool,
    pub(crate) blocking: bool,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) output: Type,
}

/// The receiver of a method.
#[derive(Clone, Copy)]
pub(crate) enum Receiver {
    /// `&self`
    Reference,
    /// `self: Arc<Self>`
    Arc,
    /// `self: &Arc<Self>`
    ArcReference,
}

impl Function {
    pub(crate) fn new(
        source: &mut Source<'_>,
        blocking: Option<Span>,
        errors: &mut Errors,
    ) -> Self {
        let Source { kind, signature, attributes, siblings, .. } = *source;
        check(source, errors);
        check_blocking(signature, blocking, errors);
        let mut receiver = None;
        let mut parameters = Vec::new();
        let inputs = signature.inputs.iter().zip(std::mem::take(&mut source.parameters));
        for (index, (input, attributes)) in inputs.enumerate() {
            match input {
                FnArg::Receiver(own) => receiver = Receiver::new(own, errors),
                FnArg::Typed(typed) => {
                    parameters
                        .push(Parameter::new(kind, index, typed, attributes, siblings, errors));
                }
            }
        }
        check_arguments(
            &parameters.iter().filter_map(Parameter::argument).collect::<Vec<_>>(),
            errors,
        );
        let output = match &signature.output {
            ReturnType::Default => parse_quote!(()),
            ReturnType::Type(_, ty) => types::without_lifetimes(ty, &signature.generics),
        };
        Self {
            ident: signature.ident.clone(),
            cfgs: attributes
                .iter()
                .filter(|attribute| attribute.path().is_ident("cfg"))
                .cloned()
                .collect(),
            receiver,
            is_async: signature.asyncness.is_some(),
            blocking: blocking.is_some(),
            parameters,
            output,
        }
    }

    /// Returns the parameters that the caller provides.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = (&Parameter, &Argument)> {
        self.parameters.iter().filter_map(|parameter| Some((parameter, parameter.argument()?)))
    }
}

impl Receiver {
    fn new(receiver: &syn::Receiver, errors: &mut Errors) -> Option<Self> {
        match &receiver.kind {
            ReceiverKind::Reference(_, _, None) => return Some(Self::Reference),
            ReceiverKind::Reference(_, _, Some(_)) => errors.at(
                receiver,
                "calls run concurrently, so a method cannot take `&mut self`",
                "take `&self` and use a `Mutex`, an atomic or a channel for mutable state",
            ),
            ReceiverKind::Typed(_, ty) => {
                match ty.to_token_stream().to_string().replace(' ', "").as_str() {
                    "&Self" => return Some(Self::Reference),
                    "Arc<Self>" | "std::sync::Arc<Self>" | "::std::sync::Arc<Self>" => {
                        return Some(Self::Arc);
                    }
                    "&Arc<Self>" | "&std::sync::Arc<Self>" | "&::std::sync::Arc<Self>" => {
                        return Some(Self::ArcReference);
                    }
                    _ => {
                        errors.at(
                            receiver,
                            "a method cannot take `self` like this",
                            "take `&self` or `self: Arc<Self>`",
                        );
                    }
                }
            }
            _ => errors.at(
                receiver,
                "a call cannot consume `self`, because the next call needs it",
                "take `&self`, or `self: Arc<Self>` to keep a reference",
            ),
        }
        None
    }
}

/// Checks what a function of a route cannot be.
fn check(source: &Source<'_>, errors: &mut Errors) {
    let Source { kind, signature, .. } = source;
    if let Safety::Unsafe(token) = &signature.safety {
        errors.at(
            token,
            format_args!("a {kind} cannot be `unsafe`, because any client can call it"),
            "use an `unsafe` block in its body",
        );
    }
    if let Some(variadic) = &signature.variadic {
        errors.at(variadic, format_args!("a {kind} cannot be variadic"), "take a `Vec`");
    }
    for param in &signature.generics.params {
        if !matches!(param, GenericParam::Lifetime(_)) {
            errors.at(
                param,
                format_args!("a {kind} cannot be generic, because its schema must be known"),
                "use a concrete type; an impl block with `#[tools]` may be generic",
            );
        }
    }
    if let ReturnType::Type(_, ty) = &signature.output
        && types::is_impl_trait(ty)
    {
        let help = if signature.asyncness.is_none()
            && ty.to_token_stream().to_string().contains("Future")
        {
            "write it as an `async fn`"
        } else {
            "name the type: the conversion of the value depends on it"
        };
        errors.at(ty, format_args!("a {kind} cannot return `impl Trait`"), help);
    }
}

fn check_blocking(signature: &Signature, blocking: Option<Span>, errors: &mut Errors) {
    if let (Some(span), Some(_)) = (blocking, signature.asyncness) {
        errors.at_span(
            span,
            "`blocking` is only for functions that are not `async`",
            "remove `async`, or remove `blocking` and call `context.blocking(…)` for the blocking part",
        );
    }
}

/// Checks that names and headers are unique, and that a flattened argument is the only one.
fn check_arguments(arguments: &[&Argument], errors: &mut Errors) {
    for (index, argument) in arguments.iter().enumerate() {
        let before = &arguments[..index];
        if !argument.name.is_empty() && before.iter().any(|earlier| earlier.name == argument.name) {
            errors.at_span(
                argument.name_span,
                format_args!("two arguments are named `{}`", argument.name),
                "rename one with `#[arg(name = \"…\")]`",
            );
        }
        let same = |header: &LitStr| {
            let mut earlier = before.iter().filter_map(|argument| argument.header.as_ref());
            earlier.any(|it| it.value().eq_ignore_ascii_case(&header.value()))
        };
        if let Some(header) = argument.header.as_ref().filter(|header| same(header)) {
            errors.at(
                header,
                format_args!("two arguments have the header `{}`", header.value()),
                "header names are case-insensitive",
            );
        }
        if let (Some(span), true) = (argument.flatten, arguments.len() > 1) {
            errors.at_span(
                span,
                "a flattened argument must be the only one",
                "make the others fields of its struct",
            );
        }
    }
}
