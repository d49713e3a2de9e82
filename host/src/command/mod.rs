//! The command line: the way to the subcommands.

mod arguments;
mod caller;
mod cases;
mod check;
mod demo;
mod failure;
mod fleet;
mod hub;
mod logging;
mod logs;
mod manual;
mod node;
mod paint;
mod progress;
mod replay;
#[cfg(unix)]
mod serve;
mod tables;
mod what_if;

use arguments::{Arguments, Task};
use clap::Parser as _;
use failure::{Failure, exit_code};
use std::process::ExitCode;

pub fn run() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Demo { json, asked } => demo::run(json, &asked),
        Task::Ops { json, asked } => tables::operations(json, &asked),
        Task::Digest { json, asked } => tables::digests(json, &asked),
        Task::Config { asked } => tables::config(&asked),
        Task::Fleet {
            dir,
            members,
            now,
            why,
            json,
            asked,
        } => {
            let why = why.as_deref();
            fleet::run(&dir, members, now, &fleet::Show { why, json }, &asked)
        }
        Task::Hub {
            state,
            why,
            json,
            asked,
        } => {
            let why = why.as_deref();
            hub::run(&state, &hub::Show { why, json }, &asked)
        }
        Task::Check {
            module,
            json,
            allowed,
        } => check::run(&module, json, &allowed),
        #[cfg(unix)]
        Task::Serve(arguments) => serve::run(&arguments),
        Task::Completions { shell } => manual::completions(shell),
        Task::Man => manual::page(),
        Task::Call {
            op,
            file,
            lines,
            explain,
            report,
            logged,
            asked,
        } => {
            let show = cases::Show { explain, report };
            match (op, lines) {
                (op, true) => cases::lines(op.as_deref(), file.as_deref(), &logged, &asked),
                (Some(op), false) => cases::one(&op, file.as_deref(), show, &logged, &asked),
                (None, false) => Err(Failure::Usage(
                    "which operation? `trimtab ops` lists them".to_owned(),
                )),
            }
        }
        Task::Replay(arguments) => replay::run(&arguments),
        Task::Log(task) => logs::run(&task),
        Task::WhatIf(arguments) => what_if::run(&arguments),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(failure) => ended(&failure),
    }
}

fn ended(failure: &Failure) -> ExitCode {
    match failure {
        // Whoever read us has seen enough.
        Failure::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            return ExitCode::SUCCESS;
        }
        _ => paint::complain(failure),
    }
    ExitCode::from(match failure {
        Failure::Call(error) => exit_code(error),
        Failure::Usage(_) => 2,
        Failure::Output(_) => 1,
    })
}
