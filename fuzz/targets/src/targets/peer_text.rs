//! `text::PeerText`: what is shown has a limited length and no character that acts on a terminal or
//! a log.

use mcp_core::text::PeerText;

pub(crate) fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for max_chars in [0, 3, 256] {
        let shown = PeerText::with_max(&text, max_chars).to_string();
        assert!(!shown.contains(char::is_control), "{shown:?}");
        assert!(!shown.contains(['\u{202e}', '\u{200b}', '\u{feff}']), "{shown:?}");
        // An escape such as `\u{e0041}` has nine characters.
        assert!(shown.chars().count() <= 10 * max_chars + 1, "{shown:?}");
    }
}
