// What must be filled in to say an event, and the event made of it. Pure, so that every form can be tried in a test.
import type { Schemas, Spot } from '../api/client';
import { w } from '../words';
import { readNumber, readWithin } from './numbers';
import { fromField, toField } from './time';

export type Subject = {
  kind: 'lot' | 'vehicle' | 'person' | 'convoy' | 'manifest' | 'exception' | 'departure' | 'place';
  id: string;
};

export type Kind =
  'text' | 'long' | 'whole' | 'decimal' | 'when' | 'lines' | 'spot' | 'choice' | 'suggest' | 'parts' | 'roles';

/** Where the options of a choice come from. */
export type Options =
  | 'goods'
  | 'treatments'
  | 'inspections'
  | 'vehicleSteps'
  | 'unloadSteps'
  | 'dispatchSteps'
  | 'tests'
  | 'agents'
  | 'sources'
  | 'outcomes'
  | 'findings'
  | 'people'
  | 'samples'
  | 'departures'
  | 'lotsExpected';

export type Field = { name: string; kind: Kind; options?: Options; optional?: boolean; label?: string };

/** What is known where the form stands. */
export type Context = {
  subject: Subject;
  me: string;
  zone: string;
  now: number;
  spot?: Spot | null;
  goods?: string | null;
  values?: Record<string, string>;
};

const because: Field = { name: 'because', kind: 'long' };
const spot: Field = { name: 'spot', kind: 'spot' };
const pieces: Field = { name: 'pieces', kind: 'whole' };
const mass: Field = { name: 'mass_kg', kind: 'whole' };
const treatment: Field = { name: 'step', kind: 'choice', options: 'treatments' };

/** Fields of each event; what is not here cannot be said from a form. */
export const FIELDS: Record<string, Field[]> = {
  convoy_arrived: [
    { name: 'source', kind: 'choice', options: 'sources' },
    { name: 'vehicles', kind: 'lines' },
  ],
  vehicle_placed: [spot],
  vehicle_left: [],
  vehicle_step_started: [{ name: 'step', kind: 'choice', options: 'vehicleSteps' }],
  vehicle_step_ended: [{ name: 'step', kind: 'choice', options: 'vehicleSteps' }],
  unloading_started: [{ name: 'step', kind: 'choice', options: 'unloadSteps' }],
  lot_unloaded: [
    { name: 'lot', kind: 'suggest', options: 'lotsExpected' },
    { name: 'goods', kind: 'choice', options: 'goods' },
    spot,
  ],
  lot_stored: [spot],
  treatment_started: [treatment],
  treatment_dosed: [
    treatment,
    { name: 'agent', kind: 'suggest', options: 'agents' },
    { name: 'dose_mg_m3', kind: 'whole', optional: true },
    { name: 'batch', kind: 'text', optional: true },
  ],
  treatment_read: [
    treatment,
    { name: 'line', kind: 'text', optional: true },
    { name: 'concentration', kind: 'whole' },
    { name: 'temperature', kind: 'decimal' },
  ],
  treatment_ended: [treatment],
  work_paused: [treatment, { name: 'missing', kind: 'text' }],
  work_resumed: [treatment],
  inspection_started: [{ name: 'step', kind: 'choice', options: 'inspections' }],
  lot_inspected: [
    { name: 'step', kind: 'choice', options: 'inspections' },
    { name: 'finding', kind: 'choice', options: 'findings' },
  ],
  sample_taken: [
    { name: 'test', kind: 'suggest', options: 'tests' },
    { name: 'sample', kind: 'text' },
  ],
  result_entered: [
    { name: 'sample', kind: 'suggest', options: 'samples' },
    { name: 'outcome', kind: 'choice', options: 'outcomes' },
  ],
  signed: [{ name: 'meaning', kind: 'long' }],
  signature_withdrawn: [because],
  credit_witnessed: [{ name: 'from', kind: 'when' }],
  clock_credited: [
    { name: 'from', kind: 'when' },
    { name: 'witness', kind: 'suggest', options: 'people' },
  ],
  lot_counted: [pieces, mass],
  loss_declared: [pieces, mass, because],
  lot_split: [{ name: 'parts', kind: 'parts' }],
  contact_seen: [{ name: 'lots', kind: 'lines' }, because],
  contamination_found: [{ name: 'since', kind: 'when' }, because],
  exception_opened: [because],
  exception_closed: [because],
  lot_loaded: [
    { name: 'departure', kind: 'suggest', options: 'departures' },
    { name: 'wagon', kind: 'text', optional: true },
  ],
  departed: [{ name: 'step', kind: 'choice', options: 'dispatchSteps' }],
  lot_sent: [spot],
  lot_destroyed: [],
  lot_sent_back: [],
  vehicle_checked: [
    { name: 'mark', kind: 'text' },
    { name: 'seals', kind: 'lines', optional: true },
  ],
  vehicle_emptied: [],
  vehicle_washed: [],
  vehicle_sealed: [{ name: 'seal', kind: 'text' }],
  vehicle_released: [],
  vehicle_returned: [{ name: 'source', kind: 'choice', options: 'sources' }],
  person_appointed: [{ name: 'roles', kind: 'roles' }],
  person_cleared: [
    { name: 'until', kind: 'when' },
    { name: 'agents', kind: 'lines', optional: true },
  ],
  clearance_lapsed: [because],
  person_shift_started: [],
  person_shift_ended: [],
  person_passed_gate: [],
  person_reported_sick: [{ name: 'since', kind: 'when' }],
  manifest_withheld: [because],
  manifest_refused: [because],
  trial_declared: [],
  place_opened: [],
  place_closed: [because],
  place_broken: [],
  capacity_changed: [{ name: 'slots', kind: 'whole' }],
  place_repaired: [],
  noted: [{ name: 'text', kind: 'long' }],
};

/** What a number in a field may be. Temperatures alone may be below zero. */
export function bounds(field: Field): { least?: number; most?: number; whole?: boolean } {
  if (field.kind === 'whole') return { least: 0, most: Number.MAX_SAFE_INTEGER, whole: true };
  return field.name === 'temperature' ? { least: -273.15, most: 2000 } : { least: 0 };
}

/** Events that undo or end something for good: asked for twice, in red. */
export const GRAVE = new Set([
  'lot_destroyed',
  'lot_sent_back',
  'contamination_found',
  'manifest_refused',
  'exception_opened',
]);

/** Whether a person can say this from a form. */
export function sayable(event: string): boolean {
  return event in FIELDS;
}

let counter = 0;

/** A name for an exception that a person can say over the radio. */
export function exceptionName(now: number): string {
  const day = new Date(now).toISOString().slice(2, 10).replaceAll('-', '');
  const random = Math.floor(Math.random() * 36 ** 4);
  return `x-${day}-${random.toString(36).padStart(4, '0')}`;
}

/** A command's key: the same whenever the same command is sent again. */
export function commandKey(): string {
  if (typeof crypto !== 'undefined' && 'randomUUID' in crypto) return crypto.randomUUID();
  // Without TLS a browser has no `randomUUID`; a key need only differ from every other.
  counter += 1;
  return `w-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 12)}-${counter}`;
}

/** What stands in the fields before anybody types. */
export function prefilled(event: string, c: Context): Record<string, string> {
  const filled: Record<string, string> = {};
  for (const field of FIELDS[event] ?? []) {
    const given = c.values?.[field.name];
    if (given !== undefined) filled[field.name] = given;
    else if (field.name === 'meaning') filled['meaning'] = w.defaultMeaning;
    else if (field.name === 'mark') filled['mark'] = '';
    else if (field.name === 'until') filled['until'] = toField(c.now + 30 * 86_400_000, c.zone);
    else if (field.kind === 'when') filled[field.name] = toField(c.now, c.zone);
    else if (field.name === 'sample') filled['sample'] = '';
    else if (field.kind === 'spot' && event === 'lot_unloaded' && c.spot) filled['spot'] = spotValue(c.spot);
    else filled[field.name] = '';
  }
  return filled;
}

/** A unit as the value of a choice. */
export function spotValue(s: Spot): string {
  return `${s.place}/${s.unit}`;
}

export function readSpot(value: string): Spot | null {
  const at = value.lastIndexOf('/');
  const unit = Number(value.slice(at + 1));
  return at > 0 && Number.isInteger(unit) && unit >= 1 ? { place: value.slice(0, at), unit } : null;
}

export function lines(value: string): string[] {
  return value
    .split(/[\n,;]/)
    .map((x) => x.trim())
    .filter(Boolean);
}

export type Happening = Schemas['Happening'];
type Loose = Record<string, unknown>;

/** The event, or what is still wrong with the fields. */
export function build(
  event: string,
  values: Record<string, string>,
  c: Context,
): { what: Happening } | { errors: Record<string, string> } {
  const errors: Record<string, string> = {};
  const out: Loose = {};
  for (const field of FIELDS[event] ?? []) {
    const raw = (values[field.name] ?? '').trim();
    const label = w.field[(field.label ?? field.name) as keyof typeof w.field] as string;
    if (!raw && field.optional) continue;
    if (!raw) {
      errors[field.name] = w.field.required(label);
      continue;
    }
    if (field.kind === 'whole' || field.kind === 'decimal') {
      const read = readWithin(raw, bounds(field));
      if ('why' in read) errors[field.name] = `${label}: ${read.why}`;
      else out[field.name] = read.value;
    } else if (field.kind === 'when') {
      const at = fromField(raw, c.zone);
      if (at) out[field.name] = at;
      else errors[field.name] = w.field.notAnInstant(label);
    } else if (field.kind === 'spot') {
      const at = readSpot(raw);
      if (at) Object.assign(out, at);
      else errors[field.name] = w.field.required(label);
    } else if (field.kind === 'lines' || field.kind === 'roles') {
      out[field.name] = lines(raw);
    } else if (field.kind === 'parts') {
      const parts = raw
        .split('\n')
        .filter((l) => l.trim())
        .map(readPart);
      if (parts.every((p) => p !== null)) out['parts'] = parts;
      else errors['parts'] = w.field.badPart;
    } else out[field.name] = raw;
  }
  if (Object.keys(errors).length) return { errors };
  return { what: { event, ...shaped(event, out, c) } as Happening };
}

function readPart(line: string): { lot: string; pieces: number; mass_kg: number } | null {
  // Blanks, semicolons or a comma with a blank part the columns; any other comma belongs to a number.
  const cells = line.trim().split(/\s*;\s*|,\s+|\s+/);
  if (cells.length !== 3) return null;
  const [lot, pieces, mass] = [cells[0]!, readNumber(cells[1]!), readNumber(cells[2]!)];
  if (!lot || 'why' in pieces || 'why' in mass) return null;
  const fits = (n: number): boolean => Number.isInteger(n) && n >= 0;
  return fits(pieces.value) && fits(mass.value) ? { lot, pieces: pieces.value, mass_kg: mass.value } : null;
}

/** The fields beside those that are typed: who and what it is about, and where. */
function shaped(event: string, out: Loose, c: Context): Loose {
  const id = c.subject.id;
  switch (event) {
    case 'convoy_arrived':
    case 'trial_declared':
      return { convoy: id, ...out };
    case 'vehicle_left':
    case 'vehicle_step_started':
    case 'vehicle_step_ended':
    case 'unloading_started':
      return { vehicle: id, ...c.spot, ...out };
    case 'vehicle_placed':
    case 'vehicle_emptied':
    case 'vehicle_washed':
    case 'vehicle_sealed':
    case 'vehicle_released':
    case 'vehicle_returned':
    case 'vehicle_checked':
      return { vehicle: id, ...(event === 'vehicle_checked' ? { seals: [] } : {}), ...out };
    case 'lot_unloaded':
      return { vehicle: id, ...out };
    case 'treatment_started':
    case 'treatment_ended':
    case 'inspection_started':
      return { lot: id, ...c.spot, ...out };
    case 'treatment_read':
      return {
        lot: id,
        step: out['step'],
        reading: {
          at: new Date(c.now).toISOString(),
          concentration_mg_m3: out['concentration'],
          temperature_mc: Math.round((out['temperature'] as number) * 1000),
          ...(out['line'] ? { line: out['line'] } : {}),
        },
      };
    case 'result_entered':
      return { ...out, exception: exceptionName(c.now) };
    case 'work_paused':
      return { thing: { lot: id }, step: out['step'], cause: { no_resource: out['missing'] } };
    case 'work_resumed':
      return { thing: { lot: id }, ...out };
    case 'signature_withdrawn':
    case 'signed':
      return { lot: id, signer: c.me, ...out };
    case 'contact_seen':
      return { ...out, lots: [...new Set([id, ...(out['lots'] as string[])])] };
    case 'contamination_found':
      return { on: soiled(c.subject), exception: exceptionName(c.now), ...out };
    case 'exception_opened':
      return { exception: exceptionName(c.now), lots: [id], ...out };
    case 'exception_closed':
      return { exception: id, ...out };
    case 'departed':
      return { departure: id, lots: Number(c.values?.['lots'] ?? 0), ...out };
    case 'person_appointed':
    case 'person_cleared':
    case 'clearance_lapsed':
    case 'person_shift_started':
    case 'person_shift_ended':
    case 'person_passed_gate':
      return { person: id, ...out };
    case 'person_reported_sick':
      return { person: id, exception: exceptionName(c.now), ...out };
    case 'manifest_withheld':
    case 'manifest_refused':
      return { manifest: id, ...out };
    case 'place_opened':
    case 'place_closed':
    case 'place_broken':
    case 'place_repaired':
      return { ...readSpot(id), ...out };
    case 'capacity_changed':
      // The slots of the place, in all its units together.
      return { place: readSpot(id)?.place ?? id, ...out };
    case 'noted':
      return { ...thingOf(c.subject), ...out };
    default:
      return { lot: id, ...out };
  }
}

function soiled(s: Subject): unknown {
  if (s.kind === 'vehicle') return { vehicle: s.id };
  const at = s.kind === 'place' ? readSpot(s.id) : null;
  return at ? { unit: [at.place, at.unit] } : { lot: s.id };
}

function thingOf(s: Subject): Loose {
  // Notes stand on lots, vehicles and convoys; on anything else they are notes on the gateway that name it.
  return s.kind === 'lot' || s.kind === 'vehicle' || s.kind === 'convoy' ? { thing: { [s.kind]: s.id } } : {};
}
