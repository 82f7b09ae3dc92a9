//! `token-load issue` prints an access token for the servers. `token-load rs256` and
//! `token-load cached` measure a decision about it, and print the CPU time in µs.
#![expect(clippy::print_stdout, reason = "the bench reads the output")]

use futures::FutureExt as _;
use http::{Method, Request, StatusCode};
use http_body_util::Empty;
use mcp_benches::{Error, cpu::Cpu, fixture::tools::Choice, table::median};
use mcp_core::jose::SigningAlgorithm;
use mcp_protected_benches::{
    server::{self, Additions},
    tokens,
};
use mcp_server::auth::TokenVerifier as _;
use mcp_server::http::HttpService;
use tower_service::Service as _;

/// Decisions in each round.
const DECISIONS: u32 = 20_000;
/// Verifications in each round.
const VERIFICATIONS: u32 = 2_000;
const ROUNDS: usize = 9;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let key = tokens::key(SigningAlgorithm::Rs256)?;
    let token = tokens::token(&key)?;
    match std::env::args().nth(1).as_deref() {
        Some("issue") => println!("{token}"),
        Some("rs256") => {
            let verifier = tokens::verifier(tokens::public(&key)?)?;
            let figure = repeat(VERIFICATIONS, || {
                let decided = verifier.verify(&token, tokens::RESOURCE).now_or_never();
                match decided {
                    Some(Ok(_)) => Ok(()),
                    decided => Err(format!("not verified: {decided:?}").into()),
                }
            });
            println!("{}", median(figure?).ok_or("no round")?);
        }
        Some("cached") => println!("{}", cached(&token)?),
        _ => return Err("unknown arguments; see the documentation of the program".into()),
    }
    Ok(())
}

/// Measures the decision about a token that was verified before: what a protected service takes
/// longer to refuse an HTTP method, which it does directly behind the decision.
fn cached(token: &str) -> Result<f64, Error> {
    let service = |tokens| {
        let additions = Additions { tokens, ..Additions::default() };
        let choice = Choice { count: 1, extra: false };
        Ok::<_, Error>(server::with(choice, additions)?.into_service()?)
    };
    let mut services = [service(true)?, service(false)?];
    if refuse(&mut services[0], "unknown")? != StatusCode::UNAUTHORIZED {
        return Err("the token does not decide".into());
    }
    let mut rounds = vec![];
    for _ in 0..ROUNDS {
        let [with, without] = services.each_mut().map(|service| {
            measure(DECISIONS, || match refuse(service, token)? {
                StatusCode::METHOD_NOT_ALLOWED => Ok(()),
                status => Err(format!("not the expected status: {status}").into()),
            })
        });
        rounds.push(with? - without?);
    }
    Ok(median(rounds).ok_or("no round")?)
}

fn refuse(service: &mut HttpService, token: &str) -> Result<StatusCode, Error> {
    let request = Request::builder()
        .method(Method::PUT)
        .uri("/mcp")
        .header("host", "localhost")
        .header("authorization", format!("Bearer {token}"))
        .body(Empty::<&[u8]>::new())?;
    let answered = service.call(request).now_or_never().ok_or("the answer did not come at once")?;
    Ok(answered?.status())
}

fn repeat(count: u32, mut action: impl FnMut() -> Result<(), Error>) -> Result<Vec<f64>, Error> {
    (0..ROUNDS).map(|_| measure(count, &mut action)).collect()
}

/// Returns the CPU time of one of `count` actions, in µs.
fn measure(count: u32, mut action: impl FnMut() -> Result<(), Error>) -> Result<f64, Error> {
    let before = Cpu::of("self")?;
    for _ in 0..count {
        action()?;
    }
    Ok(Cpu::of("self")?.since(&before).as_secs_f64() * 1e6 / f64::from(count))
}
