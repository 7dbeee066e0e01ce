//! The server on TCP: whoever has the token, and nobody else.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

use hero_e2e::Served;
use hero_sdk::{Client, ErrorCode, Logic as _, client::Endpoint};

use crate::world::{TOKEN, on_tcp};

fn client(authority: &str, token: &str) -> Client {
    Client::new(Endpoint::Tcp { authority: authority.to_owned(), token: token.to_owned() })
}

fn info(client: &Client) -> Result<hero_sdk::logic::ServerInfo, hero_sdk::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(client.server_info())
}

#[test]
fn whoever_has_the_token_comes_in() {
    let (served, authority) = on_tcp(&[]);
    assert_eq!(info(&client(&authority, TOKEN)).unwrap().process.unwrap().pid, served.pid().unwrap());
    for wrong in ["", "a-token-for-tests-onl", "a-token-for-tests-only-", "A-TOKEN-FOR-TESTS-ONLY"] {
        assert_eq!(info(&client(&authority, wrong)).unwrap_err().code, ErrorCode::Unauthorized, "{wrong:?}");
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn what_could_let_in_anybody_does_not_start() {
    let served = Served::new();
    let file = served.write("token", "short\n");
    let token_file = file.to_str().unwrap();
    let listen = ["--start", "--listen", "127.0.0.1:0", "--json"];
    let start = |more: &[&str]| served.hero(listen.iter().chain(more)).finish();
    set_mode(&file, 0o600);
    assert_eq!(start(&["--token-file", token_file]).exits(6).error_code(), "unauthorized");
    served.write("token", TOKEN);
    set_mode(&file, 0o640);
    assert_eq!(start(&["--token-file", token_file]).exits(6).error_code(), "secret_unreadable");
    assert_eq!(start(&["--host", "http://foo"]).exits(2).error_code(), "usage");
}

#[test]
fn the_command_line_reaches_it() {
    let (served, authority) = on_tcp(&[]);
    served.write("quick.py", crate::world::QUICK);
    let address = format!("http://{authority}");
    let run = |token: &str| {
        let run = served.hero(["--server", &address, "run", "quick.py", "--json"]);
        run.env("HERO_LOGIC_TOKEN", token).env("HERO_HOME", "/nowhere").finish()
    };
    assert_eq!(run(TOKEN).exits(0).settled().outputs(), 3);
    let refused = run("another").exits(6);
    assert_eq!(refused.error_code(), "unauthorized");
    assert!(
        refused.stderr.contains("--token-file") && refused.stderr.contains("HERO_LOGIC_TOKEN"),
        "{refused}"
    );

    let file = served.write("token", &format!("{TOKEN}\n"));
    let list = ["--server", &address, "--token-file", file.to_str().unwrap(), "play", "list", "--json"];
    set_mode(&file, 0o644);
    let open = served.hero(list).finish().exits(6);
    assert_eq!(open.error_code(), "secret_unreadable", "others could have read it");
    set_mode(&file, 0o600);
    let listed = served.hero(list).finish().exits(0).json();
    assert_eq!(listed["plays"].as_array().unwrap().len(), 1);

    let nobody = served.hero(["--server", "http://127.0.0.1:1", "play", "list", "--json"]).finish().exits(6);
    assert_eq!(nobody.error_code(), "unreachable");
    served.hero(["--server", "quite wrong", "play", "list"]).finish().exits(2);
}
