// Instants and durations as people of the station read them.
import { describe, expect, it } from 'vitest';

import { daysLeft, duration, fromField, instant, stationClock, toField } from './time';

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
    expect(daysLeft('2022-01-24T05:06:00Z', now)).toBe(1);
    expect(daysLeft('2022-01-24T05:05:00Z', now)).toBe(0);
    expect(daysLeft('2022-01-31T05:05:00Z', now)).toBe(7);
    expect(daysLeft(null, now)).toBe(null);
  });
});

describe('instants', () => {
  const zone = 'Asia/Pyongyang';
  const now = Date.parse('2022-01-24T05:05:00Z');

  it('are shown in the time of the station with its offset', () => {
    expect(stationClock(now, zone)).toBe('Mon 24 Jan 14:05 (+09:00)');
    expect(instant('2022-02-13T23:00:00Z', zone, now)).toBe('14 Feb 08:00');
    expect(instant('2021-12-31T23:00:00Z', 'UTC', now)).toBe('31 Dec 2021 23:00');
  });

  it('survive a field that knows no zone, also where clocks change', () => {
    for (const z of [zone, 'UTC', 'Europe/Berlin', 'America/St_Johns']) {
      for (const at of [
        '2022-01-24T05:05:00Z',
        '2022-07-01T12:00:00Z',
        '2022-03-27T01:30:00Z',
        '2022-10-30T03:30:00Z',
      ]) {
        expect(fromField(toField(Date.parse(at), z), z)).toBe(at);
      }
    }
    expect(fromField('yesterday', zone)).toBe(null);
  });
});
