// Sending a command, again under the same key when the answer did not come.
import { ApiError, api, ask, type Schemas } from '../api/client';
import { w } from '../words';
import { commandKey, type Happening } from './forms';
import { shared, type Message } from './state.svelte';
import { errorWords, eventWords } from './tell';
import { undoOf } from './undo';

export type Receipt = Schemas['Receipt'];
export type Extras = {
  at?: string | null;
  crew?: string[];
  acknowledged?: string[];
  corrects?: { record: number; because: string } | null;
};

/** A command that keeps its key until it is answered. */
export function command(what: Happening, extras: Extras = {}, id = commandKey()): Schemas['CommandRequest'] {
  const made = { ...what, id } as Schemas['CommandRequest'];
  // A demonstration's clock may have been run on by somebody else a moment ago: the server's own counts there.
  if (!shared.session?.demo) made.issued_at = new Date(shared.now).toISOString();
  if (extras.at) made.at = extras.at;
  if (extras.crew?.length) made.crew = extras.crew;
  if (extras.acknowledged?.length) made.acknowledged = extras.acknowledged;
  if (extras.corrects) made.corrects = extras.corrects;
  return made;
}

/** As many consequences are said in one notice; more are a list. */
const FEW = 4;

/** Sends it. Tries again by itself while the server is away for a moment, such as when it is started anew. */
export async function send(request: Schemas['CommandRequest'], headers: Record<string, string> = {}): Promise<Receipt> {
  for (let turn = 0; ; turn += 1) {
    try {
      const receipt = await ask(api.POST('/api/commands', { body: request, headers }));
      shared.heard(receipt.seq);
      if (receipt.already) shared.say(w.common.recordedAlready(receipt.seq));
      else {
        // What follows from a positive result can be hundreds of lots: beyond a few lines the rest is a list that opens.
        const said = receipt.events.map(eventWords);
        const few = said.length <= FEW;
        const [first = '', ...rest] = few ? [said.join('; ')] : said;
        shared.say(w.common.recorded(receipt.seq, first), false, {
          ...offer(request, receipt),
          ...(rest.length ? { list: rest } : {}),
        });
      }
      return receipt;
    } catch (error) {
      // A clock in doubt does not settle itself: trying again would only hide it.
      const stopped = error instanceof ApiError && error.problem.type.endsWith('clock-in-doubt');
      if (stopped) void shared.refreshSession();
      const away = !stopped && error instanceof ApiError && (error.unreachable || error.problem.status === 503);
      if (!away || turn >= 6) throw error;
      await new Promise((done) => setTimeout(done, 500 * 2 ** turn));
    }
  }
}

/** One press that takes an entry back, or why there is none. */
function offer(request: Schemas['CommandRequest'], receipt: Receipt): Pick<Message, 'undo' | 'note'> {
  const found = undoOf(request, receipt, (event) => shared.may(event));
  if ('why' in found) return { note: w.undo.no(found.why) };
  // One key however often it is pressed.
  const back = command(found.what, { corrects: { record: found.seq, because: w.undo.because } });
  return {
    undo: async () => {
      try {
        await send(back);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        shared.say(errorWords(error), true);
      }
    },
  };
}

/** As many commands as the server takes at a time. */
const BATCH = 1000;

/** Sends several; each counts by itself. */
export async function sendAll(requests: Schemas['CommandRequest'][]): Promise<Schemas['BatchOutcome'][]> {
  const outcomes: Schemas['BatchOutcome'][] = [];
  for (let at = 0; at < requests.length; at += BATCH) {
    const commands = requests.slice(at, at + BATCH);
    outcomes.push(...(await ask(api.POST('/api/commands/batch', { body: { commands } }))));
  }
  for (const o of outcomes) if (o.receipt) shared.heard(o.receipt.seq);
  return outcomes;
}
