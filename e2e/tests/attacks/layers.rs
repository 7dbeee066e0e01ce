//! Without a layer something comes out otherwise: each is needed, and no action is refused by accident.
//!
//! Where another layer refuses the same, the action is one that shows only that the layer is there: a namespace that
//! is another one, a limit, a set of capabilities.

use std::collections::BTreeSet;

use crate::{
    actions::table,
    world::{Bystander, Confined, User, World, as_user, command, stage, users},
};

/// A layer, the columns that have it, a hostile flow, and actions of it that come out otherwise without the layer.
type Need = (&'static str, &'static [&'static str], &'static str, &'static [&'static str]);

const ALL: &[&str] = &["default.root", "strict.root", "default.user", "strict.user"];
const STRICT: &[&str] = &["strict.root", "strict.user"];
const ROOT: &[&str] = &["default.root", "strict.root"];
const ORDINARY: &[&str] = &["default.user", "strict.user"];

const NEEDS: &[Need] = &[
    // An ordinary user has the other namespaces by this one only.
    ("user_namespace", ORDINARY, "files", &["change mode target", "set times other_play_target"]),
    // Who became another user cannot be root again anyhow; the number of root is not even there.
    ("user_namespace", &["strict.root"], "kernel", &["namespace user", "become root"]),
    (
        "pid_namespace",
        ALL,
        "kernel",
        &["namespace pid", "signal play", "signal its parent", "read status of runtime"],
    ),
    ("mount_namespace", ALL, "files", &["write target", "change mode target"]),
    (
        "read_only",
        ORDINARY,
        "files",
        &["change mode target", "set attribute target", "change owner other_play_target"],
    ),
    // Landlock or the play's user refuses the same, in other words.
    ("read_only", ROOT, "files", &["write target", "change mode target"]),
    // Queues and segments of others belong to other users, or cannot be told from those of the same.
    ("ipc_namespace", ALL, "kernel", &["namespace ipc"]),
    // No socket can be made anyhow.
    ("network_namespace", STRICT, "reach", &["read the state of the network"]),
    ("limits", ALL, "kernel", &["limits", "raise DATA", "first to end for want of memory"]),
    ("uid", ROOT, "files", &["stat private", "watch private"]),
    // Who became another user has lost them already, unless a user namespace gave new ones.
    (
        "capabilities",
        &["strict.root", "default.user", "strict.user"],
        "kernel",
        &["capabilities", "take capabilities"],
    ),
    (
        "landlock",
        ALL,
        "files",
        &["read outside", "by name only outside", "execute program", "open a terminal"],
    ),
    ("landlock", ORDINARY, "files", &["read private", "read store", "read other_play"]),
    (
        "seccomp",
        ALL,
        "kernel",
        &["unshare user", "clone3", "keyctl", "call as a 32-bit program", "outlive its parent"],
    ),
    ("seccomp", ALL, "reach", &["unix stream", "pair dgram, send", "netlink sockets"]),
];

/// Layers that come to nothing more where another one has come first: see `NEEDS`.
const SPARED: (&str, &str) = ("default.root", "capabilities");

#[track_caller]
fn check(user: User) {
    let world = World::new(user);
    let beside = stage(user);
    let bystander = Bystander::start(&beside, user);
    for (layer, columns, flow, actions) in NEEDS {
        for column in *columns {
            let (level, word) = column.split_once('.').unwrap();
            if (word == "root") != (user == User::Root) {
                continue;
            }
            let confined = Confined { without: Some(*layer), ..Confined::by(level) };
            let differences = table(flow).differences(column, &world.attack(flow, &bystander, &confined));
            for action in *actions {
                assert!(
                    differences.contains_key(*action),
                    "{action} is the same in {column} without {layer}"
                );
            }
        }
    }
    bystander.succeeds();
}

#[test]
fn each_is_needed_by_an_ordinary_user() {
    check(User::Ordinary);
}

/// Where there is no root, an ordinary user is all there is.
#[test]
fn each_is_needed_by_root() {
    if let Some(user) = users().into_iter().find(|user| *user == User::Root) {
        check(user);
    }
}

#[test]
fn no_layer_is_left_out_here() {
    for user in users() {
        for level in ["default", "strict"] {
            let stage = stage(user);
            let source = "from hero_tracing import flow\n\n\n@flow\ndef main() -> None:\n    pass\n";
            let arguments = ["--sandbox", level].map(str::to_owned);
            let play = as_user(command(&stage, "nothing.py", source, &arguments), user)
                .finish()
                .exits(0)
                .settled()
                .play;
            let column = format!("{level}.{}", if user == User::Root { "root" } else { "user" });
            let layers: BTreeSet<String> = play
                .sandbox
                .unwrap()
                .layers
                .into_iter()
                .filter(|layer| (column.as_str(), layer.as_str()) != SPARED)
                .collect();
            let needed = NEEDS.iter().filter(|(_, columns, _, _)| columns.contains(&column.as_str()));
            assert_eq!(layers, needed.map(|(layer, _, _, _)| (*layer).to_owned()).collect(), "{column}");
        }
    }
}
