//! URI templates: the variables of an RFC 6570 template, all four levels.

/// The variables of a template, in order; none means that it is a plain URI.
pub(crate) fn variables(template: &str) -> Result<Vec<String>, String> {
    let mut variables = Vec::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        literal(&rest[..at])?;
        if rest[at..].starts_with('}') {
            return Err("`}` without a `{` before it".to_owned());
        }
        let (expression, tail) =
            rest[at + 1..].split_once('}').ok_or_else(|| "`{` without a `}` after it".to_owned())?;
        for variable in
            expression.strip_prefix(['+', '#', '.', '/', ';', '?', '&']).unwrap_or(expression).split(',')
        {
            let name = variable_name(variable)?;
            if variables.contains(&name) {
                return Err(format!("the variable `{name}` occurs twice"));
            }
            variables.push(name);
        }
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

/// `name`, `name*` or `name:3`.
fn variable_name(variable: &str) -> Result<String, String> {
    let name = match variable.split_once(':') {
        Some((name, length)) if matches!(length.parse::<u16>(), Ok(1..10_000)) => name,
        Some((_, length)) => return Err(format!("`:{length}` is not a length between 1 and 9999")),
        None => variable.strip_suffix('*').unwrap_or(variable),
    };
    let is_name =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if name.split('.').all(is_name) {
        Ok(name.to_owned())
    } else {
        Err(format!("`{name}` is not the name of a variable"))
    }
}

/// A relative reference names nothing: there is no base. A template may make its scheme from a variable.
fn has_scheme(template: &str) -> Result<(), String> {
    let scheme = template.split_once(':').map_or("", |(scheme, _)| scheme);
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    if is_scheme || template.starts_with('{') { Ok(()) } else { Err("it has no scheme".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::variables;

    #[test]
    fn all_levels() {
        let all = |template| variables(template).unwrap();
        assert!(all("config://app").is_empty());
        assert_eq!(all("note://{id}"), ["id"]);
        assert_eq!(all("file:///{+path}"), ["path"]);
        assert_eq!(all("db://{table}/rows{?limit,after.id}"), ["table", "limit", "after.id"]);
        assert_eq!(all("x:{/segments*}{;a}{.b}{&c}{#d}{e:3}"), ["segments", "a", "b", "c", "d", "e"]);
        assert_eq!(all("{+uri}"), ["uri"]);
    }

    #[test]
    fn mistakes() {
        for (template, problem) in [
            ("note://{id", "without a `}`"),
            ("note://id}", "without a `{`"),
            ("note://{}", "not the name"),
            ("note://{a b}", "not the name"),
            ("note://{id:0}", "not a length"),
            ("note://{id}/{id}", "twice"),
            ("note /x", "cannot contain"),
            ("notes/{id}", "no scheme"),
            ("", "no scheme"),
        ] {
            let error = variables(template).unwrap_err();
            assert!(error.contains(problem), "{template}: {error}");
        }
    }
}
