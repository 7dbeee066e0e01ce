//! Rows in columns that are as wide as their widest cell.

use unicode_width::UnicodeWidthStr;

use crate::cli::{
    escape::visible,
    style::Paint,
    tree::{Line, shorten},
};

/// A cell: how it looks, and its text.
pub(crate) type Cell = (Paint, String);

/// Columns between two columns.
const GAP_COLUMNS: usize = 2;

/// Lines of `rows` beneath `heads`.
pub(crate) fn table<const COLUMNS: usize>(heads: [&str; COLUMNS], rows: Vec<[Cell; COLUMNS]>) -> Vec<Line> {
    let head = heads.map(|head| (Paint::Faint, head.to_owned()));
    let rows: Vec<[Cell; COLUMNS]> = std::iter::once(head)
        .chain(rows)
        .map(|row| row.map(|(paint, text)| (paint, visible(&text))))
        .collect();
    let widths = widths(&rows);
    rows.iter()
        .map(|row| {
            let mut line = Line::default();
            // Padding comes before the next text, so that no line ends with it.
            let mut padding = 0;
            for ((paint, text), width) in row.iter().zip(widths) {
                if !text.is_empty() {
                    line.push(Paint::Plain, &" ".repeat(padding));
                    line.push(*paint, text);
                    padding = 0;
                }
                padding += width - text.width() + GAP_COLUMNS;
            }
            line
        })
        .collect()
}

/// Shortens what stands first in `rows` to what the other columns leave of `width`, yet to no less than a third of it.
pub(crate) fn shorten_first<const COLUMNS: usize>(
    heads: &[&str; COLUMNS],
    rows: &mut [[Cell; COLUMNS]],
    width: usize,
) {
    let head = heads.map(|head| (Paint::Faint, head.to_owned()));
    let others = widths(rows).into_iter().zip(widths(&[head])).skip(1);
    let taken: usize = others.map(|(cells, head)| cells.max(head) + GAP_COLUMNS).sum();
    let room = width.saturating_sub(taken).max(width / 3);
    for (_, text) in rows.iter_mut().filter_map(|row| row.first_mut()) {
        *text = shorten(text, room);
    }
}

/// How wide the widest cell of each column is.
fn widths<const COLUMNS: usize>(rows: &[[Cell; COLUMNS]]) -> [usize; COLUMNS] {
    let mut widths = [0; COLUMNS];
    for row in rows {
        for (width, (_, text)) in widths.iter_mut().zip(row) {
            *width = text.width().max(*width);
        }
    }
    widths
}
