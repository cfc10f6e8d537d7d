// Instants and durations as people read them. Instants travel as RFC 3339 in UTC; screens show the gateway's local time.
import { w, locale } from '../words';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `6 d 3 h`, `3 h 20 min`, `4 min`: the two largest units that are not zero; never less than is left. */
export function duration(ms: number): string {
  const minutes = Math.ceil(Math.abs(ms) / MINUTE);
  const d = Math.floor(minutes / 1440);
  const h = Math.floor((minutes % 1440) / 60);
  const min = minutes % 60;
  if (d >= 1) {
    // Rounded up to the hour, so that a wait is never shown shorter than it is.
    const hours = Math.ceil(minutes / 60);
    const days = Math.floor(hours / 24);
    const rest = hours % 24;
    return rest ? `${days} ${w.unit.d} ${rest} ${w.unit.h}` : `${days} ${w.unit.d}`;
  }
  if (h >= 1) return min ? `${h} ${w.unit.h} ${min} ${w.unit.min}` : `${h} ${w.unit.h}`;
  return `${min} ${w.unit.min}`;
}

/** A number of seconds as a duration. */
export function seconds(s: number): string {
  return duration(s * 1000);
}

/** Days until an instant, rounded up: the number in a cell. 0 once it has come. */
export function daysLeft(until: string | null | undefined, now: number): number | null {
  if (!until) return null;
  const left = Date.parse(until) - now;
  return left <= 0 ? 0 : Math.ceil(left / DAY);
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale}|${zone}|${JSON.stringify(options)}`;
  let made = formats.get(key);
  if (!made) {
    try {
      made = new Intl.DateTimeFormat(locale, { ...options, timeZone: zone });
    } catch {
      // A browser older than the zone's name still shows an instant, in UTC and said so by `offset`.
      made = new Intl.DateTimeFormat(locale, { ...options, timeZone: 'UTC' });
    }
    formats.set(key, made);
  }
  return made;
}

/** `14 Feb 08:00`, with the year only where it is not that of `now`. */
export function instant(at: string | null | undefined, zone: string, now: number): string {
  if (!at) return '';
  const when = new Date(at);
  const year = format(zone, { year: 'numeric' });
  const other = year.format(when) !== year.format(now);
  const date = format(
    zone,
    other ? { day: 'numeric', month: 'short', year: 'numeric' } : { day: 'numeric', month: 'short' },
  );
  return `${date.format(when)} ${clock(at, zone)}`;
}

/** Whether an instant stands for no end. */
export function endless(at: string): boolean {
  return at >= '9000';
}

/** `08:00`; with its offset, `02:30 +02:00`, in the hour that comes twice when the clocks go back. */
export function clock(at: string | number, zone: string): string {
  const instant = new Date(at).getTime();
  return comesTwice(instant, zone) ? `${bare(instant, zone)} ${offset(instant, zone)}` : bare(instant, zone);
}

function bare(at: number, zone: string): string {
  return format(zone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at);
}

/** Whether another instant shows the same local time. */
function comesTwice(at: number, zone: string): boolean {
  const own = ahead(at, zone);
  // Clocks are changed by at most three hours at a time, and not twice in six.
  return [at - 3 * HOUR, at + 3 * HOUR].some((near) => {
    const there = ahead(near, zone);
    return there !== own && ahead(at + (own - there) * MINUTE, zone) === there;
  });
}

/** `14 Feb` for a civil date `YYYY-MM-DD`. */
export function civil(date: string): string {
  return format('UTC', { day: 'numeric', month: 'short' }).format(new Date(`${date}T00:00:00Z`));
}

/** `Wed 24 Jan 14:05 (+09:00)`: the station's clock. */
export function stationClock(now: number, zone: string): string {
  const day = format(zone, { weekday: 'short', day: 'numeric', month: 'short' }).format(now).replace(',', '');
  return `${day} ${bare(now, zone)} (${offset(now, zone)})`;
}

/** `+09:00` */
export function offset(now: number, zone: string): string {
  const part = format(zone, { timeZoneName: 'longOffset' })
    .formatToParts(now)
    .find((p) => p.type === 'timeZoneName')?.value;
  return (part ?? 'GMT').replace('GMT', '') || '+00:00';
}

/** Minutes by which a zone is ahead of UTC at an instant. */
function ahead(at: number, zone: string): number {
  const text = offset(at, zone);
  const sign = text.startsWith('-') || text.startsWith('−') ? -1 : 1;
  const [h, m] = text.slice(1).split(':');
  return sign * (Number(h) * 60 + Number(m ?? 0));
}

/** An instant as the value of a `datetime-local` field, in the gateway's zone. */
export function toField(at: number, zone: string): string {
  return new Date(at + ahead(at, zone) * MINUTE).toISOString().slice(0, 16);
}

/** What was typed into a `datetime-local` field, in the gateway's zone, as an instant. */
export function fromField(value: string, zone: string): string | null {
  const civilTime = Date.parse(`${value}Z`);
  if (Number.isNaN(civilTime)) return null;
  // The offset at the instant itself, found in two steps because it may differ across a change of the clocks.
  const first = civilTime - ahead(civilTime, zone) * MINUTE;
  return new Date(civilTime - ahead(first, zone) * MINUTE).toISOString().replace('.000Z', 'Z');
}
