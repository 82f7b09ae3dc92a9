//! What the benches of one run share.

use std::cell::OnceCell;

use tokio::runtime::Runtime;

use crate::{Error, options::Options, programs::Programs};

/// What the benches of one run share.
#[derive(Debug)]
pub struct Context {
    /// The command line.
    pub options: Options,
    /// The runtime of the load generator.
    pub runtime: Runtime,
    programs: OnceCell<Programs>,
}

impl Context {
    /// Creates it from the command line of this process.
    pub fn from_arguments() -> Result<Context, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Context { options: Options::from_arguments()?, runtime, programs: OnceCell::new() })
    }

    /// Returns the programs to measure. The first call builds them.
    pub fn programs(&self) -> Result<&Programs, Error> {
        if let Some(programs) = self.programs.get() {
            return Ok(programs);
        }
        let programs = Programs::build(&self.options)?;
        Ok(self.programs.get_or_init(|| programs))
    }
}
