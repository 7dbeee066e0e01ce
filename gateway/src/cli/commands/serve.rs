//! `hero_logic serve`: a server in the foreground.

use tokio::sync::watch;

use crate::{
    cli::{
        args,
        context::Context,
        embedded::{self, Purpose},
        errors::{Exit, Failure},
    },
    server::{Listen, Server},
};

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: args::Serve) -> Result<Exit, Failure> {
    let home = context.home()?;
    let socket = home.join("hero/var/sockets/hero_logic/rpc.sock");
    let public_url = arguments.public_url;
    let session = embedded::open(home.clone(), context.sandbox(&home)?, Purpose::Run).await?;
    let mut listen = vec![Listen::Unix(socket)];
    if let Some(address) = arguments.listen {
        let token = std::env::var("HERO_LOGIC_TOKEN").unwrap_or_default();
        listen.push(Listen::Tcp {
            address,
            token,
            hosts: public_url.iter().map(|url| url.authority.clone()).collect(),
        });
    }
    let server = match Server::bind(&listen).await {
        Ok(server) => server,
        Err(error) => {
            session.close().await?;
            return Err(error.into());
        }
    };
    if let Some(url) = public_url.map(|url| url.text).or_else(|| server.url()) {
        session.serve_links(&url);
    }
    for place in server.places() {
        context.err.print(&format!("listening on {place}\n"));
    }
    let (stop, stopped) = watch::channel(false);
    let mut signals = context.signals.clone();
    let serving = server.serve(session.shared(), &stopped);
    let stopping = async move {
        signals.next().await;
        stop.send_replace(true);
    };
    tokio::join!(serving, stopping);
    session.close().await?;
    Ok(Exit::Succeeded)
}
