//! `hero_logic --info`: tells what serves the home, and where it stands.

use hero_sdk::{Client, Logic as _, logic::ServerInfo};

use crate::cli::{
    context::Context,
    errors::{Exit, Failure},
    escape::visible,
    reach::Reach,
    session::listening,
    style::{Paint, Palette},
};

/// Does the command.
pub(crate) async fn command(context: &mut Context) -> Result<Exit, Failure> {
    let info = match Reach::of(&context.global)? {
        Reach::Server(endpoint) => Client::new(endpoint).server_info().await?,
        Reach::Home | Reach::Embedded => {
            let places = context.places()?;
            let Some((_, info)) = listening(&places).await? else {
                let message = format!("no server serves {}", places.home().display());
                return Err(Failure::trouble("unreachable", message).hint(
                    "`hero_logic --start` starts one; `hero_logic run` does so by itself when it needs one",
                ));
            };
            info
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
