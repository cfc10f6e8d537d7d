//! The browser of whoever sits at this machine.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Programs that open an address, the best first. Where a desktop decides, it is asked.
const OPENERS: [&str; 7] = [
    "xdg-open",
    "sensible-browser",
    "firefox",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "microsoft-edge",
];

/// The program that opens an address here, with the arguments that go before the address; none without a screen.
pub(crate) fn opener() -> Option<(PathBuf, Vec<OsString>)> {
    if let Some(asked) = std::env::var_os("BROWSER").filter(|asked| !asked.is_empty()) {
        return on_path(Path::new(&asked)).map(|program| (program, Vec::new()));
    }
    if cfg!(target_os = "macos") {
        return on_path(Path::new("open")).map(|program| (program, Vec::new()));
    }
    if cfg!(windows) {
        let handler = vec![OsString::from("url.dll,FileProtocolHandler")];
        return on_path(Path::new("rundll32.exe")).map(|program| (program, handler));
    }
    // Over a network connection without a display, a browser in the terminal would hide the addresses and accounts.
    let shown = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if !shown("DISPLAY") && !shown("WAYLAND_DISPLAY") {
        return None;
    }
    OPENERS
        .iter()
        .find_map(|name| on_path(Path::new(name)))
        .map(|program| (program, Vec::new()))
}

/// Shows an address in the browser. Says whether one was started.
#[cfg(feature = "server")]
pub(crate) fn open(address: &str) -> bool {
    let Some((program, arguments)) = opener() else {
        return false;
    };
    let started = Command::new(program)
        .args(arguments)
        .arg(address)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    match started {
        Ok(mut child) => {
            // Waited for, so that it does not stay behind as a process that nobody asks about.
            std::thread::spawn(move || child.wait());
            true
        }
        Err(_) => false,
    }
}

/// Where a program is: as it was named, if that is a path, else in the folders of `PATH`.
pub(crate) fn on_path(program: &Path) -> Option<PathBuf> {
    if program.components().count() > 1 {
        return program.is_file().then(|| program.to_path_buf());
    }
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders)
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}

/// What a program prints, if it is there and succeeds.
pub(crate) fn printed(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    (output.status.success()).then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
