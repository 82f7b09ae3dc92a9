//! Why a URI template is not supported, and why a URI does not match one.

/// The reason why a string is not a supported URI template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// A brace is unbalanced.
    #[error("unbalanced brace in the URI template")]
    Brace,
    /// The expression in braces is not a supported one.
    #[error(
        "`{{{0}}}` is not supported: write {{name}}, {{path*}}, {{+rest}} or {{?first,second}}"
    )]
    Expression(String),
    /// Two adjacent variables have no literal between them, so their values are ambiguous.
    #[error("two variables need a literal between them, at `{{{0}}}`")]
    Adjacent(String),
    /// A variable occurs twice.
    #[error("the variable `{0}` occurs twice")]
    Twice(String),
    /// The template has more than 256 variables.
    #[error("a URI template can have at most 256 variables")]
    TooMany,
    /// Something follows the parameters of the query.
    #[error("the parameters of the query are the end of a URI template, but `{0}` follows them")]
    AfterQuery(String),
    /// `{?name}` after a `?`, which begins the query already.
    #[error("the template has a `?` before `{{?{0}}}`: write {{&{0}}}")]
    SecondQuery(String),
    /// `{&name}` without a query that it continues.
    #[error("`{{&{0}}}` has no literal with a `?` directly before it: write {{?{0}}}")]
    NoQuery(String),
}

/// The reason why a URI does not match a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mismatch {
    /// The URI does not have a literal where the template has it.
    #[error("`{0}` is missing")]
    Literal(String),
    /// The URI goes on after the end of the template.
    #[error("the template ends before the URI")]
    TooLong,
    /// A variable has no value.
    #[error("the variable `{0}` is empty")]
    Empty(String),
    /// A variable has characters that it must not have, such as a `/` in `{name}`.
    #[error(
        "the variable `{0}` has a `/`, `?` or `#`; {{path*}} and {{+rest}} may have some of them"
    )]
    Character(String),
    /// The percent-encoding of a variable is invalid, or its bytes are not UTF-8.
    #[error("the variable `{0}` is not percent-encoded UTF-8")]
    Encoding(String),
    /// A value could leave a folder; see [`Template::matches`](super::Template::matches).
    #[error(
        "the variable `{0}` could leave a folder; ResourceBuilder::unchecked_variables allows it"
    )]
    Outside(String),
    /// The query has a parameter that the template does not have.
    #[error("the template has no such parameter of the query")]
    UnknownParameter,
    /// The query has a parameter twice.
    #[error("the parameter `{0}` occurs twice")]
    RepeatedParameter(String),
}
