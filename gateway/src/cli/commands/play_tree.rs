//! `hero_logic play tree`: the whole tree of a play, once.

use hero_sdk::{Logic, PlaySid, logic::PlaySpans, model::SpanPage};

use crate::cli::{
    args,
    context::{Context, play_sid},
    embedded::Purpose,
    errors::{Exit, Failure},
    terminal::stdout_width,
    tree::{Moment, Tree, Viewport, layout},
};

/// Columns where standard output is no terminal: as wide as text is read, so that a log line does not run on for ever.
const WIDTH_OF_FILE: usize = 160;

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: args::PlaySid) -> Result<Exit, Failure> {
    let play_sid = play_sid(&arguments.play_sid)?;
    context.with_logic(Purpose::Look, async |context, logic| run(context, logic, play_sid).await).await
}

/// Runs it on any `Logic`.
pub(crate) async fn run(
    context: &mut Context,
    logic: &dyn Logic,
    play_sid: PlaySid,
) -> Result<Exit, Failure> {
    let page = whole(logic, play_sid).await?;
    if context.out.json {
        context.out.document(&page)?;
        return Ok(Exit::Succeeded);
    }
    let mut tree = Tree::default();
    let moment = Moment { now_ms: 0.0 };
    tree.apply(&page, moment.now_ms);
    let viewport = Viewport { width: stdout_width().unwrap_or(WIDTH_OF_FILE), height: None };
    let palette = context.out.palette;
    let text: String =
        layout(&tree, viewport, moment).iter().map(|line| line.to_text(palette) + "\n").collect();
    if text.is_empty() {
        context.say("no steps yet\n");
    }
    context.out.text(&text)?;
    Ok(Exit::Succeeded)
}

/// All pages as one. A node that changed between two pages stands in it once, in its newest state.
async fn whole(logic: &dyn Logic, play_sid: PlaySid) -> Result<SpanPage, Failure> {
    let mut after_seq = 0;
    let mut spans = std::collections::BTreeMap::new();
    let mut logs = Vec::new();
    loop {
        let page = logic.play_spans(PlaySpans { after_seq, ..PlaySpans::from(play_sid.clone()) }).await?;
        spans.extend(page.spans.into_iter().map(|span| (span.span_id, span)));
        logs.extend(page.logs);
        if page.last_seq <= after_seq {
            let spans = spans.into_values().collect();
            return Ok(SpanPage { spans, logs, last_seq: after_seq, status: page.status });
        }
        after_seq = page.last_seq;
    }
}
