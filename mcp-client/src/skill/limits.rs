//! The bounds of a skill.

/// The bounds of a skill that is loaded.
///
/// ```
/// use mcp_client::{Client, Limits};
///
/// let mut limits = Limits::new();
/// limits.skills.max_files = 20;
/// let builder = Client::builder().limits(limits);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SkillLimits {
    /// Maximum number of files. 512.
    pub max_files: usize,
    /// Maximum size of all files, in bytes. 16 MiB.
    pub max_bytes: u64,
    /// Maximum length of the front matter of a `SKILL.md`, in bytes. 256 KiB.
    pub max_front_matter_bytes: usize,
}

impl SkillLimits {
    /// The defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self { max_files: 512, max_bytes: 16 << 20, max_front_matter_bytes: 256 << 10 }
    }
}

impl Default for SkillLimits {
    fn default() -> Self {
        Self::new()
    }
}
