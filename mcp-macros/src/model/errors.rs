//! Collects errors, so that one compilation reports all of them.

use std::fmt::Display;

use proc_macro2::Span;
use quote::ToTokens;

/// The errors found so far.
#[derive(Default)]
pub(crate) struct Errors(Option<syn::Error>);

impl Errors {
    /// Adds an error at `tokens`: the problem and the remedy.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, problem: impl Display, help: impl Display) {
        self.push(syn::Error::new_spanned(tokens, format_args!("{problem}\nhelp: {help}")));
    }

    /// Adds an error at `span`, where there are no tokens to point to: the problem and the remedy.
    pub(crate) fn at_span(&mut self, span: Span, problem: impl Display, help: impl Display) {
        self.push(syn::Error::new(span, format_args!("{problem}\nhelp: {help}")));
    }

    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(first) => first.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// Returns the value of a result, or adds its error and returns the default.
    pub(crate) fn unwrap_or_push<T: Default>(&mut self, result: syn::Result<T>) -> T {
        result.unwrap_or_else(|error| {
            self.push(error);
            T::default()
        })
    }

    pub(crate) fn finish<T>(self, value: T) -> syn::Result<T> {
        self.0.map_or(Ok(value), Err)
    }
}
