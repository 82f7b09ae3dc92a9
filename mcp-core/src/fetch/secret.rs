//! Text that is never shown.

use std::fmt;

use zeroize::Zeroize as _;

/// A token, a password or a key. `Debug` shows nothing of it, and it has neither `Display` nor a
/// comparison. Its memory is wiped when it is dropped.
///
/// ```
/// use mcp_core::fetch::Secret;
///
/// let secret = Secret::from("s3cret");
/// assert!(!format!("{secret:?}").contains("s3cret"));
/// ```
#[derive(Clone)]
pub struct Secret(Box<str>);

impl Secret {
    /// Wraps a text.
    ///
    /// ```
    /// use mcp_core::fetch::Secret;
    ///
    /// let secret = Secret::new("s3cret");
    /// assert_eq!(secret.expose(), "s3cret");
    /// ```
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The text, to put it where it has to go.
    ///
    /// ```
    /// use mcp_core::fetch::Secret;
    ///
    /// fn header(token: &Secret) -> String {
    ///     format!("Bearer {}", token.expose())
    /// }
    /// ```
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}
