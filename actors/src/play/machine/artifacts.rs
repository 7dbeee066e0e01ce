//! Artifacts: a file is copied first, then its row is written, then the process is told.

use hero_sdk::{
    frame::{Down, PutArtifact},
    model::Artifact,
};

use super::{Machine, media_type::is_media_type};
use crate::{
    artifacts::NotKept,
    play::{
        effect::{Durable, Effect, Write},
        event::Now,
    },
};

/// Artifacts of one play.
const ARTIFACTS_MAX: usize = 10_000;
/// Files of one process that wait to be copied. Each of its threads waits for one, and nobody has so many.
const COPYING_MAX: u32 = 1_000;
/// Characters of a name.
const NAME_CHARS_MAX: usize = 200;

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
        self.copying += 1;
        vec![Effect::CopyArtifact { attempt: self.row.play.attempt, path, frame }]
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
        if self.copying >= COPYING_MAX {
            return Err(NotKept::new("too_many", format!("{COPYING_MAX} files wait to be kept already")));
        }
        Ok(())
    }

    /// Its content is kept, or is not. The same content under the same name is the same artifact: code between steps
    /// runs again.
    pub(super) fn artifact_copied(
        &mut self,
        path: String,
        frame: PutArtifact,
        result: Result<(String, u64), NotKept>,
        now: Now,
    ) -> Vec<Effect> {
        self.copying = self.copying.saturating_sub(1);
        let PutArtifact { name, media_type, n, .. } = frame;
        let (digest, size) = match result {
            Ok(copied) => copied,
            Err(refused) => return self.not_kept(n, refused),
        };
        let known = self.artifacts.get(&name);
        let is_same = known.is_some_and(|known| known.digest == digest && known.media_type == media_type);
        if !is_same {
            let replaces = known.map(|known| known.digest.clone());
            let play_sid = self.row.play.play_sid.clone();
            let digest = digest.clone();
            let artifact = Artifact { play_sid, path, name, digest, size, media_type, created_at: now.wall };
            self.artifacts.insert(artifact.name.clone(), artifact.clone());
            self.pending.push(Write::Artifact { artifact: Box::new(artifact), replaces });
        }
        // Also where nothing changes: what it was told before may still be on its way to the disk.
        let kept = self.send(Down::Kept { n, digest, size });
        vec![self.commit(Durable::Yes, vec![kept])]
    }

    fn not_kept(&mut self, n: u64, NotKept { code, message }: NotKept) -> Vec<Effect> {
        let refused = self.send(Down::NotKept { n, code: code.to_owned(), message });
        vec![self.commit(Durable::Later, vec![refused])]
    }
}

/// It is shown, is a part of a key, and may become the name of a file.
fn is_name(name: &str) -> bool {
    (1..=NAME_CHARS_MAX).contains(&name.chars().count())
        && !matches!(name, "." | "..")
        && !name.chars().any(|character| character == '/' || character.is_control())
}
