//! The attributes of a server: [`macro@tool`], [`macro@prompt`], [`macro@resource`] on functions,
//! [`macro@tools`] on an impl block; and [`macro@Elicit`] on the forms that a user fills in.
//!
//! Use them through `mcp_server`, which re-exports them (the examples here are not compiled, since
//! this crate cannot depend on that one; its tests compile every form that is shown). What they
//! expand to is public API of that crate: a tool is `ToolRoute::builder(…)` with a struct that
//! derives `Deserialize` and `JsonSchema`, an impl block is `impl Provider`.
//!
//! A marked function stays the function it was: callable, testable, documented. Where an attribute
//! is misused, the compiler points at the word that is wrong and says what to write.
//!
//! # All options
//!
//! | | `#[tool]` | `#[prompt]` | `#[resource]` | `#[tools]` |
//! |---|---|---|---|---|
//! | the URI, first and without a name | | | ● | |
//! | `name`, `title`, `description`, `icons`, `meta` | ● | ● | ● | |
//! | `blocking` | ● | ● | ● | |
//! | `read_only`, `destructive`, `idempotent`, `open_world` | ● | | | |
//! | `output_schema` | ● | | | |
//! | `mime`, `size`, `annotations` | | | ● | |
//! | `crate` | ● | ● | ● | ● |
//!
//! On a method under `#[tools]`, `crate` is an option of the block alone.
//!
//! | `#[arg(…)]` of | `#[tool]` | `#[prompt]` | `#[resource]` |
//! |---|---|---|---|
//! | `name`, `default`, `inject` | ● | ● | ● |
//! | `complete` | | ● | ● |
//! | `header`, `flatten` | ● | | |
//!
//! `name` and `header` are string literals, since they are checked while compiling; every other
//! value is any expression, which runs when the route is made. An option is given once. Several
//! `#[arg]`s of one parameter add up.
//!
//! # Free functions and their lists
//!
//! Beside a marked function that is free stands a hidden type of the same name and visibility,
//! which implements `RouteFn`: functions are values and braced structs are types, so one path names
//! both, and `use math::divide` brings both. `routes![add, math::divide]` takes such paths, of
//! tools, prompts and resources in any mixture. It is not `tools![…]`, because `tools` is the
//! attribute already: macros of all kinds share one namespace, and two of one name could not be
//! imported together.
//!
//! Because of the hidden type, what has the function's name cannot also be a struct, an enum, a
//! trait, a type alias or a module in the same place (`mod add;` next to `#[tool] fn add`), and the
//! name cannot be that of a primitive type. Name the function otherwise then, and the tool with
//! `name = "…"`. Methods under `#[tools]` have no such type and no such limit.
//!
//! A name that is given twice in one impl block is refused by the compiler; one that is given twice
//! in one server, by `Server::build`.
//!
//! Inside: `attr` is the grammar, `model` all rules and all errors, `expand` the code, without
//! decisions; `fallback` is what stands in for it beside an error.

mod attr;
mod entry;
mod expand;
mod fallback;
mod form;
mod model;

use attr::Kind;
use proc_macro::TokenStream;

/// Makes a function a tool.
///
/// ```ignore
/// /// Add two numbers.
/// #[tool]
/// async fn add(/** the first addend */ a: i64, #[arg(default = 1)] b: i64) -> i64 {
///     a + b
/// }
///
/// Server::builder("calculator", "1.0.0").routes(routes![add, math::divide])
/// ```
///
/// The function is `async` or not; lifetimes are fine, type parameters are not, for the schema has
/// to be known. On a method it needs [`macro@tools`] on the impl block. Beside a free function
/// stands a [hidden type of the same name](crate#free-functions-and-their-lists), which `routes![…]` finds by the function's path.
///
/// # Options
///
/// | `#[tool(…)]` | |
/// |---|---|
/// | `name = "…"` | The tool's name, if not the function's: 1 to 128 of `A–Z a–z 0–9 _ . -`. |
/// | `title = …` | A name for people. |
/// | `description = …` | Instead of the doc comment. |
/// | `read_only`, `destructive`, `idempotent`, `open_world` | The annotations; `= false` denies one, saying nothing leaves it open. |
/// | `icons = …` | A `Vec<Icon>` or an array. |
/// | `meta = …` | The `Meta` that is listed with the tool. |
/// | `output_schema = …` | A `Schema`, instead of the one that the returned type has. |
/// | `blocking` | The function, which is not `async`, blocks: it runs on a bounded pool of threads. |
/// | `crate = path` | Where `mcp_server` is found, if not at `::mcp_server`. |
///
/// # Parameters
///
/// Every parameter is an argument of the tool, by its name, its type and its doc comment; together
/// they are the input schema. The type is one's own or the standard library's, anything with
/// `serde::Deserialize` and `schemars::JsonSchema`, and owned: `String`, not `&str`. An `Option`,
/// under whatever name, may be left out or be `null`. Arguments that nobody declared are refused. A
/// leading underscore (`_limit`) is not part of the name. When a call does not fit, its answer
/// names every argument that is wrong.
///
/// Three types are not arguments: `Context`, `State<S>` and `Extension<T>`, or references to them,
/// come from the call, wherever they stand.
///
/// | `#[arg(…)]` | |
/// |---|---|
/// | `name = "…"` | The argument's name, if not the parameter's. |
/// | `default = …` | May be left out (or be `null`), and is then this value, which the schema shows if it serializes. A string literal is converted: `default = "eu"` for a `String`. |
/// | `default` | The same, with `Default::default()`. |
/// | `header = "Region"` | A client on HTTP sends the value as `Mcp-Param-Region` too, for those on the way (`x-mcp-header`). Integers, strings, booleans. |
/// | `flatten` | The arguments of the tool are the fields of this struct. It must be the only argument. |
/// | `inject` | Not an argument: the type implements `FromContext`. For types that are named otherwise (`type Ctx = Context`). |
///
/// `#[arg]` alone says that a type which happens to be named `Context`, `State` or `Extension` is
/// an argument.
///
/// # What is returned
///
/// The type decides, not how it is written, so aliases are fine:
///
/// 1. `Result<T, E>`: an `E` with `IntoToolError` decides for itself (`ToolError` is seen by the
///    model, `ErrorObject` is an error of the protocol); any other `E` with `Display` is seen by
///    the model. `T` is as below.
/// 2. Text (`String`, `&str`, `Cow<str>`, `Box<str>`), `()`, content, images, `CallToolResult`,
///    whatever has `IntoToolResult`. A method may return what it borrows from `self`.
/// 3. Any other type with `Serialize` and `JsonSchema`, numbers too: structured content, and the
///    tool has an output schema.
///
/// # By hand
///
/// ```ignore
/// #[derive(Deserialize, JsonSchema)]
/// #[serde(deny_unknown_fields)]
/// struct Add { a: i64, b: i64 }
///
/// ToolRoute::builder("add")
///     .description("Add two numbers.")
///     .handler(|Args(Add { a, b }): Args<Add>| async move { Structured(a + b) })
/// ```
#[proc_macro_attribute]
pub fn tool(options: TokenStream, item: TokenStream) -> TokenStream {
    entry::free(Kind::Tool, options.into(), item.into()).into()
}

/// Makes a function a prompt.
///
/// ```ignore
/// /// Summarize a topic.
/// #[prompt(title = "Summarize")]
/// fn summarize(
///     /** what about */ topic: String,
///     #[arg(complete = ["dry", "warm"])] tone: Option<String>,
/// ) -> String {
///     format!("Summarize {topic}. Tone: {}", tone.as_deref().unwrap_or("any"))
/// }
/// ```
///
/// `#[prompt(…)]` takes `name`, `title`, `description`, `icons`, `meta`, `blocking` and `crate`, as
/// [`macro@tool`] does.
///
/// Parameters are arguments, which in a prompt are text: any type with `serde::Deserialize`,
/// numbers are read from their digits. `#[arg(…)]` takes `name`, `default` and `inject`, as for a
/// tool, and
///
/// | `#[arg(…)]` | |
/// |---|---|
/// | `complete = ["dry", "warm"]` | While the user types, offers those that begin so. |
/// | `complete = Self::topics` | Asks `async fn topics(&self, call: &CompletionCall) -> Vec<String>`. |
/// | `complete = topics` | Asks `async fn topics(call: &CompletionCall) -> Vec<String>`. |
///
/// A completion function may return what has `IntoCompletion`. One of the same impl block may also
/// do without `async` or `&self`; that of another is taken to have both if its path begins with
/// `Self::`.
///
/// A prompt returns text (one message of the user's), `PromptMessage`, a `Vec` of them,
/// `GetPromptResult`, or a `Result` of one. An error which is, or becomes, an `ErrorObject` goes to
/// the peer; of any other the text goes to the log, and the peer learns only that something failed.
#[proc_macro_attribute]
pub fn prompt(options: TokenStream, item: TokenStream) -> TokenStream {
    entry::free(Kind::Prompt, options.into(), item.into()).into()
}

/// Makes a function a resource, or a resource template.
///
/// ```ignore
/// /// The settings.
/// #[resource("config://app", mime = "application/json")]
/// fn settings(state: State<Settings>) -> String { /* … */ }
///
/// /// A file of the project.
/// #[resource("file:///{+path}", blocking)]
/// fn file(path: String) -> std::io::Result<Vec<u8>> { /* … */ }
/// ```
///
/// The first option is the URI, or a template (RFC 6570): `note://{id}`, or `file:///{+path}` for a
/// variable that may hold `/`. Two variables have a text between them, so that it is clear where
/// one ends. Each variable is a parameter and each parameter a variable, save for what is injected;
/// it is read from its text, with `%20` and the like decoded. `#[arg(…)]` is as for
/// [`macro@prompt`].
///
/// | `#[resource("…", …)]` | |
/// |---|---|
/// | `mime = …` | The type of the contents. |
/// | `size = …` | In bytes; not for a template. |
/// | `annotations = …` | An `Annotations`. |
/// | `name`, `title`, `description`, `icons`, `meta`, `blocking`, `crate` | As for [`macro@tool`]. |
///
/// A resource returns text, bytes, `ResourceContents`, a `Vec` of them, `ReadResourceResult`, or a
/// `Result` of one; errors are as for a prompt.
#[proc_macro_attribute]
pub fn resource(options: TokenStream, item: TokenStream) -> TokenStream {
    entry::free(Kind::Resource, options.into(), item.into()).into()
}

/// Makes a type the provider of the tools, prompts and resources among the methods of its impl
/// block.
///
/// ```ignore
/// #[tools]
/// impl<D: Database> Notes<D> {
///     /// Delete a note.
///     #[tool(destructive)]
///     async fn delete(&self, context: &Context, id: NoteId) -> Result<String, NotesError> { /* … */ }
///
///     /// One note.
///     #[resource("note://{id}", mime = "text/plain")]
///     async fn read(&self, id: NoteId) -> Result<String, NotesError> { /* … */ }
///
///     fn not_marked(&self) { /* … */ }
/// }
///
/// Server::builder("notes", "1.0.0").with(Notes::open("notes.db")?)
/// ```
///
/// It writes `impl Provider`, with the generics and the bounds of the block; the type must be
/// `Send + Sync + 'static`, nothing else. Methods take `&self`, or `self: Arc<Self>` to hold on to
/// it, or nothing. What is not marked is left alone. A name is given once among the tools, and once
/// among the prompts; a URI once among the resources.
///
/// A type has one such block: a second is a second `impl Provider`, which the compiler refuses as
/// conflicting implementations (E0119). Unmarked methods and helpers go in other blocks; tools that
/// want to be apart go to types of their own, and each is given to `Server::with`.
///
/// The only option is `crate = path`, as for [`macro@tool`].
#[proc_macro_attribute]
pub fn tools(options: TokenStream, item: TokenStream) -> TokenStream {
    entry::block(options.into(), item.into()).into()
}

/// Makes a struct a form that `Context::elicit` can ask the user to fill in, and an enum a choice
/// in one.
///
/// ```ignore
/// #[derive(Deserialize, Elicit)]
/// struct Registration {
///     /// The address for the confirmation.
///     #[elicit(title = "Mail address", format = "email")]
///     email: String,
///     #[elicit(min = 1, max = 9, default = 2)]
///     seats: u8,
///     menu: Menu,
///     #[elicit(max_items = 2)]
///     days: Vec<Day>,
///     remarks: Option<String>,
/// }
///
/// #[derive(Deserialize, Elicit)]
/// #[serde(rename_all = "lowercase")]
/// enum Menu {
///     /// With everything
///     Full,
///     #[elicit(title = "Without meat")]
///     Vegetarian,
/// }
/// ```
///
/// For a struct it writes `impl Form`, for an enum without data `impl Choice` and `impl FormField`;
/// values are read by `serde::Deserialize`, which is derived beside it. Of serde's attributes
/// `rename`, `rename_all` and `default` are followed; those that change the shape are refused.
///
/// A form is flat. A field is a `String`, a number, a `bool`, a choice, a `Vec` of a choice
/// (several can be chosen), or an `Option` of one of these, which may be left empty. Doc comments
/// are the help of fields and the labels of choices.
///
/// | `#[elicit(…)]` | |
/// |---|---|
/// | `title = …` | The label of a field, or of an option of a choice. |
/// | `description = …` | Instead of the doc comment of a field. |
/// | `default = …` | What is filled in at first; the field may then be left out. |
/// | `format = "…"` | Of text: `email`, `uri`, `date`, `date-time`. |
/// | `min_length = …`, `max_length = …` | Of text, in characters. |
/// | `min = …`, `max = …` | Of a number. |
/// | `min_items = …`, `max_items = …` | Of a list. |
/// | `crate = path` | Before the type: where `mcp_server` is found, if not at `::mcp_server`. |
#[proc_macro_derive(Elicit, attributes(elicit))]
pub fn elicit(item: TokenStream) -> TokenStream {
    form::derive(item.into()).into()
}
