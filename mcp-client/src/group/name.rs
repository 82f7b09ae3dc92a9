//! The names of a group: each names its server, and follows the rules for names. Spec:
//! server/tools, "Tool Names".

use std::borrow::Cow;
use std::collections::HashMap;

use mcp_core::text::PeerText;

use crate::error::{Error, ErrorKind};
use crate::fnv::fnv;

/// Stands between the name of a server and that of its tool. Names of servers do not hold it.
pub(super) const SEPARATOR: &str = "__";

/// Longest name of a tool or prompt. Fixed by the specification (TOOL-7).
const MAX_NAME: usize = 128;

/// Longest name of a server. Fixed: it leaves room for the names of its tools.
const MAX_SERVER_NAME: usize = 64;

/// Length of the digest at the end of a name that was made to fit, with its hyphen.
const DIGEST_LENGTH: usize = 9;

/// How the tools and prompts of a group are named.
///
/// ```
/// # mcp_test_support::with_notes_server(async |reader, writer| {
/// use mcp_client::group::Naming;
/// use mcp_client::{Client, ClientGroup};
///
/// let group = ClientGroup::builder().naming(Naming::PrefixedOnCollision).build();
/// group.add("notes", Client::connect(reader, writer).await?)?;
/// let names = group.list_tools().await.items.into_iter().map(|tool| tool.name);
/// assert_eq!(names.collect::<Vec<_>>(), ["add", "index"]);
/// # Ok(())
/// # });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Naming {
    /// Always with the name of their server: `files__read`. Adding a server never renames the tool
    /// of another.
    #[default]
    Prefixed,
    /// As their server names them, and with the name of their server if another one has the same
    /// name or the name contains `__`. A name without a server leads to the server that had it in
    /// the last list of the group, and to no other: no server can take over the tool of another.
    PrefixedOnCollision,
}

/// Checks the name that a host gives a server.
pub(super) fn check_server(name: &str) -> Result<(), Error> {
    let reason = if name.is_empty() || name.len() > MAX_SERVER_NAME {
        format!("it must have 1 to {MAX_SERVER_NAME} characters")
    } else if !name.bytes().all(is_allowed) {
        "only letters, digits, '_', '-' and '.' of ASCII may be in it".to_owned()
    } else if name.starts_with('_') || name.ends_with('_') || name.contains(SEPARATOR) {
        format!(
            "it must not hold {SEPARATOR:?}, which ends the server's part of a tool's name, nor begin or end with '_'"
        )
    } else {
        return Ok(());
    };
    let name = PeerText::with_max(name, MAX_SERVER_NAME);
    let message = format!("\"{name}\" cannot be the name of a server in a group: {reason}");
    Err(Error::new(ErrorKind::InvalidArgument, message))
}

fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}

/// The name of a tool as it stands behind that of its server. One that is too long or has other
/// characters is shortened or replaced, and ends with a digest of the original.
fn fit<'a>(server: &str, name: &'a str) -> Cow<'a, str> {
    let most = MAX_NAME - SEPARATOR.len() - server.len();
    if !name.is_empty() && name.len() <= most && name.bytes().all(is_allowed) {
        return Cow::Borrowed(name);
    }
    let digest = format!("-{:08x}", fnv(name) >> 32);
    let allowed = |c: char| u8::try_from(c).is_ok_and(is_allowed);
    let kept = name.chars().map(|c| if allowed(c) { c } else { '_' }).take(most - digest.len());
    Cow::Owned(kept.chain(digest.chars()).collect())
}

/// Whether a name may be one that [`fit`] made. Only the server's list says of which tool it is.
pub(super) fn may_be_fitted(fitted: &str) -> bool {
    let digest = fitted.len().checked_sub(DIGEST_LENGTH).and_then(|at| fitted.get(at..));
    digest.and_then(|digest| digest.strip_prefix('-')).is_some_and(|digits| {
        digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// The name with that of the server.
pub(super) fn prefixed(server: &str, fitted: &str) -> String {
    format!("{server}{SEPARATOR}{fitted}")
}

/// The tools, or the prompts, of the last list of one server: their own names by those in the
/// group, without that of the server.
#[derive(Debug, Default)]
pub(super) struct Names {
    own: HashMap<String, String>,
    pub(super) was_listed: bool,
}

impl Names {
    /// Learns a list. Returns the name in the group of each item, or nothing for one whose name is
    /// taken.
    pub(super) fn learn<'a>(
        &mut self,
        server: &str,
        names: impl Iterator<Item = &'a str> + Clone,
    ) -> Vec<Option<String>> {
        self.own.clear();
        self.was_listed = true;
        // Names that fit come first: no name that was made to fit can stand for them.
        for name in names.clone().filter(|name| matches!(fit(server, name), Cow::Borrowed(_))) {
            self.own.insert(name.to_owned(), name.to_owned());
        }
        let mut given = std::collections::HashSet::new();
        names
            .map(|name| {
                let fitted = fit(server, name).into_owned();
                let own = self.own.entry(fitted.clone()).or_insert_with(|| name.to_owned());
                if own != name || !given.insert(fitted.clone()) {
                    let name = PeerText::with_max(name, MAX_NAME);
                    tracing::warn!(
                        server,
                        %name,
                        "left out: the server has another one with the same name"
                    );
                    return None;
                }
                Some(fitted)
            })
            .collect()
    }

    /// As [`Names::learn`], for a list of an earlier process. Once the server has listed its items,
    /// the names of that list stay, and those of this one are only returned.
    pub(super) fn learn_remembered<'a>(
        &mut self,
        server: &str,
        names: impl Iterator<Item = &'a str> + Clone,
    ) -> Vec<Option<String>> {
        if self.was_listed {
            return Self::default().learn(server, names);
        }
        let learned = self.learn(server, names);
        self.was_listed = false;
        learned
    }

    /// The names in the group, without that of the server.
    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        self.own.keys().map(String::as_str)
    }

    pub(super) fn has(&self, fitted: &str) -> bool {
        self.own.contains_key(fitted)
    }

    /// The server's own name. One that was not listed stays as it is.
    pub(super) fn own(&self, fitted: &str) -> String {
        self.own.get(fitted).map_or(fitted, String::as_str).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_and_stay_apart() {
        let long = "x".repeat(200);
        let other = "x".repeat(201);
        let mut names = Names::default();
        let own = ["read", "a b", "a_b", "", "größe", &long, &other, "read"];
        let given = names.learn("files", own.into_iter());
        let all: Vec<&String> = given.iter().flatten().collect();
        assert_eq!((all.len(), given[7].as_ref()), (7, None));
        for (own, given) in own.iter().zip(&given).take(7) {
            let given = given.as_ref().unwrap();
            let whole = prefixed("files", given);
            assert!(whole.len() <= MAX_NAME && whole.bytes().all(is_allowed), "{whole}");
            assert_eq!(names.own(given), *own);
            assert_eq!(all.iter().filter(|other| **other == given).count(), 1);
        }
        assert_eq!(given[0].as_deref(), Some("read"));
        assert_eq!(given[2].as_deref(), Some("a_b"));
    }

    #[test]
    fn a_made_up_name_does_not_stand_for_a_real_one() {
        let made_up = fit("s", "a b").into_owned();
        let mut names = Names::default();
        assert_eq!(names.learn("s", ["a b", &made_up].into_iter()), [None, Some(made_up.clone())]);
        assert_eq!(names.own(&made_up), made_up);
    }

    #[test]
    fn names_of_servers_are_checked() {
        for name in ["a", "A.b-c_d", &"x".repeat(64)] {
            check_server(name).unwrap();
        }
        for name in ["", "_a", "a_", "a__b", "a b", "ä", "a/b", &"x".repeat(65)] {
            assert_eq!(
                check_server(name).unwrap_err().kind(),
                ErrorKind::InvalidArgument,
                "{name}"
            );
        }
    }
}
