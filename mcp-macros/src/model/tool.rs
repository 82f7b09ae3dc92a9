//! `#[tool]`.

use proc_macro2::Ident;
use syn::{Expr, ExprLit, Lit, LitBool};

use super::{Errors, Function, Listing, Source, name, options::Reader};

/// A valid tool.
pub(crate) struct Tool {
    pub(crate) function: Function,
    pub(crate) listing: Listing,
    /// The annotations that are set: `read_only`, `destructive`, `idempotent`, `open_world`.
    pub(crate) hints: Vec<(&'static str, LitBool)>,
    pub(crate) output_schema: Option<Expr>,
    /// `task` and `task = "required"`, as the variant of `TaskSupport`.
    pub(crate) task: Option<Ident>,
    /// `recovery = "…"`, as the variant of `Recovery`.
    pub(crate) recovery: Option<Ident>,
    /// `dialect = "…"`, as the variant of `SchemaDialect`.
    pub(crate) dialect: Option<Ident>,
}

impl Tool {
    pub(crate) fn new(mut source: Source<'_>, errors: &mut Errors) -> Self {
        let mut options = Reader::new("tool", std::mem::take(&mut source.options), errors);
        let listing = Listing::new(source.signature, source.attributes, &mut options);
        let hints: Vec<_> = ["read_only", "destructive", "idempotent", "open_world"]
            .into_iter()
            .filter_map(|hint| Some((hint, options.flag(hint)?)))
            .collect();
        let output_schema = options.expression("output_schema");
        let blocking = options.word("blocking");
        let task = task_support(&mut options);
        let recovery = recovery(&mut options);
        let dialect = dialect(&mut options);
        options.finish();

        check_hints(&hints, errors);
        if let Some(problem) = name::tool_name_problem(&listing.name) {
            let help = "use 1 to 128 letters, digits, `_`, `-` and `.`, or set a name with `#[tool(name = \"…\")]`";
            errors.at_span(listing.name_span, problem, help);
        }
        let function = Function::new(&mut source, blocking, errors);
        Self { function, listing, hints, output_schema, task, recovery, dialect }
    }
}

/// Reads `task`, `task = "optional"` or `task = "required"`.
fn task_support(options: &mut Reader<'_>) -> Option<Ident> {
    let entry = options.take("task")?;
    let Some(value) = entry.value else { return Some(Ident::new("Optional", entry.name.span())) };
    choice(options, "task", value, &[("optional", "Optional"), ("required", "Required")])
}

/// Reads `recovery = "resume"`, `"restart"` or `"fail"`.
fn recovery(options: &mut Reader<'_>) -> Option<Ident> {
    let value = options.expression("recovery")?;
    let choices = [("resume", "Resume"), ("restart", "Restart"), ("fail", "Fail")];
    choice(options, "recovery", value, &choices)
}

/// Reads `dialect = "as_written"`, `"strict"` or `"flat"`.
fn dialect(options: &mut Reader<'_>) -> Option<Ident> {
    let value = options.expression("dialect")?;
    let choices = [("strict", "Strict"), ("flat", "Flat"), ("as_written", "AsWritten")];
    choice(options, "dialect", value, &choices)
}

/// Returns the variant that a string literal names.
fn choice(
    options: &mut Reader<'_>,
    option: &str,
    value: Expr,
    choices: &[(&str, &str)],
) -> Option<Ident> {
    if let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &value
        && let Some((_, variant)) = choices.iter().find(|(name, _)| *name == text.value())
    {
        return Some(Ident::new(variant, text.span()));
    }
    let names: Vec<_> = choices.iter().map(|(name, _)| format!("`\"{name}\"`")).collect();
    let example = choices.first().map_or("", |(name, _)| name);
    options.errors.at(
        value,
        format_args!("`{option}` must be {}", names.join(" or ")),
        format_args!("write `{option} = \"{example}\"`"),
    );
    None
}

fn check_hints(hints: &[(&str, LitBool)], errors: &mut Errors) {
    let is_set = |name: &str| hints.iter().find(|(hint, value)| *hint == name && value.value);
    if let (Some(_), Some((_, destructive))) = (is_set("read_only"), is_set("destructive")) {
        errors.at_span(
            destructive.span(),
            "a tool that is `read_only` cannot be `destructive`",
            "remove one",
        );
    }
}
