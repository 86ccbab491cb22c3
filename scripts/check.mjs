// npm run check: types, lint and format, side by side; prints what failed and exits 1 if anything did.
import { run } from './process.mjs';

const bin = (name) => `node_modules/.bin/${name}`;
const steps = [
  ['types', bin('tsc'), ['-p', '.']],
  ['types (webview)', bin('tsc'), ['-p', 'webview']],
  ['lint', bin('eslint'), ['--cache', '--cache-location', '.cache/eslint/', '--max-warnings', '0', '.']],
  ['format', bin('prettier'), ['--check', '--log-level', 'warn', '.']],
];

/** Runs every step and prints how it went. @returns {Promise<{ passed: number, failed: number }>} */
export async function check() {
  const results = await Promise.all(
    steps.map(async ([name, command, args]) => {
      const started = performance.now();
      const { code, output } = await run(command, args, { output: 'hide' });
      return { name, code, output, seconds: (performance.now() - started) / 1000 };
    }),
  );
  for (const { name, code, output, seconds } of results) {
    console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds.toFixed(1)} s)`);
    if (code !== 0) console.log(output.trim());
  }
  const passed = results.filter(({ code }) => code === 0).length;
  return { passed, failed: results.length - passed };
}

if (import.meta.filename === process.argv[1]) {
  const { passed, failed } = await check();
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed ? 1 : 0;
}
