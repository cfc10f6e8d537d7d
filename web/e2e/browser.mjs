// Chromium as Debian packages it, driven by playwright-core. The flags keep it from looking for the network outside.
import { existsSync } from 'node:fs';

import { chromium } from 'playwright-core';

export const BROWSER = process.env.LAZARET_CHROMIUM ?? '/usr/bin/chromium';

export function have_browser() {
  return existsSync(BROWSER);
}

export async function launch() {
  return chromium.launch({
    executablePath: BROWSER,
    headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}
