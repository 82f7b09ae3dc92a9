//! The texts of errors and messages that documents quote are those of the source.

use crate::tree;

/// A document, the sources of what it quotes, and the parts that are quoted, without the values
/// that are inserted.
type Quotes = (&'static str, &'static [(&'static str, &'static [&'static str])]);

const QUOTES: &[Quotes] = &[
    (
        "docs/guide/troubleshooting.md",
        &[
            (
                "mcp-server/src/http/head/security.rs",
                &["this Host is not served here", "pages of this Origin may not call"],
            ),
            ("mcp-server/src/call/meta.rs", &["params._meta[\"", "\"] is required"]),
            ("mcp-core/src/jsonrpc/error.rs", &["\"internal error\"", "\"correlationId\""]),
            ("mcp-server/src/macro_support/reply.rs", &["a prompt or resource"]),
            (
                "compile-tests/refused/attributes/context_in_a_spawned_task.stderr",
                &[
                    "borrowed data escapes outside of function",
                    "argument requires that `'1` must outlive `'static`",
                ],
            ),
        ],
    ),
    (
        "docs/guide/http.md",
        &[
            ("mcp-server/src/http/listener/serve.rs", &["listens on", "(Ctrl+C stops it)"]),
            (
                "mcp-server/src/error.rs",
                &[
                    "because other machines can reach it there and no host names are allowed: listen on 127.0.0.1:",
                    "the server does not listen on",
                    "or serve with Server::serve_http_with and call HttpOptions::allow_host with each name that \
         clients use,",
                ],
            ),
        ],
    ),
    (
        "docs/guide/errors.md",
        &[
            (
                "mcp-core/src/transport/stream/refusal.rs",
                &["too many requests at the same time", "\"retryable\":"],
            ),
            ("mcp-core/src/jsonrpc/error.rs", &["internal error"]),
        ],
    ),
    (
        "docs/guide/tools.md",
        &[
            ("mcp-server/src/tool/arguments.rs", &[": unknown argument; the tool takes"]),
            ("mcp-server/src/tool/value.rs", &["/city: expected a string, got the integer 1"]),
        ],
    ),
    (
        "README.md",
        &[("mcp-server/src/tool/value.rs", &["/city: expected a string, got the integer 1"])],
    ),
    (
        "docs/guide/testing.md",
        &[(
            "mcp-server/src/test/tool_answer.rs",
            &["the structured content of", "is not as expected (- expected, + actual):"],
        )],
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
    for (page, sources) in QUOTES {
        let shown = folded(&tree::text(page));
        for (source, quotes) in *sources {
            let text = printed(&tree::text(source));
            for quote in quotes.iter().map(|quote| folded(quote)) {
                assert!(shown.contains(&quote), "{page} does not quote {quote:?}");
                assert!(text.contains(&quote), "{page}: {source} does not have {quote:?}");
            }
        }
    }
}

#[test]
fn a_string_of_several_lines_is_read_as_it_is_printed() {
    let source = "    \"one \\\n     two {0}, \\\"three\\\"\"\n";
    assert_eq!(printed(source), "\"one two {0}, \"three\"\"");
}
