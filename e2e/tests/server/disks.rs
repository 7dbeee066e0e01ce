//! The disk beneath the server's store fills up, or fails. (FAULTS 6 to 8, and 3 over the server)

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
};

use hero_e2e::{Gate, Served, stage::eventually};
use hero_sdk::{
    Client, Error, ErrorCode, Json, Logic as _, PlaySid,
    logic::{PlayList, PlayRunAsync, PlayWait, Until},
    model::{Play, Status},
};
use nix::{
    mount::{MntFlags, MsFlags, mount, umount2},
    sched::{CloneFlags, unshare},
    sys::signal::Signal,
};

use crate::world::{QUICK, ask, gate, signal};

/// Stops in its middle, and then records more than what little is left can hold.
const SOURCE: &str = "
from hero_tracing import flow

def effect(text: str) -> None:
    with open('effects.log', 'a') as log:
        log.write(text + '\\n')

@flow
def fill(number: int) -> str:
    effect(str(number))
    return 'x' * 100_000

@flow
def wait_at(gate: str) -> str:
    with open(gate) as pipe:
        return pipe.read()

@flow
def main(gate: str) -> int:
    fill(0)
    wait_at(gate)
    return sum(len(fill(number)) for number in range(1, 40))
";
const STEPS: usize = 40;
/// What is left of a disk that is full: a megabyte that nobody has taken yet.
const LEFT: u64 = 1 << 20;

async fn run(client: &Client, source: &str, gate: Option<&Gate>) -> Result<Play, Error> {
    let inputs = gate.map(|gate| Json::from(&serde_json::json!({ "gate": gate.path() })));
    client.play_run_async(PlayRunAsync { source: source.to_owned(), inputs, ..PlayRunAsync::default() }).await
}

async fn ended(client: &Client, play_sid: &PlaySid) -> Result<Play, Error> {
    let wait = PlayWait { play_sid: play_sid.clone(), timeout_ms: None, until: Until::Terminal };
    client.play_wait(wait).await
}

async fn status(client: &Client, play_sid: &PlaySid) -> Status {
    client.play_status(play_sid.clone().into()).await.unwrap().status
}

/// Waits until a start is taken again.
#[track_caller]
fn takes_again(served: &Served) {
    let takes = || ask(served, async |client| run(client, QUICK, None).await.is_ok());
    assert!(eventually(takes), "it does not take anything within ten seconds");
}

/// The disk of a store, which can be filled and freed.
enum Disk {
    /// For who may mount one, of 12 MiB.
    Tmpfs(PathBuf),
    /// For everybody else: no file of the server may grow.
    FileSize(PathBuf),
}

impl Disk {
    fn beneath(served: &Served) -> Self {
        let place = served.store().parent().unwrap().to_owned();
        fs::create_dir_all(&place).unwrap();
        let options = Some("size=12m,mode=0700");
        match mount(Some("tmpfs"), &place, Some("tmpfs"), MsFlags::empty(), options) {
            Ok(()) => Self::Tmpfs(place),
            Err(_) => Self::FileSize(place),
        }
    }

    fn fill(&self, served: &Served) {
        match self {
            Self::Tmpfs(place) => {
                let mut ballast = File::create(place.join("ballast")).unwrap();
                while ballast.write_all(&[1; 4096]).is_ok() {}
                let length = ballast.metadata().unwrap().len();
                ballast.set_len(length - LEFT).unwrap();
            }
            Self::FileSize(place) => {
                let sizes = fs::read_dir(place.join("store/data")).unwrap();
                let largest = sizes.map(|entry| entry.unwrap().metadata().unwrap().len()).max().unwrap();
                self.limit(served, &format!("--fsize={}:", largest + LEFT));
            }
        }
    }

    fn free(&self, served: &Served) {
        match self {
            Self::Tmpfs(place) => fs::remove_file(place.join("ballast")).unwrap(),
            Self::FileSize(_) => self.limit(served, "--fsize=unlimited:"),
        }
    }

    fn limit(&self, served: &Served, limit: &str) {
        let pid = served.pid().unwrap().to_string();
        served.program("prlimit", ["--pid", &pid, limit]).finish().exits(0);
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if let Self::Tmpfs(place) = self {
            umount2(place.as_path(), MntFlags::MNT_DETACH).unwrap();
        }
    }
}

#[test]
fn a_full_disk_refuses_what_it_cannot_hold_and_is_well_when_there_is_space() {
    let served = Served::new();
    let gate = gate(&served);
    let disk = Disk::beneath(&served);
    served.hero(["--start"]).finish().exits(0);
    let pid = served.pid();
    let (before, filling) = ask(&served, async |client| {
        let before = run(client, QUICK, None).await.unwrap().play_sid;
        ended(client, &before).await.unwrap();
        (before, run(client, SOURCE, Some(&gate)).await.unwrap().play_sid)
    });
    let arrived = gate.arrival();
    disk.fill(&served);
    arrived.open("opened");
    ask(&served, async |client| {
        // Whoever waits is told why nothing comes.
        let told = ended(client, &filling).await.unwrap_err();
        assert_eq!(told.code, ErrorCode::StorageFull, "{told:?}");
        assert!(told.hint.is_some(), "{told:?}");
        for _ in 0..20 {
            match run(client, &SOURCE.replace("100_000", "200_000"), Some(&gate)).await {
                Err(error) => assert_eq!(error.code, ErrorCode::StorageFull, "{error:?}"),
                Ok(play) => panic!("there was room for {play:?}"),
            }
            // Reads work, and the play is not done.
            assert_eq!(status(client, &before).await, Status::Succeeded);
            assert!(!status(client, &filling).await.is_terminal());
            assert_eq!(client.play_list(PlayList::default()).await.unwrap().plays.len(), 2);
        }
    });
    disk.free(&served);
    takes_again(&served);
    ask(&served, async |client| {
        // Who comes now is not told of the disk that was full.
        let play = ended(client, &filling).await.unwrap();
        let outputs = play.outputs.as_ref().unwrap_or_else(|| panic!("{play:?}"));
        assert_eq!(outputs.to::<usize>().unwrap(), (STEPS - 1) * 100_000);
    });
    assert_eq!(served.pid(), pid, "it is the same server");
    // Only the step that found the disk full ran again, once for each time that it did.
    let effects = served.effects(&filling);
    let distinct: std::collections::BTreeSet<_> = effects.iter().collect();
    assert_eq!(distinct.len(), STEPS, "{effects:?}");
    let again: Vec<_> = effects.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert_eq!(again.len(), effects.len() - STEPS, "{effects:?}");
    served.hero(["--stop"]).finish().exits(0);
}

/// A file system that can lose its power: from then on every write of it fails, and what was not synced is gone.
struct PowerCut<'a> {
    served: &'a Served,
    image: PathBuf,
    place: &'a Path,
}

impl<'a> PowerCut<'a> {
    /// None where file systems cannot be made and mounted.
    fn beneath(served: &'a Served, place: &'a Path) -> Option<Self> {
        // Seen by this thread and its children only: a namespace that another test makes meanwhile would keep a copy,
        // and the kernel would mount the file system without power again.
        unshare(CloneFlags::CLONE_NEWNS).ok()?;
        mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>).ok()?;
        fs::create_dir_all(place).unwrap();
        let image = served.directory().join("image");
        File::create(&image).unwrap().set_len(64 << 20).unwrap();
        let disk = Self { served, image, place };
        let image = disk.image.to_str().unwrap();
        let made = served.program("sh", ["-c", "mkfs.ext4 -q -F \"$0\"", image]).finish();
        (made.code == 0 && disk.mount()).then_some(disk)
    }

    fn mount(&self) -> bool {
        let arguments = ["-o", "loop", self.image.to_str().unwrap(), self.place.to_str().unwrap()];
        self.served.program("mount", arguments).finish().code == 0
    }

    fn unmount(&self) {
        self.served.program("umount", [self.place]).finish().exits(0);
    }

    /// `EXT4_IOC_SHUTDOWN` without a flush of the file system's own log.
    fn cut(&self) {
        const SCRIPT: &str = "import fcntl, os, struct, sys\n\
            fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587D, struct.pack('I', 2))";
        self.served.program("python3", ["-c", SCRIPT, self.place.to_str().unwrap()]).finish().exits(0);
    }
}

impl Drop for PowerCut<'_> {
    fn drop(&mut self) {
        if umount2(self.place, MntFlags::MNT_DETACH).is_err() {
            println!("it was unmounted");
        }
    }
}

/// Only where a file system can be made and mounted.
#[test]
fn a_disk_that_fails_is_no_success_and_loses_nothing_that_was_acknowledged() {
    let served = Served::new();
    let gate = gate(&served);
    let place = served.store().parent().unwrap().to_owned();
    let Some(power) = PowerCut::beneath(&served, &place) else { return };
    served.hero(["--start"]).finish().exits(0);
    let (before, filling) = ask(&served, async |client| {
        let before = run(client, QUICK, None).await.unwrap().play_sid;
        ended(client, &before).await.unwrap();
        (before, run(client, SOURCE, Some(&gate)).await.unwrap().play_sid)
    });
    let arrived = gate.arrival();
    let answered = ask(&served, async |client| run(client, QUICK, None).await.unwrap().play_sid);
    let pid = served.pid().unwrap();
    power.cut();
    arrived.open("opened");
    ask(&served, async |client| {
        let told = ended(client, &filling).await.unwrap_err();
        assert_eq!(told.code, ErrorCode::StorageFailed, "{told:?}");
        for _ in 0..20 {
            let error = run(client, QUICK, None).await.unwrap_err();
            assert_eq!(error.code, ErrorCode::StorageFailed, "{error:?}");
        }
    });
    signal(pid, Signal::SIGKILL);
    assert!(eventually(|| !served.listens() && served.processes_left().is_empty()));
    power.unmount();
    assert!(power.mount());

    let starting = served.hero(["--start"]).start();
    gate.arrival().open("opened");
    starting.finish().exits(0);
    ask(&served, async |client| {
        assert_eq!(status(client, &before).await, Status::Succeeded);
        for play_sid in [&answered, &filling] {
            let play = ended(client, play_sid).await.unwrap();
            assert_eq!(play.status, Status::Succeeded, "{play:?}");
        }
        assert_eq!(client.play_list(PlayList::default()).await.unwrap().plays.len(), 3);
    });
    assert_eq!(served.effects(&filling).iter().filter(|step| *step == "0").count(), 1, "it was acknowledged");
    served.hero(["--stop"]).finish().exits(0);
    power.unmount();
}
