// The watcher's board beside the operator's screens: the real evidence, drawn; read by everybody; a row more by the form.
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { axe } from './axe.mjs';
import { launch } from './browser.mjs';
import { Desk } from './desk.mjs';
import { GATEWAY, lacking, scratch, start } from './server.mjs';

const missing = lacking('THE BOARD IS NOT LOOKED AT');

describe('what the world says of the gateway', { skip: missing ?? false, timeout: 600_000 }, () => {
  const folder = scratch();
  const evidence = join(folder, 'evidence.csv');
  let server;
  let browser;
  let desk;
  before(async () => {
    // What was known in the first week, and one question: a picture that is soon drawn. The rules stand beside the evidence.
    const beside = (name) => readFileSync(join(dirname(GATEWAY), name), 'utf8');
    const [columns, ...rows] = beside('evidence.csv').trimEnd().split('\n');
    writeFileSync(
      evidence,
      [columns, ...rows.filter((row) => row >= 'E060' && row.split(',')[2] <= '2022-01-21')].join('\n') + '\n',
    );
    copyFileSync(join(dirname(GATEWAY), 'observe.toml'), join(folder, 'observe.toml'));
    const hypotheses = beside('hypotheses.toml')
      .split(/(?=\[\[hypothesis\]\])/)
      .filter((part) => /group *= "hold"/.test(part));
    assert.equal(hypotheses.length, 3);
    writeFileSync(join(folder, 'hypotheses.toml'), hypotheses.join(''));
    [server, browser] = await Promise.all([
      start(['--demo', '--evidence', evidence, '--hypotheses', join(folder, 'hypotheses.toml')]),
      launch(),
    ]);
    desk = await Desk.demo(browser, server.url, 'chen', { width: 1280, height: 900 });
    desk.page.setDefaultTimeout(240_000);
    await desk.go('#/board');
    await desk.page.locator('iframe').waitFor();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  /** The page inside, once the picture shown is that of the present file. */
  async function picture() {
    await desk.page.getByText(/rows of .* say something about this gateway/).waitFor();
    const frame = await (await desk.page.locator('iframe').elementHandle()).contentFrame();
    await frame.locator('h2', { hasText: 'Reports' }).waitFor();
    return frame;
  }

  test('it shows the reports with their grades, what is believed, and the explanations', async () => {
    const frame = await picture();
    const text = await frame.locator('body').innerText();
    for (const part of ['Reports', 'clean_time', 'lots in yard', 'fortnight to a month']) {
      assert.ok(text.toLowerCase().includes(part.toLowerCase()), `no “${part}” on the board:\n${text.slice(0, 4000)}`);
    }
    assert.ok((await frame.locator('svg').count()) >= 4, 'too few pictures');
  });

  test('its colours are those that the person chose', async () => {
    const frame = await picture();
    const paper = () => frame.locator('body').evaluate((e) => getComputedStyle(e).backgroundColor);
    const before = await paper();
    const button = desk.page.locator('button', { hasText: '◐' }).first();
    const seen = new Set();
    for (let press = 0; press < 3; press += 1) {
      await button.click();
      await desk.page.waitForTimeout(100);
      seen.add(await paper());
    }
    assert.equal(seen.size, 2, `one paper whatever is chosen: ${[...seen]}`);
    assert.equal(await paper(), before, 'three presses lead back');
  });

  test('axe finds no serious fault in it, light or dark', async () => {
    await picture();
    // By itself: within the screen nothing of it may run.
    const page = await desk.page.context().newPage();
    const wrong = [];
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      await page.goto(`${server.url}/api/board/page`);
      wrong.push(...(await axe(page, `the board, ${colorScheme}`)));
    }
    assert.deepEqual(wrong, []);
    await page.close();
  });

  test('a row is added by the form and weighed; a demonstration leaves the file itself alone', async () => {
    const { page } = desk;
    const text = readFileSync(evidence, 'utf8');
    const { rows } = await desk.read('/api/board');
    await desk.button('Add a row of evidence').click();
    const form = page.locator('form');
    // Nothing filled in: the cells say what they lack, and nothing is added.
    await desk.button('Add to the evidence').click();
    await form.locator('.bad').first().waitFor();
    assert.ok((await form.locator('.bad').count()) >= 5, await form.innerText());
    assert.equal((await desk.read('/api/board')).rows, rows);
    const id = await form.getByLabel(/^Name of the row/).inputValue();
    for (const [label, value] of Object.entries({
      'When it was so': '2022-01-21',
      'When it was published': '2022-01-22',
      'Who says so': 'an analyst, "on the fence"',
      Medium: 'image',
      'Of what': 'uiju_platform',
      'What about it': 'wagons_on_site',
      'At least': '12',
      About: '14',
      'At most': '16',
      Unit: 'wagon',
    })) {
      await form.getByLabel(new RegExp(`^${label}`)).fill(value);
    }
    await form.getByLabel(/^Grade of the source/).selectOption('B');
    await form.getByLabel(/^Grade of the statement/).selectOption('2');
    await desk.button('Add to the evidence').click();
    await page.getByText(`${id} was added; the picture is being drawn again.`).waitFor();
    assert.equal((await desk.read('/api/board')).rows, rows + 1);
    assert.equal(readFileSync(evidence, 'utf8'), text);
    const frame = await picture();
    await frame.getByText(id).first().waitFor({ state: 'attached' });
    await frame.getByText('an analyst, "on the fence"').first().waitFor({ state: 'attached' });
    assert.deepEqual(desk.complaints, []);
  });
});
