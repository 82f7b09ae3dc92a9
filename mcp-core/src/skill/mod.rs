//! The files of skills. Extension `io.modelcontextprotocol/skills`.

mod file;
mod yaml;

pub use file::{SkillFile, SkillFileError};
