//! `hero_logic --info`: tells what serves the home, and where it stands.

use hero_sdk::{Client, logic::ServerInfo};

use crate::cli::{
    context::Context,
    errors::{Exit, Failure},
    escape::visible,
    reach::Reach,
    session::{LOOK, info_of, listening},
    style::{Paint, Palette},
};
use crate::service::{pid_file::PidFile, places::Places};

/// Does the command.
pub(crate) async fn command(context: &mut Context) -> Result<Exit, Failure> {
    let info = match Reach::of(&context.global)? {
        Reach::Server(endpoint) => info_of(&Client::new(endpoint), LOOK).await?,
        Reach::Home | Reach::Embedded => {
            let places = context.places()?;
            listening(&places, LOOK).await?.ok_or_else(|| nobody(&places))?.1
        }
    };
    if context.out.json {
        context.out.document(&info)?;
    } else {
        let palette = context.out.palette;
        context.out.text(&text(&info, palette))?;
    }
    Ok(Exit::Succeeded)
}

fn nobody(places: &Places) -> Failure {
    let home = places.home().display();
    match PidFile::holder(&places.pid_file()) {
        Some(pid) => Failure::trouble(
            "unreachable",
            format!("the server of {home}, process {pid}, ends just now or has lost its socket"),
        )
        .hint("`hero_logic --stop` waits until it has ended"),
        None => Failure::trouble("unreachable", format!("no server serves {home}"))
            .hint("`hero_logic --start` starts one; `hero_logic run` does so by itself when it needs one"),
    }
}

fn text(info: &ServerInfo, palette: Palette) -> String {
    let mut rows = vec![("version", info.version.clone())];
    if let Some(process) = &info.process {
        let kind = if process.background.is_some() { ", leaves when it is idle" } else { "" };
        rows.push(("process", format!("{}{kind}", process.pid)));
        rows.push(("since", process.started_at.to_string()));
        rows.extend(process.listening.iter().map(|place| ("listens on", place.clone())));
    }
    rows.push(("python", format!("{} ({})", info.python, info.python_version)));
    rows.push(("store", info.store.clone()));
    let layers = if info.sandbox.is_empty() { "no process yet".to_owned() } else { info.sandbox.join(", ") };
    rows.push(("sandbox", format!("{} ({layers})", info.sandbox_level.as_str())));
    rows.extend(info.sandbox_missing.iter().map(|(layer, why)| ("missing", format!("{layer}: {why}"))));
    rows.push(("plays", format!("{} running, {} queued", info.plays_running, info.plays_queued)));
    let line = |(name, value): (&str, String)| {
        format!("{}  {}\n", palette.paint(Paint::Note, &format!("{name:>10}")), visible(&value))
    };
    rows.into_iter().map(line).collect()
}
