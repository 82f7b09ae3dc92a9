//! Scopes: what a caller may do. Spec: RFC 6749 §3.3; basic/authorization, "Scope Selection
//! Strategy".

use std::fmt;

/// The scopes of a caller.
///
/// ```
/// use mcp_server::auth::Scopes;
///
/// let scopes = Scopes::parse("files:read files:write");
/// assert!(scopes.contains("files:read"));
/// assert_eq!(scopes.to_string(), "files:read files:write");
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Scopes(Granted);

#[derive(Clone, PartialEq, Eq)]
enum Granted {
    All,
    /// Sorted, without duplicates.
    These(Box<[Box<str>]>),
}

impl Default for Granted {
    fn default() -> Self {
        Self::These(Box::default())
    }
}

impl Scopes {
    /// Every scope, for callers that scopes do not restrict, such as the user of a local process.
    ///
    /// ```
    /// use mcp_server::Principal;
    /// use mcp_server::auth::Scopes;
    ///
    /// let operator = Principal::new("operator").with_scopes(Scopes::all());
    /// assert!(operator.scopes().contains("a scope of any name"));
    /// ```
    #[must_use]
    pub const fn all() -> Self {
        Self(Granted::All)
    }

    /// Reads scopes that are separated by spaces.
    ///
    /// ```
    /// use mcp_server::auth::Scopes;
    ///
    /// // The claim `scope` of a token.
    /// assert_eq!(Scopes::parse("write read read"), Scopes::from(["read", "write"]));
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Self {
        text.split(' ').collect()
    }

    /// Whether a scope is one of them. Upper and lower case differ.
    ///
    /// ```
    /// use mcp_server::auth::Scopes;
    ///
    /// let scopes = Scopes::from(["notes"]);
    /// assert!(scopes.contains("notes"));
    /// assert!(!scopes.contains("notes:read")); // Names are compared, not parts of names.
    /// ```
    #[must_use]
    pub fn contains(&self, scope: &str) -> bool {
        match &self.0 {
            Granted::All => true,
            Granted::These(scopes) => scopes.binary_search_by(|known| (**known).cmp(scope)).is_ok(),
        }
    }

    /// Whether every scope is granted.
    ///
    /// ```
    /// use mcp_server::auth::Scopes;
    ///
    /// fn shown(scopes: &Scopes) -> String {
    ///     if scopes.is_all() { "everything".to_owned() } else { scopes.to_string() }
    /// }
    ///
    /// assert_eq!(shown(&Scopes::all()), "everything");
    /// ```
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.0 == Granted::All
    }

    /// Returns the scopes by name. None if [`Scopes::is_all`].
    ///
    /// ```
    /// use mcp_server::auth::Scopes;
    ///
    /// let scopes = Scopes::parse("repo:b repo:a user");
    /// let repositories: Vec<_> = scopes.iter().filter_map(|scope| scope.strip_prefix("repo:")).collect();
    /// assert_eq!(repositories, ["a", "b"]);
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let scopes = match &self.0 {
            Granted::All => &[],
            Granted::These(scopes) => &**scopes,
        };
        scopes.iter().map(|scope| &**scope)
    }
}

/// Empty strings are left out.
impl<S: AsRef<str>> FromIterator<S> for Scopes {
    fn from_iter<I: IntoIterator<Item = S>>(scopes: I) -> Self {
        let mut scopes: Vec<Box<str>> = scopes
            .into_iter()
            .filter(|scope| !scope.as_ref().is_empty())
            .map(|scope| scope.as_ref().into())
            .collect();
        scopes.sort_unstable();
        scopes.dedup();
        Self(Granted::These(scopes.into()))
    }
}

impl<S: AsRef<str>, const N: usize> From<[S; N]> for Scopes {
    fn from(scopes: [S; N]) -> Self {
        scopes.into_iter().collect()
    }
}

/// The scopes, separated by spaces; `*` for every scope.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_all() {
            return f.write_str("*");
        }
        for (index, scope) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scopes({self})")
    }
}
