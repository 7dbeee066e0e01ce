//! Benchmarks: what they run, what was measured, and how they are found.

use hero_sdk::{
    BenchmarkSid, WorkflowSid,
    model::{BenchmarkStatus, Measurement},
};

use crate::{
    Batch, BenchmarkPlan, BenchmarkRow, Direction, Error, Scan, Tables, keys::Key, tables::decode_all,
};

impl Batch {
    /// Puts a benchmark, and keeps the indexes by workflow, by version and of those that have not ended.
    pub fn put_benchmark(&mut self, row: &BenchmarkRow) {
        let benchmark = &row.benchmark;
        let sid = &benchmark.benchmark_sid;
        self.put(Key::benchmark(sid), row);
        self.put(Key::benchmark_of_workflow(&benchmark.workflow_sid, sid), sid);
        self.put(Key::benchmark_of_version(&benchmark.workflow_sid, benchmark.version, sid), sid);
        if benchmark.status == BenchmarkStatus::Running {
            self.put(Key::running_benchmark(sid), sid);
        } else {
            self.delete(Key::running_benchmark(sid));
        }
    }

    /// Puts what a benchmark runs.
    pub fn put_plan(&mut self, benchmark: &BenchmarkSid, plan: &BenchmarkPlan) {
        self.put(Key::plan(benchmark), plan);
    }

    /// Puts a measured run, in place of the one of its index.
    pub fn put_measurement(&mut self, benchmark: &BenchmarkSid, measurement: &Measurement) {
        self.put(Key::measurement(benchmark, measurement.index), measurement);
    }

    /// Deletes a benchmark with its plan and these many runs.
    pub fn delete_benchmark(&mut self, row: &BenchmarkRow) {
        let benchmark = &row.benchmark;
        let sid = &benchmark.benchmark_sid;
        self.delete(Key::benchmark(sid));
        self.delete(Key::plan(sid));
        self.delete(Key::benchmark_of_workflow(&benchmark.workflow_sid, sid));
        self.delete(Key::benchmark_of_version(&benchmark.workflow_sid, benchmark.version, sid));
        self.delete(Key::running_benchmark(sid));
        (0..benchmark.total).for_each(|index| self.delete(Key::measurement(sid, index)));
    }
}

impl Tables {
    /// A benchmark.
    pub fn benchmark(&self, benchmark: &BenchmarkSid) -> Result<Option<BenchmarkRow>, Error> {
        self.get(&Key::benchmark(benchmark))
    }

    /// What a benchmark runs.
    pub fn plan(&self, benchmark: &BenchmarkSid) -> Result<Option<BenchmarkPlan>, Error> {
        self.get(&Key::plan(benchmark))
    }

    /// The measured runs of a benchmark, by index.
    pub fn measurements(&self, benchmark: &BenchmarkSid) -> Result<Vec<Measurement>, Error> {
        self.all(&Key::measurements(benchmark))
    }

    /// Benchmarks that have not ended, oldest first.
    pub fn benchmarks_running(&self) -> Result<Vec<BenchmarkRow>, Error> {
        let sids: Vec<BenchmarkSid> = self.all(&Key::running_benchmarks())?;
        let mut rows = Vec::with_capacity(sids.len());
        for sid in sids {
            // Between the two reads it may have ended.
            rows.extend(self.benchmark(&sid)?.filter(|row| !row.benchmark.status.is_terminal()));
        }
        Ok(rows)
    }

    /// Benchmarks of a workflow, or of one of its versions, newest first, from the one before `before` on.
    pub fn benchmarks_page(
        &self,
        workflow: &WorkflowSid,
        version: Option<u32>,
        before: Option<&BenchmarkSid>,
        limit: usize,
    ) -> Result<Vec<BenchmarkRow>, Error> {
        let (first, end) = match version {
            Some(number) => (
                Key::benchmarks_of_version(workflow, number),
                before.map(|before| Key::benchmark_of_version(workflow, number, before)),
            ),
            None => (
                Key::benchmarks_of_workflow(workflow),
                before.map(|before| Key::benchmark_of_workflow(workflow, before)),
            ),
        };
        let end = end.map_or_else(|| first.after_prefix(), |key| key.bytes);
        let keys = first.bytes..end;
        let rows =
            self.store.scan(Scan { table: first.table, keys, direction: Direction::Backward, limit })?;
        let sids: Vec<BenchmarkSid> = decode_all(first.table, rows)?;
        let mut benchmarks = Vec::with_capacity(sids.len());
        for sid in sids {
            benchmarks.extend(self.benchmark(&sid)?);
        }
        Ok(benchmarks)
    }

    /// The newest completed benchmark of a version.
    pub fn benchmark_latest(
        &self,
        workflow: &WorkflowSid,
        version: u32,
    ) -> Result<Option<BenchmarkRow>, Error> {
        /// Those that were cancelled or go on are few in a row.
        const PAGE: usize = 4;
        let mut before = None;
        loop {
            let page = self.benchmarks_page(workflow, Some(version), before.as_ref(), PAGE)?;
            let Some(last) = page.last() else { return Ok(None) };
            before = Some(last.benchmark.benchmark_sid.clone());
            let completed = |row: &BenchmarkRow| row.benchmark.status == BenchmarkStatus::Completed;
            if let Some(row) = page.into_iter().find(completed) {
                return Ok(Some(row));
            }
        }
    }
}
