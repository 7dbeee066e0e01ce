//! Lists of `Logic` as a whole, page after page.

use hero_sdk::{
    Error, Logic, PlaySid,
    logic::{PlayPendingResumes, WorkflowList},
    model::{ResumeRequest, Workflow},
};

/// Entries of a page: the most that there may be.
const LIMIT: u32 = 1_000;

/// Every open question of a play, oldest first.
pub(crate) async fn open_questions(
    logic: &dyn Logic,
    play_sid: &PlaySid,
) -> Result<Vec<ResumeRequest>, Error> {
    let mut open = Vec::new();
    let mut cursor = None;
    loop {
        let play_sid = Some(play_sid.clone());
        let page =
            logic.play_pending_resumes(PlayPendingResumes { play_sid, limit: Some(LIMIT), cursor }).await?;
        open.extend(page.resumes);
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(open);
        }
    }
}

/// Every workflow that is not archived, by name.
pub(crate) async fn workflows(logic: &dyn Logic) -> Result<Vec<Workflow>, Error> {
    let mut workflows = Vec::new();
    let mut cursor = None;
    loop {
        let page = logic
            .workflow_list(WorkflowList { limit: Some(LIMIT), cursor, ..WorkflowList::default() })
            .await?;
        workflows.extend(page.workflows);
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(workflows);
        }
    }
}
