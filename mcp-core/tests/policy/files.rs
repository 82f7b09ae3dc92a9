//! Errors of files.

use mcp_core::policy::Policy;

/// A file, the place of its error and the key, and what the message says.
const WRONG: &[(&str, (usize, usize), Option<&str>, &str)] = &[
    (
        "defualt = \"ask\"",
        (1, 1),
        Some("defualt"),
        "expected one of `default`, `trusted_servers`, `rule`",
    ),
    ("\ndefault = \"no\"", (2, 11), Some("default"), "expected one of `allow`, `ask`, `deny`"),
    ("[[rule]]\nname = \"x\"", (1, 1), None, "missing field `verdict`"),
    (
        "[[rule]]\nverdict = \"deny\"\ntool = [\"x\"]",
        (3, 1),
        Some("tool"),
        "expected one of `verdict`",
    ),
    ("[[rule]]\nverdict = \"deny\"\ntools = \"x\"", (3, 9), Some("tools"), "expected a sequence"),
    ("[[rule]]\nverdict = \"deny\"\ntools = []", (3, 9), Some("tools"), "matches nothing"),
    (
        "[[rule]]\nverdict = \"deny\"\ntools = [\"a\", \"\\\\b\"]",
        (3, 15),
        Some("tools"),
        "a backslash stands before",
    ),
    (
        "[[rule]]\nverdict = \"deny\"\nrate = { calls = 0, per = \"1m\" }",
        (3, 18),
        Some("calls"),
        "at least 1",
    ),
    (
        "[[rule]]\nverdict = \"deny\"\nrate = { calls = 1, per = \"1w\" }",
        (3, 27),
        Some("per"),
        "expected a text like \"30s\"",
    ),
    (
        "[[rule]]\nverdict = \"deny\"\nrate = { calls = 1 }",
        (3, 8),
        Some("rate"),
        "missing field `per`",
    ),
    (
        "[[rule]]\nverdict = \"deny\"\nhours = \"9-17\"",
        (3, 9),
        Some("hours"),
        "expected a text like \"09:00-17:30\"",
    ),
    (
        "[[rule]]\nverdict = \"deny\"\nutc_offset = \"CET\"",
        (3, 14),
        Some("utc_offset"),
        "like \"+02:00\"",
    ),
    (
        "[[rule]]\nverdict = \"deny\"\nweekdays = [\"monday\"]",
        (3, 13),
        Some("weekdays"),
        "expected one of mon",
    ),
    ("[[rule]]\nverdict = \"deny\"\nfrom = 2026-01-01", (3, 8), Some("from"), "with an offset"),
    (
        "[[rule]]\nverdict = \"deny\"\nannotations = { readOnly = true }",
        (3, 17),
        Some("readOnly"),
        "expected one of `read_only`",
    ),
    (
        "[[rule]]\nverdict = \"deny\"\narguments = [{ pointer = \"a\", exists = true }]",
        (3, 26),
        Some("pointer"),
        "does not begin with `/`",
    ),
    (
        "[[rule]]\nverdict = \"deny\"\narguments = [{ pointer = \"/a\" }]",
        (3, 14),
        Some("arguments"),
        "expected one test",
    ),
    (
        "[[rule]]\nverdict = \"deny\"\narguments = [{ pointer = \"/a\", prefix = \"\", exists = true }]",
        (3, 14),
        Some("arguments"),
        "expected one test",
    ),
    (
        "[[rule]]\nverdict = \"deny\"\narguments = [{ pointer = \"/a\", min = \"1\" }]",
        (3, 38),
        Some("min"),
        "no number",
    ),
    (
        "[[rule]]\nverdict = \"deny\"\narguments = [{ pointer = \"/a\", equals = 2026-01-01 }]",
        (3, 41),
        Some("equals"),
        "no date-times",
    ),
    ("default = ", (1, 11), Some("default"), ""),
];

#[test]
fn an_error_names_the_line_the_column_the_key_and_what_is_allowed() {
    for (text, place, key, message) in WRONG {
        let error = Policy::parse("p.toml", text).unwrap_err();
        let shown = error.to_string();
        assert_eq!((error.line(), error.column()), *place, "{text}\n{shown}");
        assert_eq!(error.key(), *key, "{text}\n{shown}");
        assert!(shown.contains(message), "{text}\n{shown}");
        assert!(shown.starts_with(&format!("p.toml:{}:{}: ", place.0, place.1)), "{shown}");
    }
}

#[test]
fn every_key_is_accepted() {
    let text = r#"
        default = "ask"
        trusted_servers = ["files"]

        [[rule]]
        name = "all"
        reason = "because"
        verdict = "deny"
        principals = ["*"]
        servers = ["*"]
        methods = ["tools/call"]
        tools = ["*"]
        prompts = ["*"]
        resources = ["*"]
        annotations = { read_only = true, destructive = false, idempotent = true, open_world = false }
        scopes = ["a"]
        without_scopes = ["b"]
        rate = { calls = 10, per = "1m" }
        weekdays = ["mon", "tue"]
        hours = "22:00-06:00"
        utc_offset = "-03:30"
        from = 2026-01-01T00:00:00Z
        until = 2027-01-01T00:00:00+01:00

        [[rule.arguments]]
        pointer = "/a"
        equals = { x = [1, 2.5, true, "s"] }

        [[rule.arguments]]
        pointer = "/b"
        glob = "x*"
        not = true

        [[rule.arguments]]
        pointer = "/c"
        min = 1
        max = 2.5
    "#;
    Policy::parse("p.toml", text).unwrap();
}
