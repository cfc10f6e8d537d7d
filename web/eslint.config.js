// What the compiler does not say: forgotten promises, unused things, names, and Svelte's own pitfalls.
import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';

import svelteConfig from './svelte.config.js';

// Names that come from the API keep its spelling, and those appear only as properties: a variable is always ours.
const names = [
  { selector: 'variableLike', format: ['camelCase', 'UPPER_CASE'], leadingUnderscore: 'allow' },
  { selector: ['variable', 'import'], format: ['camelCase', 'PascalCase', 'UPPER_CASE'] },
  { selector: ['classProperty', 'classMethod', 'typeMethod', 'accessor'], format: ['camelCase'] },
  { selector: 'typeLike', format: ['PascalCase'] },
];

const off = (...kinds) => Object.fromEntries(kinds.map((kind) => [`@typescript-eslint/no-unsafe-${kind}`, 'off']));

export default ts.config(
  { ignores: ['dist/', 'node_modules/', 'src/api/schema.d.ts'] },
  js.configs.recommended,
  ts.configs.recommendedTypeChecked,
  svelte.configs.recommended,
  prettier,
  svelte.configs.prettier,
  {
    languageOptions: {
      globals: { ...globals.browser },
      parserOptions: { projectService: true, extraFileExtensions: ['.svelte'] },
    },
    rules: {
      '@typescript-eslint/naming-convention': ['error', ...names],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      // The compiler finds what is not defined, types included.
      'no-undef': 'off',
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
    rules: {
      // The linter sees what a component takes and gives as `any`. `svelte-check` sees its types, and checks them.
      ...off('argument', 'assignment', 'call', 'member-access', 'return'),
      '@typescript-eslint/no-unnecessary-type-assertion': 'off',
      // Beside other snippets, the one called `children` reads better when it says so.
      'svelte/no-useless-children-snippet': 'off',
      // It cannot tell what the screen follows from a map that one computation fills and reads.
      'svelte/prefer-svelte-reactivity': 'off',
    },
  },
  {
    // Scripts of the browser stories and of the tools: plain JavaScript, outside the compiler's project.
    files: ['**/*.mjs', '*.js', '*.ts'],
    extends: [ts.configs.disableTypeChecked],
    languageOptions: { globals: { ...globals.node, ...globals.browser } },
  },
);
