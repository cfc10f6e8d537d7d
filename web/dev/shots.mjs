// Pictures of every screen at the three sizes, to be looked at. `node dev/shots.mjs URL FOLDER [PERSON] [THEME]`
import { mkdirSync } from 'node:fs';

import { launch } from '../e2e/browser.mjs';

const [url = 'http://127.0.0.1:5173', folder = 'shots', person = 'kim', theme = 'light', only = ''] =
  process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const SIZES = { desktop: [1440, 900], tablet: [820, 1180], phone: [390, 844] };
const browser = await launch();
for (const [size, [width, height]] of Object.entries(SIZES)) {
  const page = await browser.newPage({ viewport: { width, height }, hasTouch: size !== 'desktop', colorScheme: theme });
  page.on('console', (m) => m.type() === 'error' && console.log(size, m.text()));
  page.on('pageerror', (e) => console.log(size, 'threw', e.message));
  await page.goto(url);
  await page.waitForTimeout(500);
  await page.screenshot({ path: `${folder}/${size}-signin.png` });
  const entry = page.locator('li button', { hasText: person }).first();
  if (await entry.count()) await entry.click();
  await page.waitForSelector('.shell');
  const routes = {
    today: '#/today',
    arrivals: '#/arrivals',
    site: '#/site',
    holds: '#/holds',
    tests: '#/tests',
    release: '#/release',
    dispatch: '#/dispatch',
    vehicles: '#/vehicles',
    people: '#/people',
    exceptions: '#/exceptions',
    protocols: '#/protocols',
    audit: '#/audit',
    accounts: '#/accounts',
    me: '#/me',
  };
  const first = await page.evaluate(() => fetch('/api/holds?limit=1').then((r) => r.json()));
  const lot = first.items?.[0]?.lot;
  if (lot)
    Object.assign(routes, { panel: `#/holds?open=lot:${lot}`, lot: `#/lot/${lot}`, labels: `#/labels?lots=${lot}` });
  const exceptions = await page.evaluate(() => fetch('/api/exceptions?all=true&limit=1').then((r) => r.json()));
  if (exceptions.items?.[0]) routes.exception = `#/exception/${exceptions.items[0].exception}`;
  for (const [name, hash] of Object.entries(routes)) {
    if (only && !only.split(',').includes(name)) continue;
    await page.evaluate((h) => (location.hash = h), hash);
    await page.waitForTimeout(700);
    await page.screenshot({ path: `${folder}/${size}-${name}.png` });
  }
  await page.close();
}
await browser.close();
