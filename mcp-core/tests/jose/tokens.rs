//! Tokens, against the examples of the RFCs, tokens that OpenSSL signed, and forgeries.

use mcp_core::jose::{Jwk, Jws, Jwt, SigningAlgorithm, SigningKey, base64url};
use mcp_test_support::keys::{P256, RSA};
use serde_json::json;

use super::keys::{KEYS, public};

/// Signed by `openssl dgst` and `openssl pkeyutl` with the keys of `mcp_test_support::keys`, one
/// token for each algorithm.
const OPENSSL: &str = include_str!("openssl.txt");

#[test]
fn tokens_that_openssl_signed_are_verified() {
    let tokens: Vec<_> = OPENSSL.lines().map(|token| Jwt::parse(token).unwrap()).collect();
    assert_eq!(tokens.len(), SigningAlgorithm::ALL.len());
    for (algorithm, pem) in KEYS {
        let key = public(&SigningKey::from_pem(algorithm, pem).unwrap());
        for token in &tokens {
            let verified = token.verify(&SigningAlgorithm::ALL, &key);
            let is_for_key = key.permits(token.jws().algorithm());
            assert_eq!(verified.is_ok(), is_for_key, "{algorithm}: {token:?}: {verified:?}");
            assert_eq!(token.claims()["sub"], "ada");
            // The recipient decides which algorithms it accepts.
            let of_key = token.verify(&[algorithm], &key);
            assert_eq!(of_key.is_ok(), token.jws().algorithm() == algorithm);
        }
    }
}

#[test]
fn the_examples_of_the_rfcs_are_verified() {
    for (key, token) in [
        // RFC 7515, appendix A.2.
        (
            r#"{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}"#,
            "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
        ),
        // RFC 7515, appendix A.3.
        (
            r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
            "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        ),
        // RFC 8037, appendix A.4.
        (
            r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
        ),
    ] {
        let token = Jws::parse(token).unwrap();
        token.verify(&SigningAlgorithm::ALL, &Jwk::parse(key).unwrap()).unwrap();
    }
}

#[test]
fn every_changed_byte_is_noticed() {
    let random = &mut mcp_test_support::Random::new(1);
    for token in OPENSSL.lines() {
        let algorithm = Jws::parse(token).unwrap().algorithm();
        let (_, pem) = KEYS.into_iter().find(|(key, _)| *key == algorithm).unwrap();
        let key = public(&SigningKey::from_pem(algorithm, pem).unwrap());
        for _ in 0..100 {
            let mut changed = token.as_bytes().to_vec();
            let at = random.below(changed.len());
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            let verified =
                Jws::parse(&changed).and_then(|token| token.verify(&SigningAlgorithm::ALL, &key));
            assert!(verified.is_err(), "{changed}");
        }
    }
}

/// A token with a header as text, signed correctly.
fn token(header: &str, claims: &str) -> String {
    let key = SigningKey::from_pem(SigningAlgorithm::Es256, P256).unwrap();
    let message = format!("{}.{}", base64url(header.as_bytes()), base64url(claims.as_bytes()));
    let signature = base64url(&key.sign(message.as_bytes()).unwrap());
    format!("{message}.{signature}")
}

#[test]
fn headers_are_read_strictly() {
    for (header, reason) in [
        (r#"{"alg":"none"}"#, "unknown signing algorithm \"none\""),
        (r#"{"alg":"HS256"}"#, "unknown signing algorithm \"HS256\""),
        (r#"{"alg":""}"#, "unknown signing algorithm"),
        (r#"{"alg":null}"#, "has no \"alg\""),
        (r#"{"alg":["ES256"]}"#, "has no \"alg\""),
        (r#"{}"#, "has no \"alg\""),
        (r#"{"alg":"ES256","alg":"ES256"}"#, "has a member twice"),
        (r#"{"alg":"ES256","x":{"a":1,"a":1}}"#, "has a member twice"),
        (r#"{"alg":"ES256","crit":["exp"],"exp":1}"#, "has \"crit\""),
        (r#"{"alg":"ES256","crit":[]}"#, "has \"crit\""),
        (r#"{"alg":"ES256","b64":false}"#, "has \"b64\""),
        (r#"{"alg":"ES256","b64":true}"#, "has \"b64\""),
        (r#"{"alg":"ES256","enc":"A128GCM"}"#, "has \"enc\""),
        (r#"{"alg":"ES256","zip":"DEF"}"#, "has \"zip\""),
        (r#"{"alg":"ES256","kid":1}"#, "\"kid\" in the header of the token is not a string"),
        (r#"{"alg":"ES256","typ":["JWT"]}"#, "\"typ\" in the header of the token is not a string"),
        (r#"["ES256"]"#, "is not a JSON object"),
        ("", "is not JSON"),
        ("{\"alg\":\"ES256\"}x", "is not JSON"),
        ("\u{feff}{\"alg\":\"ES256\"}", "is not JSON"),
    ] {
        let error = Jws::parse(&token(header, "{}")).unwrap_err().to_string();
        assert!(error.contains(reason), "{header}: {error}");
    }
    let nested = format!(r#"{{"alg":"ES256","x":{}{}}}"#, "[".repeat(1_000), "]".repeat(1_000));
    let error = Jws::parse(&token(&nested, "{}")).unwrap_err().to_string();
    assert!(error.contains("nested deeper than 16 levels"), "{error}");
}

#[test]
fn claims_are_an_object_without_doubled_members() {
    for (claims, reason) in [
        (r#"{"iss":"a","iss":"b"}"#, "has a member twice"),
        (r#"{"cnf":{"jkt":"a","jkt":"b"}}"#, "has a member twice"),
        (r#"{"iss":"a","i\u0073s":"b"}"#, "has a member twice"),
        ("[]", "is not a JSON object"),
        ("Example of Ed25519 signing", "is not JSON"),
        ("", "is not JSON"),
        (r#"{"$serde_json::private::Number":"1"}"#, "reserved"),
    ] {
        let text = token(r#"{"alg":"ES256"}"#, claims);
        assert!(Jws::parse(&text).is_ok());
        let error = Jwt::parse(&text).unwrap_err().to_string();
        assert!(error.contains(reason), "{claims}: {error}");
    }
}

#[test]
fn only_the_compact_form_is_read_and_its_length_is_bounded() {
    let good = token(r#"{"alg":"ES256"}"#, "{}");
    let parts: Vec<_> = good.split('.').collect();
    let (header, payload, signature) = (parts[0], parts[1], parts[2]);
    for (text, reason) in [
        (String::new(), "three parts"),
        ("opaque".to_owned(), "three parts"),
        (format!("{header}.{payload}"), "three parts"),
        (format!("{good}.{signature}"), "three parts"),
        (format!("{good}.a.b"), "three parts"),
        (format!(" {good}"), "the header of the token is not base64url"),
        (format!("{good} "), "the signature of the token is not base64url"),
        (format!("{header}=.{payload}.{signature}"), "the header of the token is not base64url"),
        (format!("{header}.{payload}==.{signature}"), "the payload of the token is not base64url"),
        (format!("{header}.{payload}.{signature}="), "the signature of the token is not base64url"),
        (format!("{header}.{payload}.+/+/"), "the signature of the token is not base64url"),
        (json!({"payload": payload, "protected": header}).to_string(), "three parts"),
        ("..".to_owned(), "the header of the token is not JSON"),
    ] {
        let error = Jws::parse(&text).unwrap_err().to_string();
        assert!(error.contains(reason), "{text}: {error}");
    }
    let key = public(&SigningKey::from_pem(SigningAlgorithm::Es256, P256).unwrap());
    for signature in ["", "AAAA", &signature[..84], &format!("{signature}AAAA")] {
        let text = format!("{header}.{payload}.{signature}");
        let error = Jws::parse(&text).unwrap().verify(&SigningAlgorithm::ALL, &key).unwrap_err();
        assert_eq!(error.to_string(), "the signature of the token is not one of its key");
    }
    // Header, dots and signature have 109 bytes; four thirds of the claims are the rest.
    let long = |length: usize| token(r#"{"alg":"ES256"}"#, &format!("{{}}{}", " ".repeat(length)));
    let fits = long((16_384 - long(1).len()) / 4 * 3);
    assert!((16_380..=16_384).contains(&fits.len()) && Jwt::parse(&fits).is_ok(), "{}", fits.len());
    let error = Jwt::parse(&long(16_384)).unwrap_err().to_string();
    assert!(error.ends_with("bytes, more than 16384"), "{error}");
}

#[test]
fn a_key_in_the_header_is_never_used() {
    let foreign = SigningKey::generate().unwrap();
    let header = foreign.jwt_header("at+jwt", true);
    let token = foreign.sign_jwt(&header, &json!({"sub": "ada"})).unwrap();
    let token = Jwt::parse(&token).unwrap();
    let key = public(&SigningKey::from_pem(SigningAlgorithm::Es256, P256).unwrap());
    assert!(token.verify(&SigningAlgorithm::ALL, &key).is_err());
    let rsa = public(&SigningKey::from_pem(SigningAlgorithm::Rs256, RSA).unwrap());
    let error = token.verify(&SigningAlgorithm::ALL, &rsa).unwrap_err().to_string();
    assert_eq!(error, "the key is not for the algorithm ES256 of the token");
    let error = token.verify(&[SigningAlgorithm::Rs256], &key).unwrap_err().to_string();
    assert_eq!(error, "the algorithm ES256 of the token is not allowed");
}
