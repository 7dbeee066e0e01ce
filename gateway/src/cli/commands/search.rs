//! `hero_logic search`: the workflows of the library that answer, best first.

use hero_sdk::{
    Logic,
    logic::{FlowLibrarySearch, LibraryHit},
};

use crate::cli::{
    args::Search,
    context::Context,
    embedded::Purpose,
    errors::{Exit, Failure},
    evidence::evidence,
    style::{Paint, Palette},
    terminal::stdout_width,
    tree::Line,
};

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: Search) -> Result<Exit, Failure> {
    let params = arguments.params()?;
    context.with_logic(Purpose::Look, async |context, logic| run(context, logic, params).await).await
}

/// Runs it on any `Logic`.
pub(crate) async fn run(
    context: &mut Context,
    logic: &dyn Logic,
    params: FlowLibrarySearch,
) -> Result<Exit, Failure> {
    let found = logic.flow_library_search(params).await?;
    // As with other tools that look for something: a script need not read to know that nothing is there.
    let exit = if found.hits.is_empty() { Exit::Failed } else { Exit::Succeeded };
    if context.out.json {
        context.out.document(&found)?;
        return Ok(exit);
    }
    if found.hits.is_empty() {
        let searched = match found.searched {
            1 => "1 workflow was".to_owned(),
            many => format!("{many} workflows were"),
        };
        let nearest = match found.nearest.map(shown_score).filter(|score| *score > 0.0) {
            Some(score) => format!("; the nearest scores {score}, --min-score {score} shows it"),
            None => String::new(),
        };
        context.say(&format!("nothing in the library answers that: {searched} looked through{nearest}\n"));
    }
    let width = stdout_width();
    let text: String = found.hits.iter().map(|hit| told(hit, context.out.palette, width)).collect();
    context.out.text(&text)?;
    Ok(exit)
}

/// A score that is not higher than it is, with two digits.
fn shown_score(score: f64) -> f64 {
    (score * 100.0).floor() / 100.0
}

/// A hit: its name and score, what it does, how it has fared, and why it was found.
fn told(hit: &LibraryHit, palette: Palette, width: Option<usize>) -> String {
    let mut head = Line::default();
    head.push(Paint::Strong, &hit.workflow);
    head.push_apart(Paint::Plain, &format!("{:.2}", hit.score));
    head.push_apart(Paint::Faint, &hit.tags.join(" "));
    let more = [
        (Paint::Plain, hit.description.as_str()),
        (Paint::Plain, &format!("version {}: {}", hit.version, evidence(&hit.statistics))),
        (Paint::Faint, &hit.why.join("; ")),
    ];
    let lines = more.into_iter().filter(|(_, text)| !text.is_empty()).map(|(paint, text)| {
        let mut line = Line::default();
        line.push_apart(paint, text);
        line
    });
    let width = width.unwrap_or(usize::MAX);
    std::iter::once(head).chain(lines).map(|line| line.fit(width).to_text(palette) + "\n").collect()
}
