// What must be filled in to say an event, and the event made of it. Pure, so that every form can be tried in a test.
import type { Schemas } from '../api/client';
import { w } from '../words';
import { readSpot, spotValue, type Context, type Field, type Loose } from './event';
import { fieldsOf, roomOf } from './events';
import { readNumber, readWithin } from './numbers';
import { fromField, toField } from './time';

/** What a number in a field may be. Temperatures alone may be below zero. */
export function bounds(field: Field): { least?: number; most?: number; whole?: boolean } {
  if (field.kind === 'whole') return { least: 0, most: Number.MAX_SAFE_INTEGER, whole: true };
  return field.name === 'temperature' ? { least: -273.15, most: 2000 } : { least: 0 };
}

/** Whether it undoes or ends something for good. */
export function isGrave(event: string): boolean {
  return roomOf(event)?.grave ?? false;
}

/** Whether a person can say this from a form. */
export function sayable(event: string): boolean {
  return !!roomOf(event)?.form;
}

let counter = 0;

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
  for (const field of fieldsOf(event)) {
    const given = c.values?.[`${event}.${field.name}`] ?? c.values?.[field.name];
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

export function lines(value: string): string[] {
  return value
    .split(/[\n,;]/)
    .map((x) => x.trim())
    .filter(Boolean);
}

export type Happening = Schemas['Happening'];

/** The event, or what is still wrong with the fields. */
export function build(
  event: string,
  values: Record<string, string>,
  c: Context,
): { what: Happening } | { errors: Record<string, string> } {
  const errors: Record<string, string> = {};
  const out: Loose = {};
  for (const field of fieldsOf(event)) {
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
  const made = roomOf(event)?.form?.make(out, c) ?? {};
  return { what: { event, ...made } as Happening };
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
