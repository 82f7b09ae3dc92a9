//! URI templates: the variables of those RFC 6570 templates which the runtime can match against a
//! URI. It holds every template against the same rules once more, for the ones that are written by
//! hand.

/// The variables of a template, in order; none means that it is a plain URI.
pub(crate) fn variables(template: &str) -> Result<Vec<String>, String> {
    let mut variables = Vec::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        literal(&rest[..at])?;
        if rest[at..].starts_with('}') {
            return Err("`}` without a `{` before it".to_owned());
        }
        if at == 0 && !variables.is_empty() {
            return Err("two variables need a text between them".to_owned());
        }
        let (expression, tail) = rest[at + 1..]
            .split_once('}')
            .ok_or_else(|| "`{` without a `}` after it".to_owned())?;
        let name = variable_name(expression)?;
        if variables.contains(&name) {
            return Err(format!("the variable `{name}` occurs twice"));
        }
        variables.push(name);
        rest = tail;
    }
    literal(rest)?;
    has_scheme(template)?;
    Ok(variables)
}

fn literal(text: &str) -> Result<(), String> {
    match text.chars().find(|c| c.is_whitespace() || c.is_control() || "\"<>\\^`|".contains(*c)) {
        Some(stranger) => Err(format!("a URI cannot contain `{}`", stranger.escape_debug())),
        None => Ok(()),
    }
}

/// `name` or `+name`.
fn variable_name(expression: &str) -> Result<String, String> {
    let name = expression.strip_prefix('+').unwrap_or(expression);
    if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Ok(name.to_owned());
    }
    Err(match name.chars().next() {
        Some(operator) if "#./;?&".contains(operator) || name.contains([',', '*', ':']) => {
            format!("`{{{expression}}}` cannot be matched, only `{{name}}` and `{{+name}}` can")
        }
        _ => format!("`{name}` is not the name of a variable"),
    })
}

/// A relative reference names nothing: there is no base.
fn has_scheme(template: &str) -> Result<(), String> {
    let scheme = template.split_once(':').map_or("", |(scheme, _)| scheme);
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    if is_scheme { Ok(()) } else { Err("it has no scheme".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::variables;

    #[test]
    fn what_can_be_matched() {
        let all = |template| variables(template).unwrap();
        assert!(all("config://app").is_empty());
        assert_eq!(all("note://{id}"), ["id"]);
        assert_eq!(all("file:///{+path}"), ["path"]);
        assert_eq!(all("db://{table}/rows/{row_1}.json"), ["table", "row_1"]);
    }

    #[test]
    fn mistakes() {
        for (template, problem) in [
            ("note://{id", "without a `}`"),
            ("note://id}", "without a `{`"),
            ("note://{}", "not the name"),
            ("note://{a b}", "not the name"),
            ("note://{a.b}", "not the name"),
            ("note://{id:3}", "cannot be matched"),
            ("note://{id*}", "cannot be matched"),
            ("note://{a,b}", "cannot be matched"),
            ("note://all{?limit}", "cannot be matched"),
            ("note://{a}{b}", "a text between"),
            ("note://{id}/{+id}", "twice"),
            ("note /x", "cannot contain"),
            ("notes/{id}", "no scheme"),
            ("{scheme}://x", "no scheme"),
            ("", "no scheme"),
        ] {
            let error = variables(template).unwrap_err();
            assert!(error.contains(problem), "{template}: {error}");
        }
    }
}
