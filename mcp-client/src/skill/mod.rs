//! Skills: instructions for the model, and their files. A file that differs from what the server
//! listed is refused. Extension `io.modelcontextprotocol/skills`.
//!
//! `directory` has the entries of a folder. With the feature `skills`, `entry` checks what the
//! server lists, `load` reads the files and verifies them, and `difference` compares front matter.

#[cfg(feature = "skills")]
mod difference;
mod directory;
#[cfg(feature = "skills")]
mod entry;
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
