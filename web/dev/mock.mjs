// Made-up answers for drawing screens without a server: a sample of each schema of the API's document, with a plausible
// yard laid over the answers that matter. For development only; nothing here is built or served.
import { readFileSync } from 'node:fs';

const document = JSON.parse(readFileSync(new URL('../openapi.json', import.meta.url), 'utf8'));
const NOW = Date.parse('2022-01-24T05:05:00Z');
const started = Date.now();
const DAY = 86_400_000;
const iso = (ms) => new Date(ms).toISOString().replace('.000Z', 'Z');
const now = () => NOW + Date.now() - started;

/** The plainest value that a schema allows. */
export function sample(schema, depth = 0) {
  if (schema.$ref) return sample(document.components.schemas[schema.$ref.split('/').pop()], depth);
  if (schema.allOf) return Object.assign({}, ...schema.allOf.map((s) => sample(s, depth)));
  if (schema.oneOf) {
    const real = schema.oneOf.find((s) => s.type !== 'null');
    return depth > 4 ? null : sample(real, depth + 1);
  }
  if (schema.enum) return schema.enum[0];
  const type = Array.isArray(schema.type) ? schema.type.find((t) => t !== 'null') : schema.type;
  if (type === 'array') return depth > 3 || schema.prefixItems ? [] : [sample(schema.items, depth + 1)];
  if (type === 'integer' || type === 'number') return 1;
  if (type === 'boolean') return false;
  if (type === 'string') return schema.format === 'date-time' ? iso(NOW) : (schema.example ?? 'name');
  return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([k, s]) => [k, sample(s, depth + 1)]));
}

const GOODS = ['medicine', 'dairy', 'general'];
const PEOPLE = {
  pak: 'yard_master',
  ri: 'disinfection_lead',
  kim: 'quarantine_officer',
  choe: 'chief_officer',
  han: 'dispatcher',
  jo: 'gate',
  so: 'crew',
  mun: 'auditor',
  admin: 'administrator',
};
const SCREENS =
  document.components.schemas.Screen.enum ?? document.components.schemas.Screen.oneOf.map((s) => s.const ?? s.enum[0]);
let me = 'kim';
let seq = 4711;

const refusal = (rule, says, fact, remedy) => ({ rule, says, fact, remedy });

const lots = Array.from({ length: 430 }, (_, i) => {
  const convoy = 1 + Math.floor(i / 36);
  const lot = `dandong-${convoy}-${1 + (Math.floor(i / 2) % 18)}-${1 + (i % 2)}`;
  const earliest = NOW + (((i * 37) % 500) / 20 - 3) * DAY;
  const kind =
    i % 61 === 5
      ? 'exception'
      : i < 12
        ? 'dirty'
        : i < 40
          ? 'treating'
          : i < 46
            ? 'waiting'
            : earliest < NOW && i % 3
              ? 'releasable'
              : 'holding';
  const held = kind !== 'releasable';
  return {
    lot,
    goods: GOODS[i % 3],
    stage: held ? 'held' : 'released',
    sign: kind,
    spot:
      kind === 'dirty'
        ? { place: 'platform', unit: 1 + (i % 5) }
        : kind === 'treating' || kind === 'waiting'
          ? { place: 'warehouse', unit: 1 + (i % 10) }
          : { place: 'yard', unit: 1 },
    vehicle: lot.slice(0, -2),
    convoy: `dandong-${convoy}`,
    tally: { pieces: 20 + (i % 40), mass_kg: 9000 + 130 * (i % 77) },
    entered: iso(NOW - 12 * DAY),
    earliest: kind === 'holding' || kind === 'exception' || !held ? iso(earliest) : null,
    days_left:
      kind === 'holding' || kind === 'exception' || !held
        ? Math.max(0, Math.round((earliest - NOW) / (DAY / 10)) / 10)
        : null,
    why: !held
      ? null
      : kind === 'exception'
        ? `exception x-220121-7f2k stops it: positive test of dandong-1-4-1`
        : kind === 'holding' && earliest > NOW
          ? `held until ${iso(earliest)}`
          : kind === 'holding'
            ? 'it has 0 of 2 signatures'
            : 'its treatment is not complete',
    signers: kind === 'holding' && earliest <= NOW && i % 2 ? ['kim'] : held ? [] : ['kim', 'choe'],
    signatures_needed: 2,
    exceptions: kind === 'exception' ? ['x-220121-7f2k'] : [],
    recalled: i % 97 === 7,
    trial: false,
  };
});

const cell = (l) => ({
  vehicle: false,
  id: l.lot,
  goods: l.goods,
  sign: l.sign,
  earliest: l.earliest ?? undefined,
  days_left: l.days_left ?? undefined,
});
const timeline = (lot) =>
  [
    ['convoy_arrived', -12, 'jo', 'convoy dandong-3 arrived with 18 vehicles'],
    ['lot_unloaded', -11.8, 'pak', `${lot} came off its vehicle at platform 2`],
    ['treatment_started', -11.2, 'ri', 'disinfection began in warehouse 4'],
    ['treatment_ended', -9.7, 'ri', 'disinfection ended; it counts: 36 h'],
    ['lot_stored', -9.6, 'pak', 'moved to yard 1'],
  ].map(([event, d, by, words], i) => ({
    seq: 4000 + i,
    at: iso(NOW + d * DAY),
    recorded_at: iso(NOW + d * DAY + (i === 3 ? 5400e3 : 20e3)),
    by,
    words,
    event: { at: iso(NOW + d * DAY), event, lot, place: 'yard', unit: 1 },
  }));

const routes = {
  'GET /api/setup': () => ({
    needed: false,
    demo_accounts: Object.entries(PEOPLE).map(([person, role]) => ({
      person,
      password: 'demonstration',
      roles: [role],
    })),
  }),
  'GET /api/session': () =>
    me
      ? session()
      : { __status: 401, type: 'urn:lazaret:problem:not-signed-in', title: 'sign in first', status: 401, detail: '' },
  'POST /api/session': (body) => ((me = body.person), session()),
  'DELETE /api/session': () => ((me = null), { __status: 204 }),
  'GET /api/preferences': () => ({ values: {} }),
  'PUT /api/preferences': () => ({ __status: 204 }),
  'GET /api/gateway': () => ({
    name: 'Uiju',
    time_zone: 'Asia/Pyongyang',
    sources: [{ source: 'dandong', route: 'rail' }],
    steps: [
      { step: 'unload', at: 'platform', kind: 'unload' },
      { step: 'disinfect', at: 'warehouse', kind: 'treatment' },
      { step: 'hold', at: 'yard', kind: 'hold' },
      { step: 'dispatch', at: 'yard', kind: 'dispatch', takes_up_to: 60 },
    ],
    resources: ['cleaner'],
    rules: { ...sample(document.components.schemas.RuleBook), goods: GOODS.map((goods) => ({ goods, priority: 1 })) },
  }),
  'GET /api/today': () => ({
    now: iso(now()),
    counts: {
      held: 1214,
      releasable: 38,
      to_sign: 12,
      exceptions: 3,
      vehicles_here: 18,
      vehicles_empty: 7,
      lots_entered: 3112,
      lots_departed: 1860,
      people_on_shift: 22,
    },
    next_convoy: { convoy: 'dandong-9', source: 'dandong', due: iso(NOW + 3 * 3600e3), vehicles: 18, mismatches: 1 },
    for_you: [
      {
        kind: 'sign_next',
        count: 12,
        screen: 'release',
        role: 'quarantine_officer',
        urgent: false,
        first: ['dandong-2-1-1', 'dandong-2-1-2'],
      },
      {
        kind: 'enter_results',
        count: 4,
        screen: 'tests',
        role: 'quarantine_officer',
        urgent: true,
        first: ['dandong-3-1-1'],
      },
      {
        kind: 'repeat_treatment',
        count: 1,
        screen: 'holds',
        role: 'quarantine_officer',
        urgent: true,
        first: ['dandong-8-2-1'],
      },
    ],
    days: Array.from({ length: 14 }, (_, i) => ({
      date: iso(NOW + i * DAY).slice(0, 10),
      vehicles_due: i % 3 ? 18 : 0,
      clocks_end: [38, 41, 17, 20, 22, 31, 30, 28, 19, 44, 40, 12, 9, 33][i],
      clearances_lapse: i === 4 ? 6 : 0,
    })),
    occupancy: [
      { place: 'platform', used: 12, slots: 20, units_out: 0 },
      { place: 'warehouse', used: 76, slots: 80, units_out: 1 },
      { place: 'yard', used: 384, slots: 1200, units_out: 0 },
    ],
    latest: timeline('dandong-3-1-1').map((t) => ({
      seq: t.seq,
      recorded_at: t.recorded_at,
      by: t.by,
      words: t.words,
    })),
  }),
  'GET /api/site': () => ({
    at: iso(now()),
    live: true,
    seq,
    from: iso(NOW - 8 * DAY),
    to: iso(now()),
    places: [
      {
        place: 'platform',
        side: 'dirty',
        contact: 'apart',
        for_vehicles: true,
        steps: ['unload'],
        leads_to: ['warehouse'],
        slots: 20,
        used: 12,
        units: units('platform', 5, 4, true),
      },
      {
        place: 'warehouse',
        side: 'dirty_to_clean',
        contact: 'traced',
        for_vehicles: false,
        steps: ['disinfect'],
        leads_to: ['yard'],
        slots: 80,
        used: 34,
        units: units('warehouse', 10, 8),
      },
      {
        place: 'yard',
        side: 'clean',
        contact: 'apart',
        for_vehicles: false,
        steps: ['hold', 'dispatch'],
        leads_to: [],
        slots: 1200,
        used: 384,
        units: units('yard', 1, 1200),
      },
    ],
    afoot: [{ vehicle: true, id: 'dandong-9-3', sign: 'waiting' }],
  }),
  'GET /api/holds': () =>
    page(lots.filter((l) => l.stage === 'held').sort((a, b) => (a.earliest ?? 'z').localeCompare(b.earliest ?? 'z'))),
  'GET /api/lots': () => page(lots),
  'GET /api/releasable': () => page(lots.filter((l) => l.stage === 'released')),
  'GET /api/release-queue': () =>
    page(
      lots
        .filter((l) => l.sign === 'holding' && l.days_left === 0)
        .map((l, i) => ({
          ...l,
          treatment: 'chlorine, 36 h, CT 540 mg·h/m³',
          treated: true,
          clock: iso(NOW - 21 * DAY),
          restarts: i % 5 === 2 ? 1 : 0,
          tests_passed: 2,
          tests_needed: 2,
          spotless: i % 5 !== 2,
          you: l.signers.includes(me)
            ? refusal('G3c', 'two different people sign', `${me} has signed already`, 'another cleared officer signs')
            : null,
          may_sign: ['choe', 'kim', 'ro'].filter((p) => !l.signers.includes(p)),
        })),
    ),
  'GET /api/tests': () =>
    page(
      lots.slice(60, 75).map((l, i) => ({
        state: 'due',
        lot: l.lot,
        goods: l.goods,
        spot: l.spot,
        test: i % 2 ? 'swab' : 'pcr',
        not_before: iso(NOW - (i - 3) * DAY),
        overdue: i > 9,
        earliest: l.earliest,
      })),
    ),
  'GET /api/dispatch': () => ({
    loading: [
      {
        departure: 'dispatch-5',
        lots: lots.filter((l) => l.stage === 'released').slice(0, 9),
        pieces: 320,
        mass_kg: 120_000,
        refusal: null,
      },
    ],
    steps: [{ step: 'dispatch', takes_up_to: 60 }],
    next_name: 'dispatch-6',
    releasable: 38,
  }),
  'GET /api/vehicles': () =>
    page(
      Array.from({ length: 18 }, (_, i) => ({
        vehicle: `dandong-9-${i + 1}`,
        mark: i === 4 ? 'fails' : 'none',
        source: 'dandong',
        convoy: 'dandong-9',
        here: true,
        spot: i < 12 ? { place: 'platform', unit: 1 + Math.floor(i / 4) } : null,
        arrived: iso(NOW - 5 * 3600e3),
        stands_s: 18_000 + i * 60,
        expected: i % 3,
        emptied: i % 3 === 0,
        washed: i % 6 === 0 ? iso(NOW - 3600e3) : null,
        sealed: false,
        may_go: i % 6 === 0,
        refusal:
          i % 6
            ? refusal(
                'W1',
                'a vehicle goes home only washed and empty',
                i % 3 ? `dandong-9-${i + 1} still holds ${i % 3} lots` : `dandong-9-${i + 1} was not washed`,
                'wash it',
              )
            : null,
      })),
    ),
  'GET /api/people': () =>
    Object.entries(PEOPLE).map(([person, role], i) => ({
      person,
      roles: [role],
      cleared_until: i === 7 ? null : iso(NOW + (i * 4 - 5) * DAY),
      cleared: i > 1,
      days_left: i > 1 ? i * 4 - 5 : null,
      agents: i < 3 ? ['chlorine'] : [],
      on_shift: i % 2 === 0,
      dirty: i === 2,
      sick: i === 6,
      refusal: i < 2 ? refusal('P1', 'work needs a clearance', `the clearance of ${person} lapsed`, 'renew it') : null,
    })),
  'GET /api/exceptions': () =>
    page([
      {
        exception: 'x-220121-7f2k',
        open: true,
        opened_at: iso(NOW - 3 * DAY),
        seq: 4100,
        because: 'sample s-17 of dandong-1-4-1: pcr positive',
        lots: 14,
        recalled: 2,
        first: ['dandong-1-4-1', 'dandong-1-4-2', 'dandong-1-5-1'],
      },
    ]),
  'GET /api/arrivals': () =>
    page(
      [9, 8, 7].map((n) => ({
        convoy: `dandong-${n}`,
        source: 'dandong',
        manifest: `M-${n}`,
        stage: n === 9 ? 'announced' : 'here',
        due: iso(NOW + (n - 8) * 3 * 3600e3),
        arrived: n === 9 ? null : iso(NOW - (9 - n) * 5 * 3600e3),
        vehicles: 18,
        vehicles_here: n === 9 ? 0 : 7,
        lots: 36,
        unloaded: n === 9 ? 0 : 30,
        mass_kg: 412_000,
        trial: false,
        amended: n === 8 ? 1 : 0,
        mismatches:
          n === 9
            ? [{ kind: 'unverified_mark', about: 'dandong-9-5', papers: '2471217', found: '', settled: false }]
            : [],
      })),
    ),
  'GET /api/protocols': () => ({
    rules: null,
    version: 3,
    protocols: [
      {
        in_force: true,
        adopted: 2,
        protocol: {
          protocol: 'general',
          version: 2,
          goods: [],
          from: iso(NOW - 6 * DAY),
          held_too: true,
          treatments: [{ step: 'disinfect', contact_s: 86_400 }],
          tests: [{ test: 'pcr', not_before_s: 7 * 86_400 }],
          hold: { step: 'hold', clock: { step_end: 'disinfect' }, hold_s: 21 * 86_400 },
          signatures: 2,
        },
      },
      {
        in_force: false,
        adopted: 1,
        protocol: {
          protocol: 'general',
          version: 1,
          goods: [],
          from: iso(NOW - 60 * DAY),
          treatments: [],
          hold: { step: 'hold', clock: 'arrival', hold_s: 14 * 86_400 },
          signatures: 2,
        },
      },
    ],
  }),
  'GET /api/audit/records': () =>
    page(
      timeline('dandong-3-1-1').map((t) => ({
        seq: t.seq,
        recorded_at: t.recorded_at,
        by: t.by,
        command: `c-${t.seq}`,
        events: [t.event],
        words: [t.words],
        digest: 'd3adbeef'.repeat(8),
      })),
    ),
  'GET /api/search': (_, url) => {
    const q = url.searchParams.get('q');
    return {
      hits: lots
        .filter((l) => l.lot.includes(q))
        .slice(0, 8)
        .map((l) => ({ kind: 'lot', id: l.lot, words: `${l.goods}, ${l.stage}`, exact: l.lot === q })),
    };
  },
  'POST /api/commands': (body) => ({
    seq: (seq += 1),
    already: false,
    recorded_at: iso(now()),
    digest: 'ab'.repeat(32),
    events: [],
    words: [`${body.event} ${body.lot ?? body.vehicle ?? ''}`],
  }),
  'POST /api/commands/batch': (body) =>
    body.commands.map((c) => ({
      id: c.id,
      receipt: { seq: (seq += 1), already: false, recorded_at: iso(now()), digest: '', events: [], words: [c.event] },
    })),
};

function session() {
  const words = readFileSync(new URL('../src/words/en.ts', import.meta.url), 'utf8');
  const events = [
    ...words.slice(words.indexOf('event: {'), words.indexOf('as Record<string, string>')).matchAll(/^ {4}(\w+):/gm),
  ].map((m) => m[1]);
  return {
    person: me,
    roles: [PEOPLE[me]],
    screens: SCREENS,
    may_say: events,
    expires: iso(now() + DAY),
    gateway: 'Uiju',
    time_zone: 'Asia/Pyongyang',
    now: iso(now()),
    demo: true,
    seq,
  };
}

function units(place, count, slots, vehicles = false) {
  const here = lots.filter((l) => l.spot.place === place);
  return Array.from({ length: count }, (_, i) => {
    const cells = here.filter((l) => l.spot.unit === i + 1).map(cell);
    if (vehicles && i < 3) cells.unshift({ vehicle: true, id: `dandong-9-${i * 4 + 1}`, sign: 'dirty' });
    return {
      unit: i + 1,
      slots,
      used: cells.length,
      closed: place === 'warehouse' && i === 8 ? 'repair of the fan' : undefined,
      broken: false,
      cells,
    };
  });
}

const page = (items) => ({
  items: items.slice(0, 200),
  next: items.length > 200 ? 'x' : undefined,
  total: items.length,
});

const cards = [
  [
    /^\/api\/lots\/([^/]+)$/,
    (id) => {
      const row = lots.find((l) => l.lot === id) ?? lots[0];
      return {
        ...row,
        may_go: row.stage === 'released',
        reasons: row.why
          ? [
              refusal('G3b', 'the clock must have run', row.why, 'wait until then'),
              refusal('G3d', 'two people sign', 'it has 0 of 2 signatures', 'two cleared officers sign'),
            ]
          : [],
        clock: iso(NOW - 9.7 * DAY),
        protocols: [{ protocol: 'general', version: 2 }],
        treatments: [
          {
            step: 'disinfect',
            valid: true,
            in_hand: false,
            agent: 'chlorine',
            contact_s: 129_600,
            ct_mg_h_m3: 540,
            ended: iso(NOW - 9.7 * DAY),
            because: null,
          },
        ],
        tests: [{ test: 'pcr', passed: false, open: 1 }],
        signatures: [],
        papers: {
          vehicle: row.vehicle,
          lot: row.lot,
          goods: row.goods,
          pieces: 40,
          mass_kg: 12_000,
          hazards: [],
          seals: ['KP-771'],
          sender: 'Liaoning Medicines',
          receiver: 'Central depot',
        },
        parent: null,
        parts: [],
        departure: null,
        handlers: ['so', 'ri'],
        timeline: timeline(row.lot),
        holds: [
          {
            step: 'hold',
            from: iso(NOW - 11 * DAY),
            until: iso(NOW - 9.7 * DAY),
            broken_because: 'mixed with dandong-4-2-1 in warehouse 4',
          },
          { step: 'hold', from: iso(NOW - 9.7 * DAY), until: row.earliest },
        ],
        contacts: 14,
        actions: [
          { event: 'lot_stored', possible: true },
          { event: 'sample_taken', possible: true },
          { event: 'lot_counted', possible: true },
          {
            event: 'signed',
            possible: false,
            refusal: refusal('G3b', 'the clock must have run', row.why ?? '', 'wait until then'),
          },
          { event: 'exception_opened', possible: true },
          { event: 'noted', possible: true },
        ],
        as_of: iso(now()),
      };
    },
  ],
  [
    /^\/api\/lots\/([^/]+)\/targets$/,
    () =>
      [...Array(10)]
        .map((_, i) => ({
          place: 'warehouse',
          unit: i + 1,
          refusal: refusal(
            'G8',
            'clean goods do not go back',
            'yard is clean, warehouse is entered from the dirty side',
            '',
          ),
        }))
        .concat([{ place: 'yard', unit: 1 }]),
  ],
  [/^\/api\/lots\/([^/]+)\/contacts$/, (id) => graph(id)],
  [
    /^\/api\/exceptions\/([^/]+)$/,
    (id) => ({
      ...routes['GET /api/exceptions']().items[0],
      exception: id,
      stopped: lots.slice(0, 14).map((l) => l.lot),
      called_back: lots.slice(20, 22).map((l) => l.lot),
      graph: graph('dandong-1-4-1'),
      timeline: timeline('dandong-1-4-1'),
      actions: [
        { event: 'exception_closed', possible: true },
        { event: 'noted', possible: true },
      ],
    }),
  ],
];

function graph(id) {
  const nodes = [{ lot: id, goods: 'dairy', stage: 'held', sign: 'exception', since: iso(NOW - 3 * DAY), steps: 0 }];
  const links = [];
  for (let i = 0; i < 13; i += 1) {
    const to = lots[100 + i].lot;
    nodes.push({
      lot: to,
      goods: 'general',
      stage: i % 4 ? 'held' : 'departed',
      sign: i % 4 ? 'exception' : 'waiting',
      since: iso(NOW - 2 * DAY),
      steps: i < 5 ? 1 : 2,
    });
    links.push({
      from: i < 5 ? id : lots[100 + (i % 5)].lot,
      to,
      surface: { unit: ['warehouse', 4] },
      records: [4001, 4007],
      words: `both stood in warehouse 4 on 14 Jan (no. 4001, no. 4007)`,
    });
  }
  return { nodes, links, total: nodes.length - 1 };
}

/** The answer to a request; `__status` says another status than 200. */
export function answer(method, url, body) {
  const path = decodeURIComponent(url.pathname);
  const known = routes[`${method} ${path}`];
  if (known) return known(body, url);
  for (const [pattern, make] of cards) {
    const match = method === 'GET' && pattern.exec(path);
    if (match) return make(match[1]);
  }
  for (const [template, operations] of Object.entries(document.paths)) {
    const operation = operations[method.toLowerCase()];
    if (!operation || !new RegExp(`^${template.replace(/\{[^}]+\}/g, '[^/]+')}$`).test(path)) continue;
    const [status, response] = Object.entries(operation.responses).find(([s]) => s.startsWith('2'));
    const schema = response.content?.['application/json']?.schema;
    return schema ? sample(schema) : { __status: Number(status) };
  }
  return { __status: 404, type: 'about:blank', title: 'no such thing', status: 404, detail: path };
}

/** A Vite plugin that answers `/api`. */
export function mock() {
  return {
    name: 'mock-api',
    configureServer(server) {
      server.middlewares.use('/api', (request, response) => {
        const url = new URL(request.originalUrl, 'http://mock');
        if (url.pathname === '/api/live') {
          response.writeHead(200, { 'content-type': 'text/event-stream' });
          response.write(': hello\n\n');
          return;
        }
        const chunks = [];
        request.on('data', (c) => chunks.push(c));
        request.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const said = answer(request.method, url, text ? JSON.parse(text) : null);
          const status = said.__status ?? 200;
          response.writeHead(status, {
            'content-type': status >= 400 ? 'application/problem+json' : 'application/json',
          });
          response.end(status === 204 ? undefined : JSON.stringify(said));
        });
      });
    },
  };
}
