// Numbers as people type them, read strictly: a separator that could mean two things is asked about, never guessed.
import { locale, w } from '../words';

/** What was understood, or why nothing was. */
export type Typed = { value: number } | { why: string };

/** How a reader's locale separates: `1,234.5` is `{ group: ',', point: '.' }`. */
export type Separators = { group: string; point: string };

/** The separators of the browser's own language, which is how the person at it types. */
export function separators(language: string = globalThis.navigator?.language ?? locale): Separators {
  let parts: Intl.NumberFormatPart[];
  try {
    parts = new Intl.NumberFormat(language, { useGrouping: true }).formatToParts(1_234_567.5);
  } catch {
    parts = new Intl.NumberFormat(locale).formatToParts(1_234_567.5);
  }
  const of = (type: string, otherwise: string): string => parts.find((p) => p.type === type)?.value ?? otherwise;
  return { group: of('group', ','), point: of('decimal', '.') };
}

const SPACES = /[\s\u00a0\u2007\u2009\u202f'’_]/g;

/**
 * Reads a number. Full-width digits are digits; spaces and apostrophes between groups of three are grouping in every
 * language. `7,5` and `1.234,5` can only be read one way and are. A lone comma or point before exactly three digits groups
 * where the reader's language groups by it; elsewhere `24.000` may be 24 or 24 000, so the person is asked.
 */
export function readNumber(text: string, seps: Separators = separators()): Typed {
  const given = text.normalize('NFKC').trim().replace('−', '-');
  const bare = given.replace(/^[+-]/, '');
  if (!/^[\d.,\s\u00a0\u2007\u2009\u202f'’_]+$/.test(bare) || !/\d/.test(bare)) {
    const unit = /^[\d.,\s]+\s*(\p{L}[\p{L}³²/°]*|%)$/u.exec(bare);
    return {
      why: unit
        ? w.number.hasUnit(unit[1]!)
        : /^[\d.,]+e[+-]?\d+$/i.test(bare)
          ? w.number.scientific
          : w.number.notANumber,
    };
  }
  const sign = given.startsWith('-') ? -1 : 1;
  const spaced = bare.split(SPACES);
  // Spaces only between groups of three: `12 000` is a number, `1 2` and `12 00` are two.
  if (
    spaced.length > 1 &&
    !spaced.slice(1).every((g, i, all) => (i === all.length - 1 ? /^\d{3}([.,]\d+)?$/ : /^\d{3}$/).test(g))
  ) {
    return { why: w.number.notANumber };
  }
  const joined = spaced.join('');
  const marks = joined.replace(/\d/g, '');
  const groupedBySpace = spaced.length > 1;
  if (marks === '') return whole(sign, joined);
  const kinds = new Set(marks);
  if (kinds.size === 2) {
    // `1.234,5` and `1,234.5`: the last one is the decimal mark, and the others must group by three.
    const point = marks[marks.length - 1]!;
    const group = point === ',' ? '.' : ',';
    if (marks.lastIndexOf(point) !== marks.indexOf(point)) return { why: w.number.notANumber };
    const [left, right] = joined.split(point) as [string, string];
    if (!right || !inGroups(left, group)) return { why: w.number.notANumber };
    return decimal(sign, left.replaceAll(group, ''), right);
  }
  const mark = marks[0]!;
  if (marks.length > 1) {
    if (!inGroups(joined, mark) || groupedBySpace) return { why: w.number.notANumber };
    return whole(sign, joined.replaceAll(mark, ''));
  }
  const [left, right] = joined.split(mark) as [string, string];
  if (!left || !right) return { why: w.number.notANumber };
  const three = right.length === 3 && left.length <= 3 && left !== '0' && !left.startsWith('0') && !groupedBySpace;
  if (!three) return decimal(sign, left, right);
  if (mark === seps.group) return whole(sign, left + right);
  return { why: w.number.twoReadings(given, `${left}${right}`, trimmed(left, right)) };
}

function trimmed(left: string, right: string): string {
  const rest = right.replace(/0+$/, '');
  return rest ? `${left}.${rest}` : left;
}

function inGroups(text: string, group: string): boolean {
  const [first, ...rest] = text.split(group);
  return /^\d{1,3}$/.test(first!) && !first!.startsWith('0') && rest.length > 0 && rest.every((g) => /^\d{3}$/.test(g));
}

function whole(sign: number, digits: string): Typed {
  const value = sign * Number(digits);
  return Number.isSafeInteger(value) ? { value } : { why: w.number.tooLarge };
}

function decimal(sign: number, left: string, right: string): Typed {
  if (left.length + right.length > 15) return { why: w.number.tooLarge };
  return { value: sign * Number(`${left}.${right}`) };
}

/** A number within bounds, for a field that asks for one. */
export function readWithin(
  text: string,
  bounds: { least?: number; most?: number; whole?: boolean },
  seps?: Separators,
): Typed {
  if (!text.trim()) return { why: w.number.empty };
  const read = readNumber(text, seps);
  if ('why' in read) return read;
  if (bounds.whole && !Number.isInteger(read.value)) return { why: w.number.whole };
  if (bounds.least !== undefined && read.value < bounds.least) return { why: w.number.least(bounds.least) };
  if (bounds.most !== undefined && read.value > bounds.most) return { why: w.number.most(bounds.most) };
  return read;
}

/** A number as the reader's language writes it: the echo of what was understood. */
export function written(value: number, language: string = globalThis.navigator?.language ?? locale): string {
  try {
    return value.toLocaleString(language, { maximumFractionDigits: 9 });
  } catch {
    return value.toLocaleString(locale, { maximumFractionDigits: 9 });
  }
}

/**
 * A number as a field is filled with it: what is read back from it is the same number, whatever the reader's language.
 * `1.125` hours would be 1125 where a point groups by three, so three decimals get a fourth.
 */
export function editable(value: number, language: string = globalThis.navigator?.language ?? locale): string {
  const digits = value.toFixed(9).replace(/\.?0+$/, '');
  const [left = '', right] = digits.split('.');
  return right ? `${left}${separators(language).point}${right.length === 3 ? `${right}0` : right}` : left;
}
