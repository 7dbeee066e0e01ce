//! Values in files of a play: large values, raw output, and what a kill has left of them.

use super::*;

/// A play's directory with a large value in it.
struct Play {
    directory: tempfile::TempDir,
    text: String,
    blob: Blob,
}

impl Play {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join(Paths::BLOBS)).unwrap();
        let text = Json::of(&vec!["hunter2!"; 1000]).unwrap().to_string();
        let digest = hex(Sha256::new_with_prefix(&text));
        let blob = Blob { digest, size: text.len() as u64 };
        let play = Self { directory, text, blob };
        fs::write(play.file(), &play.text).unwrap();
        play
    }

    fn output(&self) -> PathBuf {
        self.directory.path().join(Paths::OUTPUT)
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join(Paths::BLOBS).join(&self.blob.digest)
    }

    fn home(&self) -> Directory {
        Directory::open(self.directory.path()).unwrap()
    }

    fn blobs(&self) -> Directory {
        self.home().directory(Paths::BLOBS).unwrap()
    }

    fn value(&self, redactor: &Redactor) -> Result<String, Lost> {
        large_value(&self.blobs(), &self.blob, redactor)
    }
}

#[test]
fn a_large_value_is_rewritten_and_given_back() {
    let play = Play::new();
    for round in 0..3 {
        assert_eq!(play.value(&redactor("hunter2!")).unwrap(), play.text, "round {round}");
        assert!(is_rewritten(&play.blobs(), &play.blob));
        assert!(!fs::read_to_string(play.file()).unwrap().contains("hunter2!"));
    }
    assert!(play.value(&redactor("hunter3!")).unwrap_err().to_string().contains("KEY"));
    fs::write(play.file(), "[]").unwrap();
    assert!(matches!(play.value(&redactor("hunter2!")), Err(Lost::Unfit)));
    // One that holds nothing stays as it is.
    fs::write(play.file(), &play.text).unwrap();
    assert_eq!(play.value(&redactor("other value")).unwrap(), play.text);
    assert!(!is_rewritten(&play.blobs(), &play.blob));
}

#[test]
fn raw_output_is_cleaned_also_where_parts_of_it_meet() {
    let directory = tempfile::tempdir().unwrap();
    let (output, home) = (directory.path().join(Paths::OUTPUT), Directory::open(directory.path()).unwrap());
    let redactor = redactor("hunter2!");
    clean(&home, &redactor).unwrap();
    assert!(!output.exists());
    // Over several parts and at every distance from where they meet; not all of it is UTF-8.
    for shift in 0..300 {
        let mut text = vec![b'.'; shift];
        for _ in 0..4 {
            text.extend(b"\xffhunt\n  er2!\xfe-------------------");
        }
        fs::write(&output, &text).unwrap();
        clean_output(&home, &redactor, 100).unwrap();
        let mut expected = vec![b'.'; shift];
        for _ in 0..4 {
            expected.extend(b"\xff[secret KEY]\n  [secret KEY]\xfe-------------------");
        }
        assert_eq!(fs::read(&output).unwrap(), expected, "{shift}");
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn what_a_kill_has_left_is_cleaned_and_no_value_of_the_play_is_lost() {
    let play = Play::new();
    fs::write(play.file().with_extension("4711.abcd"), "\"hunter").unwrap();
    fs::write(play.file().with_extension("draft"), "[\"hunter2!").unwrap();
    clean(&play.home(), &redactor("hunter2!")).unwrap();
    assert_eq!(fs::read_dir(play.directory.path().join(Paths::BLOBS)).unwrap().count(), 1);
    assert!(is_rewritten(&play.blobs(), &play.blob));
    // While the secret has another value, too: it may be set back.
    clean(&play.home(), &redactor("hunter3!")).unwrap();
    assert_eq!(play.value(&redactor("hunter2!")).unwrap(), play.text);
}

/// A process of the play may have put anything there, and the next one must be able to go on with what it finds.
#[test]
fn files_keep_their_owner_and_nothing_is_followed_or_waited_for() {
    let play = Play::new();
    let redactor = redactor("hunter2!");
    fs::write(play.output(), "hunter2!").unwrap();
    let owner = if geteuid().is_root() { Uid::from_raw(12345) } else { geteuid() };
    for path in [play.directory.path(), &play.output(), play.file().parent().unwrap(), &play.file()] {
        chown(path, Some(owner), None).unwrap();
    }
    clean(&play.home(), &redactor).unwrap();
    assert_eq!(fs::read_to_string(play.output()).unwrap(), "[secret KEY]");
    for path in [play.output(), play.file()] {
        let known = fs::metadata(path).unwrap();
        assert_eq!((known.uid(), known.mode() & 0o777), (owner.as_raw(), 0o600));
    }
    assert!(is_rewritten(&play.blobs(), &play.blob));

    let elsewhere = tempfile::NamedTempFile::new().unwrap();
    fs::write(&elsewhere, "hunter2!").unwrap();
    // A further name of a file is replaced, not the file; what lies where a draft goes is not written to.
    fs::remove_file(play.output()).unwrap();
    fs::hard_link(&elsewhere, play.output()).unwrap();
    symlink(&elsewhere, play.output().with_extension("draft")).unwrap();
    clean(&play.home(), &redactor).unwrap();
    assert_eq!(fs::read_to_string(play.output()).unwrap(), "[secret KEY]");

    for is_pipe in [true, false] {
        for path in [play.output(), play.file()] {
            fs::remove_file(&path).unwrap();
            if is_pipe {
                mknodat(CWD, &path, FileType::Fifo, Mode::RWXU, 0).unwrap();
            } else {
                symlink(&elsewhere, &path).unwrap();
            }
        }
        assert!(matches!(clean(&play.home(), &redactor), Err(Lost::Closed(_))));
        assert!(matches!(play.value(&redactor), Err(Lost::Closed(_))));
        fs::remove_file(play.output()).unwrap();
        clean(&play.home(), &redactor).unwrap();
        fs::write(play.output(), "").unwrap();
    }
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "hunter2!");
}
