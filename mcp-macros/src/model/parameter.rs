//! A parameter: injected from the call, or an argument. The tokens only allow a guess. The
//! expansion verifies it with a trait, so a wrong guess is an error with a remedy, never different
//! behaviour.

use quote::format_ident;
use syn::{GenericArgument, Ident, PatType, PathArguments, Signature, Type, TypeReference};

use super::{Argument, Errors, options::Reader, types};
use crate::attr::{Docs, Kind, Options, ParameterAttributes};

/// A parameter.
pub(crate) struct Parameter {
    /// The local variable of the value in the expansion.
    pub(crate) local: Ident,
    /// Without the `&` of an injected reference.
    pub(crate) ty: Type,
    pub(crate) role: Role,
}

/// The source of the value.
pub(crate) enum Role {
    /// From the call: `Context`, `Principal`, `State<S>`, `Extension<T>`, or a type with
    /// `#[arg(inject)]`.
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
                "a parameter cannot have `#[cfg]`",
                "write the function twice, each with a `#[cfg]`",
            );
        }
        let has_arg = !attributes.arg.is_empty();
        let mut options = Options::default();
        for attribute in &attributes.arg {
            if !matches!(attribute.meta, syn::Meta::Path(_)) {
                let more: Options = errors.unwrap_or_push(attribute.parse_args());
                options.positional = options.positional.or(more.positional);
                options.entries.extend(more.entries);
            }
        }
        let mut reader = Reader::new("arg", options, errors);
        let injected = reader.word("inject").is_some() || (!has_arg && is_injected(&typed.ty));
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

    /// Returns the argument, if it is one.
    pub(crate) fn argument(&self) -> Option<&Argument> {
        match &self.role {
            Role::Argument(argument) => Some(argument),
            Role::Injected { .. } => None,
        }
    }
}

/// Whether a type is `Context`, `Principal`, `State<S>`, `Extension<T>`, or a reference to one.
fn is_injected(ty: &Type) -> bool {
    let ty = match types::peel(ty) {
        Type::Reference(reference) => &reference.elem,
        other => other,
    };
    types::last_segment(ty).is_some_and(|segment| match segment.ident.to_string().as_str() {
        "Context" | "Principal" => segment.arguments.is_none(),
        "State" | "Extension" => !segment.arguments.is_none(),
        "Option" => match &segment.arguments {
            PathArguments::AngleBracketed(inner) => {
                matches!(inner.args.first(), Some(GenericArgument::Type(inner)) if is_principal(inner))
            }
            _ => false,
        },
        _ => false,
    })
}

fn is_principal(ty: &Type) -> bool {
    types::last_segment(types::peel(ty))
        .is_some_and(|segment| segment.ident == "Principal" && segment.arguments.is_none())
}

fn referent(ty: &Type, errors: &mut Errors) -> (Type, bool) {
    match types::peel(ty) {
        Type::Reference(TypeReference { mutability, elem, .. }) => {
            if mutability.is_some() {
                errors.at(
                    ty,
                    "injected values are shared and cannot be borrowed mutably",
                    "take a `&` reference or the value",
                );
            }
            ((**elem).clone(), true)
        }
        other => (other.clone(), false),
    }
}
