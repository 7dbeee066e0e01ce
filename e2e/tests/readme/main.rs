//! Runs every command and every code block of README.md, in order, as a reader would: one shell, started in the root
//! of the repository, with an empty home directory.
//!
//! - A `console` block is run line by line: `$ ` opens a command, `> ` continues it, the rest is what it prints, on
//!   stdout and stderr together. `…` stands for any text, on a line of its own for any lines. A command exits with 0
//!   unless it ends with `# exit code N`.
//! - A `python`, `json` or `toml` block is written to the file whose name, in backticks and followed by a colon, ends
//!   the text before it.
//! - A `rust` block is the text of the example whose path stands there in the same way.
//! - Any other block is a drawing or a form, not something to run, and is marked as `text`.

#[cfg(test)]
mod blocks;
#[cfg(test)]
mod pattern;

#[cfg(test)]
mod session;

#[cfg(test)]
mod tests {
    use std::fs;

    use hero_e2e::binary;

    use crate::{
        blocks::{self, Block},
        session::Session,
    };

    /// What passes every test: the very thing that runs this one.
    const THIS_TEST: &str = "./e2e/test";

    #[test]
    fn every_block_runs_as_written() {
        let text = fs::read_to_string(binary::repository().join("README.md")).unwrap();
        let blocks = blocks::parse(&text);
        let mut session = Session::new(binary::repository());
        let mut commands = 0;
        for block in &blocks {
            match block {
                Block::Console(lines) => {
                    for command in lines.iter().filter(|command| command.text != THIS_TEST) {
                        session.run(command);
                        commands += 1;
                    }
                }
                Block::File { name, text } => session.write(name, text),
                Block::Example { path, text } => {
                    let example = fs::read_to_string(binary::repository().join(path)).unwrap();
                    assert!(example.contains(text.trim_end()), "{path} and README.md differ");
                }
            }
        }
        assert!(commands > 10, "the commands were found");
    }

    #[test]
    fn the_two_commands_of_the_first_page_are_there() {
        let text = fs::read_to_string(binary::repository().join("README.md")).unwrap();
        for command in ["cargo run --release -- run seeds/flows/hello.py --input name=World", THIS_TEST] {
            assert!(text.contains(&format!("$ {command}\n")), "{command}");
        }
    }
}
