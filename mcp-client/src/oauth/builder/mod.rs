//! How an authorizer is made: the start of each grant, and the options.

mod grants;
mod login;
mod oauth_builder;

pub use oauth_builder::OAuthBuilder;
