//! A pinned instance: what was opened in it stays between calls.

use std::fmt;
use std::sync::Arc;

use crate::error::HostError;
use crate::instance::{Ask, Instance, handle_number};
use crate::shared::{Report, Shared};

/// Something open in an instance of its own: a parsed config, a hub's accounts, a fleet's members.
///
/// Fuel and deadline hold for each call; memory holds for the instance.
pub struct Handle {
    shared: Arc<Shared>,
    instance: Option<Instance>,
    number: u32,
    /// What it was opened with; only kept to check what a foreign module answers.
    setting: Vec<u8>,
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("module", &self.shared.digest)
            .field("number", &self.number)
            .field("lost", &self.instance.is_none())
            .finish_non_exhaustive()
    }
}

impl Handle {
    pub(crate) fn open(shared: Arc<Shared>, kind: &str, input: &[u8]) -> Result<Self, HostError> {
        let (instance, number) = {
            let _running = shared.running();
            let mut instance = Instance::fresh(&shared)?;
            let answer = instance.ask(&shared, Ask::Open(kind), input)?;
            instance.release(&shared, &answer)?;
            let number = handle_number(&answer.body?)?;
            (instance, number)
        };
        let setting = if shared.foreign {
            input.to_vec()
        } else {
            Vec::new()
        };
        Ok(Self {
            shared,
            instance: Some(instance),
            number,
            setting,
        })
    }

    /// Calls an operation on it. Bad input changes nothing; a limit or a trap ends the handle.
    pub fn call_on(&mut self, operation: &str, input: &[u8]) -> Result<Vec<u8>, HostError> {
        let setting = std::mem::take(&mut self.setting);
        let outcome = self.within(|shared, number, instance| {
            let answer = instance.ask(shared, Ask::On(number, operation), input)?;
            instance.release(shared, &answer)?;
            let body = answer.body?;
            shared.vouch(&setting, operation, input, &body)?;
            Ok(body)
        });
        self.setting = setting;
        outcome
    }

    /// What the last call cost; peak memory counts from the opening.
    #[must_use]
    pub fn report(&self) -> Option<Report> {
        let instance = self.instance.as_ref()?;
        Some(instance.report(&self.shared.limits))
    }

    /// Lets it go. Dropping does so too, with the whole instance.
    pub fn close(mut self) -> Result<(), HostError> {
        self.within(|shared, number, instance| instance.close(shared, number))
    }

    /// Runs a call; if it ends in the middle, nobody knows what the memory holds.
    fn within<T>(
        &mut self,
        call: impl FnOnce(&Shared, u32, &mut Instance) -> Result<T, HostError>,
    ) -> Result<T, HostError> {
        let instance = self.instance.as_mut().ok_or(HostError::HandleLost)?;
        let outcome = {
            let _running = self.shared.running();
            instance.begin();
            instance.renew(&self.shared.limits)?;
            call(&self.shared, self.number, instance)
        };
        if matches!(&outcome, Err(error) if !matches!(error, HostError::BadInput(_))) {
            self.instance = None;
        }
        outcome
    }
}
