//! A tree in a viewport: which lines, in which order, cut to the width, folded to the height.

use hero_sdk::model::{LogLevel, SpanKind, SpanStatus, Status};
use unicode_width::UnicodeWidthStr;

use super::{
    line::{Line, shorten},
    model::{Counts, Node, Tree},
    select::{Selection, select},
    words::{cost, duration, error_summary, progress, span_look, status_look},
};
use crate::cli::style::Paint;

/// Frames of the spinner, one column each.
const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
/// Milliseconds of a frame.
const SPINNER_FRAME_MS: f64 = 100.0;
/// A name keeps at least this many columns beside its state, however deep it stands.
const NAME_COLUMNS_MIN: usize = 8;

/// Where the lines go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Viewport {
    /// Columns.
    pub(crate) width: usize,
    /// Rows; none where there is no end, such as in a file.
    pub(crate) height: Option<usize>,
}

/// When the lines are seen, in milliseconds of the clock by which the tree was filled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Moment {
    /// Now.
    pub(crate) now_ms: f64,
}

/// The lines of `tree`, at most as many and as long as fit.
pub(crate) fn layout(tree: &Tree, viewport: Viewport, moment: Moment) -> Vec<Line> {
    let selection = match viewport.height {
        Some(height) if tree.len() > height => Some(select(tree, height)),
        Some(_) | None => None,
    };
    let shown = Shown { tree, selection };
    let mut lines = Vec::new();
    // A stack, not recursion: how deep a tree is decides the flow, and it may be thousands of levels.
    let mut stack: Vec<Entry> = Vec::new();
    match shown.selection.as_ref().and_then(|selection| selection.base) {
        Some((base, levels)) => {
            stack.push(Entry { what: What::Node(base), prefix: String::new(), place: Place::Root });
            stack.push(Entry { what: What::Above(levels), prefix: String::new(), place: Place::Root });
        }
        None => drop(push_children(&shown, None, String::new(), &mut stack)),
    }
    while let Some(entry) = stack.pop() {
        let line = match entry.what {
            What::Node(span_id) => {
                let Some(node) = tree.node(span_id) else { continue };
                let is_folded =
                    push_children(&shown, Some(span_id), entry.guides_beneath(viewport.width), &mut stack);
                let hidden = if is_folded { shown.count_beneath(span_id) } else { 0 };
                node_line(tree, node, &entry.guides(), hidden, viewport.width, moment)
            }
            What::Hidden(counts) => {
                faint(&format!("{}… {}", indent(&entry.guides(), viewport.width), counts.in_words()))
            }
            What::Above(1) => faint("… 1 level above"),
            What::Above(levels) => faint(&format!("… {levels} levels above")),
        };
        lines.push(line.fit(viewport.width));
    }
    lines
}

/// What of the tree is to be seen.
struct Shown<'a> {
    tree: &'a Tree,
    /// None when everything is.
    selection: Option<Selection>,
}

impl Shown<'_> {
    fn contains(&self, span_id: u32) -> bool {
        self.selection.as_ref().is_none_or(|selection| selection.chosen.contains(&span_id))
    }

    /// Nodes at any depth beneath one.
    fn count_beneath(&self, span_id: u32) -> usize {
        let mut count = 0;
        let mut open: Vec<u32> = self.tree.children(Some(span_id)).collect();
        while let Some(id) = open.pop() {
            count += 1;
            open.extend(self.tree.children(Some(id)));
        }
        count
    }
}

/// A line to come.
struct Entry {
    what: What,
    /// Guides of the ancestors.
    prefix: String,
    place: Place,
}

enum What {
    Node(u32),
    /// Hidden siblings.
    Hidden(Counts),
    /// Levels between the root and the base.
    Above(usize),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Middle,
    Last,
}

impl Entry {
    fn guides(&self) -> String {
        let guide = match self.place {
            Place::Root => "",
            Place::Middle => "├─ ",
            Place::Last => "└─ ",
        };
        format!("{}{guide}", self.prefix)
    }

    /// Guides for the level beneath. Of a deep tree no more than can be shown is kept, else a chain of `n` nodes
    /// would cost `n²`.
    fn guides_beneath(&self, width: usize) -> String {
        let guide = match self.place {
            Place::Root => "",
            Place::Middle => "│  ",
            Place::Last => "   ",
        };
        let guides = format!("{}{guide}", self.prefix);
        let surplus = guides.chars().count().saturating_sub(width);
        guides.chars().skip(surplus).collect()
    }
}

/// Puts the lines beneath `parent` on the stack, the first on top. True when children exist and none is shown.
fn push_children(shown: &Shown<'_>, parent: Option<u32>, prefix: String, stack: &mut Vec<Entry>) -> bool {
    let (visible, hidden): (Vec<u32>, Vec<u32>) =
        shown.tree.children(parent).partition(|child| shown.contains(*child));
    if visible.is_empty() {
        return !hidden.is_empty();
    }
    let mut entries = Vec::with_capacity(visible.len() + 1);
    if !hidden.is_empty() {
        let mut counts = Counts::default();
        for child in hidden.iter().filter_map(|child| shown.tree.node(*child)) {
            counts.add(child.span.status, shown.tree.status());
        }
        entries.push(What::Hidden(counts));
    }
    entries.extend(visible.into_iter().map(What::Node));
    let last = entries.len().saturating_sub(1);
    for (index, what) in entries.into_iter().enumerate().rev() {
        let place = match parent {
            None => Place::Root,
            Some(_) if index == last => Place::Last,
            Some(_) => Place::Middle,
        };
        stack.push(Entry { what, prefix: prefix.clone(), place });
    }
    false
}

fn faint(text: &str) -> Line {
    let mut line = Line::default();
    line.push(Paint::Faint, text);
    line
}

fn node_line(tree: &Tree, node: &Node, guides: &str, hidden: usize, width: usize, moment: Moment) -> Line {
    let span = &node.span;
    let look = span_look(span.status, tree.status());
    let guides = indent(guides, width);
    let took = took(node, look.icon.is_none(), moment);
    // Beside guides and name stand icon and space, two spaces and the word, a space and the duration.
    let fixed = guides.width() + 2 + 2 + look.word.width() + 1 + took.width();
    let name_columns = width.saturating_sub(fixed).max(NAME_COLUMNS_MIN);

    let mut line = Line::default();
    line.push(Paint::Faint, &guides);
    line.push(look.paint, look.icon.unwrap_or_else(|| spinner(moment)));
    line.push(Paint::Plain, " ");
    line.push(name_paint(span.kind, span.parent), &shorten(&span.name, name_columns));
    line.push_apart(look.paint, look.word);
    if !took.is_empty() {
        line.push(Paint::Faint, &format!(" {took}"));
    }
    if hidden > 0 {
        line.push_apart(Paint::Faint, &format!("+{hidden}"));
    }
    push_details(&mut line, node);
    line
}

fn push_details(line: &mut Line, node: &Node) {
    let span = &node.span;
    if !span.tries.is_empty() {
        // Those that failed and were followed by another; the one that counts is one more.
        line.push_apart(Paint::Attention, &format!("try {}", span.tries.len() + 1));
    }
    if let Some(done) = span.progress {
        line.push_apart(Paint::Plain, &progress(done));
    }
    line.push_apart(Paint::Plain, &cost(span.cost_usd));
    if let Some(error) = &span.error {
        line.push_apart(Paint::Bad, &error_summary(error));
    }
    if let Some((level, text)) = &node.last_log {
        let paint = match level {
            LogLevel::Error => Paint::Bad,
            LogLevel::Warning => Paint::Attention,
            LogLevel::Info | LogLevel::Debug => Paint::Faint,
        };
        line.push_apart(paint, &format!("│ {text}"));
    }
}

/// The duration; of a node that runs, how long it has been seen running.
fn took(node: &Node, is_running: bool, moment: Moment) -> String {
    match node.span.duration_ms {
        Some(milliseconds) if node.span.status != SpanStatus::Waiting => duration(milliseconds),
        _ if is_running => duration(moment.now_ms - node.seen_ms),
        _ => String::new(),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a frame number; the clock starts at 0"
)]
pub(crate) fn spinner(moment: Moment) -> &'static str {
    let frame = (moment.now_ms / SPINNER_FRAME_MS) as usize % SPINNER.len();
    SPINNER.get(frame).copied().unwrap_or("⠋")
}

fn name_paint(kind: SpanKind, parent: Option<u32>) -> Paint {
    match kind {
        SpanKind::Branch => Paint::Faint,
        _ if parent.is_none() => Paint::Strong,
        _ => Paint::Plain,
    }
}

/// Guides in at most a third of the width: of a node that stands deeper, the nearest levels.
fn indent(guides: &str, width: usize) -> String {
    let columns = guides.chars().count();
    let room = width / 3;
    if columns <= room {
        return guides.to_owned();
    }
    let kept: String = guides.chars().skip(columns - room.saturating_sub(1)).collect();
    format!("…{kept}")
}

/// The line beneath the tree: which play, where it stands, for how long it has been watched, how many nodes where.
pub(crate) fn footer(tree: &Tree, play_sid: &str, moment: Moment) -> Line {
    let look = tree.status().map_or(status_look(Status::Queued), status_look);
    let mut line = Line::default();
    line.push(look.paint, look.icon.unwrap_or_else(|| spinner(moment)));
    line.push(Paint::Plain, " ");
    line.push(look.paint, look.word);
    line.push(Paint::Faint, &format!(" {}", duration(moment.now_ms)));
    line.push_apart(Paint::Faint, &tree.counts().in_words());
    line.push_apart(Paint::Faint, play_sid);
    line
}
