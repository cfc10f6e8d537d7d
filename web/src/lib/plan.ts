// Where the cells of a place are drawn: units beside one another, slots as a field of cells.
import type { Schemas } from '../api/client';

export type Drawn = {
  unit: Schemas['SiteUnit'];
  x: number;
  y: number;
  width: number;
  height: number;
  columns: number;
  /** Slots drawn; at least as many as are taken. */
  slots: number;
};

/** Height of a unit's heading, which opens its card: as high as a finger is wide where cells are. */
export const head = (cell: number): number => (cell >= 44 ? 44 : 18);
const GAP = 8;

/**
 * Lays the units of a place out in rows of at most `width`.
 *
 * * `cell` — the side of a cell.
 */
export function lay(
  units: readonly Schemas['SiteUnit'][],
  width: number,
  cell: number,
): { units: Drawn[]; width: number; height: number } {
  const out: Drawn[] = [];
  let x = 0;
  let y = 0;
  let row = 0;
  let widest = 0;
  const most = Math.max(1, Math.floor((width - 2) / cell));
  for (const unit of units) {
    const slots = Math.max(unit.slots ?? 0, unit.cells.length, 1);
    // Small units are squat blocks; a yard of hundreds of slots fills the width.
    const columns = Math.min(
      most,
      slots <= 12 ? Math.ceil(slots / 2) : slots <= 60 ? Math.max(6, Math.ceil(Math.sqrt(slots * 2))) : most,
    );
    const w = Math.max(columns * cell + 2, 44);
    const h = head(cell) + Math.ceil(slots / columns) * cell + 2;
    if (x > 0 && x + w > width) {
      x = 0;
      y += row + GAP;
      row = 0;
    }
    out.push({ unit, x, y, width: w, height: h, columns, slots });
    x += w + GAP;
    widest = Math.max(widest, x - GAP);
    row = Math.max(row, h);
  }
  return { units: out, width: widest, height: y + row };
}

/** The middle left corner of slot `n` of a unit. */
export function corner(unit: Drawn, n: number, cell: number): { x: number; y: number } {
  return {
    x: unit.x + 1 + (n % unit.columns) * cell,
    y: unit.y + head(cell) + 1 + Math.floor(n / unit.columns) * cell,
  };
}
