// Starts the real binary on a free port of the loopback, and stops it again.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { BROWSER, haveBrowser } from './browser.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TARGET = process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target');

/** The binary: `LAZARET_BIN`, or what cargo built last. */
export const BINARY =
  process.env.LAZARET_BIN ?? [join(TARGET, 'release/lazaret'), join(TARGET, 'debug/lazaret')].find(existsSync) ?? '';
export const GATEWAY = join(ROOT, 'examples/uiju/gateway.toml');

/**
 * What is lacking to look at screens; null if nothing is. Says aloud what is therefore `notDone`, and fails where
 * that is required.
 */
export function lacking(notDone) {
  const missing = !haveBrowser()
    ? `no browser at ${BROWSER}`
    : !existsSync(BINARY)
      ? 'no lazaret binary: build it, or set LAZARET_BIN'
      : null;
  if (missing && process.env.LAZARET_REQUIRE_BROWSER === '1') throw new Error(`${notDone}, and has to be: ${missing}`);
  if (missing) console.error(`\n*** ${notDone}: ${missing} ***\n`);
  return missing;
}

export async function freePort() {
  return new Promise((done, fail) => {
    const probe = createServer();
    probe.once('error', fail);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}

/** A folder that goes when the process does. */
export function scratch() {
  const folder = mkdtempSync(join(tmpdir(), 'lazaret-e2e-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts `lazaret serve` and waits until it is ready. */
export async function start(args, port) {
  port ??= await freePort();
  const child = spawn(BINARY, ['serve', GATEWAY, '--listen', `127.0.0.1:${port}`, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stdout.on('data', (d) => (said += d));
  child.stderr.on('data', (d) => (said += d));
  let ended = null;
  child.on('exit', (code, signal) => (ended = `it ended with ${code ?? signal}`));
  const url = `http://127.0.0.1:${port}`;
  const until = Date.now() + 120_000;
  for (;;) {
    if (ended) throw new Error(`the server did not start: ${ended}\n${said}`);
    const ready = await fetch(`${url}/readyz`).then(
      (r) => r.ok,
      () => false,
    );
    if (ready) break;
    if (Date.now() > until) throw new Error(`the server was not ready in time\n${said}`);
    await new Promise((done) => setTimeout(done, 100));
  }
  return {
    url,
    port,
    said: () => said,
    stop: (signal = 'SIGTERM') =>
      new Promise((done) => {
        if (ended) return done();
        child.once('exit', () => done());
        child.kill(signal);
        setTimeout(() => child.kill('SIGKILL'), 15_000).unref();
      }),
  };
}
