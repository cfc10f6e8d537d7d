// What a card offers: the way to stop and recall goods is on it wherever they are.
import { describe, expect, it } from 'vitest';

import type { Cards } from './event';
import { offers } from './offers';

const anything = (): boolean => true;
const lot = (stage: Cards['lot']['stage'], spot: Cards['lot']['spot'] = null): Cards['lot'] => ({
  stage,
  spot,
  treatments: [],
  inspections: false,
});
const events = (list: { event: string }[]): string[] => list.map((a) => a.event);

describe('a card offers', () => {
  it('what the server tried out first, and once', () => {
    const known = [{ event: 'noted', possible: false }];
    expect(offers('lot', lot('held'), anything, known)[0]).toEqual(known[0]);
    expect(events(offers('lot', lot('held'), anything, known)).filter((e) => e === 'noted')).toHaveLength(1);
  });

  it('only what the person may say', () => {
    expect(events(offers('lot', lot('held'), (e) => e === 'noted'))).toEqual(['noted']);
  });

  it('a stop on a train that is still here, and a recall of goods that are gone', () => {
    for (const stage of ['loaded', 'sent'] as const) {
      expect(events(offers('lot', lot(stage), anything))).toEqual(['contamination_found', 'exception_opened', 'noted']);
    }
    expect(events(offers('lot', lot('departed'), anything))).toEqual(['contamination_found', 'noted']);
  });

  it('another date only while a convoy is announced', () => {
    const convoy = (stage: Cards['convoy']['stage']): Cards['convoy'] => ({ stage, trial: false, manifest: 'm' });
    expect(events(offers('convoy', convoy('announced'), anything))).toContain('convoy_postponed');
    expect(events(offers('convoy', convoy('here'), anything))).toEqual(['manifest_amended', 'trial_declared']);
  });

  it('the way out for a name that was entered by mistake, while it is here', () => {
    expect(events(offers('lot', lot('held'), anything))).toContain('name_voided');
    expect(events(offers('lot', lot('departed'), anything))).not.toContain('name_voided');
  });

  it('what opens a closed unit, or closes an open one', () => {
    const unit = (closed: string | null): Cards['place'] => ({ closed, broken: false, slots: 4 });
    expect(events(offers('place', unit('ice'), anything))).toContain('place_opened');
    expect(events(offers('place', unit(null), anything))).toContain('place_closed');
  });
});
