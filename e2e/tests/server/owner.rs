//! Another user of this machine at the server's socket. (ATTACKS 1)

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

use hero_e2e::{Served, stage::eventually};
use nix::unistd::geteuid;

use crate::world::log;

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// What somebody else is told, who asks by the socket's path.
#[track_caller]
fn asked_by_another(served: &Served) -> String {
    let socket = served.socket().display().to_string();
    let asks = served.hero(["--server", &socket, "play", "list"]).env("HERO_HOME", "/nowhere");
    asks.as_ordinary_user().finish().exits(6).stderr
}

/// Only root can become somebody else.
#[test]
fn another_user_is_stopped_by_the_directory_then_the_socket_then_the_server() {
    if !geteuid().is_root() {
        return;
    }
    let served = Served::started(&[]);
    let socket = served.socket();
    let directory = socket.parent().unwrap();
    for parent in directory.ancestors().skip(1).take_while(|parent| parent.starts_with(served.home())) {
        set_mode(parent, 0o755);
    }
    let refused = asked_by_another(&served);
    assert!(refused.contains("Permission denied"), "{refused}");
    set_mode(directory, 0o755);
    let refused = asked_by_another(&served);
    assert!(refused.contains("Permission denied"), "{refused}");
    // Whatever the modes are, it asks who has connected.
    set_mode(&socket, 0o666);
    let refused = asked_by_another(&served);
    assert!(!refused.contains("Permission denied"), "{refused}");
    assert!(eventually(|| log(&served).contains("another user has connected")), "{}", log(&served));
    // And whoever stands behind that one in the queue is answered.
    served.hero(["play", "list"]).finish().exits(0);
}
