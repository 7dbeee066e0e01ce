//! `hero_logic doctor`: checks what hero_logic needs, and says what to do about what is missing.

use serde::Serialize;

use crate::cli::{
    context::Context,
    embedded::{self, Check, CheckState},
    errors::{Exit, Failure},
    escape::{visible, visible_lines},
    reach::refuse_other_server,
    session::{LOOK, listening},
    style::{Paint, Palette},
};

/// Does the command.
pub(crate) async fn command(context: &mut Context) -> Result<Exit, Failure> {
    #[derive(Serialize)]
    struct Document<'a> {
        checks: &'a [Check],
    }
    refuse_other_server(&context.global, "doctor")?;
    let places = context.places()?;
    let sandbox = context.sandbox(places.home())?;
    let mut signals = context.signals.clone();
    let checking = async {
        let process = listening(&places, LOOK).await?.and_then(|(_, info)| info.process);
        Ok::<_, Failure>(
            embedded::doctor(places.home().to_owned(), sandbox, process.map(|process| process.pid)).await,
        )
    };
    let checks = signals.or(checking).await??;
    if context.out.json {
        context.out.document(&Document { checks: &checks })?;
    } else {
        let palette = context.out.palette;
        context.out.text(&text(&checks, palette))?;
    }
    let is_failed = checks.iter().any(|check| check.state == CheckState::Failed);
    Ok(if is_failed { Exit::Trouble } else { Exit::Succeeded })
}

fn text(checks: &[Check], palette: Palette) -> String {
    let mut shown = String::new();
    for check in checks {
        let (icon, paint) = match check.state {
            CheckState::Ok => ("✓ ok", Paint::Good),
            CheckState::Warning => ("! warning", Paint::Attention),
            CheckState::Failed => ("✗ failed", Paint::Bad),
        };
        let state = palette.paint(paint, &format!("{icon:9}"));
        shown.push_str(&format!("{state}  {}: {}\n", visible(&check.name), visible_lines(&check.detail)));
        if let Some(remedy) = &check.remedy {
            let head = palette.paint(Paint::Note, "hint:");
            shown.push_str(&format!("           {head} {}\n", visible_lines(remedy)));
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_check_is_a_line_and_what_to_do() {
        let check = |name: &str, state, remedy: Option<&str>| Check {
            name: name.to_owned(),
            state,
            detail: "as \u{1b} it is".into(),
            remedy: remedy.map(str::to_owned),
        };
        let checks = [
            check("python", CheckState::Ok, None),
            check("store", CheckState::Warning, Some("look")),
            check("home", CheckState::Failed, Some("make it writable")),
        ];
        insta::assert_snapshot!(text(&checks, Palette::Text), @r"
        ✓ ok       python: as \x1b it is
        ! warning  store: as \x1b it is
                   hint: look
        ✗ failed   home: as \x1b it is
                   hint: make it writable
        ");
    }
}
