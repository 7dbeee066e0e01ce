//! A unit of systemd for the server, as closed as its work allows.

use std::{
    ffi::{OsStr, OsString},
    path::Path,
};

use hero_sdk::{Error, ErrorCode};

/// The unit, for a program with its arguments and a home.
///
/// Errors: `invalid_params` where a path cannot stand in a unit.
pub(crate) fn text(program: &Path, arguments: &[OsString], home: &Path) -> Result<String, Error> {
    let program = quoted(program.as_os_str())?;
    let home = quoted(home.as_os_str())?;
    let mut words = String::new();
    for argument in arguments {
        words.push(' ');
        words.push_str(&quoted(argument)?);
    }
    Ok(format!(
        "# For a user: ~/.config/systemd/user/hero_logic.service, then
#   systemctl --user enable --now hero_logic; loginctl enable-linger
# For the machine: /etc/systemd/system/hero_logic.service with a User= of its own, then
#   systemctl enable --now hero_logic

[Unit]
Description=hero_logic, a runtime for Python flows
After=network.target

[Service]
Type=notify
NotifyAccess=main
ExecStart={program}{words} --home {home}
Environment=PYTHONDONTWRITEBYTECODE=1
Restart=on-failure
RestartSec=1
TimeoutStopSec=30
KillMode=mixed
# Plays have control groups of their own, beneath the one of the server.
Delegate=cpu memory pids
DelegateSubgroup=server
LimitNOFILE=65536
UMask=0077

# Each play is confined by namespaces, Landlock, seccomp and control groups, which the server must be free to make:
# RestrictNamespaces=, ProtectKernelTunables=, ProtectControlGroups=, ProtectProc=, PrivateDevices= and
# MemoryDenyWriteExecute= would take from it what it confines plays with.
NoNewPrivileges=yes
KeyringMode=private
LockPersonality=yes
PrivateTmp=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelModules=yes
ProtectSystem=strict
ReadWritePaths={home}
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native

[Install]
WantedBy=default.target
"
    ))
}

/// A word as it stands in a unit, where `%` and `\\` mean something.
fn quoted(word: &OsStr) -> Result<String, Error> {
    let text = word
        .to_str()
        .filter(|text| !text.contains(|c: char| c.is_control() || matches!(c, '"' | '\\' | '$')));
    let Some(text) = text else {
        let message = format!("{} cannot stand in a unit of systemd", word.display());
        return Err(Error::new(ErrorCode::InvalidParams, message).hint("choose plainer ones"));
    };
    let text = text.replace('%', "%%");
    Ok(if text.contains(' ') { format!("\"{text}\"") } else { text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_written_so_that_they_stay_paths() {
        let arguments = ["serve".into(), "--token-file".into(), "/a token".into()];
        let unit = text(Path::new("/opt/a b/hero"), &arguments, Path::new("/home/50%")).unwrap();
        let line = "ExecStart=\"/opt/a b/hero\" serve --token-file \"/a token\" --home /home/50%%\n";
        assert!(unit.contains(line), "{unit}");
        for wrong in ["/a\nb", "/a\"b", "/a\\b", "/$HOME"] {
            assert_eq!(
                text(Path::new(wrong), &[], Path::new("/")).unwrap_err().code,
                ErrorCode::InvalidParams
            );
        }
    }
}
