//! What a server lists of a skill, checked before anything of it is read: the entry alone decides
//! whether the skill can be loaded. Spec: skills, "Skill Entries".

use std::collections::HashSet;
use std::fmt::Write as _;

use mcp_core::text::PeerText;
use mcp_core::types::{Skill, SkillResource, SkillResources};
use sha2::{Digest as _, Sha256};

use super::limits::SkillLimits;
use crate::error::{Error, ErrorKind};

/// Longest name of a skill. Fixed by the specification.
const MAX_NAME_LENGTH: usize = 64;

/// The file that every skill has.
const SKILL_MD: &str = "/SKILL.md";

/// Checks an entry. Returns the directory of the skill, without a slash at its end.
pub(super) fn check<'a>(skill: &'a Skill, limits: &SkillLimits) -> Result<&'a str, Error> {
    let bad = |reason: String| {
        let uri = PeerText::new(&skill.uri);
        let message =
            format!("the skill \"{uri}\" cannot be loaded: its entry is invalid: {reason}");
        Err(Error::new(ErrorKind::Decode, message))
    };
    let Some(root) = skill.uri.strip_suffix(SKILL_MD) else {
        return bad(format!("its URI must end with {SKILL_MD:?}"));
    };
    let name = root.rsplit('/').next().unwrap_or(root);
    if !is_name(name) {
        return bad(
            "the last part of its path is no name of a skill: 1 to 64 of a-z, 0-9 and single '-'"
                .into(),
        );
    }
    if skill.frontmatter.get("name").and_then(|name| name.as_str()) != Some(name) {
        return bad(format!(
            "the name in its front matter is not {name:?}, the last part of its path"
        ));
    }
    if !skill.frontmatter.get("description").is_some_and(serde_json::Value::is_string) {
        return bad("its front matter has no description".into());
    }
    let SkillResources::Listed(files) = &skill.resources else { return Ok(root) };
    if files.len() > limits.max_files {
        let (files, max) = (files.len(), limits.max_files);
        return bad(format!("it has {files} files, more than {max} (Limits::skills.max_files)"));
    }
    let mut uris = HashSet::new();
    let mut bytes = 0u64;
    for file in files {
        let uri = PeerText::new(&file.uri);
        if !is_below(root, &file.uri) {
            return bad(format!("its file \"{uri}\" is not in its directory"));
        }
        if !uris.insert(file.uri.as_str()) {
            return bad(format!("its file \"{uri}\" is listed twice"));
        }
        if !is_digest(&file.digest) {
            return bad(format!(
                "the digest of its file \"{uri}\" is not \"sha256:\" and 64 hexadecimal digits"
            ));
        }
        bytes = bytes.saturating_add(file.size);
    }
    if bytes > limits.max_bytes {
        let max = limits.max_bytes;
        return bad(format!(
            "its files have {bytes} bytes, more than {max} (Limits::skills.max_bytes)"
        ));
    }
    if !uris.contains(skill.uri.as_str()) {
        return bad("its SKILL.md is not among its files".into());
    }
    Ok(root)
}

/// The rule of the Agent Skills specification.
fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=MAX_NAME_LENGTH).contains(&name.len())
        && name.bytes().all(allowed)
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--")
}

fn is_digest(digest: &str) -> bool {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    digest.strip_prefix("sha256:").is_some_and(|hex| hex.len() == 64 && hex.bytes().all(is_hex))
}

/// Whether a URI is that of a file in a directory or below it, spelled without ways around.
pub(super) fn is_below(root: &str, uri: &str) -> bool {
    let below = uri.strip_prefix(root).and_then(|below| below.strip_prefix('/'));
    below.is_some_and(|below| {
        below.split('/').all(|part| {
            // A server may decode a part before it looks for the file.
            let plain = part.to_ascii_lowercase().replace("%2e", ".");
            let has_separator =
                ["%2f", "%5c", "\\"].iter().any(|separator| plain.contains(separator));
            !matches!(&*plain, "" | "." | "..") && !has_separator
        })
    })
}

/// Checks the bytes of a file against what was listed.
pub(super) fn verify(file: &SkillResource, bytes: &[u8]) -> Result<(), Error> {
    let differs = |what: String| {
        let uri = PeerText::new(&file.uri);
        let message = format!(
            "\"{uri}\" is not what the server listed: {what}; it was changed, or the skill was \
             updated: fetch its entry again"
        );
        Err(Error::new(ErrorKind::Mismatch, message))
    };
    if bytes.len() as u64 != file.size {
        return differs(format!("it has {} bytes instead of {}", bytes.len(), file.size));
    }
    let mut digest = "sha256:".to_owned();
    for byte in Sha256::digest(bytes) {
        let _ = write!(digest, "{byte:02x}"); // A string takes everything.
    }
    if digest != file.digest {
        return differs(format!("its digest is {digest} instead of {}", file.digest));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn skill() -> Value {
        json!({
            "uri": "skill://acme/refunds/SKILL.md",
            "frontmatter": {"name": "refunds", "description": "Pays back"},
            "resources": [
                {"uri": "skill://acme/refunds/SKILL.md", "digest": format!("sha256:{}", "0".repeat(64)), "size": 1},
            ],
        })
    }

    fn checked(skill: &Value) -> Result<String, Error> {
        let skill: Skill = serde_json::from_value(skill.clone()).unwrap();
        check(&skill, &SkillLimits::new()).map(str::to_owned)
    }

    #[test]
    fn an_entry_is_sound_as_a_whole() {
        assert_eq!(checked(&skill()).unwrap(), "skill://acme/refunds");
        let mut dynamic = skill();
        dynamic["resources"] = json!("dynamic");
        checked(&dynamic).unwrap();

        let digest = skill()["resources"][0]["digest"].clone();
        let file = |uri: &str| json!({"uri": uri, "digest": digest, "size": 1});
        let main = skill()["resources"][0].clone();
        let below = |name: &str| file(&format!("skill://acme/refunds/{name}"));
        let many: Vec<Value> =
            (0..512).map(|number| below(&number.to_string())).chain([main.clone()]).collect();
        for (pointer, value, named) in [
            ("/uri", json!("skill://acme/refunds/skill.md"), "SKILL.md"),
            ("/uri", json!("skill://acme/other/SKILL.md"), "other"),
            ("/uri", json!("skill://acme/Refunds/SKILL.md"), "name"),
            ("/frontmatter/name", json!(1), "name"),
            ("/frontmatter/description", Value::Null, "description"),
            ("/resources", json!([]), "SKILL.md"),
            ("/resources", json!([main, main]), "twice"),
            ("/resources", json!([main, file("skill://acme/refunds-2/x")]), "directory"),
            ("/resources", json!([main, below("../x")]), "directory"),
            ("/resources", json!([main, below("%2E%2e/x")]), "directory"),
            ("/resources", json!([main, below("a//b")]), "directory"),
            ("/resources", json!([main, below("..%2f..%2Fx")]), "directory"),
            ("/resources", json!([main, below("a%5C..")]), "directory"),
            ("/resources", json!([main, below("..\\x")]), "directory"),
            ("/resources", json!(many), "512"),
            ("/resources/0/digest", json!("sha256:00FF"), "digest"),
            ("/resources/0/digest", json!(format!("sha256:{}", "A".repeat(64))), "digest"),
            ("/resources/0/size", json!(SkillLimits::new().max_bytes + 1), "bytes"),
        ] {
            let mut skill = skill();
            *skill.pointer_mut(pointer).unwrap() = value;
            let error = checked(&skill).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decode);
            assert!(error.to_string().contains(named), "{error}");
        }
    }

    #[test]
    fn bytes_are_those_that_were_listed() {
        let abc = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let file = SkillResource::new("x", abc, 3_u64);
        verify(&file, b"abc").unwrap();
        for bytes in [&b"abd"[..], b"ab", b"abcd"] {
            assert_eq!(verify(&file, bytes).unwrap_err().kind(), ErrorKind::Mismatch);
        }
    }
}
