//! `hero_logic pick`: the version that serves best. Its number goes to standard output, and why to standard error.

use hero_sdk::{
    Logic,
    logic::{Measure, Picked, VersionScore},
};

use crate::cli::{
    args::Pick,
    bench::words::{money, percent},
    context::Context,
    embedded::Purpose,
    errors::{Exit, Failure},
    escape::visible,
    style::{Paint, Palette},
    table::{Cell, table},
    terminal::stderr_width,
    tree::{Line, duration},
};

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: Pick) -> Result<Exit, Failure> {
    context.with_logic(Purpose::Look, async |context, logic| run(context, logic, arguments).await).await
}

/// Runs it on any `Logic`.
pub(crate) async fn run(context: &mut Context, logic: &dyn Logic, arguments: Pick) -> Result<Exit, Failure> {
    let picked = logic.pick_version(arguments.params()).await?;
    if context.out.json {
        context.out.document(&picked)?;
        return Ok(Exit::Succeeded);
    }
    let text = reasons(&picked, context.palette, stderr_width());
    context.say(&text);
    context.out.text(&format!("{}\n", picked.version))?;
    Ok(Exit::Succeeded)
}

/// Every version with what is known of it, and why the first one is the first.
fn reasons(picked: &Picked, palette: Palette, width: Option<usize>) -> String {
    let rows = picked.scores.iter().map(|score| row(score, picked.version)).collect();
    let heads = ["VERSION", "SCORE", "ACCURACY", "P95", "MEAN COST"];
    let fitted = |line: Line| line.fit(width.unwrap_or(usize::MAX)).to_text(palette) + "\n";
    let mut text: String = table(heads, rows).into_iter().map(fitted).collect();
    let legend = "measured → taken as, since few runs say little (how many runs)";
    text.push_str(&palette.paint(Paint::Faint, legend));
    text.push('\n');
    for score in &picked.scores {
        for why in &score.excluded {
            text.push_str(&format!("version {} is excluded: {}\n", score.version, visible(why)));
        }
    }
    text.push_str(&visible(&picked.reason));
    text.push('\n');
    text
}

fn row(score: &VersionScore, picked: u32) -> [Cell; 5] {
    let paint = match score {
        _ if score.version == picked => Paint::Good,
        _ if score.score.is_none() => Paint::Faint,
        _ => Paint::Plain,
    };
    let mark = if score.version == picked { "✓" } else { " " };
    let told = score.score.map_or_else(|| "excluded".to_owned(), |score| format!("{score:.3}"));
    [
        (paint, format!("{mark} {}", score.version)),
        (paint, told),
        (Paint::Plain, of_runs(score.accuracy, percent)),
        (Paint::Plain, of_runs(score.speed, duration)),
        // Of the same runs as speed.
        (Paint::Plain, measured(score.cost, money)),
    ]
}

/// What was measured, and what it is taken to be.
fn measured(measure: Option<Measure>, told: fn(f64) -> String) -> String {
    let Some(Measure { measured, bound, .. }) = measure else { return "not measured".to_owned() };
    format!("{} → {}", told(measured), told(bound))
}

/// The same with the number of runs.
fn of_runs(measure: Option<Measure>, told: fn(f64) -> String) -> String {
    let runs = measure.map(|Measure { runs, .. }| format!(" ({runs})")).unwrap_or_default();
    format!("{}{runs}", measured(measure, told))
}
