// Every event of the API, and what the screens do with it: one room for each. An event that the API has and this table
// has not does not compile; its words are in `words/en.ts`, under the same check.
import { w } from '../words';
import {
  exceptionName,
  readSpot,
  type Cards,
  type Context,
  type Field,
  type Form,
  type Loose,
  type Offer,
  type Room,
  type Rooms,
  type Said,
  type Subject,
} from './event';

const because: Field = { name: 'because', kind: 'long' };
const spot: Field = { name: 'spot', kind: 'spot' };
const pieces: Field = { name: 'pieces', kind: 'whole' };
const mass: Field = { name: 'mass_kg', kind: 'whole' };
const treatment: Field = { name: 'step', kind: 'choice', options: 'treatments' };
const inspection: Field = { name: 'step', kind: 'choice', options: 'inspections' };
const vehicleStep: Field = { name: 'step', kind: 'choice', options: 'vehicleSteps' };
const source: Field = { name: 'source', kind: 'choice', options: 'sources' };
const since: Field = { name: 'since', kind: 'when' };
const from: Field = { name: 'from', kind: 'when' };

// Forms: the fields, and the event with what the card is about.
const form = (fields: Field[], make: Form['make']): Form => ({ fields, make });
const about =
  (kind: string) =>
  (...fields: Field[]): Form =>
    form(fields, (typed, c) => ({ [kind]: c.subject.id, ...typed }));
const ofLot = about('lot');
const ofVehicle = about('vehicle');
const ofPerson = about('person');
const ofConvoy = about('convoy');
const ofPapers = about('manifest');
/** Of a lot or vehicle in the slot where it is. */
const inSlot =
  (kind: string) =>
  (...fields: Field[]): Form =>
    form(fields, (typed, c) => ({ [kind]: c.subject.id, ...c.spot, ...typed }));
const lotInSlot = inSlot('lot');
const vehicleInSlot = inSlot('vehicle');
const ofUnit = (...fields: Field[]): Form => form(fields, (typed, c) => ({ ...readSpot(c.subject.id), ...typed }));

function soiled(s: Subject): unknown {
  if (s.kind === 'vehicle') return { vehicle: s.id };
  const at = s.kind === 'place' ? readSpot(s.id) : null;
  return at ? { unit: [at.place, at.unit] } : { lot: s.id };
}

function thingOf(s: Subject): Loose {
  // Notes stand on lots, vehicles and convoys; on anything else they are notes on the gateway that name it.
  return s.kind === 'lot' || s.kind === 'vehicle' || s.kind === 'convoy' ? { thing: { [s.kind]: s.id } } : {};
}

function reading(typed: Loose, c: Context): Loose {
  return {
    lot: c.subject.id,
    step: typed['step'],
    reading: {
      at: new Date(c.now).toISOString(),
      concentration_mg_m3: typed['concentration'],
      temperature_mc: Math.round((typed['temperature'] as number) * 1000),
      ...(typed['line'] ? { line: typed['line'] } : {}),
    },
  };
}

// What takes an entry back.
const fact = (): string => w.undo.fact;
const at = (what: Loose): Loose => ({ place: what['place'], unit: what['unit'] });
const why = (): string => w.undo.because;

function unsigned({ what, events }: Said): Loose | string {
  if (events.some((e) => e['event'] === 'lot_released')) return w.undo.released;
  const signer = events.find((e) => e['event'] === 'signed')?.['signer'];
  return { event: 'signature_withdrawn', lot: what['lot'], signer, because: why() };
}

// On which cards.
type Card<K extends keyof Cards> = Cards[K];
const when = (here: boolean, offer: Offer = 'usual'): Offer => (here ? offer : null);
const onSite = (c: Card<'lot'>): boolean => !!c.spot && (c.stage === 'held' || c.stage === 'released');
const inHand = (c: Card<'lot'>): boolean => c.treatments.some((t) => t.in_hand);
const rareOnSite = { lot: (c: Card<'lot'>) => when(onSite(c), 'rare') };
const rareInHand = { lot: (c: Card<'lot'>) => when(inHand(c), 'rare') };
const rareHeld = { lot: (c: Card<'lot'>) => when(c.stage === 'held', 'rare') };
const usualInHand = { lot: (c: Card<'lot'>) => when(inHand(c)) };
const inspected = { lot: (c: Card<'lot'>) => when(onSite(c) && c.inspections) };
const unloading = { vehicle: (v: Card<'vehicle'>) => when(v.here && !!v.spot && !v.emptied) };
const announced = { convoy: (c: Card<'convoy'>) => when(c.stage === 'announced') };
const papersAnnounced = { convoy: (c: Card<'convoy'>) => when(c.stage === 'announced' && !!c.manifest) };
const everyPerson = { person: (): Offer => 'usual' };

/** The ledger says it, or the simulator. */
const told: Room = { form: null, undo: fact, on: {} };

const EVENTS = {
  convoy_sent: told,
  convoy_cancelled: told,
  convoy_arrived: { form: ofConvoy(source, { name: 'vehicles', kind: 'lines' }), undo: fact, on: announced },
  vehicle_placed: {
    form: ofVehicle(spot),
    undo: () => w.undo.moved,
    on: { vehicle: (v) => when(v.here, v.spot ? 'rare' : 'usual') },
  },
  vehicle_left: { form: vehicleInSlot(), undo: fact, on: { vehicle: (v) => when(v.here && !!v.spot, 'rare') } },
  vehicle_step_started: { form: vehicleInSlot(vehicleStep), undo: fact, on: {} },
  vehicle_step_ended: { form: vehicleInSlot(vehicleStep), undo: fact, on: {} },
  unloading_started: {
    form: vehicleInSlot({ name: 'step', kind: 'choice', options: 'unloadSteps' }),
    undo: fact,
    on: unloading,
  },
  lot_unloaded: {
    form: ofVehicle(
      { name: 'lot', kind: 'suggest', options: 'lotsExpected' },
      { name: 'goods', kind: 'choice', options: 'goods' },
      spot,
    ),
    undo: fact,
    on: unloading,
  },
  lot_stored: { form: ofLot(spot), undo: () => w.undo.moved, on: {} },
  treatment_started: { form: lotInSlot(treatment), undo: fact, on: {} },
  treatment_ended: { form: lotInSlot(treatment), undo: fact, on: {} },
  work_paused: {
    form: form([treatment, { name: 'missing', kind: 'text' }], (typed, c) => ({
      thing: { lot: c.subject.id },
      step: typed['step'],
      cause: { no_resource: typed['missing'] },
    })),
    undo: ({ what }) => ({ event: 'work_resumed', thing: what['thing'], step: what['step'] }),
    on: rareInHand,
  },
  work_resumed: {
    form: form([treatment], (typed, c) => ({ thing: { lot: c.subject.id }, ...typed })),
    undo: fact,
    on: rareInHand,
  },
  inspection_started: { form: lotInSlot(inspection), undo: fact, on: inspected },
  lot_inspected: {
    form: ofLot(inspection, { name: 'finding', kind: 'choice', options: 'findings' }),
    undo: fact,
    on: inspected,
  },
  hold_started: told,
  hold_restarted: told,
  hold_ended: told,
  lot_released: told,
  lot_loaded: {
    form: ofLot(
      { name: 'departure', kind: 'suggest', options: 'departures' },
      { name: 'wagon', kind: 'text', optional: true },
    ),
    undo: () => w.undo.loaded,
    on: {},
  },
  departed: {
    form: form([{ name: 'step', kind: 'choice', options: 'dispatchSteps' }], (typed, c) => ({
      departure: c.subject.id,
      lots: Number(c.values?.['lots'] ?? 0),
      ...typed,
    })),
    undo: fact,
    on: {},
  },
  departure_cancelled: told,
  lot_sent: { form: ofLot(spot), undo: fact, on: {} },
  lot_destroyed: { form: ofLot(), undo: fact, on: {}, grave: true },
  lot_sent_back: { form: ofLot(), undo: fact, on: {}, grave: true },
  vehicle_emptied: { form: ofVehicle(), undo: fact, on: {} },
  vehicle_washed: { form: ofVehicle(), undo: fact, on: {} },
  vehicle_released: { form: ofVehicle(), undo: fact, on: {} },
  vehicle_returned: { form: ofVehicle(source), undo: fact, on: { vehicle: (v) => when(!v.here) } },
  place_opened: {
    form: ofUnit(),
    undo: ({ what }) => ({ event: 'place_closed', ...at(what), because: why() }),
    on: { place: (u) => when(!!u.closed) },
  },
  place_closed: {
    form: ofUnit(because),
    undo: ({ what }) => ({ event: 'place_opened', ...at(what) }),
    on: { place: (u) => when(!u.closed) },
  },
  place_broken: {
    form: ofUnit(),
    undo: ({ what }) => ({ event: 'place_repaired', ...at(what) }),
    on: { place: (u) => when(!u.broken) },
  },
  place_repaired: {
    form: ofUnit(),
    undo: ({ what }) => ({ event: 'place_broken', ...at(what) }),
    on: { place: (u) => when(u.broken) },
  },
  capacity_changed: {
    // The slots of the place, in all its units together.
    form: form([{ name: 'slots', kind: 'whole' }], (typed, c) => ({
      place: readSpot(c.subject.id)?.place ?? c.subject.id,
      ...typed,
    })),
    undo: fact,
    on: { place: (u) => when(u.slots != null) },
  },
  shift_started: told,
  shift_ended: told,
  waiting: told,
  blocked: told,
  deadlocked: told,

  // Rules, protocols and the clock have screens of their own.
  rules_adopted: { form: null, undo: () => w.undo.nextVersion, on: {} },
  protocol_adopted: { form: null, undo: () => w.undo.nextVersion, on: {} },
  rules_proposed: { form: null, undo: fact, on: {} },
  protocol_proposed: { form: null, undo: fact, on: {} },
  time_doubted: told,
  time_stated: told,
  time_confirmed: told,

  person_appointed: { form: ofPerson({ name: 'roles', kind: 'roles' }), undo: fact, on: everyPerson },
  person_cleared: {
    form: ofPerson({ name: 'until', kind: 'when' }, { name: 'agents', kind: 'lines', optional: true }),
    undo: fact,
    on: everyPerson,
  },
  clearance_lapsed: { form: ofPerson(because), undo: fact, on: { person: (p) => when(p.cleared) } },
  person_shift_started: { form: ofPerson(), undo: () => w.undo.shift, on: { person: (p) => when(!p.on_shift) } },
  person_shift_ended: { form: ofPerson(), undo: () => w.undo.shift, on: { person: (p) => when(p.on_shift) } },
  person_passed_gate: { form: ofPerson(), undo: fact, on: everyPerson },
  person_reported_sick: {
    form: form([since], (typed, c) => ({ person: c.subject.id, exception: exceptionName(c.now), ...typed })),
    undo: fact,
    on: everyPerson,
  },

  manifest_announced: {
    form: null,
    undo: ({ what }) => ({ event: 'manifest_withheld', manifest: what['manifest'], because: why() }),
    on: {},
  },
  // A form of its own, with the lines.
  manifest_amended: { form: null, undo: fact, on: { convoy: (c) => when(c.stage !== 'gone' && !!c.manifest) } },
  manifest_withheld: { form: ofPapers(because), undo: fact, on: papersAnnounced },
  manifest_refused: { form: ofPapers(because), undo: fact, on: papersAnnounced, grave: true },
  convoy_postponed: { form: ofConvoy({ name: 'due', kind: 'when' }, because), undo: fact, on: announced },
  trial_declared: { form: ofConvoy(), undo: fact, on: { convoy: (c) => when(c.stage !== 'gone' && !c.trial) } },
  name_voided: {
    form: form([because], (typed, c) => ({ thing: { [c.subject.kind]: c.subject.id }, ...typed })),
    undo: fact,
    on: {
      lot: (c) => when(c.stage === 'held' || c.stage === 'announced', 'rare'),
      vehicle: (v) => when(v.here, 'rare'),
    },
    grave: true,
  },

  vehicle_checked: {
    form: form(
      [
        { name: 'mark', kind: 'text' },
        { name: 'seals', kind: 'lines', optional: true },
      ],
      (typed, c) => ({ vehicle: c.subject.id, seals: [], ...typed }),
    ),
    undo: fact,
    on: { vehicle: (v) => when(v.here) },
  },
  vehicle_sealed: {
    form: ofVehicle({ name: 'seal', kind: 'text' }),
    undo: fact,
    on: { vehicle: (v) => when(v.here && v.emptied && !v.sealed) },
  },
  lot_counted: { form: ofLot(pieces, mass), undo: fact, on: rareOnSite },
  discrepancy_found: told,
  loss_declared: { form: ofLot(pieces, mass, because), undo: fact, on: rareOnSite },
  lot_split: { form: ofLot({ name: 'parts', kind: 'parts' }), undo: fact, on: rareOnSite },
  treatment_dosed: {
    form: ofLot(
      treatment,
      { name: 'agent', kind: 'suggest', options: 'agents' },
      { name: 'dose_mg_m3', kind: 'whole', optional: true },
      { name: 'batch', kind: 'text', optional: true },
    ),
    undo: fact,
    on: usualInHand,
  },
  treatment_read: {
    form: form(
      [
        treatment,
        { name: 'line', kind: 'text', optional: true },
        { name: 'concentration', kind: 'whole' },
        { name: 'temperature', kind: 'decimal' },
      ],
      reading,
    ),
    undo: fact,
    on: usualInHand,
  },
  treatment_judged: told,
  treatment_voided: told,
  sample_taken: {
    form: ofLot({ name: 'test', kind: 'suggest', options: 'tests' }, { name: 'sample', kind: 'text' }),
    undo: fact,
    on: {},
  },
  result_entered: {
    form: form(
      [
        { name: 'sample', kind: 'suggest', options: 'samples' },
        { name: 'outcome', kind: 'choice', options: 'outcomes' },
      ],
      (typed, c) => ({ ...typed, exception: exceptionName(c.now) }),
    ),
    undo: fact,
    on: {},
  },
  contact_seen: {
    form: form([{ name: 'lots', kind: 'lines' }, because], (typed, c) => ({
      ...typed,
      lots: [...new Set([c.subject.id, ...(typed['lots'] as string[])])],
    })),
    undo: fact,
    on: rareOnSite,
  },
  contamination_found: {
    form: form([since, because], (typed, c) => ({ on: soiled(c.subject), exception: exceptionName(c.now), ...typed })),
    undo: fact,
    // Goods that are on a train, or gone, can still turn out to be dirty: the way to recall them is here too.
    on: {
      lot: (c) => when(onSite(c) || ['loaded', 'sent', 'departed'].includes(c.stage), 'rare'),
      vehicle: (v) => when(v.here, 'rare'),
      place: () => 'usual',
    },
    grave: true,
  },
  exception_opened: {
    form: form([because], (typed, c) => ({ exception: exceptionName(c.now), lots: [c.subject.id], ...typed })),
    undo: ({ what }) => ({ event: 'exception_closed', exception: what['exception'], because: why() }),
    on: { lot: (c) => when(c.stage === 'loaded' || c.stage === 'sent', 'rare') },
    grave: true,
  },
  exception_closed: { form: about('exception')(because), undo: () => w.undo.openAgain, on: {} },
  lot_frozen: told,
  lot_recalled: told,
  signed: {
    form: form([{ name: 'meaning', kind: 'long' }], (typed, c) => ({ lot: c.subject.id, signer: c.me, ...typed })),
    undo: unsigned,
    on: {},
  },
  signature_withdrawn: {
    form: form([because], (typed, c) => ({ lot: c.subject.id, signer: c.me, ...typed })),
    undo: () => w.undo.signAgain,
    on: rareHeld,
  },
  clock_credited: {
    form: ofLot(from, { name: 'witness', kind: 'suggest', options: 'people' }),
    undo: fact,
    on: rareHeld,
  },
  credit_asked: told,
  // From a table, on the screen of arrivals.
  stock_recorded: told,
  stock_witnessed: told,
  stock_credited: told,
  credit_witnessed: { form: ofLot(from), undo: fact, on: rareHeld },
  worked: told,
  corrected: told,
  warning_acknowledged: told,
  noted: {
    form: form([{ name: 'text', kind: 'long' }], (typed, c) => ({ ...thingOf(c.subject), ...typed })),
    undo: () => w.undo.note,
    on: { lot: () => 'rare', vehicle: () => 'rare' },
  },
} satisfies Rooms;

/** The room of an event by its name; none for a name that only a newer server knows. */
export function roomOf(event: string): Room | undefined {
  return (EVENTS as Record<string, Room>)[event];
}

/** Every event's name, in the order of the table. */
export const EVENT_NAMES = Object.keys(EVENTS) as (keyof Rooms)[];

/** The fields of an event's form; none where nothing is typed or there is no form. */
export function fieldsOf(event: string): readonly Field[] {
  return roomOf(event)?.form?.fields ?? [];
}
