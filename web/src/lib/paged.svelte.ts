// A list read page by page; kept in step as far as it has been read.
import { Load } from './load.svelte';

type Page<T> = { items: T[]; next?: string | null; total?: number | null };
const FIRST = 200;
const MOST = 1000;

export class Paged<T> {
  readonly first: Load<Page<T>>;
  private rest = $state.raw<T[]>([]);
  private nextAfter = $state.raw<string | null | undefined>(undefined);
  private want = FIRST;

  constructor(
    private readonly page: (after: string | undefined, limit: number) => Promise<Page<T>>,
    key: () => unknown = () => null,
  ) {
    let before = JSON.stringify(key() ?? null);
    this.first = new Load(async () => {
      const now = JSON.stringify(key() ?? null);
      if (now !== before) this.want = FIRST;
      before = now;
      const read = await page(undefined, Math.min(MOST, this.want));
      // What follows was read before and may have moved: it is read again when asked for.
      this.rest = [];
      this.nextAfter = read.next;
      return read;
    }, key);
  }

  get rows(): T[] {
    return [...(this.first.data?.items ?? []), ...this.rest];
  }

  get total(): number | null | undefined {
    return this.first.data?.total;
  }

  get more(): (() => Promise<void>) | null {
    const after = this.nextAfter;
    if (!after) return null;
    return async () => {
      const read = await this.page(after, FIRST);
      this.rest = [...this.rest, ...read.items];
      this.nextAfter = read.next;
      this.want = Math.min(MOST, this.rows.length);
    };
  }
}
