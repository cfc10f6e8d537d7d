// The catalogue says in English what the server says in English: neither drifts away from the other.
import { expect, it } from 'vitest';

import { EVENTS } from './events.en';
import { DOUBTS, FACTS, LESS, NOTES, REMEDIES, RULES, SHORTFALLS, WRONG } from './refusals.en';
import { tell, tellEvent, type Catalogue, type Happening } from './told';
import told from './told.json';

const asItIs = (instant: string): string => instant;

it.each(['facts', 'remedies', 'less', 'shortfalls', 'wrong', 'doubts', 'notes'] as const)(
  '%s are said as the server says them',
  (what) => {
    const catalogue = {
      facts: FACTS,
      remedies: REMEDIES,
      less: LESS,
      shortfalls: SHORTFALLS,
      wrong: WRONG,
      doubts: DOUBTS,
      notes: NOTES,
    }[what] as unknown as Catalogue<{ kind: string }>;
    expect(told[what].length).toBe(Object.keys(catalogue).length);
    expect(told[what].map(({ data }) => tell(catalogue, data, asItIs))).toEqual(
      told[what].map(({ english }) => english),
    );
  },
);

it('rules are said as the server says them', () => {
  expect(Object.entries(RULES)).toEqual(told.rules.map(({ data, english }) => [data, english]));
});

it('what happened is said as the server says it', () => {
  expect(told.events.length).toBe(Object.keys(EVENTS).length);
  const said = told.events.map(({ data }) => tellEvent(EVENTS, data as unknown as Happening, asItIs));
  expect(said).toEqual(told.events.map(({ english }) => english));
});
