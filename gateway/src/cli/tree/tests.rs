//! Snapshots of trees at the sizes that terminals have.

use hero_sdk::model::{LogLevel, Progress, SpanKind, SpanPage, SpanStatus, Status};

use super::*;
use crate::cli::{
    style::Palette,
    testing::{PageBuilder, error, failed_try, play_sid},
};

fn tree_of(pages: &[SpanPage]) -> Tree {
    let mut tree = Tree::default();
    for (index, page) in pages.iter().enumerate() {
        tree.apply(page, 1000.0 * index as f64);
    }
    tree
}

fn shown(tree: &Tree, width: usize, height: Option<usize>) -> String {
    let lines = layout(tree, Viewport { width, height }, Moment { now_ms: 3250.0 });
    for line in &lines {
        assert!(line.columns() <= width, "{line:?} in {width}");
    }
    if let Some(height) = height {
        assert!(lines.len() <= height, "{} lines in {height}", lines.len());
    }
    lines.iter().map(|line| line.to_text(Palette::Text) + "\n").collect()
}

/// One of each: states, tries, progress, cost, text, wide characters, hostile text, a deep branch.
fn variety() -> Tree {
    let page = PageBuilder::new()
        .span(1, None, "publish", SpanStatus::Running)
        .with(|span| span.kind = SpanKind::Flow)
        .span(2, Some(1), "draft", SpanStatus::Ok)
        .with(|span| span.cost_usd = 0.0123)
        .log(2, "wrote 3 paragraphs")
        .span(3, Some(1), "fetch", SpanStatus::Running)
        .with(|span| {
            span.tries.push(failed_try(1, "OSError", "down", 120.0));
            span.progress = Some(Progress { done: 3.0, total: Some(10.0) });
        })
        .log(3, "page 3 of 10, which has a rather long name that does not fit on a narrow terminal at all")
        .span(4, Some(1), "翻訳する", SpanStatus::Failed)
        .with(|span| span.error = Some(error("ValueError", "no\nsuch \u{1b}[31mlanguage")))
        .span(5, Some(1), "work", SpanStatus::Running)
        .with(|span| span.kind = SpanKind::Branch)
        .span(6, Some(5), "a_step_whose_name_is_longer_than_a_narrow_terminal_is_wide", SpanStatus::Ok)
        .span(7, Some(5), "approve", SpanStatus::Waiting)
        .with(|span| span.kind = SpanKind::Pause)
        .span(8, Some(1), "send", SpanStatus::Cancelled)
        .span(9, Some(1), "store", SpanStatus::Interrupted)
        .page();
    tree_of(&[page])
}

/// `wide` finished steps of five children each beneath the root, then `running` that run.
fn crowd(wide: u32, running: u32) -> Tree {
    let mut builder = PageBuilder::new().span(1, None, "main", SpanStatus::Running);
    let mut span_id = 1;
    for _ in 0..wide {
        span_id += 1;
        let step = span_id;
        builder = builder.span(step, Some(1), &format!("done_{step}"), SpanStatus::Ok);
        for _ in 0..5 {
            span_id += 1;
            builder = builder.span(span_id, Some(step), &format!("inside_{span_id}"), SpanStatus::Ok);
        }
    }
    for _ in 0..running {
        span_id += 1;
        builder = builder.span(span_id, Some(1), &format!("running_{span_id}"), SpanStatus::Running);
    }
    tree_of(&[builder.page()])
}

#[test]
fn a_variety_of_nodes_at_three_widths() {
    let tree = variety();
    for width in [40, 80, 120] {
        insta::assert_snapshot!(format!("variety_{width}"), shown(&tree, width, None));
    }
}

#[test]
fn a_variety_of_nodes_at_small_heights() {
    let tree = variety();
    for height in [1, 2, 4, 6] {
        insta::assert_snapshot!(format!("variety_80x{height}"), shown(&tree, 80, Some(height)));
    }
    assert_eq!(shown(&tree, 80, Some(0)), "");
    assert_eq!(shown(&tree, 80, Some(9)), shown(&tree, 80, None));
}

#[test]
fn finished_subtrees_fold_first_and_what_runs_stays() {
    let tree = crowd(4, 3);
    insta::assert_snapshot!("crowd_80x22", shown(&tree, 80, Some(22)));
    insta::assert_snapshot!("crowd_80x8", shown(&tree, 80, Some(8)));
    insta::assert_snapshot!("crowd_80x6", shown(&tree, 80, Some(6)));
    insta::assert_snapshot!("crowd_80x3", shown(&tree, 80, Some(3)));
    for height in 2..30 {
        let text = shown(&tree, 80, Some(height));
        let running = text.matches("⠹ running_").count();
        // The root and the line that counts the hidden take two rows; of two, one says what is above.
        assert_eq!(running, (height - 2).clamp(1, 3), "{height}:\n{text}");
    }
}

#[test]
fn colours_follow_meaning() {
    let lines = layout(&variety(), Viewport { width: 80, height: Some(4) }, Moment { now_ms: 0.0 });
    let text: String =
        lines.iter().map(|line| line.to_text(Palette::Colour).replace('\u{1b}', "␛") + "\n").collect();
    insta::assert_snapshot!("variety_colours", text);
}

#[test]
fn nothing_seems_to_move_in_a_play_that_is_parked_or_over() {
    let mut tree = variety();
    tree.set_status(Status::AwaitingResume);
    insta::assert_snapshot!("variety_parked", shown(&tree, 80, None));
    tree.set_status(Status::Cancelled);
    assert!(!shown(&tree, 80, None).contains("running"));
}

#[test]
fn a_running_node_counts_from_when_it_was_seen_to_run() {
    let first = PageBuilder::new().span(1, None, "main", SpanStatus::Running).page();
    let second = PageBuilder::after(&first)
        .span(1, None, "main", SpanStatus::Running)
        .with(|span| span.progress = Some(Progress { done: 1.0, total: None }))
        .page();
    let tree = tree_of(&[first.clone(), second.clone()]);
    insta::assert_snapshot!(shown(&tree, 80, None), @"⠹ main  running 3.2 s  1");
    let third = PageBuilder::after(&second)
        .span(1, None, "main", SpanStatus::Running)
        .with(|span| span.attempt = 2)
        .page();
    let again = tree_of(&[first, second, third]);
    insta::assert_snapshot!(shown(&again, 80, None), @"⠹ main  running 1.2 s");
}

#[test]
fn pages_may_come_twice_and_children_before_parents() {
    let page = PageBuilder::new()
        .span(2, Some(1), "child", SpanStatus::Ok)
        .log(2, "late")
        .span(1, None, "main", SpanStatus::Ok)
        .page();
    let mut early = page.clone();
    early.spans.truncate(1);
    let tree = tree_of(&[early, page.clone(), page]);
    insta::assert_snapshot!(shown(&tree, 80, None), @r"
    ✓ main  ok 12 ms
    └─ ✓ child  ok 12 ms  │ late
    ");
}

#[test]
fn deep_trees_keep_their_names_readable() {
    let mut builder = PageBuilder::new().span(1, None, "level_1", SpanStatus::Running);
    for depth in 2..=5_000 {
        builder = builder.span(depth, Some(depth - 1), &format!("level_{depth}"), SpanStatus::Running);
    }
    let tree = tree_of(&[builder.page()]);
    let text = shown(&tree, 40, None);
    assert_eq!(text.lines().count(), 5_000);
    assert!(text.lines().last().unwrap().contains("level_5000"), "{text}");
    insta::assert_snapshot!("deep_40x10", shown(&tree, 40, Some(10)));
    for height in 2..10 {
        assert!(shown(&tree, 40, Some(height)).contains("level_5000"), "{height}");
    }
}

#[test]
fn the_footer_says_where_the_play_stands() {
    let mut tree = variety();
    let text = |tree: &Tree| {
        footer(tree, play_sid().as_str(), Moment { now_ms: 61_000.0 }).fit(80).to_text(Palette::Text)
    };
    let running = text(&tree);
    tree.set_status(Status::AwaitingResume);
    insta::assert_snapshot!("footers", [running, text(&tree), text(&Tree::default())].join("\n"));
}

#[test]
fn warnings_and_errors_in_text_stand_out() {
    let mut page = PageBuilder::new().span(1, None, "main", SpanStatus::Ok).log(1, "careful").page();
    page.logs[0].level = LogLevel::Warning;
    let lines = layout(&tree_of(&[page]), Viewport { width: 80, height: None }, Moment { now_ms: 0.0 });
    assert!(lines[0].to_text(Palette::Colour).ends_with("\u{1b}[33m│ careful\u{1b}[0m"));
}
