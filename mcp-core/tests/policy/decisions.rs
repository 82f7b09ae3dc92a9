//! What rules decide.

use mcp_core::policy::{Level, Policy, PolicyEngine as _, PolicyRequest, Verdict};
use mcp_core::types::ToolAnnotations;

use Verdict::{Allow, Ask, Deny};

pub(crate) fn policy(text: &str) -> Policy {
    Policy::parse("policy.toml", text).unwrap_or_else(|error| panic!("{error}"))
}

fn verdict(text: &str, request: &PolicyRequest<'_>) -> Verdict {
    policy(text).decide(request).verdict()
}

const VERDICTS: [Verdict; 3] = [Allow, Ask, Deny];

fn said(read_only: Option<bool>) -> ToolAnnotations {
    let mut said = ToolAnnotations::new();
    said.read_only_hint = read_only;
    said
}

/// The decision table: every verdict of one level with every verdict of another one.
#[test]
fn deny_comes_before_ask_and_ask_before_allow_at_all_levels() {
    for first in Level::ALL {
        for second in Level::ALL {
            for one in VERDICTS {
                for other in VERDICTS {
                    let file =
                        |verdict| format!("[[rule]]\nverdict = \"{verdict}\"\ntools = [\"t\"]");
                    let built = Policy::builder()
                        .file(first, "first", &file(one))
                        .and_then(|builder| builder.file(second, "second", &file(other)));
                    let loosens = |level, verdict| level == Level::Managed && verdict == Allow;
                    if loosens(first, one) || loosens(second, other) {
                        built.unwrap_err();
                        continue;
                    }
                    let decision = built.unwrap().build().decide(&PolicyRequest::tool("t"));
                    let case = format!("{first} {one}, {second} {other}");
                    assert_eq!(decision.verdict(), one.max(other), "{case}");
                    let rule = decision.rule().unwrap();
                    // Of equal verdicts, that of the higher level is named.
                    let level = match one.cmp(&other) {
                        std::cmp::Ordering::Greater => first,
                        std::cmp::Ordering::Less => second,
                        std::cmp::Ordering::Equal => first.min(second),
                    };
                    assert_eq!((rule.level(), rule.number()), (level, 1), "{case}");
                }
            }
        }
    }
}

/// The decision table: every default, with every annotation of a trusted and another server.
#[test]
fn without_a_rule_the_default_decides() {
    for default in [None, Some(Allow), Some(Ask), Some(Deny)] {
        let text = default.map(|verdict| format!("default = \"{verdict}\"")).unwrap_or_default();
        let policy = policy(&text);
        for read_only in [None, Some(false), Some(true)] {
            for trusted in [false, true] {
                let said = said(read_only);
                let tool = PolicyRequest::tool("t").trusted(trusted).annotations(Some(&said));
                let harmless = trusted && read_only == Some(true);
                let expected = default.unwrap_or(if harmless { Allow } else { Ask });
                let decision = policy.decide(&tool);
                assert_eq!(decision.verdict(), expected, "{default:?} {read_only:?} {trusted}");
                assert!(decision.rule().is_none());
                for request in [PolicyRequest::prompt("p"), PolicyRequest::resource("r:/")] {
                    let expected = default.unwrap_or(if trusted { Allow } else { Ask });
                    assert_eq!(policy.decide(&request.trusted(trusted)).verdict(), expected);
                }
            }
        }
        let verdict = |method| policy.decide(&PolicyRequest::new(method)).verdict();
        assert_eq!(verdict("com.example/own"), default.unwrap_or(Ask));
        let accompanying = if default == Some(Deny) { Deny } else { Allow };
        for method in ["completion/complete", "resources/subscribe", "subscriptions/listen"] {
            assert_eq!(verdict(method), accompanying, "{default:?} {method}");
        }
        for method in ["ping", "tools/list", "server/discover", "logging/setLevel"] {
            assert_eq!(verdict(method), Allow, "{default:?} {method}");
        }
    }
}

/// The decision table: what a rule wants of an annotation, and what a tool says.
#[test]
fn annotations_count_only_for_trusted_servers() {
    for key in ["read_only", "destructive", "idempotent", "open_world"] {
        for wanted in [false, true] {
            let text = format!(
                "default = \"ask\"\ntrusted_servers = [\"good*\"]\n[[rule]]\nverdict = \"allow\"\n\
                 annotations = {{ {key} = {wanted} }}"
            );
            for value in [None, Some(false), Some(true)] {
                for server in ["good1", "evil"] {
                    let mut said = ToolAnnotations::new();
                    let (hint, default) = match key {
                        "read_only" => (&mut said.read_only_hint, false),
                        "destructive" => (&mut said.destructive_hint, true),
                        "idempotent" => (&mut said.idempotent_hint, false),
                        _ => (&mut said.open_world_hint, true),
                    };
                    *hint = value;
                    let counts = value.filter(|_| server == "good1").unwrap_or(default);
                    let request = PolicyRequest::tool("t").server(server).annotations(Some(&said));
                    let expected = if counts == wanted { Allow } else { Ask };
                    assert_eq!(verdict(&text, &request), expected, "{key} {wanted} {value:?}");
                }
            }
            // They are those of tools.
            assert_eq!(verdict(&text, &PolicyRequest::prompt("p").server("good1")), Ask);
        }
    }
}

#[test]
fn a_managed_file_only_tightens_defaults_and_trust() {
    let build = |managed: &str, user: &str| {
        let builder = Policy::builder().file(Level::Managed, "managed", managed).unwrap();
        builder.file(Level::User, "user", user).unwrap().build()
    };
    for (managed, user, expected) in [
        ("", "default = \"allow\"", Allow),
        ("default = \"ask\"", "default = \"allow\"", Ask),
        ("default = \"deny\"", "default = \"allow\"", Deny),
        ("default = \"ask\"", "default = \"deny\"", Deny),
        ("default = \"ask\"", "trusted_servers = [\"*\"]", Ask),
        ("", "trusted_servers = [\"*\"]", Allow),
        ("trusted_servers = [\"other\"]", "trusted_servers = [\"*\"]", Ask),
        ("trusted_servers = [\"s\"]", "", Ask),
        ("trusted_servers = [\"s\"]", "trusted_servers = [\"*\"]", Allow),
    ] {
        let said = said(Some(true));
        let request = PolicyRequest::tool("t").server("s").annotations(Some(&said));
        assert_eq!(build(managed, user).decide(&request).verdict(), expected, "{managed}; {user}");
    }
    let error =
        Policy::builder().file(Level::Managed, "managed", "default = \"allow\"").unwrap_err();
    assert!(error.to_string().contains("a managed policy can only tighten"), "{error}");
}

#[test]
fn of_several_defaults_the_strictest_counts() {
    let builder = Policy::builder()
        .file(Level::User, "user", "default = \"deny\"")
        .and_then(|builder| builder.file(Level::Session, "session", "default = \"allow\""));
    let decision = builder.unwrap().build().decide(&PolicyRequest::tool("t"));
    assert_eq!(decision.verdict(), Deny);
}

#[test]
fn a_rule_matches_if_all_of_its_conditions_do() {
    let text = r#"
        default = "deny"
        [[rule]]
        verdict = "allow"
        principals = ["https://idp.example#*", ""]
        servers = ["files"]
        tools = ["read_*", "list"]
        prompts = ["p"]
        resources = ["file:///home/*"]
        scopes = ["a", "b"]
    "#;
    let scopes = |scope: &str| scope == "a" || scope == "b";
    let request = |request: PolicyRequest<'static>| request.server("files");
    for (subject, expected) in [
        (PolicyRequest::tool("read_x"), Allow),
        (PolicyRequest::tool("list"), Allow),
        (PolicyRequest::tool("lists"), Deny),
        (PolicyRequest::tool("p"), Deny),
        (PolicyRequest::prompt("p"), Allow),
        (PolicyRequest::prompt("list"), Deny),
        (PolicyRequest::resource("file:///home/x/y"), Allow),
        (PolicyRequest::resource("file:///etc/x"), Deny),
    ] {
        let request = request(subject).scopes(&scopes);
        assert_eq!(verdict(text, &request), expected, "{request:?}");
    }
    let list = || request(PolicyRequest::tool("list")).scopes(&scopes);
    for (request, expected) in [
        (list().principal(Some("https://idp.example#me")), Allow),
        (list().principal(Some("https://other.example#me")), Deny),
        (list().server("mail"), Deny),
        (request(PolicyRequest::tool("list")), Deny),
        (request(PolicyRequest::tool("list")).scopes(&|scope| scope == "a"), Deny),
    ] {
        assert_eq!(verdict(text, &request), expected, "{request:?}");
    }
    let text = "default = \"allow\"\n[[rule]]\nverdict = \"deny\"\nwithout_scopes = [\"a\", \"b\"]";
    assert_eq!(verdict(text, &list()), Allow);
    assert_eq!(verdict(text, &PolicyRequest::tool("t").scopes(&|scope| scope == "a")), Deny);
}

#[test]
fn rules_decide_other_methods_only_if_they_name_them() {
    let text = "default = \"allow\"\n[[rule]]\nverdict = \"deny\"\nprincipals = [\"m\"]";
    for (method, expected) in [
        ("ping", Allow),
        ("tools/list", Allow),
        ("completion/complete", Deny),
        ("subscriptions/listen", Deny),
        ("com.example/own", Deny),
        ("tools/call", Deny),
    ] {
        let request = PolicyRequest::new(method).principal(Some("m"));
        assert_eq!(verdict(text, &request), expected, "{method}");
    }
    let text = "[[rule]]\nverdict = \"deny\"\nmethods = [\"tools/*\", \"ping\"]";
    for (method, expected) in [("ping", Deny), ("tools/list", Deny), ("prompts/list", Allow)] {
        assert_eq!(verdict(text, &PolicyRequest::new(method)), expected, "{method}");
    }
    // A completion cannot ask, so that a rule that asks for the prompt does not deny it.
    let params =
        r#"{"ref": {"type": "ref/prompt", "name": "p"}, "argument": {"name": "a", "value": ""}}"#;
    let params = mcp_core::json::JsonBytes::from_trusted(params).into();
    for (rule, expected) in [("ask", Allow), ("deny", Deny)] {
        let text = format!("[[rule]]\nverdict = \"{rule}\"\nprompts = [\"p\"]");
        let requests = PolicyRequest::of("completion/complete", &params).unwrap();
        assert_eq!(verdict(&text, &requests[0]), expected);
    }
}

#[test]
fn arguments_decide_and_ambiguous_ones_are_denied() {
    let text = r#"
        default = "allow"
        [[rule]]
        verdict = "deny"
        tools = ["write"]
        arguments = [{ pointer = "/path", prefix = "/work/", not = true }]
    "#;
    for (arguments, expected) in [
        (Some(r#"{"path": "/work/x"}"#), Allow),
        (Some(r#"{"path": "/etc/x"}"#), Deny),
        (Some(r#"{"path": ["/work/x"]}"#), Deny),
        (Some("{}"), Deny),
        (None, Deny),
        (Some(r#"{"path": "/etc/x", "path": "/work/x"}"#), Deny),
        (Some(r#"{"path": "/work/x", "pa\u0074h": "/work/x"}"#), Deny),
    ] {
        let request = PolicyRequest::tool("write").arguments(arguments);
        assert_eq!(verdict(text, &request), expected, "{arguments:?}");
    }
    let request = PolicyRequest::tool("write").arguments(r#"{"a": 1, "a": 1}"#);
    let decision = policy(&text.replace("\"deny\"", "\"ask\"")).decide(&request);
    assert_eq!(decision.verdict(), Deny);
    assert!(decision.reason().contains("a member occurs twice"), "{}", decision.reason());
    // Other tools need no arguments.
    let request = PolicyRequest::tool("read").arguments(r#"{"a": 1, "a": 1}"#);
    assert_eq!(verdict(text, &request), Allow);
}

#[test]
fn a_list_has_what_some_arguments_make_possible() {
    let listed = |text: &str, request: &PolicyRequest<'_>| policy(text).is_listed(request);
    let tool = PolicyRequest::tool("t");
    let rule = |default: &str, verdict: &str, condition: &str| {
        format!("default = \"{default}\"\n[[rule]]\nverdict = \"{verdict}\"\n{condition}")
    };
    let predicate = "arguments = [{ pointer = \"/a\", exists = true }]";
    let rate = "rate = { calls = 1, per = \"1h\" }";
    for (text, expected) in [
        (rule("allow", "deny", "tools = [\"t\"]"), false),
        (rule("allow", "deny", "tools = [\"x\"]"), true),
        (rule("allow", "deny", predicate), true),
        (rule("allow", "deny", rate), true),
        (rule("deny", "allow", predicate), true),
        (rule("deny", "ask", rate), true),
        (rule("deny", "allow", "tools = [\"x\"]"), false),
        (rule("deny", "allow", "scopes = [\"a\"]"), false),
        (rule("ask", "deny", "until = 2000-01-01T00:00:00Z"), true),
        (rule("ask", "deny", "from = 2000-01-01T00:00:00Z"), false),
    ] {
        assert_eq!(listed(&text, &tool), expected, "{text}");
    }
    // A template is listed if one of its resources may be read.
    for (default, verdict, glob, template, expected) in [
        ("allow", "deny", "file:///*", "file:///{path}", false),
        ("allow", "deny", "file:///etc/*", "file:///{path}", true),
        ("allow", "deny", "file:///etc/*", "file:///etc/{+path}", false),
        ("allow", "deny", "*.key", "file:///{name}.key", false),
        ("allow", "deny", "*.key", "file:///{name}.{kind}", true),
        ("deny", "allow", "file:///pub/*", "file:///{path}", true),
        ("deny", "allow", "file:///pub/x", "file:///pub/{path}", true),
        ("deny", "allow", "note://*", "file:///{path}", false),
    ] {
        let text = rule(default, verdict, &format!("resources = [\"{glob}\"]"));
        let template = PolicyRequest::template(template);
        assert_eq!(listed(&text, &template), expected, "{text} {template:?}");
    }
}

#[test]
fn a_decision_names_its_rule_and_reason() {
    let text = "default = \"ask\"\n[[rule]]\nverdict = \"deny\"\ntools = [\"a\"]\n\
                [[rule]]\nname = \"no \\\"b\\\"\"\nreason = \"b is gone\"\nverdict = \"deny\"\ntools = [\"b\"]";
    let policy = policy(text);
    let reason = |tool| policy.decide(&PolicyRequest::tool(tool)).reason();
    assert_eq!(reason("a"), "rule 1 of the user policy");
    assert_eq!(reason("b"), r#"rule "no \"b\"": b is gone"#);
    assert_eq!(reason("c"), "no rule matches, so the default decides");
    let decision = policy.decide(&PolicyRequest::tool("b"));
    let rule = decision.rule().unwrap();
    assert_eq!((rule.file(), rule.number(), rule.name()), ("policy.toml", 2, Some("no \"b\"")));
}
