//! Loading a skill: its `SKILL.md` now, its other files on request, and each only as it was listed.
//! Spec: skills, "Integrity and Verification".

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use mcp_core::method::{Method as _, ResourcesRead};
use mcp_core::skill::SkillFile;
use mcp_core::text::PeerText;
use mcp_core::types::{ReadResourceResult, ResourceContents, Skill, SkillResource, SkillResources};

use super::{difference, entry};
use crate::client::Client;
use crate::error::{Error, ErrorKind};

/// A skill whose `SKILL.md` was read and found to be what the server listed.
///
/// It keeps the entry that it was loaded from: its files are read one by one on request, each is
/// checked against that entry, and a file that is not in it is refused. A match shows that the
/// server is consistent, not that it can be trusted: ask the user before the model acts on a skill.
///
/// ```
/// # mcp_test_support::with_notes_server(async |reader, writer| {
/// # let client = mcp_client::Client::connect(reader, writer).await?;
/// let listed = client.get_skill("skill://weekly-review/SKILL.md").await?.skill;
/// let skill = client.load_skill(&listed).await?;
/// assert!(skill.is_verified());
/// let for_the_model = skill.instructions();
/// # Ok(())
/// # });
/// ```
pub struct LoadedSkill {
    client: Client,
    entry: Skill,
    text: String,
    /// Where the instructions begin in the text.
    instructions: usize,
    /// The skill's directory, without a slash at its end.
    root: String,
    /// Bytes read of a skill whose files are not listed.
    read: AtomicU64,
}

/// Reads and checks a `SKILL.md`.
pub(crate) async fn load(client: &Client, skill: &Skill) -> Result<LoadedSkill, Error> {
    let root = entry::check(skill, &client.limits().skills)?.to_owned();
    let mut loaded = LoadedSkill {
        client: client.clone(),
        entry: skill.clone(),
        text: String::new(),
        instructions: 0,
        root,
        read: AtomicU64::new(0),
    };
    let mismatch = |reason: &dyn fmt::Display| {
        let uri = PeerText::new(&skill.uri);
        let message = format!("\"{uri}\" is not what the server listed: {reason}");
        Error::new(ErrorKind::Mismatch, message)
    };
    let bytes = loaded.fetch(&skill.uri).await?;
    let text = String::from_utf8(bytes).map_err(|_| mismatch(&"it is not UTF-8"))?;
    let max_front_matter = client.limits().skills.max_front_matter_bytes;
    let file = SkillFile::parse(&text, max_front_matter).map_err(|reason| mismatch(&reason))?;
    if let Some(difference) = difference::find(&skill.frontmatter, &file.front_matter) {
        return Err(mismatch(&format_args!("its front matter differs: {difference}")));
    }
    loaded.instructions = text.len() - file.instructions.len();
    loaded.text = text;
    Ok(loaded)
}

impl LoadedSkill {
    /// What the server listed, and what files are checked against.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// # let listed = client.get_skill("skill://weekly-review/SKILL.md").await?.skill;
    /// # let skill = client.load_skill(&listed).await?;
    /// assert_eq!(skill.entry().frontmatter["description"], "Reviews the notes of a week");
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn entry(&self) -> &Skill {
        &self.entry
    }

    /// Whether files are checked against digests. A skill whose files are `"dynamic"` has none, and
    /// only its front matter was compared.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// # let listed = client.get_skill("skill://weekly-review/SKILL.md").await?.skill;
    /// # let skill = client.load_skill(&listed).await?;
    /// if !skill.is_verified() {
    ///     println!("the files of this skill may change at any time");
    /// }
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn is_verified(&self) -> bool {
        matches!(self.entry.resources, SkillResources::Listed(_))
    }

    /// The whole `SKILL.md`.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// # let listed = client.get_skill("skill://weekly-review/SKILL.md").await?.skill;
    /// # let skill = client.load_skill(&listed).await?;
    /// assert!(skill.text().starts_with("---\nname: weekly-review\n")); // With front matter.
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The `SKILL.md` below its front matter: what the model is to do.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// # let listed = client.get_skill("skill://weekly-review/SKILL.md").await?.skill;
    /// # let skill = client.load_skill(&listed).await?;
    /// let for_the_model = format!("<skill>\n{}</skill>", skill.instructions());
    /// assert_eq!(for_the_model, "<skill>\nRead the notes, and write a summary.\n</skill>");
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn instructions(&self) -> &str {
        &self.text[self.instructions..]
    }

    /// Reads a file of the skill, by its URI or by its path from the skill's directory, such as
    /// `references/FORMS.md`.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// # let listed = client.get_skill("skill://weekly-review/SKILL.md").await?.skill;
    /// # let skill = client.load_skill(&listed).await?;
    /// use mcp_client::ErrorKind;
    ///
    /// assert_eq!(skill.read("references/FORM.md").await?, b"- Title\n- Summary\n");
    /// let error = skill.read("references/other.md").await.expect_err("not listed");
    /// assert_eq!(error.kind(), ErrorKind::Mismatch);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Mismatch`] when the file is not one that the server listed, or not as it listed
    /// it; then the entry should be fetched again with [`Client::get_skill`]. Otherwise as for any
    /// call.
    pub async fn read(&self, file: &str) -> Result<Vec<u8>, Error> {
        let uri = self.resolve(file)?;
        self.fetch(&uri).await
    }

    /// The URI that a reference in the skill resolves to. The file need not exist.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// # let listed = client.get_skill("skill://weekly-review/SKILL.md").await?.skill;
    /// # let skill = client.load_skill(&listed).await?;
    /// assert_eq!(skill.resolve("scripts/fill.py")?, "skill://weekly-review/scripts/fill.py");
    /// assert!(skill.resolve("../other/SKILL.md").is_err());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] when it leads out of the skill's directory.
    pub fn resolve(&self, reference: &str) -> Result<String, Error> {
        let root = self.root.as_str();
        let outside = || {
            let (reference, root) = (PeerText::new(reference), PeerText::new(root));
            let message = format!("\"{reference}\" leads out of the skill's directory \"{root}\"");
            Error::new(ErrorKind::InvalidArgument, message)
        };
        if reference.contains("://") {
            return if entry::is_below(root, reference) {
                Ok(reference.to_owned())
            } else {
                Err(outside())
            };
        }
        let mut parts: Vec<&str> = Vec::new();
        for part in reference.split('/') {
            match part {
                "" if parts.is_empty() => return Err(outside()),
                "" | "." => {}
                ".." => drop(parts.pop().ok_or_else(outside)?),
                part => parts.push(part),
            }
        }
        let uri = format!("{root}/{}", parts.join("/"));
        if entry::is_below(root, &uri) { Ok(uri) } else { Err(outside()) }
    }

    /// Reads a file and checks it before any of it is returned.
    async fn fetch(&self, uri: &str) -> Result<Vec<u8>, Error> {
        let listed: Option<&SkillResource> = match &self.entry.resources {
            SkillResources::Listed(files) => {
                let file = files.iter().find(|file| file.uri == uri).ok_or_else(|| {
                    let uri = PeerText::new(uri);
                    let message = format!(
                        "\"{uri}\" is not among the files that the server listed of the skill"
                    );
                    Error::new(ErrorKind::Mismatch, message)
                })?;
                Some(file)
            }
            SkillResources::Dynamic => None,
        };
        // A kept copy may be older than the entry.
        let result = self.client.read_resource(uri).fresh().await?;
        let bytes = contents(uri, result)?;
        match listed {
            Some(file) => entry::verify(file, &bytes)?,
            None => {
                let size = bytes.len() as u64;
                let max = self.client.limits().skills.max_bytes;
                if self.read.fetch_add(size, Ordering::Relaxed).saturating_add(size) > max {
                    let message = format!(
                        "the files of the skill have more than {max} bytes (Limits::skills.max_bytes)"
                    );
                    return Err(Error::new(ErrorKind::Limit, message));
                }
            }
        }
        Ok(bytes)
    }
}

/// The bytes of the one resource that was read.
fn contents(uri: &str, result: ReadResourceResult) -> Result<Vec<u8>, Error> {
    let mismatch = |reason: &str| {
        let message = format!("\"{}\" cannot be checked: {reason}", PeerText::new(uri));
        Error::new(ErrorKind::Mismatch, message).during(ResourcesRead::NAME)
    };
    let mut own = result.contents.into_iter().filter(|contents| contents.uri() == uri);
    match (own.next(), own.next()) {
        (Some(ResourceContents::Text(text)), None) => Ok(text.text.into_bytes()),
        (Some(ResourceContents::Blob(blob)), None) => {
            blob.bytes().map_err(|_| mismatch("the bytes are not valid base64"))
        }
        (Some(_), Some(_)) => Err(mismatch("the server gives several contents for it")),
        (None, _) => Err(mismatch("the server gives contents of other URIs")),
    }
}

impl fmt::Debug for LoadedSkill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadedSkill").field("uri", &self.entry.uri).finish_non_exhaustive()
    }
}
