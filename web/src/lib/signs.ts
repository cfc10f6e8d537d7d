// The five signs of screens, print and charts (six, with "in treatment"): a colour, and beside it a mark that is seen
// without colour.
import type { Sign } from '../api/client';

export const SIGNS: readonly Sign[] = ['waiting', 'dirty', 'treating', 'holding', 'releasable', 'exception'];

/** The mark that says the same as the colour. */
export const MARK: Record<Sign, 'outline' | 'hatch' | 'stripe' | 'number' | 'dot' | 'corner'> = {
  waiting: 'outline',
  dirty: 'hatch',
  treating: 'stripe',
  holding: 'number',
  releasable: 'dot',
  exception: 'corner',
};

/**
 * The shade of a hold, 0 (far from release) to 4 (its clock has run): it deepens as release nears.
 *
 * * `days` — days left as shown in the cell; none means that the clock does not run yet.
 */
export function shade(days: number | null | undefined): 0 | 1 | 2 | 3 | 4 {
  if (days == null || days > 14) return 0;
  if (days > 7) return 1;
  if (days > 2) return 2;
  if (days > 0) return 3;
  return 4;
}

/** Letters that mark goods classes in a cell: the shortest beginnings that tell them apart. */
export function classMarks(names: readonly string[]): Map<string, string> {
  const marks = new Map<string, string>();
  for (const name of names) {
    let length = 1;
    while (
      length < name.length &&
      names.some(
        (other) => other !== name && other.slice(0, length).toLowerCase() === name.slice(0, length).toLowerCase(),
      )
    ) {
      length += 1;
    }
    marks.set(name, name.slice(0, 1).toUpperCase() + name.slice(1, length).toLowerCase());
  }
  return marks;
}
