//! The list of targets.

use super::{
    challenge, decode, elicitation, header_params, header_value, json, jwk_set, jwt, line,
    peer_text, scan, sealed_state, skill_file, sse, uri_template, wire, written_json,
};

/// A fuzz target.
#[derive(Debug)]
#[non_exhaustive]
pub struct Target {
    /// The name of the target, of its folder in `fuzz/seeds` and of its program in
    /// `fuzz/fuzz_targets`.
    pub name: &'static str,
    /// Runs the target on one input. Panics if an invariant does not hold.
    pub run: fn(&[u8]),
    /// Folders with further seeds, from the root of the repository.
    pub extra_seeds: &'static [&'static str],
    /// Lists of text that mutations insert.
    pub dictionary: &'static [&'static [&'static str]],
    /// Number of mutations in the test.
    pub test_executions: u64,
}

const PUNCTUATION: &[&str] = &["{", "}", "[", "]", ",", ":"];

/// Parts of strings, literals and white space.
const TOKENS: &[&str] = &[
    "\"",
    "\\",
    "\\u",
    "\\ud800",
    "\\udc00",
    "\\\"",
    "null",
    "true",
    "0",
    "-",
    "1e9",
    ".0",
    " ",
    "\t",
    "\r",
    "\0",
    "\u{feff}",
    "é",
    "9223372036854775808",
];

const VALUES: &[&str] =
    &["-0", "1e400", "\n", "\u{1f600}", "9007199254740993", "[]", "{}", "\"a\":1,", "\"\":"];

const MEMBERS: &[&str] = &[
    "\"id\":1,",
    "\"id\":\"1\",",
    "\"method\":\"m\",",
    "\"jsonrpc\":\"2.0\",",
    "\"result\":{},",
    "\"params\":[],",
    "\"params\":{},",
    "\"error\":{\"code\":1,\"message\":\"\"},",
    "i\\u0064",
    "n\\u0061me",
    "\"_meta\":{},",
    "\"_meta\":null,",
    "\"name\":\"a\",",
    "\"arguments\":{\"a\":[1,[]]},",
    "\"inputResponses\":{},",
    "\"progressToken\":1,",
    "\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\",",
    "\"io.modelcontextprotocol/clientCapabilities\":{},",
    "\"2.0\"",
    "\"1.0\"",
];

const EVENTS: &[&str] = &[
    "data: ",
    "data",
    "event: ",
    "id: ",
    "retry: ",
    ": ",
    ":",
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    "\u{feff}",
    "\0",
    "18446744073709551616",
];

const SCHEMAS: &[&str] = &[
    "\"x-mcp-header\":\"A\",",
    "\"x-mcp-header\":1,",
    "\"type\":\"string\",",
    "\"type\":\"integer\",",
    "\"type\":[\"string\"],",
    "\"properties\":{",
    "\"items\":",
    "\"anyOf\":[",
    "\"$defs\":{",
    "\"const\":{",
    "\"not\":",
    "\"a\":",
];

const FORMS: &[&str] = &[
    "\"type\":\"string\",",
    "\"type\":\"integer\",",
    "\"type\":\"array\",",
    "\"enum\":[\"a\"],",
    "\"format\":\"date\",",
    "\"format\":\"date-time\",",
    "\"format\":\"email\",",
    "\"format\":\"uri\",",
    "\"minLength\":1,",
    "\"maximum\":1e308,",
    "\"default\":1.5,",
    "\"required\":[\"a\"]",
    "2024-02-29",
    "T24:00:00Z",
    "+01:00",
    "@",
    "1.0",
];

const YAML: &[&str] = &[
    "---\n",
    "\n",
    "- ",
    "? ",
    ": ",
    "|\n  ",
    ">-\n  ",
    "&a ",
    "*a",
    "!!str ",
    "!!int ",
    "'",
    "\"",
    "\\",
    "\\x41",
    "\\U0001F600",
    "# ",
    "0x1F",
    "0o7",
    ".inf",
    "1e400",
    "~",
    "%YAML 1.2\n",
    "\t",
    "\u{feff}",
    "\u{85}",
    "é",
];

const URIS: &[&str] = &[
    "{a}", "{+a}", "{b}", "{+b}", "{", "}", "/", "\\", "..", ".", "%2e", "%2F", "%5c", "%00", "%",
    "://", "?", "#", "\n", "é", "\0",
];

const KEYS: &[&str] = &[
    "\"kty\":\"RSA\",",
    "\"kty\":\"EC\",\"crv\":\"P-256\",",
    "\"kty\":\"OKP\",\"crv\":\"Ed25519\",",
    "\"kty\":\"oct\",\"k\":\"AAAA\",",
    "\"use\":\"sig\",",
    "\"key_ops\":[\"verify\"],",
    "\"alg\":\"RS256\",",
    "\"kid\":\"a\",",
    "\"d\":\"AQAB\",",
    "\"e\":\"AQAB\",",
    "\"keys\":[],",
    "AAAA",
    "-_",
    "=",
];

/// All targets.
pub const TARGETS: &[Target] = &[
    Target {
        name: "decode",
        run: decode::run,
        extra_seeds: &[],
        dictionary: &[PUNCTUATION, TOKENS, MEMBERS],
        test_executions: 200_000,
    },
    Target {
        name: "scan",
        run: scan::run,
        extra_seeds: &[],
        dictionary: &[PUNCTUATION, TOKENS, VALUES],
        test_executions: 100_000,
    },
    Target {
        name: "json",
        run: json::run,
        extra_seeds: &[],
        dictionary: &[PUNCTUATION, TOKENS, VALUES],
        test_executions: 30_000,
    },
    Target {
        name: "written_json",
        run: written_json::run,
        extra_seeds: &[],
        dictionary: &[PUNCTUATION, TOKENS, VALUES, &["\n", "\t", "\0", "\\", "\u{7f}", "é"]],
        test_executions: 30_000,
    },
    Target {
        name: "line",
        run: line::run,
        extra_seeds: &[],
        dictionary: &[&["\n", "\r\n", "\r", "\u{feff}", " ", "x", "\0"]],
        test_executions: 20_000,
    },
    Target {
        name: "sse",
        run: sse::run,
        extra_seeds: &[],
        dictionary: &[EVENTS],
        test_executions: 10_000,
    },
    Target {
        name: "challenge",
        run: challenge::run,
        extra_seeds: &[],
        dictionary: &[&[
            "Bearer ", "Basic ", "=", "\"", "\\", ",", " ", "realm=\"", "scope=", "==",
        ]],
        test_executions: 30_000,
    },
    Target {
        name: "header_value",
        run: header_value::run,
        extra_seeds: &[],
        dictionary: &[&["=?base64?", "?=", "=", " ", "\t", "\r\n", "é", "S8O2bG4=", "1.0", "\0"]],
        test_executions: 50_000,
    },
    Target {
        name: "header_params",
        run: header_params::run,
        extra_seeds: &[],
        dictionary: &[PUNCTUATION, SCHEMAS],
        test_executions: 20_000,
    },
    Target {
        name: "wire",
        run: wire::run,
        extra_seeds: &["mcp-core/tests/specification/2026-07-28/examples"],
        dictionary: &[PUNCTUATION, TOKENS, VALUES],
        test_executions: 2_000,
    },
    Target {
        name: "elicitation",
        run: elicitation::run,
        extra_seeds: &[],
        dictionary: &[PUNCTUATION, FORMS],
        test_executions: 10_000,
    },
    Target {
        name: "peer_text",
        run: peer_text::run,
        extra_seeds: &[],
        dictionary: &[&["\n", "\u{1b}[2J", "\u{202e}", "\u{feff}", "\u{e0041}", "é", "\0"]],
        test_executions: 20_000,
    },
    Target {
        name: "skill_file",
        run: skill_file::run,
        extra_seeds: &[],
        dictionary: &[PUNCTUATION, YAML],
        test_executions: 20_000,
    },
    Target {
        name: "jwt",
        run: jwt::run,
        extra_seeds: &[],
        dictionary: &[&[".", "..", "eyJ", "e30", "A", "_", "-", "=", "+", "/", "é", "\0"]],
        test_executions: 50_000,
    },
    Target {
        name: "jwk_set",
        run: jwk_set::run,
        extra_seeds: &[],
        dictionary: &[PUNCTUATION, TOKENS, KEYS],
        test_executions: 20_000,
    },
    Target {
        name: "uri_template",
        run: uri_template::run,
        extra_seeds: &[],
        dictionary: &[URIS],
        test_executions: 50_000,
    },
    Target {
        name: "sealed_state",
        run: sealed_state::run,
        extra_seeds: &[],
        dictionary: &[&["A", "_", "-", "=", "+", "/", "é", "\0"]],
        test_executions: 2_000,
    },
];

/// Returns the target with this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
