//! `hero_logic play list`: a table of plays, newest first.

use hero_sdk::{
    Logic, Timestamp, logic,
    model::{Play, Status},
};

use crate::cli::{
    args::{LIMIT_DEFAULT, PlayList, PlayStatus},
    context::Context,
    embedded::Purpose,
    errors::{Exit, Failure},
    escape::visible,
    report,
    style::Paint,
    table::Cell,
    tree::{duration, status_look},
};

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: PlayList) -> Result<Exit, Failure> {
    let PlayList { workflow, status, tag, limit, cursor } = arguments;
    let (status, cursor) = (status.map(to_status), cursor.map(logic::Cursor));
    let params = logic::PlayList { workflow, status, parent: None, tag, limit: Some(limit), cursor };
    context.with_logic(Purpose::Look, async |context, logic| run(context, logic, params).await).await
}

/// Runs it on any `Logic`.
pub(crate) async fn run(
    context: &mut Context,
    logic: &dyn Logic,
    params: logic::PlayList,
) -> Result<Exit, Failure> {
    let mut again = filters(&params);
    let page = logic.play_list(params).await?;
    if context.out.json {
        context.out.document(&page)?;
        return Ok(Exit::Succeeded);
    }
    if page.plays.is_empty() {
        context.err.print("no plays\n");
        return Ok(Exit::Succeeded);
    }
    let rows = page.plays.iter().map(row).collect();
    let heads = ["PLAY", "STATUS", "WORKFLOW", "CREATED (UTC)", "WORKED", "QUESTIONS", "TAGS"];
    context.out.table(heads, rows)?;
    if let Some(cursor) = page.next_cursor {
        again.extend(["--cursor".to_owned(), cursor.to_string()]);
        let words: Vec<&str> = ["play", "list"].into_iter().chain(again.iter().map(String::as_str)).collect();
        let command = report::command(&context.global, &words);
        context.err.print(&format!("more: {}\n", visible(&command)));
    }
    Ok(Exit::Succeeded)
}

/// What was typed to choose these plays, for the command that lists more of them.
fn filters(params: &logic::PlayList) -> Vec<String> {
    let logic::PlayList { workflow, status, parent: _, tag, limit, cursor: _ } = params;
    let limit = limit.filter(|limit| *limit != LIMIT_DEFAULT);
    let options = [
        ("--workflow", workflow.clone()),
        ("--status", status.map(|status| status.as_str().to_owned())),
        ("--tag", tag.clone()),
        ("--limit", limit.map(|limit| limit.to_string())),
    ];
    let given = options.into_iter().filter_map(|(option, value)| Some([option.to_owned(), value?]));
    given.flatten().collect()
}

fn row(play: &Play) -> [Cell; 7] {
    let look = status_look(play.status);
    let questions = if play.pending_resumes > 0 { play.pending_resumes.to_string() } else { String::new() };
    [
        (Paint::Plain, play.play_sid.to_string()),
        (look.paint, look.word.to_owned()),
        (Paint::Strong, play.workflow.clone()),
        (Paint::Plain, moment(play.created_at)),
        (Paint::Plain, duration(play.duration_ms)),
        (Paint::Attention, questions),
        (Paint::Faint, play.tags.join(" ")),
    ]
}

/// A moment to the second, in UTC.
pub(crate) fn moment(at: Timestamp) -> String {
    let text = at.to_string();
    text.get(..19).map_or_else(|| text.clone(), |seconds| seconds.replace('T', " "))
}

fn to_status(status: PlayStatus) -> Status {
    match status {
        PlayStatus::Queued => Status::Queued,
        PlayStatus::Running => Status::Running,
        PlayStatus::AwaitingResume => Status::AwaitingResume,
        PlayStatus::AwaitingChild => Status::AwaitingChild,
        PlayStatus::Sleeping => Status::Sleeping,
        PlayStatus::Succeeded => Status::Succeeded,
        PlayStatus::Failed => Status::Failed,
        PlayStatus::Cancelled => Status::Cancelled,
        PlayStatus::Diverged => Status::Diverged,
    }
}
