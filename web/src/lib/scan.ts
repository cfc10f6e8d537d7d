// A barcode scanner is a keyboard that types fast and presses Enter. This tells it from a person.

/** The longest pause between two keys of a scanner, in milliseconds. */
export const PAUSE_MS = 60;
/** Fewer characters than this could be a person's lucky roll. */
const SHORTEST = 4;

export class ScanBuffer {
  private text = '';
  private last = Number.NEGATIVE_INFINITY;

  /** Takes a key press at an instant in milliseconds; gives what was scanned when it ends. */
  key(key: string, at: number): string | null {
    const quick = at - this.last <= PAUSE_MS;
    this.last = at;
    if (!quick) this.text = '';
    if (key === 'Enter') {
      const scanned = this.text.length >= SHORTEST ? this.text : null;
      this.text = '';
      return scanned;
    }
    // Shift and its like come between the letters of a scanner too.
    if (key.length !== 1) return null;
    this.text += key;
    return null;
  }

  /** Whether the keys up to now came at a scanner's pace. */
  get scanning(): boolean {
    return this.text.length >= 3;
  }
}
