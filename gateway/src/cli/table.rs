//! Rows in columns that are as wide as their widest cell.

use unicode_width::UnicodeWidthStr;

use crate::cli::{
    escape::visible,
    style::Paint,
    tree::Line,
};

/// A cell: how it looks, and its text.
pub(crate) type Cell = (Paint, String);

/// Lines of `rows` beneath `heads`; the last column is not padded.
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
            for (index, ((paint, text), width)) in row.iter().zip(widths).enumerate() {
                line.push(*paint, text);
                if index + 1 < COLUMNS {
                    line.push(Paint::Plain, &" ".repeat(width - text.width() + 2));
                }
            }
            line
        })
        .collect()
}
