//! A `SKILL.md`. Spec: skills, "Frontmatter Verification".

use super::yaml;
use crate::json::JsonObject;

/// A `SKILL.md` in its two parts: front matter in YAML between two lines of `---`, and below it the
/// instructions.
///
/// ```
/// use mcp_core::skill::SkillFile;
///
/// let text = "---\nname: review\ndescription: Reviews a change.\n---\n# Steps\n";
/// let file = SkillFile::parse(text, 64 << 10)?;
/// assert_eq!(file.front_matter["name"], "review");
/// assert_eq!(file.instructions, "# Steps\n");
/// # Ok::<(), mcp_core::skill::SkillFileError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SkillFile<'a> {
    /// The front matter. Plain scalars have the types of the core schema of YAML 1.2.
    pub front_matter: JsonObject,
    /// What follows the front matter.
    pub instructions: &'a str,
}

/// Why a text is not a `SKILL.md`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SkillFileError(String);

impl<'a> SkillFile<'a> {
    /// Parses a `SKILL.md` whose front matter has at most `max_front_matter_bytes` bytes.
    ///
    /// # Errors
    /// When there is no front matter or it is too long, is not YAML, is not a mapping with text
    /// keys, has a key twice, is nested deeper than 32 levels, or has something that JSON cannot
    /// express: a tag, a reference, an infinite number.
    pub fn parse(text: &'a str, max_front_matter_bytes: usize) -> Result<Self, SkillFileError> {
        let error = |reason: &str| SkillFileError(reason.to_owned());
        let mut lines = text.split_inclusive('\n');
        let is_mark = |line: &str| line.trim_end() == "---";
        let first = lines
            .next()
            .filter(|line| is_mark(line))
            .ok_or_else(|| error("the file does not begin with a line \"---\""))?;
        let mut length = 0;
        for line in lines {
            if is_mark(line) {
                let front_matter = yaml::parse(&text[first.len()..first.len() + length])
                    .map_err(SkillFileError)?;
                let instructions = &text[first.len() + length + line.len()..];
                return Ok(Self { front_matter, instructions });
            }
            length += line.len();
            if length > max_front_matter_bytes {
                return Err(SkillFileError(format!(
                    "the front matter exceeds the limit of {max_front_matter_bytes} bytes \
                     (max_front_matter_bytes)"
                )));
            }
        }
        Err(error("the front matter does not end with a line \"---\""))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const MAX: usize = 256 << 10;

    fn members(yaml: &str) -> Value {
        Value::Object(
            SkillFile::parse(&format!("---\n{yaml}\n---\nbody\n"), MAX).unwrap().front_matter,
        )
    }

    #[test]
    fn values_are_those_of_the_core_schema() {
        let yaml = "a: 1\nb: 1.50\nc: yes\nd: 'true'\ne: true\nf: ~\ng:\nh: 2024-01-01\ni: 1.2.3\nj: \"x\\ny\"\nk: !!str 7\n\
            l: 0x1F\nm: -3e2\nn: +7\no: 18446744073709551615\np: .5\nq: 1e\nr: -1x\ns: 007";
        assert_eq!(
            members(yaml),
            json!({
                "a": 1, "b": 1.5, "c": "yes", "d": "true", "e": true, "f": null, "g": null, "h": "2024-01-01",
                "i": "1.2.3", "j": "x\ny", "k": "7", "l": 31, "m": -300.0, "n": 7, "o": u64::MAX, "p": 0.5,
                "q": "1e", "r": "-1x", "s": 7,
            })
        );
        let nested = "metadata:\n  tags: [a, 'b', {c: d}]\n  text: |\n    one\n    two\n  folded: >-\n    one\n    two\n1: x";
        assert_eq!(
            members(nested),
            json!({
                "metadata": {"tags": ["a", "b", {"c": "d"}], "text": "one\ntwo\n", "folded": "one two"},
                "1": "x",
            })
        );
    }

    #[test]
    fn a_file_is_split_at_its_marks() {
        let file = SkillFile::parse("---\r\nname: x\r\n---\r\n# Do\n---\nmore", MAX).unwrap();
        assert_eq!(
            (file.front_matter["name"].as_str(), file.instructions),
            (Some("x"), "# Do\n---\nmore")
        );
        assert_eq!(SkillFile::parse("---\nname: x\n---", MAX).unwrap().instructions, "");
    }

    #[test]
    fn what_json_does_not_have_is_refused_with_its_line() {
        let deep = format!("a: {}{}", "[".repeat(40), "]".repeat(40));
        let long = format!("a: {}", "x".repeat(MAX));
        for (text, named) in [
            ("name: x\n", "begin"),
            ("---\nname: x\n", "end"),
            ("---\n- a\n---\n", "mapping"),
            ("---\n---\n", "mapping"),
            ("---\na: 1\na: 2\n---\n", "line 3"),
            ("---\na: &x 1\nb: *x\n---\n", "reference"),
            ("---\na: !!binary aGk=\n---\n", "tag"),
            ("---\na: .inf\n---\n", "number"),
            ("---\na: 1e999\n---\n", "number"),
            ("---\n? [a]\n: b\n---\n", "key"),
            ("---\na: [\n---\n", "is not YAML"),
            ("---\na: 1\nb: \"\\q\"\n---\n", "line 3 is not YAML"),
            ("---\n!!binary aGk=: 1\n---\n", "tag"),
            (&format!("---\n{deep}\n---\n"), "deeper"),
            (&format!("---\n{long}\n---\n"), "exceeds the limit"),
        ] {
            let error = SkillFile::parse(text, MAX).unwrap_err().to_string();
            assert!(error.contains(named), "{named}: {error}");
        }
    }
}
