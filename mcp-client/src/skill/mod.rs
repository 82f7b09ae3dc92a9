//! Skills: instructions for the model and their files, read so that nothing gets through that is
//! not what the server listed. Extension `io.modelcontextprotocol/skills`.
//!
//! `directory` is what a folder holds; with the feature `skills`, `entry` checks what is listed,
//! `front_matter` reads the head of a `SKILL.md`, `load` reads and verifies.

mod directory;
#[cfg(feature = "skills")]
mod entry;
#[cfg(feature = "skills")]
mod front_matter;
#[cfg(feature = "skills")]
mod limits;
#[cfg(feature = "skills")]
mod load;

pub use directory::DirectoryEntry;
#[cfg(feature = "skills")]
pub use limits::SkillLimits;
#[cfg(feature = "skills")]
pub use load::LoadedSkill;
#[cfg(feature = "skills")]
pub(crate) use load::load;
