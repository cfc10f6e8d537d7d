// Which columns of a list somebody sees, in which order and sorted how; kept for each person.

export type Sort = { key: string; down: boolean };
export type Layout = { order: string[]; hidden: string[]; sort: Sort | null };
export type Column = { key: string; hidden?: boolean };

/** The layout to draw: what was kept, with columns that are new since added and those that are gone left out. */
export function layout(columns: readonly Column[], kept: unknown): Layout {
  const keys = columns.map((c) => c.key);
  const k = (kept && typeof kept === 'object' ? kept : {}) as Partial<Record<keyof Layout, unknown>>;
  const known = (list: unknown): string[] =>
    Array.isArray(list) ? [...new Set(list.filter((x): x is string => typeof x === 'string' && keys.includes(x)))] : [];
  const order = known(k.order);
  // A new column goes behind the one that it follows by default, not to the end.
  for (const [i, key] of keys.entries()) {
    if (order.includes(key)) continue;
    const before = keys
      .slice(0, i)
      .reverse()
      .find((x) => order.includes(x));
    order.splice(before === undefined ? 0 : order.indexOf(before) + 1, 0, key);
  }
  const seen = Array.isArray(k.order) ? new Set(known(k.order)) : null;
  const hidden = known(k.hidden);
  for (const c of columns) {
    if (c.hidden && !(seen?.has(c.key) ?? false) && !hidden.includes(c.key)) hidden.push(c.key);
  }
  // A list without any column could not be opened again.
  if (hidden.length === keys.length) hidden.splice(hidden.indexOf(order[0]!), 1);
  const s = k.sort as Partial<Sort> | null | undefined;
  const sort = s && typeof s.key === 'string' && keys.includes(s.key) ? { key: s.key, down: s.down === true } : null;
  return { order, hidden, sort };
}

/** The columns that are shown, in order. */
export function shown<C extends Column>(columns: readonly C[], l: Layout): C[] {
  return l.order.filter((k) => !l.hidden.includes(k)).map((k) => columns.find((c) => c.key === k)!);
}

/** Shows a column or hides it; the last one stays. */
export function toggle(l: Layout, key: string): Layout {
  if (l.hidden.includes(key)) return { ...l, hidden: l.hidden.filter((k) => k !== key) };
  if (l.order.length - l.hidden.length <= 1) return l;
  return { ...l, hidden: [...l.hidden, key] };
}

/** Moves a column one place towards the front or the back. */
export function move(l: Layout, key: string, by: -1 | 1): Layout {
  const order = [...l.order];
  const from = order.indexOf(key);
  const to = from + by;
  if (from < 0 || to < 0 || to >= order.length) return l;
  [order[from], order[to]] = [order[to]!, order[from]!];
  return { ...l, order };
}

/** A press on a heading: up, down, then as the server sends it. */
export function press(l: Layout, key: string): Layout {
  const s = l.sort;
  const sort = s?.key !== key ? { key, down: false } : s.down ? null : { key, down: true };
  return { ...l, sort };
}

type Value = string | number | boolean | null | undefined;

/** Rows sorted by a value; empty values last whichever way, equal ones in the order they came. */
export function sorted<R>(rows: readonly R[], sort: Sort | null, value: (row: R, key: string) => Value): R[] {
  if (!sort) return [...rows];
  const way = sort.down ? -1 : 1;
  const empty = (v: Value): boolean => v === null || v === undefined || v === '';
  return rows
    .map((row, i) => ({ row, i, v: value(row, sort.key) }))
    .sort((a, b) => {
      if (empty(a.v) || empty(b.v)) return Number(empty(a.v)) - Number(empty(b.v)) || a.i - b.i;
      const order =
        typeof a.v === 'string' && typeof b.v === 'string'
          ? a.v.localeCompare(b.v, undefined, { numeric: true })
          : Number(a.v) - Number(b.v);
      return order * way || a.i - b.i;
    })
    .map((x) => x.row);
}
