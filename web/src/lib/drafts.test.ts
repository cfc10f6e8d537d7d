import { beforeEach, describe, expect, it } from 'vitest';

import { draftKey, dropAllDrafts, dropDraft, keepDraft, readDraft, texts } from './drafts';

/** The storage of a tab, as much of it as is used. */
class Tab {
  private kept = new Map<string, string>();
  get length(): number {
    return this.kept.size;
  }
  key = (i: number): string | null => [...this.kept.keys()][i] ?? null;
  getItem = (k: string): string | null => this.kept.get(k) ?? null;
  setItem = (k: string, v: string): void => void this.kept.set(k, v);
  removeItem = (k: string): void => void this.kept.delete(k);
}

describe('drafts', () => {
  beforeEach(() => Object.defineProperty(globalThis, 'sessionStorage', { value: new Tab(), configurable: true }));

  it('come back as they were, to the one who typed them', () => {
    const mine = draftKey('yun', 'exception_opened', 'lot', 'A/7');
    keepDraft(mine, { because: 'half a reason' });
    expect(readDraft(mine, texts)).toEqual({ because: 'half a reason' });
    expect(readDraft(draftKey('quinn', 'exception_opened', 'lot', 'A/7'), texts)).toBe(null);
    expect(readDraft(draftKey('yun', 'exception_opened', 'lot', 'A', '7'), texts)).toBe(null);
    dropDraft(mine);
    expect(readDraft(mine, texts)).toBe(null);
  });

  it('of another shape are not taken', () => {
    const key = draftKey('yun', 'noted');
    for (const wrong of ['[1]', '{"a":1}', 'null', 'not json']) {
      sessionStorage.setItem(key, wrong);
      expect(readDraft(key, texts)).toBe(null);
    }
  });

  it('are all gone when their person signs out', () => {
    keepDraft(draftKey('yun', 'a'), { x: '1' });
    keepDraft(draftKey('yun', 'b'), { x: '2' });
    sessionStorage.setItem('else', 'stays');
    dropAllDrafts();
    expect(sessionStorage.length).toBe(1);
  });
});
