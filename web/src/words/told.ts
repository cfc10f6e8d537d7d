// What the ledger tells as data: a kind and its fields, put into words by the catalogue of the language.
import type { Schemas } from '../api/client';

export type Fact = Schemas['Fact'];
export type Remedy = Schemas['Remedy'];
export type Less = Schemas['Less'];
export type Fault = Schemas['Fault'];
export type Shortfall = Schemas['Shortfall'];
export type Asked = Schemas['Asked'];
export type Wrong = Schemas['Wrong'];
/** Something that was decided while a table was read. */
export type TableNote = Schemas['Note'];
export type Doubt = Schemas['Doubt'];
export type TimeWitness = Schemas['TimeWitness'];
export type Rule = Schemas['Rule'];
export type Milestone = Schemas['Milestone'];
export type PastMoment = Schemas['PastMoment'];
export type NameFault = Schemas['NameFault'];
export type Nearness = Schemas['Nearness'];
export type Noun = Schemas['Noun'];
export type Stage = Schemas['Stage'];
export type Dangers = Schemas['Dangers'];
export type Fallen = Schemas['Fallen'];

/** How an instant is shown. */
export type At = (instant: string) => string;

/** A sentence for each kind of a union: without one for a kind, or with a field that is not there, it does not compile. */
export type Catalogue<T extends { kind: string }> = {
  [K in T['kind']]: (told: Extract<T, { kind: K }>, at: At) => string;
};

/** The sentence of a catalogue for what is told. */
export function tell<T extends { kind: string }>(catalogue: Catalogue<T>, told: T, at: At): string {
  const say = catalogue[told.kind as T['kind']] as (told: T, at: At) => string;
  return say(told, at);
}

/** Something that happened, as the API sends it. */
export type Happening = Schemas['Happening'];
export type EventName = Happening['event'];
export type Cause = Schemas['Cause'];
export type Soiled = Schemas['Soiled'];
export type Spot = Schemas['Spot'];
export type Surface = Schemas['Surface'];
export type Tally = Schemas['Tally'];
export type Thing = Schemas['Thing'];

/** A sentence for each event of the vocabulary: without one it does not compile. */
export type Events = { [K in EventName]: (event: Extract<Happening, { event: K }>, at: At) => string };

/** The sentence for what happened. */
export function tellEvent(catalogue: Events, event: Happening, at: At): string {
  const say = catalogue[event.event] as (event: Happening, at: At) => string;
  return say(event, at);
}
