// What the screens know of an event: its fields, what is made of them, on which cards it is offered, and what takes it back.
// The table itself is `events.ts`.
import type { EventName, Schemas, Spot } from '../api/client';

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

/** What is known where the form is. */
export type Context = {
  subject: Subject;
  me: string;
  zone: string;
  now: number;
  spot?: Spot | null;
  goods?: string | null;
  /** What is known of a field beforehand; `event.field` for one event alone. */
  values?: Record<string, string>;
};

export type Loose = Record<string, unknown>;

/** The fields that are typed, and the event made of them with who and what it is about. */
export type Form = { fields: readonly Field[]; make: (typed: Loose, c: Context) => Loose };

/** What was recorded: the command, its number, and what the rules made of it. */
export type Said = { what: Loose; seq: number; events: Loose[] };

/** Whether a card offers an event: as a button, behind "More", or not. */
export type Offer = 'usual' | 'rare' | null;

/** What each kind of card knows when it asks what to offer. */
export type Cards = {
  lot: Pick<Schemas['LotCard'], 'stage' | 'spot' | 'treatments'> & { inspections: boolean };
  vehicle: Pick<Schemas['VehicleCard'], 'here' | 'spot' | 'emptied' | 'sealed'>;
  convoy: Pick<Schemas['ArrivalCard'], 'stage' | 'trial' | 'manifest'>;
  person: Pick<Schemas['PersonCard'], 'on_shift' | 'cleared'>;
  place: Pick<Schemas['SiteUnit'], 'closed' | 'broken' | 'slots'>;
};

export type Room = {
  /** Its form. `null`: it cannot be said from a form, because the ledger says it or a screen of its own does. */
  form: Form | null;
  /** The opposite as an event, or the words that say why there is none. */
  undo: (said: Said) => Loose | string;
  /** The cards that offer it, besides what the server tried out: it cannot try what has fields still empty. */
  on: { [K in keyof Cards]?: (card: Cards[K]) => Offer };
  /** It undoes or ends something for good: in red. */
  grave?: boolean;
};

export type Rooms = Record<EventName, Room>;

/** A unit as the value of a choice. */
export function spotValue(s: Spot): string {
  return `${s.place}/${s.unit}`;
}

export function readSpot(value: string): Spot | null {
  const at = value.lastIndexOf('/');
  const unit = Number(value.slice(at + 1));
  return at > 0 && Number.isInteger(unit) && unit >= 1 ? { place: value.slice(0, at), unit } : null;
}

/** A name for an exception that a person can say over the radio. */
export function exceptionName(now: number): string {
  const day = new Date(now).toISOString().slice(2, 10).replaceAll('-', '');
  const random = Math.floor(Math.random() * 36 ** 4);
  return `x-${day}-${random.toString(36).padStart(4, '0')}`;
}
