// Units and slots of a place, drawn without overlapping.
import { describe, expect, it } from 'vitest';

import { corner, head, lay } from './plan';

describe('the plan of a place', () => {
  const unit = (n: number, slots: number | null, cells = 0) => ({
    unit: n,
    slots,
    used: cells,
    broken: false,
    cells: Array.from({ length: cells }, (_, i) => ({ vehicle: false, id: `l${i}`, sign: 'holding' as const })),
  });

  it('keeps units apart and inside the width, and slots inside their unit', () => {
    for (const width of [120, 320, 900]) {
      for (const units of [
        [unit(1, 1200, 700)],
        Array.from({ length: 10 }, (_, i) => unit(i + 1, 8, i)),
        [unit(1, null, 5), unit(2, 4, 6)],
      ]) {
        const plan = lay(units, width, 28);
        for (const [i, a] of plan.units.entries()) {
          expect(a.x + a.width).toBeLessThanOrEqual(Math.max(width, a.width));
          for (const b of plan.units.slice(i + 1)) {
            expect(a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y).toBe(
              true,
            );
          }
          const seen = new Set<string>();
          for (let n = 0; n < a.slots; n += 1) {
            const c = corner(a, n, 28);
            expect(c.x >= a.x && c.x + 28 <= a.x + a.width && c.y >= a.y + head(28) && c.y + 28 <= a.y + a.height).toBe(
              true,
            );
            seen.add(`${c.x},${c.y}`);
          }
          expect(seen.size).toBe(a.slots);
        }
      }
    }
  });
});
