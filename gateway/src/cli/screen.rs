//! A block of lines at the bottom of a terminal that is redrawn in place. Knows bytes and sizes, not trees.
//!
//! Each frame is one write inside a synchronised update (DEC private mode 2026), so it never shows half drawn; a
//! terminal that does not know the mode ignores it. Line wrap is off while a frame is drawn (DECAWM): should the
//! terminal think a character wider than we do, a line is cut and not the block torn. The cursor stays visible, so
//! nothing is left to be restored after kill -9.

use std::io::{self, Write};

use super::{style::Palette, tree::Line};

const FRAME_BEGIN: &str = "\x1b[?2026h\x1b[?7l";
const FRAME_END: &str = "\x1b[?7h\x1b[?2026l";
const CLEAR_TO_LINE_END: &str = "\x1b[K";
const CLEAR_BENEATH: &str = "\x1b[J";

/// A block of lines on a terminal.
pub(crate) struct Screen<W> {
    writer: W,
    palette: Palette,
    /// Columns of each line that is on the terminal now.
    drawn: Vec<usize>,
    /// The frame that is on the terminal, so that an equal one is not sent.
    frame: String,
    /// The terminal's width when it was drawn.
    width: usize,
}

impl<W: Write> Screen<W> {
    /// Nothing is drawn yet.
    pub(crate) fn new(writer: W, palette: Palette) -> Self {
        Self { writer, palette, drawn: Vec::new(), frame: String::new(), width: 0 }
    }

    /// True when a block stands on the terminal that the next frame replaces.
    pub(crate) fn is_drawn(&self) -> bool {
        !self.drawn.is_empty()
    }

    /// Replaces the block by `lines`, each of which fits in `width` columns.
    pub(crate) fn draw(&mut self, lines: &[Line], width: usize) -> io::Result<()> {
        let mut frame = String::new();
        for line in lines {
            frame.push_str(&line.to_text(self.palette));
            frame.push_str(CLEAR_TO_LINE_END);
            frame.push_str("\r\n");
        }
        if frame == self.frame && width == self.width {
            return Ok(());
        }
        let bytes = format!("{FRAME_BEGIN}{}{frame}{CLEAR_BENEATH}{FRAME_END}", self.to_top(width));
        self.writer.write_all(bytes.as_bytes())?;
        self.writer.flush()?;
        self.drawn = lines.iter().map(Line::columns).collect();
        self.frame = frame;
        self.width = width;
        Ok(())
    }

    /// Writes lines that stay above the block, which must be drawn again.
    pub(crate) fn print_above(&mut self, text: &str, width: usize) -> io::Result<()> {
        let text = text.replace('\n', &format!("{CLEAR_TO_LINE_END}\r\n"));
        let bytes = format!("{}{text}{CLEAR_BENEATH}", self.to_top(width));
        self.writer.write_all(bytes.as_bytes())?;
        self.writer.flush()?;
        self.forget();
        Ok(())
    }

    /// Lets the block stand where it is: the next one begins beneath it. What the terminal echoed there goes, such
    /// as the `^C` of a key.
    pub(crate) fn release(&mut self) -> io::Result<()> {
        self.forget();
        self.writer.write_all(format!("\r{CLEAR_BENEATH}").as_bytes())?;
        self.writer.flush()
    }

    fn forget(&mut self) {
        self.drawn.clear();
        self.frame.clear();
    }

    /// Moves the cursor to the first row of the block.
    fn to_top(&self, width: usize) -> String {
        // A terminal that became narrower has wrapped what was there, so a line may take several rows by now.
        let rows: usize = self.drawn.iter().map(|columns| columns.div_ceil(width.max(1)).max(1)).sum();
        if rows == 0 { "\r".to_owned() } else { format!("\r\x1b[{rows}A") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::style::Paint;

    fn lines(texts: &[&str]) -> Vec<Line> {
        let to_line = |text: &&str| {
            let mut line = Line::default();
            line.push(Paint::Plain, text);
            line
        };
        texts.iter().map(to_line).collect()
    }

    fn terminal(rows: u16, columns: u16) -> vt100::Parser {
        vt100::Parser::new(rows.try_into().unwrap(), columns.try_into().unwrap(), 0)
    }

    /// What the terminal shows, trailing blank rows left out.
    fn shown(terminal: &mut vt100::Parser, screen: &mut Screen<Vec<u8>>) -> String {
        terminal.process(&std::mem::take(&mut screen.writer));
        terminal.screen().contents()
    }

    #[test]
    fn frames_replace_each_other() {
        let mut terminal = terminal(10, 20);
        terminal.process(b"$ hero_logic run\r\n");
        let mut screen = Screen::new(Vec::new(), Palette::Text);

        screen.draw(&lines(&["one", "two", "three"]), 20).unwrap();
        assert_eq!(shown(&mut terminal, &mut screen), "$ hero_logic run\none\ntwo\nthree");
        screen.draw(&lines(&["1", "2"]), 20).unwrap();
        assert_eq!(shown(&mut terminal, &mut screen), "$ hero_logic run\n1\n2");
        screen.print_above("a note\n", 20).unwrap();
        screen.draw(&lines(&["1", "2!"]), 20).unwrap();
        assert_eq!(shown(&mut terminal, &mut screen), "$ hero_logic run\na note\n1\n2!");
        terminal.process(b"^C");
        screen.release().unwrap();
        screen.draw(&lines(&["next"]), 20).unwrap();
        assert_eq!(shown(&mut terminal, &mut screen), "$ hero_logic run\na note\n1\n2!\nnext");
    }

    #[test]
    fn an_equal_frame_is_not_sent() {
        let mut screen = Screen::new(Vec::new(), Palette::Text);
        screen.draw(&lines(&["one"]), 20).unwrap();
        screen.writer.clear();
        screen.draw(&lines(&["one"]), 20).unwrap();
        assert!(screen.writer.is_empty());
        screen.draw(&lines(&["one"]), 30).unwrap();
        assert!(!screen.writer.is_empty());
    }

    #[test]
    fn a_frame_is_one_synchronised_update() {
        let mut screen = Screen::new(Vec::new(), Palette::Text);
        screen.draw(&lines(&["one", "two"]), 20).unwrap();
        let bytes = String::from_utf8(screen.writer).unwrap();
        assert!(bytes.starts_with("\u{1b}[?2026h") && bytes.ends_with("\u{1b}[?2026l"), "{bytes:?}");
    }

    #[test]
    fn a_narrower_terminal_has_wrapped_the_block() {
        let mut screen = Screen::new(Vec::new(), Palette::Text);
        screen.draw(&lines(&["0123456789abcde", "short"]), 20).unwrap();
        screen.writer.clear();
        screen.draw(&lines(&["0123456…", "short"]), 8).unwrap();
        let bytes = String::from_utf8(screen.writer).unwrap();
        // 15 columns take two rows of 8.
        assert!(bytes.contains("\r\u{1b}[3A"), "{bytes:?}");
    }
}
