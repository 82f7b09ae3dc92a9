//! The configuration files of hosts: what is read of them, and what is wrong with others. The
//! fixtures have the form that the documentation of each host shows.

use mcp_client::config::{ConfigErrorKind, ConfigLimits, HostConfig, ServerKind};

fn read(text: &str) -> HostConfig {
    HostConfig::parse(text).unwrap()
}

/// The names in the file and in the group, the kind, and whether it is started.
fn servers(config: &HostConfig) -> Vec<(&str, &str, ServerKind, bool)> {
    let servers = config.servers().iter();
    servers.map(|it| (it.name(), it.group_name(), it.kind(), !it.is_disabled())).collect()
}

fn ignored(config: &HostConfig) -> Vec<&str> {
    config.ignored().iter().map(|ignored| ignored.pointer.as_str()).collect()
}

#[test]
fn the_file_of_each_host_is_read() {
    use ServerKind::{Command, Url};
    type Servers = &'static [(&'static str, &'static str, ServerKind, bool)];
    let table: [(&str, &str, Servers, &[&str]); 8] = [
        (
            "Claude Desktop",
            include_str!("config/claude-desktop.json"),
            &[("filesystem", "filesystem", Command, true), ("My Notes", "My-Notes", Command, true)],
            &["/globalShortcut"],
        ),
        (
            "Claude Code",
            include_str!("config/claude-code.json"),
            &[
                ("api", "api", Url, true),
                ("events", "events", Url, true),
                ("local", "local", Command, true),
            ],
            &[],
        ),
        (
            "Cursor",
            include_str!("config/cursor.json"),
            &[("local", "local", Command, true), ("remote", "remote", Url, true)],
            &["/mcpServers/local/envFile"],
        ),
        (
            "Gemini CLI",
            include_str!("config/gemini.json"),
            &[
                ("local", "local", Command, true),
                ("streamable", "streamable", Url, true),
                ("sse", "sse", Url, true),
            ],
            &[
                "/theme",
                "/mcpServers/local/timeout",
                "/mcpServers/local/trust",
                "/mcpServers/local/includeTools",
            ],
        ),
        (
            "Windsurf",
            include_str!("config/windsurf.json"),
            &[("remote", "remote", Url, false)],
            &[],
        ),
        (
            "Cline",
            include_str!("config/cline.json"),
            &[("remote", "remote", Url, true), ("old", "old", Command, false)],
            &["/mcpServers/remote/autoApprove", "/mcpServers/remote/timeout"],
        ),
        (
            "VS Code",
            include_str!("config/vscode.json"),
            &[("api", "api", Url, true), ("local", "local", Command, true)],
            &["/servers/local/dev"],
        ),
        (
            "the settings of VS Code",
            include_str!("config/vscode-settings.json"),
            &[("local", "local", Command, true)],
            &["/editor.tabSize"],
        ),
    ];
    for (host, text, expected, expected_ignored) in table {
        let config = read(text);
        assert_eq!(servers(&config), expected, "{host}");
        assert_eq!(ignored(&config), expected_ignored, "{host}");
    }
    let config = read(include_str!("config/vscode.json"));
    let [token, stage] = config.inputs() else { panic!("{:?}", config.inputs()) };
    assert_eq!((token.id.as_str(), token.is_password), ("token", true));
    assert_eq!(token.to_string(), "The token of the API");
    assert_eq!((stage.options.len(), stage.default.as_deref()), (2, Some("test")));
    assert_eq!(config.servers()[0].pointer(), "/servers/api");
}

#[test]
fn what_has_no_meaning_is_kept_and_not_shown() {
    let config = read(r#"{"mcpServers": {"a/b~": {"command": "x", "secret/~": {"k": "CANARY"}}}}"#);
    let [ignored] = config.ignored() else { panic!("{:?}", config.ignored()) };
    assert_eq!(ignored.pointer, "/mcpServers/a~1b~0/secret~1~0");
    assert_eq!(ignored.value["k"], "CANARY");
    assert!(!format!("{ignored:?} {ignored}").contains("CANARY"));
}

#[test]
fn secrets_are_not_shown() {
    for text in [
        include_str!("config/claude-desktop.json"),
        r#"{"mcpServers": {"a": {"command": "x", "args": ["--token=CANARY"]}}}"#,
        r#"{"mcpServers": {"a": {"url": "https://x/?t=CANARY", "headers": {"K": "CANARY"}}}}"#,
        r#"{"servers": {}, "inputs": [{"id": "a", "type": "promptString", "password": true,
            "default": "CANARY", "options": ["CANARY"]}]}"#,
    ] {
        assert!(text.contains("CANARY"));
        let config = read(text);
        assert!(!format!("{config:?}").contains("CANARY"), "{config:?}");
    }
}

#[test]
fn a_mistake_is_reported_with_its_place_and_its_remedy() {
    use ConfigErrorKind::{Form, Syntax};
    for (text, kind, pointer, expected) in [
        ("{\"mcpServers\": CANARY}", Syntax, "", "not JSON (line 1, column 16)"),
        ("[]", Form, "", "not a JSON object"),
        ("{}", Form, "", "name them in \"mcpServers\""),
        (r#"{"mcpServers": {}, "servers": {}}"#, Form, "", "keep one of them"),
        (r#"{"mcpServers": []}"#, Form, "/mcpServers", "not an object"),
        (r#"{"mcpServers": {"a": "x"}}"#, Form, "/mcpServers/a", "not an object; write"),
        (r#"{"mcpServers": {"a": {}}}"#, Form, "/mcpServers/a", "neither \"command\" nor \"url\""),
        (
            r#"{"mcpServers": {"a": {"command": "x", "url": "y"}}}"#,
            Form,
            "/mcpServers/a",
            "keep one of them",
        ),
        (
            r#"{"mcpServers": {"a": {"command": ""}}}"#,
            Form,
            "/mcpServers/a/command",
            "not a text with at least one character",
        ),
        (
            r#"{"mcpServers": {"a": {"command": "x", "args": "CANARY"}}}"#,
            Form,
            "/mcpServers/a/args",
            "write [\"ONE\", \"TWO\"]",
        ),
        (
            r#"{"mcpServers": {"a": {"command": "x", "args": ["y", 8080]}}}"#,
            Form,
            "/mcpServers/a/args/1",
            "quote it",
        ),
        (
            r#"{"mcpServers": {"a": {"command": "x", "env": {"K": ["CANARY"]}}}}"#,
            Form,
            "/mcpServers/a/env/K",
            "quote it",
        ),
        (
            r#"{"mcpServers": {"a": {"command": "x", "disabled": "yes"}}}"#,
            Form,
            "/mcpServers/a/disabled",
            "true or false",
        ),
        (
            r#"{"mcpServers": {"a": {"url": "x", "type": "ws"}}}"#,
            Form,
            "/mcpServers/a/type",
            "use \"stdio\", \"http\" or \"sse\"",
        ),
        (
            r#"{"mcpServers": {"a": {"url": "x", "type": "stdio"}}}"#,
            Form,
            "/mcpServers/a/type",
            "does not fit the member \"url\"",
        ),
        (
            r#"{"servers": {}, "inputs": [{"type": "promptString"}]}"#,
            Form,
            "/inputs/0",
            "no text \"id\"",
        ),
    ] {
        let error = HostConfig::parse(text).unwrap_err();
        assert_eq!((error.kind(), error.pointer()), (kind, pointer), "{text}");
        let shown = error.to_string();
        assert!(shown.contains(expected) && shown.starts_with(pointer), "{shown}");
        assert!(!format!("{shown} {error:?}").contains("CANARY"), "{error:?}");
        assert_eq!(error.server(), pointer.starts_with("/mcpServers/a").then_some("a"), "{text}");
    }
}

#[test]
fn a_file_is_as_long_as_the_limit_at_most_and_must_be_there() {
    let text = r#"{"mcpServers": {}}"#;
    let mut limits = ConfigLimits::new();
    limits.max_file_bytes = text.len();
    assert!(HostConfig::parse_with_limits(text, limits.clone()).is_ok());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mcp.json");
    std::fs::write(&path, format!("\u{feff}{text}")).unwrap();
    assert!(HostConfig::read(&path).unwrap().servers().is_empty());
    let error = HostConfig::read_with_limits(&path, limits).unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::Limit);
    assert!(error.to_string().contains("ConfigLimits::max_file_bytes"), "{error}");

    let error = HostConfig::read(folder.path().join("none.json")).unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::Unreadable);
    assert!(error.to_string().contains("none.json"), "{error}");
}

#[test]
fn a_file_has_only_so_many_servers() {
    let text = r#"{"mcpServers": {"a b": {"command": "x"}, "a/b": {"command": "x"}}}"#;
    let mut limits = ConfigLimits::new();
    limits.max_servers = 2;
    let config = HostConfig::parse_with_limits(text, limits.clone()).unwrap();
    let names: Vec<_> = config.servers().iter().map(|it| it.group_name()).collect();
    assert_eq!(names, ["a-b", "a-b-2"]);
    limits.max_servers = 1;
    let error = HostConfig::parse_with_limits(text, limits).unwrap_err();
    assert_eq!((error.kind(), error.pointer()), (ConfigErrorKind::Limit, "/mcpServers"));
    assert!(error.to_string().contains("`ConfigLimits::max_servers` is 1"), "{error}");
}
