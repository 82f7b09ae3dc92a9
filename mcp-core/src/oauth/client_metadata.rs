//! What a client says about itself. Spec: RFC 7591 (dynamic registration) and client ID metadata
//! documents; basic/authorization, "Client Registration Approaches".

use crate::json::object;

object! {
    /// Client metadata: the request of a dynamic registration, or, with `client_id`, the document
    /// that is published at the URL that is the `client_id`.
    pub struct ClientMetadata {
        /// In a document: its own URL, byte for byte. Absent in a registration.
        client_id?: String = "client_id",
        /// Its name, which the user sees when asked for consent.
        client_name?: String = "client_name",
        /// The URLs that the user may be redirected to.
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
        /// Scopes that the client may request, separated by spaces.
        scope?: String = "scope",
        /// The URL of the client's web site.
        client_uri?: String = "client_uri",
        /// The URL of the client's logo.
        logo_uri?: String = "logo_uri",
        /// Addresses of the people who are responsible.
        contacts?: Vec<String> = "contacts",
        /// The URL of the terms of service.
        tos_uri?: String = "tos_uri",
        /// The URL of the privacy policy.
        policy_uri?: String = "policy_uri",
        /// The URL of the client's keys.
        jwks_uri?: String = "jwks_uri",
        /// The id of the software, the same for all its installations.
        software_id?: String = "software_id",
        /// The version of the software.
        software_version?: String = "software_version",
    }
}
