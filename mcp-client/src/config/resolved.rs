//! How a server is reached, with all variables replaced. It may hold secrets, so it has no `Debug`.

use super::error::ConfigError;
use super::pointer::join;
use super::server_entry::{Place, ServerEntry, Way};
use super::variables::Variables;
#[cfg(feature = "http")]
use crate::http::{Endpoint, HeaderName, HeaderValue};

/// How a server is reached.
pub(super) enum Resolved {
    Command {
        command: String,
        args: Vec<String>,
        env: Vec<(String, String)>,
        cwd: Option<String>,
    },
    #[cfg(feature = "http")]
    Url {
        url: String,
        headers: Vec<(HeaderName, HeaderValue)>,
    },
}

impl Resolved {
    pub(super) async fn new(
        entry: &ServerEntry,
        variables: &mut Variables<'_>,
    ) -> Result<Self, ConfigError> {
        match &entry.way {
            Way::Command { command, args, env, cwd } => {
                let command = expand(variables, command).await?;
                let mut expanded = Vec::with_capacity(args.len());
                for arg in args {
                    expanded.push(expand(variables, arg).await?);
                }
                let env = expand_all(variables, env).await?;
                let cwd = match cwd {
                    Some(cwd) => Some(expand(variables, cwd).await?),
                    None => None,
                };
                check_environment(&env, entry)?;
                Ok(Self::Command { command, args: expanded, env, cwd })
            }
            #[cfg(feature = "http")]
            Way::Url { url, headers } => {
                let text = expand(variables, url).await?;
                Endpoint::parse(&text)
                    .map_err(|error| ConfigError::form(&*url.pointer, error.to_string()))?;
                let values = expand_all(variables, headers).await?;
                let places = headers.iter().map(|(_, place)| place);
                let fields = values.into_iter().zip(places);
                let headers = fields.map(|((name, value), place)| field(&name, &value, place));
                Ok(Self::Url { url: text, headers: headers.collect::<Result<_, _>>()? })
            }
            #[cfg(not(feature = "http"))]
            Way::Url { url, headers } => {
                expand(variables, url).await?;
                expand_all(variables, headers).await?;
                let message = "a server with a URL needs the feature \"http\" of mcp-client; enable \
                               it in Cargo.toml";
                let kind = super::error::ConfigErrorKind::Feature;
                Err(ConfigError::new(kind, &*url.pointer, message))
            }
        }
    }
}

async fn expand(variables: &mut Variables<'_>, place: &Place) -> Result<String, ConfigError> {
    variables.expand(&place.pointer, &place.text).await
}

async fn expand_all(
    variables: &mut Variables<'_>,
    map: &[(String, Place)],
) -> Result<Vec<(String, String)>, ConfigError> {
    let mut all = Vec::with_capacity(map.len());
    for (name, place) in map {
        all.push((name.clone(), expand(variables, place).await?));
    }
    Ok(all)
}

/// The system refuses such names and values when the program is started, with an error that would
/// show the value.
fn check_environment(env: &[(String, String)], entry: &ServerEntry) -> Result<(), ConfigError> {
    let is_bad = |(name, value): &&(String, String)| {
        name.is_empty() || name.contains(['=', '\0']) || value.contains('\0')
    };
    let Some((name, _)) = env.iter().find(is_bad) else { return Ok(()) };
    let pointer = join(&format!("{}/env", entry.pointer()), name);
    let message = "a variable needs a name without '=', and no NUL in its value; correct it";
    Err(ConfigError::form(pointer, message))
}

#[cfg(feature = "http")]
fn field(name: &str, value: &str, place: &Place) -> Result<(HeaderName, HeaderValue), ConfigError> {
    let name: HeaderName = name.parse().map_err(|_| {
        ConfigError::form(&*place.pointer, "it is not the name of a header field; correct it")
    })?;
    let mut value: HeaderValue = value.parse().map_err(|_| {
        let message = "the value has characters that a header field cannot hold, such as a line \
                       break; correct it";
        ConfigError::form(&*place.pointer, message)
    })?;
    value.set_sensitive(true);
    Ok((name, value))
}
