// Columns of a list: order, what is hidden, sorting.
import { describe, expect, it } from 'vitest';

import { layout, move, press, shown, sorted, toggle } from './columns';

describe('columns', () => {
  const columns = [{ key: 'a' }, { key: 'b' }, { key: 'c', hidden: true }];

  it('are as they come before anybody chose', () => {
    expect(layout(columns, undefined)).toEqual({ order: ['a', 'b', 'c'], hidden: ['c'], sort: null });
  });

  it('remember order, what is hidden and sort', () => {
    let l = layout(columns, undefined);
    l = toggle(l, 'c');
    l = move(l, 'c', -1);
    l = press(l, 'b');
    l = press(l, 'b');
    const again = layout(columns, JSON.parse(JSON.stringify(l)));
    expect(again).toEqual({ order: ['a', 'c', 'b'], hidden: [], sort: { key: 'b', down: true } });
    expect(shown(columns, again).map((c) => c.key)).toEqual(['a', 'c', 'b']);
    expect(press(again, 'b').sort).toBe(null);
  });

  it('put a new column behind its neighbour and forget one that is gone', () => {
    const kept = { order: ['b', 'gone', 'a'], hidden: ['gone'], sort: { key: 'gone', down: true } };
    expect(layout([{ key: 'a' }, { key: 'new' }, { key: 'b' }], kept)).toEqual({
      order: ['b', 'a', 'new'],
      hidden: [],
      sort: null,
    });
  });

  it('always leave one column, whatever was kept', () => {
    expect(shown(columns, layout(columns, { order: ['a', 'b', 'c'], hidden: ['a', 'b', 'c'] }))).toHaveLength(1);
    const one = layout([{ key: 'a' }], undefined);
    expect(toggle(one, 'a')).toEqual(one);
    for (const rubbish of [null, 3, 'x', [], { order: 'a', hidden: [1], sort: 7 }])
      expect(layout(columns, rubbish).order).toEqual(['a', 'b', 'c']);
  });

  it('sort numbers in names as numbers, empty values last either way, equals as they came', () => {
    const rows = [{ v: 'a-10' }, { v: null }, { v: 'a-2' }, { v: 'a-2' }];
    const by = (down: boolean) => sorted(rows, { key: 'v', down }, (r) => r.v);
    expect(by(false)).toEqual([rows[2], rows[3], rows[0], rows[1]]);
    expect(by(true)).toEqual([rows[0], rows[2], rows[3], rows[1]]);
    expect(sorted(rows, null, (r) => r.v)).toEqual(rows);
  });
});
