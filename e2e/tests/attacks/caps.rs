//! What a flow may wish for, and ways around it: links out of what is allowed, and caps that hold hero_logic itself.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink},
    path::{Path, PathBuf},
};

use hero_e2e::{Outcome, Stage};

use crate::world::{User, as_user, command, stage, users};

/// A directory of files that are open to everybody, beside the home of the stage.
fn data(stage: &Stage) -> PathBuf {
    let data = stage.home().parent().unwrap().join("data");
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, Permissions::from_mode(0o777)).unwrap();
    fs::write(data.join("file"), "content").unwrap();
    data
}

/// What comes of a flow that wishes to read or write (`kind`) this path, and does what the expression says.
fn run(stage: &Stage, user: User, wish: Option<(&str, &Path)>, does: &str, options: &[&str]) -> Outcome {
    let wish = wish.map_or(String::new(), |(kind, path)| format!("(sandbox={{{kind:?}: [{path:?}]}})"));
    let source =
        format!("from hero_tracing import flow\n\n\n@flow{wish}\ndef main() -> object:\n    return {does}\n");
    let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
    as_user(command(stage, "wishes.py", &source, &options), user).finish()
}

#[track_caller]
fn is_denied(outcome: Outcome, words: &str) {
    let outcome = outcome.exits(2);
    assert!(outcome.stderr.contains("sandbox_denied") && outcome.stderr.contains(words), "{outcome}");
}

/// However wide it is: the home of hero_logic may lie beneath it.
#[test]
fn a_cap_holds_nobody_up_and_gives_nobody_more() {
    for user in users() {
        for level in ["default", "strict"] {
            let stage = stage(user);
            let data = data(&stage);
            let beside = data.parent().unwrap().to_str().unwrap();
            for cap in [beside, "/"] {
                for flag in ["--allow-read", "--allow-write"] {
                    let options = ["--sandbox", level, flag, cap];
                    run(&stage, user, None, "1", &options).exits(0);
                    let reads = format!("open({:?}).read()", data.join("file"));
                    let read = run(&stage, user, Some(("read", &data)), &reads, &options).exits(0).settled();
                    assert_eq!(read.play.outputs.unwrap().as_str(), "\"content\"", "{flag} {cap}");
                    let refused = run(&stage, user, None, &reads, &options).exits(1);
                    assert!(refused.stderr.contains("the sandbox denies reading"), "{refused}");
                }
                let options = ["--sandbox", level, "--allow-write", cap];
                let writes = format!("open({:?}, 'w').write('more')", data.join("new"));
                run(&stage, user, Some(("write", &data)), &writes, &options).exits(0);
                assert_eq!(fs::read_to_string(data.join("new")).unwrap(), "more");
                fs::remove_file(data.join("new")).unwrap();
            }
        }
    }
}

#[test]
fn what_is_hero_logics_own_is_given_to_nobody() {
    for user in users() {
        let stage = stage(user);
        let home = stage.home();
        for path in [home.join(".hero"), home.join(".hero/var/plays"), home.clone()] {
            for (kind, flag) in [("read", "--allow-read"), ("write", "--allow-write")] {
                let outcome = run(&stage, user, Some((kind, &path)), "1", &[flag, "/"]);
                is_denied(outcome, "which is hero_logic's own");
            }
        }
    }
}

#[test]
fn a_link_leads_to_no_more_than_its_cap() {
    for user in users() {
        let stage = stage(user);
        let data = data(&stage);
        let beyond = data.parent().unwrap().join("beyond");
        fs::create_dir(&beyond).unwrap();
        fs::write(beyond.join("file"), "content").unwrap();
        symlink(&beyond, data.join("out")).unwrap();
        symlink("file", data.join("in")).unwrap();
        let options = ["--allow-read", data.to_str().unwrap()];
        for path in [data.join("out"), data.join("out/file")] {
            let outcome = run(&stage, user, Some(("read", &path)), "1", &options);
            is_denied(outcome, "which is beyond what may be allowed");
        }
        let reads = format!("open({:?}).read()", data.join("in"));
        run(&stage, user, Some(("read", &data.join("in"))), &reads, &options).exits(0);
        let reads = format!("open({:?}).read()", data.join("out/file"));
        let outcome = run(&stage, user, Some(("read", &data)), &reads, &options).exits(1);
        assert!(outcome.stderr.contains("PermissionError"), "{outcome}");
    }
}

/// It is the play's own, and so is what it puts in its place; whoever made that a link's target is not.
#[test]
fn a_link_in_the_place_of_a_working_directory_gives_nothing() {
    let does = "(flow.attempt == 1 and (os.chdir('..'), os.rename('work', 'was'), os.symlink(TARGET, 'work')), \
                ask_user.confirm('Go on?'), os.chmod('.', 0o777))";
    for user in users() {
        for level in ["default", "strict"] {
            let stage = stage(user);
            let data = data(&stage);
            let owner = |path: &Path| (fs::metadata(path).unwrap().uid(), fs::metadata(path).unwrap().mode());
            let target = data.join("empty");
            fs::create_dir(&target).unwrap();
            let before = owner(&target);
            let does = format!(
                "[os := __import__('os'), ask_user := __import__('hero_tracing').ask_user, {does}][2]"
            );
            let does = does.replace("TARGET", &format!("{target:?}"));
            let options = ["--sandbox", level, "--answer", "go_on=true"];
            let outcome = run(&stage, user, None, &does, &options).exits(1);
            assert!(outcome.stderr.contains("put something else in the place of"), "{outcome}");
            assert_eq!(owner(&target), before);
        }
    }
}

/// A cap that is everything: what is wished for beneath `/tmp` is there, beside what the play has there for itself.
#[test]
fn what_lies_among_temporary_files_can_be_wished_for() {
    let place = tempfile::Builder::new().prefix("hero_e2e_").tempdir_in("/tmp").unwrap();
    fs::set_permissions(place.path(), Permissions::from_mode(0o755)).unwrap();
    let file = place.path().join("file");
    fs::write(&file, "content").unwrap();
    for user in users() {
        for level in ["default", "strict"] {
            let stage = stage(user);
            let does =
                format!("[open({file:?}).read(), __import__('tempfile').TemporaryFile().write(b'four')]");
            let wish = Some(("read", place.path()));
            let outcome = run(&stage, user, wish, &does, &["--sandbox", level, "--allow-read", "/"]).exits(0);
            assert_eq!(outcome.settled().play.outputs.unwrap().as_str(), "[\"content\",4]", "{level}");
        }
    }
}
