// Where we are, by the address.
import { address, parse, thing, type Route, type Thing } from './route';

class Nav {
  route = $state<Route>({ path: [], query: {} });

  constructor() {
    if (typeof window === 'undefined') return;
    this.route = parse(location.hash);
    window.addEventListener('hashchange', () => {
      this.route = parse(location.hash);
    });
  }

  /** The thing in the side panel. */
  get open(): Thing | null {
    return thing(this.route.query['open']);
  }

  go(path: string[], query: Record<string, string | null | undefined> = {}): void {
    location.hash = address(path, query);
  }

  /** Opens a card in the side panel of the present screen. */
  show(kind: string, id: string): void {
    this.go(this.route.path.length ? this.route.path : ['today'], { ...this.route.query, open: `${kind}:${id}` });
  }

  close(): void {
    this.go(this.route.path, { ...this.route.query, open: null });
  }

  /** Changes part of the query in place, without a step in the history. */
  set(query: Record<string, string | null | undefined>): void {
    const to = address(this.route.path, { ...this.route.query, ...query });
    history.replaceState(null, '', to);
    this.route = parse(to);
  }
}

export const nav = new Nav();

/** The address of a card as a page of its own. */
export function pageOf(kind: string, id: string): string {
  return address([kind, id]);
}
