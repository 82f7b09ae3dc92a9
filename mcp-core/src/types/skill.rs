//! Skills: instructions for the model that are stored as resources. Extension
//! `io.modelcontextprotocol/skills`.

use serde::de::{self, Deserialize, Deserializer};
use serde::{Serialize, Serializer};

use super::{CacheScope, Resource};
use crate::json::{Int, JsonObject, Millis, RawJson, object};
use crate::meta::Meta;

object! {
    /// A skill. Extension `io.modelcontextprotocol/skills`.
    pub struct Skill {
        /// The URI of the `SKILL.md`.
        uri: String = "uri",
        /// The front matter of `SKILL.md`, verbatim. It contains `name` and `description`.
        frontmatter: JsonObject = "frontmatter",
        /// The files.
        resources: SkillResources = "resources",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// A file of a skill. Extension `io.modelcontextprotocol/skills`.
    pub struct SkillResource {
        /// The URI.
        uri: String = "uri",
        /// `sha256:` and the digest in hexadecimal.
        digest: String = "digest",
        /// The size in bytes.
        size: u64 = "size" via Int,
    }

    /// Result of `skills/list`. Extension `io.modelcontextprotocol/skills`.
    pub struct ListSkillsResult ignore "resultType" {
        /// The skills of this page.
        skills: Vec<Skill> = "skills",
        /// The cursor of the next page. Absent on the last page.
        next_cursor?: String = "nextCursor",
        /// Time for which the result is fresh, in milliseconds.
        ttl_ms?: u64 = "ttlMs" via Millis,
        /// Who may share the cached result.
        cache_scope?: CacheScope = "cacheScope",
        /// Identifies the whole list, the same on all of its pages. Draft of the next revision.
        digest?: String = "digest",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Params of `skills/get`. Extension `io.modelcontextprotocol/skills`.
    pub struct GetSkillParams {
        /// The URI of the `SKILL.md`.
        uri: String = "uri",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Result of `skills/get`. Extension `io.modelcontextprotocol/skills`.
    pub struct GetSkillResult ignore "resultType" {
        /// The skill.
        skill: Skill = "skill",
        /// Time for which the result is fresh, in milliseconds.
        ttl_ms?: u64 = "ttlMs" via Millis,
        /// Who may share the cached result.
        cache_scope?: CacheScope = "cacheScope",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Params of `resources/directory/read`. Extension `io.modelcontextprotocol/skills`, with the
    /// setting `directoryRead`.
    pub struct ReadResourceDirectoryParams {
        /// The URI of the directory.
        uri: String = "uri",
        /// The `next_cursor` of the previous page.
        cursor?: String = "cursor",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Result of `resources/directory/read`. Extension `io.modelcontextprotocol/skills`.
    pub struct ReadResourceDirectoryResult ignore "resultType" {
        /// The resources in the directory.
        resources: Vec<Resource> = "resources",
        /// The cursor of the next page. Absent on the last page.
        next_cursor?: String = "nextCursor",
        /// Metadata.
        meta?: Meta = "_meta",
    }
}

/// The files of a skill. Extension `io.modelcontextprotocol/skills`.
#[derive(Debug, Clone, PartialEq)]
pub enum SkillResources {
    /// A complete list.
    Listed(Vec<SkillResource>),
    /// The files are not known in advance; `"dynamic"` on the wire.
    Dynamic,
}

impl From<Vec<SkillResource>> for SkillResources {
    fn from(files: Vec<SkillResource>) -> Self {
        Self::Listed(files)
    }
}

impl Serialize for SkillResources {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Listed(files) => files.serialize(serializer),
            Self::Dynamic => serializer.serialize_str("dynamic"),
        }
    }
}

impl<'de> Deserialize<'de> for SkillResources {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = RawJson::deserialize(deserializer)?;
        if raw.get() == r#""dynamic""# {
            return Ok(Self::Dynamic);
        }
        raw.parse().map(Self::Listed).map_err(de::Error::custom)
    }
}
