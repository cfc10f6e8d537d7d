// What takes back an entry, where a rule allows it. Pure, so that each can be tried in a test.
//
// Nothing is ever erased: to undo is to say the opposite, as an entry of its own that names the one it corrects.
import type { EventName, Schemas } from '../api/client';
import { w } from '../words';
import type { Said } from './event';
import { roomOf } from './events';
import type { Happening } from './forms';

/** Either the opposite, or why there is none. */
export type Undo = { what: Happening; seq: number } | { why: string };

/**
 * @param may - whether the person may say an event of that name.
 */
export function opposite(said: Said, may: (event: EventName) => boolean): Undo {
  if (said.what['corrects']) return { why: w.undo.correction };
  const made = roomOf(String(said.what['event']))?.undo(said) ?? w.undo.fact;
  if (typeof made === 'string') return { why: made };
  if (!may(made['event'] as EventName)) return { why: w.undo.notYou };
  return { what: made as unknown as Happening, seq: said.seq };
}

/** The same for an answer of the server. */
export function undoOf(
  request: Schemas['CommandRequest'],
  receipt: Schemas['Receipt'],
  may: (event: EventName) => boolean,
): Undo {
  return opposite({ what: request, seq: receipt.seq, events: receipt.events }, may);
}
