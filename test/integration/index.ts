/** What the extension host calls: runs every bundled test beside it. Throws when one fails. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { format } from 'node:util';
import Mocha from 'mocha';

export async function run(): Promise<void> {
  markLines();
  const root = path.resolve(__dirname, '..', '..');
  const mocha = new Mocha({
    reporter: path.join(root, 'test', 'reporter.cjs'),
    timeout: 20_000,
    color: false,
  });
  if (process.env['TOOLREC_GREP']) mocha.grep(new RegExp(process.env['TOOLREC_GREP']));
  const tests = readdirSync(__dirname, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.test.cjs'),
  );
  for (const file of tests.sort()) mocha.addFile(path.join(__dirname, file));
  const failures = await new Promise<number>((resolve) => mocha.run(resolve));
  if (failures > 0) throw new Error(`${failures} integration ${failures === 1 ? 'test' : 'tests'} failed.`);
}

/**
 * The code shim gives a mark by which it tells what the tests print from the workbench's own chatter; a desktop
 * VS Code prints everything.
 */
function markLines(): void {
  const mark = process.env['TOOLREC_LOG_MARK'];
  if (!mark) return;
  const write = console.info.bind(console);
  const marked = (...parts: unknown[]) => {
    for (const line of format(...parts).split('\n')) write(`${mark}${line}`);
  };
  // The host sends formats such as %s on as they are, so they are filled in here.
  (Mocha.reporters.Base as unknown as { consoleLog: typeof marked }).consoleLog = marked;
}
