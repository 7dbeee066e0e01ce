//! What can be typed to move workflows and plays from home to home, and plays into the library.

use std::path::PathBuf;

use clap::{Args, ValueHint};

const WORKFLOW_EXAMPLES: &str = "\
Examples:
  hero_logic workflow export trip -o trip.json
  hero_logic workflow export trip | ssh elsewhere hero_logic workflow import -";

const WORKFLOW_IMPORT_EXAMPLES: &str = "\
Examples:
  hero_logic workflow import trip.json
  hero_logic workflow import trip.json --name journey";

const PLAY_EXAMPLES: &str = "\
Examples:
  hero_logic play export PLAY_SID -o play.json
  hero_logic play import play.json && hero_logic play retry PLAY_SID";

const PROMOTE_EXAMPLES: &str = "\
Examples:
  hero_logic play promote PLAY_SID --name trip --tag travel
  hero_logic play promote PLAY_SID --to trip --note 'asks which train' --no-set-current";

const SAVE_EXAMPLES: &str = "\
Examples:
  hero_logic play save-as-example PLAY_SID graz
  hero_logic play save-as-example PLAY_SID graz --to trip --note 'the usual case'";

#[derive(Debug, Args)]
#[command(after_help = WORKFLOW_EXAMPLES)]
pub(crate) struct WorkflowExport {
    /// The workflow, by its name or id
    pub(crate) workflow: String,
    /// Leave its benchmarks out, which are most of a large document
    #[arg(long)]
    pub(crate) without_benchmarks: bool,
    /// Write the document to this file, or `-` for standard output; with --json its head goes there
    #[arg(long, short, value_name = "FILE|-", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = WORKFLOW_IMPORT_EXAMPLES)]
pub(crate) struct WorkflowImport {
    /// What `workflow export` has written, or `-` for standard input
    #[arg(value_name = "FILE|-", value_hint = ValueHint::FilePath)]
    pub(crate) file: String,
    /// A name in place of the workflow's own, if it is not here yet
    #[arg(long)]
    pub(crate) name: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = PLAY_EXAMPLES)]
pub(crate) struct PlayExport {
    /// The play, by its id, as `play list` has it
    pub(crate) play_sid: String,
    /// Write the document to this file, or `-` for standard output; with --json its head goes there
    #[arg(long, short, value_name = "FILE|-", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = PLAY_EXAMPLES)]
pub(crate) struct DocumentFile {
    /// What `play export` has written, or `-` for standard input
    #[arg(value_name = "FILE|-", value_hint = ValueHint::FilePath)]
    pub(crate) file: String,
}

#[derive(Debug, Args)]
#[command(after_help = PROMOTE_EXAMPLES)]
pub(crate) struct PlayPromote {
    /// The play, by its id, as `play list` has it
    pub(crate) play_sid: String,
    /// Name of the new workflow; that of the play's file without its ending unless told
    #[arg(long, conflicts_with = "to")]
    pub(crate) name: Option<String>,
    /// Make it the next version of this workflow, by its name or id
    #[arg(long, value_name = "WORKFLOW")]
    pub(crate) to: Option<String>,
    /// Keep the version that runs now; this one runs when it is asked for
    #[arg(long, requires = "to")]
    pub(crate) no_set_current: bool,
    /// What it does, in a sentence; the first paragraph of the flow's docstring unless told
    #[arg(long, value_name = "TEXT", conflicts_with = "to")]
    pub(crate) description: Option<String>,
    /// A label for lists; may be given several times
    #[arg(long = "tag", value_name = "TAG", conflicts_with = "to")]
    pub(crate) tags: Vec<String>,
    /// Why this version was made
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = SAVE_EXAMPLES)]
pub(crate) struct PlaySaveAsExample {
    /// The play, by its id, as `play list` has it
    pub(crate) play_sid: String,
    /// Name of the example, in place of one that has it
    pub(crate) name: String,
    /// Of which workflow, by its name or id; the play's own unless told
    #[arg(long, value_name = "WORKFLOW")]
    pub(crate) to: Option<String>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
}
