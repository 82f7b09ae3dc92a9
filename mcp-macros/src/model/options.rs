//! Reads options by name, each once and with its type. An unknown option is an error that lists the
//! known ones.

use proc_macro2::Span;
use syn::{Expr, ExprLit, Lit, LitBool, LitStr};

use super::Errors;
use crate::attr::{Entry, Options};

/// Reads the options of one attribute.
pub(crate) struct Reader<'a> {
    attribute: &'static str,
    entries: Vec<Entry>,
    known: Vec<&'static str>,
    pub(crate) errors: &'a mut Errors,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(attribute: &'static str, options: Options, errors: &'a mut Errors) -> Self {
        if let Some(text) = &options.positional {
            errors.at(
                text,
                format_args!("`#[{attribute}]` takes only named options"),
                "write `name = value`",
            );
        }
        Self { attribute, entries: options.entries, known: Vec::new(), errors }
    }

    /// `name = "literal"`.
    pub(crate) fn string(&mut self, name: &'static str) -> Option<LitStr> {
        match self.expression(name)? {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text),
            other => {
                self.errors.at(
                    other,
                    format_args!("`{name}` must be a string literal"),
                    "it is checked at compile time",
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
                    format_args!("`{name}` must be `true` or `false`"),
                    format_args!("`{name}` without a value means `true`"),
                );
                None
            }
        }
    }

    /// `name`, without a value.
    pub(crate) fn word(&mut self, name: &'static str) -> Option<Span> {
        let entry = self.take(name)?;
        if let Some(value) = &entry.value {
            self.errors.at(
                value,
                format_args!("`{name}` takes no value"),
                format_args!("write `{name}`, or remove it"),
            );
        }
        Some(entry.name.span())
    }

    /// `name` or `name = any expression`.
    pub(crate) fn take(&mut self, name: &'static str) -> Option<Entry> {
        self.known.push(name);
        let index = self.entries.iter().position(|entry| entry.is(name))?;
        let first = self.entries.remove(index);
        for duplicate in self.entries.extract_if(.., |entry| entry.is(name)) {
            self.errors.at(&duplicate.name, format_args!("`{name}` is set twice"), "remove one");
        }
        Some(first)
    }

    /// Reports the remaining options, which are unknown.
    pub(crate) fn finish(self) {
        for entry in self.entries {
            let name = entry.name.to_string();
            let help = match intended(&name) {
                Some("description") if self.attribute == "arg" => {
                    "write a doc comment before the parameter: `/// …` on a line of its own, or \
                     `/** … */`"
                        .to_owned()
                }
                Some(intended) if self.known.contains(&intended) => format!("write `{intended}`"),
                _ if self.known.is_empty() => "its only option is `crate = path`".to_owned(),
                _ if name == "crate" => "move `crate` to the outermost attribute".to_owned(),
                _ => format!("the options are `{}`", self.known.join("`, `")),
            };
            self.errors.at(
                &entry.name,
                format_args!("`#[{}]` has no option `{name}`", self.attribute),
                help,
            );
        }
    }
}

/// Returns the option that a name of the specification or of another library corresponds to.
fn intended(name: &str) -> Option<&'static str> {
    Some(match name {
        "readonly" | "readOnly" | "readOnlyHint" | "read_only_hint" => "read_only",
        "destructiveHint" | "destructive_hint" => "destructive",
        "idempotentHint" | "idempotent_hint" => "idempotent",
        "openWorld" | "openWorldHint" | "open_world_hint" => "open_world",
        "outputSchema" => "output_schema",
        "schema_dialect" => "dialect",
        "_meta" => "meta",
        "icon" => "icons",
        "description" | "desc" | "doc" | "docs" | "about" => "description",
        "mimeType" | "mime_type" => "mime",
        "rename" => "name",
        "spread" => "flatten",
        "completion" | "completions" => "complete",
        _ => return None,
    })
}
