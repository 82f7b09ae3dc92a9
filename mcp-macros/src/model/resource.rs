//! `#[resource("uri")]` and `#[resource("template://{variable}")]`.

use syn::{Expr, ExprLit, Lit, LitStr};

use super::{Errors, Function, Listing, Source, options::Reader, template};

/// A valid resource or resource template.
pub(crate) struct Resource {
    pub(crate) function: Function,
    pub(crate) listing: Listing,
    pub(crate) uri: LitStr,
    pub(crate) mime: Option<Expr>,
    pub(crate) size: Option<Expr>,
    pub(crate) annotations: Option<Expr>,
}

impl Resource {
    pub(crate) fn new(mut source: Source<'_>, errors: &mut Errors) -> Self {
        let mut options = std::mem::take(&mut source.options);
        let names = ["uri", "uri_template", "template"];
        let position =
            options.entries.iter().position(|entry| names.iter().any(|name| entry.is(name)));
        if let Some(named) = position.map(|index| options.entries.remove(index)) {
            errors.at(
                &named.name,
                "the URI is not a named option",
                "write it first: `#[resource(\"note://{id}\", …)]`",
            );
            if let Some(Expr::Lit(ExprLit { lit: Lit::Str(uri), .. })) = named.value {
                options.positional.get_or_insert(uri);
            }
        }
        let uri = options.positional.take().unwrap_or_else(|| {
            errors.at_span(
                source.span,
                "a resource needs a URI",
                "`#[resource(\"config://app\")]`, or a template: `#[resource(\"note://{id}\")]`",
            );
            LitStr::new("", source.span)
        });
        let mut options = Reader::new("resource", options, errors);
        let listing = Listing::new(source.signature, source.attributes, &mut options);
        let mime = options.expression("mime");
        let size = options.expression("size");
        let annotations = options.expression("annotations");
        let blocking = options.word("blocking");
        options.finish();

        let function = Function::new(&mut source, blocking, errors);
        if !uri.value().is_empty() {
            match template::variables(&uri.value()) {
                Ok(variables) => {
                    check_variables(&function, &variables, &uri, errors);
                    if let (Some(size), false) = (&size, variables.is_empty()) {
                        errors.at(size, "a template cannot have a size, because its resources differ", "remove `size`");
                    }
                }
                Err(problem) => errors.at(
                    &uri,
                    format_args!("not a URI or a URI template: {problem}"),
                    "a variable is `{id}`, `{path*}` if it may contain `/`, or a parameter of the query: `note://{id}`, `file:///{path*}`, `search://notes{?words,limit}`",
                ),
            }
        }
        Self { function, listing, uri, mime, size, annotations }
    }
}

/// Checks that every variable is a parameter and every parameter a variable.
fn check_variables(function: &Function, variables: &[String], uri: &LitStr, errors: &mut Errors) {
    for variable in variables {
        if !function.arguments().any(|(_, argument)| argument.name == *variable) {
            errors.at(
                uri,
                format_args!("the variable `{variable}` has no parameter"),
                format_args!("add one, or rename one with `#[arg(name = \"{variable}\")]`"),
            );
        }
    }
    for (_, argument) in function.arguments() {
        if !argument.name.is_empty() && !variables.contains(&argument.name) {
            let known = if variables.is_empty() {
                "the URI has none".to_owned()
            } else {
                format!("it has `{}`", variables.join("`, `"))
            };
            errors.at_span(
                argument.name_span,
                format_args!("the URI has no variable `{}`", argument.name),
                format_args!(
                    "{known}; parameters that are not variables are `Context`, `Principal`, `State<S>` or `Extension<T>`"
                ),
            );
        }
    }
}
