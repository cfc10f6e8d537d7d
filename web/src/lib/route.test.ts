// Addresses of screens and cards.
import { describe, expect, it } from 'vitest';

import { address, parse, thing } from './route';

describe('addresses', () => {
  it('read back, whatever is in a name', () => {
    for (const id of ['dandong-1-3-1', 'a/b', '50 % of it', 'лот-7', 'x?y#z&w=1']) {
      expect(parse(address(['lot', id], { open: `lot:${id}`, none: null }))).toEqual({
        path: ['lot', id],
        query: { open: `lot:${id}` },
      });
      expect(thing(`lot:${id}`)).toEqual({ kind: 'lot', id });
    }
    expect(parse('#/lot/50%')).toEqual({ path: ['lot', '50%'], query: {} });
    expect(thing('nothing')).toBe(null);
  });
});
