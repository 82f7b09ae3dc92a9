//! What stands before the struct, its fields, the enum and its variants: `#[elicit(…)]`, doc
//! comments, and of `#[serde(…)]` what changes names.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{
    Attribute, Expr, ExprLit, ExprPath, Ident, Lit, LitStr, Meta, Path, meta::ParseNestedMeta,
};

use super::case::Case;
use crate::{
    attr::{Docs, Entry, Options},
    model::Errors,
};

/// Where attributes stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Item,
    Field,
    Variant,
}

/// The options of a field that only some types have, by the trait that has them.
const BOUNDS: [(&str, &str, &str); 7] = [
    ("format", "format", "TextField"),
    ("min_length", "min_length", "TextField"),
    ("max_length", "max_length", "TextField"),
    ("min", "minimum", "NumberField"),
    ("max", "maximum", "NumberField"),
    ("min_items", "min_items", "ListField"),
    ("max_items", "max_items", "ListField"),
];

/// The formats that a text can have.
const FORMATS: [&str; 4] = ["email", "uri", "date", "date-time"];

/// What was read.
#[derive(Default)]
pub(super) struct Attributes {
    pub(super) krate: Option<Path>,
    pub(super) title: Option<Expr>,
    pub(super) description: Option<TokenStream>,
    pub(super) rename: Option<String>,
    pub(super) rename_all: Option<Case>,
    /// `#[elicit(default = …)]`, with its name for errors.
    pub(super) default: Option<(Ident, Expr)>,
    /// `#[serde(default)]`: it may be left out.
    pub(super) optional: bool,
    pub(super) bounds: Vec<Bound>,
}

/// A bound: the setter, its argument, and the trait that the type of the field needs.
pub(super) struct Bound {
    pub(super) name: Ident,
    pub(super) setter: Ident,
    pub(super) needs: Ident,
    pub(super) value: TokenStream,
}

impl Attributes {
    pub(super) fn read(attributes: &[Attribute], level: Level, errors: &mut Errors) -> Self {
        let mut read =
            Self { description: Docs::of(attributes).map(Docs::into_tokens), ..Self::default() };
        for attribute in attributes {
            if attribute.path().is_ident("elicit") {
                match attribute.parse_args::<Options>() {
                    Ok(options) => read.elicit(options, level, errors),
                    Err(error) => errors.push(error),
                }
            } else if attribute.path().is_ident("serde")
                && let Meta::List(_) = &attribute.meta
                && let Err(error) = attribute.parse_nested_meta(|meta| read.serde(&meta, level))
            {
                errors.push(error);
            }
        }
        read
    }

    fn elicit(&mut self, options: Options, level: Level, errors: &mut Errors) {
        if let Some(text) = options.positional {
            errors.at(
                text,
                "a text alone says nothing here",
                "write `title = \"…\"` or `description = \"…\"`",
            );
        }
        for Entry { name, value } in options.entries {
            let Some(value) = value else {
                errors.at(&name, format!("`{name}` needs a value"), format!("write `{name} = …`"));
                continue;
            };
            match name.to_string().as_str() {
                "crate" if level == Level::Item => match value {
                    Expr::Path(ExprPath { path, .. }) => self.krate = Some(path),
                    other => {
                        errors.at(other, "`crate` is a path", "write `crate = my::mcp_server`");
                    }
                },
                "title" if level != Level::Item => self.title = Some(value),
                "description" if level == Level::Field => self.description = Some(quote!(#value)),
                "default" if level == Level::Field => self.default = Some((name, value)),
                other => {
                    match BOUNDS
                        .into_iter()
                        .find(|(known, ..)| *known == other && level == Level::Field)
                    {
                        Some(bound) => self.bound(&name, bound, value, errors),
                        None => {
                            errors.at(&name, format!("`{name}` is not known here"), known(level));
                        }
                    }
                }
            }
        }
    }

    fn bound(
        &mut self,
        name: &Ident,
        (_, setter, needs): (&str, &str, &str),
        value: Expr,
        errors: &mut Errors,
    ) {
        let ident = |text| Ident::new(text, name.span());
        if self.bounds.iter().any(|bound| bound.name == *name) {
            return errors.at(name, format!("`{name}` is said twice"), "keep one");
        }
        let value = match (setter, &value) {
            ("format", Expr::Lit(ExprLit { lit: Lit::Str(format), .. })) => {
                if !FORMATS.contains(&format.value().as_str()) {
                    let formats = FORMATS.join("`, `");
                    return errors.at(
                        format,
                        "forms know no such format",
                        format!("it is one of `{formats}`"),
                    );
                }
                quote!(#format)
            }
            ("format", other) => {
                return errors.at(other, "a format is a text", "write `format = \"email\"`");
            }
            ("minimum" | "maximum", value) => quote!((#value) as f64),
            (_, value) => quote!({ let value: u64 = #value; value }),
        };
        self.bounds.push(Bound {
            name: name.clone(),
            setter: ident(setter),
            needs: ident(needs),
            value,
        });
    }

    fn serde(&mut self, meta: &ParseNestedMeta<'_>, level: Level) -> syn::Result<()> {
        let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
        match name.as_str() {
            "rename" | "rename_all" => {
                let Some(text) = renamed(meta)? else { return Ok(()) };
                if name == "rename" {
                    self.rename = Some(text.value());
                } else {
                    let unknown = || syn::Error::new(text.span(), "serde knows no such case");
                    self.rename_all = Some(Case::find(&text.value()).ok_or_else(unknown)?);
                }
                Ok(())
            }
            "flatten" | "tag" | "untagged" | "content" | "skip" | "skip_deserializing" | "from" | "try_from"
            | "transparent" => Err(meta.error(format!(
                "a form is read field by field, as it is shown\nhelp: without `{name}`, or write `impl Form` by hand"
            ))),
            other => {
                self.optional |= other == "default" && level == Level::Field;
                skip(meta)
            }
        }
    }
}

/// `rename = "…"`, or `rename(serialize = "…", deserialize = "…")`, of which the second counts.
fn renamed(meta: &ParseNestedMeta<'_>) -> syn::Result<Option<LitStr>> {
    if meta.input.peek(syn::token::Paren) {
        let mut found = None;
        meta.parse_nested_meta(|inner| {
            let text: LitStr = inner.value()?.parse()?;
            if inner.path.is_ident("deserialize") {
                found = Some(text);
            }
            Ok(())
        })?;
        return Ok(found);
    }
    meta.value()?.parse().map(Some)
}

fn skip(meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
    if meta.input.peek(syn::Token![=]) {
        meta.value()?.parse::<Expr>()?;
    } else if meta.input.peek(syn::token::Paren) {
        let inside;
        syn::parenthesized!(inside in meta.input);
        inside.parse::<TokenStream>()?;
    }
    Ok(())
}

fn known(level: Level) -> &'static str {
    match level {
        Level::Item => "before a form there is `crate = path` alone",
        Level::Variant => "an option of a choice has `title = …`",
        Level::Field => {
            "a field has `title`, `description`, `default`, `format`, `min_length`, `max_length`, `min`, `max`, \
             `min_items`, `max_items`"
        }
    }
}
