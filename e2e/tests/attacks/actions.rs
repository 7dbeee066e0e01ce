//! Every action of every hostile flow, in every way to be confined.
//!
//! `HERO_ATTACKS_WRITE=DIRECTORY` writes down what came of them in the form of the tables, for who adds an action.

use std::{env, fs};

use hero_e2e::binary;

use crate::{
    table::{Table, written},
    world::{Bystander, Confined, User, World, stage, users},
};

/// The table of a hostile flow.
pub(crate) fn table(name: &str) -> Table {
    let path = binary::repository().join(format!("e2e/tests/attacks/{name}.table"));
    Table::parse(&fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}")))
}

/// How a column's flows are confined: `LEVEL.USER`, where some words stand for a level and a wish.
pub(crate) fn confined(world: &World, word: &str) -> Confined<'static> {
    let open = world.open();
    let open = open.to_str().unwrap();
    let wishes = |wish: String| Confined { wish, ..Confined::by("default") };
    match word {
        "default" => Confined::by("default"),
        "strict" => Confined::by("strict"),
        "off" => Confined::by("off"),
        // Machines that give namespaces to root only.
        "bare" => Confined { without: Some("user_namespace"), ..Confined::by("default") },
        "allowed" => Confined {
            options: ["--allow-write", open].map(str::to_owned).to_vec(),
            ..wishes(format!("\"write\": [\"{open}\"]"))
        },
        "ports" => wishes(format!("\"network\": [{}, {}]", world.port("allowed4"), world.port("allowed6"))),
        "closed" => wishes("\"network\": False".to_owned()),
        other => panic!("no way to be confined is called {other}"),
    }
}

fn user(word: &str) -> User {
    if word == "root" { User::Root } else { User::Ordinary }
}

#[track_caller]
fn check(name: &str) {
    let table = table(name);
    let mut all = Vec::new();
    let mut wrong = Vec::new();
    for user_of_world in users() {
        let world = World::new(user_of_world);
        let beside = stage(user_of_world);
        let bystander = Bystander::start(&beside, user_of_world);
        for column in table.columns() {
            let (word, word_of_user) = column.split_once('.').unwrap();
            if user(word_of_user) != user_of_world {
                continue;
            }
            let found = world.attack(name, &bystander, &confined(&world, word));
            wrong.extend(
                table
                    .differences(column, &found)
                    .into_iter()
                    .map(|(action, what)| format!("{column}: {action}: {what}")),
            );
            all.push((column.clone(), found));
        }
        bystander.succeeds();
    }
    if let Ok(path) = env::var("HERO_ATTACKS_WRITE") {
        all.sort_by_key(|(column, _)| table.columns().iter().position(|name| name == column));
        fs::write(format!("{path}/{name}.table"), written(&all)).unwrap();
    }
    assert!(wrong.is_empty(), "otherwise than in {name}.table: {wrong:#?}");
}

#[test]
fn files() {
    check("files");
}

#[test]
fn kernel() {
    check("kernel");
}

#[test]
fn reach() {
    check("reach");
}

#[test]
fn what_is_refused_is_allowed_elsewhere() {
    for name in ["files", "kernel", "reach"] {
        let table = table(name);
        assert_eq!(table.never_allowed(), Vec::<&String>::new(), "{name}");
    }
}
