//! The question to the user.

use super::decision::Decision;
use super::request::{PolicyRequest, Subject};
use crate::text::PeerText;

/// Maximum length of a name in a question, in characters. Fixed: the maximum of a tool's name.
const MAX_NAME_CHARS: usize = 128;

/// Maximum length of the arguments in a question, in characters. Fixed: nobody reads more.
const MAX_ARGUMENTS_CHARS: usize = 1_000;

/// Returns the question whether a call is allowed. It names the tool and the arguments: escaped,
/// cut to a length that people can read, and with the full length of arguments that were cut.
#[must_use]
pub fn question(request: &PolicyRequest<'_>, decision: &Decision) -> String {
    let name = |name| PeerText::with_max(name, MAX_NAME_CHARS);
    let mut text = match request.subject() {
        Subject::Tool(tool) => format!("Allow a call of the tool `{}`", name(tool)),
        Subject::Prompt(prompt) => format!("Allow the use of the prompt `{}`", name(prompt)),
        Subject::Resource(uri) => format!("Allow reading the resource `{}`", name(uri)),
        Subject::Template(_) | Subject::None => format!("Allow `{}`", name(request.method())),
    };
    if let Some(arguments) = request.arguments_text() {
        let shown = PeerText::with_max(arguments, MAX_ARGUMENTS_CHARS);
        text.push_str(&format!(" with the arguments {shown}"));
        if arguments.chars().count() > MAX_ARGUMENTS_CHARS {
            text.push_str(&format!(" (cut; they have {} bytes)", arguments.len()));
        }
    }
    text.push_str(&format!("? ({})", PeerText::with_max(&decision.reason(), MAX_ARGUMENTS_CHARS)));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Verdict;

    #[test]
    fn a_question_is_bounded_and_escaped() {
        let arguments = format!("{{\"a\":\"\u{202e}\u{1b}[2J\n{}\"}}", "x".repeat(100_000));
        let tool = "t".repeat(1_000);
        let request = PolicyRequest::tool(&tool).arguments(&*arguments);
        let text = question(&request, &Decision::new(Verdict::Ask, "because"));
        assert!(text.len() < 2_000, "{}", text.len());
        assert!(!text.contains(['\u{202e}', '\u{1b}', '\n']), "{text}");
        assert!(text.contains("they have 100016 bytes") && text.ends_with("? (because)"), "{text}");
        let request = PolicyRequest::tool("add").arguments(r#"{"a":1}"#);
        assert_eq!(
            question(&request, &Decision::new(Verdict::Ask, "why")),
            r#"Allow a call of the tool `add` with the arguments {"a":1}? (why)"#
        );
    }
}
