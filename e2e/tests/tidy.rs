//! What the repository as a whole must keep to: who imports whom, what lies at the top, how long a file may be, and
//! one protocol on both sides.

#[cfg(test)]
mod architecture {
    use std::collections::{BTreeMap, BTreeSet};

    use hero_e2e::{Stage, binary};

    /// Which of our crates a crate may import. The direction is `sdk <- store <- actors <- gateway` and
    /// `seeds <- gateway`; what drives the binaries from outside knows the contract only, but for its benchmark, which
    /// embeds a runtime, and for the fuzzer, which calls what each crate says of its parsers.
    const IMPORTS: [(&str, &[&str]); 7] = [
        ("hero_sdk", &[]),
        ("hero_store", &["hero_sdk"]),
        ("hero_actors", &["hero_sdk", "hero_store"]),
        ("hero_seeds", &[]),
        ("hero_gateway", &["hero_sdk", "hero_actors", "hero_seeds"]),
        ("hero_e2e", &["hero_sdk", "hero_actors", "hero_store"]),
        ("hero_fuzz", &["hero_sdk", "hero_store", "hero_actors", "hero_gateway"]),
    ];

    #[test]
    fn imports_run_one_way() {
        let stage = Stage::new();
        let arguments = ["metadata", "--no-deps", "--offline", "--locked", "--format-version", "1"];
        let metadata =
            stage.program(env!("CARGO"), arguments).current_dir(binary::repository()).finish().exits(0);
        let metadata = metadata.json();
        let packages = metadata["packages"].as_array().unwrap();
        let allowed = BTreeMap::from(IMPORTS);
        let members: BTreeSet<&str> =
            packages.iter().map(|package| package["name"].as_str().unwrap()).collect();
        assert_eq!(
            members,
            allowed.keys().copied().collect(),
            "a new crate changes the architecture: see ARCHITECTURE.md"
        );
        for package in packages {
            let name = package["name"].as_str().unwrap();
            for dependency in package["dependencies"].as_array().unwrap() {
                let imported = dependency["name"].as_str().unwrap();
                let is_allowed = !members.contains(imported) || allowed[name].contains(&imported);
                assert!(is_allowed, "{name} must not import {imported}: see ARCHITECTURE.md");
            }
        }
    }

    #[test]
    fn nothing_else_lies_at_the_top() {
        let expected = [
            "ARCHITECTURE.md",
            "Cargo.lock",
            "Cargo.toml",
            "LICENSE",
            "README.md",
            "actors",
            "e2e",
            "gateway",
            "sdk",
            "seeds",
            "store",
        ];
        let found: BTreeSet<String> = std::fs::read_dir(binary::repository())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !name.starts_with('.') && name != "target")
            .collect();
        assert_eq!(found, expected.map(str::to_owned).into());
    }
}

#[cfg(test)]
mod files {
    use std::{
        fs,
        path::{Path, PathBuf},
    };

    use hero_e2e::binary;

    /// A longer file usually holds two nouns.
    const LINES_MAX: usize = 500;
    /// A file of tests may list more cases: they are one noun, however many.
    const TEST_LINES_MAX: usize = 700;
    /// Files that may be longer, and why.
    const LONG_FILES: [(&str, &str); 1] = [(
        "sdk/src/frame.rs",
        "the protocol in one place: every frame beside its documentation, and their tests",
    )];

    /// Data: flows as their authors would save them to a library, many without a word at the top.
    const FLOWS_TO_SEARCH: &str = "actors/tests/search/flows";

    /// Every source file of ours, by its path from the root.
    fn sources() -> Vec<(PathBuf, String)> {
        fn collect(directory: &Path, found: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_str().unwrap();
                if path.is_dir() && name != "target" && !name.starts_with('.') {
                    collect(&path, found);
                } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "py") {
                    found.push(path);
                }
            }
        }
        let mut found = Vec::new();
        collect(binary::repository(), &mut found);
        found.sort();
        let root = binary::repository();
        let read =
            |path: PathBuf| (path.strip_prefix(root).unwrap().to_owned(), fs::read_to_string(&path).unwrap());
        found.into_iter().map(read).collect()
    }

    #[test]
    fn none_is_too_long() {
        let mut long: Vec<String> = Vec::new();
        for (path, text) in sources() {
            let lines = text.lines().count();
            let has_reason = LONG_FILES.iter().any(|(file, _)| Path::new(file) == path);
            let is_test = path.file_name().is_some_and(|name| {
                let name = name.to_string_lossy();
                name.starts_with("test_") || name.starts_with("tests.")
            });
            let lines_max = if is_test { TEST_LINES_MAX } else { LINES_MAX };
            if lines > lines_max && !has_reason {
                long.push(format!("{}: {lines} lines", path.display()));
            }
        }
        assert!(long.is_empty(), "split them, or give a reason in LONG_FILES: {long:#?}");
    }

    #[test]
    fn each_opens_with_its_duty() {
        let opens_well =
            |path: &Path, text: &str| match path.extension().and_then(|extension| extension.to_str()) {
                Some("rs") => text.starts_with("//!"),
                _ => {
                    text.trim_start_matches("#!/usr/bin/env python3\n").starts_with("\"\"\"")
                        || text.trim().is_empty()
                }
            };
        let mut silent = sources();
        silent.retain(|(path, text)| !path.starts_with(FLOWS_TO_SEARCH) && !opens_well(path, text));
        let silent: Vec<String> = silent.iter().map(|(path, _)| path.display().to_string()).collect();
        assert!(silent.is_empty(), "these do not open with what they are for: {silent:#?}");
    }

    #[test]
    fn the_tests_of_the_binaries_know_the_contract_only() {
        let knows = |(path, text): &(PathBuf, String)| {
            (path.starts_with("e2e/src") || path.starts_with("e2e/tests"))
                && [concat!("hero_actors", "::"), concat!("hero_store", "::")]
                    .iter()
                    .any(|name| text.contains(name))
        };
        let knowing: Vec<PathBuf> = sources().into_iter().filter(knows).map(|(path, _)| path).collect();
        assert!(knowing.is_empty(), "only the benchmark embeds a runtime: {knowing:#?}");
    }

    #[test]
    fn bincode_is_used_in_one_file() {
        let uses = |(path, text): &(PathBuf, String)| {
            path.extension().is_some_and(|extension| extension == "rs")
                && text.contains(concat!("bincode", "::"))
        };
        let users: Vec<PathBuf> = sources().into_iter().filter(uses).map(|(path, _)| path).collect();
        assert_eq!(users, [Path::new("store/src/codec.rs")]);
    }

    #[test]
    fn no_test_is_left_out() {
        let marks = [
            concat!("#[", "ignore"),
            concat!("mark.", "skip"),
            concat!("pytest.", "skip"),
            concat!("mark.", "xfail"),
        ];
        for (path, text) in sources() {
            for mark in marks {
                assert!(!text.contains(mark), "{} has {mark}", path.display());
            }
        }
    }
}

#[cfg(test)]
mod protocol {
    use hero_e2e::binary;
    use hero_sdk::frame::{self, DEPTH_MAX, Down, LINE_BYTES_MAX, Up};
    use serde::Deserialize;
    use serde_json::Value;

    #[derive(Deserialize)]
    struct Vector {
        name: String,
        direction: String,
        line: String,
    }

    fn vectors() -> Vec<Vector> {
        let mut all = Vec::new();
        for entry in std::fs::read_dir(binary::repository().join("sdk/vectors")).unwrap() {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            all.extend(serde_json::from_str::<Vec<Vector>>(&text).unwrap());
        }
        all
    }

    #[test]
    fn every_golden_frame_from_python_is_parsed() {
        let mut count = 0;
        for vector in vectors().iter().filter(|vector| vector.direction == "up") {
            let frame =
                Up::parse(&vector.line).unwrap_or_else(|refusal| panic!("{}: {refusal}", vector.name));
            let value: Value = serde_json::from_str(&vector.line).unwrap();
            assert_eq!(frame.number(), value["n"].as_u64(), "{}", vector.name);
            assert!(vector.line.len() < LINE_BYTES_MAX, "{}", vector.name);
            count += 1;
        }
        assert!(count > 20, "the goldens were found");
    }

    #[test]
    fn every_golden_frame_to_python_is_written_alike() {
        let mut count = 0;
        for vector in vectors().iter().filter(|vector| vector.direction == "down") {
            let written = down(&vector.line).to_line();
            let written: Value = serde_json::from_str(&written).unwrap();
            assert_eq!(written, serde_json::from_str::<Value>(&vector.line).unwrap(), "{}", vector.name);
            count += 1;
        }
        assert!(count > 4, "the goldens were found");
    }

    /// The runtime never parses what it sends, so the frame is put together by hand.
    fn down(line: &str) -> Down {
        let value: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| value[name].as_str().unwrap().to_owned();
        let of = |name: &str| serde_json::from_value(value[name].clone()).unwrap();
        let number = |name: &str| value[name].as_u64().unwrap();
        match value["t"].as_str().unwrap() {
            "describe" => Down::Describe {
                v: frame::VERSION,
                file_name: text("file_name"),
                source: text("source"),
                entry: value["entry"].as_str().map(str::to_owned),
            },
            "start" => Down::Start(Box::new(serde_json::from_str(line).unwrap())),
            "ack" => Down::Ack { n: number("n") },
            "answer" => Down::Answer {
                path: text("path"),
                status: of("status"),
                payload: (&value["payload"]).into(),
                use_default: value["use_default"].as_bool().unwrap(),
            },
            "refused" => Down::Refused { n: number("n"), code: text("code"), message: text("message") },
            "kept" => Down::Kept { n: number("n"), digest: text("digest"), size: number("size") },
            "not_kept" => Down::NotKept { n: number("n"), code: text("code"), message: text("message") },
            "resolved" => Down::Resolved {
                n: number("n"),
                workflow: serde_json::from_str(&value["workflow"].to_string()).unwrap(),
            },
            "not_resolved" => Down::NotResolved {
                n: number("n"),
                code: text("code"),
                message: text("message"),
                hint: value["hint"].as_str().map(str::to_owned),
            },
            "library_result" => Down::LibraryResult { n: number("n"), result: (&value["result"]).into() },
            "library_error" => Down::LibraryError {
                n: number("n"),
                code: text("code"),
                message: text("message"),
                hint: value["hint"].as_str().map(str::to_owned),
            },
            other => panic!("a golden of an unknown frame {other}"),
        }
    }

    #[test]
    fn a_line_deeper_than_the_limit_is_refused() {
        let nest = |depth: usize| {
            format!(
                "{{\"t\":\"tag\",\"id\":1,\"tags\":{{\"a\":{}{}}}}}",
                "[".repeat(depth),
                "]".repeat(depth)
            )
        };
        assert!(Up::parse(&nest(DEPTH_MAX - 2)).is_ok());
        assert_eq!(Up::parse(&nest(DEPTH_MAX - 1)), Err(frame::Refusal::TooDeep));
    }
}
