//! Skills and directories of resources.

use mcp_core::method::{Method as _, SKILLS_EXTENSION, SkillsGet};
use mcp_core::types::{GetSkillResult, Skill};

use super::handle::Client;
use crate::call::{Call, List, Listing};
use crate::error::{Error, ErrorKind};
use crate::params::Params;
use crate::skill::DirectoryEntry;
#[cfg(feature = "skills")]
use crate::skill::{self, LoadedSkill};

/// Skills, of servers that declare the extension `io.modelcontextprotocol/skills`.
impl Client {
    /// The skills, all pages of them: their front matter and the digests of their files, and
    /// nothing of the files.
    ///
    /// A server may list a part of its skills, or none; [`Client::get_skill`] gets those that it
    /// does not.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// for skill in client.list_skills().await? {
    ///     println!("{}: {}", skill.uri, skill.frontmatter["description"]);
    /// }
    /// # Ok(())
    /// # });
    /// ```
    pub fn list_skills(&self) -> List<Skill> {
        List::new(self).refused(self.missing_extension(None))
    }

    /// The skills as a stream, page after page.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use futures::TryStreamExt as _;
    ///
    /// let mut skills = client.skills();
    /// while let Some(skill) = skills.try_next().await? {
    ///     println!("{}", skill.uri);
    /// }
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn skills(&self) -> Listing<Skill> {
        self.list_skills().into_stream()
    }

    /// What the server lists of one skill, by the URI of its `SKILL.md`.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// let skill = client.get_skill("skill://weekly-review/SKILL.md").await?.skill;
    /// assert_eq!(skill.frontmatter["name"], "weekly-review");
    /// # Ok(())
    /// # });
    /// ```
    pub fn get_skill(&self, uri: &str) -> Call<GetSkillResult> {
        let params = match self.missing_extension(None) {
            Some(reason) => Err(Error::new(ErrorKind::InvalidArgument, reason)),
            None => Params::new().with("uri", uri),
        };
        Call::new(self, SkillsGet::NAME, params)
    }

    /// Reads the `SKILL.md` of a skill and checks its size, its digest and its front matter against
    /// what was listed, before anything of it is given out. Other files are read, and checked, when
    /// they are asked for ([`LoadedSkill::read`]). Dropping the future cancels the read; nothing is
    /// left behind.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// let skill = client.list_skills().await?.remove(0);
    /// // Ask the user, then:
    /// let skill = client.load_skill(&skill).await?;
    /// assert_eq!(skill.instructions(), "Read the notes, and write a summary.\n");
    /// let form = skill.read("references/FORM.md").await?;
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] when the entry is invalid or the skill larger than 512 files and 16
    /// MiB; [`ErrorKind::Mismatch`] when what was read is not what was listed; else as for any
    /// call.
    #[cfg(feature = "skills")]
    pub async fn load_skill(&self, skill: &Skill) -> Result<LoadedSkill, Error> {
        skill::load(self, skill).await
    }

    /// What is in a directory of resources, of servers that declare `directoryRead` with their
    /// skills.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// for entry in client.read_directory("skill://weekly-review/references").await? {
    ///     println!("{}{}", entry.name, if entry.is_directory() { "/" } else { "" }); // "FORM.md"
    /// }
    /// # Ok(())
    /// # });
    /// ```
    pub fn read_directory(&self, uri: &str) -> List<DirectoryEntry> {
        let missing = self.missing_extension(Some("directoryRead"));
        List::new(self).of(Params::new().with("uri", uri)).refused(missing)
    }

    /// Why the methods of skills are not sent to this server.
    fn missing_extension(&self, setting: Option<&str>) -> Option<String> {
        let Some(settings) = self.server_capabilities().extension(SKILLS_EXTENSION) else {
            return Some(format!(
                "the server does not declare {SKILLS_EXTENSION}: it has no skills"
            ));
        };
        let setting = setting
            .filter(|setting| settings.get(setting) != Some(&serde_json::Value::Bool(true)))?;
        Some(format!(
            "the server declares {SKILLS_EXTENSION} without {setting}: its directories cannot be read"
        ))
    }
}
