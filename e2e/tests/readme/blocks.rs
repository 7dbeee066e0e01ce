//! The fenced blocks of a Markdown text. Pure: it runs nothing.

/// A block that does something.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Block {
    /// Commands and what they print.
    Console(Vec<Command>),
    /// A file that later commands need.
    File { name: String, text: String },
    /// The text of an example of the repository.
    Example { path: String, text: String },
}

/// A command and what it prints.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Command {
    /// Line of the README, from 1.
    pub(crate) line: usize,
    pub(crate) text: String,
    pub(crate) exit_code: i32,
    /// With `…` for what differs from run to run; none where nothing is shown.
    pub(crate) output: String,
}

/// Every block that does something, in order.
pub(crate) fn parse(markdown: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut last_text = "";
    let mut lines = markdown.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let Some(language) = line.strip_prefix("```") else {
            if !line.trim().is_empty() {
                last_text = line;
            }
            continue;
        };
        let body: Vec<&str> =
            lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
        let text = || body.iter().map(|line| format!("{line}\n")).collect();
        let name =
            || named_file(last_text).unwrap_or_else(|| panic!("line {number}: which file? {last_text:?}"));
        match language {
            "console" => blocks.push(Block::Console(commands(&body, number + 2))),
            "python" | "json" | "toml" => blocks.push(Block::File { name: name(), text: text() }),
            "rust" => blocks.push(Block::Example { path: name(), text: text() }),
            "text" => {}
            other => panic!("line {}: a block of {other:?} cannot be checked", number + 1),
        }
    }
    blocks
}

/// `ask.py` of "Write `ask.py`:".
fn named_file(text: &str) -> Option<String> {
    let (_, name) = text.trim_end().strip_suffix("`:")?.rsplit_once('`')?;
    Some(name.to_owned())
}

fn commands(body: &[&str], first_line: usize) -> Vec<Command> {
    let mut commands: Vec<Command> = Vec::new();
    for (offset, line) in body.iter().enumerate() {
        if let Some(text) = line.strip_prefix("$ ") {
            let (text, exit_code) = match text.split_once("  # exit code ") {
                Some((text, code)) => (text, code.parse().expect("an exit code is a number")),
                None => (text, 0),
            };
            let line = first_line + offset;
            commands.push(Command {
                line,
                text: text.trim_end().to_owned(),
                exit_code,
                output: String::new(),
            });
            continue;
        }
        let command = commands.last_mut().expect("a console block begins with a command");
        match line.strip_prefix("> ") {
            Some(more) if command.output.is_empty() => {
                command.text.push('\n');
                command.text.push_str(more);
            }
            _ => {
                command.output.push_str(line);
                command.output.push('\n');
            }
        }
    }
    commands
}

#[test]
fn blocks_are_found() {
    let markdown = "# Title\nWrite `a.py`:\n\n```python\nx = 1\n```\n\n```console\n$ run a.py  # exit code 3\nout …\n$ two \\\n> lines\n```\n```text\nnot run\n```\n";
    let commands = vec![
        Command { line: 9, text: "run a.py".into(), exit_code: 3, output: "out …\n".into() },
        Command { line: 11, text: "two \\\nlines".into(), exit_code: 0, output: String::new() },
    ];
    let file = Block::File { name: "a.py".into(), text: "x = 1\n".into() };
    assert_eq!(parse(markdown), [file, Block::Console(commands)]);
}
