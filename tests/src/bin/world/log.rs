//! The world's decision log: the form that `trimtab log verify` and `trimtab replay` read.

use anyhow::Result;
use std::collections::BTreeMap;
use std::io::Write;
use trimtab_core::config::Config;
use trimtab_core::log::line::{LogLineInput, LogPolicy, line};
use trimtab_core::log::{LogBegan, LogKind};
use trimtab_core::reason::Why;
use trimtab_core::units::{Millis, Serial};

/// Who decides, as the lines name it.
#[derive(Clone)]
pub struct Decides {
    /// sha256 of the module, or `native`.
    pub module: String,
    pub policy: LogPolicy,
}

/// Lines in one chain.
pub struct DecisionLog<'w> {
    out: Box<dyn Write + 'w>,
    decides: Decides,
    seq: Serial,
    prev: Option<String>,
}

impl<'w> DecisionLog<'w> {
    /// A new log; it begins with who decides.
    pub fn begin(out: Box<dyn Write + 'w>, decides: Decides) -> Result<Self> {
        let snapshot = LogLineInput {
            kind: LogKind::Snapshot,
            began: Some(LogBegan::Start),
            module: Some(decides.module.clone()),
            policies: Some(vec![decides.policy.clone()]),
            ..LogLineInput::default()
        };
        let mut log = Self {
            out,
            decides,
            seq: Serial::MIN,
            prev: None,
        };
        log.write(snapshot)?;
        Ok(log)
    }

    /// A tick of a hub, in virtual time.
    pub fn tick(&mut self, at: Millis, hub: usize, input: String, output: &[u8]) -> Result<()> {
        let labels = BTreeMap::from([("hub".to_owned(), hub.to_string())]);
        self.write(LogLineInput {
            at,
            op: Some("hub.plan".to_owned()),
            module: Some(self.decides.module.clone()),
            config: Some(self.decides.policy.config.clone()),
            input: Some(input),
            output: Some(String::from_utf8(output.to_vec())?),
            labels: Some(labels.into_iter().collect()),
            ..LogLineInput::default()
        })
    }

    /// Closes it in order.
    pub fn end(&mut self, at: Millis) -> Result<()> {
        self.write(LogLineInput {
            at,
            kind: LogKind::End,
            ..LogLineInput::default()
        })?;
        Ok(self.out.flush()?)
    }

    fn write(&mut self, entry: LogLineInput) -> Result<()> {
        let entry = LogLineInput {
            seq: self.seq,
            prev: self.prev.take(),
            ..entry
        };
        let written = line(&Config::default(), &entry, &mut Why::off())?;
        writeln!(self.out, "{}", written.line)?;
        self.seq = written.next_seq;
        self.prev = Some(written.hash);
        Ok(())
    }
}
