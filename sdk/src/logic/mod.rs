//! The methods: declared once, here. From this declaration come the trait [`Logic`], which the runtime itself and clients
//! of it implement, so that whoever is written against it works embedded and remote alike; [`dispatch`], which calls a
//! method by its name; and [`METHODS`], from which documents and clients in other languages are written.

use schemars::{Schema, SchemaGenerator};

use self::declare::methods;
pub(crate) use self::params::{pointer, wrong_type};
pub use self::{
    benchmarks::{
        BenchmarkCompare, BenchmarkComparison, BenchmarkListForVersion, BenchmarkListForWorkflow,
        BenchmarkNews, BenchmarkReport, BenchmarkRun, BenchmarkWait, Benchmarks, Difference, GateCheck,
        GateReport, Limits, Measure, OfBenchmark, PickVersion, Picked, VersionScore, Weights, WorkflowGate,
        WorkflowStatistics,
    },
    cursor::Cursor,
    events::{Event, EventFeed, EventFilter, EventId, News, PlayNews, ResetReason, ResumeNews, WorkflowNews},
    metrics::{Bucket, Latencies, Metrics, PlayCount},
    params::Params,
    plays::{
        ArtifactContent, ArtifactFetch, Artifacts, OfPlay, PlayCancel, PlayList, PlayPendingResumes,
        PlayResume, PlayRunAsync, PlaySpans, PlayStart, PlayWait, Plays, Resumes, Retried, SpanFeed,
        StartOptions, Until,
    },
    search::{FlowLibrarySearch, LibraryHit, LibraryHits},
    server::{OfSecret, SecretSet, Secrets, ServerInfo, ServerProcess},
    transfer::{
        ImportedPlay, ImportedWorkflow, PlayImport, PlayPromote, PlaySaveAsExample, WorkflowExport,
        WorkflowImport,
    },
    workflows::{
        Created, Deleted, ExampleToInputData, ExampleUpsert, Examples, InputData, OfExample, OfVersion,
        OfWorkflow, Versions, WorkflowCreate, WorkflowCreateVersion, WorkflowDelete, WorkflowList,
        WorkflowSetCurrentVersion, WorkflowUpdate, Workflows,
    },
};
use crate::{
    Error, ErrorCode, Json, PlaySid,
    document::{Document, ExportedPlay, ExportedWorkflow},
    model::{Benchmark, Example, Play, ResumeRequest, SpanPage, Workflow, WorkflowVersion},
};

mod benchmarks;
mod cursor;
mod declare;
mod events;
mod metrics;
mod params;
mod plays;
mod search;
mod server;
mod transfer;
mod workflows;

/// What is known of a method.
#[derive(Clone, Copy, Debug)]
pub struct Method {
    /// By which it is called.
    pub name: &'static str,
    /// What it does; the first line is a sentence.
    pub doc: &'static str,
    /// The schema of its parameters, an object; none where it takes none.
    pub params: Option<fn(&mut SchemaGenerator) -> Schema>,
    /// The schema of its result.
    pub result: fn(&mut SchemaGenerator) -> Schema,
}

methods! {
    /// Everything that can be asked of hero_logic.
    trait Logic {
        /// What changes in a play's tree after a sequence number, as it happens. `invalid_params` where the play's record
        /// does not reach as far, from a client as the first item: begin again with 0.
        async fn play_feed(&self, play_sid: PlaySid, after_seq: u64) -> Result<SpanFeed, Error>;

        /// An artifact of a play, with its content.
        async fn play_artifact_fetch(&self, play_sid: PlaySid, name: String) -> Result<ArtifactFetch, Error>;

        /// What happens in the whole runtime behind an event, as it happens. Without one it begins with what comes now;
        /// then, and where events were missed, the first is a [`News::Reset`].
        async fn events(&self, filter: EventFilter, after: Option<EventId>) -> Result<EventFeed, Error>;

        /// The question that a link answers, by the token at its end; it need not be open any more. `not_found` for every
        /// token that leads nowhere. It is answered by `play_resume`.
        async fn resume_of_link(&self, token: &str) -> Result<ResumeRequest, Error>;
    }

    client {
        async fn play_feed(&self, play_sid: PlaySid, after_seq: u64) -> Result<SpanFeed, Error> {
            crate::client::feed(self, play_sid, after_seq).await
        }

        async fn play_artifact_fetch(&self, play_sid: PlaySid, name: String) -> Result<ArtifactFetch, Error> {
            crate::client::artifact(self, &play_sid, &name).await
        }

        async fn events(&self, filter: EventFilter, after: Option<EventId>) -> Result<EventFeed, Error> {
            crate::client::events(self, &filter, after).await
        }

        async fn resume_of_link(&self, token: &str) -> Result<ResumeRequest, Error> {
            crate::client::resume_of_link(self, token).await
        }
    }

    /// Starts a play of a workflow of the library. Inputs are validated before anything is written.
    play_start(PlayStart) -> Play;

    /// Starts a play of unsaved source, which becomes an anonymous version.
    play_run_async(PlayRunAsync) -> Play;

    /// A play as it stands.
    play_status(OfPlay) -> Play;

    /// Waits until a play has settled or ended; gives the play as it stands then.
    play_wait(PlayWait) -> Play;

    /// Ends a play: its processes get TERM, then KILL. A play that is terminal already gives `conflict`.
    play_cancel(PlayCancel) -> Play;

    /// Answers a question. The first valid payload wins; the same again gets the same answer, another `conflict`.
    play_resume(PlayResume) -> Play;

    /// Open questions, of one play or of all, oldest first.
    play_pending_resumes(PlayPendingResumes) -> Resumes;

    /// Plays, newest first, without inputs and outputs.
    play_list(PlayList) -> Plays;

    /// What changed in a play's tree after a sequence number.
    play_spans(PlaySpans) -> SpanPage;

    /// Runs a failed, cancelled or diverged play again: failed records are dropped, finished ones stay.
    play_retry(OfPlay) -> Retried;

    /// The artifacts of a play, by name.
    play_artifacts(OfPlay) -> Artifacts;

    /// Makes a workflow of a source. A confined process reads which inputs and outputs it declares.
    workflow_create(WorkflowCreate) -> Created;

    /// A workflow.
    workflow_get(OfWorkflow) -> Workflow;

    /// The workflows of the library, by name.
    workflow_list(WorkflowList) -> Workflows;

    /// Changes what is told of a workflow.
    workflow_update(WorkflowUpdate) -> Workflow;

    /// Deletes a workflow with its examples. It is refused while plays of it are live, unless by force.
    workflow_delete(WorkflowDelete) -> Deleted;

    /// Makes a source the next version of a workflow; where it is one of its versions already, gives that one.
    workflow_create_version(WorkflowCreateVersion) -> WorkflowVersion;

    /// Has another version run unless one is asked for.
    workflow_set_current_version(WorkflowSetCurrentVersion) -> Workflow;

    /// A version with its source.
    workflow_version_fetch(OfVersion) -> WorkflowVersion;

    /// The versions of a workflow, oldest first, without their sources.
    workflow_version_list(OfWorkflow) -> Versions;

    /// Saves inputs under a name, in place of those that it had, if the current version accepts them.
    example_upsert(ExampleUpsert) -> Example;

    /// A saved example.
    example_fetch(OfExample) -> Example;

    /// Deletes a saved example.
    example_delete(OfExample) -> Deleted;

    /// The inputs of an example as a version takes them, with its defaults filled in.
    example_to_input_data(ExampleToInputData) -> InputData;

    /// The saved examples of a workflow, by name.
    example_list(OfWorkflow) -> Examples;

    /// Finds workflows by what they do, with how they have fared. Workflows that are archived are not found.
    flow_library_search(FlowLibrarySearch) -> LibraryHits;

    /// How a workflow and each of its versions have fared, kept as their plays end.
    workflow_statistics(OfWorkflow) -> WorkflowStatistics;

    /// Runs a version over examples, whose answers feed its pauses, and measures each run. It goes on by itself, restarts
    /// of the runtime or not.
    benchmark_run(BenchmarkRun) -> Benchmark;

    /// A benchmark with the runs that are measured so far.
    benchmark_fetch(OfBenchmark) -> BenchmarkReport;

    /// Waits until a benchmark has ended, or has measured more runs; gives it as it stands then.
    benchmark_wait(BenchmarkWait) -> Benchmark;

    /// Ends a benchmark with the plays that it runs. What was measured stands. One that has ended gives `conflict`.
    benchmark_cancel(OfBenchmark) -> Benchmark;

    /// The benchmarks of a workflow, newest first.
    benchmark_list_for_workflow(BenchmarkListForWorkflow) -> Benchmarks;

    /// The benchmarks of a version, newest first.
    benchmark_list_for_version(BenchmarkListForVersion) -> Benchmarks;

    /// The newest completed benchmark of a version; `not_found` where there is none.
    benchmark_latest_for_version(OfVersion) -> Benchmark;

    /// How a benchmark stands to another over the same examples, with intervals.
    benchmark_compare(BenchmarkCompare) -> BenchmarkComparison;

    /// Holds a version against the current one, by the latest benchmarks of both over all examples as they are now, and
    /// makes it the current one if it is not worse. `conflict` where there are no such benchmarks: `fields` name the side
    /// that lacks one, `/baseline` or `/candidate`.
    workflow_gate(WorkflowGate) -> GateReport;

    /// The version that is best by what counts, among those that keep the limits. Versions with little data are taken to
    /// be as bad as that data allows. `no_version_fits` where the limits exclude all.
    pick_version(PickVersion) -> Picked;
    /// A workflow with its versions, examples and benchmarks as one document, which another hero_logic takes.
    workflow_export(WorkflowExport) -> Document<ExportedWorkflow>;

    /// Takes a workflow from a document, or what of it is not here yet. Nothing that is here changes: where something
    /// else has its place, `conflict`, and nothing is imported. A confined process reads from each source what it
    /// declares.
    workflow_import(WorkflowImport) -> ImportedWorkflow;

    /// A play with all that it is replayed from as one document. One that has not ended gives `conflict`, unless it waits
    /// for an answer.
    play_export(OfPlay) -> Document<ExportedPlay>;

    /// Takes a play from a document. One that waited for an answer comes as cancelled: only a retry has it go on here.
    play_import(PlayImport) -> ImportedPlay;

    /// Makes the source of a play a workflow, or the next version of one; where it is one of its versions already, gives
    /// that one.
    play_promote(PlayPromote) -> Created;

    /// Saves the inputs, answers and outputs of a play that has succeeded as an example, in place of one of that name.
    play_save_as_example(PlaySaveAsExample) -> Example;

    /// Sets a secret, in place of the value that it had. No method gives a value back.
    secret_set(SecretSet) -> ();

    /// The secrets that flows may declare, by name, without their values.
    secret_list() -> Secrets;

    /// Removes a secret that was set.
    secret_remove(OfSecret) -> ();

    /// What the runtime is and where it stands.
    server_info() -> ServerInfo;

    /// How the runtime fares, in numbers.
    server_metrics() -> Metrics;
}

/// The text of a result.
fn result_of<T: serde::Serialize>(result: Result<T, Error>) -> Result<Json, Error> {
    Json::of(&result?)
        .map_err(|error| Error::new(ErrorCode::Internal, format!("the result is no JSON: {error}")))
}

/// What a switch is that nobody has set.
fn yes() -> bool {
    true
}
