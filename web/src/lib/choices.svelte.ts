// Options of the fields of forms, from the gateway file, the protocols and the crew board; read when first asked for.
import { api, ask, type Schemas, type Spot } from '../api/client';
import { w } from '../words';
import type { Options, Subject } from './event';
import { shared } from './state.svelte';

type Option = { value: string; label: string };
type Known = {
  protocols: Schemas['ProtocolsView'] | null;
  people: Schemas['PersonRow'][];
  board: Schemas['DispatchBoard'] | null;
};

const known = $state<Known>({ protocols: null, people: [], board: null });
let asked = false;

function read(): void {
  if (asked) return;
  asked = true;
  // What a role may not read is simply not suggested: the field can still be typed.
  void ask(api.GET('/api/protocols'))
    .then((p) => (known.protocols = p))
    .catch(() => undefined);
  void ask(api.GET('/api/people'))
    .then((p) => (known.people = p))
    .catch(() => undefined);
}

let boardSeq = -1;

function readBoard(): void {
  if (boardSeq === shared.seq) return;
  boardSeq = shared.seq;
  void ask(api.GET('/api/dispatch'))
    .then((b) => (known.board = b))
    .catch(() => undefined);
}

const plain = (values: Iterable<string>): Option[] => [...new Set(values)].map((value) => ({ value, label: value }));

export function choices(
  of: Options,
  at: { spot?: Spot | null | undefined; goods?: string | null | undefined; subject: Subject; event: string },
): Option[] {
  const gateway = shared.gateway;
  const steps = (kind: Schemas['StepRole'], here: boolean): Option[] => {
    const all = (gateway?.steps ?? []).filter((s) => s.kind === kind);
    const local = all.filter((s) => !here || !s.at || s.at === at.spot?.place);
    return plain((local.length ? local : all).map((s) => s.step));
  };
  switch (of) {
    case 'goods': {
      const ruled = gateway?.rules?.goods.map((g) => g.goods) ?? [];
      return plain(ruled);
    }
    case 'treatments':
      return steps('treatment', true);
    case 'inspections':
      return steps('inspection', true);
    case 'vehicleSteps':
      return steps('vehicle', true);
    case 'unloadSteps':
      return steps('unload', true);
    case 'dispatchSteps':
      return steps('dispatch', false);
    case 'sources':
      return plain((gateway?.sources ?? []).map((s) => s.source));
    case 'outcomes':
      return Object.entries(w.outcome).map(([value, label]) => ({ value, label }));
    case 'findings':
      return Object.entries(w.finding).map(([value, label]) => ({ value, label }));
    case 'tests':
      read();
      return plain((known.protocols?.protocols ?? []).flatMap((p) => p.protocol.tests?.map((t) => t.test) ?? []));
    case 'agents':
      read();
      return plain(
        (known.protocols?.protocols ?? []).flatMap(
          (p) => p.protocol.treatments?.flatMap((t) => t.agents?.map((a) => a.agent) ?? []) ?? [],
        ),
      );
    case 'people':
      read();
      return known.people.map((p) => ({
        value: p.person,
        label: `${p.person} — ${p.roles.map((r) => w.role[r]).join(', ')}`,
      }));
    case 'departures':
      readBoard();
      return plain([
        ...(known.board?.loading.map((d) => d.departure) ?? []),
        ...(known.board ? [known.board.next_name] : []),
      ]);
    default:
      return [];
  }
}
