// The signs: told apart without colour, deeper as release nears.
import { describe, expect, it } from 'vitest';

import { en } from '../words/en';
import { classMarks, MARK, shade, SIGNS } from './signs';

describe('signs', () => {
  it('have each a mark of their own besides their colour', () => {
    expect(new Set(SIGNS.map((s) => MARK[s])).size).toBe(SIGNS.length);
    expect(SIGNS.every((s) => en.sign[s])).toBe(true);
  });

  it('deepen as release nears, and never the other way', () => {
    expect([null, 30, 14, 8, 7, 3, 2, 1, 0].map(shade)).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4]);
  });

  it('mark classes with the shortest letters that tell them apart', () => {
    expect([...classMarks(['medicine', 'dairy', 'general']).values()]).toEqual(['M', 'D', 'G']);
    expect([...classMarks(['meat', 'medicine', 'me']).values()]).toEqual(['Mea', 'Med', 'Me']);
  });
});
