// What every screen shares: who is signed in, the server's clock, live updates, preferences, messages.
import { ApiError, api, ask, onSignedOut, type EventName, type Schemas } from '../api/client';
import { dropAllDrafts } from './drafts';

type Session = Schemas['SessionView'];

/** `undo` takes back what the message tells; `note` says why that cannot be done. */
export type Message = {
  id: number;
  text: string;
  bad: boolean;
  undo?: () => Promise<void>;
  note?: string;
  list?: string[];
};

class Shared {
  session = $state<Session | null>(null);
  gateway = $state<Schemas['GatewayView'] | null>(null);
  /** Whether the first question, who is signed in, has been answered. */
  known = $state(false);
  /** The server's clock, ticking. */
  now = $state(Date.now());
  /** Number of the last record heard of; screens read again when it grows. */
  seq = $state(0);
  /** Counts calls to read everything again. */
  anew = $state(0);
  /** Since when there is no connection for live updates; none while there is. */
  offlineSince = $state<number | null>(null);
  preferences = $state<Record<string, unknown>>({});
  /** What to say in the corner, the latest last. */
  messages = $state<Message[]>([]);

  private ahead = 0;
  /** Seconds since the session was asked for. */
  private asked = 0;
  private source: EventSource | null = null;
  private messageId = 0;
  private keptTimer: ReturnType<typeof setTimeout> | undefined;
  private seqWaiting = 0;
  private seqTimer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    onSignedOut(() => this.forget());
    if (typeof window !== 'undefined') setInterval(() => this.tick(), 1000);
  }

  get zone(): string {
    return this.session?.time_zone ?? 'UTC';
  }

  /** Whether a screen is in the person's rail; its pages would be refused otherwise. */
  sees(screen: Schemas['Screen']): boolean {
    return this.session?.screens.includes(screen) ?? false;
  }

  may(event: EventName): boolean {
    return this.session?.may_say.includes(event) ?? false;
  }

  private tick(): void {
    this.now = Date.now() + this.ahead;
    // While the ledger has stopped, its clock and what was done about it are asked for often; else now and then.
    const every = this.session?.clock ? 5 : 60;
    this.asked += 1;
    if (this.session && this.asked >= every) {
      this.asked = 0;
      void this.refreshSession();
    }
  }

  setClock(now: string): void {
    this.ahead = Date.parse(now) - Date.now();
    this.tick();
  }

  /** Asks who is signed in. */
  async start(): Promise<void> {
    try {
      await this.enter(await ask(api.GET('/api/session')));
    } catch (error) {
      if (!(error instanceof ApiError) || error.unreachable) {
        if (error instanceof ApiError) this.say(error.problem.detail, true);
      }
      this.session = null;
    }
    this.known = true;
  }

  async enter(session: Session): Promise<void> {
    this.setClock(session.now);
    this.seq = Math.max(this.seq, session.seq);
    this.session = session;
    this.known = true;
    this.listen();
    const [gateway, kept] = await Promise.allSettled([ask(api.GET('/api/gateway')), ask(api.GET('/api/preferences'))]);
    if (gateway.status === 'fulfilled') this.gateway = gateway.value;
    if (kept.status === 'fulfilled') this.preferences = kept.value.values;
    theme(this.preferences['theme']);
  }

  async signOut(): Promise<void> {
    try {
      await ask(api.DELETE('/api/session'));
    } finally {
      dropAllDrafts();
      this.forget();
    }
  }

  private forget(): void {
    this.session = null;
    this.source?.close();
    this.source = null;
    this.offlineSince = null;
  }

  private listen(): void {
    this.source?.close();
    if (typeof EventSource === 'undefined') return;
    const source = new EventSource('/api/live');
    this.source = source;
    source.addEventListener('open', () => {
      if (this.offlineSince !== null) {
        // Something may have been missed while the connection was away: the server may have been started anew.
        this.offlineSince = null;
        void this.refreshSession();
        this.anew += 1;
      }
    });
    source.addEventListener('record', (event) => {
      const record = JSON.parse((event as MessageEvent<string>).data) as Schemas['LiveRecord'];
      // Somebody ran the demonstration's clock on, or this device's clock is slow.
      if (Date.parse(record.recorded_at) > this.now + 5000) this.setClock(record.recorded_at);
      this.hear(record.seq);
    });
    source.addEventListener('lost', () => {
      this.anew += 1;
    });
    source.addEventListener('error', () => {
      this.offlineSince ??= Date.now();
      // A browser gives up for good on some answers; then it is up to us.
      if (source.readyState === EventSource.CLOSED && this.source === source) {
        setTimeout(() => {
          if (this.source === source && this.session) this.listen();
        }, 2000);
      }
    });
  }

  /** Screens hear of records at most twice a second, however many there are. */
  private hear(seq: number): void {
    this.seqWaiting = Math.max(this.seqWaiting, seq);
    this.seqTimer ??= setTimeout(() => {
      this.seqTimer = undefined;
      this.seq = Math.max(this.seq, this.seqWaiting);
    }, 500);
  }

  /** Something we said was recorded: screens read again at once. */
  heard(seq: number): void {
    this.seq = Math.max(this.seq, seq);
  }

  async refreshSession(): Promise<void> {
    try {
      const session = await ask(api.GET('/api/session'));
      this.setClock(session.now);
      this.session = session;
    } catch {
      // Signed out (then `forget` has been called) or away (then the banner says so).
    }
  }

  keep(key: string, value: unknown): void {
    this.preferences = { ...this.preferences, [key]: value };
    if (key === 'theme') theme(value);
    clearTimeout(this.keptTimer);
    this.keptTimer = setTimeout(() => {
      void api.PUT('/api/preferences', {
        body: { values: $state.snapshot(this.preferences) as Record<string, never> },
      });
    }, 600);
  }

  say(text: string, bad = false, more: Pick<Message, 'undo' | 'note' | 'list'> = {}): void {
    const id = (this.messageId += 1);
    this.messages = [...this.messages.slice(-3), { id, text, bad, ...more }];
    // What can be pressed stays until somebody has had the time to.
    setTimeout(() => this.unsay(id), bad || more.undo || more.list ? 15_000 : 6000);
  }

  unsay(id: number): void {
    this.messages = this.messages.filter((m) => m.id !== id);
  }
}

/** Dresses a page, this one unless another is named, in the theme that somebody chose. */
export function theme(value: unknown, root: HTMLElement | undefined = globalThis.document?.documentElement): void {
  if (!root) return;
  if (value === 'light' || value === 'dark') root.dataset['theme'] = value;
  else delete root.dataset['theme'];
}

export const shared = new Shared();
