//! Which nodes a small screen shows: what moves first, what failed next, then what has just been done.
//!
//! A hidden node is counted on its nearest shown ancestor: on the ancestor's own line when nothing beneath it is
//! shown, else on one line beneath it. So no node is lost without a trace, and finished subtrees fold first.

use std::collections::{BTreeMap, BTreeSet};

use hero_sdk::model::SpanStatus;

use super::model::Tree;

/// What is shown.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    /// The nodes.
    pub(crate) chosen: BTreeSet<u32>,
    /// Where it begins instead of at the roots, and how many levels stand above: what matters most is deeper than
    /// the screen is high.
    pub(crate) base: Option<(u32, usize)>,
}

/// Chooses nodes so that they and the lines that count hidden ones take at most `rows` rows.
/// A chosen node's ancestors are chosen too, up to the base.
pub(crate) fn select(tree: &Tree, rows: usize) -> Selection {
    let candidates = candidates(tree, rows);
    let base = candidates.first().and_then(|best| base_above(tree, *best, rows));
    let mut picker = Picker {
        tree,
        base: base.map(|(span_id, _)| span_id),
        chosen: BTreeSet::new(),
        chosen_children: BTreeMap::new(),
        rows: usize::from(base.is_some()),
    };
    for span_id in candidates {
        picker.try_add(span_id, rows);
    }
    Selection { chosen: picker.chosen, base }
}

/// Where to begin so that `span_id` is shown, and how many levels are left out; none when it is shown from the root.
fn base_above(tree: &Tree, span_id: u32, rows: usize) -> Option<(u32, usize)> {
    let mut chain = vec![span_id];
    while let Some(parent) = chain.last().and_then(|id| tree.node(*id)).and_then(|node| node.span.parent) {
        chain.push(parent);
    }
    // From the bottom up: each node takes a row, and another where what stands beside the one beneath is counted.
    let mut taken = 0;
    let mut base = None;
    for (index, id) in chain.iter().enumerate() {
        taken += 1 + usize::from(index > 0 && tree.child_count(Some(*id)) > 1);
        if taken > rows {
            return base;
        }
        // Above the base a row says how many levels are left out.
        if taken < rows {
            base = Some((*id, chain.len() - index - 1));
        }
    }
    None
}

/// The most important nodes, best first. More than `rows` cannot be shown, so no more are ordered: a play may have
/// a hundred thousand nodes and ten frames a second.
fn candidates(tree: &Tree, rows: usize) -> Vec<u32> {
    let mut ranked: Vec<(Rank, std::cmp::Reverse<u64>, u32)> = tree
        .nodes()
        .map(|node| {
            (
                rank(tree, node.span.status, node.span.parent),
                std::cmp::Reverse(node.span.seq),
                node.span.span_id,
            )
        })
        .collect();
    if rows < ranked.len() {
        ranked.select_nth_unstable(rows);
        ranked.truncate(rows);
    }
    ranked.sort_unstable();
    ranked.into_iter().map(|(_, _, span_id)| span_id).collect()
}

/// What is shown before what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// Wants an answer.
    Waiting,
    /// Moves, or did until its process ended.
    Active,
    /// A root or a failure.
    Landmark,
    /// Done, beneath something that is not.
    Recent,
    /// Inside something done.
    Folded,
}

fn rank(tree: &Tree, status: SpanStatus, parent: Option<u32>) -> Rank {
    let is_open =
        |status| matches!(status, SpanStatus::Running | SpanStatus::Waiting | SpanStatus::Interrupted);
    match status {
        SpanStatus::Waiting => Rank::Waiting,
        SpanStatus::Running | SpanStatus::Interrupted => Rank::Active,
        SpanStatus::Failed => Rank::Landmark,
        SpanStatus::Ok | SpanStatus::Cancelled => match parent.and_then(|parent| tree.node(parent)) {
            None => Rank::Landmark,
            Some(parent) if is_open(parent.span.status) => Rank::Recent,
            Some(_) => Rank::Folded,
        },
    }
}

struct Picker<'a> {
    tree: &'a Tree,
    base: Option<u32>,
    chosen: BTreeSet<u32>,
    /// How many children of a node are chosen.
    chosen_children: BTreeMap<Option<u32>, usize>,
    /// Rows that the chosen nodes take, lines that count hidden ones included.
    rows: usize,
}

impl Picker<'_> {
    /// Adds a node with its ancestors, unless that takes more than `rows_max` rows.
    fn try_add(&mut self, span_id: u32, rows_max: usize) {
        let Some(added) = self.missing_chain(span_id) else { return };
        for id in &added {
            self.insert(*id);
        }
        if self.rows > rows_max {
            for id in added.iter().rev() {
                self.remove(*id);
            }
        }
    }

    /// The node and its ancestors that are not chosen yet, topmost first; none for a node whose parent is unknown or
    /// that is not beneath the base.
    fn missing_chain(&self, span_id: u32) -> Option<Vec<u32>> {
        let mut chain = Vec::new();
        let mut next = Some(span_id);
        while let Some(id) = next {
            if self.chosen.contains(&id) {
                break;
            }
            chain.push(id);
            let parent = self.tree.node(id)?.span.parent;
            if self.base == Some(id) {
                break;
            }
            if self.base.is_some() && parent.is_none() {
                return None;
            }
            next = parent;
        }
        chain.reverse();
        Some(chain)
    }

    fn insert(&mut self, id: u32) {
        let parent = self.parent(id);
        self.rows -= self.count_row(parent);
        self.chosen.insert(id);
        *self.chosen_children.entry(parent).or_default() += 1;
        self.rows += self.count_row(parent) + 1;
    }

    fn remove(&mut self, id: u32) {
        let parent = self.parent(id);
        self.rows -= self.count_row(parent);
        self.chosen.remove(&id);
        *self.chosen_children.entry(parent).or_default() -= 1;
        self.rows += self.count_row(parent);
        self.rows -= 1;
    }

    fn parent(&self, id: u32) -> Option<u32> {
        self.tree.node(id).and_then(|node| node.span.parent)
    }

    /// 1 where a line beneath `parent` counts hidden children, else 0.
    fn count_row(&self, parent: Option<u32>) -> usize {
        let shown = self.chosen_children.get(&parent).copied().unwrap_or(0);
        let is_above_base = self.base.is_some_and(|base| self.parent(base) == parent);
        usize::from(!is_above_base && shown > 0 && shown < self.tree.child_count(parent))
    }
}
