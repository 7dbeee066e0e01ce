//! Which modules a Python source says it will import, for the fork server to have them ready.

/// Modules that are named to the fork server at most; more than that no file imports at its top.
const MODULES_MAX: usize = 32;
/// Characters of a module's name.
const NAME_CHARS_MAX: usize = 64;

/// Modules in the lines that begin with `import` or `from`, in order, each once. It is a hint: what stands in a string
/// counts as well, and what is imported in another way does not.
pub(crate) fn imports(source: &str) -> Vec<String> {
    let mut modules = Vec::new();
    for line in source.lines().map(str::trim_start) {
        let named = match (line.strip_prefix("import "), line.strip_prefix("from ")) {
            (Some(list), _) => list,
            (_, Some(module)) => module.split(" import").next().unwrap_or_default(),
            _ => continue,
        };
        for name in named.split(',').filter_map(|name| name.split_whitespace().next()) {
            let is_name = name.chars().all(|letter| letter.is_ascii_alphanumeric() || "_.".contains(letter));
            if is_name && name.len() <= NAME_CHARS_MAX && !modules.iter().any(|known| known == name) {
                modules.push(name.to_owned());
            }
            if modules.len() == MODULES_MAX {
                return modules;
            }
        }
    }
    modules
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_found_in_every_usual_form() {
        let source = "import asyncio\nimport os.path as path, json  # both\nfrom concurrent.futures import (\n    wait,\n)\n\
                      def late():\n    import asyncio, re\n    from . import beside\n# import nothing\nimports = 1\n";
        assert_eq!(imports(source), ["asyncio", "os.path", "json", "concurrent.futures", "re", "."]);
        assert_eq!(imports("import a b c d\nimport ;rm\nimport "), ["a"]);
        let many: String = (0..100).map(|number| format!("import m{number}\n")).collect();
        assert_eq!(imports(&many).len(), MODULES_MAX);
    }
}
