//! What an MCP server says about its authorization. Spec: RFC 9728; basic/authorization,
//! "Authorization Server Discovery".

use crate::json::object;

object! {
    /// Protected resource metadata: which authorization servers issue tokens for an MCP server.
    /// Since 2025-06-18.
    pub struct ProtectedResourceMetadata {
        /// The identifier of the MCP server: its URL, or a prefix of it.
        resource: String = "resource",
        /// The issuers of the authorization servers. MCP requires one.
        authorization_servers?: Vec<String> = "authorization_servers",
        /// Scopes that are used with this server.
        scopes_supported?: Vec<String> = "scopes_supported",
        /// Ways to send the token: MCP knows `header` alone.
        bearer_methods_supported?: Vec<String> = "bearer_methods_supported",
        /// Name for people.
        resource_name?: String = "resource_name",
        /// Documentation for people.
        resource_documentation?: String = "resource_documentation",
        /// Where the keys of the MCP server are.
        jwks_uri?: String = "jwks_uri",
        /// Algorithms of DPoP proofs that the server takes (RFC 9449).
        dpop_signing_alg_values_supported?: Vec<String> = "dpop_signing_alg_values_supported",
        /// Whether every token must be bound to a key by DPoP.
        dpop_bound_access_tokens_required?: bool = "dpop_bound_access_tokens_required",
    }
}
