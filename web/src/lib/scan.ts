// A barcode scanner is a keyboard that types fast and ends with Enter or Tab. This tells it from a person.
//
// It types as if the keyboard were a US one. Where the computer is set to another layout or an input method, `key` is then
// another letter (or `Process`), so the position of the key, `code`, is kept too and is used where `key` cannot be what was
// printed.

/** The longest pause between two keys of a quick scanner, in milliseconds: beneath this a letter is not a shortcut. */
export const PAUSE_MS = 60;
/** The longest pause of a slow scanner. A person can be this quick for a moment, so a code at this pace must end in Enter. */
export const SLOW_MS = 120;
/** Fewer characters than this, or one slow pause among them, could be a person's lucky roll. */
const SHORTEST = 3;

/** What a scan was: its text, or that it could not be read. */
export type Scan = { text: string } | { unread: true };

type Press = { key: string; code?: string; shift?: boolean; ctrl?: boolean; at: number };

/** The character that a US keyboard has at a position. */
function us(code: string, shift: boolean): string | null {
  const letter = /^Key([A-Z])$/.exec(code)?.[1];
  if (letter) return shift ? letter : letter.toLowerCase();
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(code)?.[1];
  if (digit) return shift && code.startsWith('Digit') ? ')!@#$%^&*('[Number(digit)]! : digit;
  const signs: Record<string, string> = {
    Minus: '-_',
    Equal: '=+',
    BracketLeft: '[{',
    BracketRight: ']}',
    Backslash: '\\|',
    Semicolon: ';:',
    Quote: '\'"',
    Comma: ',<',
    Period: '.>',
    Slash: '/?',
    Backquote: '`~',
    Space: '  ',
    NumpadDivide: '//',
    NumpadMultiply: '**',
    NumpadSubtract: '--',
    NumpadAdd: '++',
    NumpadDecimal: '..',
  };
  return signs[code]?.[shift ? 1 : 0] ?? null;
}

/** FNC1, which parts the elements of a GS1 code: as F8, as Ctrl+], or as the control character itself. */
function fnc1(p: Press): boolean {
  return p.key === 'F8' || p.key === '\u001d' || (!!p.ctrl && (p.key === ']' || p.code === 'BracketRight'));
}

export class ScanBuffer {
  private text = '';
  private byPosition = '';
  private positionsKnown = true;
  private foreign = false;
  private slow = 0;
  private keys = 0;
  private last = Number.NEGATIVE_INFINITY;

  /** Takes a key press; gives what was scanned when it ends. */
  press(p: Press): Scan | null {
    const pause = p.at - this.last;
    this.last = p.at;
    if (pause > SLOW_MS) this.clear();
    else if (pause > PAUSE_MS) this.slow += 1;
    if (p.key === 'Enter' || p.key === 'Tab') {
      const done = this.ended(p.key);
      this.clear();
      return done;
    }
    if (fnc1(p)) {
      this.text += '\u001d';
      this.byPosition += '\u001d';
      this.keys += 1;
      return null;
    }
    const at = p.code ? us(p.code, !!p.shift) : null;
    const unread = p.key === 'Process' || p.key === 'Unidentified' || p.key === 'Dead';
    // Shift and its like come between the letters of a scanner too.
    if (p.key.length !== 1 && !unread) return null;
    this.keys += 1;
    if (unread) this.foreign = true;
    else this.text += p.key;
    if (at === null) this.positionsKnown = false;
    else this.byPosition += at;
    // A letter that no US keyboard has, or another one than at this position: the layout is not a US one.
    if (at !== null && p.key.length === 1 && at !== p.key) this.foreign = true;
    return null;
  }

  /** Takes a key by its name alone, at an instant in milliseconds. */
  key(key: string, at: number): string | null {
    const scan = this.press({ key, at });
    return scan && 'text' in scan ? scan.text : null;
  }

  private ended(by: 'Enter' | 'Tab'): Scan | null {
    // Tab is how people leave a field, and a slow roll can be a person: both need more to be a scan.
    const least = SHORTEST + (this.slow > 0 ? 3 : 0) + (by === 'Tab' ? 1 : 0);
    if (this.keys < least) return null;
    if (!this.foreign) return { text: this.text };
    return this.positionsKnown && this.byPosition.length === this.keys ? { text: this.byPosition } : { unread: true };
  }

  private clear(): void {
    this.text = '';
    this.byPosition = '';
    this.positionsKnown = true;
    this.foreign = false;
    this.slow = 0;
    this.keys = 0;
  }

  /** Whether the keys up to now came at a quick scanner's pace. */
  get scanning(): boolean {
    return this.keys >= 3 && this.slow === 0;
  }
}
