// Scanners as they are: quick and slow, with Enter or Tab, on other layouts, with FNC1.
import { describe, expect, it } from 'vitest';

import { ScanBuffer, type Scan } from './scan';

type Key = { key: string; code?: string; shift?: boolean; ctrl?: boolean };

function scan(keys: Key[], pause: number, end = 'Enter'): Scan | null {
  const buffer = new ScanBuffer();
  let at = 1000;
  for (const k of keys) expect(buffer.press({ ...k, at: (at += pause) })).toBe(null);
  return buffer.press({ key: end, at: at + pause });
}

/** What a US scanner sends, as a computer with another layout hears it. */
function heard(text: string, layout: (us: string) => string = (x) => x): Key[] {
  return [...text].map((c) => {
    if (/[a-z]/.test(c)) return { key: layout(c), code: `Key${c.toUpperCase()}` };
    if (/[A-Z]/.test(c)) return { key: layout(c), code: `Key${c}`, shift: true };
    if (/\d/.test(c)) return { key: layout(c), code: `Digit${c}` };
    return { key: layout(c), code: c === '-' ? 'Minus' : c === '/' ? 'Slash' : 'Period' };
  });
}

describe('a scanner', () => {
  it('may be slow, and may end with Tab', () => {
    expect(scan(heard('dandong-24-8'), 80)).toEqual({ text: 'dandong-24-8' });
    expect(scan(heard('dandong-24-8'), 8, 'Tab')).toEqual({ text: 'dandong-24-8' });
    expect(scan(heard('A-7'), 8)).toEqual({ text: 'A-7' });
  });

  it('is not a person', () => {
    expect(scan(heard('jk'), 8)).toBe(null);
    expect(scan(heard('lot'), 100)).toBe(null);
    expect(scan(heard('dandong'), 150)).toBe(null);
  });

  it('is read by the places of the keys where the layout is another', () => {
    const russian: Record<string, string> = { P: 'З', A: 'Ф', D: 'В' };
    expect(
      scan(
        heard('PAD-3', (c) => russian[c] ?? c),
        5,
      ),
    ).toEqual({ text: 'PAD-3' });
    const azerty: Record<string, string> = { A: 'Q', Z: 'W', '1': '&', '7': 'è', '2': 'é' };
    expect(
      scan(
        heard('AZ-172', (c) => azerty[c] ?? c),
        5,
      ),
    ).toEqual({ text: 'AZ-172' });
    expect(
      scan(
        heard('PAD-3').map((k) => ({ ...k, key: 'Process' })),
        5,
      ),
    ).toEqual({ text: 'PAD-3' });
  });

  it('says that it was not understood where even the places are unknown', () => {
    expect(
      scan(
        [...'abcd'].map(() => ({ key: 'Process' })),
        5,
      ),
    ).toEqual({ unread: true });
  });

  it('keeps the mark between two elements of a GS1 code', () => {
    const fnc1s: Key[] = [{ key: 'F8', code: 'F8' }, { key: ']', code: 'BracketRight', ctrl: true }, { key: '\u001d' }];
    for (const mark of fnc1s) {
      expect(scan([...heard('10LOT42'), mark, ...heard('3724')], 5)).toEqual({ text: '10LOT42\u001d3724' });
    }
  });
});

describe('scanner', () => {
  const type = (text: string, pause: number): string | null => {
    const scanner = new ScanBuffer();
    let at = 1000;
    let found: string | null = null;
    for (const key of [...text, 'Enter']) found = scanner.key(key, (at += pause)) ?? found;
    return found;
  };

  it('is told from a person by its pace', () => {
    expect(type('dandong-1-3-1', 8)).toBe('dandong-1-3-1');
    expect(type('dandong-1-3-1', 140)).toBe(null);
    expect(type('jk', 8)).toBe(null);
  });

  it('does not take what a person typed before as part of the code', () => {
    const scanner = new ScanBuffer();
    scanner.key('j', 0);
    scanner.key('Shift', 990);
    for (const [i, key] of [...'A-17'].entries()) scanner.key(key, 1000 + i * 10);
    expect(scanner.key('Enter', 1040)).toBe('A-17');
  });
});
