// Numbers as people type them: read right, or asked about; never read by a thousandth.
import { describe, expect, it } from 'vitest';

import type { Context } from './event';
import { build } from './forms';
import { editable, readNumber, readWithin, separators, written } from './numbers';

const english = { group: ',', point: '.' };
const german = { group: '.', point: ',' };
const value = (text: string, seps = english): number | null => {
  const read = readNumber(text, seps);
  return 'value' in read ? read.value : null;
};

describe('numbers', () => {
  it('take digits and the separators of the reader', () => {
    expect(['24000', '24,000', '1,234,567', '7.5', '0.125', '-3', '0', ' 12 '].map((t) => value(t))).toEqual([
      24000, 24000, 1234567, 7.5, 0.125, -3, 0, 12,
    ]);
    expect(['24000', '24.000', '1.234.567', '7,5', '0,125', '1.234,5'].map((t) => value(t, german))).toEqual([
      24000, 24000, 1234567, 7.5, 0.125, 1234.5,
    ]);
    expect(['24 000', '24\u00a0000', '24\u202f000', "24'000", '24’000'].map((t) => value(t))).toEqual(
      Array(5).fill(24000),
    );
    expect(value('２４０００')).toBe(24000);
    expect(value('1,234.50')).toBe(1234.5);
  });

  it('that a form fills in are read back as they were, in every language', () => {
    for (const language of ['en', 'de', 'fr', 'de-CH', 'ko', 'ru']) {
      for (const number of [0, 14, 7.5, 1.125, 0.5, 12.0625, 1250.125, 100 / 3600, 24000]) {
        const read = readNumber(editable(number, language), separators(language));
        expect(read, `${number} in ${language}`).toHaveProperty('value');
        expect('value' in read && read.value).toBeCloseTo(number, 8);
      }
    }
  });

  it('ask where a text can be read by a thousandth', () => {
    for (const [text, seps] of [
      ['24.000', english],
      ['24,000', german],
      ['1.500', english],
    ] as const) {
      const read = readNumber(text, seps);
      expect(read).toHaveProperty('why');
      expect('why' in read && read.why).toContain(text.replace(/[.,]/, ''));
    }
  });

  it('take the way of another language where it can only be read one way', () => {
    expect(['7,5', '1.234,5', '1.234.567', '7,50', '0,125', '-3,5'].map((t) => value(t))).toEqual([
      7.5, 1234.5, 1234567, 7.5, 0.125, -3.5,
    ]);
    expect(['7.5', '1,234.5'].map((t) => value(t, german))).toEqual([7.5, 1234.5]);
  });

  it('refuse what is not a number', () => {
    for (const text of [
      'abc',
      '',
      '.',
      ',',
      '1,2,3',
      '12,34,5',
      '1 2',
      '12 00',
      '1.2.3',
      '24 t',
      '24kg',
      '1e5',
      '2.18E+11',
      '--3',
      '1/2',
      '½',
      '∞',
      'NaN',
      '0x10',
      '1,,000',
      ',5',
      '5.',
      '9007199254740993',
      '0.1234567890123456',
    ]) {
      expect(value(text), text).toBe(null);
    }
  });

  it('keep to the bounds of a field', () => {
    expect(readWithin('', { least: 0 })).toHaveProperty('why');
    expect(readWithin('-3', { least: 0 })).toHaveProperty('why');
    expect(readWithin('7.5', { whole: true })).toHaveProperty('why');
    expect(readWithin('10', { most: 9 })).toHaveProperty('why');
    expect(readWithin('7.5', { least: 0, most: 366 }, english)).toEqual({ value: 7.5 });
  });

  it('echo what was understood in the language of the reader', () => {
    expect(written(24000, 'en-GB')).toBe('24,000');
    expect(written(7.5, 'de-DE')).toBe('7,5');
    expect(separators('de-DE')).toEqual(german);
    expect(separators('no such language!')).toEqual(english);
  });
});

describe('a form', () => {
  const context: Context = { subject: { kind: 'lot', id: 'a-1' }, me: 'yun', zone: 'UTC', now: 0 };
  const counted = (mass: string): unknown => build('lot_counted', { pieces: '10', mass_kg: mass }, context);

  it('records twenty-four tonnes as twenty-four tonnes, or nothing', () => {
    expect(counted('24,000')).toEqual({ what: { event: 'lot_counted', lot: 'a-1', pieces: 10, mass_kg: 24000 } });
    expect(counted('24000')).toEqual({ what: { event: 'lot_counted', lot: 'a-1', pieces: 10, mass_kg: 24000 } });
    for (const text of ['24.000', '24.5', 'abc', '-3', '1e3']) expect(counted(text), text).toHaveProperty('errors');
  });

  it('reads the parts of a split as strictly', () => {
    const split = (parts: string): unknown => build('lot_split', { parts }, context);
    expect(split('a-1-1 20 400\na-1-2 20 1,400')).toMatchObject({
      what: {
        parts: [
          { lot: 'a-1-1', pieces: 20, mass_kg: 400 },
          { pieces: 20, mass_kg: 1400 },
        ],
      },
    });
    for (const text of ['a-1-1 20', 'a-1-1 20 4.500', 'a-1-1 -2 400', 'a-1-1 20 400 7', 'a-1-1 abc 3'])
      expect(split(text), text).toHaveProperty('errors');
  });
});
