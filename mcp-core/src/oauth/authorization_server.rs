//! What an authorization server says about itself. Spec: RFC 8414, OpenID Connect Discovery 1.0;
//! basic/authorization, "Authorization Server Metadata Discovery".

use crate::json::object;

object! {
    /// Authorization server metadata, or the part of an OpenID provider's configuration that OAuth
    /// needs.
    pub struct AuthorizationServerMetadata {
        /// The identifier of the server: byte for byte the issuer whose metadata was requested.
        issuer: String = "issuer",
        /// The URL at which the user logs in.
        authorization_endpoint?: String = "authorization_endpoint",
        /// The URL that issues tokens.
        token_endpoint?: String = "token_endpoint",
        /// The URL at which clients register (RFC 7591).
        registration_endpoint?: String = "registration_endpoint",
        /// The URL that revokes tokens (RFC 7009).
        revocation_endpoint?: String = "revocation_endpoint",
        /// The URL that describes tokens (RFC 7662).
        introspection_endpoint?: String = "introspection_endpoint",
        /// The URL of its keys.
        jwks_uri?: String = "jwks_uri",
        /// Scopes that it supports, or some of them.
        scopes_supported?: Vec<String> = "scopes_supported",
        /// Response types of the authorization endpoint.
        response_types_supported?: Vec<String> = "response_types_supported",
        /// Grants of the token endpoint.
        grant_types_supported?: Vec<String> = "grant_types_supported",
        /// Profiles of grants, such as ID-JAG of enterprise-managed authorization.
        authorization_grant_profiles_supported?: Vec<String>
            = "authorization_grant_profiles_supported",
        /// How clients authenticate at the token endpoint; absent means `client_secret_basic`.
        token_endpoint_auth_methods_supported?: Vec<String>
            = "token_endpoint_auth_methods_supported",
        /// Algorithms of client assertions (`private_key_jwt`).
        token_endpoint_auth_signing_alg_values_supported?: Vec<String>
            = "token_endpoint_auth_signing_alg_values_supported",
        /// PKCE methods. Without this member the server has no PKCE, and a client must not
        /// continue.
        code_challenge_methods_supported?: Vec<String> = "code_challenge_methods_supported",
        /// Whether answers of the authorization endpoint have `iss` (RFC 9207).
        authorization_response_iss_parameter_supported?: bool
            = "authorization_response_iss_parameter_supported",
        /// Whether a client may identify itself by the URL of its metadata.
        client_id_metadata_document_supported?: bool = "client_id_metadata_document_supported",
        /// Algorithms of DPoP proofs (RFC 9449).
        dpop_signing_alg_values_supported?: Vec<String> = "dpop_signing_alg_values_supported",
    }
}

impl AuthorizationServerMetadata {
    /// Whether it supports PKCE with `S256`, the only method that MCP clients use.
    #[must_use]
    pub fn has_s256(&self) -> bool {
        lists(self.code_challenge_methods_supported.as_ref(), "S256")
    }

    /// Whether it lists a scope.
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        lists(self.scopes_supported.as_ref(), scope)
    }
}

fn lists(list: Option<&Vec<String>>, value: &str) -> bool {
    list.is_some_and(|list| list.iter().any(|listed| listed == value))
}
