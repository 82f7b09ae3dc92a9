//! Private keys in PEM form. Spec: RFC 7468.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What the label of a key says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyForm {
    /// PKCS #8, of any algorithm.
    Pkcs8,
    /// PKCS #1, RSA only.
    Pkcs1,
    /// SEC 1, elliptic curves only.
    Sec1,
}

const LABELS: [(&str, KeyForm); 3] = [
    ("PRIVATE KEY", KeyForm::Pkcs8),
    ("RSA PRIVATE KEY", KeyForm::Pkcs1),
    ("EC PRIVATE KEY", KeyForm::Sec1),
];

/// Reads the first private key of a text. Other sections, such as certificates and the parameters
/// of a curve, are skipped. `None` if there is none, or if it is not base64 or has a password.
pub(super) fn read_private_key(text: &str) -> Option<(KeyForm, Vec<u8>)> {
    let mut lines = text.lines().map(str::trim);
    let form = lines.find_map(|line| {
        let label = line.strip_prefix("-----BEGIN ")?.strip_suffix("-----")?;
        LABELS.iter().find(|(known, _)| *known == label)
    });
    let (label, form) = form?;
    let end = format!("-----END {label}-----");
    let mut base64 = String::new();
    for line in lines {
        if line == end {
            return Some((*form, STANDARD.decode(base64).ok()?));
        }
        base64.push_str(line);
    }
    None
}

/// Writes a key in PKCS #8 form.
pub(super) fn write_pkcs8(pkcs8: &[u8]) -> String {
    let base64 = STANDARD.encode(pkcs8);
    let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    pem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_private_key_is_read() {
        let key = write_pkcs8(b"key");
        let before =
            "A comment\n-----BEGIN EC PARAMETERS-----\nBggq\n-----END EC PARAMETERS-----\n";
        for text in [key.clone(), format!("{before}{key}"), key.replace('\n', "\r\n")] {
            assert_eq!(read_private_key(&text), Some((KeyForm::Pkcs8, b"key".to_vec())));
        }
        let long = write_pkcs8(&[7; 100]);
        assert_eq!(read_private_key(&long), Some((KeyForm::Pkcs8, vec![7; 100])));
        let sec1 = key.replace("PRIVATE", "EC PRIVATE");
        assert_eq!(read_private_key(&sec1), Some((KeyForm::Sec1, b"key".to_vec())));
    }

    #[test]
    fn everything_else_is_no_key() {
        let encrypted = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n\
                         -----END RSA PRIVATE KEY-----\n";
        let cut = "-----BEGIN PRIVATE KEY-----\nAAAA\n";
        let mixed = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n";
        for text in ["", "AAAA", encrypted, cut, mixed, "-----BEGIN CERTIFICATE-----\nAAAA\n"] {
            assert_eq!(read_private_key(text), None, "{text}");
        }
    }
}
