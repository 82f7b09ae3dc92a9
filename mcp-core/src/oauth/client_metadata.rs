//! What a client says about itself. Spec: RFC 7591 (dynamic registration) and client id metadata
//! documents; basic/authorization, "Client Registration Approaches".

use crate::json::object;

object! {
    /// Client metadata: the request of a dynamic registration, or, with `client_id`, the document
    /// that a client's host publishes at the URL that is its `client_id`.
    pub struct ClientMetadata {
        /// In a document: the URL of the document itself, byte for byte. Absent in a registration.
        client_id?: String = "client_id",
        /// Name for people, which the user sees when asked for consent.
        client_name?: String = "client_name",
        /// Where the user may be sent back to.
        redirect_uris[]: Vec<String> = "redirect_uris",
        /// Grants that the client uses.
        grant_types?: Vec<String> = "grant_types",
        /// Response types that the client uses.
        response_types?: Vec<String> = "response_types",
        /// How the client authenticates at the token endpoint.
        token_endpoint_auth_method?: String = "token_endpoint_auth_method",
        /// `native` for programs on the user's machine, `web` for those on a server. MCP requires
        /// it in a registration.
        application_type?: String = "application_type",
        /// Scopes that the client may ask for, separated by spaces.
        scope?: String = "scope",
        /// The client's web site.
        client_uri?: String = "client_uri",
        /// The client's logo.
        logo_uri?: String = "logo_uri",
        /// Whom to write to.
        contacts?: Vec<String> = "contacts",
        /// Terms of service.
        tos_uri?: String = "tos_uri",
        /// Privacy policy.
        policy_uri?: String = "policy_uri",
        /// Where the client's keys are.
        jwks_uri?: String = "jwks_uri",
        /// What the software is, the same for all its installations.
        software_id?: String = "software_id",
        /// The version of the software.
        software_version?: String = "software_version",
    }
}
