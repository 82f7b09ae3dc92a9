//! What an MCP server says about its authorization. Spec: RFC 9728; basic/authorization,
//! "Authorization Server Discovery".

use crate::json::object;

object! {
    /// Protected resource metadata: which authorization servers issue tokens for an MCP server.
    /// Since 2025-06-18.
    pub struct ProtectedResourceMetadata {
        /// The identifier of the MCP server: its URL; in metadata about a whole origin, the origin.
        resource: String = "resource",
        /// The issuers of the authorization servers. MCP requires one.
        authorization_servers?: Vec<String> = "authorization_servers",
        /// Scopes that are used with this server.
        scopes_supported?: Vec<String> = "scopes_supported",
        /// Ways to send the token: MCP uses `header` alone.
        bearer_methods_supported?: Vec<String> = "bearer_methods_supported",
        /// Its name, to show to users.
        resource_name?: String = "resource_name",
        /// A page with its documentation.
        resource_documentation?: String = "resource_documentation",
        /// The URL of its keys.
        jwks_uri?: String = "jwks_uri",
        /// Algorithms of DPoP proofs that it accepts (RFC 9449).
        dpop_signing_alg_values_supported?: Vec<String> = "dpop_signing_alg_values_supported",
        /// Whether every token must be bound to a key by DPoP.
        dpop_bound_access_tokens_required?: bool = "dpop_bound_access_tokens_required",
    }
}
