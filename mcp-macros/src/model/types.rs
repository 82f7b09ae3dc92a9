//! Properties of a type that its tokens reveal.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{GenericArgument, Generics, Ident, Path, PathArguments, PathSegment, Type, TypePath};

/// Returns the last segment of a path type.
pub(crate) fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match peel(ty) {
        Type::Path(TypePath { path: Path { segments, .. }, .. }) => segments.last(),
        _ => None,
    }
}

/// Returns the `T` of `Option<T>`. Only for messages: the type itself decides whether an argument
/// is optional.
pub(crate) fn inside_option(ty: &Type) -> Option<&Type> {
    let segment = last_segment(ty).filter(|segment| segment.ident == "Option")?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    match arguments.args.first() {
        Some(GenericArgument::Type(inner)) => Some(inner),
        _ => None,
    }
}

/// Whether a type is the extractor `Args<T>` of handlers without macros.
pub(crate) fn is_args(ty: &Type) -> bool {
    last_segment(ty).is_some_and(|segment| segment.ident == "Args" && !segment.arguments.is_none())
}

/// Removes the invisible group of a `$ty:ty`, and parentheses.
pub(crate) fn peel(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => peel(&group.elem),
        Type::Paren(paren) => peel(&paren.elem),
        other => other,
    }
}

/// Whether a type borrows, at any depth: `&`, or a lifetime other than `'static`.
pub(crate) fn borrows(ty: &Type) -> bool {
    any(ty.to_token_stream(), &mut |previous, token| match (previous, token) {
        (_, TokenTree::Punct(punct)) => punct.as_char() == '&',
        (Some(TokenTree::Punct(quote)), TokenTree::Ident(name)) => {
            quote.as_char() == '\'' && name != "static"
        }
        _ => false,
    })
}

/// Whether a type contains `impl Trait`, at any depth.
pub(crate) fn is_impl_trait(ty: &Type) -> bool {
    any(
        ty.to_token_stream(),
        &mut |_, token| matches!(token, TokenTree::Ident(name) if name == "impl"),
    )
}

fn any(tokens: TokenStream, test: &mut dyn FnMut(Option<&TokenTree>, &TokenTree) -> bool) -> bool {
    let mut previous = None;
    for token in tokens {
        let found = match &token {
            TokenTree::Group(group) => any(group.stream(), test),
            other => test(previous.as_ref(), other),
        };
        if found {
            return true;
        }
        previous = Some(token);
    }
    false
}

/// Whether a type of this name would shadow a primitive type.
pub(crate) fn is_primitive(name: &Ident) -> bool {
    const PRIMITIVES: [&str; 17] = [
        "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "str", "u8",
        "u16", "u32", "u64", "u128", "usize",
    ];
    PRIMITIVES.iter().any(|primitive| name == primitive)
}

/// Replaces the function's own lifetimes by `'_`, so that the type can be named outside the
/// function.
pub(crate) fn without_lifetimes(ty: &Type, generics: &Generics) -> Type {
    let own: Vec<String> =
        generics.lifetimes().map(|param| param.lifetime.ident.to_string()).collect();
    if own.is_empty() {
        return ty.clone();
    }
    let renamed = rename(ty.to_token_stream(), &own);
    syn::parse2(renamed).unwrap_or_else(|_| ty.clone())
}

fn rename(tokens: TokenStream, lifetimes: &[String]) -> TokenStream {
    let mut after_quote = false;
    let rename_one = |token| {
        let is_name = std::mem::replace(
            &mut after_quote,
            matches!(&token, TokenTree::Punct(p) if p.as_char() == '\''),
        );
        match token {
            TokenTree::Ident(name) if is_name && lifetimes.contains(&name.to_string()) => {
                Ident::new("_", name.span()).into()
            }
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), rename(group.stream(), lifetimes));
                inner.set_span(group.span());
                inner.into()
            }
            other => other,
        }
    };
    tokens.into_iter().map(rename_one).collect()
}

#[cfg(test)]
mod tests {
    use quote::{ToTokens as _, quote};
    use syn::{Signature, Type, parse_quote};

    use super::{borrows, inside_option, is_impl_trait, without_lifetimes};

    #[test]
    fn borrows_are_found_at_any_depth() {
        for ty in [quote!(&str), quote!(Option<&str>), quote!(Cow<'a, str>), quote!((u8, [&u8; 2]))]
        {
            assert!(borrows(&syn::parse2::<Type>(ty.clone()).unwrap()), "{ty}");
        }
        for ty in [quote!(String), quote!(Cow<'static, str>), quote!(Vec<(u8, Option<T>)>)] {
            assert!(!borrows(&syn::parse2::<Type>(ty.clone()).unwrap()), "{ty}");
        }
    }

    #[test]
    fn option_and_impl_trait_are_detected() {
        assert!(inside_option(&parse_quote!(std::option::Option<u8>)).is_some());
        assert!(inside_option(&parse_quote!(Vec<u8>)).is_none());
        assert!(is_impl_trait(&parse_quote!(Result<impl Serialize, E>)));
    }

    #[test]
    fn own_lifetimes_are_elided() {
        let signature: Signature = parse_quote!(fn f<'a>(&'a self) -> Result<&'a str, E<'static>>);
        let syn::ReturnType::Type(_, ty) = &signature.output else { unreachable!() };
        let elided = without_lifetimes(ty, &signature.generics).to_token_stream().to_string();
        assert_eq!(elided, "Result < & '_ str , E < 'static > >");
    }
}
