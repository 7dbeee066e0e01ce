//! What hostile flows find: files, sockets, programs and another play, all of them open to whoever is not confined.

use std::{
    collections::BTreeMap,
    fs::{self, File, Permissions},
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream, UdpSocket},
    os::{
        fd::OwnedFd,
        linux::net::SocketAddrExt as _,
        unix::{
            fs::{PermissionsExt as _, chown},
            net::{SocketAddr, UnixDatagram, UnixListener},
        },
    },
    path::{Path, PathBuf},
};

use hero_e2e::{Run, Running, Stage, binary, stage::NOBODY};
use nix::{
    fcntl::{FcntlArg, FdFlag, fcntl},
    sys::socket::{AddressFamily, Backlog, SockFlag, SockType, UnixAddr, bind, listen, socket},
    unistd::geteuid,
};
use serde_json::{Value, json};

/// Beneath which nothing is that a play has for itself.
const PLACE: &str = "/var/tmp";
/// A variable of the server's environment, and its value.
pub(crate) const VARIABLE: (&str, &str) = ("HOSTILE_TOKEN", "value_of_the_server_token");

/// Whom commands are started as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum User {
    Root,
    Ordinary,
}

/// Those that there can be.
pub(crate) fn users() -> Vec<User> {
    if geteuid().is_root() { vec![User::Root, User::Ordinary] } else { vec![User::Ordinary] }
}

/// How a hostile flow is confined.
#[derive(Clone, Debug)]
pub(crate) struct Confined<'a> {
    /// Of the command: `default`, `strict`, `off`.
    pub(crate) level: &'static str,
    /// What it wishes for, as Python writes it.
    pub(crate) wish: String,
    /// Options of the command that allow it.
    pub(crate) options: Vec<String>,
    /// A layer that is left out.
    pub(crate) without: Option<&'a str>,
}

impl Confined<'_> {
    /// By this level, with processes of its own.
    pub(crate) fn by(level: &'static str) -> Self {
        Self { level, wish: String::new(), options: Vec::new(), without: None }
    }
}

/// A stage for one user.
pub(crate) fn stage(user: User) -> Stage {
    let stage = Stage::beneath(Path::new(PLACE));
    if user == User::Ordinary {
        stage.give_to_ordinary_user();
    }
    stage
}

/// A command that runs a source, with an environment that has something to hide.
pub(crate) fn command<'a>(stage: &'a Stage, name: &str, source: &str, arguments: &[String]) -> Run<'a> {
    let file = stage.write(name, source);
    let typed = ["run", file.to_str().unwrap(), "--json", "--no-input"].map(str::to_owned);
    stage.hero(typed.iter().chain(arguments)).env(VARIABLE.0, VARIABLE.1)
}

/// The same command, as this user.
pub(crate) fn as_user(run: Run<'_>, user: User) -> Run<'_> {
    if user == User::Ordinary { run.as_ordinary_user() } else { run }
}

/// A hostile flow as one file, with this wish.
pub(crate) fn source(name: &str, wish: &str) -> String {
    let read = |name: &str| {
        let path = binary::repository().join("e2e/flows/attacks").join(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"))
    };
    let own: Vec<String> = read(&format!("{name}.py"))
        .lines()
        .filter(|line| !line.starts_with("from common import"))
        .map(|line| {
            let wished = line.replace("{\"subprocess\": True}", &format!("{{\"subprocess\": True, {wish}}}"));
            if line.starts_with("SANDBOX") { wished } else { line.to_owned() }
        })
        .collect();
    format!("{}\n{}\n", read("common.py"), own.join("\n"))
}

/// Another play, in no sandbox, that stands and waits: with what runs it, it is what is the least protected.
pub(crate) struct Bystander<'a> {
    _running: Running<'a>,
    /// Closed when this goes, which ends the play.
    _connection: TcpStream,
    people: Value,
}

impl<'a> Bystander<'a> {
    pub(crate) fn start(stage: &'a Stage, user: User) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let source = "import os\nimport socket\n\nfrom hero_tracing import flow\n\n\n@flow\ndef main(port: int) -> None:\n    \
                      with socket.create_connection((\"127.0.0.1\", port)) as connection:\n        \
                      connection.sendall(f\"{os.getpid()} {os.getppid()}\\n\".encode())\n        connection.recv(1)\n";
        let arguments =
            ["--sandbox".to_owned(), "off".to_owned(), "--input".to_owned(), format!("port={port}")];
        let running = as_user(command(stage, "bystander.py", source, &arguments), user).start();
        let (mut connection, _) = listener.accept().unwrap();
        let mut text = Vec::new();
        while text.last() != Some(&b'\n') {
            let mut byte = [0];
            connection.read_exact(&mut byte).unwrap();
            text.push(byte[0]);
        }
        let numbers: Vec<u32> = String::from_utf8(text)
            .unwrap()
            .split_whitespace()
            .map(|number| number.parse().unwrap())
            .collect();
        let people = json!({"play": numbers[0], "fork_server": numbers[1], "runtime": running.pid()});
        Self { _running: running, _connection: connection, people }
    }

    /// Lets the play end, which must be unharmed.
    pub(crate) fn succeeds(mut self) {
        self._connection.write_all(b"x").unwrap();
        self._running.finish().exits(0);
    }
}

/// Where a hostile flow plays.
pub(crate) struct World {
    pub(crate) stage: Stage,
    pub(crate) user: User,
    outside: tempfile::TempDir,
    listeners: Listeners,
    /// A file that is open in every command that is started: nobody closed it for them.
    _left_open: File,
    other_play: PathBuf,
}

struct Listeners {
    _unix: (UnixListener, UnixListener, UnixDatagram, OwnedFd),
    tcp: BTreeMap<&'static str, TcpListener>,
    _udp: Vec<UdpSocket>,
    unix: Value,
}

impl Listeners {
    fn open(directory: &Path) -> Self {
        let path = |name: &str| {
            let path = directory.join(name);
            (path.to_str().unwrap().to_owned(), path)
        };
        let ((stream_name, stream), (dgram_name, dgram), (packets_name, packets)) =
            (path("stream"), path("dgram"), path("seqpacket"));
        let abstract_name = format!("hostile_{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&abstract_name).unwrap();
        let seqpacket =
            socket(AddressFamily::Unix, SockType::SeqPacket, SockFlag::SOCK_CLOEXEC, None).unwrap();
        bind(std::os::fd::AsRawFd::as_raw_fd(&seqpacket), &UnixAddr::new(&packets).unwrap()).unwrap();
        listen(&seqpacket, Backlog::MAXCONN).unwrap();
        let sockets = (
            UnixListener::bind(&stream).unwrap(),
            UnixListener::bind_addr(&address).unwrap(),
            UnixDatagram::bind(&dgram).unwrap(),
            seqpacket,
        );
        for path in [&stream, &dgram, &packets] {
            fs::set_permissions(path, Permissions::from_mode(0o777)).unwrap();
        }
        let mut tcp = BTreeMap::new();
        let mut udp = Vec::new();
        for (name, address) in [
            ("allowed4", "127.0.0.1:0"),
            ("allowed6", "[::1]:0"),
            ("other4", "127.0.0.1:0"),
            ("other6", "[::1]:0"),
        ] {
            let listener = TcpListener::bind(address).unwrap();
            // A datagram to nobody is refused later; here is somebody, unless another test has this port.
            udp.extend(UdpSocket::bind(listener.local_addr().unwrap()));
            tcp.insert(name, listener);
        }
        let unix = json!({
            "stream": stream_name, "dgram": dgram_name, "seqpacket": packets_name, "abstract": format!("@{abstract_name}"),
        });
        Self { _unix: sockets, tcp, _udp: udp, unix }
    }

    fn port(&self, name: &str) -> u16 {
        self.tcp[name].local_addr().unwrap().port()
    }
}

impl World {
    pub(crate) fn new(user: User) -> Self {
        let outside = tempfile::Builder::new().prefix("hero_outside_").tempdir_in(PLACE).unwrap();
        let stage = stage(user);
        let owner = (user == User::Ordinary && geteuid().is_root()).then_some(NOBODY);
        let make = |name: &str, text: &str, mode: u32| {
            let path = outside.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            File::create(&path).unwrap().write_all(text.as_bytes()).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            chown(&path, owner, owner).unwrap();
        };
        make("open/secret", "secret\n", 0o644);
        make("open/target", "target\n", 0o666);
        make("open/program", "#!/bin/true\n", 0o755);
        make(".ssh/id_ed25519", "secret\n", 0o600);
        for (directory, mode) in [("", 0o755), ("open", 0o777), (".ssh", 0o700)] {
            let path = outside.path().join(directory);
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            chown(&path, owner, owner).unwrap();
        }
        let id = outside.path().join("open/id");
        fs::copy("/usr/bin/id", &id).unwrap();
        fs::set_permissions(&id, Permissions::from_mode(0o4755)).unwrap();
        let left_open = File::open(outside.path().join(".ssh/id_ed25519")).unwrap();
        fcntl(&left_open, FcntlArg::F_SETFD(FdFlag::empty())).unwrap();
        let listeners = Listeners::open(&outside.path().join("open"));
        let source = "import os\n\nfrom hero_tracing import flow\n\n\n@flow\ndef main() -> None:\n    for name in (\"secret\", \"target\"):\n        \
                      with open(name, \"w\") as file:\n            file.write(name + \"\\n\")\n        os.chmod(name, 0o666)\n    \
                      os.chmod(\".\", 0o777)\n";
        let other = as_user(command(&stage, "other.py", source, &[]), user).finish().exits(0).settled();
        let other_play = stage.workdir(&other.play.play_sid);
        Self { stage, user, outside, listeners, _left_open: left_open, other_play }
    }

    /// The directory that is open to all who are not confined.
    pub(crate) fn open(&self) -> PathBuf {
        self.outside.path().join("open")
    }

    pub(crate) fn port(&self, name: &str) -> u16 {
        self.listeners.port(name)
    }

    fn described(&self, bystander: &Bystander<'_>) -> Value {
        let outside = |name: &str| self.outside.path().join(name);
        let namespaces: BTreeMap<&str, PathBuf> = ["user", "pid", "mnt", "ipc", "net"]
            .map(|kind| (kind, fs::read_link(format!("/proc/self/ns/{kind}")).unwrap()))
            .into();
        let ports: BTreeMap<&str, u16> =
            self.listeners.tcp.keys().map(|name| (*name, self.port(name))).collect();
        let uid = if self.user == User::Root {
            0
        } else if geteuid().is_root() {
            NOBODY
        } else {
            geteuid().as_raw()
        };
        json!({
            "uid": uid,
            "variable": VARIABLE.0,
            "value_backwards": VARIABLE.1.chars().rev().collect::<String>(),
            "outside": outside("open/secret"),
            "private": outside(".ssh/id_ed25519"),
            "store": self.stage.store().join("format"),
            "other_play": self.other_play.join("secret"),
            "other_play_target": self.other_play.join("target"),
            "shadow": "/etc/shadow",
            "target": outside("open/target"),
            "program": outside("open/program"),
            "set_user_id": outside("open/id"),
            "people": bystander.people,
            "namespaces": namespaces,
            "unix": self.listeners.unix,
            "tcp": ports,
        })
    }

    /// What comes of each action of a hostile flow.
    #[track_caller]
    pub(crate) fn attack(
        &self,
        name: &str,
        bystander: &Bystander<'_>,
        confined: &Confined<'_>,
    ) -> BTreeMap<String, String> {
        let Confined { level, wish, options, without } = confined;
        let inputs = json!({"world": self.described(bystander)}).to_string();
        let mut arguments = ["--sandbox", level, "--inputs", &inputs].map(str::to_owned).to_vec();
        arguments.extend(options.iter().cloned());
        let mut run = command(&self.stage, &format!("{name}.py"), &source(name, wish), &arguments);
        match without {
            Some(layer) => run = run.env("HERO_LOGIC_SANDBOX_WITHOUT", layer),
            None if *level != "off" => run = run.arg("--require-sandbox"),
            None => {}
        }
        let outcome = as_user(run, self.user).finish().exits(0);
        serde_json::from_value(outcome.settled().outputs())
            .unwrap_or_else(|error| panic!("{error}\n{outcome}"))
    }
}
