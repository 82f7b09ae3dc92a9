//! Signatures against the RFCs' examples, and against ring's verification. The keys are made for these tests.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use serde_json::{Value, json};

use super::jws::{SigningAlgorithm, SigningKey, base64url, sha256};

fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

/// Header and claims of a token.
fn open(token: &str) -> (Value, Value) {
    let parts: Vec<_> = token.split('.').collect();
    assert_eq!(parts.len(), 3, "{token}");
    (
        serde_json::from_slice(&decode(parts[0])).unwrap(),
        serde_json::from_slice(&decode(parts[1])).unwrap(),
    )
}

/// Whether a token is signed with the private half of a JWK.
fn verifies(token: &str, jwk: &Value) -> bool {
    let (message, signature) = token.rsplit_once('.').unwrap();
    let signature = decode(signature);
    let member = |name: &str| decode(jwk[name].as_str().unwrap());
    let raw = |algorithm: &'static dyn VerificationAlgorithm, key: Vec<u8>| {
        UnparsedPublicKey::new(algorithm, key).verify(message.as_bytes(), &signature).is_ok()
    };
    let (header, _) = open(token);
    let rsa = |algorithm| {
        RsaPublicKeyComponents { n: member("n"), e: member("e") }
            .verify(algorithm, message.as_bytes(), &signature)
            .is_ok()
    };
    match header["alg"].as_str().unwrap() {
        "ES256" => raw(&ECDSA_P256_SHA256_FIXED, [vec![4], member("x"), member("y")].concat()),
        "ES384" => raw(&ECDSA_P384_SHA384_FIXED, [vec![4], member("x"), member("y")].concat()),
        "EdDSA" => raw(&ED25519, member("x")),
        "RS256" => rsa(&RSA_PKCS1_2048_8192_SHA256),
        "PS256" => rsa(&RSA_PSS_2048_8192_SHA256),
        other => panic!("{other}"),
    }
}

#[test]
fn every_algorithm() {
    for (algorithm, pem) in [
        (SigningAlgorithm::Es256, P256),
        (SigningAlgorithm::Es384, P384),
        (SigningAlgorithm::EdDsa, ED25519_KEY),
        (SigningAlgorithm::Rs256, RSA),
        (SigningAlgorithm::Ps256, RSA),
        (SigningAlgorithm::Rs256, RSA_PKCS1),
    ] {
        assert_eq!(algorithm.as_str().parse::<SigningAlgorithm>().unwrap(), algorithm);
        let key = SigningKey::from_pem(algorithm, pem).unwrap();
        let jwk: Value = serde_json::from_str(key.public_jwk()).unwrap();
        assert!(jwk.get("d").is_none());
        let token = key.sign(&key.header("JWT", false), &json!({"sub": "me"})).unwrap();
        let (header, claims) = open(&token);
        assert_eq!(header, json!({"alg": algorithm.as_str(), "typ": "JWT"}));
        assert_eq!(claims, json!({"sub": "me"}));
        assert!(verifies(&token, &jwk), "{algorithm}");

        let (start, signature) = token.rsplit_once('.').unwrap();
        let forged = format!("{}.e30.{signature}", start.split('.').next().unwrap());
        assert!(!verifies(&forged, &jwk), "{algorithm}");

        let token = key
            .clone()
            .with_id("k1")
            .sign(&key.clone().with_id("k1").header("dpop+jwt", true), &json!({}))
            .unwrap();
        let expected =
            json!({"alg": algorithm.as_str(), "typ": "dpop+jwt", "kid": "k1", "jwk": jwk});
        assert_eq!(open(&token).0, expected);
        assert!(verifies(&token, &jwk));
    }
}

/// RFC 8037, appendix A.
#[test]
fn the_example_of_ed25519() {
    let seed = decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
    let mut pkcs8 = decode("MC4CAQAwBQYDK2VwBCIEIA");
    pkcs8.extend(seed);
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(pkcs8)
    );
    let key = SigningKey::from_pem(SigningAlgorithm::EdDsa, &pem).unwrap();
    assert_eq!(
        key.public_jwk(),
        r#"{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#
    );
    assert_eq!(key.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

/// RFC 7638 §3.1 and RFC 9449 §6.1: their texts of public keys are written as ours are.
#[test]
fn the_examples_of_thumbprints() {
    for (jwk, thumbprint) in [
        (
            r#"{"e":"AQAB","kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"}"#,
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
        ),
        (
            r#"{"crv":"P-256","kty":"EC","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs","y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"}"#,
            "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I",
        ),
    ] {
        assert_eq!(base64url(&sha256(jwk.as_bytes())), thumbprint);
    }
    for (algorithm, pem, members) in [
        (SigningAlgorithm::Es256, P256, &["crv", "kty", "x", "y"][..]),
        (SigningAlgorithm::Es384, P384, &["crv", "kty", "x", "y"]),
        (SigningAlgorithm::Rs256, RSA, &["e", "kty", "n"]),
    ] {
        let key = SigningKey::from_pem(algorithm, pem).unwrap();
        let jwk: serde_json::Map<String, Value> = serde_json::from_str(key.public_jwk()).unwrap();
        assert!(jwk.keys().eq(members), "{jwk:?}");
        assert_eq!(key.thumbprint(), base64url(&sha256(key.public_jwk().as_bytes())));
    }
}

#[test]
fn a_made_key_can_be_kept() {
    let (key, pem) = SigningKey::generate_with_pem().unwrap();
    let again = SigningKey::from_pem(SigningAlgorithm::Es256, pem.expose()).unwrap();
    assert_eq!(key.thumbprint(), again.thumbprint());
    assert_ne!(key.thumbprint(), SigningKey::generate().unwrap().thumbprint());
    assert!(pem.expose().lines().all(|line| line.len() <= 64));
}

#[test]
fn bad_keys_are_refused_with_reasons() {
    for (algorithm, pem, reasons) in [
        (SigningAlgorithm::Es256, "", ["no private key in PEM form", ""]),
        (SigningAlgorithm::Es256, "secret", ["no private key in PEM form", ""]),
        (
            SigningAlgorithm::Es256,
            "-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----\n",
            ["no private key", ""],
        ),
        (
            SigningAlgorithm::Es256,
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            ["for ES256", ""],
        ),
        (SigningAlgorithm::Es256, P256_SEC1, ["for ES256", "openssl pkcs8"]),
        (SigningAlgorithm::Es256, P384, ["for ES256", ""]),
        (SigningAlgorithm::Es384, P256, ["for ES384", ""]),
        (SigningAlgorithm::Rs256, P256, ["for RS256", ""]),
        (SigningAlgorithm::EdDsa, RSA, ["for EdDSA", ""]),
        (SigningAlgorithm::EdDsa, RSA_PKCS1, ["for EdDSA", "PKCS #8"]),
    ] {
        let error = format!("{:?}", SigningKey::from_pem(algorithm, pem).unwrap_err());
        assert!(reasons.iter().all(|reason| error.contains(reason)), "{error}");
        assert!(error.starts_with("Configuration: "), "{error}");
    }
    for name in ["none", "HS256", "es256", "RS1", ""] {
        let error = name.parse::<SigningAlgorithm>().unwrap_err().to_string();
        assert!(error.contains("there are ES256, ES384, RS256, PS256, EdDSA"), "{error}");
    }
}

#[test]
fn keys_are_not_shown() {
    let key = SigningKey::from_pem(SigningAlgorithm::Es256, P256).unwrap();
    assert_eq!(format!("{key:?}"), "SigningKey { algorithm: Es256, id: None, .. }");
}

const P256: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgOxJCUzfzTZ48WjMJ
HZrZYslcaEn/f+/SuIQQn3rlo+ihRANCAASGM9K9OnpeCcHF7k9FltbmY7leyWaN
60jyVKhT6VilRminatdoCThk65nOgtfMinZ6rJP+koNOXv2tg2tNFJtF
-----END PRIVATE KEY-----
";
const P256_SEC1: &str = "\
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIDsSQlM3802ePFozCR2a2WLJXGhJ/3/v0riEEJ965aPooAoGCCqGSM49
AwEHoUQDQgAEhjPSvTp6XgnBxe5PRZbW5mO5XslmjetI8lSoU+lYpUZop2rXaAk4
ZOuZzoLXzIp2eqyT/pKDTl79rYNrTRSbRQ==
-----END EC PRIVATE KEY-----
";
const P384: &str = "\
-----BEGIN PRIVATE KEY-----
MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDAuSl7ncYiWTe6LL+Es
EWWuO9QiWxbnTyXPkwrfYOgDdZ0GVCXZgyt8nGTU9kJY5cWhZANiAAQ/GJgtlF38
X0DG11KfBx21ZNEHya8Gs/QK48k7jNRSrG5zgMqqZRVilwIrr8DOfVQ0d1Bvt6IB
1tNzHT2sWmI8+eGFfkkDp5rZwAx84C4aRur4Cc3el8cBQOEpRRg4dsY=
-----END PRIVATE KEY-----
";
const ED25519_KEY: &str = "\
-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIONg2Ea9YpfCl28ehwLEZA16EJxCKjv/zM4X7KPUhkFE
-----END PRIVATE KEY-----
";
const RSA: &str = "\
-----BEGIN PRIVATE KEY-----
MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQCmGLbRgk8Suo0P
qUPeevEV3sKqxrCmY5AbkO7PPblemu5X6G0KUnx0782rDbYsVwMe0UuW4fJelxfm
FlifqXjbMToUzLV1vjb2NUJpDbX2pHPoT6uB7Oz+PifcAUq64GHJERFkD5zSD+br
SPEuArPB+OWqIDHoInizAI281h46S+U2H9/C+rKMkv8JWipzDlmAhbbAHZkBB5u2
Tf5Q+h9+bysFF+om7ryXEveU3vcugdXsCHE+Wa1u7ejNCOfIy5pDmzqe+ih22mzq
zfW0+QdGn3MESkCSTLW9lpuKBC8mzVTZfQ6ZRqtAG8NqBIbOKo+7WMOBRhDIYYR7
hLjUwtAvAgMBAAECggEAKuO42ZLXjlODt2aS8vE2LdqO1ABofx64iJW9ROCAbHB/
WU3YUlEIeD2wExqATyTM1nlfFoAT0N8dObnNerUNUzR79gECXnwWvy7zjiMPOLgw
ge2IsQ0YCXLNYh8nR+hG99+jaP4rFYcrrtfwB1yFRHJcA7k6ieHU3wwmjXuQ5KZn
DRt7NRP+yrVM5MRcvmCYZWgBtphxk1yFtQFM7Cez298ujGC/czy7bO09t58vVcQB
Zb87tWksPSABCP/XKrtGJ2+u3O+sxk5xHskf/8NbMRy0GMnfZMYLtjsJjtLuQsxJ
eY7AKBA6Bmcm6eZbro7m3z0wv/Bzn11RDSDVKYDeAQKBgQDq2kB1QBq/DKOxVgW9
3MgjfDlxuV7N54cKwANxk91KAFf6YVuxV88GKu+ct1KecJSg7m/P6nS77ZWhzbqB
BVltXKMSqMDYaPBz5LUCoAvci7XjYarAuEw7qdiGftfSYqynXm8Oq2+BKBUCR3g8
V0KbF1kLs7HEPEHlSGsGaN3LAQKBgQC1DYUpXUuhKoZAChyJOh0FzlFGZNHhqE2G
i+aHZFIgmzHp5UrrtIrZekWnbU4JrAp51sE5nrsm3rjkq2WS8Rf5CPKlLTQg31lF
9UHL7xKMGQVoSBYcMq/TXqBrsfXAWoARCTuwSVMpcvBkNPgQe450rSKGsp6L/oR0
Vk2va9GLLwKBgAmwl5g+3NulGdvnQLVktp1AMt6OV2sHcnrvETVOdILpILgj7DSU
+uW2P8yng7El0/wP2m0pr0dRtirG4jsQjXAFsnTCobJMIh+mABHrqJGg8hA/p1vs
Prj3eQeTlDQJ/jWpn8trJ16c2MEPUdargwQDIplpAJyoH8/l/QR2rzABAoGAFzeI
n+lKzXv6gzPIvQAqwJfYbEJ5d4pxhpNiGHKQ5YWBPREeLmOUepbnX7TwkOTy4vTb
ClyEe1OMOiaQe+tWu6SeGPhW+vApLoNo0JHzuutqehjkXPFTArPbtnO3o9b3HTgl
41FDzMjkcrUoKlTty6B4EPXOxvz4V0LJ63jUAhkCgYB7jB68M668S3KwyoOmCevA
XErzm/zopA6CBE/+f6/njxx5CbMvwSSIq6sw8okMG+YSn7H2biCTYcJhPFDL4RLm
Q5z71wEV/9zCiGI+PwVtF/JHMd31SEP1tGNNNmOYQmgLUslxnzj3rtHR1WjyU3Fc
nXCZKQKaO9LZ9pt0L5H2kQ==
-----END PRIVATE KEY-----
";
const RSA_PKCS1: &str = "\
-----BEGIN RSA PRIVATE KEY-----
MIIEogIBAAKCAQEAphi20YJPErqND6lD3nrxFd7CqsawpmOQG5Duzz25XpruV+ht
ClJ8dO/Nqw22LFcDHtFLluHyXpcX5hZYn6l42zE6FMy1db429jVCaQ219qRz6E+r
gezs/j4n3AFKuuBhyRERZA+c0g/m60jxLgKzwfjlqiAx6CJ4swCNvNYeOkvlNh/f
wvqyjJL/CVoqcw5ZgIW2wB2ZAQebtk3+UPoffm8rBRfqJu68lxL3lN73LoHV7Ahx
Plmtbu3ozQjnyMuaQ5s6nvoodtps6s31tPkHRp9zBEpAkky1vZabigQvJs1U2X0O
mUarQBvDagSGziqPu1jDgUYQyGGEe4S41MLQLwIDAQABAoIBACrjuNmS145Tg7dm
kvLxNi3ajtQAaH8euIiVvUTggGxwf1lN2FJRCHg9sBMagE8kzNZ5XxaAE9DfHTm5
zXq1DVM0e/YBAl58Fr8u844jDzi4MIHtiLENGAlyzWIfJ0foRvffo2j+KxWHK67X
8AdchURyXAO5Oonh1N8MJo17kOSmZw0bezUT/sq1TOTEXL5gmGVoAbaYcZNchbUB
TOwns9vfLoxgv3M8u2ztPbefL1XEAWW/O7VpLD0gAQj/1yq7RidvrtzvrMZOcR7J
H//DWzEctBjJ32TGC7Y7CY7S7kLMSXmOwCgQOgZnJunmW66O5t89ML/wc59dUQ0g
1SmA3gECgYEA6tpAdUAavwyjsVYFvdzII3w5cblezeeHCsADcZPdSgBX+mFbsVfP
BirvnLdSnnCUoO5vz+p0u+2Voc26gQVZbVyjEqjA2Gjwc+S1AqAL3Iu142GqwLhM
O6nYhn7X0mKsp15vDqtvgSgVAkd4PFdCmxdZC7OxxDxB5UhrBmjdywECgYEAtQ2F
KV1LoSqGQAociTodBc5RRmTR4ahNhovmh2RSIJsx6eVK67SK2XpFp21OCawKedbB
OZ67Jt645KtlkvEX+QjypS00IN9ZRfVBy+8SjBkFaEgWHDKv016ga7H1wFqAEQk7
sElTKXLwZDT4EHuOdK0ihrKei/6EdFZNr2vRiy8CgYAJsJeYPtzbpRnb50C1ZLad
QDLejldrB3J67xE1TnSC6SC4I+w0lPrltj/Mp4OxJdP8D9ptKa9HUbYqxuI7EI1w
BbJ0wqGyTCIfpgAR66iRoPIQP6db7D6493kHk5Q0Cf41qZ/LaydenNjBD1HWq4ME
AyKZaQCcqB/P5f0Edq8wAQKBgBc3iJ/pSs17+oMzyL0AKsCX2GxCeXeKcYaTYhhy
kOWFgT0RHi5jlHqW51+08JDk8uL02wpchHtTjDomkHvrVruknhj4VvrwKS6DaNCR
87rranoY5FzxUwKz27Zzt6PW9x04JeNRQ8zI5HK1KCpU7cugeBD1zsb8+FdCyet4
1AIZAoGAe4wevDOuvEtysMqDpgnrwFxK85v86KQOggRP/n+v548ceQmzL8EkiKur
MPKJDBvmEp+x9m4gk2HCYTxQy+ES5kOc+9cBFf/cwohiPj8FbRfyRzHd9UhD9bRj
TTZjmEJoC1LJcZ84967R0dVo8lNxXJ1wmSkCmjvS2fabdC+R9pE=
-----END RSA PRIVATE KEY-----
";
