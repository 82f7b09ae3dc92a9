//! The attribute macros of a server: [`macro@tool`], [`macro@prompt`] and [`macro@resource`] on
//! functions, and [`macro@tools`] on an impl block. The derive macro [`macro@Elicit`] is for the
//! forms that a user fills in, and [`macro@rpc_schemas`] for traits of jsonrpsee.
//!
//! Use them through `mcp_server`, which re-exports them. They expand to the public API of that
//! crate: a tool is `ToolRoute::builder(…)` with a struct that derives `Deserialize` and
//! `JsonSchema`, and an impl block is `impl Provider`.
//!
//! A marked function stays an ordinary function: callable, testable, documented. If an attribute is
//! misused, the compiler points at the wrong word and says what to write.
//!
//! # All options
//!
//! | | `#[tool]` | `#[prompt]` | `#[resource]` | `#[tools]` |
//! |---|---|---|---|---|
//! | the URI, first and unnamed | | | ● | |
//! | `name`, `title`, `description`, `icons`, `meta`, `scopes` | ● | ● | ● | |
//! | `blocking` | ● | ● | ● | |
//! | `read_only`, `destructive`, `idempotent`, `open_world` | ● | | | |
//! | `output_schema`, `task`, `recovery`, `dialect` | ● | | | |
//! | `mime`, `size`, `annotations` | | | ● | |
//! | `crate` | ● | ● | ● | ● |
//!
//! Under `#[tools]`, only the attribute of the block takes `crate`.
//!
//! | `#[arg(…)]` of | `#[tool]` | `#[prompt]` | `#[resource]` |
//! |---|---|---|---|
//! | `name`, `default`, `inject` | ● | ● | ● |
//! | `complete` | | ● | ● |
//! | `header`, `flatten` | ● | | |
//!
//! `name` and `header` are string literals, because they are checked at compile time. Every other
//! value is any expression, which is evaluated when the route is created. Each option can occur
//! once. Several `#[arg]`s of one parameter are combined.
//!
//! # Free functions and their lists
//!
//! A marked free function comes with a hidden type of the same name and visibility, which
//! implements `RouteFn`. Functions are values and braced structs are types, so one path names both,
//! and `use math::divide` imports both. `routes![add, math::divide]` takes such paths of tools,
//! prompts and resources, in any order. It is not called `tools![…]`, because all kinds of macros
//! share one namespace, and `tools` is an attribute.
//!
//! Because of the hidden type, no struct, enum, trait, type alias or module in the same scope can
//! have the function's name (`mod add;` next to `#[tool] fn add`), and the name cannot be that of a
//! primitive type. In this case, rename the function and set the name of the tool with `name =
//! "…"`. Methods under `#[tools]` have no such type and no such limit.
//!
//! A name that occurs twice in one impl block is a compile error; one that occurs twice in one
//! server is an error of `ServerBuilder::build`.

// Modules: `attr` is the grammar, `model` has all rules and all errors, `expand` generates the
// code without further decisions, and `fallback` generates the code that accompanies an error.

mod attr;
mod entry;
mod expand;
mod fallback;
mod form;
mod model;
mod rpc;

use attr::Kind;
use proc_macro::TokenStream;

/// Turns a function into a tool.
///
/// ```
/// use mcp_server::{Server, routes, tool};
///
/// /// Add two numbers.
/// #[tool]
/// async fn add(/** the first addend */ a: i64, #[arg(default = 1)] b: i64) -> i64 {
///     a + b
/// }
///
/// # mod math {
/// #     #[mcp_server::tool]
/// #     pub(super) fn divide(a: f64, b: f64) -> f64 { a / b }
/// # }
/// let server = Server::builder("calculator", "1.0.0").routes(routes![add, math::divide]);
/// # server.build().unwrap();
/// ```
///
/// The function can be `async` or not. It may have lifetimes but no type parameters, because its
/// schema must be known. On a method, the impl block needs [`macro@tools`]. A free function comes
/// with a [hidden type of the same name](crate#free-functions-and-their-lists), by which
/// `routes![…]` finds it.
///
/// # Options
///
/// | `#[tool(…)]` | |
/// |---|---|
/// | `name = "…"` | The name of the tool. Default: that of the function. 1 to 128 of `A–Z a–z 0–9 _ . -`. |
/// | `title = …` | The display name. |
/// | `description = …` | The description. Default: the doc comment. |
/// | `read_only`, `destructive`, `idempotent`, `open_world` | The annotations. `= false` sets one to false; without the option it is absent. |
/// | `icons = …` | A `Vec<Icon>` or an array. |
/// | `meta = …` | The `Meta` of the tool in lists. |
/// | `scopes("files:read", …)` | The scopes that the caller needs. `{name}` in one is the value of an argument. |
/// | `output_schema = …` | The output schema. Default: that of the returned type. |
/// | `blocking` | For a function that is not `async` and blocks: it runs on a bounded pool of threads. |
/// | `task` | Clients that support tasks receive a task, others the result. `task = "required"` refuses the others. Needs the feature `tasks`. |
/// | `recovery = "…"` | What becomes of a task that was interrupted: `"resume"` (default), `"restart"` or `"fail"`. |
/// | `dialect = "…"` | The dialect of the schemas: `"strict"`, `"flat"` or `"as_written"`. Default: that of the server. |
/// | `crate = path` | The path of `mcp_server`. Default: `::mcp_server`. |
///
/// # Parameters
///
/// Every parameter is an argument of the tool, with its name, type and doc comment. Together they
/// are the input schema. The type is any owned type that implements `serde::Deserialize` and
/// `schemars::JsonSchema`: `String`, not `&str`. An `Option`, also behind an alias, may be omitted
/// or `null`. Unknown arguments are refused. A leading underscore (`_limit`) is not part of the
/// name. The answer to an invalid call lists all errors.
///
/// Some types are not arguments: `Context`, `Principal`, `Option<Principal>`, `State<S>` and
/// `Extension<T>`, or references to them, are taken from the call, at any position.
///
/// | `#[arg(…)]` | |
/// |---|---|
/// | `name = "…"` | The name of the argument. Default: that of the parameter. |
/// | `default = …` | The value if the argument is omitted or `null`. The schema shows it if it serializes. A string literal is converted: `default = "eu"` for a `String`. |
/// | `default` | The same, with `Default::default()`. |
/// | `header = "Region"` | HTTP clients also send the value as `Mcp-Param-Region`, for intermediaries (`x-mcp-header`). Integers, strings, booleans. |
/// | `flatten` | The fields of this struct are the arguments of the tool. It must be the only argument. |
/// | `inject` | Not an argument: the type implements `FromContext`. For types with other names (`type Ctx = Context`). |
///
/// `#[arg]` without options turns a parameter whose type is named `Context`, `State` or `Extension`
/// into an argument.
///
/// # Return types
///
/// The type decides, not its spelling, so aliases work:
///
/// 1. `Result<T, E>`: an `E` that implements `IntoToolError` decides itself (the model sees a
///    `ToolError`; an `ErrorObject` is a protocol error). The model sees any other `E` that
///    implements `Display`. `T` is one of the following.
/// 2. Strings (`String`, `&str`, `Cow<str>`, `Box<str>`), `()`, content, images, `CallToolResult`,
///    and every other type that implements `IntoToolResult`. A method may return what it borrows
///    from `self`.
/// 3. Any other type that implements `Serialize` and `JsonSchema`, including numbers: structured
///    content, and the tool has an output schema.
///
/// # Without the macro
///
/// ```
/// use mcp_server::extract::Args;
/// use mcp_server::tool::{Structured, ToolRoute};
/// use schemars::JsonSchema;
/// use serde::Deserialize;
///
/// #[derive(Deserialize, JsonSchema)]
/// #[serde(deny_unknown_fields)]
/// struct Add { a: i64, b: i64 }
///
/// let add = ToolRoute::builder("add")
///     .description("Add two numbers.")
///     .handler(|Args(Add { a, b }): Args<Add>| async move { Structured(a + b) });
/// # mcp_server::Server::builder("calculator", "1.0.0").tool(add).build().unwrap();
/// ```
#[proc_macro_attribute]
pub fn tool(options: TokenStream, item: TokenStream) -> TokenStream {
    entry::free(Kind::Tool, options.into(), item.into()).into()
}

/// Turns a function into a prompt.
///
/// ```
/// use mcp_server::prompt;
///
/// /// Summarize a topic.
/// #[prompt(title = "Summarize")]
/// fn summarize(
///     /** the topic */ topic: String,
///     #[arg(complete = ["dry", "warm"])] tone: Option<String>,
/// ) -> String {
///     format!("Summarize {topic}. Tone: {}", tone.as_deref().unwrap_or("any"))
/// }
/// # let routes = mcp_server::routes![summarize];
/// # mcp_server::Server::builder("writer", "1.0.0").routes(routes).build().unwrap();
/// ```
///
/// `#[prompt(…)]` takes `name`, `title`, `description`, `icons`, `meta`, `blocking` and `crate`,
/// like [`macro@tool`].
///
/// Parameters are arguments, which are strings in a prompt: any type that implements
/// `serde::Deserialize`; numbers are parsed. `#[arg(…)]` takes `name`, `default` and `inject`, as
/// for a tool, and
///
/// | `#[arg(…)]` | |
/// |---|---|
/// | `complete = ["dry", "warm"]` | Suggests the choices that start with what the user has typed. |
/// | `complete = Self::topics` | Calls `async fn topics(&self, call: &CompletionCall) -> Vec<String>`. |
/// | `complete = topics` | Calls `async fn topics(call: &CompletionCall) -> Vec<String>`. |
///
/// A completion function returns any type that implements `IntoCompletion`. A function of the same
/// impl block may omit `async` or `&self`. A function of another block is assumed to have both if
/// its path starts with `Self::`.
///
/// A prompt returns a string (one user message), a `PromptMessage`, a `Vec` of them, a
/// `GetPromptResult`, or a `Result` of one. An error that converts into an `ErrorObject` is sent to
/// the client. Any other error is logged, and the client receives −32603.
#[proc_macro_attribute]
pub fn prompt(options: TokenStream, item: TokenStream) -> TokenStream {
    entry::free(Kind::Prompt, options.into(), item.into()).into()
}

/// Turns a function into a resource or a resource template.
///
/// ```
/// use mcp_server::extract::State;
/// use mcp_server::resource;
///
/// # struct Settings { theme: String }
/// # fn in_project(path: &str) -> std::io::Result<std::path::PathBuf> { Ok(path.into()) }
/// /// The settings.
/// #[resource("config://app", mime = "application/json")]
/// fn settings(state: State<Settings>) -> String {
///     format!(r#"{{"theme":"{}"}}"#, state.theme)
/// }
///
/// /// A file of the project.
/// #[resource("file:///{+path}", blocking)]
/// fn file(path: String) -> std::io::Result<Vec<u8>> {
///     std::fs::read(in_project(&path)?)
/// }
/// # let server = mcp_server::Server::builder("files", "1.0.0");
/// # let server = server.state(Settings { theme: "dark".into() });
/// # server.routes(mcp_server::routes![settings, file]).build().unwrap();
/// ```
///
/// The first option is the URI or a URI template (RFC 6570): `note://{id}`, `file:///{path*}` or
/// `file:///{+path}` for a variable that may contain `/`, and `search://notes{?words,limit}` for
/// parameters of the query, which may be missing and are therefore an `Option` or have a default.
/// Two variables need a literal between them, so that the end of the first is unambiguous. Each
/// variable is a parameter and each parameter a variable, except injected ones. Variables are
/// percent-decoded. `#[arg(…)]` is as for [`macro@prompt`].
///
/// | `#[resource("…", …)]` | |
/// |---|---|
/// | `mime = …` | The MIME type of the contents. |
/// | `size = …` | The size in bytes; not for a template. |
/// | `annotations = …` | An `Annotations`. |
/// | `name`, `title`, `description`, `icons`, `meta`, `blocking`, `crate` | As for [`macro@tool`]. |
///
/// A resource returns a string, bytes, `ResourceContents`, a `Vec` of them, a `ReadResourceResult`,
/// or a `Result` of one. Errors are handled as for a prompt.
#[proc_macro_attribute]
pub fn resource(options: TokenStream, item: TokenStream) -> TokenStream {
    entry::free(Kind::Resource, options.into(), item.into()).into()
}

/// Implements `Provider` for a type, with the tools, prompts and resources among the methods of its
/// impl block.
///
/// ```
/// use mcp_server::{Server, tools};
///
/// # use std::collections::HashMap;
/// # use std::io::{Error, ErrorKind};
/// # use std::sync::Mutex;
/// # type NoteId = u32;
/// struct Notes {
///     texts: Mutex<HashMap<NoteId, String>>,
/// }
///
/// #[tools]
/// impl Notes {
///     /// Delete a note.
///     #[tool(destructive)]
///     async fn delete(&self, id: NoteId) -> Result<String, Error> {
///         self.texts.lock().unwrap().remove(&id).ok_or_else(|| self.missing(id))
///     }
///
///     /// One note.
///     #[resource("note://{id}", mime = "text/plain")]
///     async fn read(&self, id: NoteId) -> Result<String, Error> {
///         self.texts.lock().unwrap().get(&id).cloned().ok_or_else(|| self.missing(id))
///     }
///
///     fn missing(&self, id: NoteId) -> Error {
///         Error::new(ErrorKind::NotFound, format!("there is no note {id}"))
///     }
/// }
///
/// let notes = Notes { texts: Mutex::default() };
/// let server = Server::builder("notes", "1.0.0").with(notes);
/// # server.build().unwrap();
/// ```
///
/// The implementation has the generics and the bounds of the block. The type must be `Send + Sync +
/// 'static`. Methods take `&self`, `self: Arc<Self>` to keep a reference, or no receiver. Unmarked
/// methods are unchanged. Names are unique among the tools and among the prompts, and URIs among
/// the resources.
///
/// A type has one such block: a second one is a second `impl Provider`, which the compiler refuses
/// as a conflicting implementation (E0119). Put unmarked methods and helpers into other blocks. To
/// split the tools, use several types and pass each to `ServerBuilder::with`.
///
/// The only option is `crate = path`, as for [`macro@tool`].
#[proc_macro_attribute]
pub fn tools(options: TokenStream, item: TokenStream) -> TokenStream {
    entry::block(options.into(), item.into()).into()
}

/// Turns a struct into a form that `Context::elicit` asks the user to fill in, and an enum into a
/// choice in one.
///
/// ```
/// use mcp_server::Elicit;
/// use serde::Deserialize;
///
/// #[derive(Deserialize, Elicit)]
/// struct Registration {
///     /// The address for the confirmation.
///     #[elicit(title = "Mail address", format = "email")]
///     email: String,
///     #[elicit(min = 1, max = 9, default = 2)]
///     seats: u8,
///     #[elicit(max_items = 2)]
///     menus: Vec<Menu>,
///     remarks: Option<String>,
/// }
///
/// #[derive(Deserialize, Elicit)]
/// #[serde(rename_all = "lowercase")]
/// enum Menu {
///     /// All courses
///     Full,
///     #[elicit(title = "Without meat")]
///     Vegetarian,
/// }
/// # use mcp_server::input::Form;
/// # assert_eq!(Registration::schema().properties.len(), 4);
/// ```
///
/// It implements `Form` for a struct, and `Choice` and `FormField` for an enum without data. Derive
/// `serde::Deserialize` too, which decodes the values. Of serde's attributes, `rename`,
/// `rename_all` and `default` are applied; those that change the shape are refused.
///
/// A form is flat. A field is a `String`, a number, a `bool`, a choice, a `Vec` of a choice
/// (multiple choice), or an `Option` of one of these, which may be left empty. Doc comments are the
/// help texts of fields and the labels of choices.
///
/// | `#[elicit(…)]` | |
/// |---|---|
/// | `title = …` | The label of a field, or of an option of a choice. |
/// | `description = …` | The help text of a field. Default: the doc comment. |
/// | `default = …` | The initial value; the field is then optional. |
/// | `format = "…"` | The format of a string: `email`, `uri`, `date`, `date-time`. |
/// | `min_length = …`, `max_length = …` | The length of a string, in characters. |
/// | `min = …`, `max = …` | The range of a number. |
/// | `min_items = …`, `max_items = …` | The number of items of a list. |
/// | `crate = path` | On the type: the path of `mcp_server`. Default: `::mcp_server`. |
#[proc_macro_derive(Elicit, attributes(elicit))]
pub fn elicit(item: TokenStream) -> TokenStream {
    form::derive(item.into()).into()
}

/// Writes the schemas of a trait with `#[rpc]` of jsonrpsee, for its methods as tools.
///
/// It goes above `#[rpc]`, and adds a function named after the trait: for `StateApi` it is
/// `state_api_schemas`. `RpcTools::schemas` takes what it returns.
///
/// ```
/// use jsonrpsee::core::RpcResult;
/// use jsonrpsee::proc_macros::rpc;
/// use mcp_server::bridge::jsonrpsee::{RpcTools, rpc_schemas};
///
/// #[rpc_schemas]
/// #[rpc(server, namespace = "calculator")]
/// pub trait Calculator {
///     /// Add two numbers.
///     #[method(name = "add")]
///     fn add(&self, /** the first addend */ a: i64, b: Option<i64>) -> RpcResult<i64>;
/// }
///
/// struct Exact;
///
/// impl CalculatorServer for Exact {
///     fn add(&self, a: i64, b: Option<i64>) -> RpcResult<i64> {
///         Ok(a + b.unwrap_or(1))
///     }
/// }
///
/// # fn main() -> Result<(), mcp_server::BuildError> {
/// let tools = RpcTools::new(Exact.into_rpc()).schemas(calculator_schemas()).build()?;
/// assert_eq!(tools[0].tool().name, "calculator_add");
/// # Ok(())
/// # }
/// ```
///
/// The names with their namespace, the aliases, the parameters with `#[argument(rename = "…")]`,
/// the results, the values of subscriptions and the doc comments are those that jsonrpsee uses.
/// Parameters may have doc comments here, which are removed from the trait. The types implement
/// `schemars::JsonSchema`. A parameter whose schema allows `null` may be omitted, as an `Option`.
///
/// A trait with type parameters has a function with the same ones:
/// `state_api_schemas::<Hash, Key>()`. The only option is `crate = path`, as for [`macro@tool`].
#[proc_macro_attribute]
pub fn rpc_schemas(options: TokenStream, item: TokenStream) -> TokenStream {
    rpc::schemas(options.into(), item.into()).into()
}
