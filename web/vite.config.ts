import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

import { mock } from './dev/mock.mjs';

// The real server by default; `MOCK=1 npm run dev` draws the screens on made-up answers, without a server.
const server = process.env.LAZARET_URL ?? 'http://127.0.0.1:8080';
const madeUp = process.env.MOCK === '1';

export default defineConfig({
  plugins: [svelte(), ...(madeUp ? [mock()] : [])],
  base: './',
  build: {
    // The server's build script points this at its own output folder.
    outDir: process.env.LAZARET_WEB_OUT ?? 'dist',
    emptyOutDir: true,
    // Inlined files would be `data:` addresses, which the content security policy forbids.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
  },
  server: madeUp ? {} : { proxy: { '/api': server } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
