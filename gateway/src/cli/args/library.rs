//! What can be typed about workflows and their examples.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};
use hero_sdk::model::VersionChoice;

use super::{
    bench::{BenchHow, number},
    documents::{WorkflowExport, WorkflowImport},
    play::{GivenInputs, Page},
};

const ADD_EXAMPLES: &str = "\
Examples:
  hero_logic workflow add trip.py --tag travel
  hero_logic workflow add trip.py --to trip --note 'asks which train'
  hero_logic workflow fetch trip | sed s/Graz/Linz/ | hero_logic workflow add - --to trip --no-set-current";

const EXAMPLE_ADD_EXAMPLES: &str = "\
Examples:
  hero_logic example add trip graz --input to=Graz --answer 'which_train=\"07:10 to Graz\"'
  hero_logic example add trip linz --inputs @linz.json --expected '{\"ticket\": \"seat 61\"}'
  hero_logic run trip --example graz
  hero_logic bench run trip --repeats 5";

const SET_CURRENT_EXAMPLES: &str = "\
Examples:
  hero_logic workflow set-current trip 1
  hero_logic workflow set-current trip 2 --gate --repeats 5
  hero_logic workflow set-current trip 2 --gate --max-cost-increase 0.1 --min-confidence 0.9

Exit codes of --gate: 0 the version is the current one now; 1 it does not pass, and nothing is changed.";

#[derive(Debug, Subcommand)]
pub(crate) enum Workflow {
    /// Save a file as a workflow, or as the next version of one
    Add(WorkflowAdd),
    /// The workflows that `run` knows by name
    List(WorkflowList),
    /// One workflow: what it takes and gives, its current version, its examples
    Show(WorkflowVersion),
    /// The versions of a workflow, oldest first
    Versions(WorkflowName),
    /// Have another version run from now on
    SetCurrent(WorkflowSetCurrent),
    /// Change the name, the description or the labels of a workflow, or archive it
    Update(WorkflowUpdate),
    /// Delete a workflow with its examples; its plays stay
    Delete(WorkflowDelete),
    /// The source of a version, as it is
    Fetch(WorkflowFetch),
    /// A workflow with its versions, examples and benchmarks, as one file for another home
    Export(WorkflowExport),
    /// Take a workflow from such a file, or what of it is not here yet; nothing that is here changes
    Import(WorkflowImport),
}

#[derive(Debug, Args)]
#[command(after_help = ADD_EXAMPLES)]
pub(crate) struct WorkflowAdd {
    /// A Python file, or `-` for standard input
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: String,
    /// Name of the new workflow; that of the file without its ending unless told
    #[arg(long, conflicts_with = "to")]
    pub(crate) name: Option<String>,
    /// Make it the next version of this workflow, by its name or id
    #[arg(long, value_name = "WORKFLOW")]
    pub(crate) to: Option<String>,
    /// Keep the version that runs now; this one runs when it is asked for
    #[arg(long, requires = "to")]
    pub(crate) no_set_current: bool,
    /// The flow to run, where the file has several: a function's name or a flow's
    #[arg(long, value_name = "NAME")]
    pub(crate) entry: Option<String>,
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
pub(crate) struct WorkflowList {
    /// Only workflows with this text in their name or description, whatever its case
    pub(crate) query: Option<String>,
    /// Only workflows with this label
    #[arg(long)]
    pub(crate) tag: Option<String>,
    /// Those that are archived as well
    #[arg(long)]
    pub(crate) archived: bool,
    #[command(flatten)]
    pub(crate) page: Page,
}

#[derive(Debug, Args)]
pub(crate) struct WorkflowName {
    /// The workflow, by its name or id
    pub(crate) workflow: String,
}

#[derive(Debug, Args)]
pub(crate) struct WorkflowVersion {
    /// The workflow, by its name or id
    pub(crate) workflow: String,
    /// The version, by its number or id
    #[arg(long, value_parser = version, default_value = "current")]
    pub(crate) version: VersionChoice,
}

#[derive(Debug, Args)]
#[command(after_help = SET_CURRENT_EXAMPLES)]
pub(crate) struct WorkflowSetCurrent {
    /// The workflow, by its name or id
    pub(crate) workflow: String,
    /// The version, by its number or id
    #[arg(value_parser = version)]
    pub(crate) version: VersionChoice,
    /// Only if it is not worse than the current one by the examples; what is not measured yet is benchmarked first
    #[arg(long)]
    pub(crate) gate: bool,
    #[command(flatten)]
    pub(crate) bounds: WorkflowGate,
}

/// What a gate allows, and how it measures. Each goes with `--gate`.
#[derive(Debug, Default, PartialEq, Args)]
pub(crate) struct WorkflowGate {
    /// By how much accuracy and success may be lower, 0 to 1; 0 unless told
    #[arg(long, value_name = "X", value_parser = number, allow_negative_numbers = true)]
    pub(crate) max_accuracy_loss: Option<f64>,
    /// By which part the mean cost may be higher, 0.1 for a tenth; 0 unless told
    #[arg(long, value_name = "X", value_parser = number, allow_negative_numbers = true)]
    pub(crate) max_cost_increase: Option<f64>,
    /// By which part the mean latency may be higher; 0.1 unless told
    #[arg(long, value_name = "X", value_parser = number, allow_negative_numbers = true)]
    pub(crate) max_latency_increase: Option<f64>,
    /// How sure each of these has to be, 0 to 1; that it was measured so is enough unless told
    #[arg(long, value_name = "X", value_parser = number, allow_negative_numbers = true)]
    pub(crate) min_confidence: Option<f64>,
    #[command(flatten)]
    pub(crate) how: BenchHow,
}

#[derive(Debug, Args)]
pub(crate) struct WorkflowUpdate {
    /// The workflow, by its name or id
    pub(crate) workflow: String,
    #[command(flatten)]
    pub(crate) change: WorkflowChange,
}

/// At least one of these.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct WorkflowChange {
    /// Another name
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// What it does, in a sentence
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// A label, in place of all that it has; may be given several times
    #[arg(long = "tag", value_name = "TAG")]
    pub(crate) tags: Vec<String>,
    /// Take all labels away
    #[arg(long, conflicts_with = "tags")]
    pub(crate) no_tags: bool,
    /// Keep it without listing it
    #[arg(long)]
    pub(crate) archive: bool,
    /// List it again
    #[arg(long, conflicts_with = "archive")]
    pub(crate) unarchive: bool,
}

#[derive(Debug, Args)]
pub(crate) struct WorkflowDelete {
    /// The workflow, by its name or id
    pub(crate) workflow: String,
    /// Cancel its live plays, because of which it is refused otherwise
    #[arg(long)]
    pub(crate) force: bool,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct WorkflowFetch {
    #[command(flatten)]
    pub(crate) of: WorkflowVersion,
    /// Write the source to this file, or `-` for standard output; with --json the version goes there
    #[arg(long, short, value_name = "FILE|-", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Example {
    /// The saved examples of a workflow
    List(WorkflowName),
    /// Save inputs under a name, in place of those that it had
    Add(ExampleAdd),
    /// One example: its inputs, answers, and what should come out
    Show(ExampleName),
    /// Delete an example
    Delete(ExampleName),
    /// The inputs of an example as a version takes them, with its defaults, for `run --inputs -`
    Inputs(ExampleInputs),
}

#[derive(Debug, Args)]
pub(crate) struct ExampleName {
    /// The workflow, by its name or id
    pub(crate) workflow: String,
    /// The example
    #[arg(value_name = "NAME")]
    pub(crate) example: String,
}

#[derive(Debug, Args)]
#[command(after_help = EXAMPLE_ADD_EXAMPLES)]
pub(crate) struct ExampleAdd {
    #[command(flatten)]
    pub(crate) of: ExampleName,
    #[command(flatten)]
    pub(crate) inputs: GivenInputs,
    /// What the flow should return, as JSON, `@` and a file, or `-` for standard input
    #[arg(long, value_name = "JSON|@FILE|-", allow_negative_numbers = true)]
    pub(crate) expected: Option<String>,
    /// The answer to a question, by its name, `NAME#N` or path; may be given several times
    #[arg(long = "answer", value_name = "NAME=JSON")]
    pub(crate) answers: Vec<String>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ExampleInputs {
    #[command(flatten)]
    pub(crate) of: ExampleName,
    /// For this version, by its number or id
    #[arg(long, value_parser = version, default_value = "current")]
    pub(crate) version: VersionChoice,
}

/// `current`, a number or an id.
pub(super) fn version(text: &str) -> Result<VersionChoice, String> {
    text.parse().map_err(|_| "expected its number, its id, or `current`".to_owned())
}
