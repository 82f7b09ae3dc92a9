//! URI templates: the variables of the RFC 6570 templates that the runtime supports. The runtime
//! checks every template again, for those that are not created by a macro.

/// Returns the variables of a template, in order. A plain URI has none.
pub(crate) fn variables(template: &str) -> Result<Vec<String>, String> {
    let mut variables = Vec::new();
    let mut rest = template;
    while let Some(index) = rest.find(['{', '}']) {
        literal(&rest[..index])?;
        if rest[index..].starts_with('}') {
            return Err("`}` without a `{` before it".to_owned());
        }
        if index == 0 && !variables.is_empty() {
            return Err("two variables need a literal between them".to_owned());
        }
        let (expression, tail) = rest[index + 1..]
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
        Some(invalid) => Err(format!("a URI cannot contain `{}`", invalid.escape_debug())),
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
            format!("`{{{expression}}}` is not supported, only `{{name}}` and `{{+name}}` are")
        }
        _ => format!("`{name}` is not the name of a variable"),
    })
}

/// Checks that the URI has a scheme. A relative reference has no base here.
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
    fn supported_templates_are_parsed() {
        let all = |template| variables(template).unwrap();
        assert!(all("config://app").is_empty());
        assert_eq!(all("note://{id}"), ["id"]);
        assert_eq!(all("file:///{+path}"), ["path"]);
        assert_eq!(all("db://{table}/rows/{row_1}.json"), ["table", "row_1"]);
    }

    #[test]
    fn unsupported_templates_are_refused() {
        for (template, problem) in [
            ("note://{id", "without a `}`"),
            ("note://id}", "without a `{`"),
            ("note://{}", "not the name"),
            ("note://{a b}", "not the name"),
            ("note://{a.b}", "not the name"),
            ("note://{id:3}", "is not supported"),
            ("note://{id*}", "is not supported"),
            ("note://{a,b}", "is not supported"),
            ("note://all{?limit}", "is not supported"),
            ("note://{a}{b}", "a literal between"),
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
