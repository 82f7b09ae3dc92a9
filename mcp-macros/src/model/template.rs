//! URI templates: the variables of the RFC 6570 templates that the runtime supports. The runtime
//! checks every template again, for those that are not created by a macro.

/// Returns the variables of a template, in order. A plain URI has none.
pub(crate) fn variables(template: &str) -> Result<Vec<String>, String> {
    let mut variables: Vec<String> = Vec::new();
    let mut rest = template;
    // Whether parameters of the query have begun, which are the end of a template.
    let mut in_query = false;
    while let Some(index) = rest.find(['{', '}']) {
        literal(&rest[..index])?;
        if rest[index..].starts_with('}') {
            return Err("`}` without a `{` before it".to_owned());
        }
        let (expression, tail) = rest[index + 1..]
            .split_once('}')
            .ok_or_else(|| "`{` without a `}` after it".to_owned())?;
        let parameters = expression.strip_prefix(['?', '&']);
        match parameters {
            None if in_query => {
                return Err(format!("`{{{expression}}}` follows the parameters of the query"));
            }
            Some(_) if in_query && index > 0 => {
                return Err("a literal follows the parameters of the query".to_owned());
            }
            None if index == 0 && !variables.is_empty() => {
                return Err("two variables need a literal between them".to_owned());
            }
            Some(_) => {
                let before = &template[..template.len() - rest.len() + index];
                let continues = in_query || before.contains('?');
                if continues != expression.starts_with('&') {
                    let fitting = if continues { '&' } else { '?' };
                    return Err(format!("write `{{{fitting}{}}}`", &expression[1..]));
                }
                if continues && !in_query && !rest[..index].contains('?') {
                    return Err(format!("`{{{expression}}}` needs a literal with `?` before it"));
                }
                in_query = true;
            }
            None => {}
        }
        let names: Vec<String> = match parameters {
            Some(names) => {
                names.split(',').map(|name| name_of(name, expression)).collect::<Result<_, _>>()?
            }
            None => vec![variable_name(expression)?],
        };
        for name in names {
            if variables.contains(&name) {
                return Err(format!("the variable `{name}` occurs twice"));
            }
            variables.push(name);
        }
        rest = tail;
    }
    literal(rest)?;
    if in_query && !rest.is_empty() {
        return Err("a literal follows the parameters of the query".to_owned());
    }
    has_scheme(template)?;
    Ok(variables)
}

fn literal(text: &str) -> Result<(), String> {
    match text.chars().find(|c| c.is_whitespace() || c.is_control() || "\"<>\\^`|".contains(*c)) {
        Some(invalid) => Err(format!("a URI cannot contain `{}`", invalid.escape_debug())),
        None => Ok(()),
    }
}

/// `name`, `name*` or `+name`.
fn variable_name(expression: &str) -> Result<String, String> {
    let name = expression.strip_prefix('+').or_else(|| expression.strip_suffix('*'));
    name_of(name.unwrap_or(expression), expression)
}

fn name_of(name: &str, expression: &str) -> Result<String, String> {
    if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Ok(name.to_owned());
    }
    let operator = expression.chars().next().is_some_and(|first| "#./;?&+".contains(first));
    Err(if operator || name.contains([',', '*', ':']) {
        format!(
            "`{{{expression}}}` is not supported, only `{{name}}`, `{{path*}}`, `{{+rest}}` and \
             `{{?first,second}}` are"
        )
    } else {
        format!("`{name}` is not the name of a variable")
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
        assert_eq!(all("docs://{path*}{?v,raw}"), ["path", "v", "raw"]);
        assert_eq!(all("docs://all{?v}{&raw}"), ["v", "raw"]);
        assert_eq!(all("docs://all?v=1{&raw}"), ["raw"]);
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
            ("note://{+id*}", "is not supported"),
            ("note://all{?limit*}", "is not supported"),
            ("note://all{?a,}", "is not supported"),
            ("note://all{?a}/b", "a literal follows"),
            ("note://all{?a}/b{&c}", "a literal follows"),
            ("note://all{?a}{b}", "`{b}` follows the parameters"),
            ("note://all{?a}{?b}", "write `{&b}`"),
            ("note://all?a=1{?b}", "write `{&b}`"),
            ("note://all{&b}", "write `{?b}`"),
            ("note://all?a={a}{&b}", "a literal with `?`"),
            ("note://{a}{?a}", "twice"),
            ("note://{a,b}", "is not supported"),
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
