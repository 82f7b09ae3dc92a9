//! What a method takes and returns, from types or from a document.

use jsonrpsee_core::server::IntoResponse;
use mcp_core::types::Schema;
use schemars::JsonSchema;
use schemars::generate::SchemaGenerator;
use serde_json::{Map, Value};

use crate::tool::output_schema;

/// What is known of one method or subscription of a module.
///
/// [`rpc_schemas`](macro@super::rpc_schemas) writes these for a trait with `#[rpc]`. For methods
/// that are registered by hand, and for other changes, write them yourself:
///
/// ```
/// use mcp_server::bridge::jsonrpsee::MethodSchema;
///
/// let transfer = MethodSchema::new("bank_transfer")
///     .description("Transfer an amount, in cents.")
///     .param::<String>("account")
///     .param::<u64>("amount")
///     .param::<Option<String>>("reference")
///     .by_position()
///     .returns::<bool>();
/// ```
///
/// The types are not compared with those of the method: jsonrpsee erases them. A result that does
/// not match is answered with −32603, as for every tool.
#[derive(Debug, Clone)]
pub struct MethodSchema {
    pub(super) name: String,
    pub(super) aliases: Vec<String>,
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) params: Vec<Param>,
    pub(super) by_position: bool,
    pub(super) output: Option<Output>,
    /// Definitions that the schemas of a document refer to.
    pub(super) definitions: Map<String, Value>,
    /// Whether the module must have the method. A document may describe more than a module has.
    pub(super) is_required: bool,
}

/// One parameter.
#[derive(Debug, Clone)]
pub(super) struct Param {
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) schema: ParamSchema,
}

/// The schema of one parameter.
#[derive(Debug, Clone)]
pub(super) enum ParamSchema {
    /// That of a type. The parameter is optional if its schema allows `null`.
    Type(Derive),
    /// That of a document.
    Document { schema: Value, is_required: bool },
}

/// The schema of a result, or of the values of a subscription.
#[derive(Debug, Clone)]
pub(super) enum Output {
    /// That of a type: as a root, and as a part of another schema.
    Type {
        root: fn() -> Schema,
        part: Derive,
    },
    Document {
        schema: Value,
        definitions: Map<String, Value>,
    },
}

/// Derives the schema of a type as a part of another one.
pub(super) type Derive = fn(&mut SchemaGenerator) -> schemars::Schema;

impl MethodSchema {
    /// Creates the schema of a method without parameters. `name` is the name in the module, with
    /// the namespace.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            aliases: Vec::new(),
            title: None,
            description: None,
            params: Vec::new(),
            by_position: false,
            output: None,
            definitions: Map::new(),
            is_required: true,
        }
    }

    /// Adds another name of the method, which gets no tool.
    #[must_use]
    pub fn alias(mut self, name: impl Into<String>) -> Self {
        self.aliases.push(name.into());
        self
    }

    /// Sets the display name of the tool.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Sets the description, which tells the model what the method does.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Adds a parameter of type `T`. It may be omitted if the schema of `T` allows `null`, as that
    /// of an `Option` does.
    #[must_use]
    pub fn param<T: JsonSchema>(mut self, name: impl Into<String>) -> Self {
        let schema = ParamSchema::Type(|generator| generator.subschema_for::<T>());
        self.params.push(Param { name: name.into(), description: None, schema });
        self
    }

    /// Describes the parameter that was added last.
    #[must_use]
    pub fn param_description(mut self, description: impl Into<String>) -> Self {
        if let Some(param) = self.params.last_mut() {
            param.description = Some(description.into());
        }
        self
    }

    /// Passes the parameters by position, in the order in which they were added. Default: by name,
    /// which methods of `#[rpc]` accept. Methods that are registered by hand often read a tuple or
    /// a sequence, and need this.
    #[must_use]
    pub const fn by_position(mut self) -> Self {
        self.by_position = true;
        self
    }

    /// Sets the type of the result, or of the values of a subscription.
    #[must_use]
    pub fn returns<T: JsonSchema>(mut self) -> Self {
        self.output = Some(Output::Type {
            root: output_schema::<T>,
            part: |generator| generator.subschema_for::<T>(),
        });
        self
    }

    /// Sets the type of the result from what a method returns, such as
    /// `Result<T, ErrorObjectOwned>`.
    #[must_use]
    pub fn returns_response<R: IntoResponse<Output: JsonSchema>>(self) -> Self {
        self.returns::<R::Output>()
    }
}

/// The schemas of several methods.
#[derive(Debug, Clone, Default)]
pub struct RpcSchemas(pub(super) Vec<MethodSchema>);

impl FromIterator<MethodSchema> for RpcSchemas {
    fn from_iter<I: IntoIterator<Item = MethodSchema>>(methods: I) -> Self {
        Self(methods.into_iter().collect())
    }
}

impl Extend<MethodSchema> for RpcSchemas {
    fn extend<I: IntoIterator<Item = MethodSchema>>(&mut self, methods: I) {
        self.0.extend(methods);
    }
}

impl IntoIterator for RpcSchemas {
    type Item = MethodSchema;
    type IntoIter = std::vec::IntoIter<MethodSchema>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
