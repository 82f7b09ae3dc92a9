//! The thread that handles signals and the end of input, and exits a process that cannot stop.

#[cfg(not(unix))]
mod portable;
#[cfg(unix)]
mod unix;
mod watchdog;

#[cfg(not(unix))]
use portable as events;
#[cfg(unix)]
use unix as events;

#[cfg(feature = "stdio")]
pub(crate) use events::Input;
pub(crate) use watchdog::prepare;
