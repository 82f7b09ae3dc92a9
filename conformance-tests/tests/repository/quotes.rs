//! The texts of errors and messages that documents quote are those of the source.

use crate::tree;

/// A document, the part of a text that it quotes, and the file that has the text. The part has none
/// of the values that are inserted.
const QUOTES: &[(&str, &str, &str)] = &[
    (
        "docs/guide/troubleshooting.md",
        "this Host is not served here",
        "mcp-server/src/http/head/security.rs",
    ),
    (
        "docs/guide/troubleshooting.md",
        "pages of this Origin may not call",
        "mcp-server/src/http/head/security.rs",
    ),
    ("docs/guide/troubleshooting.md", "params._meta[\"", "mcp-server/src/call/meta.rs"),
    ("docs/guide/troubleshooting.md", "\"] is required", "mcp-server/src/call/meta.rs"),
    ("docs/guide/troubleshooting.md", "\"internal error\"", "mcp-core/src/jsonrpc/error.rs"),
    ("docs/guide/troubleshooting.md", "\"correlationId\"", "mcp-core/src/jsonrpc/error.rs"),
    (
        "docs/guide/troubleshooting.md",
        "a prompt or resource",
        "mcp-server/src/macro_support/reply.rs",
    ),
    ("docs/guide/troubleshooting.md", "failed", "mcp-server/src/error.rs"),
    (
        "docs/guide/troubleshooting.md",
        "borrowed data escapes outside of function",
        "compile-tests/refused/attributes/context_in_a_spawned_task.stderr",
    ),
    (
        "docs/guide/troubleshooting.md",
        "argument requires that `'1` must outlive `'static`",
        "compile-tests/refused/attributes/context_in_a_spawned_task.stderr",
    ),
    ("docs/guide/http.md", "listens on", "mcp-server/src/http/listener/serve.rs"),
    ("docs/guide/http.md", "(Ctrl+C stops it)", "mcp-server/src/http/listener/serve.rs"),
    (
        "docs/guide/http.md",
        "because other machines can reach it there and no host names are allowed: listen on 127.0.0.1:",
        "mcp-server/src/error.rs",
    ),
    ("docs/guide/http.md", "the server does not listen on", "mcp-server/src/error.rs"),
    (
        "docs/guide/http.md",
        "or serve with Server::serve_http_with and call HttpOptions::allow_host with each name that \
         clients use,",
        "mcp-server/src/error.rs",
    ),
    (
        "docs/guide/errors.md",
        "too many requests at the same time",
        "mcp-core/src/transport/stream/refusal.rs",
    ),
    ("docs/guide/errors.md", "\"retryable\":", "mcp-core/src/transport/stream/refusal.rs"),
    ("docs/guide/errors.md", "internal error", "mcp-core/src/jsonrpc/error.rs"),
    (
        "docs/guide/tools.md",
        ": unknown argument; the tool takes",
        "mcp-server/src/tool/arguments.rs",
    ),
    (
        "docs/guide/tools.md",
        "/city: expected a string, got the integer 1",
        "mcp-server/src/tool/value.rs",
    ),
    ("README.md", "/city: expected a string, got the integer 1", "mcp-server/src/tool/value.rs"),
    ("docs/guide/testing.md", "the structured content of", "mcp-server/src/test/tool_answer.rs"),
    (
        "docs/guide/testing.md",
        "is not as expected (- expected, + actual):",
        "mcp-server/src/test/tool_answer.rs",
    ),
];

/// The text with one space in place of each line break and the spaces around it.
fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text of a Rust file with its strings as they are printed.
fn printed(text: &str) -> String {
    // A backslash at the end of a line removes the line break and the indentation after it.
    let mut joined = String::new();
    for (index, part) in text.split("\\\n").enumerate() {
        joined.push_str(if index == 0 { part } else { part.trim_start() });
    }
    folded(&joined.replace("\\\"", "\""))
}

#[test]
fn quoted_texts_are_those_of_the_source() {
    for (page, quote, source) in QUOTES {
        let quote = folded(quote);
        assert!(folded(&tree::text(page)).contains(&quote), "{page} does not quote {quote:?}");
        let text = printed(&tree::text(source));
        assert!(text.contains(&quote), "{page}: {source} does not have {quote:?}");
    }
}

#[test]
fn a_string_of_several_lines_is_read_as_it_is_printed() {
    let source = "    \"one \\\n     two {0}, \\\"three\\\"\"\n";
    assert_eq!(printed(source), "\"one two {0}, \"three\"\"");
}
