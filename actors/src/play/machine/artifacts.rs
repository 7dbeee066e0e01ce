//! Artifacts: a file is copied first, then its row is written, then the process is told, then a content goes whose
//! place it took.

use hero_sdk::{
    frame::{Down, PutArtifact},
    model::{Artifact, SandboxLevel},
};

use super::{Machine, media_type::is_media_type};
use crate::{
    artifacts::{Limit, NotKept},
    play::{
        effect::{Durable, Effect, Write},
        event::Now,
    },
};

/// Artifacts of one play.
pub(crate) const ARTIFACTS_MAX: usize = 10_000;
/// Files of one process that wait to be copied. Each of its threads waits for one, and nobody has so many.
const COPIES_MAX: usize = 1_000;
/// Characters of a name.
const NAME_CHARS_MAX: usize = 200;
const MEBI: u64 = 1 << 20;

impl Machine {
    /// The process wants a file kept.
    pub(super) fn put_artifact(&mut self, frame: PutArtifact, now: Now) -> Vec<Effect> {
        let n = frame.n;
        let path = match self.tree.get(frame.id) {
            Ok(open) => open.span.path.clone(),
            Err(misfit) => return self.refuse(Some(n), misfit.code(), &misfit.to_string(), now),
        };
        if let Err(refused) = self.may_put(&frame) {
            return self.not_kept(n, refused);
        }
        self.copies.push_back((path, frame));
        if self.copies.len() == 1 { self.copy_first() } else { Vec::new() }
    }

    fn may_put(&self, frame: &PutArtifact) -> Result<(), NotKept> {
        if !is_name(&frame.name) {
            let message =
                format!("a name has 1 to {NAME_CHARS_MAX} characters, without / and control characters");
            return Err(NotKept::new("bad_name", message));
        }
        if !is_media_type(&frame.media_type) {
            return Err(NotKept::new("bad_media_type", "a media type looks like text/csv"));
        }
        if self.artifacts.len() >= ARTIFACTS_MAX && !self.artifacts.contains_key(&frame.name) {
            return Err(NotKept::new("too_many", format!("the play has {ARTIFACTS_MAX} artifacts already")));
        }
        if self.copies.len() >= COPIES_MAX {
            return Err(NotKept::new("too_many", format!("{COPIES_MAX} files wait to be kept already")));
        }
        Ok(())
    }

    pub(super) fn copy_first(&self) -> Vec<Effect> {
        let Some((_, PutArtifact { name, path, .. })) = self.copies.front() else { return Vec::new() };
        let (attempt, path, limit) = (self.row.play.attempt, path.clone(), self.limit_of(name));
        vec![Effect::CopyArtifact { attempt, path, limit }]
    }

    /// What the play's other artifacts leave of its disk for this one.
    fn limit_of(&self, name: &str) -> Option<Limit> {
        let sandbox = self.row.play.sandbox.as_ref()?;
        if sandbox.level == SandboxLevel::Off {
            return None;
        }
        let allowed = sandbox.allowance.disk_mb;
        let known = self.artifacts.get(name).map_or(0, |known| known.size);
        let others = self.artifacts.values().map(|artifact| artifact.size).sum::<u64>() - known;
        let message = format!(
            "the play's artifacts would have more bytes together than they may; the sandbox allows disk_mb \
             {allowed}; allow more with @flow(sandbox={{\"disk_mb\": …}})"
        );
        // What takes the place of as much always may: the limit may have been another one when that was kept.
        let bytes = (allowed * MEBI).saturating_sub(others).max(known);
        Some(Limit { bytes, beyond: NotKept::new("limit_exceeded", message) })
    }

    /// The first file is copied, or is not; the next one follows.
    pub(super) fn artifact_copied(
        &mut self,
        result: Result<(String, u64), NotKept>,
        now: Now,
    ) -> Vec<Effect> {
        let Some((path, frame)) = self.copies.pop_front() else { return Vec::new() };
        let mut effects = match result {
            Ok((digest, size)) => self.keep(path, frame, digest, size, now),
            Err(refused) => self.not_kept(frame.n, refused),
        };
        effects.extend(self.copy_first());
        effects
    }

    /// The same content under the same name is the same artifact: code between steps runs again.
    fn keep(&mut self, path: String, frame: PutArtifact, digest: String, size: u64, now: Now) -> Vec<Effect> {
        let PutArtifact { name, media_type, n, .. } = frame;
        let known = self.artifacts.get(&name);
        let is_same = known.is_some_and(|known| known.digest == digest && known.media_type == media_type);
        let mut then = vec![self.send(Down::Kept { n, digest: digest.clone(), size })];
        if !is_same {
            let replaces = known.map(|known| known.digest.clone());
            // It counts no longer, so it may not stay until the next sweep.
            let replaced = replaces.clone().filter(|replaced| *replaced != digest);
            then.extend(replaced.map(|digest| Effect::ForgetContent { digest }));
            let play_sid = self.row.play.play_sid.clone();
            let artifact = Artifact { play_sid, path, name, digest, size, media_type, created_at: now.wall };
            self.artifacts.insert(artifact.name.clone(), artifact.clone());
            self.pending.push(Write::Artifact { artifact: Box::new(artifact), replaces });
        }
        // Also where nothing changes: what it was told before may still be on its way to the disk.
        vec![self.commit(Durable::Yes, then)]
    }

    /// Whether any artifact of the play has this content.
    pub(crate) fn has_content(&self, digest: &str) -> bool {
        self.artifacts.values().any(|artifact| artifact.digest == digest)
    }

    fn not_kept(&mut self, n: u64, NotKept { code, message }: NotKept) -> Vec<Effect> {
        let refused = self.send(Down::NotKept { n, code: code.to_owned(), message });
        vec![self.commit(Durable::Later, vec![refused])]
    }
}

/// It is shown, is a part of a key, and may become the name of a file.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=NAME_CHARS_MAX).contains(&name.chars().count())
        && !matches!(name, "." | "..")
        && !name.chars().any(|character| character == '/' || character.is_control())
}
