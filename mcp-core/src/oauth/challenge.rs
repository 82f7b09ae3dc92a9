//! The challenge of a refused request: `WWW-Authenticate`. Spec: RFC 9110 §11; basic/authorization,
//! "Error Handling".

use std::fmt;

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;

/// Most challenges that are read from one response. Fixed: servers send one or two.
const MAX_CHALLENGES: usize = 16;
/// Most parameters that are kept of one challenge. Fixed: the known schemes have fewer than ten.
const MAX_PARAMS: usize = 32;

/// What a server requires before it answers: a scheme with its parameters.
///
/// ```
/// use mcp_core::oauth::Challenge;
///
/// let challenges = Challenge::parse(br#"Basic realm="a, b", Bearer scope="files:read", error=invalid_token"#);
/// assert_eq!(challenges.len(), 2);
/// assert!(challenges[1].is("bearer"));
/// assert_eq!(challenges[1].get("scope"), Some("files:read"));
///
/// let challenge = Challenge::new("Bearer").with("scope", "files:read");
/// assert_eq!(challenge.to_string(), r#"Bearer scope="files:read""#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    scheme: String,
    token68: Option<String>,
    params: Vec<(String, String)>,
}

impl Challenge {
    /// A challenge without parameters.
    ///
    /// ```
    /// use mcp_core::oauth::Challenge;
    ///
    /// assert_eq!(Challenge::new("Bearer").to_string(), "Bearer");
    /// ```
    #[must_use]
    pub fn new(scheme: impl Into<String>) -> Self {
        Self { scheme: scheme.into(), token68: None, params: Vec::new() }
    }

    /// Adds a parameter.
    ///
    /// ```
    /// use mcp_core::oauth::Challenge;
    ///
    /// let challenge = Challenge::new("Bearer").with("error", "insufficient_scope");
    /// assert_eq!(challenge.to_string(), r#"Bearer error="insufficient_scope""#);
    /// ```
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.params.push((name.into(), value.into()));
        self
    }

    /// All challenges of a response, from one field or several.
    ///
    /// ```
    /// use mcp_core::oauth::Challenge;
    ///
    /// let mut headers = http::HeaderMap::new();
    /// headers.append("www-authenticate", http::HeaderValue::from_static("Negotiate"));
    /// headers.append("www-authenticate", http::HeaderValue::from_static("Bearer scope=a"));
    /// assert_eq!(Challenge::of(&headers)[1].get("scope"), Some("a"));
    /// ```
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Vec<Self> {
        let mut all: Vec<_> = headers
            .get_all(WWW_AUTHENTICATE)
            .iter()
            .flat_map(|field| Self::parse(field.as_bytes()))
            .take(MAX_CHALLENGES)
            .collect();
        all.shrink_to_fit();
        all
    }

    /// The challenges of one field. A violation of the grammar ends the list; what precedes it is
    /// kept.
    ///
    /// ```
    /// use mcp_core::oauth::Challenge;
    ///
    /// let challenges = Challenge::parse(b"Bearer error=invalid_token, Basic realm=x");
    /// assert_eq!(challenges[0].get("error"), Some("invalid_token"));
    /// assert_eq!(challenges[1].scheme(), "Basic");
    /// ```
    #[must_use]
    pub fn parse(field: &[u8]) -> Vec<Self> {
        Parser { rest: field }.challenges()
    }

    /// Whether it has a scheme; upper and lower case are the same.
    ///
    /// ```
    /// use mcp_core::oauth::Challenge;
    ///
    /// assert!(Challenge::new("BEARER").is("Bearer"));
    /// ```
    #[must_use]
    pub fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// The scheme as it is written.
    ///
    /// ```
    /// use mcp_core::oauth::Challenge;
    ///
    /// assert_eq!(Challenge::new("DPoP").scheme(), "DPoP");
    /// ```
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The value of a parameter. If a server sends one twice, which it must not, the first counts.
    ///
    /// ```
    /// use mcp_core::oauth::Challenge;
    ///
    /// let challenges = Challenge::parse(br#"Bearer scope="notes:read notes:write""#);
    /// assert_eq!(challenges[0].get("scope"), Some("notes:read notes:write"));
    /// ```
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.params
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// What schemes such as Negotiate have instead of parameters.
    ///
    /// ```
    /// use mcp_core::oauth::Challenge;
    ///
    /// assert_eq!(Challenge::parse(b"Negotiate YII=")[0].token68(), Some("YII="));
    /// ```
    #[must_use]
    pub fn token68(&self) -> Option<&str> {
        self.token68.as_deref()
    }
}

/// As it is written in a header field; values are quoted. Control characters, which a field cannot
/// hold, are left out.
impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.scheme)?;
        if let Some(token) = &self.token68 {
            return write!(f, " {token}");
        }
        for (index, (name, value)) in self.params.iter().enumerate() {
            write!(f, "{}{name}=\"", if index == 0 { " " } else { ", " })?;
            for character in value.chars().filter(|character| !character.is_control()) {
                if matches!(character, '"' | '\\') {
                    f.write_str("\\")?;
                }
                write!(f, "{character}")?;
            }
            f.write_str("\"")?;
        }
        Ok(())
    }
}

/// Reads one field. It is a list within a list, both with commas: a name with `=` behind it is a
/// parameter, any other is the next scheme.
struct Parser<'a> {
    rest: &'a [u8],
}

impl Parser<'_> {
    fn challenges(mut self) -> Vec<Challenge> {
        let mut all: Vec<Challenge> = Vec::new();
        loop {
            self.skip(|byte| matches!(byte, b' ' | b'\t' | b','));
            let Some(name) = self.token() else { return all };
            let scheme = self.rest;
            self.skip(blank);
            if self.rest.first() == Some(&b'=') {
                // A parameter.
                self.rest = &self.rest[1..];
                self.skip(blank);
                let (Some(value), Some(challenge)) = (self.value(), all.last_mut()) else {
                    return all;
                };
                if challenge.params.len() < MAX_PARAMS {
                    challenge.params.push((name, value));
                }
                continue;
            }
            if all.len() == MAX_CHALLENGES {
                return all;
            }
            let mut challenge = Challenge::new(name);
            if scheme.len() != self.rest.len() {
                challenge.token68 = self.token68();
            }
            all.push(challenge);
        }
    }

    fn skip(&mut self, what: impl Fn(u8) -> bool) {
        let length = self.rest.iter().take_while(|byte| what(**byte)).count();
        self.rest = &self.rest[length..];
    }

    fn take(&mut self, what: impl Fn(u8) -> bool) -> Option<String> {
        let before = self.rest;
        self.skip(what);
        let taken = &before[..before.len() - self.rest.len()];
        (!taken.is_empty()).then(|| String::from_utf8_lossy(taken).into_owned())
    }

    fn token(&mut self) -> Option<String> {
        self.take(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
    }

    fn value(&mut self) -> Option<String> {
        if self.rest.first() != Some(&b'"') {
            return self.token();
        }
        let mut value = Vec::new();
        let mut bytes = self.rest[1..].iter().enumerate();
        while let Some((index, byte)) = bytes.next() {
            match byte {
                b'"' => {
                    self.rest = &self.rest[index + 2..];
                    return Some(String::from_utf8_lossy(&value).into_owned());
                }
                b'\\' => value.push(*bytes.next()?.1),
                byte => value.push(*byte),
            }
        }
        None // The quote has no end.
    }

    /// A token68, which must be all that precedes the next comma; anything else is left for
    /// parameters.
    fn token68(&mut self) -> Option<String> {
        let before = self.rest;
        let text = self.take(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte));
        let padding = self.take(|byte| byte == b'=').unwrap_or_default();
        self.skip(blank);
        match text {
            Some(text) if matches!(self.rest.first(), None | Some(b',')) => Some(text + &padding),
            _ => {
                self.rest = before;
                None
            }
        }
    }
}

fn blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `Scheme(token68){name=value;...}` for each challenge.
    fn read(field: &str) -> String {
        let show = |challenge: &Challenge| {
            let params: Vec<_> =
                challenge.params.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let token =
                challenge.token68.as_ref().map(|token| format!("({token})")).unwrap_or_default();
            format!("{}{token}{{{}}}", challenge.scheme, params.join(";"))
        };
        Challenge::parse(field.as_bytes()).iter().map(show).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_grammar_is_read_and_its_violations_end_the_list() {
        let table = [
            ("", ""),
            (" , ,", ""),
            ("Bearer", "Bearer{}"),
            ("bearer realm=x", "bearer{realm=x}"),
            (r#"Bearer realm="a b", scope="x y""#, "Bearer{realm=a b;scope=x y}"),
            (r#"Bearer realm="a \"b\" \\ c""#, r#"Bearer{realm=a "b" \ c}"#),
            (r#"Bearer realm="a, Basic b=c", x=y"#, "Bearer{realm=a, Basic b=c;x=y}"),
            (r#"Bearer realm = "a" ,scope	=	"b""#, "Bearer{realm=a;scope=b}"),
            (r#"Bearer realm="""#, "Bearer{realm=}"),
            ("Negotiate", "Negotiate{}"),
            ("Negotiate YWJj==", "Negotiate(YWJj==){}"),
            ("Negotiate, Bearer a=b", "Negotiate{} Bearer{a=b}"),
            (
                "Negotiate YW/+J=, Bearer a=b, c=d, DPoP algs=\"ES256\"",
                "Negotiate(YW/+J=){} Bearer{a=b;c=d} DPoP{algs=ES256}",
            ),
            ("Basic realm=a, , Bearer", "Basic{realm=a} Bearer{}"),
            // Common violations: a comma is missing, or is where it must not be.
            (r#"Bearer error="a" scope="b""#, "Bearer{error=a;scope=b}"),
            (r#"Bearer, error="a""#, "Bearer{error=a}"),
            // Other violations: what precedes them is kept.
            (r#"Bearer realm="a", scope="b"#, "Bearer{realm=a}"),
            (r#"Bearer realm="a", scope="b\"#, "Bearer{realm=a}"),
            ("Bearer a=b, c=@", "Bearer{a=b}"),
            ("=a", ""),
            ("a=b", ""),
            ("@", ""),
        ];
        for (field, expected) in table {
            assert_eq!(read(field), expected, "{field}");
        }
    }

    #[test]
    fn names_have_no_case_and_the_first_of_two_counts() {
        let challenge = &Challenge::parse(br"BEARER Scope=a, scope=b")[0];
        assert!(challenge.is("Bearer"));
        assert_eq!(challenge.get("SCOPE"), Some("a"));
    }

    #[test]
    fn several_fields_are_one_list_and_the_list_is_bounded() {
        let mut headers = HeaderMap::new();
        headers.append(WWW_AUTHENTICATE, "Basic realm=a".parse().unwrap());
        headers.append(WWW_AUTHENTICATE, "Bearer scope=b".parse().unwrap());
        let challenges = Challenge::of(&headers);
        assert_eq!(
            challenges.iter().map(Challenge::scheme).collect::<Vec<_>>(),
            ["Basic", "Bearer"]
        );

        let many = "Bearer, ".repeat(1_000);
        assert_eq!(Challenge::parse(many.as_bytes()).len(), MAX_CHALLENGES);
        headers.append(WWW_AUTHENTICATE, many.parse().unwrap());
        assert_eq!(Challenge::of(&headers).len(), MAX_CHALLENGES);
        let many: String = (0..1_000).map(|index| format!(", p{index}=v")).collect();
        assert_eq!(
            Challenge::parse(format!("Bearer a=b{many}").as_bytes())[0].params.len(),
            MAX_PARAMS
        );
    }

    #[test]
    fn a_written_challenge_reads_back() {
        let challenge = Challenge::new("Bearer").with("a", r#"x "y" \ z, w=v"#).with("b", "");
        assert_eq!(Challenge::parse(challenge.to_string().as_bytes()), [challenge]);
        assert_eq!(Challenge::new("Bearer").with("a", "x\r\ny").to_string(), r#"Bearer a="xy""#);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic() {
        // Every string of up to five bytes of those that matter.
        let alphabet = b"a =,\"\\\t\xff";
        let mut texts = vec![Vec::new()];
        for _ in 0..5 {
            let longer = texts.iter().flat_map(|text: &Vec<u8>| {
                alphabet.iter().map(move |byte| text.iter().copied().chain([*byte]).collect())
            });
            texts = longer.collect();
            for text in &texts {
                assert!(Challenge::parse(text).len() <= MAX_CHALLENGES);
            }
        }
    }
}
