//! The report in a real browser, at the size of a desk and of a phone.

use std::path::Path;
use std::process::Command;

use crate::uiju;

fn chromium() -> Option<&'static str> {
    [
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
    ]
    .into_iter()
    .find(|p| Path::new(p).exists())
}

/// The DOM after layout of `file` in a window `width` wide. A frame around the page measures it: a phone's width is less
/// than a browser's smallest window.
fn measured(browser: &str, folder: &Path, html: &str, width: u32) -> String {
    std::fs::write(folder.join("report.html"), html).unwrap();
    let frame = format!(
        r#"<!doctype html><body style="margin:0"><iframe id="f" src="report.html" style="border:0;width:{width}px;height:900px"></iframe><script>
document.getElementById("f").addEventListener("load", e => {{
  const d = e.target.contentDocument.documentElement;
  const small = [...e.target.contentDocument.querySelectorAll("svg[role=img]")].filter(s => s.getBoundingClientRect().width < 100).length;
  document.body.dataset.measured = `wider=${{d.scrollWidth - d.clientWidth}} small=${{small}}`;
}});</script></body>"#
    );
    std::fs::write(folder.join("frame.html"), frame).unwrap();
    let output = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ])
        .args([
            "--allow-file-access-from-files",
            "--virtual-time-budget=4000",
            "--window-size=1400,1000",
        ])
        .arg(format!(
            "--user-data-dir={}",
            folder.join("profile").display()
        ))
        .arg("--dump-dom")
        .arg(format!("file://{}", folder.join("frame.html").display()))
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn it_fits_a_desk_and_a_phone() {
    let Some(browser) = chromium() else {
        assert!(
            std::env::var_os("LAZARET_REQUIRE_BROWSER").is_none(),
            "chromium is required and missing"
        );
        #[allow(clippy::print_stderr, reason = "a skipped test is said aloud")]
        {
            eprintln!("SKIPPED: no chromium here, so nobody looked at the report in a browser");
        }
        return;
    };
    let html = uiju();
    for width in [1280, 390] {
        let folder = tempfile::tempdir().unwrap();
        let dom = measured(browser, folder.path(), &html, width);
        assert!(
            dom.contains("wider=0 small=0"),
            "at {width} px: {:?}",
            dom.split("data-measured")
                .nth(1)
                .map(|s| &s[..60.min(s.len())])
        );
    }
    // The check notices a page that is too wide.
    let folder = tempfile::tempdir().unwrap();
    let wide = html.replace("<main>", "<main><div style=\"width:900px\">.</div>");
    let dom = measured(browser, folder.path(), &wide, 390);
    assert!(
        dom.contains("wider=") && !dom.contains("wider=0"),
        "a page 900 px wide fits 390 px"
    );
}
