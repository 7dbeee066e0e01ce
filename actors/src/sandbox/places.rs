//! Where the paths of an allowance lead, links followed: a name beneath a cap may be a link to what is beyond it.
//!
//! A child looks once more at what it has opened (`_confine.py`), since links may change; here it is said in words.

use std::path::{Path, PathBuf};

use hero_sdk::{
    Error, ErrorCode,
    model::{Allowance, SandboxLevel},
};

use super::SandboxConfig;

/// Where the kernel shows itself: a process has of it what it needs.
const KERNELS: [&str; 3] = ["/proc", "/sys", "/dev"];

/// Whether each path leads to a place that may be allowed, and that neither holds what is hero_logic's `own` nor lies
/// in it. What is not there leads nowhere; where nothing is confined, nothing is refused.
pub(crate) fn check_places(allowance: &Allowance, config: &SandboxConfig, own: &Path) -> Result<(), Error> {
    let SandboxConfig { level, defaults, caps, .. } = config;
    if *level == SandboxLevel::Off {
        return Ok(());
    }
    let own = real(own);
    let may_write = [&defaults.write, &caps.write];
    let may_read = [&defaults.read, &caps.read, &defaults.write, &caps.write];
    for (key, paths, roots) in
        [("read", &allowance.read, &may_read[..]), ("write", &allowance.write, &may_write[..])]
    {
        let roots: Vec<PathBuf> = roots.iter().copied().flatten().map(|root| real(root.as_ref())).collect();
        for path in paths {
            let Ok(place) = Path::new(path).canonicalize() else { continue };
            if !roots.iter().any(|root| place.starts_with(root)) {
                let message =
                    format!("sandbox {key} {path:?} leads to {place:?}, which is beyond what may be allowed");
                return Err(Error::new(ErrorCode::SandboxDenied, message)
                    .hint(format!("name {place:?} itself, and allow that")));
            }
            if KERNELS.iter().any(|kernels| place.starts_with(kernels)) {
                let message = format!("sandbox {key} {path:?} is the kernel's, and is not lent");
                return Err(Error::new(ErrorCode::SandboxDenied, message)
                    .hint("a flow has what it needs of /proc, /sys and /dev without a wish"));
            }
            if place.starts_with(&own) || own.starts_with(&place) {
                let message = format!("sandbox {key} {path:?} would open {own:?}, which is hero_logic's own");
                return Err(Error::new(ErrorCode::SandboxDenied, message)
                    .hint("name only those directories beneath it that the flow needs"));
            }
        }
    }
    Ok(())
}

fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;

    /// What is said of a wish to read this, where `open` may be allowed.
    fn said(root: &Path, wish: &str) -> Option<String> {
        let text = |name: &str| root.join(name).to_str().unwrap().to_owned();
        let mut config = SandboxConfig::default();
        config.caps.read = vec![text("open")];
        let allowance = Allowance { read: vec![text(wish)], ..config.defaults.clone() };
        let checked = check_places(&allowance, &config, &root.join("open/home/.hero"));
        checked.err().map(|error| {
            assert_eq!(error.code, ErrorCode::SandboxDenied);
            error.message.replace(root.to_str().unwrap(), "")
        })
    }

    #[test]
    fn a_wish_is_judged_by_where_it_leads() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().canonicalize().unwrap();
        for name in ["open/data", "open/home/.hero/var", "closed/data"] {
            fs::create_dir_all(root.join(name)).unwrap();
        }
        for (link, to) in [("open/in", "open/data"), ("open/out", "closed"), ("door", "open")] {
            symlink(root.join(to), root.join(link)).unwrap();
        }
        for fine in ["open/data", "open/in", "open/nothing", "door/data"] {
            assert_eq!(said(&root, fine), None, "{fine}");
        }
        let beyond =
            |wish| format!("sandbox read {wish:?} leads to \"/closed\", which is beyond what may be allowed");
        assert_eq!(said(&root, "open/out"), Some(beyond("/open/out")));
        assert!(said(&root, "open/out/data").unwrap().contains("beyond what may be allowed"));
        symlink("/proc/sys", root.join("open/kernel")).unwrap();
        let mut config = SandboxConfig::default();
        config.caps.read = vec!["/".into()];
        let kernel = root.join("open/kernel").to_str().unwrap().to_owned();
        let allowance = Allowance { read: vec![kernel], ..config.defaults.clone() };
        let error = check_places(&allowance, &config, &root.join("open/home/.hero")).unwrap_err();
        assert!(error.message.ends_with("is the kernel's, and is not lent"), "{}", error.message);
        for own in ["open", "open/home", "open/home/.hero", "open/home/.hero/var"] {
            let message = said(&root, own).unwrap();
            assert!(
                message.contains("would open \"/open/home/.hero\", which is hero_logic's own"),
                "{message}"
            );
        }
    }
}
