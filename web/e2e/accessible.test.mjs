// Whether everybody can use the screens: axe-core over every one of them, light and dark; room for a glove; no mouse.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { axe } from './axe.mjs';
import { launch } from './browser.mjs';
import { Desk } from './desk.mjs';
import { lacking, start } from './server.mjs';

const missing = lacking('ACCESSIBILITY IS NOT CHECKED');

/** Controls that a finger could miss: under 44 px either way, and no link within a sentence. */
function small() {
  const out = [];
  for (const e of document.querySelectorAll('button, a[href], input, select, textarea, [role="button"]')) {
    const box = e.getBoundingClientRect();
    if (!box.width || !box.height || getComputedStyle(e).visibility === 'hidden') continue;
    // A box beside its label is pressed by the label; links and codes within text are as high as the text; cells of the
    // map are SVG and measured below.
    if (e.closest('label.check, .sr, p, dd, li span') || e.classList.contains('skip') || e.classList.contains('link'))
      continue;
    const tick = e.matches('input[type=checkbox], input[type=radio]');
    const target = tick ? (e.closest('td, th, label') ?? e).getBoundingClientRect() : box;
    if (target.height < 43.5 || target.width < 43.5)
      out.push(
        `${e.tagName.toLowerCase()} “${(e.textContent || e.getAttribute('aria-label') || e.id).trim().slice(0, 30)}” ${Math.round(target.width)}×${Math.round(target.height)}`,
      );
  }
  return out;
}

describe('everybody can use the screens', { skip: missing ?? false, timeout: 300_000 }, () => {
  let server;
  let browser;
  before(async () => {
    [server, browser] = await Promise.all([start(['--demo']), launch()]);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  /** Every screen that the person has, and cards of each kind. */
  async function screens(desk) {
    const of = (path) => desk.read(path).then((r) => r.items ?? r);
    const [[hold], [arrival], [exception]] = await Promise.all([
      of('/api/holds?limit=1'),
      of('/api/arrivals?limit=1'),
      of('/api/exceptions?all=true&limit=1'),
    ]);
    const { screens: own } = await desk.read('/api/session');
    const cards = [
      `lot/${hold.lot}`,
      `holds?open=lot:${hold.lot}`,
      `labels?lots=${hold.lot}`,
      arrival && `convoy/${arrival.convoy}`,
      exception && `exception/${exception.exception}`,
      'person/quinn',
      'unit/yard%2F1',
      'me',
    ];
    return [...own, ...cards.filter(Boolean)];
  }

  // Everything once; then what the dark colours and the narrow layout could spoil.
  const NARROW = [
    'color-contrast',
    'target-size',
    'label',
    'button-name',
    'link-name',
    'aria-required-children',
    'scrollable-region-focusable',
    'nested-interactive',
  ];
  for (const [theme, person, viewport, rules] of [
    ['light', 'ada', { width: 1440, height: 900 }, undefined],
    ['dark', 'quinn', { width: 1440, height: 900 }, { type: 'rule', values: ['color-contrast'] }],
    ['light', 'chen', { width: 390, height: 844 }, { type: 'rule', values: NARROW }],
  ]) {
    test(`no serious fault by axe: ${person}, ${theme}, ${viewport.width} px wide`, async () => {
      const desk = await Desk.open(browser, server.url, person, viewport);
      await desk.page.emulateMedia({ colorScheme: theme });
      await desk.page.goto(server.url);
      await desk.page.locator('li button', { hasText: person }).first().waitFor();
      const wrong = await axe(desk.page, 'sign in');
      await desk.page.locator('li button', { hasText: person }).first().click();
      await desk.page.waitForSelector('.shell');
      for (const screen of await screens(desk)) {
        await desk.go(`#/${screen}`);
        await desk.page.waitForTimeout(150);
        wrong.push(...(await axe(desk.page, screen, rules)));
      }
      assert.deepEqual(wrong, []);
      await desk.page.close();
    });
  }

  test('axe would find it', async () => {
    const page = await browser.newPage();
    await page.setContent(
      '<html lang="en"><title>x</title><main><h1>x</h1><button></button><p style="color:#bbb;background:#fff">faint</p></main></html>',
    );
    const wrong = (await axe(page, 'sabotage')).join('\n');
    assert.match(wrong, /button-name/);
    assert.match(wrong, /color-contrast/);
    await page.close();
  });

  test('on a touch screen there is room for a finger: 44 px', async () => {
    const context = await browser.newContext({
      viewport: { width: 820, height: 1180 },
      hasTouch: true,
      isMobile: true,
      locale: 'en-GB',
    });
    const page = await context.newPage();
    const desk = new Desk(page, server.url, 'quinn');
    await page.goto(server.url);
    await page.locator('li button', { hasText: 'quinn' }).first().click();
    await page.waitForSelector('.shell');
    const wrong = {};
    for (const screen of await screens(desk)) {
      await desk.go(`#/${screen}`);
      await page.waitForTimeout(200);
      const list = await page.evaluate(small);
      if (list.length) wrong[screen] = [...new Set(list)].slice(0, 6);
    }
    assert.deepEqual(wrong, {});
    await context.close();
  });

  test('without a mouse: sign in, find a lot, sign it, see it gone from the queue', async () => {
    const desk = await Desk.open(browser, server.url, 'quinn');
    const { page } = desk;
    await page.goto(server.url);
    await page.locator('li button').first().waitFor();
    const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim() ?? '');
    const tabTo = async (wanted, most = 80) => {
      for (let i = 0; i < most; i += 1) {
        if (wanted.test(await focused())) return;
        await page.keyboard.press('Tab');
      }
      assert.fail(`${wanted} cannot be reached by the Tab key; it stands on “${await focused()}”`);
    };
    await tabTo(/^quinn/);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.shell');
    // By letters, as the list of keys says.
    await page.keyboard.press('g', { delay: 5 });
    await page.waitForTimeout(200);
    await page.keyboard.press('r');
    await page.locator('tr[data-id]').first().waitFor();
    const queue = await desk.read('/api/release-queue?limit=200');
    const lot = queue.items.find((r) => r.signers.length === 0 && !r.you).lot;
    // From the row, its card; on the card, the button; in the form, the press.
    await page.keyboard.press('/');
    await page.keyboard.type(lot, { delay: 60 });
    await page.waitForTimeout(600);
    await page.keyboard.press('Enter');
    await page.locator('.panel h1', { hasText: lot }).waitFor();
    await tabTo(/^Sign release$/);
    await page.keyboard.press('Enter');
    await page.locator('.card.open form').waitFor();
    await tabTo(/^(Record|Sign release)$/, 40);
    await page.keyboard.press('Enter');
    await page.waitForFunction(
      (id) =>
        fetch(`/api/lots/${id}`)
          .then((r) => r.json())
          .then((c) => c.signers.includes('quinn')),
      lot,
    );
    await page.keyboard.press('Escape');
    await page.locator('.panel').waitFor({ state: 'detached' });
    await page.close();
  });
});
