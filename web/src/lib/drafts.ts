// What was typed and not yet sent, kept in this tab until it is sent, cancelled, or its person signs out.
//
// It survives Escape, a reload and a look at another screen. It stays in the tab's own storage, because a draft may name a
// sick person or a positive result, and a tablet is passed from hand to hand.

const PREFIX = 'lazaret.draft.';

function storage(): Storage | null {
  try {
    return globalThis.sessionStorage ?? null;
  } catch {
    // A browser that forbids storage: drafts live as long as their form.
    return null;
  }
}

/** The name of a draft: whose it is, and what it is about. */
export function draftKey(person: string, ...about: string[]): string {
  return PREFIX + [person, ...about].map(encodeURIComponent).join('/');
}

/** What was kept, if it still has the shape that is wanted. */
export function readDraft<T>(key: string, fits: (value: unknown) => value is T): T | null {
  const text = storage()?.getItem(key);
  if (!text) return null;
  try {
    const value: unknown = JSON.parse(text);
    return fits(value) ? value : null;
  } catch {
    return null;
  }
}

export function keepDraft(key: string, value: unknown): void {
  try {
    storage()?.setItem(key, JSON.stringify(value));
  } catch {
    // Full: the form itself still holds what was typed.
  }
}

export function dropDraft(key: string): void {
  storage()?.removeItem(key);
}

/** Whoever signs in next must not find them. */
export function dropAllDrafts(): void {
  const s = storage();
  if (!s) return;
  const keys = Array.from({ length: s.length }, (_, i) => s.key(i)).filter((k): k is string => !!k?.startsWith(PREFIX));
  for (const key of keys) s.removeItem(key);
}

/** Whether a value is an object of texts. */
export function texts(value: unknown): value is Record<string, string> {
  return (
    !!value &&
    typeof value === 'object' &&
    !Array.isArray(value) &&
    Object.values(value).every((v) => typeof v === 'string')
  );
}
