//! A parameter: injected from the call, or an argument. Tokens only guess which; the expansion
//! holds the guess against a trait, so a wrong one is an error that says what to write, never
//! something else than the author meant.

use quote::format_ident;
use syn::{Ident, PatType, Signature, Type, TypeReference};

use super::{Argument, Errors, options::Reader, types};
use crate::attr::{Docs, Kind, Options, ParameterAttributes};

/// One parameter, in its place.
pub(crate) struct Parameter {
    /// What the expansion calls the value.
    pub(crate) local: Ident,
    /// Without the `&` of an injected reference.
    pub(crate) ty: Type,
    pub(crate) role: Role,
}

/// Who fills the parameter.
pub(crate) enum Role {
    /// The call: `Context`, `State<S>`, `Extension<T>`, or what is marked `#[arg(inject)]`.
    Injected { by_reference: bool },
    /// The caller.
    Argument(Box<Argument>),
}

impl Parameter {
    pub(crate) fn new(
        kind: Kind,
        index: usize,
        typed: &PatType,
        attributes: ParameterAttributes,
        siblings: &[&Signature],
        errors: &mut Errors,
    ) -> Self {
        if let Some(cfg) = typed.attrs.iter().find(|attribute| attribute.path().is_ident("cfg")) {
            errors.at(
                cfg,
                "a parameter cannot be configured away",
                "write the function twice, each with its `#[cfg]`",
            );
        }
        let marked = !attributes.arg.is_empty();
        let mut options = Options::default();
        for attribute in &attributes.arg {
            if !matches!(attribute.meta, syn::Meta::Path(_)) {
                let more: Options = errors.keep(attribute.parse_args());
                options.positional = options.positional.or(more.positional);
                options.entries.extend(more.entries);
            }
        }
        let mut reader = Reader::new("arg", options, errors);
        let injected = reader.word("inject").is_some() || (!marked && is_injected(&typed.ty));
        let local = format_ident!("arg{index}", span = proc_macro2::Span::mixed_site());
        if injected {
            let (ty, by_reference) = referent(&typed.ty, reader.errors);
            reader.finish();
            return Self { local, ty, role: Role::Injected { by_reference } };
        }
        let docs = Docs::of(&attributes.docs);
        let argument = Argument::new(kind, &typed.pat, &typed.ty, docs, reader, siblings);
        Self { local, ty: (*typed.ty).clone(), role: Role::Argument(Box::new(argument)) }
    }

    /// The argument, if it is one.
    pub(crate) fn argument(&self) -> Option<&Argument> {
        match &self.role {
            Role::Argument(argument) => Some(argument),
            Role::Injected { .. } => None,
        }
    }
}

/// `Context`, `State<S>`, `Extension<T>`, or a reference to one.
fn is_injected(ty: &Type) -> bool {
    let ty = match types::peel(ty) {
        Type::Reference(reference) => &reference.elem,
        other => other,
    };
    types::last_segment(ty).is_some_and(|segment| match segment.ident.to_string().as_str() {
        "Context" => segment.arguments.is_none(),
        "State" | "Extension" => !segment.arguments.is_none(),
        _ => false,
    })
}

fn referent(ty: &Type, errors: &mut Errors) -> (Type, bool) {
    match types::peel(ty) {
        Type::Reference(TypeReference { mutability, elem, .. }) => {
            if mutability.is_some() {
                errors.at(
                    ty,
                    "what is injected is shared, it cannot be borrowed mutably",
                    "take it by `&` or by value",
                );
            }
            ((**elem).clone(), true)
        }
        other => (other.clone(), false),
    }
}
