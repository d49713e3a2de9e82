//! The decision log: one line of JSON for everything that a host asked a policy, in one form for
//! every writer, each line with the digest of the line before it.
//!
//! ```
//! use trimtab_core::policy::Policy;
//! let observed = br#"{"seq":1,"at":1700000000000,"op":"health.score","module":"native","config":"c0",
//!     "prev":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
//!     "input":"{\"trend\": \"stable\"}","output":"{\"error\":{\"code\":\"missing_field\"}}","mask":["/input/trend"]}"#;
//! let line = Policy::plan().call("log.line", observed)?;
//! assert!(String::from_utf8_lossy(&line).contains(r#"\"input\":{\"trend\":\"masked\"}"#));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! A host observes; it does not decide how a line looks. Input and output are given as the bytes
//! that crossed: an object of a host may no longer know whether a number was 1 or 1.0. Without
//! them a log could not be replayed to the same bytes.
//!
//! | kind | when | holds |
//! |---|---|---|
//! | `snapshot` | first line of a file and of every process | policies in use, open handles as what opens them again |
//! | `policy` | before the first decision under another config | the policy |
//! | `decision` | a call of an operation | input, output, digests of module and config |
//! | `handle` | a call on what stays open: `open`, each method, `close` | the number of the handle, input, output |
//! | `end` | the log is closed in order | how many lines were dropped since it was opened |
//!
//! A line that could not be written leaves a gap in `seq`; the line after the gap names the last
//! line that *was* written. So a gap of the writer and a line that somebody took out differ.
//!
//! | file | holds |
//! |---|---|
//! | [`mod@line`] | from what was observed to the text of the line |
//! | [`mask`] | what is left out of a line |
//! | [`check`] | whether a line is the one that must come next |
//! | [`read`] | the parts of a line, for who replays it |
//!
//! Source: decisions, "Identity and replay". Codes: `log_line_written`, `log_fields_masked`,
//! `log_kept_as_text`, `log_line_sound`, `log_lines_dropped`, `log_begins_late`,
//! `log_prev_differs`, `log_lines_missing`, `log_out_of_order`, `log_line_unreadable`,
//! `log_line_cut`, `log_line_not_canonical`.

pub mod check;
pub mod line;
pub mod mask;
pub mod read;

/// The version of the format, on every snapshot line.
pub const FORMAT: u64 = 1;

/// What a line tells.
#[choice(Default)]
pub enum LogKind {
    /// A call of an operation.
    #[default]
    Decision,
    /// A call on what stays open between calls.
    Handle,
    /// What a file needs so that it can be replayed alone.
    Snapshot,
    /// A policy that the next lines name by its digest.
    Policy,
    /// The log was closed in order.
    End,
}

/// Why a snapshot was written.
#[choice]
pub enum LogBegan {
    /// A new log.
    Start,
    /// A log that was there before.
    Resume,
    /// A new file of the same log.
    Rotation,
}
