// The words of the screens, in the language of whoever reads. A further language is one more file that says
// everything `en.ts` says (the type holds it to that) and one line in `catalogues`.
import { en, type Words } from './en';

export type { Words };

const catalogues: Record<string, { words: Words; locale: string }> = {
  en: { words: en, locale: 'en-GB' },
};

function chosen(): { words: Words; locale: string } {
  const wanted = typeof navigator === 'undefined' ? ['en'] : navigator.languages;
  for (const tag of wanted) {
    const found = catalogues[tag.slice(0, 2).toLowerCase()];
    if (found) return found;
  }
  return catalogues['en']!;
}

const { words, locale: tag } = chosen();

/** The catalogue. */
export const w: Words = words;
/** The locale of dates and numbers. */
export const locale: string = tag;

const numbers = new Intl.NumberFormat(tag);

/** What an event is called; its own name where a newer server knows more than this page. */
export function eventWord(event: string): string {
  return (w.event as Record<string, string>)[event] ?? event;
}

/** A whole or decimal number with the separators of the language. */
export function number(n: number): string {
  return numbers.format(n);
}
