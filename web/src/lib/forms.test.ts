// Events made of what was typed, and what is said where something is wrong.
import { describe, expect, it } from 'vitest';

import { en } from '../words/en';
import { readSpot, type Context } from './event';
import { EVENT_NAMES, fieldsOf } from './events';
import { build, prefilled, sayable } from './forms';

describe('forms', () => {
  const context = (kind: Context['subject']['kind'], id: string): Context => ({
    subject: { kind, id },
    me: 'kim',
    zone: 'Asia/Pyongyang',
    now: Date.parse('2022-01-24T05:05:00Z'),
    spot: { place: 'warehouse', unit: 2 },
  });
  const made = (
    event: string,
    values: Record<string, string>,
    kind: Context['subject']['kind'] = 'lot',
    id = 'a-1',
  ): unknown => {
    const result = build(event, values, context(kind, id));
    return 'what' in result ? result.what : result.errors;
  };

  it('make flat events of what was typed', () => {
    expect(made('lot_stored', { spot: 'yard/1' })).toEqual({ event: 'lot_stored', lot: 'a-1', place: 'yard', unit: 1 });
    expect(made('treatment_started', { step: 'disinfect' })).toEqual({
      event: 'treatment_started',
      lot: 'a-1',
      step: 'disinfect',
      place: 'warehouse',
      unit: 2,
    });
    expect(made('lot_counted', { pieces: '1 200', mass_kg: '30000' })).toEqual({
      event: 'lot_counted',
      lot: 'a-1',
      pieces: 1200,
      mass_kg: 30000,
    });
    expect(made('signed', { meaning: 'fit' })).toEqual({ event: 'signed', lot: 'a-1', signer: 'kim', meaning: 'fit' });
    expect(
      made('person_cleared', { until: '2022-03-01T00:00', agents: 'chlorine, phosphine' }, 'person', 'li'),
    ).toEqual({
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
    expect(
      made('treatment_read', { step: 'disinfect', line: 'top', concentration: '900', temperature: '20' }),
    ).toMatchObject({ reading: { line: 'top' } });
    expect(
      made('contamination_found', { since: '2022-01-24T14:05', because: 'swab' }, 'place', 'yard/3'),
    ).toMatchObject({ on: { unit: ['yard', 3] }, since: '2022-01-24T05:05:00Z' });
    expect(made('lot_split', { parts: 'a-1-1 20 400\na-1-2, 30, 600' })).toEqual({
      event: 'lot_split',
      lot: 'a-1',
      parts: [
        { lot: 'a-1-1', pieces: 20, mass_kg: 400 },
        { lot: 'a-1-2', pieces: 30, mass_kg: 600 },
      ],
    });
    expect(made('convoy_postponed', { due: '2022-01-26T09:00', because: 'ice' }, 'convoy', 'c-1')).toEqual({
      event: 'convoy_postponed',
      convoy: 'c-1',
      due: '2022-01-26T00:00:00Z',
      because: 'ice',
    });
    expect(made('name_voided', { because: 'misread' }, 'vehicle', '31-1')).toEqual({
      event: 'name_voided',
      thing: { vehicle: '31-1' },
      because: 'misread',
    });
    expect(made('noted', { text: 'wet' }, 'exception', 'x-1')).toEqual({ event: 'noted', text: 'wet' });
  });

  it('say at which field something is wrong', () => {
    expect(made('lot_counted', { pieces: 'many', mass_kg: '' })).toEqual({
      pieces: `${en.field.pieces}: ${en.number.notANumber}`,
      mass_kg: en.field.required(en.field.mass_kg),
    });
    expect(made('lot_counted', { pieces: '1.5', mass_kg: '-3' })).toMatchObject({
      pieces: expect.any(String) as string,
      mass_kg: expect.any(String) as string,
    });
    expect(made('lot_split', { parts: 'a-1-1 twenty' })).toEqual({ parts: en.field.badPart });
    expect(made('person_cleared', { until: 'soon' }, 'person', 'li')).toMatchObject({
      until: expect.any(String) as string,
    });
  });

  it('have a word for every event and every field', () => {
    for (const event of EVENT_NAMES) {
      const fields = fieldsOf(event);
      expect(en.event[event], event).toBeTruthy();
      expect(sayable(event) || fields.length === 0, event).toBe(true);
      for (const f of fields)
        expect(en.field[(f.label ?? f.name) as keyof typeof en.field], `${event} ${f.name}`).toBeTruthy();
      expect(Object.keys(prefilled(event, context('lot', 'a-1')))).toEqual(fields.map((f) => f.name));
    }
  });

  it('read units, also of places with a slash in their name', () => {
    expect(readSpot('hall/north/12')).toEqual({ place: 'hall/north', unit: 12 });
    for (const bad of ['', 'yard', 'yard/', 'yard/0', 'yard/x', '/1']) expect(readSpot(bad)).toBe(null);
  });
});
