// Addresses: everything behind the `#`, so that the server need not know the screens. `#/holds?open=lot:a-1`.

export type Route = { path: string[]; query: Record<string, string> };

export function parse(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#?\/?/, '').split('?', 2);
  return {
    path: path.split('/').filter(Boolean).map(decode),
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

export function address(path: readonly string[], query: Record<string, string | null | undefined> = {}): string {
  const kept = Object.entries(query).filter((e): e is [string, string] => e[1] != null && e[1] !== '');
  const tail = kept.length ? `?${new URLSearchParams(kept)}` : '';
  return `#/${path.map(encodeURIComponent).join('/')}${tail}`;
}

/** A thing in a side panel: `lot:dandong-1-3-1`. */
export type Thing = { kind: string; id: string };

export function thing(text: string | undefined): Thing | null {
  const at = text?.indexOf(':') ?? -1;
  return text && at > 0 ? { kind: text.slice(0, at), id: text.slice(at + 1) } : null;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // A lone percent sign in a name that somebody typed.
    return part;
  }
}
