// Lint for types and for the floors of the house (docs/architecture.md): each folder under src/ may import
// only from the folders that `floors` lists below it, and `vscode` only in the workbench.
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Each floor with the floors it may import from (itself is implied). The order is bottom to top. */
export const floors = {
  shared: [],
  data: ['shared'],
  engine: ['data', 'shared'],
  recommender: ['engine', 'data', 'shared'],
  service: ['recommender', 'engine', 'data', 'shared'],
  llm: ['data', 'shared'],
  agent: ['llm', 'data', 'shared'],
  experiments: ['agent', 'llm', 'service', 'recommender', 'engine', 'data', 'shared'],
  cli: ['experiments', 'agent', 'llm', 'service', 'recommender', 'engine', 'data', 'shared'],
  workbench: ['experiments', 'agent', 'llm', 'service', 'recommender', 'engine', 'data', 'shared'],
};

const vscodeMessage = 'Only src/workbench and src/extension.ts may import vscode (docs/architecture.md).';

function floorRules(floor) {
  const barred = Object.keys(floors).filter((other) => other !== floor && !floors[floor].includes(other));
  const upward = `(^|/)\\.\\./(?:.*/)?(${barred.join('|')})/`;
  // The workbench shares the webviews' protocol, and nothing else of them.
  const webview = floor === 'workbench' ? 'webview/(?!protocol\\.ts$)' : 'webview/';
  const outside = `(^|/)\\.\\./(?:.*/)?(${webview}|test/|bench/|scripts/)|(^|/)extension(\\.ts)?$`;
  const message = `src/${floor} may import only from: ${[floor, ...floors[floor]].join(', ')} (docs/architecture.md).`;
  const patterns = [{ regex: barred.length ? `${upward}|${outside}` : outside, message }];
  // A dynamic import() or require() must not slip past the rule that static imports obey.
  const escaped = patterns[0].regex.replaceAll('/', '\\/');
  const dynamic = [
    { selector: `ImportExpression[source.value=/${escaped}/]`, message },
    { selector: `CallExpression[callee.name="require"][arguments.0.value=/${escaped}/]`, message },
  ];
  const vscode = floor === 'workbench' ? [] : [{ name: 'vscode', message: vscodeMessage }];
  if (floor !== 'workbench')
    dynamic.push(
      { selector: 'ImportExpression[source.value="vscode"]', message: vscodeMessage },
      {
        selector: 'CallExpression[callee.name="require"][arguments.0.value="vscode"]',
        message: vscodeMessage,
      },
    );
  return {
    files: [`src/${floor}/**/*.ts`],
    rules: {
      'no-restricted-imports': ['error', { paths: vscode, patterns }],
      'no-restricted-syntax': ['error', ...dynamic],
    },
  };
}

export default tseslint.config(
  { ignores: ['node_modules', 'dist', 'out', '.cache', '.toolrec', '**/*.d.ts'] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      eqeqeq: ['error', 'always'],
    },
  },
  {
    files: ['**/*.mjs', '**/*.cjs', '**/*.js'],
    languageOptions: {
      globals: {
        console: 'readonly',
        process: 'readonly',
        URL: 'readonly',
        URLSearchParams: 'readonly',
        Buffer: 'readonly',
        fetch: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        performance: 'readonly',
        AbortSignal: 'readonly',
      },
    },
  },
  {
    files: ['**/*.cjs'],
    languageOptions: {
      sourceType: 'commonjs',
      globals: { require: 'readonly', module: 'readonly', exports: 'readonly', setInterval: 'readonly' },
    },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  ...Object.keys(floors).map(floorRules),
  { files: ['test/**/*.ts'], rules: { '@typescript-eslint/no-unused-expressions': 'off' } },
);
