//! What every command is given: options of all commands, streams, signals, and the way to the runtime.

use std::{path::PathBuf, sync::Arc};

use hero_sdk::{Logic, PlaySid, ResumeId, model::Play};

use crate::cli::{
    answers::Answers,
    args::{Global, Interaction},
    drive::{Drive, OnSignal},
    embedded::{self, Purpose},
    errors::{Exit, Failure},
    output::Output,
    prompt::{Person, Prompter},
    signals::{Signals, killed},
    sink::Sink,
    style::Palette,
    terminal::{Terminal, stderr_size},
    view::{Style, View},
};

/// What every command is given.
pub(crate) struct Context {
    /// `--home`, as it was typed; commands that are suggested repeat it.
    pub(crate) home_option: Option<PathBuf>,
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
            home_option: global.home.clone(),
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

    /// The directory that takes the place of `~`: `--home`, else `HERO_HOME`, else the user's.
    pub(crate) fn home(&self) -> Result<PathBuf, Failure> {
        let from_environment =
            || std::env::var_os("HERO_HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
        let home = self.home_option.clone().or_else(from_environment).or_else(std::env::home_dir);
        let home = home.filter(|home| !home.as_os_str().is_empty()).ok_or_else(|| {
            Failure::usage("no_home", "there is no home directory")
                .hint("give one with --home DIR or HERO_HOME")
        })?;
        std::path::absolute(&home).map_err(|error| {
            Failure::usage("no_home", format!("{} is no directory: {error}", home.display()))
        })
    }

    /// Opens the runtime, does `work` with it and closes it again. A kill closes nothing.
    pub(crate) async fn with_logic<T>(
        &mut self,
        purpose: Purpose,
        work: impl AsyncFnOnce(&mut Self, &dyn Logic) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let home = self.home()?;
        let mut signals = self.signals.clone();
        let session = signals.or(embedded::open(home, purpose)).await??;
        self.signals = signals;
        let result = work(self, session.logic()).await;
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
        }
    }
}

/// A play's id as it was typed.
pub(crate) fn play_sid(text: &str) -> Result<PlaySid, Failure> {
    text.parse::<PlaySid>().map_err(|error| Failure::from(error).hint("`hero_logic play list` shows the ids"))
}

/// What to do where a play is not as the command needs it.
pub(crate) fn where_it_stands(play_sid: &PlaySid) -> String {
    format!("`hero_logic play show {play_sid}` shows where it stands")
}

/// A question's id as it was typed.
pub(crate) fn resume_id(text: &str) -> Result<ResumeId, Failure> {
    text.parse::<ResumeId>().map_err(|error| {
        Failure::from(error).hint("`hero_logic play show PLAY_SID` shows the open questions")
    })
}
