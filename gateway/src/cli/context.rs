//! What every command is given: options of all commands, streams, signals, and the way to the runtime.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use hero_sdk::{
    Logic, PlaySid, ResumeId,
    model::{Play, Sandbox, SandboxLevel},
};

use crate::{
    cli::{
        answers::Answers,
        args::{Global, Interaction},
        canvas::Style,
        configuration, confinement,
        drive::{Drive, OnSignal},
        embedded::{Purpose, SandboxConfig},
        errors::{Exit, Failure},
        output::Output,
        plain::PlainLines,
        prompt::{Person, Prompter},
        report::command,
        session::Session,
        signals::{Signals, killed},
        sink::Sink,
        style::{Paint, Palette},
        terminal::{Terminal, stderr_size},
        view::View,
    },
    service::places::Places,
};

/// What every command is given.
pub(crate) struct Context {
    /// Options of all commands, as they were typed.
    pub(crate) global: Global,
    /// How a play is shown.
    pub(crate) style: Style,
    /// Who answers questions; none without a terminal.
    pub(crate) prompter: Option<Arc<dyn Prompter>>,
    /// Standard output.
    pub(crate) out: Output,
    /// Standard error.
    pub(crate) err: Sink,
    /// Its colours.
    pub(crate) palette: Palette,
    /// Ctrl-C and SIGTERM.
    pub(crate) signals: Signals,
}

impl Context {
    /// The context of this process.
    pub(crate) fn of_process(global: &Global, terminal: Terminal, signals: Signals) -> Self {
        let style = match (global.quiet, terminal.is_live) {
            (true, _) => Style::Quiet,
            (false, true) => Style::Live { size: stderr_size },
            (false, false) => Style::Plain,
        };
        let prompter: Option<Arc<dyn Prompter>> =
            if terminal.can_prompt { Some(Arc::new(Person::new(terminal.err))) } else { None };
        Self {
            global: global.clone(),
            style,
            prompter,
            out: Output {
                json: global.json,
                indent: terminal.out_is_terminal,
                palette: terminal.out,
                sink: Sink::of(std::io::stdout()),
            },
            err: Sink::of(std::io::stderr()),
            palette: terminal.err,
            signals,
        }
    }

    /// Tells what was done, unless nobody wants to know.
    pub(crate) fn say(&mut self, text: &str) {
        if !self.global.quiet {
            self.err.print(text);
        }
    }

    /// The directory that takes the place of `~`: `--home`, else `HERO_HOME`, else the user's.
    pub(crate) fn home(&self) -> Result<PathBuf, Failure> {
        let home = self.global.home.clone().or_else(|| path_of("HERO_HOME")).or_else(std::env::home_dir);
        let home = home.filter(|home| !home.as_os_str().is_empty()).ok_or_else(|| {
            Failure::usage("no_home", "there is no home directory")
                .hint("give one with --home DIR or HERO_HOME")
        })?;
        std::path::absolute(&home).map_err(|error| {
            Failure::usage("no_home", format!("{} is no directory: {error}", home.display()))
        })
    }

    /// Where the files of the home's server are.
    pub(crate) fn places(&self) -> Result<Places, Failure> {
        Ok(Places::new(&self.home()?))
    }

    /// How plays are confined, by the file of settings beneath `home` or another one, and by flags.
    pub(crate) fn sandbox(&self, home: &Path) -> Result<SandboxConfig, Failure> {
        let Global { config, sandbox, .. } = &self.global;
        configuration::sandbox(home, config.clone().or_else(|| path_of("HERO_CONFIG")), sandbox)
    }

    /// The options of every command by which another one lets this play do what it might do.
    pub(crate) fn global_of(&self, play: &Play) -> Result<Global, Failure> {
        let mut global = self.global.clone();
        if let Some(played) = &play.sandbox {
            global.sandbox =
                confinement::options_of(played, &self.global.sandbox, &self.sandbox(&self.home()?)?);
        }
        Ok(global)
    }

    /// Opens the runtime, does `work` with it and closes it again. A signal ends what only asks, a second one what runs
    /// plays, whoever is silent meanwhile. A kill closes nothing.
    pub(crate) async fn with_logic<T>(
        &mut self,
        purpose: Purpose,
        work: impl AsyncFnOnce(&mut Self, &dyn Logic) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let places = self.places()?;
        let sandbox = self.sandbox(places.home())?;
        let mut signals = self.signals.clone();
        let session = signals.or(Session::open(&self.global, &places, sandbox, purpose)).await??;
        self.signals = signals;
        if let Some(note) = session.note() {
            let head = self.palette.paint(Paint::Note, "note:");
            self.say(&format!("{head} {note}\n"));
        }
        let (mut signals, ending) = (self.signals.clone(), self.signals.clone());
        let working = async {
            signals.or(self.warn_of_level(session.logic(), purpose)).await??;
            work(self, session.logic()).await
        };
        let result = tokio::select! {
            // Who heeds signals by himself is asked first.
            biased;
            result = working => result,
            killed = ending.end(purpose) => Err(killed),
        };
        if let Err(Failure { exit: Exit::Killed, .. }) = &result {
            return result;
        }
        let closed = tokio::select! {
            closed = session.close() => closed,
            () = self.signals.next() => return Err(killed()),
        };
        let value = result?;
        closed.map(|()| value)
    }

    /// Says so where plays run that nothing confines.
    async fn warn_of_level(&mut self, logic: &dyn Logic, purpose: Purpose) -> Result<(), Failure> {
        if purpose != Purpose::Look && logic.server_info().await?.sandbox_level == SandboxLevel::Off {
            let head = self.palette.paint(Paint::Attention, "warning:");
            self.err.print(&format!("{head} plays are not confined: the sandbox is off\n"));
        }
        Ok(())
    }

    /// Says what the flow of a play wished for, before it is watched.
    pub(crate) async fn tell_wishes(&mut self, logic: &dyn Logic, play: &Play) -> Result<(), Failure> {
        let is_told =
            |sandbox: &&Sandbox| sandbox.level != SandboxLevel::Off && !matches!(self.style, Style::Quiet);
        let Some(sandbox) = play.sandbox.as_ref().filter(is_told) else { return Ok(()) };
        let wishes = confinement::wishes(&sandbox.allowance, &logic.server_info().await?.sandbox_defaults);
        if !wishes.is_empty() {
            let line = PlainLines::line("sandbox", Paint::Note, &wishes);
            self.err.print(&(line.to_text(self.palette) + "\n"));
        }
        Ok(())
    }

    /// A play to be watched, with the answers and the prompts that were asked for.
    pub(crate) fn drive<'a>(
        &self,
        logic: &'a dyn Logic,
        play: &Play,
        answers: Answers,
        interaction: &Interaction,
        on_signal: OnSignal,
    ) -> Drive<'a> {
        let mut view = View::new(play.play_sid.clone(), self.style, self.err.clone(), self.palette);
        view.begin(play);
        Drive {
            logic,
            view,
            answers,
            prompter: self.prompter.clone().filter(|_| !interaction.no_input),
            signals: self.signals.clone(),
            on_signal,
            palette: self.palette,
            refused: std::collections::BTreeSet::new(),
            ask_first: None,
            again: command(&self.global, &["play", "follow", play.play_sid.as_str()]),
        }
    }
}

/// A path that the environment names; an empty variable is as good as none.
fn path_of(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// A play's id as it was typed.
pub(crate) fn play_sid(text: &str) -> Result<PlaySid, Failure> {
    text.parse::<PlaySid>().map_err(|error| Failure::from(error).hint("`hero_logic play list` shows the ids"))
}

/// A question's id as it was typed.
pub(crate) fn resume_id(text: &str) -> Result<ResumeId, Failure> {
    text.parse::<ResumeId>().map_err(|error| {
        Failure::from(error).hint("`hero_logic play show PLAY_SID` shows the open questions")
    })
}
