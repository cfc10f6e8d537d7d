// What the ledger refuses, warns of and remedies, in English: one row for each kind that the API can send. A kind or a
// field that is missing here does not compile. Instants come in the station's time by `at`.
import type {
  At,
  Catalogue,
  Dangers,
  Doubt,
  Fact,
  Fallen,
  Less,
  Milestone,
  NameFault,
  Nearness,
  Noun,
  PastMoment,
  Remedy,
  Rule,
  Stage,
  TableNote,
  TimeWitness,
  Asked,
  Shortfall,
  Wrong,
} from './told';
import { tell } from './told';

const NOUNS = {
  convoy: 'convoy',
  vehicle: 'vehicle',
  lot: 'lot',
  departure: 'departure',
  source: 'source',
  place: 'place',
  step: 'step',
  goods: 'goods class',
  resource: 'crew or equipment',
  manifest: 'paper',
  person: 'person',
  sample: 'sample',
  exception: 'exception',
  agent: 'agent',
  test: 'test',
  protocol: 'protocol',
  line: 'line of readings',
  seal: 'seal',
  device: 'device',
  site: 'site',
  record: 'record',
} satisfies Record<Noun, string>;

const STAGES = {
  announced: 'announced and not yet unloaded',
  withdrawn: 'no longer on any papers',
  held: 'here',
  released: 'here',
  sent: 'on its way between two sites',
  loaded: 'loaded for a departure',
  departed: 'gone inland',
  destroyed: 'destroyed',
  sent_back: 'gone back to its sender',
  split: 'split into parts',
} satisfies Record<Stage, string>;

const roles = (all: string[]): string => all.map((role) => role.replaceAll('_', ' ')).join(', ');

const dangers = (classes: Dangers): string => (classes.length ? `class ${classes.join(' and ')}` : 'no hazard');

const fallen = (one: Fallen): string =>
  one.lapsed ? `the clearance of ${one.signer} was taken from them` : `${one.signer} is no longer an officer`;

/** `6 d 3 h`, `3 h 20 min`, `4 min`, `12 s`: rounded down, as the ledger says it. */
function span(seconds: number): string {
  const [d, h, min] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3_600) % 24, Math.floor(seconds / 60) % 60];
  if (d) return h ? `${d} d ${h} h` : `${d} d`;
  if (h) return min ? `${h} h ${min} min` : `${h} h`;
  return min ? `${min} min` : `${seconds} s`;
}

/** `8 days`, `1 day 12 hours`: nothing rounded, for sentences that compare two lengths of time. */
export function spelled(seconds: number): string {
  const units: [number, string][] = [
    [86_400, 'day'],
    [3_600, 'hour'],
    [60, 'minute'],
    [1, 'second'],
  ];
  let rest = seconds;
  const parts = units.flatMap(([length, unit]) => {
    const count = Math.floor(rest / length);
    rest %= length;
    return count ? [`${count} ${unit}${count === 1 ? '' : 's'}`] : [];
  });
  return parts.join(' ') || '0 seconds';
}

function nearness(how: Nearness): string {
  if (typeof how === 'object') return `placed as note ${how.under_note} of IMDG 7.2.7.1.4 allows next to`;
  return how === 'away' ? 'kept away from' : 'in another wagon than';
}

function unknown(what: Noun, name: string): string {
  if (what === 'person') return `there is no person ${name}`;
  if (what === 'manifest') return `there are no papers ${name}`;
  if (what === 'test') return `no protocol names a test ${name}`;
  return `there is no ${NOUNS[what]} ${name}`;
}

const MILESTONES = {
  sample_taken: (f) => `sample ${f.sample} was taken at`,
  lot_came: (f) => `${f.lot} came to its present place at`,
  lot_unloaded: (f) => `${f.lot} was unloaded at`,
  step_began: (f) => `${f.step} of ${f.lot} began at`,
  vehicle_left: (f) => `vehicle ${f.vehicle} left at`,
  vehicle_came: (f) => `vehicle ${f.vehicle} arrived at`,
  vehicle_moved: (f) => `vehicle ${f.vehicle} came to its present place at`,
  vehicle_emptied: (f) => `vehicle ${f.vehicle} was emptied at`,
  convoy_announced: (f) => `${f.convoy} was announced at`,
  ledger_founded: () => 'the ledger was founded at',
} satisfies Catalogue<Milestone>;

const PAST_MOMENTS = {
  arrived: () => 'its arrival at',
  unloaded: () => 'its unloading at',
  treatment_began: (f) => `the beginning of ${f.step} at`,
  treatment_ended: (f) => `the end of ${f.step} at`,
  sample_taken: (f) => `the taking of sample ${f.sample} at`,
  hold_began: () => 'the beginning of its hold at',
  recorded: () => 'the time of this entry,',
} satisfies Catalogue<PastMoment>;

const NAME_FAULTS = {
  empty: () => 'a name has at least one letter or digit',
  long: (f) => `a name has at most 64 characters, and this one has ${f.characters}`,
  control: (f) =>
    `a name has no control characters, and this one has U+${f.code.toString(16).toUpperCase().padStart(4, '0')}`,
} satisfies Catalogue<NameFault>;

/** What each rule says. */
export const RULES = {
  G1: 'goods are held from entry until they are released',
  G2: 'goods leave only by the way that was decided for them',
  G3a: 'every treatment of the protocol must have ended and be valid',
  G3b: 'the quarantine clock must have run',
  G3c: 'every test and inspection of the protocol must have been passed',
  G3d: 'no exception may be open on the lot',
  G3e: 'different people must sign, as many as the protocol requires, the last of them a chief officer',
  G3f: 'a signer must neither have treated nor tested the lot',
  G4: 'the clock of a hold never gets shorter',
  G5: 'everything that came in must be here, have left, been destroyed or been declared lost',
  G6: 'everything that holds a lot holds every part of it',
  G7: 'a thing is in one place at a time and moves only along existing ways',
  G8: 'goods cross from dirty to clean once, treated, and never back without starting again',
  G9: 'a positive test stops the lot and everything it may have touched',
  C1: 'contact with something dirtier or later restarts the clock',
  W1: 'a vehicle goes home only empty, washed after its last load, and as its source demands',
  P1: 'a person who works or signs must be cleared, trained for the agent, rested and on shift',
  P2: 'a person who worked on the dirty side must pass the personnel gate before working on the clean side',
  P3: 'a person who reports sick stops what they handled',
  S1: 'a slot never holds more than its room',
  S1b: 'a closed or broken place takes nothing new',
  S2: 'goods that must be kept apart are never together',
  S3: 'an agent must be one that the protocol names and the goods tolerate',
  A1: 'history is corrected by a new record that names the old',
  A4: 'a command counts once',
  A8: 'a warning must be acknowledged by name',
  A10: 'an entry cannot come from the future, and credit for earlier time needs a witness',
  A11: 'unconfirmed time does not count, and two people must confirm the correct time',
  R1: 'each role may do only its own work',
  K1: 'a command must refer to things that exist, and create only new ones',
  X1: 'trial runs and real goods are kept apart',
} satisfies Record<Rule, string>;

/** The time between two instants, whichever comes first. */
const between = (a: string, b: string): string => span(Math.floor(Math.abs(Date.parse(a) - Date.parse(b)) / 1000));

const WITNESSES = {
  database: 'the clock of the database says',
  devices: 'the devices of several people say',
} satisfies Record<TimeWitness, string>;

/** Why the ledger's clock is in doubt. */
export const DOUBTS = {
  jumped: (f, at) =>
    `the server's clock reads ${at(f.wall)}, but by its steady clock it is ${at(f.steady)}: ` +
    `it jumped ${between(f.wall, f.steady)} ${Date.parse(f.wall) > Date.parse(f.steady) ? 'ahead' : 'back'}`,
  future: (f, at) =>
    `the last record was made at ${at(f.last)}, but the server's clock reads ${at(f.wall)}, ` +
    `${between(f.wall, f.last)} before it`,
  silence: (f, at) =>
    `the last record was made at ${at(f.last)}, and the server's clock reads ${at(f.wall)}: ` +
    `nothing confirms that ${between(f.wall, f.last)} have passed`,
  contradicted: (f, at) => `the server's clock reads ${at(f.wall)}, but ${WITNESSES[f.witness]} it is ${at(f.says)}`,
  recorded: (f) => f.because,
} satisfies Catalogue<Doubt>;

export const LESS = {
  no_step: (f) => `${f.protocol}: no longer requires ${f.step}`,
  shorter_step: (f) => `${f.protocol}: ${f.step} for ${spelled(f.contact_s)} instead of ${spelled(f.before_s)}`,
  other_agents: (f) => `${f.protocol}: ${f.step} by other agents or readings`,
  other_temperatures: (f) => `${f.protocol}: ${f.step} at other temperatures`,
  other_places: (f) => `${f.protocol}: ${f.step} in other places`,
  repeats_fewer: (f) => `${f.protocol}: ${f.step} has fewer treatments repeated`,
  no_test: (f) => `${f.protocol}: no longer requires the test ${f.test}`,
  earlier_test: (f) =>
    `${f.protocol}: ${f.test} from ${spelled(f.not_before_s)} into the hold instead of ${spelled(f.before_s)}`,
  no_hold: (f) => `${f.protocol}: no longer has a hold`,
  shorter_hold: (f) => `${f.protocol}: a hold of ${spelled(f.hold_s)} instead of ${spelled(f.before_s)}`,
  other_clock: (f) => `${f.protocol}: the clock of the hold starts at another event`,
  hold_before_more: (f) => `${f.protocol}: the hold runs before more treatments`,
  fewer_signatures: (f) => `${f.protocol}: ${f.signatures} signatures instead of ${f.before}`,
  new_place: (f) => `place ${f.place} is new and requires less than the others on its side`,
  not_clean: (f) => `${f.place}: it is no longer on the clean side`,
  not_dirty: (f) => `${f.place}: it is no longer on the dirty side`,
  fewer_contacts: (f) => `${f.place}: fewer contacts count`,
  shorter_contacts: (f) => `${f.place}: contacts count for less time`,
  more_ways: (f) => `${f.place}: it leads to more places`,
  apart_from_fewer: (f) => `${f.goods} is kept apart from fewer classes`,
  bears_more: (f) => `${f.goods} tolerates more agents`,
  home_with_less: (f) => `vehicles of ${f.source} go home with less`,
  off_shift: () => 'people work off shift',
  no_gate: () => 'the personnel gate is no longer required',
  less_rest: () => 'people rest less',
  fewer_people_contacts: () => 'fewer contacts by people',
  counts_differ: () => 'counts may differ by more',
  clocks_ahead: () => 'clocks of devices may be further ahead',
  keys_forgotten: () => 'keys are remembered for less time',
  shorter_wait: () => 'weaker rules wait for less time',
} satisfies Catalogue<Less>;

const less = (all: Less[], at: At): string => all.map((one) => tell<Less>(LESS, one, at)).join('; ');

export const FACTS = {
  // What a command speaks of.
  unknown: (f) => unknown(f.what, f.name),
  unknown_on_line: (f) => `vehicle ${f.vehicle}, lot ${f.lot}: there is no goods class ${f.goods}`,
  unknown_danger: (f) => `vehicle ${f.vehicle}, lot ${f.lot}: ${f.hazard} is not a hazard class`,
  never_here: (f) => `vehicle ${f.vehicle} was never here`,
  no_unit: (f) => `${f.place} has no unit ${f.unit}`,
  several_spellings: (f) => `more than one ${NOUNS[f.what]} is called ${f.name} in different spellings`,
  looks_like: (f) => `${f.name} looks like ${f.other}, which is another ${NOUNS[f.what]}`,
  bad_name: (f, at) =>
    `\`${f.name}\` cannot be the name of a ${NOUNS[f.what]}: ${tell<NameFault>(NAME_FAULTS, f.why, at)}`,
  no_room_for_names: () => 'the ledger has no room for another name',
  instant_out_of_range: (f, at) => `\`${f.field}\` is ${at(f.at)}`,
  number_too_large: (f) => `\`${f.field}\` is ${f.number}, which is too large for a record`,
  // The command itself.
  key_used: (f) => `the key ${f.key} was used for another command`,
  from_future: (f, at) => `the entry is dated ${at(f.at)}, but it is ${at(f.now)}`,
  long_ago: (f, at) => `the command was written at ${at(f.at)}, longer ago than keys are remembered`,
  too_early: (f, at) =>
    `the entry is dated ${at(f.at)}, but ${tell<Milestone>(MILESTONES, f.after, at)} ${at(f.least)}`,
  no_rules: () => 'the gateway has no rules yet',
  own_entry: () => 'this is recorded by the ledger itself',
  not_in_role: (f) => `${f.person} is ${roles(f.roles) || 'nobody here'}`,
  correction_unexplained: (f) => `no reason is given why record ${f.record} is wrong`,
  instant_past: (f, at) => `${at(f.at)} is past`,
  // The ledger's own time.
  time_in_doubt: (f, at) => (f.doubt ? tell<Doubt>(DOUBTS, f.doubt, at) : f.why),
  statement_lapsed: () =>
    'no statement of the time is waiting for a second person: it was settled, is more than an hour old, or the machine restarted',
  time_out_of_range: (f, at) => `${at(f.at)} is not between 1970 and 2200`,
  no_record_so_late: (f, at) => `no record was made as late as ${at(f.at)}`,
  time_unexplained: () => 'the source of the time is missing',
  time_stated_themselves: (f) => `${f.person} stated the time and would confirm it as well`,
  // Where things are.
  lot_is: (f) => `${f.lot} is ${STAGES[f.stage]}`,
  lot_elsewhere: (f) => `${f.lot} is in ${f.place} ${f.unit}`,
  lot_nowhere: (f) => `${f.lot} is nowhere`,
  lot_already_in: (f) => `${f.lot} is already in ${f.place} ${f.unit}`,
  lot_never_unloaded: (f) => `${f.lot} was never unloaded here`,
  announced_elsewhere: (f) => `${f.lot} is announced on vehicle ${f.vehicle}`,
  lot_known_elsewhere: (f) => `vehicle ${f.vehicle}, lot ${f.lot}: that lot is known from elsewhere`,
  vehicle_not_here: (f) => `vehicle ${f.vehicle} is not here`,
  vehicle_here: (f) => `vehicle ${f.vehicle} is already here`,
  vehicle_twice: (f) => `vehicle ${f.vehicle} is named twice`,
  vehicle_already_in: (f) => `vehicle ${f.vehicle} is already in ${f.place} ${f.unit}`,
  vehicle_elsewhere: (f) => `vehicle ${f.vehicle} is in ${f.place} ${f.unit}`,
  vehicle_nowhere: (f) => `vehicle ${f.vehicle} was not placed anywhere`,
  vehicle_not_gone: (f) => `vehicle ${f.vehicle} has not gone home`,
  no_way: (f) => `no way leads from ${f.from} to ${f.to} for ${f.thing}`,
  unit_closed: (f) => `${f.place} ${f.unit} is closed: ${f.because}`,
  unit_broken: (f) => `${f.place} ${f.unit} is broken`,
  place_full: (f) => `${f.place} has ${f.slots} slots, of which ${f.used} are taken`,
  unit_full: (f) => `${f.place} ${f.unit} has ${f.slots} slots, of which ${f.used} are taken`,
  // What must be kept apart.
  goods_apart: (f) => `${f.lot} (${f.goods}) is in ${f.place} ${f.unit}, and ${f.own} must be kept apart from it`,
  unit_between: (f) =>
    `${f.lot} (${dangers(f.dangers)}) is in ${f.place} ${f.unit}, and ${dangers(f.own)} must have a complete unit between`,
  separated_from: (f) =>
    `${f.lot} (${dangers(f.dangers)}) is in ${f.place} ${f.unit}, and ${dangers(f.own)} must be separated from it`,
  near: (f) => `${f.lot} (${dangers(f.dangers)}) must be ${nearness(f.how)} ${dangers(f.own)}`,
  compartment_between: (f) =>
    `${f.lot} (${dangers(f.own)}) and ${f.other} (${dangers(f.dangers)}) must have a whole compartment between them`,
  same_wagon: (f) =>
    `${f.lot} (${dangers(f.dangers)}) is in that wagon, and ${dangers(f.own)} must be separated from it`,
  near_aboard: (f) =>
    `${f.lot} (${dangers(f.dangers)}) must be ${nearness(f.how)} ${f.other} (${dangers(f.own)})` +
    (f.wagons_known ? '' : '; it is not recorded which wagons they are in'),
  trial_in_unit: (f) =>
    `${f.place} ${f.unit} has ${f.lot}, which ${f.trial ? 'belongs' : 'does not belong'} to a trial run`,
  trial_aboard: (f) => `of ${f.lot} and ${f.other}, one belongs to a trial run`,
  untreated_for_clean: (f) => `${f.lot} is not treated as its protocol requires, and ${f.place} is clean`,
  back_to_dirty: (f) => `${f.lot} would go back from the clean side to ${f.place}`,
  vehicle_dirty: (f) => `vehicle ${f.vehicle} is not empty and washed, and ${f.place} is clean`,
  // Treatments.
  under_treatment: (f) => `${f.lot} is under treatment`,
  clean_for_step: (f) => `${f.place} is clean, and ${f.step} is for goods that are not`,
  not_done_there: (f) => `${f.lot} is in ${f.place}, but ${f.step} is not done there`,
  ended_before_beginning: (f, at) => `it began at ${at(f.from)}, after ${at(f.at)}`,
  other_treatment: (f) => `${f.lot} is under ${f.other} and not ${f.step}`,
  not_begun: (f) => `${f.step} of ${f.lot} has not begun`,
  not_treated: (f) => `${f.lot} is not treated as its protocol requires`,
  untreated: (f) => `${f.lot} has no valid ${f.steps.join(', ')}`,
  agent_not_named: (f) => `the protocol of ${f.lot} does not name ${f.agent} for ${f.step}`,
  agent_spoils: (f) => `${f.agent} spoils ${f.goods}`,
  reading_from_future: (f, at) => `the reading is dated ${at(f.at)}, but it is ${at(f.now)}`,
  reading_too_early: (f, at) => `the reading is dated ${at(f.at)}, but ${f.step} began at ${at(f.from)}`,
  bad_line: (f) => `\`${f.line}\` is not the name of a line`,
  read_already: (f, at) =>
    `${f.line ? `line ${f.line}` : 'the treatment'} was already read at ${at(f.at)}: ${f.concentration_mg_m3} mg/m³ at ${celsius(f.temperature_mc)} °C`,
  // The clock of a hold.
  no_protocol: (f) => `no protocol is in force for ${f.goods}`,
  no_hold: (f) => `the protocol of ${f.lot} has no hold`,
  clock_not_begun: (f) => `the clock of ${f.lot} has not begun`,
  held_until: (f, at) => `${f.lot} is held until ${at(f.until)}`,
  held_for: (f, at) => `${f.lot} is held until ${at(f.until)} (${span(f.left_s)} from now)`,
  clock_stopped: (f) => `the clock of ${f.lot} does not run`,
  credit_too_long: (f, at) =>
    `the clock of ${f.lot} started at ${at(f.clock)}; its treatment, arrival or last contact was at ${at(f.least)}`,
  own_witness: (f) => `${f.person} is their own witness`,
  not_asked_to_witness: (f) => `${f.person} was not asked to witness the clock of ${f.lot}`,
  other_credit: (f, at) => `credit was requested from ${at(f.asked)}, but ${f.person} saw it from ${at(f.seen)}`,
  // Tests and inspections.
  condemned: (f) => `an inspection condemned ${f.lot}`,
  refused_by_inspection: (f) => `${f.lot} failed an inspection`,
  untested: (f) => `${f.lot} has not passed ${[...f.inspections, ...f.tests].join(', ')}`,
  results_out: (f) => `${f.lot} waits for the result of ${f.samples.join(', ')}`,
  inconclusive: (f) => `the last result of ${f.tests.join(', ')} of ${f.lot} was inconclusive`,
  sample_known: (f) => `sample ${f.sample} was already taken`,
  sample_too_early: (f) => `a sample of ${f.lot} for ${f.test} taken now would not count: it is too early in its hold`,
  result_known: (f) => `the result of ${f.sample} is already recorded`,
  // Goods that were here before the ledger.
  stock_empty: () => 'no lot is stated',
  stock_danger: (f) => `${f.lot}: there is no class of danger ${f.hazard}`,
  stock_apart: (f) => `${f.other} is in ${f.place} ${f.unit}, and ${f.lot} must be kept apart from it`,
  stock_order: (f, at) =>
    `${f.lot}: ${tell<PastMoment>(PAST_MOMENTS, f.moment, at)} ${at(f.at)} is before ${tell<PastMoment>(PAST_MOMENTS, f.other, at)} ${at(f.least)}`,
  stock_after_live: (f, at) => `${f.lot} came at ${at(f.at)}, and the ledger records arrivals since ${at(f.live)}`,
  stock_twice: (f) => `${f.lot} is stated to have had ${f.name} twice`,
  stock_readings: (f) => `${f.step} of ${f.lot} is judged by its readings, and a table cannot state them`,
  stock_short: (f) =>
    `${f.step} of ${f.lot} took ${spelled(f.contact_s)}, and its protocol asks for ${spelled(f.asked_s)}`,
  stock_held_elsewhere: (f) => `the clock of ${f.lot} counts from when it comes to ${f.place}, where it is not`,
  stock_sample_early: (f, at) => `a sample of ${f.lot} for ${f.test} counts from ${at(f.least)} on`,
  nothing_to_witness: (f) => `record ${f.record} states no lots that wait for a witness`,
  // Exceptions and contacts.
  stopped: (f) => `${f.lot} is stopped by ${f.exceptions.join(', ')}`,
  exception_exists: (f) => `exception ${f.exception} already exists`,
  exception_not_open: (f) => `no exception ${f.exception} is open`,
  exception_empty: () => 'the exception names no lot or gives no reason',
  closing_unexplained: (f) => `the settlement of ${f.exception} has no reason`,
  lot_twice: (f) => `${f.lot} is named twice`,
  contact_of_one: () => 'a contact needs two lots',
  // Signatures.
  unsigned: (f) =>
    `${f.lot} has ${f.have} of ${f.need} signatures${f.fallen.map((one) => `; that of ${one.signer} no longer counts: ${fallen(one)}`).join('')}`,
  signs_as_other: (f) => `${f.person} would sign as ${f.signer}`,
  signature_empty: () => 'the signature has no meaning',
  already_released: (f) => `${f.lot} is already released`,
  signed_already: (f) => `${f.signer} has already signed for ${f.lot}`,
  treated_or_tested: (f) => `${f.signer} treated or tested ${f.lot}`,
  not_chief: (f) => `${f.signer} is not a chief officer, and this is the last signature`,
  withdraws_other: (f) => `${f.person} would take back the signature of ${f.signer}`,
  withdrawal_unexplained: () => 'the withdrawal of the signature has no reason',
  released: (f) => `${f.lot} is released`,
  not_signed: (f) => `${f.signer} has not signed for ${f.lot}`,
  // People.
  never_cleared: (f) => `${f.person} was never cleared`,
  clearance_ended: (f, at) => `the clearance of ${f.person} ended at ${at(f.at)}`,
  not_cleared: (f) => `${f.person} is not cleared`,
  not_on_shift: (f) => `${f.person} is not on shift`,
  untrained: (f) => `${f.person} is not trained for ${f.agent}`,
  not_through_gate: (f) => `${f.person} worked on the dirty side and has not passed the personnel gate since`,
  no_administrator: () => 'nobody administers this ledger yet',
  only_administrator: (f) => `${f.person} is the only administrator`,
  clears_themselves: (f) => `${f.person} would clear themselves`,
  clearance_over: (f, at) => `the clearance would have ended at ${at(f.until)}`,
  must_rest: (f, at) => `${f.person} must rest until ${at(f.until)}`,
  reports_other: (f) => `${f.person} would report ${f.other} sick`,
  infectious_since: (f, at) => `${f.person} would have been infectious since ${at(f.since)}`,
  // Vehicles and seals.
  other_mark: (f) => `${f.mark} was read, but the papers say ${f.vehicle}`,
  check_digit: (f) => `the check digit of ${f.mark} would have to be ${f.expected}`,
  seals_differ: (f) => `the papers list the seals ${f.papers.join(', ')}; found were ${f.found.join(', ')}`,
  not_empty: (f) => `vehicle ${f.vehicle} is not empty`,
  lots_aboard: (f) => `according to its papers, ${f.lots} lots are still on vehicle ${f.vehicle}`,
  dropped_aboard: (f) =>
    `the papers dropped ${f.lot} after vehicle ${f.vehicle} had arrived, and ${f.exception} is open`,
  not_washed: (f) => `vehicle ${f.vehicle} was not washed since it was emptied`,
  must_stand: (f, at) => `vehicle ${f.vehicle} must rest until ${at(f.until)}`,
  not_sealed: (f) => `vehicle ${f.vehicle} is not sealed`,
  vehicle_papers_refused: (f) => `the papers of vehicle ${f.vehicle} were refused`,
  vehicle_worked_on: (f) => `vehicle ${f.vehicle} was opened or emptied, or has lots according to its papers`,
  // Departures.
  departure_left: (f) => `${f.departure} has left`,
  departure_left_already: (f) => `${f.departure} has already left`,
  loaded_differs: (f) => `${f.loaded} lots are loaded for ${f.departure}, not ${f.lots}`,
  // Papers and convoys.
  arrival_known: (f) => `the arrival of ${f.convoy} is already recorded`,
  arrived: (f) => `${f.convoy} has arrived`,
  arrived_as_real: (f) => `${f.convoy} has arrived as real goods`,
  no_papers: (f) => `no papers announced ${f.convoy}`,
  papers_known: (f) => `papers ${f.manifest} are already known`,
  papers_for_convoy: (f) => `papers ${f.manifest} already belong to ${f.convoy}`,
  lot_on_two_lines: (f) => `lot ${f.lot} is on two lines`,
  other_goods: (f) => `the papers say ${f.papers} and not ${f.goods}`,
  delay_unexplained: (f) => `the delay of ${f.convoy} has no reason`,
  voiding_unexplained: () => 'the reason why the name was entered is missing',
  is_convoy: (f) => `${f.convoy} is a convoy`,
  lot_worked_on: (f) => `${f.lot} was treated, tested, split or signed for: it is here`,
  said_already: (f) => `${f.person} has already said so`,
  neither_officer: (f) => `neither ${f.first} nor ${f.second} is an officer`,
  // Amounts.
  loss_too_large: (f) =>
    `${f.lot} has ${f.has.pieces} pieces and ${f.has.mass_kg} kg, and ${f.lost.pieces} and ${f.lost.mass_kg} kg would be lost`,
  loss: (f) => `${f.lost.pieces} pieces and ${f.lost.mass_kg} kg of ${f.lot} would be lost: ${f.because}`,
  too_few_parts: (f) => `${f.lot} would become ${f.parts} parts`,
  name_taken: (f) => `${f.lot} is the name of another lot`,
  parts_differ: (f) =>
    `the parts have ${f.pieces} pieces and ${f.mass_kg} kg, and ${f.lot} has ${f.has.pieces} and ${f.has.mass_kg} kg`,
  // Rules and protocols.
  place_twice: (f) => `place ${f.place} is named twice`,
  place_without_units: (f) => `place ${f.place} has no units`,
  pool_of_unknown: (f) => `place ${f.place} pools the slots of an unknown number of units`,
  leads_nowhere: (f) => `${f.place} leads to ${f.to}, which is not a place`,
  no_class_or_source: () => 'the rules name no goods class, or no source',
  other_version: (f) => `version ${f.next} of ${f.protocol} comes next, not ${f.version}`,
  signatures_asked: (f) => `${f.protocol} requires ${f.signatures} signatures`,
  too_many_steps: (f) => `${f.protocol} has more than ${f.most} treatments or inspections`,
  held_before_unknown: (f) => `${f.protocol} has a hold before ${f.step}, which is not one of its treatments`,
  too_many_tests: (f) => `all protocols together would name more than ${f.most} tests`,
  step_twice: (f) => `${f.protocol} requires ${f.step} twice`,
  bands_overlap: (f) => `the bands of temperature for ${f.agent} are empty or overlap`,
  reading_after_end: (f) => `${f.agent} requires a reading after its time is over`,
  temperature_empty: (f) => `a temperature of ${f.step} is empty, or has no time`,
  asks_less: (f, at) => `this asks for less than what is in force: ${less(f.less, at)}`,
  less_waits: (f, at) => `a change that asks for less must wait until ${at(f.until)}: ${less(f.less, at)}`,
} satisfies Catalogue<Fact>;

export const REMEDIES = {
  // Names and numbers.
  correct_mark: () => 'correct the mark',
  correct_name: () => 'correct the name',
  correct_name_or_return: () =>
    'only things that are here can be worked on; correct the name, or record how it came back',
  correct_name_or_papers: () => 'correct the name, or amend the papers',
  correct_mark_or_arrival: () => 'record the arrival of its convoy, or correct the mark',
  correct_mark_or_home: () => 'correct the mark, or record that it went home',
  check_name_or_unload: () => 'check the name, or record that it was unloaded',
  name_record: () => 'name the record that is wrong',
  choose_place: () => "choose one of the places of the gateway's rules",
  choose_source: () => "choose one of the sources of the gateway's rules",
  choose_goods: () => "choose one of the classes of the gateway's rules",
  choose_test: () => "choose a test of the lot's protocol",
  choose_unit: (f) => `choose a unit from 1 to ${f.most}`,
  spell_as_recorded: () => 'write it exactly as it is recorded',
  other_name: () => 'write another name',
  name_of_its_own: () => 'give it another name',
  other_person_name: () => "choose a name that cannot be taken for another person's",
  name_convoy_anew: () => 'give this convoy another name',
  name_sample_anew: () => 'give this sample another name',
  name_exception_anew: () => 'give this exception another name',
  name_lots_apart: () => 'give each lot a different name',
  name_parts_apart: () => 'give each part a different name',
  name_each_lot_once: () => 'name each lot once',
  write_class: () => 'write a class or division such as 3, 2.1 or, with its compatibility group, 1.4S',
  short_line: (f) => `write at most ${f.most} characters, such as top, or leave out the line`,
  instant_in_range: () => 'write an instant from 1970 to 2199',
  number_in_range: (f) => `write a whole number up to ${f.most}`,
  next_ledger: () => 'close this ledger and open the next',
  // The command itself.
  new_key: () => 'give this command another key; if a device counts its keys, its count has restarted',
  set_device_clock: () => "set the device's clock and enter it again",
  look_or_enter_late: () => 'check whether it is in the ledger; if not, enter it again as a late entry',
  correct_when: () => 'correct the time',
  adopt_rules: () => 'adopt its rules first',
  sign_instead: () => 'sign for the release instead',
  enter_cause: () => 'enter the event from which it follows',
  roles_may: (f) => `${roles(f.roles) || 'nobody'} may do this`,
  say_why: () => 'say why',
  say_how: () => 'say how',
  acknowledge: (f) => `acknowledge \`${f.warning}\` if it is intended`,
  instant_to_come: () => 'give a future instant',
  // The ledger's own time.
  settle_time: () =>
    "set the server's clock right; an administrator then states the time, and a second person confirms it",
  state_time_again: () => 'have an administrator state the time again',
  state_time_now: () => 'state the current time',
  first_wrong_stamp: () => 'give the time stamp of the first record made under the wrong clock',
  say_by_which_clock: () => 'name the clock',
  other_confirms: () => 'another person must confirm it',
  // Places.
  go_by: (f) => `go by ${f.places.join(' or ')}`,
  bring_to: (f) => `bring it to ${f.places.join(' or ')} first`,
  brought_first: (f) => `record that it was brought to ${f.place} ${f.unit} first`,
  placed_first: (f) => `record that it was placed in ${f.place} ${f.unit} first`,
  other_place: () => 'choose another place',
  other_unit: () => 'choose another unit',
  other_unit_or_group: () => 'choose another unit, or have the papers name the compatibility group, such as 1.4S',
  other_unit_or_open: () => 'choose another unit, or open or repair it first',
  unit_not_beside: () => 'choose a unit that is not next to it',
  free_slot_or_place: () => 'free a slot, or choose another place',
  free_slot_or_unit: () => 'free a slot, or choose another unit',
  only_here_leaves: () => 'only goods that are here can leave',
  record_unloading: () => 'record its unloading first',
  // Treatments and holds.
  end_treatment: () => 'end the treatment first',
  treat_or_dirty_place: () => 'complete its treatment first, or choose a place on the dirty side',
  bring_to_treatment: () => 'bring it to where it is treated; on the clean side it would contaminate the place',
  correct_end: () => 'correct the end',
  record_beginning: () => 'record its beginning first',
  complete_treatment: () => 'complete its treatment; the clock then starts automatically',
  complete_steps: (f) => `complete ${f.steps.join(', ')} as its protocol requires`,
  treat_and_store: () => 'complete its treatment and bring it to where it is held',
  use_agent: (f) => `use ${f.agents.join(' or ')}`,
  other_agent: () => 'use another agent of the protocol',
  correct_reading: () => 'correct the time of the reading',
  name_lines: () => 'name the line of each, or correct the time of the reading',
  adopt_protocol: () => 'adopt one, for this class or for all',
  exception_or_protocol: () => 'open an exception to stop it, or adopt a protocol with a hold',
  that_instant_or_later: () => 'give that instant or a later one',
  wait_for_clock: () => 'wait until the clock has run',
  wait_until: (f, at) => `wait until ${at(f.until)}`,
  other_witness: () => 'another person must have seen it',
  ask_for_credit: () => 'an officer must request the credit first and name the witness',
  say_what_was_seen: () => 'state what was seen; if it was another time, have the credit requested again',
  credit_late_clock: () => 'credit is for a clock that started late',
  credit_less: () => 'credit no more than the time between',
  // Goods that were here before the ledger.
  name_lots: () => 'name at least one lot',
  correct_past: () => 'correct one of them, or leave it out',
  record_arrival_instead: () => 'record its arrival and unloading instead',
  leave_out_and_treat: () => 'leave it out, and treat the lot here',
  state_treatments: () => 'state every treatment that its protocol asks, or say that it is on the dirty side',
  leave_out_hold: () => 'leave out since when it is held; its hold then counts from this entry',
  leave_out_test: () => 'leave it out, and sample the lot here',
  name_stock_record: () => 'name the record in which another person stated them',
  // Tests and inspections.
  record_destruction: () => 'record its destruction',
  return_or_destroy: () => 'record its return to the sender, or its destruction',
  sample_or_inspect: (f) =>
    `sample or inspect it for ${[...f.inspections, ...f.tests].join(', ')} within its current hold`,
  enter_result: () => 'enter it; if the sample was lost, enter it as inconclusive and take another',
  sample_again: (f) => `take another sample for ${f.tests.join(', ')}`,
  record_sample: () => 'record that it was taken first',
  new_sample: () => 'take a new sample',
  // Exceptions, contacts and signatures.
  chief_closes: () => 'a chief officer must settle what stops it',
  chief_settles: () => 'a chief officer must settle it',
  name_lots_and_reason: () => 'name at least one lot and give a reason',
  name_contacts: () => 'name every lot that touched another',
  officers_sign: () => 'different cleared officers who neither treated nor tested it must sign, the last a chief',
  sign_for_yourself: () => 'each person signs for themselves',
  say_what_is_signed: () => 'state what is signed',
  nothing_to_sign: () => 'nothing is left to sign',
  other_signs: () => 'another person must sign',
  neutral_signs: () => 'a person who did neither must sign',
  chief_signs_last: () => 'a chief officer must sign last',
  chief_signs_again: (f) =>
    `another chief officer must sign last, or ${f.early} takes their signature back and signs after ${f.signer}`,
  take_back_own: () => 'each person can only take back their own; open an exception to stop the lot',
  open_exception: () => 'open an exception: it stops the lot and voids its signatures',
  open_exception_instead: () => 'open an exception if something is wrong with it',
  nothing_to_take_back: () => 'there is nothing to take back',
  // People.
  appoint_first: () => 'appoint them first',
  appoint_and_clear: () => 'appoint and clear them first',
  renew_or_other: () => 'renew the clearance, or let another person do it',
  renew_first: () => 'renew the clearance first',
  record_shift: () => 'record that the shift began',
  trained_or_record: () => 'let a trained person do it, or record the training with their clearance',
  record_gate_or_other: () => 'record that they passed it, or let another person do it',
  appoint_administrator: () => 'appoint an administrator first',
  appoint_another: () => 'appoint another administrator first',
  other_clears: () => 'another person must clear them',
  wait_or_other: (f, at) => `wait until ${at(f.until)}, or let another person come`,
  reported_by_superior: () => 'the person, their superior or an officer must report it',
  instant_from: (f, at) => `give an instant from ${at(f.from)} to now`,
  second_says: () => 'a second person must confirm it',
  officer_says: () => 'an officer must confirm it',
  // Vehicles.
  other_vehicle_or_papers: () => 'check another vehicle, or have the papers amended',
  empty_then_seal: () => 'record that it was emptied; then seal it',
  empty_then_wash: () => 'record that it was emptied; a wash before that does not count',
  record_emptied: () => 'record that it was emptied',
  empty_and_wash: () => 'empty and wash it first, or choose a place on the dirty side',
  wash: () => 'wash and disinfect it',
  check_and_seal: () => 'check its mark, seal it and record the seal',
  record_left: () => 'record that it left first',
  amend_or_send_home: () => 'have them amended, or send it home unopened',
  unload_or_amend: () => 'record their unloading, or have the papers amended',
  amend_or_record: () => 'amend the papers, or record what became of it',
  // Departures.
  choose_loading: () => 'choose a departure that is being loaded',
  other_departure: () => 'choose another departure',
  other_wagon: () => 'choose another wagon or departure',
  other_wagon_or_group: () =>
    'choose another wagon or departure, or have the papers name the compatibility group, such as 1.4S',
  trial_departure: () => 'give the trial run a separate departure',
  record_loading: () => 'record each lot that was loaded or taken off, then the departure',
  // Papers.
  announce_first: () => 'announce them first',
  announce_with_date: () => 'announce it with its date',
  amend_or_number: () => 'amend them, or number these anew',
  amend_those: () => 'amend those',
  amend_papers_or_class: () => 'have the papers amended, or correct the class',
  declare_trial_first: () => 'declare a trial before its convoy arrives',
  name_lot_or_vehicle: () => 'name the lot or the vehicle that is not here',
  // Amounts.
  no_more_than_there: () => 'declare at most the amount that is there',
  two_parts: () => 'name at least two parts',
  parts_add_up: () => 'make the parts add up, or count the lot or declare a loss first',
  // Rules and protocols.
  name_place_once: () => 'name each place once',
  give_unit: () => 'give it one, or leave it out',
  say_units: () => 'state how many units it has',
  place_of_rules: () => 'name a place of these rules',
  one_of_each: () => 'name at least one of each',
  number: (f) => `number it ${f.next}`,
  ask_signatures: (f) => `ask for 1 to ${f.most}`,
  leave_some_out: () => 'leave some out',
  name_treatment: () => 'name a treatment of the protocol, or leave it out',
  known_tests: () => 'use known tests',
  name_treatment_once: () => 'name each treatment once',
  bands_meet: () => 'make each band begin where the previous one ends, or give alternatives the same band',
  readings_within: () => 'set readings within the time under the agent',
  whole_temperature: () => 'give a lower and a higher temperature, a time, and how often it is read',
  propose_first: () => 'another person must propose the same change first, and it must wait',
} satisfies Catalogue<Remedy>;

/** A temperature in degrees, with one to three decimals, so that two that differ never read the same. */
const celsius = (thousandths: number): string => {
  const size = Math.abs(thousandths);
  const decimals = String(size % 1000).padStart(3, '0');
  const shown = decimals[0] + decimals.slice(1).replace(/0+$/, '');
  return `${thousandths < 0 ? '-' : ''}${Math.floor(size / 1000)}.${shown}`;
};

const concentration = (amount: number): string => `${amount} mg/m³`;

const MEASURES = {
  time: ['time under the agent', spelled],
  least: ['the least concentration', concentration],
  final: ['the final concentration', concentration],
  concentration_time: ['concentration × time', (amount) => `${amount} mg·h/m³`],
} satisfies Record<Asked, [string, (amount: number) => string]>;

/** Why a treatment does not count. */
export const SHORTFALLS = {
  too_short: (f) =>
    `it lasted ${spelled(f.lasted_s)} of ${spelled(f.asked_s)}${f.pauses ? ', not counting pauses' : ''}`,
  nothing_read: () => 'nothing was read',
  too_few_lines: (f) => `${f.read} of ${f.asked} lines were read`,
  no_agent: () => 'no agent was recorded',
  other_agent: (f) => `${f.agent} is not an agent of the protocol`,
  no_band: (f) => `${celsius(f.temperature_mc)} °C is in no band of the protocol`,
  gap: (f) => `there was no reading for ${spelled(f.gap_s)}; the limit is ${spelled(f.allowed_s)}`,
  too_little: (f) => {
    const [what, amount] = MEASURES[f.measure];
    return `${what} was ${amount(f.found)} of ${amount(f.asked)} at ${celsius(f.coldest_mc)} °C`;
  },
  never_reached: (f) =>
    `no reading reached the starting concentration of ${f.asked_mg_m3} mg/m³; the most was ${f.most_mg_m3} mg/m³`,
  no_dose: (f) => `no dose was recorded, but ${f.asked_mg_m3} mg/m³ are required`,
  small_dose: (f) => `the dose was ${f.dose_mg_m3} mg/m³ of ${f.asked_mg_m3} mg/m³`,
  read_once: () => 'there was one reading, but a length of time needs two',
  off_schedule: (f) =>
    `there was no reading ${spelled(f.after_s)} after the exposure began, give or take ${spelled(f.within_s)}`,
  low_at: (f) => `the concentration after ${spelled(f.after_s)} was ${f.found_mg_m3} mg/m³ of ${f.asked_mg_m3} mg/m³`,
  too_warm: (f) => `it was ${celsius(f.warmest_mc)} °C warm, but the limit is ${celsius(f.limit_mc)} °C`,
  not_kept: (f) =>
    `it was from ${celsius(f.from_mc)} to below ${celsius(f.below_mc)} °C without a break ` +
    `for ${spelled(f.kept_s)} of ${spelled(f.asked_s)}`,
} satisfies Catalogue<Shortfall>;

export const onLine = (line: string, what: string): string => `line ${line}: ${what}`;

/** What is wrong with a cell of a table. */
export const WRONG = {
  // Columns.
  no_heading: () => 'this column has no heading; give it one, or empty it',
  unknown_column: (f) =>
    `unknown column${f.near ? `; it may be ${f.near}` : ''}. Say what it is, or that it is to be left out ` +
    `(columns=${f.heading}:FIELD or columns=${f.heading}:-); fields are ${f.fields.join(', ')}`,
  column_twice: (f) => `${f.first} is already this column; there can be only one`,
  column_missing: () => 'this column is missing',
  column_unsaid: () => 'this column is missing, and the request does not supply it either',
  heading_not_found: () => 'the request maps this heading, but the table does not have it',
  more_cells: () => 'this row has more cells than there are headings; put texts that contain a separator into quotes',
  cell_too_long: (f) => `a cell has at most ${f.most} characters`,

  // Names.
  name_expected: () => 'a name is expected here',
  merged_cell: (f) =>
    `this cell is merged with that of row ${f.row}; split the cells, or say that merged cells say the same (fill_merged=true)`,
  name_too_long: (f) => `a name has at most ${f.most} characters and no control characters`,
  formula_error: (f) => `this is the error of a formula, not a ${f.wanted}`,
  text_of_formula_error: () => 'this is the error of a formula',
  truth_for_name: () => 'this is true or false, not a name; format the column as text',
  date_for_name: () => 'the spreadsheet has turned this name into a date; format the column as text and type it again',
  digits_lost: () =>
    'a spreadsheet keeps fifteen digits, so the last ones of this number are lost; format the column as text and type it again',
  scientific_name: () =>
    'this is a number in scientific notation, and its last digits are lost; format the column as text and save it again',
  no_such_source: (f) => `there is no such source; sources are ${f.known.join(', ')}`,
  no_such_class: (f) => `there is no such class; classes are ${f.known.join(', ')}`,
  unknown_hazard: () => 'unknown hazard class; write one such as 3, 2.1 or, with its compatibility group, 1.4S',
  too_many_listed: (f) => `a table has at most ${f.most} seals and classes of danger; split the file`,

  // Numbers.
  truth_value: (f) => `this is true or false, not a ${f.wanted}`,
  date_for_number: () => 'the spreadsheet has turned this number into a date',
  too_many_digits: () => 'this number has more digits than a spreadsheet keeps',
  ambiguous_number: () =>
    'this number is ambiguous; say whether the decimal mark is a point or a comma (decimal=point or decimal=comma)',
  scientific_number: () => 'this is a number in scientific notation; write it out',
  number_expected: () => 'a number without a unit is expected here',
  pieces_expected: () => 'a whole number of pieces is expected here, or nothing for goods in bulk',
  unit_expected: () => 'the number of a unit is expected here, from 1 on',
  mass_expected: () => 'a mass is expected here',
  mass_above_zero: () => 'a mass above 0 is expected here',
  finer_than_milligram: () => 'this has more decimals than milligrams',
  not_whole_kilograms: () => 'the ledger stores whole kilograms; allow rounding (round=true)',

  // Times.
  time_without_date: () => 'this is a time without a date',
  number_for_time: () => 'this is a number; format the cell as a date and a time',
  date_expected: () => 'a date and time is expected here, such as 2026-01-05T17:10 (local) or 2026-01-05T08:10:00Z',
  time_needed: () => 'a date and time is needed here',
  day_or_month: () =>
    'day and month are ambiguous here; say which comes first (days=day or days=month), or write 2026-12-05',
  time_skipped: (f) => `the clocks go forward then, so ${f.local} does not exist; write another time`,
  time_twice: (f) => `the clocks go back then, so ${f.local} occurs twice; add the offset, ${f.before} or ${f.after}`,
  outside_calendar: (f) => `${f.local} is outside the calendar`,

  // Rows together.
  looks_like_total: (f) => `this row looks like a total, and the rows above it sum to ${f.sum}`,
  lot_twice: (f) => `row ${f.row} has this lot already`,
  other_in_lot: (f) => `row ${f.row} says ${f.value} for the same lot; leave this cell empty, or write the same`,
  other_in_papers: (f) => `row ${f.row} says ${f.value} for the same papers`,
} satisfies Catalogue<Wrong>;

const rows = (named: number[], more: boolean): string => `rows ${named.join(', ')}${more ? ' and more' : ''}`;

/** What was decided while a table was read. */
export const NOTES = {
  encoding_guessed: (f) =>
    `the file does not state its encoding and was read as ${f.encoding}; if letters look wrong, choose another`,
  encoding_read: (f) => `the file was read as ${f.encoding}`,
  quoted_lines: (f) =>
    `row ${f.row}: a quoted cell spans several lines and contains separators; check whether a quote is missing`,
  hidden_sheets: (f) => `hidden sheets were skipped: ${f.sheets.join(', ')}`,
  sheet_read: (f) => `the sheet ${f.sheet} was read`,
  hidden_rows_read: (f) => `${rows(f.named, f.more)} are hidden and were read`,
  hidden_rows_skipped: (f) => `${rows(f.named, f.more)} are hidden and were skipped`,
  headings_below: (f) => `the headings are in row ${f.row}; the rows above them were skipped: ${f.above}`,
  total_skipped: (f) => `row ${f.row} is a total; it agrees with the rows above it and was skipped`,
  masses_converted: (f) => `masses are in ${f.unit} and were converted to kilograms`,
  masses_rounded: (f) => `${f.masses} masses were rounded to whole kilograms`,
  in_bulk: (f) => `${f.lots} lots have no pieces and were read as goods in bulk`,
} satisfies Catalogue<TableNote>;
