//! `hero_logic play artifacts`: the files that a play has kept.

use hero_sdk::{Logic, PlaySid};

use crate::cli::{
    args,
    context::{Context, play_sid},
    embedded::Purpose,
    errors::{Exit, Failure},
    facts::moment,
    style::Paint,
};

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
    let listed = logic.play_artifacts(play_sid.into()).await?;
    let rows = listed
        .artifacts
        .iter()
        .map(|artifact| {
            [
                (Paint::Strong, artifact.name.clone()),
                (Paint::Plain, size(artifact.size)),
                (Paint::Plain, artifact.media_type.clone()),
                (Paint::Faint, moment(artifact.created_at)),
                (Paint::Faint, artifact.path.clone()),
            ]
        })
        .collect();
    context.out.list(&listed, ["NAME", "SIZE", "TYPE", "CREATED", "STEP"], rows)?;
    Ok(Exit::Succeeded)
}

/// A number of bytes for people, in powers of a thousand.
pub(crate) fn size(bytes: u64) -> String {
    let mut scaled = bytes as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        // What is rounded to a thousand of one is one of the next.
        if scaled < 999.5 {
            return if unit == "B" { format!("{bytes} B") } else { format!("{scaled:.1} {unit}") };
        }
        scaled /= 1000.0;
    }
    format!("{scaled:.1} TB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_in_the_unit_that_suits_them() {
        let cases = [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (999_499, "999.5 kB"),
            (999_600, "1.0 MB"),
            (1 << 30, "1.1 GB"),
            (u64::MAX, "18446744.1 TB"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(size(bytes), expected);
        }
    }
}
