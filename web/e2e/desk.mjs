// A person at a screen: what they press and what they read.
import assert from 'node:assert/strict';

export class Desk {
  constructor(page, url, person) {
    this.page = page;
    this.url = url;
    this.person = person;
    /** What the page complained of; a story ends with none. */
    this.complaints = [];
    page.on('pageerror', (e) => this.complaints.push(`${person}: ${e.message}`));
    page.on('console', (m) => {
      // An answer that says no is logged by the browser as well; the page shows it, and the stories expect some.
      if (m.type() === 'error' && !/Failed to load resource|net::ERR_/.test(m.text()))
        this.complaints.push(`${person}: ${m.text()}`);
    });
  }

  static async open(browser, url, person, viewport = { width: 1280, height: 860 }) {
    const context = await browser.newContext({ viewport, locale: 'en-GB', acceptDownloads: true });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    return new Desk(page, url, person);
  }

  /** Signs in as somebody of the demonstration, with one press. */
  static async demo(browser, url, person, viewport) {
    const desk = await Desk.open(browser, url, person, viewport);
    await desk.page.goto(url);
    await desk.page.locator('li button', { hasText: person }).first().click();
    await desk.page.waitForSelector('.shell');
    return desk;
  }

  /** Another window of the same person. */
  async again() {
    const page = await this.page.context().newPage();
    page.setDefaultTimeout(15_000);
    const desk = new Desk(page, this.url, this.person);
    await page.goto(this.url);
    await page.waitForSelector('.shell');
    return desk;
  }

  async go(hash) {
    await this.page.evaluate((h) => (location.hash = h), hash);
    // The address changes at once, the screen with the next turn of the page.
    await this.page.waitForTimeout(50);
  }

  button(name, within = this.page) {
    return within.getByRole('button', { name, exact: true });
  }

  /** Presses the button that says an event, fills what is asked, and says it; gives what was answered. */
  async say(action, fields = {}, { expect = 'recorded' } = {}) {
    const { page } = this;
    const opener = page.locator('.buttons').getByRole('button', { name: action, exact: true });
    if (!(await opener.count())) {
      const more = page.locator('.buttons').getByRole('button', { name: 'More', exact: true });
      await page.locator('.buttons').first().waitFor();
      if (!(await opener.count()) && (await more.count())) await more.click();
    }
    await opener.click();
    const form = page.locator('.card.open');
    await form.waitFor();
    for (const [label, value] of Object.entries(fields)) {
      const field = form.getByLabel(label);
      if ((await field.evaluate((e) => e.tagName)) === 'SELECT') {
        if (typeof value === 'function') {
          await page.waitForFunction((e) => e.options.length > 1, await field.elementHandle());
          const options = await field.evaluate((e) =>
            [...e.options].map((o) => ({ value: o.value, disabled: o.disabled, label: o.label })),
          );
          await field.selectOption(value(options));
        } else await field.selectOption(value);
      } else await field.fill(value);
    }
    if (!(await form.locator('form').count())) {
      assert.equal(expect, 'refused', `${action} cannot be said by ${this.person}: ${await form.innerText()}`);
      return form.innerText();
    }
    await form.locator('button[type=submit]').click();
    if (expect === 'recorded') {
      const outcome = await Promise.race([
        form.waitFor({ state: 'detached' }).then(() => null),
        form
          .locator('.refused, .bad:not(:empty)')
          .first()
          .waitFor()
          .then(() => form.innerText()),
      ]);
      assert.equal(outcome, null, `${this.person}, ${action}: ${outcome}`);
      return null;
    }
    await form.locator('.refused').waitFor();
    return form.locator('.refused').innerText();
  }

  /** A hand scanner: it types faster than anybody can, and ends with Enter. */
  async scan(code) {
    await this.page.evaluate((text) => {
      for (const key of [...text, 'Enter'])
        (document.activeElement ?? document.body).dispatchEvent(
          new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }),
        );
    }, code);
  }

  /** The first line of a lot's card. */
  async answer(lot) {
    await this.go(`#/lot/${encodeURIComponent(lot)}`);
    const heading = this.page.locator('main h1', { hasText: lot });
    await heading.waitFor();
    return this.page.locator('[data-test=answer]').innerText();
  }

  /** Asks the API as this person: to look at what the screens are made of, never to act in their place. */
  async read(path) {
    return this.page.evaluate((p) => fetch(p).then((r) => r.json()), path);
  }

  quiet() {
    assert.deepEqual(this.complaints, []);
  }
}

/** Any unit that is not forbidden. */
export const anyFree = (place) => (options) => {
  const free = options.filter((o) => o.value && !o.disabled && (!place || o.value.startsWith(`${place}/`)));
  assert.ok(free.length, `no free unit${place ? ` in ${place}` : ''}: ${options.map((o) => o.label).join('; ')}`);
  return free[0].value;
};
