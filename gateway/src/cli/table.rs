//! Rows in columns that are as wide as their widest cell.

use unicode_width::UnicodeWidthStr;

use crate::cli::{escape::visible, style::Paint, tree::Line};

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
    let mut widths = [0; COLUMNS];
    for row in &rows {
        for (width, (_, text)) in widths.iter_mut().zip(row) {
            *width = text.width().max(*width);
        }
    }
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
