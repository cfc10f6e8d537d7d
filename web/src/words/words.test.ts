// Every word stands in the catalogue: a screen that says one by itself could not be translated.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parse } from 'svelte/compiler';
import { expect, it } from 'vitest';

const SRC = join(__dirname, '..');
const SPOKEN = new Set(['aria-label', 'title', 'placeholder', 'alt', 'aria-description']);

type Node = { type: string; data?: string; name?: string; value?: unknown; start: number };

function wordsIn(source: string): string[] {
  const found: string[] = [];
  // The tree refers back to itself.
  const seen = new WeakSet<object>();
  const walk = (node: unknown, spoken: boolean): void => {
    if (!node || typeof node !== 'object' || seen.has(node)) return;
    seen.add(node);
    const n = node as Node & Record<string, unknown>;
    if (n.type === 'Text' && spoken && /\p{L}{2,}/u.test(n.data ?? '')) found.push(n.data!.trim());
    for (const [key, value] of Object.entries(n)) {
      if (key === 'metadata' || key === 'instance' || key === 'module') continue;
      // Text within an attribute is spoken only by some of them.
      const within = n.type === 'Attribute' ? SPOKEN.has(n.name ?? '') : n.type === 'StyleDirective' ? false : spoken;
      walk(value, within);
    }
  };
  walk(parse(source, { modern: true }).fragment, true);
  return found;
}

const screens = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.svelte'));

it('no screen says a word of its own', () => {
  expect(screens.length).toBeGreaterThan(30);
  expect(
    Object.fromEntries(
      screens.map((f) => [f, wordsIn(readFileSync(join(SRC, f), 'utf8'))]).filter(([, w]) => w!.length),
    ),
  ).toEqual({});
});

it('this would be found', () => {
  expect(wordsIn('<p>{w.a} Held</p>')).toEqual(['Held']);
  expect(wordsIn('<input placeholder="Search" class="small wide" />')).toEqual(['Search']);
  expect(wordsIn('{#if x}<b title={w.b}>✓ {y}</b>{:else}late{/if}')).toEqual(['late']);
});
