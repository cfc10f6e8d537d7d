import { beforeEach, describe, expect, it } from 'vitest';

import { draft_key, drop_all_drafts, drop_draft, keep_draft, read_draft, texts } from './drafts';

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
    const mine = draft_key('yun', 'exception_opened', 'lot', 'A/7');
    keep_draft(mine, { because: 'half a reason' });
    expect(read_draft(mine, texts)).toEqual({ because: 'half a reason' });
    expect(read_draft(draft_key('quinn', 'exception_opened', 'lot', 'A/7'), texts)).toBe(null);
    expect(read_draft(draft_key('yun', 'exception_opened', 'lot', 'A', '7'), texts)).toBe(null);
    drop_draft(mine);
    expect(read_draft(mine, texts)).toBe(null);
  });

  it('of another shape are not taken', () => {
    const key = draft_key('yun', 'noted');
    for (const wrong of ['[1]', '{"a":1}', 'null', 'not json']) {
      sessionStorage.setItem(key, wrong);
      expect(read_draft(key, texts)).toBe(null);
    }
  });

  it('are all gone when their person signs out', () => {
    keep_draft(draft_key('yun', 'a'), { x: '1' });
    keep_draft(draft_key('yun', 'b'), { x: '2' });
    sessionStorage.setItem('else', 'stays');
    drop_all_drafts();
    expect(sessionStorage.length).toBe(1);
  });
});
