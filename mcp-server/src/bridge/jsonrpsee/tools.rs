//! Makes tools of the methods of a module.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use jsonrpsee_core::server::{MethodCallback, Methods};

use super::describe::{Described, described, open};
use super::invoke::{Method, Module};
use super::limits::RpcLimits;
use super::method_schema::{MethodSchema, RpcSchemas};
use super::names::{UsedNames, legal_name};
use super::params::OpenParams;
use crate::error::BuildError;
use crate::tool::{ToolBuilder, ToolRoute};

type Filter = Box<dyn Fn(&str) -> bool + Send>;
type Customize = Box<dyn FnMut(&str, ToolBuilder) -> ToolBuilder + Send>;

/// Makes a tool of each method and each subscription of a jsonrpsee module.
///
/// The [module](super) describes names, schemas, results and errors. Whatever a module offers, a
/// model can call: choose with [`RpcTools::filter`] or [`RpcTools::described_only`].
///
/// ```
/// use jsonrpsee_core::server::RpcModule;
/// use mcp_server::Server;
/// use mcp_server::bridge::jsonrpsee::RpcTools;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let module = RpcModule::new(());
/// let tools = RpcTools::new(module)
///     .filter(|method| !method.starts_with("admin_"))
///     .customize(|method, tool| tool.read_only(method.contains("_get")))
///     .build()?;
/// let server = Server::builder("node", "1.0.0").tools(tools).build()?;
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is served until the tools are built and added to a server"]
pub struct RpcTools {
    methods: Methods,
    schemas: Vec<MethodSchema>,
    open_params: OpenParams,
    prefix: String,
    renamed: BTreeMap<String, String>,
    blocking: BTreeSet<String>,
    filter: Option<Filter>,
    described_only: bool,
    output_schemas: bool,
    customize: Option<Customize>,
    limits: RpcLimits,
}

impl RpcTools {
    /// Creates a builder from a module. To serve it with jsonrpsee too, convert it into `Methods`
    /// and clone that: clones share the methods.
    pub fn new(module: impl Into<Methods>) -> Self {
        Self {
            methods: module.into(),
            schemas: Vec::new(),
            open_params: OpenParams::default(),
            prefix: String::new(),
            renamed: BTreeMap::new(),
            blocking: BTreeSet::new(),
            filter: None,
            described_only: false,
            output_schemas: true,
            customize: None,
            limits: RpcLimits::new(),
        }
    }

    /// Adds the schemas of several methods.
    pub fn schemas(mut self, schemas: RpcSchemas) -> Self {
        self.schemas.extend(schemas);
        self
    }

    /// Adds the schema of one method.
    pub fn method(mut self, schema: MethodSchema) -> Self {
        self.schemas.push(schema);
        self
    }

    /// Sets what methods without a schema take. Default: an array of parameters by position.
    pub fn open_params(mut self, params: OpenParams) -> Self {
        self.open_params = params;
        self
    }

    /// Sets what the names of all tools start with, except those of [`RpcTools::rename`].
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets the name of the tool of one method: 1 to 128 of `A–Z a–z 0–9 _ . -`.
    pub fn rename(mut self, method: impl Into<String>, tool: impl Into<String>) -> Self {
        self.renamed.insert(method.into(), tool.into());
        self
    }

    /// Sets which methods become tools, by their names in the module. Default: all of them.
    pub fn filter(mut self, filter: impl Fn(&str) -> bool + Send + 'static) -> Self {
        self.filter = Some(Box::new(filter));
        self
    }

    /// Leaves out methods without a schema.
    pub fn described_only(mut self) -> Self {
        self.described_only = true;
        self
    }

    /// Runs these sync methods on the threads of
    /// [`Context::blocking`](crate::Context::blocking), because they block. Methods that were
    /// registered as blocking need nothing.
    pub fn blocking(mut self, methods: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.blocking.extend(methods.into_iter().map(Into::into));
        self
    }

    /// Declares no output schemas, and sends results as text only. For schemas that describe the
    /// results too strictly: a result that does not match its declared schema is an error.
    pub fn without_output_schemas(mut self) -> Self {
        self.output_schemas = false;
        self
    }

    /// Changes the tools: `customize` receives the name of each method and the builder of its tool,
    /// and may set annotations, scopes, icons, and how it runs as a task. What it sets of schemas
    /// and of the description takes the place of what the bridge has set.
    pub fn customize(
        mut self,
        customize: impl FnMut(&str, ToolBuilder) -> ToolBuilder + Send + 'static,
    ) -> Self {
        self.customize = Some(Box::new(customize));
        self
    }

    /// Sets the limits. They apply to all tools together.
    pub fn limits(mut self, limits: RpcLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Builds the tools, sorted by the names of their methods. Pass them to
    /// [`ServerBuilder::tools`](crate::ServerBuilder::tools).
    ///
    /// # Errors
    /// If two methods have one name as tools, a method has two schemas, or a schema or an option
    /// names a method that the module does not have, or that is not of the right kind.
    pub fn build(mut self) -> Result<Vec<ToolRoute>, BuildError> {
        let extensions = self.methods.extensions().clone();
        let module = Arc::new(Module::new(extensions, self.limits.clone()));
        let mut customize = self.customize.take();
        self.check_names()?;
        let schemas = self.schemas_by_name()?;
        let aliases: BTreeSet<&str> =
            self.schemas.iter().flat_map(|schema| &schema.aliases).map(String::as_str).collect();
        let mut names: Vec<&'static str> = self.methods.method_names().collect();
        names.sort_unstable();
        let mut used = UsedNames::default();
        let mut routes = Vec::new();
        for name in names {
            let Some(callback) = self.methods.method(name) else { continue };
            let is_described = schemas.contains_key(name);
            if matches!(callback, MethodCallback::Unsubscription(_))
                || aliases.contains(name) && !is_described
                || self.described_only && !is_described
                || self.filter.as_ref().is_some_and(|is_selected| !is_selected(name))
            {
                continue;
            }
            let renamed = self.renamed.get(name).cloned();
            let tool_name = renamed.unwrap_or_else(|| legal_name(&self.prefix, name));
            used.add(&tool_name, name)?;
            let schema = schemas.get(name).copied();
            let is_subscription = matches!(callback, MethodCallback::Subscription(_));
            let Described { input, conversion, output } = match schema {
                Some(schema) => described(schema, is_subscription),
                None => open(self.open_params),
            };
            let output = output.filter(|_| self.output_schemas);
            let mut tool = ToolRoute::builder(tool_name)
                .description(self.description(name, schema, is_subscription))
                .input_schema(input);
            if let Some(title) = schema.and_then(|schema| schema.title.as_ref()) {
                tool = tool.title(title);
            }
            let is_structured = output.is_some();
            if let Some(output) = output {
                tool = tool.output_schema(output);
            }
            if let Some(customize) = &mut customize {
                tool = customize(name, tool);
            }
            let method = Arc::new(Method {
                module: Arc::clone(&module),
                name,
                callback: callback.clone(),
                conversion,
                is_structured,
                is_blocking: self.blocking.contains(name),
            });
            routes.push(tool.raw(move |call| {
                let method = Arc::clone(&method);
                Box::pin(async move { method.call(call).await })
            }));
        }
        Ok(routes)
    }

    /// Checks the methods that options name.
    fn check_names(&self) -> Result<(), BuildError> {
        let invalid = |name: &str, reason: &str| {
            let (kind, name, reason) = ("method", name.to_owned(), reason.to_owned());
            Err(BuildError::Invalid { kind, name, reason })
        };
        for name in self.renamed.keys().chain(&self.blocking) {
            if self.methods.method(name).is_none() {
                return invalid(name, "an option names it, and the module does not have it");
            }
        }
        for name in &self.blocking {
            if !matches!(self.methods.method(name), Some(MethodCallback::Sync(_))) {
                let reason = "RpcTools::blocking is for sync methods; async methods and those \
                              that are registered as blocking do not need it";
                return invalid(name, reason);
            }
        }
        Ok(())
    }

    /// Returns the schema of each method. What was written for the module is preferred to a
    /// document.
    fn schemas_by_name(&self) -> Result<BTreeMap<&str, &MethodSchema>, BuildError> {
        let mut schemas: BTreeMap<&str, &MethodSchema> = BTreeMap::new();
        let (written, documents): (Vec<_>, Vec<_>) =
            self.schemas.iter().partition(|schema| schema.is_required);
        for schema in written {
            let (kind, name) = ("method", schema.name.clone());
            if self.methods.method(&name).is_none() {
                let reason = "it has a schema, and the module does not have it; check its name \
                              and its namespace";
                return Err(BuildError::Invalid { kind, name, reason: reason.to_owned() });
            }
            if schemas.insert(&schema.name, schema).is_some() {
                let reason = "it has two schemas; remove one of them".to_owned();
                return Err(BuildError::Invalid { kind, name, reason });
            }
        }
        for schema in documents {
            schemas.entry(&schema.name).or_insert(schema);
        }
        Ok(schemas)
    }

    fn description(
        &self,
        name: &str,
        schema: Option<&MethodSchema>,
        is_subscription: bool,
    ) -> String {
        let described = schema.and_then(|schema| schema.description.clone());
        let mut text = described.unwrap_or_else(|| format!("Call the JSON-RPC method `{name}`."));
        if is_subscription {
            let RpcLimits { max_items, max_time, .. } = &self.limits;
            text.push_str(&format!(
                "\n\nThis is a subscription. It returns the last value after at most {max_items} \
                 values or {max_time:?}."
            ));
        }
        text
    }
}

impl fmt::Debug for RpcTools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RpcTools").field("methods", &self.methods).finish_non_exhaustive()
    }
}
