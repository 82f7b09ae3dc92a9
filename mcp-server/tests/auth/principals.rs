//! Principals, as verifiers create them.

use mcp_server::Principal;
use mcp_server::auth::Scopes;

#[test]
fn a_user_and_an_application_are_never_the_same() {
    let ids = [
        Principal::of_user("https://a.example", "x"),
        Principal::of_user("https://b.example", "x"),
        Principal::of_client("https://a.example", "x"),
        Principal::new("x"),
    ];
    for (index, one) in ids.iter().enumerate() {
        for other in &ids[index + 1..] {
            assert_ne!(one, other);
        }
    }
    let same = Principal::of_user("https://a.example", "x").with_scopes(["s"]).with_client("c");
    assert_eq!(ids[0], same);
    assert_eq!((same.subject(), same.issuer()), (Some("x"), Some("https://a.example")));
    assert!(!format!("{same:?}").contains("claims"));
}

#[test]
fn scopes_are_a_set() {
    let scopes = Scopes::parse("b a  b");
    assert_eq!(scopes.iter().collect::<Vec<_>>(), ["a", "b"]);
    assert!(scopes.contains("a") && !scopes.contains("A") && !scopes.contains(""));
    assert_eq!(scopes, Scopes::from(["a", "b"]));
    assert!(Scopes::all().contains("anything") && Scopes::all().is_all());
}
