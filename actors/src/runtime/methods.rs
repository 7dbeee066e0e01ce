//! The methods, each by messages to actors or by a read of the store.

use std::{sync::Arc, time::Duration};

use hero_sdk::{
    Error, ErrorCode, Json, PlaySid,
    document::{Document, ExportedPlay, ExportedWorkflow},
    logic::{
        ArtifactFetch, Artifacts, BenchmarkCompare, BenchmarkComparison, BenchmarkListForVersion,
        BenchmarkListForWorkflow, BenchmarkReport, BenchmarkRun, BenchmarkWait, Benchmarks, Created, Cursor,
        Deleted, EventFeed, EventFilter, EventId, ExampleToInputData, ExampleUpsert, Examples,
        FlowLibrarySearch, GateReport, ImportedPlay, ImportedWorkflow, InputData, LibraryHits, Logic,
        Metrics, OfBenchmark, OfExample, OfPlay, OfSecret, OfVersion, OfWorkflow, PickVersion, Picked,
        PlayCancel, PlayCount, PlayImport, PlayList, PlayPendingResumes, PlayPromote, PlayResume,
        PlayRunAsync, PlaySaveAsExample, PlaySpans, PlayStart, PlayWait, Plays, Resumes, Retried, SecretSet,
        Secrets, ServerInfo, SpanFeed, Versions, WorkflowCreate, WorkflowCreateVersion, WorkflowDelete,
        WorkflowExport, WorkflowGate, WorkflowImport, WorkflowList, WorkflowSetCurrentVersion,
        WorkflowStatistics, WorkflowUpdate, Workflows,
    },
    model::{
        Benchmark, Example, Play, ResumeRequest, ResumeStatus, SpanPage, VersionChoice, Workflow,
        WorkflowVersion,
    },
};
use hero_store::PlayFilter;

use super::{
    Runtime,
    asked::Asked,
    blocking,
    delete::delete,
    feed::{PAGE_BYTES_MAX, SPANS_LIMIT, check_cursor, feed, page},
    links,
    paging::{Paging, checked_limit},
    part::Part,
    read_library,
    start::{no_inputs, start},
    wait::wait,
};
use crate::{
    benchmarks,
    call::call,
    meters::bytes_beneath,
    play::{Reply, Wish},
    plays,
    registry::{Library, Source, filled},
    transfer::{export_play, export_workflow, import_play, import_workflow, promote, save_as_example},
};

/// How tracebacks call a source whose file has no name.
const FILE_NAME: &str = "flow.py";

#[async_trait::async_trait]
impl Logic for Runtime {
    async fn play_start(&self, mut params: PlayStart) -> Result<Play, Error> {
        let mut options = params.take_options();
        let PlayStart { workflow, version, example, .. } = params;
        let (choice, saved) = (version.to_string(), example.clone().unwrap_or_default());
        let work = async move |library: Library| {
            let (workflow, version) = library.resolve(&workflow, &version).await?;
            let example = example.map(|name| library.example_of(&workflow, &name)).transpose()?;
            Ok((workflow, version, example))
        };
        let (workflow, version, example) = self.library(work).await?;
        let what = [workflow.workflow_sid.to_string(), choice, saved];
        let asked = Asked::new("play_start", what, options.inputs.clone());
        if let Some(example) = example {
            let saved = example.inputs.to().unwrap_or_default();
            options.inputs = Some(filled(options.inputs.unwrap_or_else(no_inputs), saved));
        }
        start(&self.environment, version, workflow.name, asked, options).await
    }

    async fn play_run_async(&self, mut params: PlayRunAsync) -> Result<Play, Error> {
        let options = params.take_options();
        let PlayRunAsync { source, file_name, entry, .. } = params;
        let file_name = if file_name.is_empty() { FILE_NAME.to_owned() } else { file_name };
        let what = [source.clone(), file_name.clone(), entry.clone().unwrap_or_default()];
        let asked = Asked::new("play_run_async", what, options.inputs.clone());
        let source = Source { source, file_name: file_name.clone(), entry };
        let version = self.library(async move |library| library.anonymous(&source).await).await?;
        start(&self.environment, version, file_name, asked, options).await
    }

    async fn play_status(&self, params: OfPlay) -> Result<Play, Error> {
        self.status(&params.play_sid)
    }

    async fn play_wait(&self, params: PlayWait) -> Result<Play, Error> {
        let PlayWait { play_sid, timeout_ms, until } = params;
        let waiting = wait(&self.environment, &play_sid, until);
        match timeout_ms {
            None => waiting.await,
            Some(timeout_ms) => {
                match tokio::time::timeout(Duration::from_millis(timeout_ms), waiting).await {
                    Ok(result) => result,
                    Err(_) => self.status(&play_sid),
                }
            }
        }
    }

    async fn play_cancel(&self, params: PlayCancel) -> Result<Play, Error> {
        let PlayCancel { play_sid, reason } = params;
        let reply = self.wish(play_sid, |reply| Wish::Cancel { reason, reply }).await?;
        Ok(reply.play)
    }

    async fn play_resume(&self, params: PlayResume) -> Result<Play, Error> {
        let PlayResume { play_sid, resume_id, payload, answered_by } = params;
        let wish = |reply| Wish::Answer { resume_id, payload, answered_by, reply };
        let reply = self.wish(play_sid, wish).await?;
        self.environment.failpoint.answered();
        Ok(reply.play)
    }

    async fn play_pending_resumes(&self, params: PlayPendingResumes) -> Result<Resumes, Error> {
        let PlayPendingResumes { play_sid, limit, cursor } = params;
        let tables = &self.environment.tables;
        let mut resumes = match &play_sid {
            Some(play_sid) => {
                self.status(play_sid)?;
                tables.resumes_of(play_sid)?
            }
            None => tables.resumes_open()?,
        };
        resumes.retain(|resume| resume.status == ResumeStatus::Open);
        let paging = Paging::of("resumes", limit, cursor.as_ref(), &self.environment.seal)?;
        let key = |resume: &ResumeRequest| format!("{:020}{}", resume.created_at.0, resume.resume_id);
        if let Some(after) = &paging.after {
            resumes.retain(|resume| key(resume) > *after);
        }
        let (mut resumes, next_cursor) = paging.cut(resumes, key)?;
        for resume in &mut resumes {
            self.links.add(resume, &self.environment.seal)?;
        }
        Ok(Resumes { resumes, next_cursor })
    }

    async fn play_list(&self, params: PlayList) -> Result<Plays, Error> {
        let PlayList { workflow, status, parent, tag, limit, cursor } = params;
        let paging = Paging::of("plays", limit, cursor.as_ref(), &self.environment.seal)?;
        let before = paging.after.as_deref().map(str::parse).transpose()?;
        if let Some(workflow) = &workflow {
            self.check_workflow(workflow).await?;
        }
        let workflow = workflow.map(|name| self.of_workflow(name)).transpose()?;
        let filter = PlayFilter { workflow, status, parent, tag };
        let mut plays = self.environment.tables.plays_page(&filter, before.as_ref(), paging.limit + 1)?;
        for play in &mut plays {
            self.environment.working.add_to(play, self.environment.clock.now());
            play.inputs = Json::null();
            play.outputs = None;
        }
        let (plays, next_cursor) = paging.cut(plays, |play| play.play_sid.to_string())?;
        Ok(Plays { plays, next_cursor })
    }

    async fn play_spans(&self, params: PlaySpans) -> Result<SpanPage, Error> {
        let PlaySpans { play_sid, after_seq, parent, depth, limit } = params;
        let limit = checked_limit(limit.unwrap_or(SPANS_LIMIT))?;
        self.status(&play_sid)?;
        check_cursor(&self.environment, &play_sid, after_seq)?;
        if parent.is_none() && depth.is_none() {
            return page(&self.environment, &play_sid, after_seq, limit, PAGE_BYTES_MAX);
        }
        let environment = Arc::clone(&self.environment);
        let part = Part { parent, depth: depth.unwrap_or(u32::MAX) };
        // It looks at the whole tree.
        blocking(move || part.page(&environment, &play_sid, after_seq, limit)).await
    }

    async fn play_feed(&self, play_sid: PlaySid, after_seq: u64) -> Result<SpanFeed, Error> {
        self.status(&play_sid)?;
        check_cursor(&self.environment, &play_sid, after_seq)?;
        Ok(feed(Arc::clone(&self.environment), play_sid, after_seq))
    }

    async fn play_retry(&self, params: OfPlay) -> Result<Retried, Error> {
        let Reply { play, runs_again } = self.wish(params.play_sid, |reply| Wish::Retry { reply }).await?;
        Ok(Retried { play, runs_again })
    }

    async fn play_artifacts(&self, params: OfPlay) -> Result<Artifacts, Error> {
        self.status(&params.play_sid)?;
        Ok(Artifacts { artifacts: self.environment.tables.artifacts(&params.play_sid)? })
    }

    async fn play_artifact_fetch(&self, play_sid: PlaySid, name: String) -> Result<ArtifactFetch, Error> {
        self.status(&play_sid)?;
        let missing = || {
            Error::new(ErrorCode::NotFound, format!("play {play_sid} has no artifact {name:?}"))
                .hint(format!("`hero_logic play artifacts {play_sid}` lists those that it has"))
        };
        let artifact = self.environment.tables.artifact(&play_sid, &name)?.ok_or_else(missing)?;
        let content = self.environment.artifacts.read(&artifact).await?;
        Ok(ArtifactFetch { artifact, content })
    }

    async fn workflow_create(&self, params: WorkflowCreate) -> Result<Created, Error> {
        self.library(async move |library| library.create(params).await).await
    }

    async fn workflow_get(&self, params: OfWorkflow) -> Result<Workflow, Error> {
        self.library(async move |library| library.workflow(&params.workflow).await).await
    }

    async fn workflow_list(&self, params: WorkflowList) -> Result<Workflows, Error> {
        let WorkflowList { query, tag, include_archived, limit, cursor } = params;
        let paging = Paging::of("workflows", limit, cursor.as_ref(), &self.environment.seal)?;
        let mut workflows = self.library(async |library| library.list()).await?;
        let query = query.map(|query| query.to_lowercase());
        let holds = |text: &str, query: &str| text.to_lowercase().contains(query);
        workflows.retain(|Workflow { name, description, tags, archived, .. }| {
            (include_archived || !archived)
                && tag.as_ref().is_none_or(|tag| tags.contains(tag))
                && query.as_ref().is_none_or(|query| holds(name, query) || holds(description, query))
                && paging.after.as_ref().is_none_or(|after| name > after)
        });
        let (workflows, next_cursor) = paging.cut(workflows, |workflow| workflow.name.clone())?;
        Ok(Workflows { workflows, next_cursor })
    }

    async fn workflow_update(&self, params: WorkflowUpdate) -> Result<Workflow, Error> {
        self.library(async move |library| library.update(params).await).await
    }

    async fn workflow_delete(&self, params: WorkflowDelete) -> Result<Deleted, Error> {
        let WorkflowDelete { workflow, force } = params;
        delete(Arc::clone(&self.environment), workflow, force).await
    }

    async fn workflow_create_version(&self, params: WorkflowCreateVersion) -> Result<WorkflowVersion, Error> {
        self.library(async move |library| library.create_version(params).await).await
    }

    async fn workflow_set_current_version(
        &self,
        params: WorkflowSetCurrentVersion,
    ) -> Result<Workflow, Error> {
        let WorkflowSetCurrentVersion { workflow, version } = params;
        self.library(async move |library| library.set_current(&workflow, &version).await).await
    }

    async fn workflow_version_fetch(&self, params: OfVersion) -> Result<WorkflowVersion, Error> {
        let OfVersion { workflow, version } = params;
        let work = async move |library: Library| Ok(library.resolve(&workflow, &version).await?.1);
        self.library(work).await
    }

    async fn workflow_version_list(&self, params: OfWorkflow) -> Result<Versions, Error> {
        let work = async move |library: Library| library.versions(&params.workflow).await;
        Ok(Versions { versions: self.library(work).await? })
    }

    async fn example_upsert(&self, params: ExampleUpsert) -> Result<Example, Error> {
        self.library(async move |library| library.upsert_example(params).await).await
    }

    async fn example_fetch(&self, params: OfExample) -> Result<Example, Error> {
        self.library(async move |library| library.example(params).await).await
    }

    async fn example_delete(&self, params: OfExample) -> Result<Deleted, Error> {
        self.library(async move |library| library.delete_example(params).await).await
    }

    async fn example_to_input_data(&self, params: ExampleToInputData) -> Result<InputData, Error> {
        self.library(async move |library| library.example_inputs(params).await).await
    }

    async fn example_list(&self, params: OfWorkflow) -> Result<Examples, Error> {
        let work = async move |library: Library| library.examples(&params.workflow).await;
        Ok(Examples { examples: self.library(work).await? })
    }

    async fn flow_library_search(&self, params: FlowLibrarySearch) -> Result<LibraryHits, Error> {
        read_library(&self.environment, async move |library| library.search(params).await).await
    }

    async fn workflow_statistics(&self, params: OfWorkflow) -> Result<WorkflowStatistics, Error> {
        let work = async move |library: Library| library.statistics(&params.workflow).await;
        read_library(&self.environment, work).await
    }

    async fn benchmark_run(&self, params: BenchmarkRun) -> Result<Benchmark, Error> {
        benchmarks::run(&self.environment, params).await
    }

    async fn benchmark_fetch(&self, params: OfBenchmark) -> Result<BenchmarkReport, Error> {
        benchmarks::fetch(&self.environment, &params.benchmark_sid)
    }

    async fn benchmark_wait(&self, params: BenchmarkWait) -> Result<Benchmark, Error> {
        benchmarks::wait(&self.environment, params).await
    }

    async fn benchmark_cancel(&self, params: OfBenchmark) -> Result<Benchmark, Error> {
        benchmarks::cancel(&self.environment, &params.benchmark_sid).await
    }

    async fn benchmark_list_for_workflow(
        &self,
        params: BenchmarkListForWorkflow,
    ) -> Result<Benchmarks, Error> {
        let BenchmarkListForWorkflow { workflow, limit, cursor } = params;
        self.benchmarks(workflow, None, limit, cursor).await
    }

    async fn benchmark_list_for_version(&self, params: BenchmarkListForVersion) -> Result<Benchmarks, Error> {
        let BenchmarkListForVersion { workflow, version, limit, cursor } = params;
        self.benchmarks(workflow, Some(version), limit, cursor).await
    }

    async fn benchmark_latest_for_version(&self, params: OfVersion) -> Result<Benchmark, Error> {
        benchmarks::latest(&self.environment, params).await
    }

    async fn benchmark_compare(&self, params: BenchmarkCompare) -> Result<BenchmarkComparison, Error> {
        let environment = Arc::clone(&self.environment);
        // It draws a few million numbers.
        blocking(move || benchmarks::compared(&environment, &params)).await
    }

    async fn workflow_gate(&self, params: WorkflowGate) -> Result<GateReport, Error> {
        benchmarks::gate(&self.environment, params).await
    }

    async fn pick_version(&self, params: PickVersion) -> Result<Picked, Error> {
        read_library(&self.environment, async move |library| library.pick_version(params).await).await
    }

    async fn secret_set(&self, params: SecretSet) -> Result<(), Error> {
        let SecretSet { name, value } = params;
        let (environment, now) = (Arc::clone(&self.environment), self.environment.clock.now().wall);
        blocking(move || environment.vault.set(name, value, now)).await
    }

    async fn secret_list(&self) -> Result<Secrets, Error> {
        let environment = Arc::clone(&self.environment);
        blocking(move || Ok(Secrets { secrets: environment.vault.list()? })).await
    }

    async fn secret_remove(&self, params: OfSecret) -> Result<(), Error> {
        let environment = Arc::clone(&self.environment);
        blocking(move || environment.vault.remove(&params.name)).await
    }

    async fn server_info(&self) -> Result<ServerInfo, Error> {
        let counts = call(&self.environment.plays.get(), plays::Message::Count).await?;
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Ok(ServerInfo {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            python: self
                .python
                .as_ref()
                .map_or(String::new(), |python| python.executable.display().to_string()),
            python_version: self.python.as_ref().map_or(String::new(), |python| python.version.clone()),
            store: self.environment.paths.store().display().to_string(),
            sandbox_level: self.environment.sandbox.level,
            sandbox: self.environment.layers.known().layers.to_vec(),
            sandbox_missing: self.environment.layers.known().missing.as_ref().clone(),
            sandbox_defaults: self.environment.sandbox.defaults.clone(),
            plays_running: number(counts.running),
            plays_queued: number(counts.queued),
            trouble: self.trouble().await,
            process: None,
        })
    }

    async fn server_metrics(&self) -> Result<Metrics, Error> {
        let counts = call(&self.environment.plays.get(), plays::Message::Count).await?;
        let environment = Arc::clone(&self.environment);
        // It looks at every play that has not ended, and at the store's files.
        blocking(move || {
            let standing = environment.tables.unfinished_by_status()?;
            let meters = &environment.meters;
            let restarts = meters.restarts.all();
            Ok(Metrics {
                plays: standing.into_iter().map(|(status, count)| PlayCount { status, count }).collect(),
                plays_ended: meters.ended(),
                queued: u32::try_from(counts.queued).unwrap_or(u32::MAX),
                start: meters.start.read(),
                commit: meters.commit.read(),
                spans_written: meters.spans.get(),
                store_bytes: bytes_beneath(&environment.paths.store()),
                restarts: restarts.into_iter().map(|(what, count)| (what.to_owned(), count)).collect(),
            })
        })
        .await
    }

    async fn workflow_export(&self, params: WorkflowExport) -> Result<Document<ExportedWorkflow>, Error> {
        export_workflow(Arc::clone(&self.environment), params).await
    }

    async fn workflow_import(&self, params: WorkflowImport) -> Result<ImportedWorkflow, Error> {
        import_workflow(Arc::clone(&self.environment), params).await
    }

    async fn play_export(&self, params: OfPlay) -> Result<Document<ExportedPlay>, Error> {
        export_play(Arc::clone(&self.environment), params.play_sid).await
    }

    async fn play_import(&self, params: PlayImport) -> Result<ImportedPlay, Error> {
        import_play(Arc::clone(&self.environment), params.document).await
    }

    async fn play_promote(&self, params: PlayPromote) -> Result<Created, Error> {
        promote(&self.environment, params).await
    }

    async fn play_save_as_example(&self, params: PlaySaveAsExample) -> Result<Example, Error> {
        save_as_example(&self.environment, params).await
    }

    async fn events(&self, filter: EventFilter, after: Option<EventId>) -> Result<EventFeed, Error> {
        if let Some(workflow) = &filter.workflow {
            self.check_workflow(workflow).await?;
        }
        Ok(self.environment.events.follow(filter, after.as_ref()))
    }

    async fn resume_of_link(&self, token: &str) -> Result<ResumeRequest, Error> {
        let mut resume = links::question(token, &self.environment)?;
        self.links.add(&mut resume, &self.environment.seal)?;
        Ok(resume)
    }
}

impl Runtime {
    /// A page of the benchmarks of a workflow, or of one of its versions.
    async fn benchmarks(
        &self,
        workflow: String,
        version: Option<VersionChoice>,
        limit: Option<u32>,
        cursor: Option<Cursor>,
    ) -> Result<Benchmarks, Error> {
        let paging = Paging::of("benchmarks", limit, cursor.as_ref(), &self.environment.seal)?;
        let before = paging.after.as_deref().map(str::parse).transpose()?;
        let work = async move |library: Library| match version {
            Some(choice) => {
                let (workflow, version) = library.resolve(&workflow, &choice).await?;
                Ok((workflow, version.version))
            }
            None => Ok((library.workflow(&workflow).await?, None)),
        };
        let (workflow, number) = self.library(work).await?;
        let tables = &self.environment.tables;
        let rows =
            tables.benchmarks_page(&workflow.workflow_sid, number, before.as_ref(), paging.limit + 1)?;
        let benchmarks = rows.into_iter().map(|row| row.benchmark).collect();
        let (benchmarks, next_cursor) =
            paging.cut(benchmarks, |benchmark: &Benchmark| benchmark.benchmark_sid.to_string())?;
        Ok(Benchmarks { benchmarks, next_cursor })
    }
}
