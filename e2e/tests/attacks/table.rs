//! What must come of each action: a line each, a column for each way to be confined.
//!
//! ```text
//! action               | default.root strict.root … off.user
//! read outside         | EACCES = = = done:secret =
//! ```
//!
//! `=` is what stands left of it. `reached` is whatever comes when the kernel looked at the call, `*` is anything:
//! what another machine may do otherwise, where nothing is confined. Between `|` stand alternatives.

use std::collections::BTreeMap;

/// What says that something is refused. A kernel that has not got a call says `ENOSYS` to all.
const REFUSALS: [&str; 6] = ["EPERM", "EACCES", "EROFS", "ENOSYS", "SIGSYS", "ESRCH"];

/// One table.
pub(crate) struct Table {
    columns: Vec<String>,
    rows: BTreeMap<String, Vec<String>>,
}

impl Table {
    pub(crate) fn parse(text: &str) -> Self {
        let mut lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
        let split = |line: &str| {
            let (name, cells) = line.split_once(" | ").unwrap_or_else(|| panic!("no cells: {line}"));
            (name.trim().to_owned(), cells.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        };
        let (_, columns) = split(lines.next().unwrap());
        let mut rows = BTreeMap::new();
        for line in lines {
            let (name, mut cells) = split(line);
            for number in 1..cells.len() {
                if cells[number] == "=" {
                    cells[number] = cells[number - 1].clone();
                }
            }
            assert_eq!(cells.len(), columns.len(), "{line}");
            assert!(rows.insert(name, cells).is_none(), "twice: {line}");
        }
        Self { columns, rows }
    }

    pub(crate) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// What came otherwise than it must in this column: `action: expected, actual`.
    pub(crate) fn differences(
        &self,
        column: &str,
        found: &BTreeMap<String, String>,
    ) -> BTreeMap<String, String> {
        let number = self
            .columns
            .iter()
            .position(|name| name == column)
            .unwrap_or_else(|| panic!("no column {column}"));
        let nothing = "nothing".to_owned();
        let names = self.rows.keys().chain(found.keys());
        let differs = |name: &String| {
            let expected = self.rows.get(name).map_or(&nothing, |cells| &cells[number]);
            let actual = found.get(name).unwrap_or(&nothing);
            (!fits(expected, actual)).then(|| (name.clone(), format!("{expected}, not {actual}")))
        };
        names.filter_map(differs).collect()
    }

    /// Actions that are refused in some column and succeed in none: they prove nothing.
    pub(crate) fn never_allowed(&self) -> Vec<&String> {
        let succeeds = |cell: &String| cell.split('|').any(|one| one != "*" && !REFUSALS.contains(&one));
        let never = self.rows.iter().filter(|(_, cells)| !cells.iter().any(succeeds));
        never.map(|(name, _)| name).collect()
    }
}

fn fits(expected: &str, actual: &str) -> bool {
    expected.split('|').any(|one| match one {
        "*" => true,
        "reached" => !REFUSALS.contains(&actual),
        exact => exact == actual,
    })
}

/// The same in the form of a table, for who writes one.
pub(crate) fn written(columns: &[(String, BTreeMap<String, String>)]) -> String {
    let mut text = format!("{:<44} |", "action");
    for (column, _) in columns {
        text += &format!(" {column}");
    }
    for name in columns.first().iter().flat_map(|(_, found)| found.keys()) {
        text += &format!("\n{name:<44} |");
        let mut last = "";
        for (_, found) in columns {
            let cell = found.get(name).map_or("nothing", String::as_str);
            text += if cell == last { " =".to_owned() } else { format!(" {cell}") }.as_str();
            last = cell;
        }
    }
    text + "\n"
}
