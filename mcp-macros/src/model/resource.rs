//! `#[resource("uri")]` and `#[resource("template://{variable}")]`.

use syn::{Expr, ExprLit, Lit, LitStr};

use super::{Errors, Function, Listing, Source, options::Reader, template};

/// A resource or a resource template, with nothing left to decide.
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
        let by_name = ["uri", "uri_template", "template"];
        let named =
            options.entries.iter().position(|entry| by_name.iter().any(|name| entry.is(name)));
        if let Some(named) = named.map(|at| options.entries.remove(at)) {
            errors.at(
                &named.name,
                "the URI has no name",
                "write it first: `#[resource(\"note://{id}\", …)]`",
            );
            if let Some(Expr::Lit(ExprLit { lit: Lit::Str(uri), .. })) = named.value {
                options.positional.get_or_insert(uri);
            }
        }
        let uri = options.positional.take().unwrap_or_else(|| {
            errors.push(syn::Error::new(
                source.span,
                "a resource needs a URI\n\
                 help: `#[resource(\"config://app\")]`, or a template: `#[resource(\"note://{id}\")]`",
            ));
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
                        errors.at(size, "a template has no size, each resource has its own", "remove `size`");
                    }
                }
                Err(problem) => errors.at(
                    &uri,
                    format_args!("not a URI or a URI template: {problem}"),
                    "a variable is `{id}`, or `{+path}` if it may hold `/`: `note://{id}`, `file:///{+path}`",
                ),
            }
        }
        Self { function, listing, uri, mime, size, annotations }
    }
}

/// Every variable is a parameter and every parameter a variable.
fn check_variables(function: &Function, variables: &[String], uri: &LitStr, errors: &mut Errors) {
    for variable in variables {
        if !function.arguments().any(|(_, argument)| argument.name == *variable) {
            errors.at(
                uri,
                format_args!("no parameter for the variable `{variable}`"),
                format_args!(
                    "add one, or mark the one that it is for: `#[arg(name = \"{variable}\")]`"
                ),
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
            errors.push(syn::Error::new(
                argument.name_span,
                format!(
                    "the URI has no variable `{}`\n\
                     help: {known}; what does not come from the URI is `Context`, `State<S>` or `Extension<T>`",
                    argument.name
                ),
            ));
        }
    }
}
