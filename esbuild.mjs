// Builds every bundle of the project: extension host, engine process, CLI, webviews.
//   node esbuild.mjs [--watch] [--production] [--outdir=<folder>]
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as esbuild from 'esbuild';

const watch = process.argv.includes('--watch');
const production = process.argv.includes('--production');
const outdir = process.argv.find((arg) => arg.startsWith('--outdir='))?.slice('--outdir='.length) ?? 'dist';

/** Packages with native code or files of their own: left out of the bundles and shipped beside them. */
export const external = ['onnxruntime-node', '@tensorflow/tfjs-node-gpu', 'usearch'];

const common = {
  bundle: true,
  minify: production,
  sourcemap: production ? false : 'linked',
  logLevel: 'info',
  legalComments: 'none',
  absWorkingDir: import.meta.dirname,
  metafile: true,
};

const node = { ...common, platform: 'node', target: 'node20', mainFields: ['module', 'main'], external };

// Bundled CommonJS packages call `require`, which an ES module does not have.
const requireInModules =
  'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' +
  ' const __filename = import.meta.filename, __dirname = import.meta.dirname;';

const webviews = readdirSync(path.join(import.meta.dirname, 'webview'), { withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.main.ts'))
  .map((entry) => `webview/${entry.name}`);

/** A page needs the messages of its own panel alone: what it does not name of the others is not even made. */
const ownProtocol = {
  name: 'own-protocol',
  setup(build) {
    build.onResolve({ filter: /^\.\/protocol\/[\w-]+\.ts$/ }, ({ path: file, resolveDir }) => ({
      path: path.join(resolveDir, file),
      sideEffects: false,
    }));
  },
};

/** The component library as a module of its own, which pages can load after their first picture: `import('./toolkit.js')`. */
const componentsLater = {
  name: 'components-later',
  setup(build) {
    build.onResolve({ filter: /^\.\/toolkit\.js$/ }, ({ path: name }) => ({ path: name, external: true }));
  },
};

/** The icons' font under its own name alone, so that a page can ask for it before the style sheet has come. */
const plainFontName = {
  name: 'plain-font-name',
  setup(build) {
    build.onLoad({ filter: /[\\/]codicon\.css$/ }, ({ path: file }) => ({
      contents: readFileSync(file, 'utf8').replace(/(codicon\.ttf)\?[\da-f]+/, '$1'),
      loader: 'css',
      resolveDir: path.dirname(file),
    }));
  },
};

const bundles = [
  {
    ...node,
    entryPoints: { extension: 'src/extension.ts' },
    outdir,
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    external: ['vscode', ...external],
    // The extension host loads CommonJS, where `import.meta.url` does not exist.
    // Reading `navigator` is an error in VS Code's extension host; libraries only ask whether it is there.
    define: { 'import.meta.url': '__moduleUrl', navigator: 'undefined' },
    banner: { js: 'const __moduleUrl = require("node:url").pathToFileURL(__filename).href;' },
  },
  {
    ...node,
    entryPoints: { engine: 'src/service/server.ts' },
    outdir,
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    banner: { js: requireInModules },
  },
  {
    ...node,
    entryPoints: { cli: 'src/cli/main.ts' },
    outdir,
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    banner: { js: `#!/usr/bin/env node\n${requireInModules}` },
  },
  {
    ...node,
    // Threads: startThread() looks for them beside the bundle that starts them.
    entryPoints: {
      'parquet-worker': 'src/data/formats/table/parquet-worker.ts',
      'report-worker': 'src/experiments/report/report-worker.ts',
    },
    outdir,
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    banner: { js: requireInModules },
  },
  {
    // First pictures of panels: the views of the pages, drawn in the extension host.
    ...node,
    entryPoints: { pictures: 'webview/pictures.ts' },
    outdir,
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    tsconfig: 'webview/tsconfig.json',
    plugins: [ownProtocol],
  },
  ...(webviews.length
    ? [
        {
          ...common,
          entryPoints: {
            ...Object.fromEntries(webviews.map((file) => [path.basename(file, '.main.ts'), file])),
            toolkit: 'webview/toolkit.ts',
            start: 'webview/start.ts',
          },
          outdir: path.join(outdir, 'webview'),
          platform: 'browser',
          target: 'es2022',
          format: 'esm',
          tsconfig: 'webview/tsconfig.json',
          plugins: [ownProtocol, componentsLater, plainFontName],
          loader: { '.ttf': 'file' },
          assetNames: '[name]',
        },
      ]
    : []),
];

// TensorFlow.js's WebAssembly backend loads these at run time; they lie beside the bundles.
const wasm = path.join(import.meta.dirname, 'node_modules/@tensorflow/tfjs-backend-wasm/dist');
const beside = path.resolve(import.meta.dirname, outdir);
mkdirSync(beside, { recursive: true });
for (const name of readdirSync(wasm).filter((file) => file.endsWith('.wasm')))
  copyFileSync(path.join(wasm, name), path.join(beside, name));

if (watch) {
  const contexts = await Promise.all(bundles.map((options) => esbuild.context(options)));
  await Promise.all(contexts.map((context) => context.watch()));
} else {
  await Promise.all(bundles.map((options) => esbuild.build(options)));
}
