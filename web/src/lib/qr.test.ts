// QR codes as paths.
import { describe, expect, it } from 'vitest';

import { code } from './qr';

describe('QR codes', () => {
  it('are drawn row by row, three finders in the corners', () => {
    const { size, path } = code('dandong-1-3-1');
    expect(size).toBe(21);
    expect(path.startsWith('M0 0h7v1h-7z')).toBe(true);
    expect(path).toContain('M14 0h7v1h-7z');
    expect(path).toContain('M0 20h7v1h-7z');
  });
});
