//! Lists of `Logic`: as a whole, page after page, or a page and how to come to the next.

use hero_sdk::{
    Error, Logic, PlaySid,
    logic::{Cursor, PlayPendingResumes},
    model::ResumeRequest,
};

use crate::cli::{args::LIMIT_DEFAULT, context::Context, escape::visible, report};

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

/// The command that lists what comes after a page, where something does.
pub(crate) fn tell_more(context: &mut Context, words: &[String], next: Option<Cursor>) {
    let Some(cursor) = next else { return };
    let cursor = ["--cursor".to_owned(), cursor.to_string()];
    let words: Vec<&str> = words.iter().chain(&cursor).map(String::as_str).collect();
    let command = report::command(&context.global, &words);
    context.say(&format!("more: {}\n", visible(&command)));
}

/// What was typed to choose what is listed, for the command that lists more of it: options with their values.
pub(crate) fn typed<const OPTIONS: usize>(options: [(&str, Option<String>); OPTIONS]) -> Vec<String> {
    let given = options.into_iter().filter_map(|(option, value)| Some([option.to_owned(), value?]));
    given.flatten().collect()
}

/// A limit that was typed.
pub(crate) fn limit(limit: Option<u32>) -> Option<String> {
    limit.filter(|limit| *limit != LIMIT_DEFAULT).map(|limit| limit.to_string())
}
