// @ts-check
// npm start: from a fresh clone to the main job, on embedded defaults. Installs what is missing, builds, makes the
// sample dataset, trains a backbone and its attribute tools (small settings), shows one session round by round, and
// runs a small experiment with its report. A second run keeps the models. Only Node's own modules are used here,
// and none that old Nodes lack before the check.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
/** The folder that `npm run workbench` opens too. */
const workspace = path.join(root, '.cache', 'sample-workspace');
/** Small enough for two cores and a few minutes; `toolrec train` has settings that are worth more. */
const small = ['--epochs', '8', '--patience', '4', '--max-length', '50', '--device', 'onnx-cpu'];
const experimentFile = path.join(workspace, 'small.toolrec-experiment.yaml');

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
  /** @type {string[]} */
  const trained = (await toolrec(['models', 'list'], () => undefined)).models.map(
    (/** @type {any} */ { id }) => id,
  );
  const train = (/** @type {string} */ id, /** @type {string[]} */ args, /** @type {string} */ what) =>
    step('Training', async (say) => {
      if (trained.includes(id)) return [`${what}: kept from the last run`, undefined];
      const model = await toolrec(['train', 'sample', '--id', id, ...args, ...small], say);
      const ndcg = model.validation?.['ndcg@10'];
      const found = ndcg === undefined ? '' : `, NDCG@10 ${ndcg.toFixed(4)} on validation`;
      return [
        `${what}: best of epoch ${model.progress.bestEpoch}${found} ${dim(`on ${model.device}`)}`,
        undefined,
      ];
    });
  await train('start-sasrec', ['--model', 'sasrec'], 'SASRec');
  for (const attribute of attributes)
    await train(
      `start-sasrec-${attribute}`,
      ['--backbone', 'start-sasrec', '--attribute', attribute],
      `${attribute} tool`,
    );

  const shown = await step('Session', async (say) => {
    const session = await toolrec(['session', 'run', '--retrieval', 'start-sasrec', '--fit'], say);
    const { user } = session;
    return [
      `a surrogate user for ${user ?? 'one viewer'}, ${yellow('offline policy')}: no language model decides`,
      session,
    ];
  });
  showSession(shown);

  writeFileSync(experimentFile, experimentText);
  const report = await step('Experiment', async (say) => {
    const result = await toolrec(['experiment', 'run', experimentFile, '--again'], say);
    return [`${result.methods.length} methods, ${count(result.methods[0].users)} viewers each`, result];
  });
  print(
    ['', dim('Recall@10'), dim('95%'), dim('NDCG@10'), ''],
    ...report.methods.map((/** @type {any} */ { title, standIn, metrics }) => [
      standIn ? `${title} †` : title,
      metrics['recall@10'].mean.toFixed(4),
      dim(`${metrics['recall@10'].low.toFixed(3)}–${metrics['recall@10'].high.toFixed(3)}`),
      metrics['ndcg@10'].mean.toFixed(4),
      standIn ? dim('offline stand-in for the language model') : '',
    ]),
  );
  console.log(
    dim('     simulated viewers: the numbers show that everything works, and nothing about people'),
  );
  console.log(dim(`     report: ${path.relative(process.cwd(), report.report)}`));

  console.log(`\n${green('✓')} ${bold('Done')} in ${seconds(started)}. ${bold('Next:')}`);
  print(
    [bold('npm run workbench'), 'open the workbench on this sample, in VS Code or the browser'],
    [
      bold('npm run --silent toolrec -- import <folder>'),
      'your own data: MovieLens, RecBole, Amazon, Yelp, tables',
    ],
    [
      bold('npm run --silent toolrec -- session run -p llm'),
      'your own language model: --base-url, -m (docs/cli.md)',
    ],
    [bold('docs/experiments.md'), 'your own comparison, and the paper’s'],
    [bold('npm run --silent toolrec -- doctor'), 'which devices this machine has'],
  );
  console.log('');
}

const attributes = ['genre', 'year'];
const experimentText = `title: A small comparison on the sample
dataset: sample
sample: { users: 100, repeats: 2, seed: 1 }
sessions: 20
methods:
  - method: popularity
  - method: cooccurrence
  - { method: sasrec, model: start-sasrec }
  - { method: toolrec, model: start-sasrec }
  - { method: w/single, model: start-sasrec }
`;

/** The rounds of a session as the CLI gives them. @param {any} session */
function showSession(session) {
  for (const round of session.rounds) {
    console.log(
      `     ${bold(String(round.number).padStart(2))} ${dim('Thought')}      ${shorten(round.thought)}`,
    );
    console.log(`        ${dim('Action')}       ${shorten(round.action ?? '')}`);
    const items = round.items;
    const titles = items.slice(0, 3).map((/** @type {any} */ item) => item.title ?? item);
    if (titles.length > 0)
      console.log(
        `        ${dim('Observation')}  ${shorten(titles.join(' · '))} ${dim(`… ${items.length}`)}`,
      );
  }
  console.log(
    dim(
      `     the final list${session.metrics?.rank ? `; the film that was seen next is number ${session.metrics.rank}` : ''}:`,
    ),
  );
  print(
    ...session.finalList.map((/** @type {any} */ item, /** @type {number} */ i) => [
      bold(String(i + 1).padStart(2)),
      item.title,
      dim(item.source),
    ]),
  );
}

function shorten(/** @type {string} */ text) {
  const room = Math.max(40, (process.stdout.columns ?? 120) - 24);
  return text.length > room ? `${text.slice(0, room - 1)}…` : text;
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
