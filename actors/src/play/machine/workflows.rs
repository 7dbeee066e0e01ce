//! Workflows of the library that a flow invokes in its own process. What a name stands for is asked once for the whole
//! play and written; then the process is told, in this attempt and in all that follow.

use hero_sdk::{
    Error, ErrorCode,
    frame::{Down, Resolve, ResolvedWorkflow},
    model::{LogLevel, WorkflowVersion},
};
use hero_store::Resolution;

use super::Machine;
use crate::play::{
    effect::{Durable, Effect},
    event::{Found, Now},
};

/// Names that a play may ask for: what they stand for is a part of its row.
pub(crate) const WORKFLOWS_MAX: usize = 200;
/// Questions of one process that wait. Each of its threads waits for one, and nobody has so many.
const LOOKUPS_MAX: usize = 1_000;

impl Machine {
    /// The process wants to run a workflow.
    pub(super) fn resolve(&mut self, frame: Resolve, now: Now) -> Vec<Effect> {
        let Resolve { id, name, n } = frame;
        if let Err(misfit) = self.tree.get(id) {
            return self.refuse(Some(n), misfit.code(), &misfit.to_string(), now);
        }
        let too_many = |what: String| Error::new(ErrorCode::Busy, what);
        if self.lookups.len() >= LOOKUPS_MAX {
            return self.not_resolved(n, too_many(format!("{LOOKUPS_MAX} workflows are looked up already")));
        }
        if self.row.memory.workflows.len() >= WORKFLOWS_MAX && self.known(&name).is_none() {
            let what = format!("the play has invoked {WORKFLOWS_MAX} workflows in its own process already");
            return self.not_resolved(n, too_many(what));
        }
        self.lookups.push_back((name, n));
        if self.lookups.len() == 1 { self.look_up_first() } else { Vec::new() }
    }

    /// The first of the names is looked up, or cannot be; the next one follows.
    pub(super) fn looked_up(&mut self, result: Result<Box<Found>, Error>, now: Now) -> Vec<Effect> {
        let Some((name, n)) = self.lookups.pop_front() else { return Vec::new() };
        let mut effects = match result {
            Ok(found) => self.resolved(name, n, *found, now),
            // Nothing is known of the workflow, and a failure would be recorded: the next attempt asks again.
            Err(Error { code: ErrorCode::ShuttingDown | ErrorCode::Timeout, .. }) => {
                return vec![Effect::Kill { attempt: self.row.play.attempt }];
            }
            Err(error) => self.not_resolved(n, error),
        };
        effects.extend(self.look_up_first());
        effects
    }

    fn resolved(&mut self, name: String, n: u64, found: Found, now: Now) -> Vec<Effect> {
        let Found { workflow, is_archived, version } = found;
        let resolution = match self.known(&name) {
            Some(known) => known.clone(),
            None => {
                if is_archived {
                    self.say(LogLevel::Warning, &format!("the workflow {workflow} is archived"), now);
                }
                let version_sid = version.version_sid.clone();
                let resolution = Resolution { name, workflow, version_sid };
                self.row.memory.workflows.push(resolution.clone());
                self.row_changed = true;
                resolution
            }
        };
        let workflow = Box::new(told(&resolution, version));
        let then = vec![self.send(Down::Resolved { n, workflow })];
        vec![self.commit(Durable::Yes, then)]
    }

    fn not_resolved(&mut self, n: u64, error: Error) -> Vec<Effect> {
        let Error { code, message, hint, .. } = error;
        let refused = self.send(Down::NotResolved { n, code: code.as_str().to_owned(), message, hint });
        vec![self.commit(Durable::Later, vec![refused])]
    }

    fn look_up_first(&self) -> Vec<Effect> {
        let Some((name, _)) = self.lookups.front() else { return Vec::new() };
        let (attempt, known) = (self.row.play.attempt, self.known(name).cloned());
        vec![Effect::LookUp { attempt, name: name.clone(), known }]
    }

    fn known(&self, name: &str) -> Option<&Resolution> {
        self.row.memory.workflows.iter().find(|known| known.name == name)
    }
}

/// As the process is told of it.
pub(in crate::play) fn told(resolution: &Resolution, version: WorkflowVersion) -> ResolvedWorkflow {
    let Resolution { name, workflow, version_sid } = resolution.clone();
    ResolvedWorkflow {
        name,
        workflow,
        version: version.version.unwrap_or_default(),
        version_sid,
        file_name: version.file_name,
        source: version.source,
        entry: version.entry,
        inputs: version.inputs,
        outputs: version.outputs,
    }
}
