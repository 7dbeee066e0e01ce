//! The server on TCP: whoever has the token, and nobody else.

use hero_e2e::Served;
use hero_sdk::{Client, ErrorCode, Logic as _, client::Endpoint};

const TOKEN: &str = "a-token-for-tests-only";

fn served() -> (Served, String) {
    let served = Served::new();
    let start = served.hero(["--start", "--listen", "127.0.0.1:0", "--json"]).env("HERO_LOGIC_TOKEN", TOKEN);
    let started = start.finish().exits(0).json();
    let address = started["listening"][1].as_str().unwrap().to_owned();
    (served, address)
}

fn client(address: &str, token: &str) -> Client {
    let authority = address.strip_prefix("http://").unwrap().to_owned();
    Client::new(Endpoint::Tcp { authority, token: token.to_owned() })
}

fn info(client: &Client) -> Result<hero_sdk::logic::ServerInfo, hero_sdk::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(client.server_info())
}

#[test]
fn whoever_has_the_token_comes_in() {
    let (served, address) = served();
    assert_eq!(info(&client(&address, TOKEN)).unwrap().process.unwrap().pid, served.pid().unwrap());
    for wrong in ["", "a-token-for-tests-onl", "a-token-for-tests-only-", "A-TOKEN-FOR-TESTS-ONLY"] {
        assert_eq!(info(&client(&address, wrong)).unwrap_err().code, ErrorCode::Unauthorized, "{wrong:?}");
    }
}

#[test]
fn the_command_line_reaches_it() {
    let (served, address) = served();
    served.write("quick.py", crate::world::QUICK);
    let run = |token: &str| {
        let run = served.hero(["--server", &address, "run", "quick.py", "--json"]);
        run.env("HERO_LOGIC_TOKEN", token).env("HERO_HOME", "/nowhere").finish()
    };
    assert_eq!(run(TOKEN).exits(0).settled().outputs(), 3);
    assert_eq!(run("another").exits(6).error_code(), "unauthorized");

    let file = served.write("token", &format!("{TOKEN}\n"));
    let list = ["--server", &address, "--token-file", file.to_str().unwrap(), "play", "list", "--json"];
    let listed = served.hero(list).finish().exits(0).json();
    assert_eq!(listed["plays"].as_array().unwrap().len(), 1);

    let nobody = served.hero(["--server", "http://127.0.0.1:1", "play", "list", "--json"]).finish().exits(6);
    assert_eq!(nobody.error_code(), "unreachable");
    served.hero(["--server", "quite wrong", "play", "list"]).finish().exits(2);
}
