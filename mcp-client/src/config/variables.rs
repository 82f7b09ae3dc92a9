//! Variables in the texts of a file: `${NAME}`, `${NAME:-default}`, `${env:NAME}` and
//! `${input:id}`.

use std::collections::HashMap;

use mcp_core::service::BoxFuture;

use super::error::{ConfigError, ConfigErrorKind};
use super::inputs::Input;

/// What a name between `${` and `}` is, where it is neither a variable of the environment nor an
/// input: such as `workspaceFolder`, `userHome` or `command:pick`.
///
/// ```
/// use mcp_client::config::Unknown;
///
/// fn resolve(unknown: &Unknown) -> Option<String> {
///     (unknown.name == "userHome").then(|| "/path/to/home".to_owned())
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unknown {
    /// The text between the braces.
    pub name: String,
}

pub(super) type Environment = dyn Fn(&str) -> Option<String> + Send + Sync;
pub(super) type Ask = dyn Fn(Input) -> BoxFuture<'static, Option<String>> + Send + Sync;
pub(super) type Resolve = dyn Fn(&Unknown) -> Option<String> + Send + Sync;

/// What replaces variables. The user is asked once for each answer.
pub(super) struct Variables<'a> {
    pub(super) environment: &'a Environment,
    pub(super) ask: Option<&'a Ask>,
    pub(super) resolve: &'a Resolve,
    pub(super) inputs: &'a [Input],
    /// By the id of the input; `None` if the user declined.
    pub(super) answers: HashMap<String, Option<String>>,
    pub(super) max_bytes: usize,
}

impl Variables<'_> {
    /// The text at a pointer, with its variables replaced. The values are not searched again.
    pub(super) async fn expand(
        &mut self,
        pointer: &str,
        text: &str,
    ) -> Result<String, ConfigError> {
        let mut expanded = String::new();
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let (before, after) = (&rest[..start], &rest[start + 2..]);
            let Some(end) = after.find('}') else {
                let message = "a variable has no closing brace; write ${NAME}";
                return Err(ConfigError::form(pointer, message));
            };
            let name = &after[..end];
            if name.contains("${") {
                let message = "a variable has another one within its braces; give the inner one a \
                               value of its own";
                return Err(ConfigError::form(pointer, message));
            }
            expanded.push_str(before);
            let value = self.value(pointer, name).await?;
            expanded.push_str(&value);
            self.check_length(pointer, &expanded)?;
            rest = &after[end + 1..];
        }
        expanded.push_str(rest);
        self.check_length(pointer, &expanded)?;
        Ok(expanded)
    }

    fn check_length(&self, pointer: &str, text: &str) -> Result<(), ConfigError> {
        let (bytes, max) = (text.len(), self.max_bytes);
        if bytes <= max {
            return Ok(());
        }
        let message = format!(
            "the text has {bytes} bytes with its variables, and `ConfigLimits::max_value_bytes` is \
             {max}"
        );
        Err(ConfigError::new(ConfigErrorKind::Limit, pointer, message))
    }

    async fn value(&mut self, pointer: &str, name: &str) -> Result<String, ConfigError> {
        if let Some(id) = name.strip_prefix("input:") {
            return self.input(pointer, id).await;
        }
        let (name, default) = match name.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (name, None),
        };
        let variable = name.strip_prefix("env:").unwrap_or(name);
        if is_variable(variable) {
            // As in a shell, an empty variable has its default too.
            let value = (self.environment)(variable);
            let value = value.filter(|value| default.is_none() || !value.is_empty());
            if let Some(value) = value.or_else(|| default.map(str::to_owned)) {
                return Ok(value);
            }
        }
        let unknown = Unknown { name: name.to_owned() };
        if let Some(value) = (self.resolve)(&unknown) {
            return Ok(value);
        }
        let remedy = if is_variable(variable) {
            format!("set it, or write ${{{variable}:-default}}")
        } else {
            "give it a value with `ConfigGroup::placeholders`".to_owned()
        };
        // What is no name may be a secret that is in braces by mistake.
        let message = match is_variable(variable) {
            true => format!("the variable {name:?} has no value; {remedy}"),
            false => format!("a variable has no value; {remedy}"),
        };
        Err(ConfigError::new(ConfigErrorKind::Variable, pointer, message))
    }

    async fn input(&mut self, pointer: &str, id: &str) -> Result<String, ConfigError> {
        let failed = |message: String| ConfigError::new(ConfigErrorKind::Input, pointer, message);
        let declined = || failed(format!("the input {id:?} was not given"));
        if let Some(answer) = self.answers.get(id) {
            return answer.clone().ok_or_else(declined);
        }
        let Some(input) = self.inputs.iter().find(|input| input.id == id) else {
            return Err(failed(format!(
                "the file has no input {id:?} in \"inputs\"; add it there"
            )));
        };
        let Some(ask) = self.ask else {
            return Err(failed(format!(
                "the user has to be asked for the input {id:?}; set how with `ConfigGroup::inputs`"
            )));
        };
        let answer = ask(input.clone()).await;
        self.answers.insert(id.to_owned(), answer.clone());
        answer.ok_or_else(declined)
    }
}

/// Whether it is the name of a variable of the environment.
fn is_variable(name: &str) -> bool {
    let is_start = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.starts_with(is_start) && name.chars().all(|c| is_start(c) || c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(max_bytes: usize) -> Variables<'static> {
        Variables {
            environment: &|name| match name {
                "HOST" => Some("example.com".to_owned()),
                "EMPTY" => Some(String::new()),
                "NESTED" => Some("${HOST}".to_owned()),
                _ => None,
            },
            ask: None,
            resolve: &|unknown| {
                (unknown.name == "workspaceFolder").then(|| "/path/to/project".to_owned())
            },
            inputs: &[],
            answers: HashMap::from([("token".to_owned(), Some("t0k3n".to_owned()))]),
            max_bytes,
        }
    }

    #[tokio::test]
    async fn variables_and_their_defaults_are_replaced_once() {
        for (text, expected) in [
            ("plain $HOST", "plain $HOST"),
            ("https://${HOST}/x", "https://example.com/x"),
            ("${env:HOST}${HOST}", "example.comexample.com"),
            ("${NONE:-a:-b}", "a:-b"),
            ("${EMPTY:-x}|${EMPTY}|${NONE:-}", "x||"),
            ("${NESTED}", "${HOST}"),
            ("${workspaceFolder}/x", "/path/to/project/x"),
            ("Bearer ${input:token}", "Bearer t0k3n"),
            ("$${HOST}", "$example.com"),
        ] {
            assert_eq!(variables(100).expand("/x", text).await.unwrap(), expected, "{text}");
        }
    }

    #[tokio::test]
    async fn what_has_no_value_is_named_with_its_remedy() {
        for (text, kind, expected) in [
            (
                "${NONE}",
                ConfigErrorKind::Variable,
                "/x: the variable \"NONE\" has no value; set it",
            ),
            ("${command:y}", ConfigErrorKind::Variable, "`ConfigGroup::placeholders`"),
            (
                "${CANARY 1}",
                ConfigErrorKind::Variable,
                "/x: a variable has no value; give it a value with",
            ),
            ("${NONE:-${HOST}}", ConfigErrorKind::Form, "another one within its braces"),
            ("${input:other}", ConfigErrorKind::Input, "no input \"other\" in \"inputs\""),
            ("${HOST", ConfigErrorKind::Form, "no closing brace"),
        ] {
            let error = variables(100).expand("/x", text).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{text}");
            assert!(error.to_string().contains(expected), "{error}");
            assert!(!error.to_string().contains("CANARY"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_text_is_as_long_as_the_limit_at_most() {
        assert!(variables(11).expand("/x", "${HOST}").await.is_ok());
        for text in ["${HOST}.", "aaaaaaaaaaaa", "${HOST}${HOST}${NONE}"] {
            let error = variables(11).expand("/x", text).await.unwrap_err();
            assert_eq!(error.kind(), ConfigErrorKind::Limit, "{text}");
            assert!(error.to_string().contains("ConfigLimits::max_value_bytes"), "{error}");
        }
    }
}
