//! Faults that a person can meet, made for real around the real binary: a read-only home, a flow that is killed from
//! outside, hangs, or falls after its last word.

#[cfg(test)]
mod faults {
    use std::{fs, path::Path, thread, time::Duration};

    use hero_e2e::{Gate, Outcome, Running, Stage, processes};
    use nix::{
        mount::{MntFlags, MsFlags, mount, umount2},
        sys::signal::{Signal, kill},
        unistd::Pid,
    };
    use serde_json::json;

    /// Until when a flow that does not listen is gone, with everything that it has started.
    const END_TIME_MAX: Duration = Duration::from_secs(5);

    /// A mount of a directory on itself that cannot be written; only for who may mount.
    struct ReadOnly<'a>(&'a Path);

    impl<'a> ReadOnly<'a> {
        fn mount(path: &'a Path) -> Option<Self> {
            let nothing = None::<&str>;
            mount(Some(path), path, nothing, MsFlags::MS_BIND, nothing).ok()?;
            let mounted = Self(path);
            let flags = MsFlags::MS_BIND | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
            mount(nothing, path, nothing, flags, nothing).ok()?;
            Some(mounted)
        }
    }

    impl Drop for ReadOnly<'_> {
        fn drop(&mut self) {
            umount2(self.0, MntFlags::MNT_DETACH).expect("it is mounted");
        }
    }

    /// Exit code 6, and one line that says why, beside the hint.
    #[track_caller]
    fn is_refused(human: Outcome, machine: Outcome) {
        let (human, machine) = (human.exits(6), machine.exits(6));
        assert_eq!(human.stdout, "", "{human}");
        let lines: Vec<&str> = human.stderr.lines().collect();
        let reasons = lines.iter().filter(|line| line.contains("read-only")).count();
        assert!(reasons == 1 && lines.len() <= 2, "{human}");
        let error = &machine.json()["error"];
        assert_eq!(error["code"], "storage_failed", "{machine}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("read-only") && !message.contains('\n'), "{machine}");
    }

    #[test]
    fn a_read_only_store_is_refused_in_a_line() {
        let stage = Stage::new();
        stage.hero(["run", "hello"]).finish().exits(0);
        let home = stage.home();
        if let Some(_mounted) = ReadOnly::mount(&home) {
            is_refused(
                stage.hero(["run", "hello"]).finish(),
                stage.hero(["run", "hello", "--json"]).finish(),
            );
        }
        stage.set_writable(false);
        let run = |arguments: &[&str]| stage.hero(arguments).as_ordinary_user().finish();
        let (human, machine) = (run(&["run", "hello"]), run(&["run", "hello", "--json"]));
        stage.set_writable(true);
        is_refused(human, machine);
        let list = stage.hero(["play", "list", "--json"]).finish().exits(0).json();
        assert_eq!(list["plays"].as_array().unwrap().len(), 1, "unharmed");
    }

    /// `step` is recorded, then `wait_at` stands at the gate.
    fn gated(on_unknown: &str) -> String {
        format!(
            "from hero_tracing import flow\n\n\
             def effect(name: str) -> None:\n    \
                 with open('effects.log', 'a') as log:\n        log.write(f'{{flow.attempt}} {{name}}\\n')\n\n\
             @flow\ndef step() -> str:\n    effect('step')\n    return 'step'\n\n\
             @flow(on_unknown='{on_unknown}')\ndef wait_at(gate: str) -> str:\n    effect('wait_at')\n    \
                 with open(gate) as pipe:\n        return pipe.read()\n\n\
             @flow\ndef main(gate: str) -> list[str]:\n    return [step(), wait_at(gate)]\n"
        )
    }

    fn start<'a>(stage: &'a Stage, gate: &Gate, source: &str) -> Running<'a> {
        stage.write("gated.py", source);
        let input = format!("gate={}", gate.path().display());
        stage.hero(["run", "gated.py", "--input", &input, "--json"]).start()
    }

    /// The processes of plays: they work in their play's directory.
    fn flows(stage: &Stage) -> Vec<Pid> {
        let works = |process: &processes::Process| {
            let directory = fs::read_link(format!("/proc/{}/cwd", process.pid));
            directory.is_ok_and(|directory| directory.starts_with(stage.home().join(".hero/var/plays")))
        };
        let found = processes::beneath(&stage.home()).into_iter().filter(works);
        found.map(|process| Pid::from_raw(process.pid.try_into().unwrap())).collect()
    }

    #[track_caller]
    fn kill_flow(stage: &Stage) {
        let flows = flows(stage);
        let [flow] = flows[..] else { panic!("one flow runs, not {flows:?}") };
        kill(flow, Signal::SIGKILL).unwrap();
        // Until it has let go of the gate, nobody else can be told from it there.
        while fs::read_link(format!("/proc/{flow}/cwd")).is_ok() {
            thread::yield_now();
        }
    }

    #[test]
    fn a_flow_killed_in_mid_step_goes_on_in_its_next_attempt() {
        let stage = Stage::new();
        let gate = Gate::new(stage.directory().join("gate"));
        let running = start(&stage, &gate, &gated("retry"));
        let arrived = gate.arrival();
        kill_flow(&stage);
        drop(arrived);
        gate.arrival().open("opened");
        let settled = running.finish().exits(0).settled();
        assert_eq!((settled.outputs(), settled.play.attempt), (json!(["step", "opened"]), 2));
        let effects = stage.effects(&settled.play.play_sid);
        assert_eq!(effects, ["1 step", "1 wait_at", "2 wait_at"], "the recorded step stays");
    }

    #[test]
    fn a_flow_killed_in_mid_step_fails_where_that_is_declared() {
        let stage = Stage::new();
        let gate = Gate::new(stage.directory().join("gate"));
        let running = start(&stage, &gate, &gated("fail"));
        let arrived = gate.arrival();
        kill_flow(&stage);
        drop(arrived);
        let settled = running.finish().exits(1).settled();
        assert_eq!(settled.play.attempt, 2);
        assert!(settled.play.error.unwrap().message.contains("on_unknown='fail'"));
        assert_eq!(stage.effects(&settled.play.play_sid), ["1 step", "1 wait_at"], "it is not run again");
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the time is what is promised")]
    fn a_flow_that_hangs_is_asked_and_then_ended_with_everything_in_time() {
        let stage = Stage::new();
        let gate = Gate::new(stage.directory().join("gate"));
        let source = "import os, signal, subprocess, sys\nfrom hero_tracing import flow\n\n\
             HELPER = 'import signal, time\\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\\n\
                 print(flush=True)\\ntime.sleep(1000)\\n'\n\n\
             def hear(*_: object) -> None:\n    os.write(heard, b'asked\\n')\n\n\
             heard = os.open('effects.log', os.O_WRONLY | os.O_CREAT | os.O_APPEND)\n\n\
             @flow\ndef main(gate: str) -> None:\n    \
                 helper = subprocess.Popen([sys.executable, '-c', HELPER], stdout=subprocess.PIPE)\n    \
                 assert helper.stdout is not None\n    helper.stdout.readline()\n    \
                 signal.signal(signal.SIGTERM, hear)\n    open(gate).read()\n    \
                 while True:\n        try:\n            signal.pause()\n        except BaseException:\n            continue\n";
        let running = start(&stage, &gate, source);
        gate.arrival().open("go on");
        let asked_at = std::time::Instant::now();
        kill(Pid::from_raw(running.pid().try_into().unwrap()), Signal::SIGTERM).unwrap();
        let settled = running.finish().exits(4).settled();
        assert_eq!(stage.processes_left(), []);
        assert!(asked_at.elapsed() < END_TIME_MAX, "{:?}", asked_at.elapsed());
        assert_eq!(settled.play.status.as_str(), "cancelled");
        assert_eq!(stage.effects(&settled.play.play_sid), ["asked"], "TERM came before KILL");
    }

    /// Its last word is durable by then, and its end is what it said.
    #[test]
    fn a_flow_that_falls_after_its_last_word_keeps_its_exit_code() {
        let falls = "import os, signal, sys\nfrom hero_tracing import flow\n\n\
             class Bomb:\n    def write(self, text: str) -> int:\n        return len(text)\n\n    \
                 def flush(self) -> None:\n        os.kill(os.getpid(), signal.SIGSEGV)\n\n\
             @flow\ndef main() -> int:\n    sys.__stdout__ = Bomb()  # flushed at the very end\n    ";
        for (end, code, status) in
            [("return 7", 0, "succeeded"), ("raise flow.Failed('nobody is at home')", 1, "failed")]
        {
            let stage = Stage::new();
            stage.write("falls.py", &format!("{falls}{end}\n"));
            let settled = stage.hero(["run", "falls.py", "--json"]).finish().exits(code).settled();
            assert_eq!((settled.play.status.as_str(), settled.play.attempt), (status, 1));
            let sid = settled.play.play_sid.as_str();
            let later = stage.hero(["play", "wait", sid, "--json"]).finish().exits(code).settled();
            assert_eq!(later.play, settled.play, "the end is what it was");
        }
    }
}
