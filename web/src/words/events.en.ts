// What happened, in English: one sentence without a full stop for each event of the vocabulary. An event without one does
// not compile. Instants come in the station's time by `at`.
import { DOUBTS } from './refusals.en';
import { tell } from './told';
import type { Cause, Doubt, EventName, Events, Soiled, Spot, Surface, Tally, Thing } from './told';

const count = (n: number, one: string): string => (n === 1 ? `1 ${one}` : `${n} ${one}s`);

const list = (items: string[]): string =>
  items.length < 2 ? (items[0] ?? 'none') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;

const spot = (s: Spot): string => `${s.place} ${s.unit}`;

const tally = (t: Tally): string => `${count(t.pieces, 'piece')}, ${t.mass_kg} kg`;

const words = (name: string): string => name.replaceAll('_', ' ');

function thing(t: Thing): string {
  if ('lot' in t) return `lot ${t.lot}`;
  return 'vehicle' in t ? `vehicle ${t.vehicle}` : `convoy ${t.convoy}`;
}

function cause(c: Cause): string {
  if ('no_room' in c) return `${c.no_room} has no room`;
  if ('closed' in c) return `${c.closed} is closed`;
  if ('broken' in c) return `${c.broken} is broken`;
  if ('segregated' in c) return `${c.segregated} holds goods that must be kept apart`;
  if ('no_resource' in c) return `no ${c.no_resource} is free`;
  if ('no_vehicle' in c) return `too few vehicles are at ${c.no_vehicle}`;
  if ('source_closed' in c) return c.source_closed;
  return `the next ${c.no_departure} has not come`;
}

/** How two lots came together. */
function surface(s: Surface): string {
  if (s === 'seen') return 'before witnesses';
  if ('vehicle' in s) return `in vehicle ${s.vehicle}`;
  return 'unit' in s ? `in ${s.unit[0]} ${s.unit[1]}` : `in the hands of ${s.person}`;
}

/** A contact of two lots. */
export const contact = (to: string, from: string, s: Surface): string => `${to} met ${from} ${surface(s)}`;

function soiled(s: Soiled): string {
  if ('lot' in s) return `lot ${s.lot}`;
  return 'vehicle' in s ? `vehicle ${s.vehicle}` : `${s.unit[0]} ${s.unit[1]}`;
}

const FINDINGS = { pass: 'in order', again: 'to be treated again', fail: 'refused', destroy: 'condemned' };

/** What each event is called on a button and in a list. */
export const EVENT_NAMES = {
  convoy_sent: 'Convoy sent',
  convoy_cancelled: 'Convoy cancelled',
  convoy_arrived: 'Convoy has arrived',
  vehicle_placed: 'Place in a slot',
  vehicle_left: 'Take out of its slot',
  vehicle_step_started: 'Start work',
  vehicle_step_ended: 'End work',
  unloading_started: 'Start unloading',
  lot_unloaded: 'Unload a lot',
  lot_stored: 'Move',
  treatment_started: 'Start treatment',
  treatment_ended: 'End treatment',
  work_paused: 'Pause work',
  work_resumed: 'Resume work',
  inspection_started: 'Start inspection',
  lot_inspected: 'Enter inspection',
  hold_started: 'Start hold',
  hold_restarted: 'Restart hold',
  hold_ended: 'End hold',
  lot_released: 'Release',
  lot_loaded: 'Load',
  departed: 'Departure leaves',
  departure_cancelled: 'Departure cancelled',
  lot_sent: 'Send to another site',
  lot_destroyed: 'Destroy',
  lot_sent_back: 'Send back to sender',
  vehicle_emptied: 'Report empty',
  vehicle_washed: 'Report washed',
  vehicle_released: 'Send home',
  vehicle_returned: 'Is home again',
  place_opened: 'Open',
  place_closed: 'Close',
  place_broken: 'Report broken',
  place_repaired: 'Report repaired',
  capacity_changed: 'Change capacity',
  shift_started: 'Crew on shift',
  shift_ended: 'Crew off shift',
  waiting: 'Waits',
  blocked: 'Is blocked',
  deadlocked: 'Is deadlocked',
  rules_adopted: 'Adopt rules',
  protocol_adopted: 'Adopt this protocol',
  rules_proposed: 'Propose rules',
  protocol_proposed: 'Propose this protocol',
  person_appointed: 'Appoint',
  person_cleared: 'Clear for work',
  clearance_lapsed: 'End clearance',
  person_shift_started: 'On shift',
  person_shift_ended: 'Off shift',
  person_passed_gate: 'Passed the personnel gate',
  person_reported_sick: 'Reports sick',
  manifest_announced: 'Announce papers',
  manifest_amended: 'Amend papers',
  manifest_withheld: 'Sender withholds papers',
  manifest_refused: 'Refuse papers',
  convoy_postponed: 'Comes later',
  name_voided: 'Entered by mistake',
  trial_declared: 'Declare an exercise',
  vehicle_checked: 'Check mark and seals',
  vehicle_sealed: 'Seal',
  lot_counted: 'Count and weigh',
  discrepancy_found: 'Discrepancy',
  loss_declared: 'Declare loss',
  lot_split: 'Split',
  treatment_dosed: 'Agent applied',
  treatment_read: 'Enter a reading',
  treatment_judged: 'Treatment judged',
  sample_taken: 'Take a sample',
  result_entered: 'Enter result',
  contact_seen: 'Seen touching',
  contamination_found: 'Contamination found',
  treatment_voided: 'Treatment void',
  exception_opened: 'Stop (open exception)',
  exception_closed: 'Settle exception',
  lot_frozen: 'Stopped',
  lot_recalled: 'Called back',
  signed: 'Sign release',
  signature_withdrawn: 'Take back my signature',
  stock_recorded: 'Stock stated',
  stock_witnessed: 'Stock confirmed',
  stock_credited: 'Past of stock counts',
  clock_credited: 'Ask for credit of earlier time',
  credit_asked: 'Credit of earlier time asked',
  credit_witnessed: 'Confirm earlier time as witness',
  time_stated: 'State the time',
  time_confirmed: 'Confirm the time',
  time_doubted: 'The ledger stopped',
  worked: 'Worked',
  corrected: 'Corrected',
  warning_acknowledged: 'Warning acknowledged',
  noted: 'Write a note',
} satisfies Record<EventName, string>;

/** What happened. */
export const EVENTS = {
  // Convoys.
  convoy_sent: (e) => `convoy ${e.convoy} with ${count(e.vehicles, 'vehicle')} left ${e.source}`,
  convoy_cancelled: (e) => `a convoy from ${e.source} did not leave: ${cause(e.cause)}`,
  convoy_arrived: (e) => `convoy ${e.convoy} arrived with ${count(e.vehicles.length, 'vehicle')}`,
  waiting: (e) => `${thing(e.thing)} waits for ${e.for}: ${cause(e.cause)}`,
  blocked: (e) => `${thing(e.thing)} is blocked at ${spot(e)}: ${cause(e.cause)}`,
  deadlocked: (e) => `nothing can move between ${list(e.places)}`,

  // Vehicles.
  vehicle_placed: (e) => `vehicle ${e.vehicle} is at ${spot(e)}`,
  vehicle_left: (e) => `vehicle ${e.vehicle} left ${spot(e)}`,
  vehicle_step_started: (e) => `${e.step} of ${e.vehicle} began`,
  vehicle_step_ended: (e) => `${e.step} of ${e.vehicle} ended`,
  unloading_started: (e) => `unloading of ${e.vehicle} began at ${spot(e)}`,
  vehicle_emptied: (e) => `vehicle ${e.vehicle} is empty`,
  vehicle_washed: (e) => `vehicle ${e.vehicle} was washed`,
  vehicle_released: (e) => `vehicle ${e.vehicle} left for home`,
  vehicle_returned: (e) => `vehicle ${e.vehicle} is back at ${e.source}`,
  vehicle_checked: (e) => `vehicle ${e.vehicle} was checked: mark ${e.mark}, seals ${list(e.seals)}`,
  vehicle_sealed: (e) => `vehicle ${e.vehicle} was sealed with ${e.seal}`,

  // Lots and departures.
  lot_unloaded: (e) => `lot ${e.lot} (${e.goods}) was unloaded from ${e.vehicle}`,
  lot_stored: (e) => `lot ${e.lot} was put in ${spot(e)}`,
  lot_sent: (e) => `lot ${e.lot} was sent to ${spot(e)}`,
  lot_destroyed: (e) => `lot ${e.lot} was destroyed`,
  lot_sent_back: (e) => `lot ${e.lot} went back to its sender`,
  lot_loaded: (e) => `lot ${e.lot} was loaded for ${e.departure}${e.wagon ? `, in ${e.wagon}` : ''}`,
  departed: (e) => `${e.departure} left with ${count(e.lots, 'lot')}`,
  departure_cancelled: (e) => `${e.step} did not leave: ${e.ready} lots are ready, ${e.least} are needed`,
  lot_counted: (e) => `lot ${e.lot} was counted: ${tally(e)}`,
  discrepancy_found: (e) => `lot ${e.lot} has ${tally(e.found)} and ${tally(e.papers)} by its papers`,
  loss_declared: (e) => `${tally(e)} of ${e.lot} are lost: ${e.because}`,
  lot_split: (e) => `lot ${e.lot} became ${list(e.parts.map((part) => part.lot))}`,

  // Treatments.
  treatment_started: (e) => `${e.step} of ${e.lot} began in ${spot(e)}`,
  treatment_ended: (e) => `${e.step} of ${e.lot} ended`,
  work_paused: (e) => `${e.step} of ${thing(e.thing)} paused: ${cause(e.cause)}`,
  work_resumed: (e) => `${e.step} of ${thing(e.thing)} resumed`,
  treatment_dosed: (e) =>
    `${e.agent} was applied for ${e.step} of ${e.lot}${e.dose_mg_m3 == null ? '' : `, ${e.dose_mg_m3} mg/m³`}`,
  treatment_read: (e) =>
    `read for ${e.lot}${e.reading.line ? `, line ${e.reading.line}` : ''}: ` +
    `${e.reading.concentration_mg_m3} mg/m³ at ${e.reading.temperature_mc / 1000} °C`,
  treatment_judged: (e) =>
    e.valid
      ? `${e.step} of ${e.lot} counts`
      : `${e.step} of ${e.lot} does not count: ${e.because ?? 'no reason given'}`,
  treatment_voided: (e) => `treatments, tests and clock of ${e.lot} are void: ${e.because}`,

  // Inspections and samples.
  inspection_started: (e) => `${e.step} of ${e.lot} began`,
  lot_inspected: (e) => `${e.step} of ${e.lot}: ${FINDINGS[e.finding]}`,
  sample_taken: (e) => `sample ${e.sample} was taken from ${e.lot} for ${e.test}`,
  result_entered: (e) => `sample ${e.sample} is ${e.outcome}`,

  // The clock of a hold.
  hold_started: (e, at) => `the clock of ${e.lot} runs; held until ${at(e.until)} or later`,
  hold_restarted: (e, at) => `the clock of ${e.lot} restarted and runs until ${at(e.until)}: ${e.because}`,
  hold_ended: (e) => `the clock of ${e.lot} has run`,
  credit_asked: (e, at) => `${e.witness} is asked to witness that the clock of ${e.lot} counts from ${at(e.from)}`,
  credit_witnessed: (e, at) => `the clock of ${e.lot} was seen to count from ${at(e.from)}`,
  clock_credited: (e, at) => `the clock of ${e.lot} counts from ${at(e.from)}, as ${e.witness} saw`,

  stock_recorded: (e) =>
    `${count(e.lots.length, 'lot')} here before the ledger: ${list(e.lots.slice(0, 5).map((l) => l.lot))}${e.lots.length > 5 ? ' and others' : ''}`,
  stock_witnessed: (e) => `the past of the lots of record ${e.record} was witnessed`,
  stock_credited: (e, at) =>
    e.from ? `the past of ${e.lot} counts, its clock from ${at(e.from)}` : `the past of ${e.lot} counts`,

  // Signatures.
  signed: (e) => `${e.signer} signed for ${e.lot}: ${e.meaning}`,
  signature_withdrawn: (e) => `${e.signer} took back their signature for ${e.lot}: ${e.because}`,
  lot_released: (e) => `lot ${e.lot} was released`,

  // Exceptions and contacts.
  contact_seen: (e) => `${list(e.lots)} touched: ${e.because}`,
  contamination_found: (e) => `contamination was found on ${soiled(e.on)}: ${e.because}`,
  exception_opened: (e) => `exception ${e.exception} was opened: ${e.because}`,
  exception_closed: (e) => `exception ${e.exception} was settled: ${e.because}`,
  lot_frozen: (e) =>
    `lot ${e.lot} is stopped by ${e.exception}${e.link ? `: it met ${e.link.from} ${surface(e.link.surface)}` : ''}`,
  lot_recalled: (e) =>
    `lot ${e.lot} is called back by ${e.exception}${e.link ? `: it met ${e.link.from} ${surface(e.link.surface)}` : ''}`,

  // Papers.
  manifest_announced: (e) => `papers ${e.manifest} announce ${count(e.lines.length, 'lot')} with ${e.convoy}`,
  manifest_amended: (e) => `papers ${e.manifest} were amended: ${e.because}`,
  manifest_withheld: (e) => `papers ${e.manifest} were withheld: ${e.because}`,
  manifest_refused: (e) => `papers ${e.manifest} were refused: ${e.because}`,
  convoy_postponed: (e, at) => `convoy ${e.convoy} comes at ${at(e.due)}: ${e.because}`,
  name_voided: (e) => `${thing(e.thing)} was entered by mistake and is not here: ${e.because}`,
  trial_declared: (e) => `convoy ${e.convoy} is an exercise`,

  // People.
  person_appointed: (e) =>
    e.roles.length ? `${e.person} is ${list(e.roles.map(words))}` : `${e.person} no longer has a role`,
  person_cleared: (e, at) => `${e.person} is cleared until ${at(e.until)}`,
  clearance_lapsed: (e) => `the clearance of ${e.person} lapsed: ${e.because}`,
  person_shift_started: (e) => `${e.person} came on shift`,
  person_shift_ended: (e) => `${e.person} went off shift`,
  person_passed_gate: (e) => `${e.person} passed the personnel gate`,
  person_reported_sick: (e, at) => `${e.person} reported sick since ${at(e.since)}`,
  worked: (e) => `${list(e.people)} worked on ${thing(e.thing)}`,

  // Places and shifts.
  place_opened: (e) => `${spot(e)} opened`,
  place_closed: (e) => `${spot(e)} closed: ${e.because}`,
  place_broken: (e) => `${spot(e)} broke down`,
  place_repaired: (e) => `${spot(e)} was repaired`,
  capacity_changed: (e) => `${e.place} has ${e.slots} slots now`,
  shift_started: (e) => `${e.resource} came on shift`,
  shift_ended: (e) => `${e.resource} went off shift`,

  // Rules, the record itself and its time.
  rules_adopted: (e) => `the rules of ${e.rules.gateway} were adopted`,
  rules_proposed: (e) => `rules of ${e.rules.gateway} that ask for less were proposed`,
  protocol_adopted: (e, at) =>
    `version ${e.protocol.version} of protocol ${e.protocol.protocol} was adopted, from ${at(e.protocol.from)}`,
  protocol_proposed: (e) =>
    `version ${e.protocol.version} of protocol ${e.protocol.protocol}, which asks for less, was proposed`,
  time_doubted: (e, at) =>
    e.doubt
      ? `the ledger stopped: ${tell<Doubt>(DOUBTS, e.doubt, at)}`
      : `the ledger stopped: ${e.because} (its clock read ${at(e.wall)})`,
  time_stated: (e, at) => `it is ${at(e.time)}: ${e.because}`,
  time_confirmed: (e, at) =>
    e.time ? `confirmed that it is ${at(e.time)} (record ${e.record})` : `confirmed the time of record ${e.record}`,
  corrected: (e) => `record ${e.record} is corrected: ${e.because}`,
  warning_acknowledged: (e) => `${e.by} saw the warning ${words(e.warning)}: ${e.fact}`,
  noted: (e) => (e.thing ? `note on ${thing(e.thing)}: ${e.text}` : `note: ${e.text}`),
} satisfies Events;
