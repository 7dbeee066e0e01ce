//! `hero_logic play list`: a table of plays, newest first.

use hero_sdk::{
    Logic, logic,
    model::{Play, Status},
};

use crate::cli::{
    args::{Page, PlayList, PlayStatus},
    context::{Context, play_sid},
    embedded::Purpose,
    errors::{Exit, Failure},
    facts::moment,
    pages,
    style::Paint,
    table::Cell,
    tree::{duration, status_look},
};

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: PlayList) -> Result<Exit, Failure> {
    let params = params(arguments)?;
    context.with_logic(Purpose::Look, async |context, logic| run(context, logic, params).await).await
}

/// What was typed, checked in form.
pub(crate) fn params(arguments: PlayList) -> Result<logic::PlayList, Failure> {
    let PlayList { workflow, status, parent, tag, page: Page { limit, cursor } } = arguments;
    let parent = parent.as_deref().map(play_sid).transpose()?;
    let (status, cursor) = (status.map(to_status), cursor.map(logic::Cursor));
    Ok(logic::PlayList { workflow, status, parent, tag, limit: Some(limit), cursor })
}

/// Runs it on any `Logic`.
pub(crate) async fn run(
    context: &mut Context,
    logic: &dyn Logic,
    params: logic::PlayList,
) -> Result<Exit, Failure> {
    let again = again(&params);
    let page = logic.play_list(params).await?;
    if context.out.json {
        context.out.document(&page)?;
        return Ok(Exit::Succeeded);
    }
    if page.plays.is_empty() {
        context.say("no plays\n");
        return Ok(Exit::Succeeded);
    }
    let rows = page.plays.iter().map(row).collect();
    let heads = ["PLAY", "STATUS", "WORKFLOW", "CREATED (UTC)", "WORKED", "QUESTIONS", "TAGS"];
    context.out.table(heads, rows)?;
    pages::tell_more(context, &again, page.next_cursor);
    Ok(Exit::Succeeded)
}

/// The command that chooses these plays.
fn again(params: &logic::PlayList) -> Vec<String> {
    let logic::PlayList { workflow, status, parent, tag, limit, cursor: _ } = params;
    let options = pages::typed([
        ("--workflow", workflow.clone()),
        ("--status", status.map(|status| status.as_str().to_owned())),
        ("--parent", parent.as_ref().map(ToString::to_string)),
        ("--tag", tag.clone()),
        ("--limit", pages::limit(*limit)),
    ]);
    ["play", "list"].map(str::to_owned).into_iter().chain(options).collect()
}

fn row(play: &Play) -> [Cell; 7] {
    let look = status_look(play.status);
    let questions = if play.pending_resumes > 0 { play.pending_resumes.to_string() } else { String::new() };
    [
        (Paint::Plain, play.play_sid.to_string()),
        (look.paint, look.word.to_owned()),
        (Paint::Strong, play.workflow.clone()),
        (Paint::Plain, moment(play.created_at)),
        (Paint::Plain, worked(play)),
        (Paint::Attention, questions),
        (Paint::Faint, play.tags.join(" ")),
    ]
}

/// For how long its processes have worked. Of one that runs only what is over is known.
fn worked(play: &Play) -> String {
    if play.duration_ms == 0.0 && !play.status.is_terminal() {
        return String::new();
    }
    duration(play.duration_ms)
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
