//! `hero_logic workflow list`: what `run` knows by name.

use hero_sdk::{Logic, logic, model::Workflow};

use crate::cli::{
    args::{Page, WorkflowList},
    context::Context,
    embedded::Purpose,
    errors::{Exit, Failure},
    pages,
    style::Paint,
    table::Cell,
};

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: WorkflowList) -> Result<Exit, Failure> {
    context.with_logic(Purpose::Look, async |context, logic| run(context, logic, arguments).await).await
}

/// Runs it on any `Logic`.
pub(crate) async fn run(
    context: &mut Context,
    logic: &dyn Logic,
    arguments: WorkflowList,
) -> Result<Exit, Failure> {
    let WorkflowList { query, tag, archived: include_archived, page: Page { limit, cursor } } = arguments;
    let (limit, cursor) = (Some(limit), cursor.map(logic::Cursor));
    let params = logic::WorkflowList { query, tag, include_archived, limit, cursor };
    let again = again(&params);
    let page = logic.workflow_list(params).await?;
    if context.out.json {
        context.out.document(&page)?;
    } else if page.workflows.is_empty() {
        context.say("no workflows\n");
    } else {
        let rows = page.workflows.iter().map(row).collect();
        context.out.table(["NAME", "VERSION", "TAGS", "DESCRIPTION"], rows)?;
        pages::tell_more(context, &again, page.next_cursor);
    }
    Ok(Exit::Succeeded)
}

/// The command that chooses these workflows.
fn again(params: &logic::WorkflowList) -> Vec<String> {
    let logic::WorkflowList { query, tag, include_archived, limit, cursor: _ } = params;
    let archived = include_archived.then(|| "--archived".to_owned());
    let options = pages::typed([("--tag", tag.clone()), ("--limit", pages::limit(*limit))]);
    let words = ["workflow", "list"].map(str::to_owned).into_iter();
    words.chain(query.clone()).chain(archived).chain(options).collect()
}

fn row(workflow: &Workflow) -> [Cell; 4] {
    let archived = if workflow.archived { "(archived) " } else { "" };
    [
        (Paint::Strong, workflow.name.clone()),
        (Paint::Plain, workflow.current_version.to_string()),
        (Paint::Faint, workflow.tags.join(" ")),
        (Paint::Plain, format!("{archived}{}", workflow.description)),
    ]
}
