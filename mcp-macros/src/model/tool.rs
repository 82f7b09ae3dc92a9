//! `#[tool]`.

use syn::{Expr, LitBool};

use super::{Errors, Function, Listing, Source, name, options::Reader};

/// A valid tool.
pub(crate) struct Tool {
    pub(crate) function: Function,
    pub(crate) listing: Listing,
    /// The annotations that are set: `read_only`, `destructive`, `idempotent`, `open_world`.
    pub(crate) hints: Vec<(&'static str, LitBool)>,
    pub(crate) output_schema: Option<Expr>,
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
        options.finish();

        check_hints(&hints, errors);
        if let Some(problem) = name::tool_name_problem(&listing.name) {
            let help = "use 1 to 128 letters, digits, `_`, `-` and `.`, or set a name with `#[tool(name = \"…\")]`";
            errors.at_span(listing.name_span, problem, help);
        }
        let function = Function::new(&mut source, blocking, errors);
        Self { function, listing, hints, output_schema }
    }
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
