// @ts-check
// npm start: from a fresh clone to the main job, on embedded defaults. Installs what is missing, builds, makes the
// sample dataset, fits and evaluates the floor models, and shows one viewer's recommendations. A second run does
// the same in a few seconds. Only Node's own modules are used here, and none that old Nodes lack before the check.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
/** The folder that `npm run workbench` opens too. */
const workspace = path.join(root, '.cache', 'sample-workspace');
const viewer = 'simulated-7';

const colour = process.stdout.isTTY === true && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';
const paint = (/** @type {number} */ code) => (/** @type {string} */ text) =>
  colour ? `\u001b[${code}m${text}\u001b[0m` : text;
const bold = paint(1);
const dim = paint(2);
const red = paint(31);
const green = paint(32);
const yellow = paint(33);

main().then(
  () => process.exit(0),
  (error) => {
    console.error(`\n${red('✗')} ${error instanceof Error ? error.message : error}`);
    process.exit(1);
  },
);

async function main() {
  const started = performance.now();
  checkNode();
  const { ensureInstalled, isInstalled, build } = await import('./install.mjs');
  console.log(`\n${bold('ToolRec Workbench')} ${dim('· from nothing to recommendations')}\n`);

  const installed = isInstalled();
  await step('Packages', async (say) => {
    await ensureInstalled(say);
    return [installed ? 'already installed' : 'installed from the npm registry', undefined];
  });
  await step('Build', async () => {
    await build();
    return ['extension, engine process, command line, webviews', undefined];
  });
  const { mkdirSync } = await import('node:fs');
  mkdirSync(workspace, { recursive: true });
  await step('Dataset', async (say) => {
    const made = await toolrec(['sample'], say);
    const films = `${count(made.catalogueItems)} real films`;
    const views = `${count(made.interactions)} views`;
    return [`“${made.name}”: ${count(made.users)} ${yellow('simulated')} viewers, ${films}, ${views}`, made];
  });
  const models = await step('Models', async (say) => {
    const result = await toolrec(['evaluate', '--metrics', 'recall@10,ndcg@10'], say);
    const first = result.models[0];
    return [
      `each viewer’s last film ranked among all ${count(first.items)}, for ${count(first.users)} viewers`,
      result.models,
    ];
  });
  print(
    ['', dim('Recall@10'), dim('NDCG@10'), ''],
    ...models.map((/** @type {any} */ { model, metrics, seconds }) => [
      model,
      metrics['recall@10'].toFixed(4),
      metrics['ndcg@10'].toFixed(4),
      dim(`fitted in ${(seconds.fit * 1000).toFixed(0)} ms · simulated data`),
    ]),
  );

  const shown = await step('Recommend', async (say) => {
    const answer = await toolrec(['recommend', '--user', viewer, '--top', '10'], say);
    return [`for viewer ${viewer}, by ${answer.model}`, answer];
  });
  const row = (/** @type {any} */ { title, attributes }) => [
    title,
    String(attributes.year),
    dim(attributes.genre.join(' · ')),
  ];
  const recent = shown.history.slice(-5);
  console.log(dim(`     ${shown.history.length} films seen, the last ${recent.length}:`));
  print(...recent.map((/** @type {any} */ item) => [dim('·'), ...row(item)]));
  console.log(dim('     the ten to see next:'));
  print(...shown.items.map((/** @type {any} */ item) => [bold(String(item.rank).padStart(2)), ...row(item)]));

  console.log(`\n${green('✓')} ${bold('Done')} in ${seconds(started)}. ${bold('Next:')}`);
  print(
    [bold('npm run workbench'), 'open the workbench on this sample, in VS Code or the browser'],
    [bold('npm run --silent toolrec -- --help'), 'the same from the command line'],
    [bold('npm run --silent toolrec -- doctor'), 'which devices this machine has'],
  );
  console.log('');
}

/**
 * Runs one step with a line that says how long it has been going on; the line becomes the result.
 * @template T
 * @param {string} name
 * @param {(say: (message: string) => void) => Promise<[line: string, result: T]>} body
 * @returns {Promise<T>}
 */
async function step(name, body) {
  const started = performance.now();
  const live = process.stdout.isTTY === true;
  let message = '';
  const label = name.padEnd(11);
  const draw = () => {
    const room = Math.max(20, (process.stdout.columns ?? 80) - 24);
    process.stdout.write(`\r\u001b[2K   ${label}${dim(`${message.slice(0, room)} ${seconds(started)}`)}`);
  };
  const timer = live ? setInterval(draw, 100) : undefined;
  const say = (/** @type {string} */ text) => {
    const changed = text !== message;
    message = text;
    if (live) draw();
    // Without a terminal: phases, not counters.
    else if (changed && !/\d/.test(text)) console.log(`   ${label}${text} …`);
  };
  try {
    const [line, result] = await body(say);
    if (live) process.stdout.write('\r\u001b[2K');
    console.log(` ${green('✓')} ${label}${line} ${dim(seconds(started))}`);
    return result;
  } catch (error) {
    if (live) process.stdout.write('\r\u001b[2K');
    console.log(` ${red('✗')} ${label}`);
    throw error;
  } finally {
    clearInterval(timer);
  }
}

/**
 * Runs the CLI and gives its JSON result; its progress goes to `say`.
 * @param {readonly string[]} args
 * @param {(message: string) => void} say
 * @returns {Promise<any>}
 */
async function toolrec(args, say) {
  const { spawn } = await import('node:child_process');
  const cli = path.join(root, 'dist', 'cli.mjs');
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cli, ...args, '--json', '--workspace', workspace], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let messages = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => (output += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk) => {
      messages += chunk;
      const last = chunk.trimEnd().split('\n').at(-1);
      if (last) say(last.split('  ')[0]);
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(output));
      else
        reject(new Error(`toolrec ${args.join(' ')} ended with ${code}:\n${messages.trim().slice(-2000)}`));
    });
  });
}

function checkNode() {
  const required = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).engines.node;
  const [needMajor, needMinor] = required.match(/\d+/g).map(Number);
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > needMajor || (major === needMajor && minor >= needMinor)) return;
  throw new Error(
    `Node ${required} is needed; this is ${process.version}. Install it from your usual source.`,
  );
}

/** Columns, aligned; colours do not count. @param {...string[]} rows */
function print(...rows) {
  const width = (/** @type {string} */ cell) => cell.replace(/\u001b\[\d+m/g, '').length; // eslint-disable-line no-control-regex
  /** @type {number[]} */
  const widths = [];
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, width(cell))));
  for (const row of rows) {
    const cells = row.map((cell, i) => cell + ' '.repeat(/** @type {number} */ (widths[i]) - width(cell)));
    console.log(`     ${cells.join('  ').trimEnd()}`);
  }
}

function count(/** @type {number} */ value) {
  return value.toLocaleString('en');
}

function seconds(/** @type {number} */ since) {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}
