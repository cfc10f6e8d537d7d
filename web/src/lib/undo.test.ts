// What takes an entry back, or why nothing does.
import { describe, expect, it } from 'vitest';

import { en } from '../words/en';
import { opposite } from './undo';

describe('undo', () => {
  const anything = () => true;
  const undo = (
    what: Record<string, unknown>,
    events: Record<string, unknown>[] = [what],
    may: (event: string) => boolean = anything,
  ) => opposite({ what, seq: 7, events }, may);

  it('says the opposite of the same thing and names the entry', () => {
    const signed = { event: 'signed', lot: 'a', signer: 'quinn', meaning: 'seen' };
    expect(undo(signed)).toEqual({
      what: { event: 'signature_withdrawn', lot: 'a', signer: 'quinn', because: en.undo.because },
      seq: 7,
    });
    const paused = { event: 'work_paused', thing: { lot: 'a' }, step: 'spray', missing: 'power' };
    expect(undo(paused)).toEqual({ what: { event: 'work_resumed', thing: { lot: 'a' }, step: 'spray' }, seq: 7 });
    const closed = { event: 'place_closed', place: 'yard', unit: 2, because: 'ice' };
    expect(undo(closed)).toEqual({ what: { event: 'place_opened', place: 'yard', unit: 2 }, seq: 7 });
    expect(undo({ event: 'place_broken', place: 'yard', unit: 2 })).toEqual({
      what: { event: 'place_repaired', place: 'yard', unit: 2 },
      seq: 7,
    });
    expect(undo({ event: 'place_repaired', place: 'yard', unit: 2 })).toEqual({
      what: { event: 'place_broken', place: 'yard', unit: 2 },
      seq: 7,
    });
    expect(undo({ event: 'place_opened', place: 'yard', unit: 2 })).toEqual({
      what: { event: 'place_closed', place: 'yard', unit: 2, because: en.undo.because },
      seq: 7,
    });
    const opened = { event: 'exception_opened', exception: 'x', lots: ['a'], because: 'wet' };
    expect(undo(opened)).toEqual({
      what: { event: 'exception_closed', exception: 'x', because: en.undo.because },
      seq: 7,
    });
    const announced = { event: 'manifest_announced', manifest: 'm', convoy: 'k', source: 'dandong', lines: [] };
    expect(undo(announced)).toEqual({
      what: { event: 'manifest_withheld', manifest: 'm', because: en.undo.because },
      seq: 7,
    });
  });

  it('gives the reason where there is none', () => {
    const signed = { event: 'signed', lot: 'a', signer: 'chen', meaning: 'seen' };
    expect(undo(signed, [signed, { event: 'lot_released', lot: 'a' }])).toEqual({ why: en.undo.released });
    const whys = {
      lot_counted: 'fact',
      lot_stored: 'moved',
      vehicle_placed: 'moved',
      lot_loaded: 'loaded',
      signature_withdrawn: 'signAgain',
      exception_closed: 'openAgain',
      person_shift_started: 'shift',
      person_shift_ended: 'shift',
      protocol_adopted: 'nextVersion',
      rules_adopted: 'nextVersion',
      noted: 'note',
    } as const;
    for (const [event, why] of Object.entries(whys)) expect(undo({ event }), event).toEqual({ why: en.undo[why] });
    const reopened = { event: 'place_opened', place: 'yard', unit: 2, corrects: { record: 6, because: 'x' } };
    expect(undo(reopened)).toEqual({ why: en.undo.correction });
    const opened = { event: 'exception_opened', exception: 'x', lots: ['a'], because: 'wet' };
    expect(undo(opened, [opened], (event) => event !== 'exception_closed')).toEqual({ why: en.undo.notYou });
  });
});
