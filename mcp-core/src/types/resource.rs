//! Resources. Spec: server/resources.

use super::{Annotations, CacheScope, Icon, InputResponses, ResourceContents};
use crate::json::{Int, Millis, object};
use crate::meta::Meta;

object! {
    /// A resource as it appears in a list. All revisions.
    pub struct Resource {
        /// The URI.
        uri: String = "uri",
        /// The programmatic name.
        name: String = "name",
        /// The display name. Since 2025-06-18.
        title?: String = "title",
        /// A description.
        description?: String = "description",
        /// The media type.
        mime_type?: String = "mimeType",
        /// The size in bytes, before any encoding.
        size?: u64 = "size" via Int,
        /// Hints for the client.
        annotations?: Annotations = "annotations",
        /// Icons. Since 2025-11-25.
        icons?: Vec<Icon> = "icons",
        /// Metadata. Since 2025-06-18.
        meta?: Meta = "_meta",
    }

    /// A template for the URIs of resources. All revisions.
    pub struct ResourceTemplate {
        /// An RFC 6570 URI template.
        uri_template: String = "uriTemplate",
        /// The programmatic name.
        name: String = "name",
        /// The display name. Since 2025-06-18.
        title?: String = "title",
        /// A description.
        description?: String = "description",
        /// The media type, if all matching resources have the same.
        mime_type?: String = "mimeType",
        /// Hints for the client.
        annotations?: Annotations = "annotations",
        /// Icons. Since 2025-11-25.
        icons?: Vec<Icon> = "icons",
        /// Metadata. Since 2025-06-18.
        meta?: Meta = "_meta",
    }

    /// Result of `resources/list`. All revisions.
    pub struct ListResourcesResult ignore "resultType" {
        /// The resources of this page.
        resources: Vec<Resource> = "resources",
        /// The cursor of the next page. Absent on the last page.
        next_cursor?: String = "nextCursor",
        /// Time for which the result is fresh, in milliseconds. Since 2026-07-28.
        ttl_ms?: u64 = "ttlMs" via Millis,
        /// Who may share the cached result. Since 2026-07-28.
        cache_scope?: CacheScope = "cacheScope",
        /// Identifies the whole list, the same on all of its pages. Draft of the next revision.
        digest?: String = "digest",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Result of `resources/templates/list`. All revisions.
    pub struct ListResourceTemplatesResult ignore "resultType" {
        /// The templates of this page.
        resource_templates: Vec<ResourceTemplate> = "resourceTemplates",
        /// The cursor of the next page. Absent on the last page.
        next_cursor?: String = "nextCursor",
        /// Time for which the result is fresh, in milliseconds. Since 2026-07-28.
        ttl_ms?: u64 = "ttlMs" via Millis,
        /// Who may share the cached result. Since 2026-07-28.
        cache_scope?: CacheScope = "cacheScope",
        /// Identifies the whole list, the same on all of its pages. Draft of the next revision.
        digest?: String = "digest",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Params of `resources/read`. All revisions.
    pub struct ReadResourceParams {
        /// The URI of the resource.
        uri: String = "uri",
        /// The answers to the input requests of the previous round. Since 2026-07-28.
        input_responses?: InputResponses = "inputResponses",
        /// The `request_state` of the previous round, unchanged. Since 2026-07-28.
        request_state?: String = "requestState",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Result of `resources/read`. All revisions.
    pub struct ReadResourceResult ignore "resultType" {
        /// The contents of the resource, or of the resources below it.
        contents: Vec<ResourceContents> = "contents",
        /// Time for which the result is fresh, in milliseconds. Since 2026-07-28.
        ttl_ms?: u64 = "ttlMs" via Millis,
        /// Who may share the cached result. Since 2026-07-28.
        cache_scope?: CacheScope = "cacheScope",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Params of `resources/subscribe` and `resources/unsubscribe`. Until 2025-11-25.
    pub struct SubscribeParams {
        /// The URI of the resource.
        uri: String = "uri",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Params of `notifications/resources/updated`. All revisions.
    pub struct ResourceUpdatedParams {
        /// The URI of the resource, which may be below the subscribed one.
        uri: String = "uri",
        /// Metadata.
        meta?: Meta = "_meta",
    }
}
