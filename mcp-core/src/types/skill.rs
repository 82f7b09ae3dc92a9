//! Skills: instructions for the model, kept as resources. Extension `io.modelcontextprotocol/skills`.

use serde::de::{self, Deserialize, Deserializer};
use serde::{Serialize, Serializer};

use super::{CacheScope, Resource};
use crate::json::{Int, JsonObject, Millis, RawJson, object};
use crate::meta::Meta;

object! {
    /// A skill. Extension `io.modelcontextprotocol/skills`.
    pub struct Skill {
        /// URI of its `SKILL.md`.
        uri: String = "uri",
        /// The front matter of `SKILL.md`, verbatim; `name` and `description` are there.
        frontmatter: JsonObject = "frontmatter",
        /// Its files.
        resources: SkillResources = "resources",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// A file of a skill. Extension `io.modelcontextprotocol/skills`.
    pub struct SkillResource {
        /// Its URI.
        uri: String = "uri",
        /// `sha256:` and the digest in hex.
        digest: String = "digest",
        /// Its size in bytes.
        size: u64 = "size" via Int,
    }

    /// Result of `skills/list`. Extension `io.modelcontextprotocol/skills`.
    pub struct ListSkillsResult ignore "resultType" {
        /// The skills of this page.
        skills: Vec<Skill> = "skills",
        /// Where the next page begins; absent on the last one.
        next_cursor?: String = "nextCursor",
        /// For how long the result is fresh, in milliseconds.
        ttl_ms?: u64 = "ttlMs" via Millis,
        /// Who may share it.
        cache_scope?: CacheScope = "cacheScope",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Params of `skills/get`. Extension `io.modelcontextprotocol/skills`.
    pub struct GetSkillParams {
        /// URI of its `SKILL.md`.
        uri: String = "uri",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Result of `skills/get`. Extension `io.modelcontextprotocol/skills`.
    pub struct GetSkillResult ignore "resultType" {
        /// The skill.
        skill: Skill = "skill",
        /// For how long the result is fresh, in milliseconds.
        ttl_ms?: u64 = "ttlMs" via Millis,
        /// Who may share it.
        cache_scope?: CacheScope = "cacheScope",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Params of `resources/directory/read`. Extension `io.modelcontextprotocol/skills`, with `directoryRead`.
    pub struct ReadResourceDirectoryParams {
        /// URI of the directory.
        uri: String = "uri",
        /// Where to go on: `next_cursor` of the page before.
        cursor?: String = "cursor",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Result of `resources/directory/read`. Extension `io.modelcontextprotocol/skills`.
    pub struct ReadResourceDirectoryResult ignore "resultType" {
        /// What is in the directory.
        resources: Vec<Resource> = "resources",
        /// Where the next page begins; absent on the last one.
        next_cursor?: String = "nextCursor",
        /// Metadata.
        meta?: Meta = "_meta",
    }
}

/// The files of a skill. Extension `io.modelcontextprotocol/skills`.
#[derive(Debug, Clone, PartialEq)]
pub enum SkillResources {
    /// All of them.
    Listed(Vec<SkillResource>),
    /// They are not known beforehand; `"dynamic"` on the wire.
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
