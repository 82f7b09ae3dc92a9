//! Signed JSON of both sides: keys, JSON Web Signatures and tokens. Spec: RFC 7515 (JWS), RFC 7517
//! (JWK), RFC 7518 and RFC 8037 (algorithms), RFC 7519 (JWT), RFC 7638 (thumbprints).
//!
//! Only asymmetric algorithms exist here: there is no HMAC and no `none`, so that no setting and no
//! token can select them.
//!
//! - [`SigningKey`] signs: client assertions, proofs of DPoP.
//! - [`Jwt`] is a token as it was received, and [`Jws`] any signed text. Both are read strictly.
//! - [`Jwk`] and [`JwkSet`] are public keys of others. A key is used only for what it permits.
//!
//! A signature says nothing about the claims. Who accepts a token has to check its issuer, its
//! audience and its times as well.
//!
//! ```
//! use mcp_core::jose::{Jwk, Jwt, SigningAlgorithm, SigningKey};
//!
//! let key = SigningKey::generate()?;
//! let claims = serde_json::json!({ "iss": "https://login.example.com" });
//! let token = key.sign_jwt(&key.jwt_header("at+jwt", false), &claims)?;
//!
//! let public_key = Jwk::parse(key.public_jwk())?;
//! let token = Jwt::parse(&token)?;
//! token.verify(&[SigningAlgorithm::Es256], &public_key)?;
//! assert_eq!(token.claims()["iss"], "https://login.example.com");
//! # Ok::<(), mcp_core::jose::JoseError>(())
//! ```

mod algorithm;
mod client_assertion;
mod digest;
mod error;
mod jwk;
mod jwk_set;
mod pem;
mod signing_key;
mod strict_object;
mod token;
mod verify;

pub use algorithm::SigningAlgorithm;
pub use client_assertion::client_assertion;
pub use digest::{base64url, sha256};
pub use error::JoseError;
pub use jwk::Jwk;
pub use jwk_set::JwkSet;
pub use signing_key::{SigningKey, numeric_date};
pub use token::{Jws, Jwt};
