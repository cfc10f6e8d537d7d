// Pure logic of the screens: signs, durations, columns, scanner, addresses, forms, the plan of a place.
import { describe, expect, it } from 'vitest';

import { en } from '../words/en';
import { layout, move, press, shown, sorted, toggle } from './columns';
import { build, FIELDS, prefilled, read_spot, sayable, type Context } from './forms';
import { corner, head, lay } from './plan';
import { code } from './qr';
import { address, parse, thing } from './route';
import { ScanBuffer } from './scan';
import { class_marks, MARK, shade, SIGNS } from './signs';
import { opposite } from './undo';
import { days_left, duration, from_field, instant, local, station_clock, to_field } from './time';

describe('signs', () => {
  it('have each a mark of their own besides their colour', () => {
    expect(new Set(SIGNS.map((s) => MARK[s])).size).toBe(SIGNS.length);
    expect(SIGNS.every((s) => en.sign[s])).toBe(true);
  });

  it('deepen as release nears, and never the other way', () => {
    expect([null, 30, 14, 8, 7, 3, 2, 1, 0].map(shade)).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4]);
  });

  it('mark classes with the shortest letters that tell them apart', () => {
    expect([...class_marks(['medicine', 'dairy', 'general']).values()]).toEqual(['M', 'D', 'G']);
    expect([...class_marks(['meat', 'medicine', 'me']).values()]).toEqual(['Mea', 'Med', 'Me']);
  });
});

describe('the hour that comes twice', () => {
  it('shows its offset, and no other hour does', () => {
    const now = Date.parse('2026-10-20T00:00:00Z');
    const shown = (at: string, zone: string) => instant(at, zone, now);
    expect(shown('2026-10-25T00:30:01Z', 'Europe/Berlin')).toBe('25 Oct 02:30 +02:00');
    expect(shown('2026-10-25T01:30:01Z', 'Europe/Berlin')).toBe('25 Oct 02:30 +01:00');
    expect(shown('2026-10-24T23:59:59Z', 'Europe/Berlin')).toBe('25 Oct 01:59');
    expect(shown('2026-10-25T02:00:00Z', 'Europe/Berlin')).toBe('25 Oct 03:00');
    expect(shown('2026-03-29T01:00:00Z', 'Europe/Berlin')).toBe('29 Mar 03:00');
    expect(shown('2026-04-05T03:30:00Z', 'America/Santiago')).toBe('4 Apr 23:30 -04:00');
  });
});

describe('undo', () => {
  const anything = () => true;
  const undo = (what: Record<string, unknown>, events: Record<string, unknown>[] = [what], may: (event: string) => boolean = anything) =>
    opposite({ what, seq: 7, events }, may);

  it('says the opposite of the same thing and names the entry', () => {
    const signed = { event: 'signed', lot: 'a', signer: 'quinn', meaning: 'seen' };
    expect(undo(signed)).toEqual({ what: { event: 'signature_withdrawn', lot: 'a', signer: 'quinn', because: en.undo.because }, seq: 7 });
    const paused = { event: 'work_paused', thing: { lot: 'a' }, step: 'spray', missing: 'power' };
    expect(undo(paused)).toEqual({ what: { event: 'work_resumed', thing: { lot: 'a' }, step: 'spray' }, seq: 7 });
    const closed = { event: 'place_closed', place: 'yard', unit: 2, because: 'ice' };
    expect(undo(closed)).toEqual({ what: { event: 'place_opened', place: 'yard', unit: 2 }, seq: 7 });
    expect(undo({ event: 'place_broken', place: 'yard', unit: 2 })).toEqual({ what: { event: 'place_repaired', place: 'yard', unit: 2 }, seq: 7 });
    expect(undo({ event: 'place_repaired', place: 'yard', unit: 2 })).toEqual({ what: { event: 'place_broken', place: 'yard', unit: 2 }, seq: 7 });
    expect(undo({ event: 'place_opened', place: 'yard', unit: 2 })).toEqual({ what: { event: 'place_closed', place: 'yard', unit: 2, because: en.undo.because }, seq: 7 });
    const opened = { event: 'exception_opened', exception: 'x', lots: ['a'], because: 'wet' };
    expect(undo(opened)).toEqual({ what: { event: 'exception_closed', exception: 'x', because: en.undo.because }, seq: 7 });
    const announced = { event: 'manifest_announced', manifest: 'm', convoy: 'k', source: 'dandong', lines: [] };
    expect(undo(announced)).toEqual({ what: { event: 'manifest_withheld', manifest: 'm', because: en.undo.because }, seq: 7 });
  });

  it('gives the reason where there is none', () => {
    const signed = { event: 'signed', lot: 'a', signer: 'chen', meaning: 'seen' };
    expect(undo(signed, [signed, { event: 'lot_released', lot: 'a' }])).toEqual({ why: en.undo.released });
    const whys = {
      lot_counted: 'fact',
      lot_stored: 'moved',
      vehicle_placed: 'moved',
      lot_loaded: 'loaded',
      signature_withdrawn: 'sign_again',
      exception_closed: 'open_again',
      person_shift_started: 'shift',
      person_shift_ended: 'shift',
      protocol_adopted: 'next_version',
      rules_adopted: 'next_version',
      noted: 'note',
    } as const;
    for (const [event, why] of Object.entries(whys)) expect(undo({ event }), event).toEqual({ why: en.undo[why] });
    const reopened = { event: 'place_opened', place: 'yard', unit: 2, corrects: { record: 6, because: 'x' } };
    expect(undo(reopened)).toEqual({ why: en.undo.correction });
    const opened = { event: 'exception_opened', exception: 'x', lots: ['a'], because: 'wet' };
    expect(undo(opened, [opened], (event) => event !== 'exception_closed')).toEqual({ why: en.undo.not_you });
  });
});

describe('durations', () => {
  it('show the two largest units', () => {
    const min = 60_000;
    expect(duration(4 * min)).toBe('4 min');
    expect(duration(3 * 60 * min + 20 * min)).toBe('3 h 20 min');
    expect(duration((6 * 24 + 3) * 60 * min)).toBe('6 d 3 h');
    expect(duration(24 * 60 * min)).toBe('1 d');
  });

  it('never show a wait shorter than it is', () => {
    for (let ms = 1; ms < 40 * 86_400_000; ms = ms * 3 + 7) {
      const [, d = '0', h = '0', min = '0'] = /^(?:(\d+) d)? ?(?:(\d+) h)? ?(?:(\d+) min)?$/.exec(duration(ms))!;
      expect(((Number(d) * 24 + Number(h)) * 60 + Number(min)) * 60_000).toBeGreaterThanOrEqual(ms);
    }
  });

  it('count days left upwards: a cell says 0 only when the clock has run', () => {
    const now = Date.parse('2022-01-24T05:05:00Z');
    expect(days_left('2022-01-24T05:06:00Z', now)).toBe(1);
    expect(days_left('2022-01-24T05:05:00Z', now)).toBe(0);
    expect(days_left('2022-01-31T05:05:00Z', now)).toBe(7);
    expect(days_left(null, now)).toBe(null);
  });
});

describe('instants', () => {
  const zone = 'Asia/Pyongyang';
  const now = Date.parse('2022-01-24T05:05:00Z');

  it('are shown in the time of the station with its offset', () => {
    expect(station_clock(now, zone)).toBe('Mon 24 Jan 14:05 (+09:00)');
    expect(instant('2022-02-13T23:00:00Z', zone, now)).toBe('14 Feb 08:00');
    expect(instant('2021-12-31T23:00:00Z', 'UTC', now)).toBe('31 Dec 2021 23:00');
    expect(local('a-1 is held until 2022-02-13T23:00:00.5Z, not 2022', zone, now)).toBe('a-1 is held until 14 Feb 08:00, not 2022');
  });

  it('survive a field that knows no zone, also where clocks change', () => {
    for (const z of [zone, 'UTC', 'Europe/Berlin', 'America/St_Johns']) {
      for (const at of ['2022-01-24T05:05:00Z', '2022-07-01T12:00:00Z', '2022-03-27T01:30:00Z', '2022-10-30T03:30:00Z']) {
        expect(from_field(to_field(Date.parse(at), z), z)).toBe(at);
      }
    }
    expect(from_field('yesterday', zone)).toBe(null);
  });
});

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
    expect(layout([{ key: 'a' }, { key: 'new' }, { key: 'b' }], kept)).toEqual({ order: ['b', 'a', 'new'], hidden: [], sort: null });
  });

  it('always leave one column, whatever was kept', () => {
    expect(shown(columns, layout(columns, { order: ['a', 'b', 'c'], hidden: ['a', 'b', 'c'] }))).toHaveLength(1);
    const one = layout([{ key: 'a' }], undefined);
    expect(toggle(one, 'a')).toEqual(one);
    for (const rubbish of [null, 3, 'x', [], { order: 'a', hidden: [1], sort: 7 }]) expect(layout(columns, rubbish).order).toEqual(['a', 'b', 'c']);
  });

  it('sort numbers in names as numbers, empty values last either way, equals as they came', () => {
    const rows = [{ v: 'a-10' }, { v: null }, { v: 'a-2' }, { v: 'a-2' }];
    const by = (down: boolean) => sorted(rows, { key: 'v', down }, (r) => r.v);
    expect(by(false)).toEqual([rows[2], rows[3], rows[0], rows[1]]);
    expect(by(true)).toEqual([rows[0], rows[2], rows[3], rows[1]]);
    expect(sorted(rows, null, (r) => r.v)).toEqual(rows);
  });
});

describe('scanner', () => {
  const type = (text: string, pause: number): string | null => {
    const scanner = new ScanBuffer();
    let at = 1000;
    let found: string | null = null;
    for (const key of [...text, 'Enter']) found = scanner.key(key, (at += pause)) ?? found;
    return found;
  };

  it('is told from a person by its pace', () => {
    expect(type('dandong-1-3-1', 8)).toBe('dandong-1-3-1');
    expect(type('dandong-1-3-1', 140)).toBe(null);
    expect(type('jk', 8)).toBe(null);
  });

  it('does not take what a person typed before as part of the code', () => {
    const scanner = new ScanBuffer();
    scanner.key('j', 0);
    scanner.key('Shift', 990);
    for (const [i, key] of [...'A-17'].entries()) scanner.key(key, 1000 + i * 10);
    expect(scanner.key('Enter', 1040)).toBe('A-17');
  });
});

describe('addresses', () => {
  it('read back, whatever is in a name', () => {
    for (const id of ['dandong-1-3-1', 'a/b', '50 % of it', 'лот-7', 'x?y#z&w=1']) {
      expect(parse(address(['lot', id], { open: `lot:${id}`, none: null }))).toEqual({ path: ['lot', id], query: { open: `lot:${id}` } });
      expect(thing(`lot:${id}`)).toEqual({ kind: 'lot', id });
    }
    expect(parse('#/lot/50%')).toEqual({ path: ['lot', '50%'], query: {} });
    expect(thing('nothing')).toBe(null);
  });
});

describe('forms', () => {
  const context = (kind: Context['subject']['kind'], id: string): Context => ({
    subject: { kind, id },
    me: 'kim',
    zone: 'Asia/Pyongyang',
    now: Date.parse('2022-01-24T05:05:00Z'),
    spot: { place: 'warehouse', unit: 2 },
  });
  const made = (event: string, values: Record<string, string>, kind: Context['subject']['kind'] = 'lot', id = 'a-1'): unknown => {
    const result = build(event, values, context(kind, id));
    return 'what' in result ? result.what : result.errors;
  };

  it('make flat events of what was typed', () => {
    expect(made('lot_stored', { spot: 'yard/1' })).toEqual({ event: 'lot_stored', lot: 'a-1', place: 'yard', unit: 1 });
    expect(made('treatment_started', { step: 'disinfect' })).toEqual({ event: 'treatment_started', lot: 'a-1', step: 'disinfect', place: 'warehouse', unit: 2 });
    expect(made('lot_counted', { pieces: '1 200', mass_kg: '30000' })).toEqual({ event: 'lot_counted', lot: 'a-1', pieces: 1200, mass_kg: 30000 });
    expect(made('signed', { meaning: 'fit' })).toEqual({ event: 'signed', lot: 'a-1', signer: 'kim', meaning: 'fit' });
    expect(made('person_cleared', { until: '2022-03-01T00:00', agents: 'chlorine, phosphine' }, 'person', 'li')).toEqual({
      event: 'person_cleared',
      person: 'li',
      until: '2022-02-28T15:00:00Z',
      agents: ['chlorine', 'phosphine'],
    });
    expect(made('treatment_read', { step: 'disinfect', concentration: '900', temperature: '-3,5' })).toEqual({
      event: 'treatment_read',
      lot: 'a-1',
      step: 'disinfect',
      reading: { at: '2022-01-24T05:05:00.000Z', concentration_mg_m3: 900, temperature_mc: -3500 },
    });
    expect(made('treatment_read', { step: 'disinfect', line: 'top', concentration: '900', temperature: '20' })).toMatchObject({ reading: { line: 'top' } });
    expect(made('contamination_found', { since: '2022-01-24T14:05', because: 'swab' }, 'place', 'yard/3')).toMatchObject({ on: { unit: ['yard', 3] }, since: '2022-01-24T05:05:00Z' });
    expect(made('lot_split', { parts: 'a-1-1 20 400\na-1-2, 30, 600' })).toEqual({
      event: 'lot_split',
      lot: 'a-1',
      parts: [
        { lot: 'a-1-1', pieces: 20, mass_kg: 400 },
        { lot: 'a-1-2', pieces: 30, mass_kg: 600 },
      ],
    });
    expect(made('noted', { text: 'wet' }, 'exception', 'x-1')).toEqual({ event: 'noted', text: 'wet' });
  });

  it('say at which field something is wrong', () => {
    expect(made('lot_counted', { pieces: 'many', mass_kg: '' })).toEqual({ pieces: `${en.field.pieces}: ${en.number.not_a_number}`, mass_kg: en.field.required(en.field.mass_kg) });
    expect(made('lot_counted', { pieces: '1.5', mass_kg: '-3' })).toMatchObject({ pieces: expect.any(String), mass_kg: expect.any(String) });
    expect(made('lot_split', { parts: 'a-1-1 twenty' })).toEqual({ parts: en.field.bad_part });
    expect(made('person_cleared', { until: 'soon' }, 'person', 'li')).toMatchObject({ until: expect.any(String) });
  });

  it('have a word for every event and every field', () => {
    for (const [event, fields] of Object.entries(FIELDS)) {
      expect(en.event[event], event).toBeTruthy();
      expect(sayable(event)).toBe(true);
      for (const f of fields) expect(en.field[(f.label ?? f.name) as keyof typeof en.field], `${event} ${f.name}`).toBeTruthy();
      expect(Object.keys(prefilled(event, context('lot', 'a-1')))).toEqual(fields.map((f) => f.name));
    }
  });

  it('read units, also of places with a slash in their name', () => {
    expect(read_spot('hall/north/12')).toEqual({ place: 'hall/north', unit: 12 });
    for (const bad of ['', 'yard', 'yard/', 'yard/0', 'yard/x', '/1']) expect(read_spot(bad)).toBe(null);
  });
});

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
      for (const units of [[unit(1, 1200, 700)], Array.from({ length: 10 }, (_, i) => unit(i + 1, 8, i)), [unit(1, null, 5), unit(2, 4, 6)]]) {
        const plan = lay(units, width, 28);
        for (const [i, a] of plan.units.entries()) {
          expect(a.x + a.width).toBeLessThanOrEqual(Math.max(width, a.width));
          for (const b of plan.units.slice(i + 1)) {
            expect(a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y).toBe(true);
          }
          const seen = new Set<string>();
          for (let n = 0; n < a.slots; n += 1) {
            const c = corner(a, n, 28);
            expect(c.x >= a.x && c.x + 28 <= a.x + a.width && c.y >= a.y + head(28) && c.y + 28 <= a.y + a.height).toBe(true);
            seen.add(`${c.x},${c.y}`);
          }
          expect(seen.size).toBe(a.slots);
        }
      }
    }
  });
});

describe('QR codes', () => {
  it('are drawn row by row, three finders in the corners', () => {
    const { size, path } = code('dandong-1-3-1');
    expect(size).toBe(21);
    expect(path.startsWith('M0 0h7v1h-7z')).toBe(true);
    expect(path).toContain('M14 0h7v1h-7z');
    expect(path).toContain('M0 20h7v1h-7z');
  });
});
