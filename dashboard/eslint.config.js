import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

/** What a layer may not import (style: the store alone knows the framework; the floor's rules know nobody). */
const layer = (files, patterns) => ({
  files,
  rules: {
    'no-restricted-imports': [
      'error',
      { patterns: patterns.map(([group, message]) => ({ group, message })) },
    ],
  },
});
const FRAMEWORK = [['svelte', 'svelte/*'], 'only *.svelte and *.svelte.ts know the framework'];

export default ts.config(
  { ignores: ['dist/', 'node_modules/', 'test-results/', 'src/contracts/types.ts'] },
  js.configs.recommended,
  ...ts.configs.strictTypeChecked,
  ...ts.configs.stylisticTypeChecked,
  ...svelte.configs.recommended,
  {
    languageOptions: {
      globals: { ...globals.browser, ...globals.node },
      parserOptions: {
        project: ['./tsconfig.json', './tsconfig.node.json'],
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: ['.svelte'],
      },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'no-restricted-syntax': [
        'error',
        {
          selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
          message: 'Time comes from the scheduler.',
        },
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: 'Time comes from the scheduler.',
        },
      ],
      'svelte/require-each-key': 'error',
      'svelte/no-at-html-tags': 'error',
      // What is reactive here is chosen by hand: lists are replaced as a whole, bookkeeping is not seen.
      'svelte/prefer-svelte-reactivity': 'off',
      '@typescript-eslint/dot-notation': 'off',
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      // svelte-check knows the warnings; eslint-plugin-svelte sees only some of them.
      'svelte/no-unused-svelte-ignore': 'off',
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
  },
  { files: ['**/*.js', '**/*.mjs'], ...ts.configs.disableTypeChecked },
  { files: ['e2e/**', 'bench/**'], rules: { 'no-restricted-syntax': 'off' } },
  layer(
    ['src/domain/**/*.ts'],
    [FRAMEWORK, [['**/live/**', '**/page/**', '**/wall/**'], 'the floor’s rules know nobody']],
  ),
  layer(['src/live/socket.ts', 'src/live/state.ts', 'src/live/scheduler.ts', 'src/i18n/*.ts'], [FRAMEWORK]),
);
