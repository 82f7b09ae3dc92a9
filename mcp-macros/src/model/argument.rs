//! A parameter that the caller provides: its name, the options of `#[arg(…)]`, and whether its type
//! is suitable.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens as _;
use syn::{
    Expr, ExprArray, ExprLit, FnArg, Lit, LitStr, Pat, Path, Signature, Type, ext::IdentExt as _,
    spanned::Spanned as _,
};

use super::{Errors, header, options::Reader, types};
use crate::attr::{Docs, Entry, Kind};

/// An argument.
pub(crate) struct Argument {
    /// Empty for a flattened argument.
    pub(crate) name: String,
    pub(crate) name_span: Span,
    pub(crate) description: Option<TokenStream>,
    pub(crate) default: Option<Default>,
    pub(crate) header: Option<LitStr>,
    /// `#[arg(flatten)]`: the fields of this argument are the arguments of the call.
    pub(crate) flatten: Option<Span>,
    pub(crate) complete: Option<Complete>,
}

/// The value of an omitted argument.
pub(crate) enum Default {
    /// `default`: the default of the type.
    Trait,
    /// `default = "text"`: a value that converts from a string.
    Text(LitStr),
    /// `default = expression`.
    Value(Expr),
}

impl Default {
    fn new(entry: Entry) -> Self {
        match entry.value {
            None => Self::Trait,
            Some(Expr::Lit(ExprLit { lit: Lit::Str(text), .. })) => Self::Text(text),
            Some(value) => Self::Value(value),
        }
    }
}

/// The source of suggestions for an argument.
pub(crate) enum Complete {
    Choices(ExprArray),
    /// `injected` has the types of the parameters behind the call, which are known of a function
    /// of the same block.
    Function {
        path: Path,
        has_receiver: bool,
        is_async: bool,
        injected: Vec<Type>,
    },
}

impl Argument {
    pub(crate) fn new(
        kind: Kind,
        pattern: &Pat,
        ty: &Type,
        docs: Option<Docs>,
        mut options: Reader<'_>,
        siblings: &[&Signature],
    ) -> Self {
        let renamed = options.string("name");
        let default = options.take("default").map(Default::new);
        let (mut header, mut flatten, mut complete) = (None, None, None);
        if kind == Kind::Tool {
            header = options.string("header");
            flatten = options.word("flatten");
        } else {
            let value = options.expression("complete");
            complete = value.and_then(|value| completion(value, siblings, options.errors));
        }
        if let Some(span) = flatten {
            for (option, is_set) in [
                ("name", renamed.is_some()),
                ("default", default.is_some()),
                ("header", header.is_some()),
            ] {
                if is_set {
                    options.errors.at_span(
                        span,
                        format_args!("a flattened argument cannot have `{option}`"),
                        "set it on the fields of the struct",
                    );
                }
            }
        }
        check_type(kind, ty, options.errors);
        if let Some(header) = &header {
            check_header(header, ty, options.errors);
        }
        let name = match (&renamed, flatten) {
            (Some(name), _) => given_name(name, options.errors),
            (None, Some(_)) => String::new(),
            // The type is the mistake, and the usual pattern destructures it.
            (None, None) if types::is_args(ty) => String::new(),
            (None, None) => name_of(pattern, options.errors),
        };
        options.finish();
        let description = docs.map(Docs::into_tokens);
        let name_span = renamed.as_ref().map_or_else(|| pattern_span(pattern), LitStr::span);
        Self { name, name_span, description, default, header, flatten, complete }
    }
}

fn given_name(name: &LitStr, errors: &mut Errors) -> String {
    if name.value().is_empty() {
        errors.at(name, "an argument needs a name", "remove `name` to use the parameter's");
    }
    name.value()
}

/// Returns the name of a parameter: `limit`, `mut limit`, `r#type` → `type`; `_limit` → `limit`,
/// because the underscore only silences the compiler.
fn name_of(pattern: &Pat, errors: &mut Errors) -> String {
    if let Pat::Ident(named) = pattern
        && named.subpat.is_none()
    {
        let name = named.ident.unraw().to_string();
        let trimmed = name.trim_start_matches('_');
        return if trimmed.is_empty() { name } else { trimmed.to_owned() };
    }
    errors.at(
        pattern,
        "an argument needs a name",
        "name the parameter and destructure it in the body, or write `#[arg(name = \"…\")]` before it",
    );
    String::new()
}

/// Returns the span of `limit` in `mut limit`.
fn pattern_span(pattern: &Pat) -> Span {
    if let Pat::Ident(named) = pattern { named.ident.span() } else { pattern.span() }
}

fn check_type(kind: Kind, ty: &Type, errors: &mut Errors) {
    if types::is_args(ty) {
        errors.at(
            ty,
            format_args!("a function with `#[{kind}]` takes plain parameters, not `Args<T>`"),
            match kind {
                Kind::Tool => {
                    "write `#[arg(flatten)] arguments: T`, whose fields are the arguments, or one \
                     parameter for each argument"
                }
                Kind::Prompt => "write one parameter for each argument",
                Kind::Resource => "write one parameter for each variable of the URI",
            },
        );
    } else if types::is_impl_trait(ty) {
        errors.at(
            ty,
            "an argument needs a concrete type",
            "replace `impl Trait` with a type that implements `Deserialize`",
        );
    } else if types::borrows(ty) {
        let owned = match ty.to_token_stream().to_string().replace(' ', "").as_str() {
            "&str" | "&'staticstr" | "&String" => "`String`".to_owned(),
            "Option<&str>" => "`Option<String>`".to_owned(),
            "Vec<&str>" | "&[&str]" | "&[String]" => "`Vec<String>`".to_owned(),
            "Cow<'_,str>" => "`Cow<'static, str>` or `String`".to_owned(),
            "&Path" => "`std::path::PathBuf`".to_owned(),
            _ => "an owned type".to_owned(),
        };
        errors.at(
            ty,
            format_args!("an argument of a {kind} must be owned"),
            format_args!("use {owned}"),
        );
    }
}

fn check_header(header: &LitStr, ty: &Type, errors: &mut Errors) {
    if let Some(problem) = header::header_name_problem(&header.value()) {
        errors.at(
            header,
            problem,
            "it is sent as `Mcp-Param-<name>`: letters, digits and `-` are safe",
        );
    }
    if let Some(problem) = header::header_type_problem(ty) {
        errors.at(ty, problem, "use an integer, a string or a boolean");
    }
}

fn completion(value: Expr, siblings: &[&Signature], errors: &mut Errors) -> Option<Complete> {
    match value {
        Expr::Array(choices) => Some(Complete::Choices(choices)),
        Expr::Path(function) if function.qself.is_none() => {
            let sibling = sibling_of(&function.path)
                .and_then(|name| siblings.iter().find(|it| it.ident == *name));
            let (has_receiver, is_async, injected) = match sibling {
                Some(signature) => (
                    signature.receiver().is_some(),
                    signature.asyncness.is_some(),
                    types_behind_call(signature),
                ),
                // A function of another impl block, or a free one: assume the usual signature.
                None => (sibling_of(&function.path).is_some(), true, Vec::new()),
            };
            Some(Complete::Function { path: function.path, has_receiver, is_async, injected })
        }
        other => {
            errors.at_span(
                other.span(),
                "`complete` takes a list of strings or the path of a function",
                "`complete = [\"draft\", \"final\"]`, or `complete = Self::topics` with \
                 `async fn topics(&self, call: &CompletionCall) -> Vec<String>`",
            );
            None
        }
    }
}

/// Returns the types of the parameters of a completion function behind the `&CompletionCall`.
fn types_behind_call(signature: &Signature) -> Vec<Type> {
    let typed = signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(parameter) => Some((*parameter.ty).clone()),
        FnArg::Receiver(_) => None,
    });
    typed.skip(1).collect()
}

/// Returns `topics` of `Self::topics`.
fn sibling_of(path: &Path) -> Option<&syn::Ident> {
    match path.segments.iter().collect::<Vec<_>>().as_slice() {
        [first, second] if first.ident == "Self" => Some(&second.ident),
        _ => None,
    }
}
