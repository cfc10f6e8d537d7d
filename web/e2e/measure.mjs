// How long a screen takes from the press to the last paint, and a large table of papers to be judged: for figures.
//
// `node e2e/measure.mjs` prints one JSON object. The demonstration is served by the binary of `LAZARET_BIN`, or by what
// cargo built last. Each screen is gone to ROUNDS times from a neutral one; what it draws late counts.
import { launch } from './browser.mjs';
import { Desk } from './desk.mjs';
import { start } from './server.mjs';
import { tableCsv, tableXlsx } from './tables.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 7);
const ROWS = Number(process.env.ROWS ?? 100_000);
/** A screen that has drawn nothing for so long is done. */
const QUIET_MS = 400;

const middle = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const tenth = (number) => Math.round(number * 10) / 10;

/** Goes to an address inside the page; milliseconds to the frame after the last change of what is shown. */
async function visit(page, hash) {
  return page.evaluate(
    ([hash, quiet]) =>
      new Promise((done) => {
        const main = document.querySelector('main');
        const begun = performance.now();
        let painted = begun;
        let timer;
        const rest = () => {
          clearTimeout(timer);
          timer = setTimeout(() => {
            watch.disconnect();
            done(painted - begun);
          }, quiet);
        };
        const watch = new MutationObserver(() => {
          // The frame with the change, then the task after it: what was changed has been painted.
          requestAnimationFrame(() => {
            const channel = new MessageChannel();
            channel.port1.onmessage = () => {
              painted = performance.now();
              performance.measure(`to ${hash}`, { start: begun, end: painted });
            };
            channel.port2.postMessage(null);
          });
          rest();
        });
        watch.observe(main, { childList: true, subtree: true, characterData: true });
        rest();
        location.hash = hash;
      }),
    [hash, QUIET_MS],
  );
}

async function screens(url, browser) {
  const found = {};
  for (const person of ['audrey', 'gil', 'quinn', 'dima', 'ada']) {
    const desk = await Desk.demo(browser, url, person);
    const { screens } = await desk.read('/api/session');
    const missing = screens.filter((screen) => !(screen in found));
    const lot = (await desk.read('/api/holds?limit=1')).items?.[0]?.lot;
    if (lot && !('lot card' in found)) missing.push(`lot/${encodeURIComponent(lot)}`);
    for (const screen of missing) {
      const times = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        await visit(desk.page, '#/me');
        times.push(await visit(desk.page, `#/${screen}`));
      }
      found[screen.startsWith('lot/') ? 'lot card' : screen] = {
        ms: tenth(middle(times)),
        most_ms: tenth(Math.max(...times)),
        rows: await desk.page.locator('main tbody tr').count(),
      };
    }
    await desk.page.context().close();
  }
  return found;
}

/** Papers of many rows with a thousand wrong cells, and right ones, only looked at. */
async function papers(url, browser) {
  const desk = await Desk.demo(browser, url, 'gil');
  const cookie = (await desk.page.context().cookies()).map((c) => `${c.name}=${c.value}`).join('; ');
  const found = {};
  for (const wrong of [1000, 0]) {
    for (const [kind, type, body] of [
      ['csv', 'text/csv', tableCsv(ROWS, wrong)],
      ['xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', tableXlsx(ROWS, wrong)],
    ]) {
      const times = [];
      let said;
      for (let round = 0; round < 3; round += 1) {
        const begun = performance.now();
        const answer = await fetch(`${url}/api/manifests/import?check=true`, {
          method: 'POST',
          headers: { cookie, 'content-type': type, 'sec-fetch-site': 'same-origin' },
          body,
        });
        said = await answer.json();
        times.push((performance.now() - begun) / 1000);
      }
      found[`${kind}_${wrong}_wrong`] = {
        s: Math.round(middle(times) * 1000) / 1000,
        most_s: Math.round(Math.max(...times) * 1000) / 1000,
        bytes: body.length,
        rows: said.rows,
        told: said.errors?.length,
        detail: said.detail,
      };
    }
  }
  return found;
}

const server = await start(['--demo']);
const browser = await launch();
try {
  const result = { screens: await screens(server.url, browser), papers: await papers(server.url, browser) };
  process.stdout.write(`${JSON.stringify(result)}\n`);
} finally {
  await browser.close();
  await server.stop();
}
