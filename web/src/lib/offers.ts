// What may be recorded of a thing: what the server tried out for us, and what else its card offers.
import type { EventName, Schemas } from '../api/client';
import type { Cards } from './event';
import { EVENT_NAMES, roomOf } from './events';

type Action = Schemas['Action'];
export type Offered = Action & { rare?: boolean };

/**
 * @param known - what the server tried out.
 * @param may - whether the person may say an event of that name.
 */
export function offers<K extends keyof Cards>(
  kind: K,
  card: Cards[K],
  may: (event: EventName) => boolean,
  known: readonly Action[] = [],
): Offered[] {
  const more: Offered[] = [];
  for (const event of EVENT_NAMES) {
    const offer = roomOf(event)?.on[kind]?.(card);
    if (!offer || !may(event) || known.some((a) => a.event === event)) continue;
    more.push({ event, possible: true, ...(offer === 'rare' ? { rare: true } : {}) });
  }
  return [...known, ...more];
}
