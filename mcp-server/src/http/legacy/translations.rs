//! The arguments of the calls in a body, in the form of the schemas as written. The scopes of all
//! requests of a body are checked before the first one begins, and may depend on arguments.

use mcp_core::jsonrpc::{Decoded, Message, MethodName, Params, RequestId};
use mcp_core::service::Request;

use crate::registry::Registry;
use crate::tool::Translation;

/// What became of the arguments of the requests of a body, in their order. Empty if they are
/// translated when each request begins.
#[derive(Debug, Default)]
pub(super) struct Translations(std::vec::IntoIter<Option<Translation>>);

impl Translations {
    /// Translates the arguments of all requests of a body.
    pub(super) fn of(registry: &Registry, frame: &mut Decoded) -> Self {
        if !registry.tools.has_dialects() {
            return Self::default();
        }
        let translate = |message: &mut Message| match message {
            Message::Request { method, params, .. } => Some(registry.translate(method, params)),
            _ => None,
        };
        let translations: Vec<_> = match frame {
            Decoded::Single(message) => translate(message).into_iter().collect(),
            Decoded::Batch(entries) => entries.iter_mut().flatten().filter_map(translate).collect(),
        };
        Self(translations.into_iter())
    }

    /// Creates the next request of the body.
    pub(super) fn request(&mut self, id: RequestId, method: MethodName, params: Params) -> Request {
        let mut request = Request::new(id, method, params);
        if let Some(translation) = self.0.next().flatten() {
            request.extensions.insert(translation);
        }
        request
    }
}
