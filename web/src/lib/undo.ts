// What takes back an entry, where a rule allows it. Pure, so that each can be tried in a test.
//
// Nothing is ever erased: to undo is to say the opposite, as an entry of its own that names the one it corrects.
import type { Schemas } from '../api/client';
import { w } from '../words';
import type { Happening } from './forms';

type Loose = Record<string, unknown>;

/** What was recorded: the command, its number, and what the rules made of it. */
export type Said = { what: Loose; seq: number; events: Loose[] };

/** Either the opposite, or why there is none. */
export type Undo = { what: Happening; seq: number } | { why: string };

/**
 * @param may - whether the person may say an event of that name.
 */
export function opposite(said: Said, may: (event: string) => boolean): Undo {
  const { what, seq, events } = said;
  const because = w.undo.because;
  const spot = { place: what['place'], unit: what['unit'] };
  const made = ((): Loose | string => {
    if (what['corrects']) return w.undo.correction;
    switch (what['event']) {
      case 'signed':
        if (events.some((e) => e['event'] === 'lot_released')) return w.undo.released;
        return {
          event: 'signature_withdrawn',
          lot: what['lot'],
          signer: events.find((e) => e['event'] === 'signed')?.['signer'],
          because,
        };
      case 'place_closed':
        return { event: 'place_opened', ...spot };
      case 'place_opened':
        return { event: 'place_closed', ...spot, because };
      case 'place_broken':
        return { event: 'place_repaired', ...spot };
      case 'place_repaired':
        return { event: 'place_broken', ...spot };
      case 'work_paused':
        return { event: 'work_resumed', thing: what['thing'], step: what['step'] };
      case 'exception_opened':
        return { event: 'exception_closed', exception: what['exception'], because };
      case 'manifest_announced':
        return { event: 'manifest_withheld', manifest: what['manifest'], because };
      case 'lot_stored':
      case 'vehicle_placed':
        return w.undo.moved;
      case 'lot_loaded':
        return w.undo.loaded;
      case 'signature_withdrawn':
        return w.undo.signAgain;
      case 'exception_closed':
        return w.undo.openAgain;
      case 'person_shift_started':
      case 'person_shift_ended':
        return w.undo.shift;
      case 'protocol_adopted':
      case 'rules_adopted':
        return w.undo.nextVersion;
      case 'noted':
        return w.undo.note;
      default:
        return w.undo.fact;
    }
  })();
  if (typeof made === 'string') return { why: made };
  if (!may(String(made['event']))) return { why: w.undo.notYou };
  return { what: made as unknown as Happening, seq };
}

/** The same for an answer of the server. */
export function undoOf(
  request: Schemas['CommandRequest'],
  receipt: Schemas['Receipt'],
  may: (event: string) => boolean,
): Undo {
  return opposite({ what: request, seq: receipt.seq, events: receipt.events }, may);
}
