//! The trimtab command: asks the policy module in its sandbox and shows what it says. No rule
//! lives here; every number that is printed comes from an operation.

mod command;

use std::process::ExitCode;

#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    command::run()
}
