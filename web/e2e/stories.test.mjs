// The real stories, walked on the real binary with a real browser: what people press, what they read, what holds.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { launch } from './browser.mjs';
import { anyFree, Desk } from './desk.mjs';
import { BINARY, lacking, scratch, start } from './server.mjs';

const missing = lacking('THE STORIES ARE NOT WALKED');

const DAY = 86_400;

/** Runs the demonstration's clock on, as the buttons at the top do. */
async function advance(desk, seconds) {
  for (let left = seconds; left > 0; left -= 31 * DAY) {
    const status = await desk.page.evaluate(
      (s) =>
        fetch('/api/demo/advance', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ seconds: s }),
        }).then((r) => r.status),
      Math.min(left, 31 * DAY),
    );
    assert.equal(status, 200);
  }
}

/** Waits until the simulated life around us leaves room: a warehouse may be full when we come. */
async function room(desk, has) {
  for (let turn = 0; !(await has()); turn += 1) {
    assert.ok(turn < 40, 'ten days pass without room');
    await advance(desk, DAY / 4);
  }
}

/** Papers of one vehicle as a table. */
function papers(folder, convoy, vehicle, lots, due) {
  const file = join(folder, `${convoy}.csv`);
  const rows = lots.map(([lot, goods]) =>
    [
      `M-${convoy}`,
      convoy,
      'dandong',
      due,
      vehicle,
      lot,
      goods,
      40,
      1200,
      '',
      '',
      'Northern Trade',
      'Central depot',
    ].join(','),
  );
  writeFileSync(
    file,
    ['manifest,convoy,source,due,vehicle,lot,goods,pieces,mass_kg,hazards,seals,sender,receiver', ...rows].join('\n'),
  );
  return file;
}

/** The gate takes in papers and lets the convoy in; the yard master unloads it and brings its lots to treatment. */
async function bringIn({ gil, yun, folder, convoy, vehicle, lots }) {
  const now = (await gil.read('/api/session')).now;
  await gil.go('#/arrivals');
  await gil.button('Import papers').click();
  await gil.page.setInputFiles('input[type=file]', papers(folder, convoy, vehicle, lots, now));
  await gil.page.getByText('Every cell is right. Nothing').waitFor();
  await gil.button('Take in').click();
  await gil.page.locator(`tr[data-id="${convoy}"]`).waitFor();

  await gil.go(`#/convoy/${convoy}`);
  await gil.button('Convoy has arrived').click();
  const form = gil.page.locator('main form');
  assert.match(
    await form.getByLabel(/^Vehicles/).inputValue(),
    new RegExp(vehicle),
    'the vehicles of the papers are filled in',
  );
  await form.locator('button[type=submit]').click();
  await gil.page.locator('main .tag', { hasText: 'here' }).first().waitFor();

  await room(yun, async () =>
    (await yun.read('/api/site')).places.some((p) => p.for_vehicles && (p.slots == null || p.used < p.slots)),
  );
  await yun.go(`#/vehicle/${vehicle}`);
  await yun.say('Place in a slot', { Where: anyFree() });
  await yun.say('Start unloading');
  for (const [lot] of lots) {
    const place = (await yun.read(`/api/vehicles/${vehicle}`)).spot;
    await yun.say('Unload a lot', { Lot: lot, Where: `${place.place}/${place.unit}` });
  }
  await yun.say('Report empty');
  for (const [lot] of lots) {
    await room(yun, async () =>
      (await yun.read(`/api/lots/${lot}/targets`)).some((t) => t.place === 'warehouse' && !t.refusal),
    );
    await yun.go(`#/lot/${lot}`);
    await yun.say('Move', { Where: anyFree('warehouse') });
  }
}

async function treat({ dana, yun, lots }) {
  for (const [lot] of lots) {
    await dana.go(`#/lot/${lot}`);
    await dana.say('Start treatment');
    // A pause is part of the record, and no part of the treatment.
    await dana.say('Pause work', { 'What is missing (crew, agent, power)': 'power' });
    await dana.say('Resume work');
  }
  await advance(dana, 3 * DAY);
  for (const [lot] of lots) {
    await dana.go(`#/lot/${lot}`);
    await dana.say('End treatment');
    const line = dana.page.locator('.asks tr', { hasText: 'Treatments' });
    await line.getByText('valid').waitFor();
    await yun.go(`#/lot/${lot}`);
    await yun.say('Move', { Where: anyFree('yard') });
  }
}

/** Signs a lot in the release queue. */
async function sign(desk, lot) {
  await desk.go('#/release');
  await desk.page.getByPlaceholder('Only rows that contain').fill(lot);
  const row = desk.page.locator(`tr[data-id="${lot}"]`);
  await row.waitFor();
  const press = row.getByRole('button', { name: 'Sign', exact: true });
  await press.click();
}

describe('stories on a demonstration', { skip: missing ?? false, timeout: 600_000 }, () => {
  let server;
  let browser;
  let folder;
  const at = {};
  const people = ['gil', 'yun', 'dana', 'quinn', 'chen', 'dima', 'ada'];

  before(async () => {
    folder = scratch();
    // A life in which disinfection is quick: in others the yard is full, and our trains would wait for weeks.
    [server, browser] = await Promise.all([start(['--demo']), launch()]);
    // One sign-in each: sign-ins are limited by the minute.
    for (const person of people) at[person] = await Desk.demo(browser, server.url, person);
  });
  after(async () => {
    if (process.env.LAZARET_E2E_SHOTS) {
      mkdirSync(process.env.LAZARET_E2E_SHOTS, { recursive: true });
      for (const desk of Object.values(at))
        await desk.page
          .screenshot({ path: join(process.env.LAZARET_E2E_SHOTS, `${desk.person}.png`) })
          .catch(() => undefined);
    }
    await browser?.close();
    await server?.stop();
  });

  test('two officers sign at once, each in two windows: each counts once, and the chief last', async () => {
    const { quinn, chen } = at;
    const queue = await quinn.read('/api/release-queue?limit=200');
    const [first, second] = queue.items.filter((r) => r.signers.length === 0 && !r.you).map((r) => r.lot);
    assert.ok(second, 'the demonstration has two lots that nobody has signed');
    const windows = { quinn: [quinn, await quinn.again()], chen: [chen, await chen.again()] };
    const press = async (desks, lot, name) => {
      for (const desk of desks) {
        await desk.go('#/release');
        await desk.page.getByPlaceholder('Only rows that contain').fill(lot);
        await desk.page.locator(`tr[data-id="${lot}"]`).getByRole('button', { name }).waitFor();
      }
      await Promise.all(
        desks.map((d) =>
          d.page
            .locator(`tr[data-id="${lot}"]`)
            .getByRole('button', { name })
            .click({ timeout: 5000 })
            .catch(() => undefined),
        ),
      );
      await quinn.page.waitForTimeout(1200);
      return quinn.read(`/api/lots/${lot}`);
    };

    let card = await press(windows.quinn, first, 'Sign');
    assert.deepEqual(card.signers, ['quinn'], 'two windows are one officer');
    assert.equal(card.may_go, false);
    // Who signed takes it back while the lot is not released, and may sign again.
    await quinn.go(`#/lot/${first}`);
    await quinn.say('Take back my signature', { Reason: 'signed the wrong line' });
    assert.deepEqual((await quinn.read(`/api/lots/${first}`)).signers, []);
    card = await press([quinn], first, 'Sign');
    assert.deepEqual(card.signers, ['quinn']);
    // The notice takes it back with one press, by an entry of its own that names the one it corrects.
    await quinn.button('Undo', quinn.page.locator('.messages')).last().click();
    const deadline = Date.now() + 5000;
    do card = await quinn.read(`/api/lots/${first}`);
    while (card.signers.length && Date.now() < deadline);
    assert.deepEqual(card.signers, []);
    await quinn.page.locator('.messages').getByText('took back their signature').last().waitFor();
    card = await press(windows.quinn, first, 'Sign');
    assert.deepEqual(card.signers, ['quinn']);
    card = await press([chen], first, 'Sign');
    assert.deepEqual(card.signers, ['quinn', 'chen']);
    // Where it cannot be taken back the notice says why.
    await chen.page
      .locator('.messages', { hasText: 'Cannot be undone: with this signature the lot was released' })
      .waitFor();
    assert.equal(card.signatures.filter((s) => s.counts).length, 2);
    assert.equal(card.stage, 'released');

    // Both at once on a fresh lot: whoever comes first, it is released only if the chief officer came last.
    card = await press([quinn, chen], second, /^Sign/);
    assert.equal(new Set(card.signers).size, card.signers.length);
    assert.equal(
      card.stage === 'released',
      card.signers.length === 2 && card.signers[1] === 'chen',
      card.signers.join(),
    );
    await windows.quinn[1].page.close();
    await windows.chen[1].page.close();
  });

  test('a train from manifest to dispatch, and every role sees only its own', async () => {
    const { gil, yun, dana, quinn, chen, dima } = at;
    const lots = [['e2e-1-1-1', 'general']];
    const [[lot]] = lots;
    await bringIn({ gil, yun, folder, convoy: 'e2e-1', vehicle: 'e2e-1-1', lots });

    // Held from entry, without anybody holding it; and the card says why.
    assert.match(await quinn.answer(lot), /Cannot go now/);
    // What is not one's own is absent, not refused.
    await gil.go(`#/lot/${lot}`);
    assert.equal(await gil.page.getByRole('button', { name: 'Sign release' }).count(), 0);
    assert.equal(await gil.page.getByRole('link', { name: 'Audit' }).count(), 0);

    await treat({ dana, yun, lots });
    await dana.go('#/vehicle/e2e-1-1');
    await dana.say('Report washed');
    await gil.go('#/vehicles');
    await gil.page.getByPlaceholder('Only rows that contain').fill('e2e-1-1');
    await gil.button('Send home', gil.page.locator('tr[data-id="e2e-1-1"]')).click();
    await gil.page.locator('tr[data-id="e2e-1-1"]').waitFor({ state: 'detached' });

    const waiting = await quinn.answer(lot);
    assert.match(waiting, /Held until \d+ \w+ .*\d+ d/, waiting);
    await advance(dana, 35 * DAY);

    await sign(quinn, lot);
    // The second signature is somebody else's, and the queue says so before the press.
    await quinn.page.locator(`tr[data-id="${lot}"]`, { hasText: '1/2' }).waitFor();
    assert.equal(
      await quinn.page.locator(`tr[data-id="${lot}"]`).getByRole('button', { name: 'Sign', exact: true }).count(),
      0,
    );
    await sign(chen, lot);
    await chen.page.locator(`tr[data-id="${lot}"]`).waitFor({ state: 'detached' });
    assert.match(await quinn.answer(lot), /May go/);

    await dima.go('#/dispatch');
    await dima.page.getByPlaceholder('Only rows that contain').fill(lot);
    await dima.page.getByLabel(`Select ${lot}`).check();
    const departure = await dima.page.locator('.right select').inputValue();
    await dima.page.getByRole('button', { name: /^Load 1 lot/ }).click();
    await dima.page.locator('.right .card', { hasText: lot }).waitFor();
    const card = dima.page.locator('.right .card', { hasText: lot });
    await card.getByRole('button', { name: 'Departure leaves' }).click();
    await card.locator('button[type=submit]').click();
    await dima.page.locator('.right .card', { hasText: lot }).waitFor({ state: 'detached' });
    assert.match(await dima.answer(lot), /No longer here/);

    // The whole way on one screen, both ways.
    await dima.button('Where from, where to').click();
    const trace = dima.page.locator('.trace');
    await trace.getByText('M-e2e-1', { exact: true }).waitFor();
    await trace.getByText(departure, { exact: true }).waitFor();
  });

  test('goods that were here at the start: stated by one, confirmed by another, and on every list', async () => {
    const { ada, quinn } = at;
    const file = join(folder, 'stock.csv');
    const rows = [
      'lot,goods,source,place,unit,pieces,mass_kg,arrived,unloaded,held_from,treatment,treatment_began,treatment_ended',
      'e2e-old-1,general,dandong,yard,1,40,800,2021-12-01T08:00,2021-12-01T10:00,2021-12-04T09:00,disinfect,2021-12-02T08:00,2021-12-04T08:30',
    ];
    writeFileSync(file, rows.join('\n').replace('general', 'genral'));
    await ada.go('#/arrivals');
    await ada.button('Stock at the start').click();
    const card = ada.page.locator('.card', { hasText: 'Goods that were here before the ledger' });
    await card.locator('input[type=file]').setInputFiles(file);
    // A wrong cell is named, and nothing can be stated.
    await card.getByRole('alert').getByText('1 cell is wrong').waitFor();
    assert.ok(await ada.button('State that these are here', card).isDisabled());
    writeFileSync(file, rows.join('\n'));
    await card.locator('input[type=file]').setInputFiles([]);
    await card.locator('input[type=file]').setInputFiles(file);
    await card.getByText('Every cell is right.').waitFor();
    await ada.button('State that these are here', card).click();
    await card.getByText(/stated this on/).waitFor();
    // Whoever stated it cannot confirm it.
    await card.getByText('another person confirms it').waitFor();
    assert.equal(await ada.button('I have seen that this is so', card).count(), 0);
    const alone = (await quinn.read('/api/lots/e2e-old-1')).earliest;

    // The officer's home says that it waits, and leads to it.
    await quinn.go('#/today');
    await quinn.page.getByText('1 lot of stock waits for a second person').click();
    await quinn.button('Stock at the start').click();
    await quinn.page.locator('summary', { hasText: '1 lot' }).click();
    await quinn.page.getByText(/e2e-old-1 \(general\) in yard 1; arrived .*; disinfect/).waitFor();
    await quinn.button('I have seen that this is so').click();
    await quinn.button('I have seen that this is so').waitFor({ state: 'detached' });
    await quinn.go('#/today');
    await quinn.page.getByText('of stock waits').waitFor({ state: 'detached' });

    // Its past counts now, and it is on the lists like any other.
    const lot = await quinn.read('/api/lots/e2e-old-1');
    assert.ok(lot.earliest < (alone ?? '9999'), `${lot.earliest}, ${alone} before it was confirmed`);
    for (const list of ['holds', 'release']) {
      await quinn.go(`#/${list}`);
      await quinn.page.getByPlaceholder('Only rows that contain').fill('e2e-old-1');
      await quinn.page.locator('tr[data-id="e2e-old-1"]').waitFor();
    }
    await quinn.answer('e2e-old-1');
    await quinn.page.getByText('yard 1', { exact: false }).first().waitFor();
  });

  test('papers are amended, and the map shows what is to come', async () => {
    const { gil, yun } = at;
    const announced = (await gil.read('/api/arrivals?limit=100')).items.find(
      (r) => r.stage === 'announced' && r.manifest,
    );
    assert.ok(announced, 'a convoy is announced');
    const before = await gil.read(`/api/arrivals/${announced.convoy}`);
    await gil.go(`#/convoy/${announced.convoy}`);
    await gil.button('Amend papers').click();
    const form = gil.page.locator('main form');
    const lines = (await form.locator('textarea').inputValue()).split('\n');
    assert.equal(lines.length, before.lines.length, 'the present lines stand in the form');
    await form.locator('textarea').fill([lines[0].replace(/; \d+; /, '; 7; '), ...lines.slice(1)].join('\n'));
    await form.getByLabel('Reason').fill('counted again by the sender');
    await form.locator('button[type=submit]').click();
    await gil.page.locator('main .tag', { hasText: 'amended 1 time' }).waitFor();
    const after = await gil.read(`/api/arrivals/${announced.convoy}`);
    assert.deepEqual(after.lines[0], { ...before.lines[0], pieces: 7 }, 'only what was changed is changed');

    await yun.go('#/site');
    const slider = yun.page.locator('input[type=range]');
    await slider.waitFor();
    await slider.press('End');
    await yun.page.getByText(/^Foreseen for .*: \d+ clocks? will have run by then/).waitFor();
    await yun.button('Back to now').click();
    await yun.page.getByText('Foreseen for').waitFor({ state: 'detached' });
  });

  test('a positive test stops everything it may have reached and calls back what was released', async () => {
    const { gil, yun, dana, quinn, chen } = at;
    // In one vehicle: one lot that must be tested, one that need not be.
    const lots = [
      ['e2e-2-1-1', 'medicine'],
      ['e2e-2-1-2', 'general'],
    ];
    await bringIn({ gil, yun, folder, convoy: 'e2e-2', vehicle: 'e2e-2-1', lots });
    await treat({ dana, yun, lots });
    await advance(dana, 12 * DAY);
    await quinn.go('#/tests');
    await quinn.page.getByPlaceholder('Only rows that contain').fill('e2e-2-1-1');
    await quinn.button('Take sample', quinn.page.locator('tr', { hasText: 'e2e-2-1-1' })).click();
    await quinn.page
      .locator('main form')
      .getByLabel(/^Sample/)
      .fill('S-e2e-2');
    await quinn.page.locator('main form button[type=submit]').click();
    await quinn.page.locator('main .form').waitFor({ state: 'detached' });

    // The laboratory is slow: meanwhile the other lot is released.
    await advance(dana, 30 * DAY);
    await sign(quinn, 'e2e-2-1-2');
    await quinn.page.locator('tr[data-id="e2e-2-1-2"]', { hasText: '1/2' }).waitFor();
    await sign(chen, 'e2e-2-1-2');
    await chen.page.locator('tr[data-id="e2e-2-1-2"]').waitFor({ state: 'detached' });
    assert.equal((await quinn.read('/api/lots/e2e-2-1-2')).stage, 'released');

    await quinn.go('#/tests?state=open');
    await quinn.page.reload();
    await quinn.page.getByPlaceholder('Only rows that contain').fill('e2e-2-1-1');
    await quinn.button('Enter result', quinn.page.locator('tr', { hasText: 'e2e-2-1-1' })).click();
    await quinn.page.locator('main form').getByLabel('Result').selectOption('positive');
    await quinn.page.locator('main form button[type=submit]').click();
    await quinn.page.locator('main .form').waitFor({ state: 'detached' });

    assert.match(await quinn.answer('e2e-2-1-1'), /Cannot go now/);
    assert.match(await quinn.answer('e2e-2-1-2'), /Cannot go now/);
    await quinn.page.locator('main .tag', { hasText: 'called back' }).waitFor();
    await quinn.page.locator('a.tag', { hasText: 'Exception' }).click();
    await quinn.page.locator('h2', { hasText: 'How they are connected' }).waitFor();
    await quinn.page.locator('summary', { hasText: 'Links' }).click();
    assert.match(await quinn.page.locator('details li', { hasText: 'e2e-2-1-2' }).first().innerText(), /e2e-2-1/);
    // Nobody can load it any more, not even by a list that was read before.
    const refused = await at.dima.page.evaluate(() =>
      fetch('/api/commands', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          id: crypto.randomUUID(),
          event: 'lot_loaded',
          lot: 'e2e-2-1-2',
          departure: 'dispatch-e2e',
        }),
      }).then((r) => r.json()),
    );
    assert.ok(refused.refusal, JSON.stringify(refused));
  });

  test('a lapsed clearance stops new work, says so in three lines, and can be renewed', async () => {
    const { gil, yun, dana, quinn } = at;
    const lots = [['e2e-3-1-1', 'general']];
    await bringIn({ gil, yun, folder, convoy: 'e2e-3', vehicle: 'e2e-3-1', lots });
    await quinn.go('#/person/dana');
    await quinn.say('End clearance', { Reason: 'vaccination expired' });
    await dana.go('#/lot/e2e-3-1-1');
    const said = await dana.say('Start treatment', {}, { expect: 'refused' });
    assert.match(said, /Rule P1/);
    assert.match(said, /dana/);
    await quinn.go('#/person/dana');
    await quinn.page.getByText('clearance lapsed').first().waitFor();
    await quinn.say('Clear for work');
    await dana.go('#/today');
    await dana.go('#/lot/e2e-3-1-1');
    await dana.say('Start treatment');
  });

  test('a scan anywhere opens the card, and keys go where they say', async () => {
    const { quinn } = at;
    const { page } = quinn;
    await quinn.go('#/holds');
    await page.locator('tbody tr').first().waitFor();
    const lot = await page.locator('tbody tr').nth(3).getAttribute('data-id');
    await page.locator('h1').first().click();
    await quinn.scan(`lazaret:lot/${lot}`);
    await page.locator('.panel h1', { hasText: lot }).waitFor();
    // Keys at a person's pace: faster ones are a scanner's, and those are no commands.
    const key = async (name) => {
      await page.waitForTimeout(150);
      await page.keyboard.press(name);
    };
    await key('Escape');
    await page.locator('.panel').waitFor({ state: 'detached' });
    await key('j');
    await key('j');
    const second = await page.locator('tbody tr').nth(1).getAttribute('data-id');
    await key('Enter');
    await page.locator('.panel h1', { hasText: second }).waitFor();
    await key('Escape');
    await page.locator('.panel').waitFor({ state: 'detached' });
    await key('/');
    await page.waitForFunction(() => document.activeElement?.getAttribute('role') === 'combobox');
    await key('Escape');
    await key('g');
    await key('m');
    await page.locator('h1', { hasText: 'Site map' }).waitFor();
  });

  test('a phone reads a label through its camera, and the card opens', async () => {
    const lot = (await at.quinn.read('/api/holds?limit=1')).items[0].lot;
    // What the camera sees: the label that the server prints, held before it.
    const [width, height] = [640, 480];
    const seen = await at.quinn.page.evaluate(
      async ([address, width, height]) => {
        const label = new Image();
        label.src = address;
        await label.decode();
        const canvas = Object.assign(document.createElement('canvas'), { width, height });
        const paper = canvas.getContext('2d');
        paper.fillStyle = 'white';
        paper.fillRect(0, 0, width, height);
        paper.drawImage(label, 0, 0, width, width * 0.6);
        const { data } = paper.getImageData(0, 0, width, height);
        return Array.from({ length: width * height }, (_, i) => String.fromCharCode(data[4 * i])).join('');
      },
      [`/api/lots/${encodeURIComponent(lot)}/label`, width, height],
    );
    // A camera's black is 16 and its white 235.
    const luma = Buffer.from(seen, 'latin1').map((bright) => 16 + Math.round((219 * bright) / 255));
    const video = join(folder, 'label.y4m');
    writeFileSync(
      video,
      Buffer.concat([
        Buffer.from(`YUV4MPEG2 W${width} H${height} F10:1 Ip A1:1 C420jpeg\nFRAME\n`),
        luma,
        Buffer.alloc((width * height) / 2, 128),
      ]),
    );
    const phone = await launch({ video });
    try {
      const desk = await Desk.demo(phone, server.url, 'quinn', { width: 390, height: 844 });
      await desk.page.getByRole('button', { name: 'Scan with the camera' }).click();
      await desk.page.locator('h1', { hasText: lot }).waitFor();
      desk.quiet();
    } finally {
      await phone.close();
    }
  });

  test('columns are remembered for the person, on another device too', async () => {
    const { yun } = at;
    await yun.go('#/holds');
    await yun.button('Columns').click();
    const kept = yun.page.waitForResponse(
      (r) => r.url().endsWith('/api/preferences') && r.request().method() === 'PUT',
    );
    await yun.page.locator('.choose').getByLabel('Class', { exact: true }).uncheck();
    await kept;
    assert.equal(await yun.page.locator('thead').getByText('Class').count(), 0);
    const elsewhere = await Desk.demo(browser, server.url, 'yun', { width: 1280, height: 860 });
    await elsewhere.go('#/holds');
    await elsewhere.page.locator('thead').getByText('Lot').first().waitFor();
    assert.equal(await elsewhere.page.locator('thead').getByText('Class').count(), 0);
    await elsewhere.page.context().close();
  });

  test('on a phone nothing is wider than the screen, and what is pressed is large enough', async () => {
    const phone = await at.quinn.page.context().newPage();
    await phone.setViewportSize({ width: 390, height: 844 });
    await phone.goto(server.url);
    await phone.waitForSelector('.shell');
    for (const screen of [
      'today',
      'arrivals',
      'site',
      'holds',
      'tests',
      'release',
      'dispatch',
      'vehicles',
      'people',
      'exceptions',
      'protocols',
    ]) {
      await phone.evaluate((h) => (location.hash = h), `#/${screen}`);
      await phone.waitForTimeout(500);
      const found = await phone.evaluate(() => ({
        wide: document.documentElement.scrollWidth,
        main: [document.querySelector('main').scrollWidth, document.querySelector('main').clientWidth],
        small: [
          ...document.querySelectorAll('main button, main input:not([type=checkbox]), main select, header button'),
        ]
          .filter((e) => e.offsetParent && !e.classList.contains('link') && !e.closest('.search ul'))
          .map((e) => [
            e.textContent.trim() || e.getAttribute('aria-label') || e.tagName,
            e.getBoundingClientRect().height,
          ])
          .filter(([, h]) => h < 43.5),
      }));
      assert.ok(found.wide <= 390, `${screen} is ${found.wide} wide`);
      assert.ok(
        found.main[0] <= found.main[1] + 1,
        `${screen}: its content is ${found.main[0]} wide in ${found.main[1]}`,
      );
      assert.deepEqual(found.small, [], `${screen} has targets that are too small`);
    }
    await phone.close();
  });

  test('no page complained, of its content policy least of all', () => {
    for (const desk of Object.values(at)) desk.quiet();
  });
});

describe("a ledger of one's own", { skip: missing ?? false, timeout: 300_000 }, () => {
  const password = 'correct horse battery staple';

  test('from the first link to work, through a server that is killed in the middle', async () => {
    const data = join(scratch(), 'data');
    let server = await start(['--data', data, '--hold', '30d', '--contact', '48h']);
    const browser = await launch();
    try {
      const link = /\/#\/setup\/\S+/.exec(server.said())?.[0];
      assert.ok(link, `the server prints the link of the first administrator: ${server.said()}`);
      const ada = await Desk.open(browser, server.url, 'ada');
      await ada.page.goto(server.url + link);
      await ada.page.locator('input[name=person]').fill('ada');
      await ada.page.locator('input[name=password]').fill('short');
      await ada.page.locator('input[name=again]').fill('short');
      await ada.button('Begin').click();
      await ada.page.getByText('Use 12 characters or more').waitFor();
      await ada.page.locator('input[name=password]').fill(password);
      await ada.page.locator('input[name=again]').fill(password);
      await ada.button('Begin').click();
      await ada.page.waitForSelector('.shell');

      await ada.go('#/accounts');
      await ada.button('New account').click();
      await ada.page.locator('form input[name=person]').fill('gil');
      await ada.page.locator('form').getByLabel('gate', { exact: true }).check();
      await ada.button('Make it').click();
      const address = await ada.page.locator('[data-test=link]').innerText();
      await ada.go('#/person/gil');
      await ada.say('Clear for work');

      const gil = await Desk.open(browser, server.url, 'gil');
      await gil.page.goto(address);
      await gil.page.locator('input[name=password]').fill(password);
      await gil.page.locator('input[name=again]').fill(password);
      await gil.button('Set password and sign in').click();
      await gil.page.waitForSelector('.shell');
      await gil.go('#/arrivals');
      await gil.button('Announce by hand').click();
      const form = gil.page.locator('main form');
      await form.locator('input[name=manifest]').fill('M-1');
      await form.locator('input[name=convoy]').fill('c-1');
      await form.locator('input[name=due]').fill('2099-01-05T17:10');
      await form.locator('textarea[name=lines]').fill('c-1-1, c-1-1-1, general, 40, 1200');
      const before = (await ada.read('/api/session')).seq;

      // The server dies; somebody presses the button; it comes back.
      await server.stop('SIGKILL');
      await form.locator('button[type=submit]').click();
      await gil.page.getByText('No connection to the server since').waitFor();
      server = await start(['--data', data, '--hold', '30d', '--contact', '48h'], server.port);
      await gil.page.locator('tr[data-id="c-1"]').waitFor({ timeout: 30_000 });
      await gil.page.getByText('No connection to the server since').waitFor({ state: 'detached', timeout: 30_000 });

      // Recorded once, and the chain of records is whole.
      const records = await ada.read(`/api/audit/records?event=manifest_announced`);
      assert.equal(records.items.length, 1);
      assert.equal(records.items[0].seq, before + 1);
      await ada.go('#/audit');
      await ada.button('Proof').click();
      await ada.button('Follow the whole chain').click();
      await ada.page.getByText('The chain is whole').waitFor();
      ada.quiet();
      gil.quiet();
    } finally {
      await browser.close();
      await server.stop();
    }
  });
});

console.error(missing ? '' : `walking with ${BINARY}`);
