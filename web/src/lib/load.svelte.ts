// Something read from the server that stays in step: what was read stays on the screen while it is read again.
import { untrack } from 'svelte';

import { ApiError } from '../api/client';
import { shared } from './state.svelte';

export class Load<T> {
  data = $state.raw<T | null>(null);
  error = $state.raw<ApiError | null>(null);
  /** Whether it takes so long that it should be said. */
  slow = $state(false);
  private turn = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Call while a component is set up. `read` is called at once, and again when a record is heard of or when
   * anything reactive that `key` reads has changed.
   */
  constructor(
    private readonly read: () => Promise<T>,
    key: () => unknown = () => null,
    live = true,
  ) {
    let before: string | undefined;
    $effect(() => {
      const now = JSON.stringify(key() ?? null);
      if (live) void (shared.seq + shared.anew);
      const other = before !== undefined && before !== now;
      before = now;
      untrack(() => {
        // Another thing altogether: do not show the old one under the new name.
        if (other) this.data = null;
        void this.again();
      });
    });
  }

  async again(): Promise<void> {
    const turn = (this.turn += 1);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (this.turn === turn) this.slow = true;
    }, 300);
    try {
      const data = await this.read();
      if (this.turn !== turn) return;
      this.data = data;
      this.error = null;
    } catch (error) {
      if (this.turn !== turn) return;
      if (error instanceof ApiError) this.error = error;
      else throw error;
    } finally {
      if (this.turn === turn) {
        clearTimeout(this.timer);
        this.slow = false;
      }
    }
  }
}
