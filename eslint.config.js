import { defineConfig, globalIgnores } from 'eslint/config';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

const typescript = ['services/**/*.{ts,tsx}', 'constructs/**/*.ts', 'examples/**/*.ts', 'test/**/*.ts'];

/**
 * Independent paths through a function (McCabe 1976): one and each `if`, `?:`, loop, `case`, `&&` and `||`. ESLint's own
 * rule also counts `??`, `?.` and default values, which say how an absent value reads and are no paths to follow.
 */
const complexity = {
  meta: { type: 'suggestion', schema: [{ type: 'integer', minimum: 1 }] },
  create(context) {
    const limit = context.options[0];
    const paths = [];
    const enter = () => paths.push(1);
    const count = () => {
      if (paths.length > 0) paths[paths.length - 1] += 1;
    };
    const leave = (node) => {
      const found = paths.pop();
      if (found > limit)
        context.report({ node, message: `${found} paths in one function, at most ${limit}` });
    };
    return {
      ':function': enter,
      ':function:exit': leave,
      'IfStatement, ConditionalExpression, SwitchCase[test]': count,
      'ForStatement, ForInStatement, ForOfStatement, WhileStatement, DoWhileStatement': count,
      'LogicalExpression[operator!="??"], AssignmentExpression[operator=/^([|][|]|&&)=$/]': count,
    };
  },
};

/** What a reader can hold in mind at once; the numbers are limits, not aims. */
const size = {
  'max-lines': ['error', { max: 400 }],
  'max-lines-per-function': ['error', { max: 60, skipComments: true, skipBlankLines: true }],
  'max-params': ['error', { max: 4 }],
  'max-depth': ['error', { max: 3 }],
  'kubehero/complexity': ['error', 10],
};

const types = {
  '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
  // `row['key']` says that the key comes from data.
  '@typescript-eslint/dot-notation': ['error', { allowIndexSignaturePropertyAccess: true }],
  '@typescript-eslint/explicit-module-boundary-types': 'error',
  '@typescript-eslint/no-explicit-any': 'error',
  '@typescript-eslint/no-floating-promises': 'error',
  '@typescript-eslint/no-misused-promises': 'error',
  '@typescript-eslint/no-non-null-assertion': 'error',
  // Its remedy is the assertion that the rule above forbids.
  '@typescript-eslint/non-nullable-type-assertion-style': 'off',
  // It takes assertions that narrow what is inferred from them for needless (8.73).
  '@typescript-eslint/no-unnecessary-type-assertion': 'off',
  '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
  // An async function without await keeps the promise that its interface asks for, and turns a throw into a rejection.
  '@typescript-eslint/require-await': 'off',
  '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
  '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
};

const habits = {
  // `!= null` is the one short way to say neither null nor undefined.
  eqeqeq: ['error', 'always', { null: 'ignore' }],
  'no-console': 'error',
  'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true, named: true } }],
  'no-restricted-properties': [
    'error',
    { object: 'process', property: 'env', message: "settings are read in a program's config.ts alone" },
  ],
  'no-unused-expressions': 'off',
  '@typescript-eslint/no-unused-expressions': 'error',
  'prefer-const': 'error',
};

export default defineConfig(
  globalIgnores([
    'dist/',
    'imports/',
    '**/gen/',
    '**/*.gen.ts',
    '**/.next/',
    '**/next-env.d.ts',
    '**/*.{js,cjs,mjs}',
  ]),
  {
    files: typescript,
    extends: [tseslint.configs.recommendedTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { kubehero: { rules: { complexity } } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: { ...size, ...types, ...habits },
  },
  {
    // A program's settings and its command line are where the environment and the terminal come in.
    files: ['services/**/config.ts', 'services/**/main.ts', 'services/cli/**/*.ts'],
    rules: { 'no-console': 'off', 'no-restricted-properties': 'off' },
  },
  {
    files: ['services/dashboard/**/*.{ts,tsx}'],
    plugins: { 'react-hooks': reactHooks },
    rules: { 'react-hooks/rules-of-hooks': 'error', 'react-hooks/exhaustive-deps': 'error' },
  },
  {
    // Next.js asks for default exports from its pages.
    files: ['services/dashboard/app/**/*.tsx'],
    rules: { 'no-restricted-exports': 'off' },
  },
  {
    // A manifest, or a list of alerts, is one literal: cut into pieces it could not be read as what it becomes.
    files: ['constructs/**/*.ts'],
    rules: {
      'max-lines-per-function': ['error', { max: 120, skipComments: true, skipBlankLines: true }],
    },
  },
  {
    files: ['test/**/*.ts', 'examples/**/*.ts'],
    rules: {
      'max-lines': ['error', { max: 600 }],
      // A suite is one function that holds many tests.
      'max-lines-per-function': 'off',
      'no-console': 'off',
      'no-restricted-properties': 'off',
    },
  },
);
