// Chromium as Debian packages it, driven by playwright-core. The flags keep it from looking for the network outside.
import { existsSync } from 'node:fs';

import { chromium } from 'playwright-core';

export const BROWSER = process.env.LAZARET_CHROMIUM ?? '/usr/bin/chromium';

export function haveBrowser() {
  return existsSync(BROWSER);
}

/**
 * A browser whose camera sees `video`, a file of uncompressed pictures (Y4M), if given.
 */
export async function launch({ video } = {}) {
  const camera = video
    ? [
        '--use-fake-ui-for-media-stream',
        '--use-fake-device-for-media-stream',
        `--use-file-for-fake-video-capture=${video}`,
      ]
    : [];
  return chromium.launch({
    executablePath: BROWSER,
    headless: true,
    args: [
      ...camera,
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
