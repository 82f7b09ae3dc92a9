//! Options by name: each is asked for once, with its type; what nobody asked for is an error which
//! lists the rest.

use proc_macro2::Span;
use syn::{Expr, ExprLit, Lit, LitBool, LitStr};

use super::Errors;
use crate::attr::{Entry, Options};

/// Hands out the options of one attribute.
pub(crate) struct Reader<'a> {
    attribute: &'static str,
    entries: Vec<Entry>,
    asked: Vec<&'static str>,
    pub(crate) errors: &'a mut Errors,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(attribute: &'static str, options: Options, errors: &'a mut Errors) -> Self {
        if let Some(text) = &options.positional {
            errors.at(
                text,
                format_args!("`#[{attribute}]` takes options by name"),
                "write `name = value`",
            );
        }
        Self { attribute, entries: options.entries, asked: Vec::new(), errors }
    }

    /// `name = "literal"`.
    pub(crate) fn string(&mut self, name: &'static str) -> Option<LitStr> {
        match self.expression(name)? {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text),
            other => {
                self.errors.at(
                    other,
                    format_args!("`{name}` must be a string literal"),
                    "it is checked while compiling",
                );
                None
            }
        }
    }

    /// `name = any expression`.
    pub(crate) fn expression(&mut self, name: &'static str) -> Option<Expr> {
        let entry = self.take(name)?;
        if entry.value.is_none() {
            self.errors.at(
                &entry.name,
                format_args!("`{name}` needs a value"),
                format_args!("write `{name} = …`"),
            );
        }
        entry.value
    }

    /// `name`, `name = true` or `name = false`.
    pub(crate) fn flag(&mut self, name: &'static str) -> Option<LitBool> {
        let entry = self.take(name)?;
        match entry.value {
            None => Some(LitBool::new(true, entry.name.span())),
            Some(Expr::Lit(ExprLit { lit: Lit::Bool(value), .. })) => Some(value),
            Some(other) => {
                self.errors.at(
                    other,
                    format_args!("`{name}` is `true` or `false`"),
                    format_args!("`{name}` alone means `true`"),
                );
                None
            }
        }
    }

    /// `name`, with nothing after it.
    pub(crate) fn word(&mut self, name: &'static str) -> Option<Span> {
        let entry = self.take(name)?;
        if let Some(value) = &entry.value {
            self.errors.at(
                value,
                format_args!("`{name}` takes no value"),
                format_args!("write `{name}`, or leave it out"),
            );
        }
        Some(entry.name.span())
    }

    /// `name` or `name = any expression`.
    pub(crate) fn take(&mut self, name: &'static str) -> Option<Entry> {
        self.asked.push(name);
        let at = self.entries.iter().position(|entry| entry.is(name))?;
        let first = self.entries.remove(at);
        for again in self.entries.extract_if(.., |entry| entry.is(name)) {
            self.errors.at(&again.name, format_args!("`{name}` is given twice"), "remove one");
        }
        Some(first)
    }

    /// Whatever is left is unknown.
    pub(crate) fn finish(self) {
        for entry in self.entries {
            let name = entry.name.to_string();
            let help = match meant(&name) {
                Some(meant) if self.asked.contains(&meant) => format!("write `{meant}`"),
                _ if self.asked.is_empty() => "its only option is `crate = path`".to_owned(),
                _ if name == "crate" => "`crate` belongs on the outermost attribute".to_owned(),
                _ => format!("it knows `{}`", self.asked.join("`, `")),
            };
            self.errors.at(
                &entry.name,
                format_args!("`#[{}]` has no option `{name}`", self.attribute),
                help,
            );
        }
    }
}

/// Names that people bring from the specification and from other libraries.
fn meant(name: &str) -> Option<&'static str> {
    Some(match name {
        "readonly" | "readOnly" | "readOnlyHint" | "read_only_hint" => "read_only",
        "destructiveHint" | "destructive_hint" => "destructive",
        "idempotentHint" | "idempotent_hint" => "idempotent",
        "openWorld" | "openWorldHint" | "open_world_hint" => "open_world",
        "outputSchema" => "output_schema",
        "_meta" => "meta",
        "icon" => "icons",
        "desc" | "doc" | "about" => "description",
        "mimeType" | "mime_type" => "mime",
        "rename" => "name",
        "spread" => "flatten",
        "completion" | "completions" => "complete",
        _ => return None,
    })
}
