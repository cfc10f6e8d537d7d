//! Puts the screens into the binary.
//!
//! They are built from `web/` by npm, in this script's own output folder. Where there is no npm, or no source, one plain
//! page says so instead, and the command line and the API work all the same. `LAZARET_REQUIRE_WEB=1` makes that an error;
//! `LAZARET_WEB_DIST=DIR` takes screens that were built before; `LAZARET_WEB=skip` builds none.

#![allow(clippy::disallowed_methods, reason = "a build script writes files")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, io};

const PAGE: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Lazaret</title>\
<h1>Lazaret runs, without its screens</h1>\
<p>This binary was built where npm was not there. The API answers, and <a href=\"api/docs/\">its page</a> describes it. \
To have the screens, install Node.js with npm and build again.</p></html>\n";

fn main() {
    for name in ["LAZARET_REQUIRE_WEB", "LAZARET_WEB_DIST", "LAZARET_WEB"] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let page = out.join("web");
    let _ = fs::remove_dir_all(&page);
    fs::create_dir_all(&page).expect("the output folder can be written");
    let required = env::var_os("LAZARET_REQUIRE_WEB").is_some_and(|value| value == "1");
    if let Err(why) = screens(&out, &page) {
        assert!(
            !required,
            "the screens are required and were not built: {why}"
        );
        println!("cargo::warning=the binary has no screens: {why}");
        let _ = fs::remove_dir_all(&page);
        fs::create_dir_all(&page).expect("the output folder can be written");
        fs::write(page.join("index.html"), PAGE).expect("the output folder can be written");
    }
}

fn screens(out: &Path, page: &Path) -> Result<(), String> {
    if let Some(dist) = env::var_os("LAZARET_WEB_DIST") {
        let dist = PathBuf::from(dist);
        println!("cargo::rerun-if-changed={}", dist.display());
        if !dist.join("index.html").exists() {
            return Err(format!("{} has no index.html", dist.display()));
        }
        return copy(&dist, page, &[]).map_err(|error| error.to_string());
    }
    if env::var_os("LAZARET_WEB").is_some_and(|value| value == "skip") {
        return Err("LAZARET_WEB=skip was asked for".into());
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web");
    for part in [
        "src",
        "public",
        "index.html",
        "package.json",
        "package-lock.json",
        "vite.config.ts",
        "openapi.json",
    ] {
        let part = source.join(part);
        if part.exists() {
            println!("cargo::rerun-if-changed={}", part.display());
        }
    }
    if !source.join("package-lock.json").exists() {
        return Err("web/package-lock.json is not there".into());
    }
    let npm = |arguments: &[&str], folder: &Path| {
        Command::new("npm")
            .args(arguments)
            .current_dir(folder)
            .env("LAZARET_WEB_OUT", page)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("npm cannot be run: {error}"))
            .and_then(|done| {
                if done.status.success() {
                    Ok(())
                } else {
                    let said = String::from_utf8_lossy(&done.stderr);
                    let said: String = said.chars().take(2000).collect();
                    Err(format!("npm {} failed: {said}", arguments.join(" ")))
                }
            })
    };
    npm(&["--version"], &source)?;
    let work = out.join("web-source");
    let kept = work.join("node_modules");
    // Installed packages stay for the next time, as long as the lock file is the same.
    let same_lock = fs::read(work.join("package-lock.json")).ok()
        == fs::read(source.join("package-lock.json")).ok();
    copy(&source, &work, &["node_modules", "dist", "e2e"]).map_err(|error| error.to_string())?;
    if !(same_lock && kept.exists()) {
        npm(&["ci", "--no-audit", "--no-fund"], &work)?;
    }
    npm(&["run", "build"], &work)?;
    if page.join("index.html").exists() {
        Ok(())
    } else {
        Err("npm run build made no index.html".into())
    }
}

fn copy(from: &Path, to: &Path, but: &[&str]) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if but.iter().any(|name| entry.file_name() == **name) {
            continue;
        }
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target, but)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
