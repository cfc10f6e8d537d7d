// What the ledger tells as data, in the reader's words and the station's time.
import type { ApiError, Refusal, Schemas } from '../api/client';
import { w } from '../words';
import {
  tell,
  tellEvent,
  type Doubt,
  type Fact,
  type Happening,
  type Fault,
  type Less,
  type Remedy,
  type Shortfall,
  type TableNote,
  type Wrong,
} from '../words/told';
import { shared } from './state.svelte';
import { instant } from './time';

const at = (when: string): string => instant(when, shared.zone, shared.now);

/** What breaks a rule, or what a warning says. */
export const factWords = (fact: Fact): string => tell<Fact>(w.told.facts, fact, at);

/** Why the ledger's clock is in doubt. */
export const doubtWords = (doubt: Doubt): string => tell<Doubt>(w.told.doubts, doubt, at);

/** Something that was decided while a table was read. */
export const noteWords = (note: TableNote): string => tell<TableNote>(w.told.notes, note, at);

/** What would make a command acceptable. */
export const remedyWords = (remedy: Remedy): string => tell<Remedy>(w.told.remedies, remedy, at);

/** What a change asks less of. */
export const lessWords = (less: Less): string => tell<Less>(w.told.less, less, at);

/** Why a treatment does not count. */
export function faultWords(fault: Fault): string {
  const what = tell<Shortfall>(w.told.shortfalls, fault, at);
  return fault.line ? w.told.onLine(fault.line, what) : what;
}

/** What happened. */
export const eventWords = (event: Happening): string => tellEvent(w.told.events, event, at);

/** A contact of two lots. */
export const contactWords = (link: Schemas['ContactLink']): string => w.told.contact(link.to, link.from, link.surface);

/** A refusal in one line. */
const refusalWords = (r: Refusal): string => `${factWords(r.fact_data)}; ${remedyWords(r.remedy_data)}`;

/** What went wrong, in one line. */
export function errorWords(error: ApiError): string {
  const r = error.problem.refusal;
  if (r) return `${w.told.rules[r.rule]}: ${refusalWords(r)}`;
  const doubt = error.problem.doubt;
  return doubt ? `${w.clock.title}: ${doubtWords(doubt)}` : error.message;
}

/** What is wrong with one cell of a table. */
export const cellWords = (cell: Schemas['CellError']): string =>
  cell.refusal ? refusalWords(cell.refusal) : cell.wrong ? tell<Wrong>(w.told.wrong, cell.wrong, at) : cell.message;
