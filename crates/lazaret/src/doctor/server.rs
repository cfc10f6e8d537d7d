//! A server that runs: whether it lives, and whether it writes.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use super::Finding;
use crate::output::Failure;

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest answer that is read, in bytes.
const ANSWER_MAX: u64 = 64 << 10;

/// Asks a server whether it lives and whether it is ready.
///
/// * `address` — where it is, such as `http://127.0.0.1:8080`.
pub(super) fn asked(address: &str) -> Result<Vec<Finding>, Failure> {
    let host = address
        .strip_prefix("http://")
        .map(|rest| rest.trim_end_matches('/'))
        .filter(|host| !host.is_empty() && !host.contains(['/', '@', '\r', '\n', ' ']))
        .ok_or_else(|| {
            Failure::BadInput(format!(
                "`{address}` is not the address of a server; write one such as http://127.0.0.1:8080 (a server with TLS is asked \
                 through its proxy or with another program)"
            ))
        })?;
    let lives = match get(host, "/healthz") {
        Ok((200, _)) => Finding::good("server", format!("{address} answers")),
        Ok((status, _)) => Finding::fault(
            "server",
            format!("{address} answers with {status}, which is not what Lazaret says"),
            "give the address of a `lazaret serve`",
        ),
        Err(error) => {
            return Ok(vec![Finding::fault(
                "server",
                format!("{address} does not answer: {error}"),
                "start it, or read its log",
            )]);
        }
    };
    let ready = match get(host, "/readyz") {
        Ok((200, _)) => Finding::good("ready", "it writes the ledger"),
        Ok((_, said)) => Finding::note(
            "ready",
            format!("it does not write now: {}", said.trim()),
            "nothing if it is a standby or has just begun; else docs/backup.md explains what it says",
        ),
        Err(error) => Finding::note("ready", format!("it did not say: {error}"), "ask again"),
    };
    Ok(vec![lives, ready])
}

/// The status and the text of an answer, over one connection of its own.
fn get(host: &str, path: &str) -> std::io::Result<(u16, String)> {
    let with_port = if host
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.parse::<u16>().is_ok())
    {
        host.to_owned()
    } else {
        format!("{host}:80")
    };
    let address = with_port
        .to_socket_addrs()?
        .next()
        .ok_or_else(|| std::io::Error::other("the name has no address"))?;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )?;
    let mut bytes = Vec::new();
    stream.take(ANSWER_MAX).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    status_and_body(&text).ok_or_else(|| std::io::Error::other("what answers does not speak HTTP"))
}

/// The number and the body of an answer of HTTP/1.
fn status_and_body(text: &str) -> Option<(u16, String)> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head
        .strip_prefix("HTTP/1.")?
        .split(' ')
        .nth(1)?
        .parse()
        .ok()?;
    Some((status, body.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_taken_apart() {
        let text = "HTTP/1.1 503 Service Unavailable\r\nx: y\r\n\r\nstandby";
        assert_eq!(status_and_body(text), Some((503, "standby".to_owned())));
        assert_eq!(status_and_body("SSH-2.0-x\r\n\r\n"), None);
    }

    #[test]
    fn only_addresses_of_servers_are_asked() {
        for wrong in [
            "127.0.0.1:8080",
            "https://a",
            "http://",
            "http://u@h",
            "http://h/x",
        ] {
            assert!(matches!(asked(wrong), Err(Failure::BadInput(_))), "{wrong}");
        }
    }
}
