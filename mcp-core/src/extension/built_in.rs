//! The extensions whose methods are in the method table.

use super::{NoSettings, ProtocolExtension};
use crate::json::object;
use crate::method::{SKILLS_EXTENSION, TASKS_EXTENSION};

/// Tasks: requests whose results are fetched later.
#[derive(Debug, Clone, Copy)]
pub enum Tasks {}

impl ProtocolExtension for Tasks {
    const ID: &'static str = TASKS_EXTENSION;
    type ServerSettings = NoSettings;
    type ClientSettings = NoSettings;
}

/// Skills: instructions for the model that are stored as resources.
#[derive(Debug, Clone, Copy)]
pub enum Skills {}

impl ProtocolExtension for Skills {
    const ID: &'static str = SKILLS_EXTENSION;
    type ServerSettings = SkillsSettings;
    type ClientSettings = NoSettings;
}

object! {
    /// The settings of a server for the extension `io.modelcontextprotocol/skills`.
    pub struct SkillsSettings {
        /// The server has `resources/directory/read`.
        directory_read?: bool = "directoryRead",
    }
}
