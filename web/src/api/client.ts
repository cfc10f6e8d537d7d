// The API as the screens use it: typed from the server's own document, with problems as exceptions.
import createClient from 'openapi-fetch';
import type { Readable } from 'openapi-typescript-helpers';

import type { components, paths } from './schema';

/** What the API says, as it is read. */
export type Schemas = { [K in keyof components['schemas']]: Readable<components['schemas'][K]> };
export type LotRow = Schemas['LotRow'];
export type LotCard = Schemas['LotCard'];
export type Refusal = Schemas['RefusalView'];
export type Sign = Schemas['Sign'];
export type Screen = Schemas['Screen'];
export type Role = Schemas['Role'];
export type Spot = Schemas['Spot'];
export type Problem = Schemas['Problem'];
/** Every event by its name, as the API's document lists them. */
export type EventName = Schemas['Happening']['event'];

export const api = createClient<paths>({ baseUrl: '' });

/** The server said no, or could not be reached; `problem.status` is 0 then. */
export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail || problem.title);
  }
  get unreachable(): boolean {
    return this.problem.status === 0;
  }
}

const listeners = new Set<() => void>();

/** Calls back when the server no longer knows who we are. */
export function onSignedOut(listener: () => void): void {
  listeners.add(listener);
}

type Result<T> = { data?: T; error?: unknown; response: Response };

/** The answer's data, or an `ApiError`. */
export async function ask<T>(request: Promise<Result<T>>): Promise<T> {
  let result: Result<T>;
  try {
    result = await request;
  } catch (cause) {
    throw new ApiError({
      type: 'urn:lazaret:problem:unreachable',
      title: '',
      status: 0,
      detail: cause instanceof Error ? cause.message : String(cause),
    });
  }
  if (result.response.ok) return result.data as T;
  const said = result.error;
  const problem: Problem =
    said && typeof said === 'object' && 'status' in said
      ? (said as Problem)
      : {
          type: 'about:blank',
          title: `HTTP ${result.response.status}`,
          status: result.response.status,
          detail: typeof said === 'string' ? said.slice(0, 300) : result.response.statusText,
        };
  // A wrong password is also a 401, but nobody was signed in then.
  if (problem.status === 401 && !result.response.url.endsWith('/api/session')) {
    for (const listener of listeners) listener();
  }
  throw new ApiError(problem);
}
