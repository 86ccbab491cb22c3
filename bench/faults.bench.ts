import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { round } from './measure.ts';
import type { BenchProgram } from './program.ts';

const methods = ['chat-rec', 'llm-rank', 'toolrec', 'w/single', 'w/multi', 'w/plan'] as const;

const program: BenchProgram = {
  name: 'faults',
  description:
    'All language-model methods against a server that fails 5% of the time: users a second, users lost, and whether a ' +
    'run killed at random moments ends with the report of an uninterrupted one',
  async run({ args, root, temporaryFolder, signal, log }) {
    const { values } = parseArgs({
      args: [...args],
      options: { users: { type: 'string', default: '200' }, kills: { type: 'string', default: '4' } },
    });
    const users = Number(values.users);
    const { startFaultyServer } = await import('./faulty-model-server.ts');
    const { Random } = await import('../src/shared/random.ts');
    const { Workspace } = await import('../src/shared/workspace.ts');
    const { readRecords } = await import('../src/experiments/records.ts');
    const { experimentDirectory, recordsFile, spendingFile } = await import('../src/experiments/places.ts');
    const { readSpending } = await import('../src/experiments/spending.ts');
    const { openNamedDataset } = await import('../src/data/library.ts');

    const folder = path.join(temporaryFolder, 'workspace');
    fs.mkdirSync(folder);
    const cli = [path.join(root, 'src', 'cli', 'main.ts'), '--json', '-q', '-w', folder];
    const start = (...given: string[]): { child: ChildProcess; ended: Promise<number | null> } => {
      const child = spawn(process.execPath, ['--import=tsx', ...cli, ...given], {
        cwd: root,
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { ...process.env, TOOLREC_API_KEY: 'scripted' },
      });
      let messages = '';
      child.stderr!.setEncoding('utf8').on('data', (text: string) => (messages += text));
      const ended = new Promise<number | null>((resolve, reject) => {
        child.on('error', reject);
        child.on('close', (code) => {
          if (code !== 0 && code !== null) log(messages.trim());
          resolve(code);
        });
      });
      return { child, ended };
    };
    await start('sample').ended;
    const workspace = new Workspace(folder);
    const dataset = await openNamedDataset(workspace, 'sample');
    const server = await startFaultyServer({
      share: 0.05,
      attributes: dataset.attributes.map(({ name }) => name),
    });
    try {
      const write = (name: string) => {
        const file = path.join(folder, `${name}.toolrec-experiment.yaml`);
        fs.writeFileSync(
          file,
          [
            'title: faults',
            'dataset: sample',
            `sample: { users: ${users}, repeats: 3, seed: 7 }`,
            'sessions: none',
            'concurrency: 24',
            'language_models:',
            `  scripted: { base_url: "${server.url}", model: scripted, concurrent: 24, idle_seconds: 2, timeout_seconds: 20, retries: 6 }`,
            'language_model: scripted',
            'methods:',
            ...methods.map((method) =>
              `  - { method: ${method}, model: cooccurrence, demonstrations: false }`.replace(
                /, demonstrations: false/,
                method === 'toolrec' || method === 'w/plan' ? ', demonstrations: false' : '',
              ),
            ),
            '',
          ].join('\n'),
        );
        return file;
      };

      log(`an uninterrupted run of ${users * 3 * methods.length} sessions …`);
      const whole = write('whole');
      const started = performance.now();
      const code = await start('experiment', 'run', whole).ended;
      if (code !== 0) throw new Error(`The run ended with ${code}.`);
      const seconds = (performance.now() - started) / 1000;
      const { records } = await readRecords(path.join(experimentDirectory(workspace, 'whole'), recordsFile));
      const counts = { ...server.counts };
      const spent = async (id: string) =>
        (await readSpending(path.join(experimentDirectory(workspace, id), spendingFile)))?.calls ?? 0;
      const accounted = await spent('whole');

      log('the same, killed at random moments …');
      const startedAgain = performance.now();
      const killed = write('killed');
      const random = new Random('kills');
      const kills: number[] = [];
      const killedFile = path.join(experimentDirectory(workspace, 'killed'), recordsFile);
      const size = () => fs.statSync(killedFile, { throwIfNoEntry: false })?.size ?? 0;
      for (let kill = 0; kill < Number(values.kills); kill++) {
        signal.throwIfAborted();
        const { child, ended } = start('experiment', 'resume', killed);
        const before = size();
        let alive = true;
        void ended.then(() => (alive = false));
        // Once it is writing, a moment drawn at random; at any rate before its end.
        while (alive && size() === before) await new Promise((resolve) => setTimeout(resolve, 20));
        await new Promise((resolve) => setTimeout(resolve, random.int(4000)));
        if (alive) child.kill('SIGKILL');
        await ended;
        const { records: kept, tornBytes } = await readRecords(killedFile);
        kills.push(kept.length);
        log(
          `killed with ${kept.length} of ${records.length} users done${tornBytes > 0 ? ', half a line cut off' : ''}`,
        );
      }
      const lines = () => fs.readFileSync(killedFile, 'utf8').split('\n').filter(Boolean);
      const last = await start('experiment', 'resume', killed).ended;
      if (last !== 0) throw new Error(`The resumed run ended with ${last}.`);
      const secondsWithKills = (performance.now() - startedAgain) / 1000;
      const keys = lines().flatMap((line) => {
        try {
          const { method, repeat, user } = JSON.parse(line) as {
            method: string;
            repeat: number;
            user: number;
          };
          return [`${method}/${repeat}/${user}`];
        } catch {
          return [];
        }
      });

      // The name of the experiment is in the report; everything else has to be the same.
      const report = (id: string, name: string) =>
        fs.readFileSync(path.join(experimentDirectory(workspace, id), name), 'utf8').replaceAll(id, '<id>');
      const names = ['report.md', 'report.csv', 'report.html', 'report.tex'];
      const same = names.filter((name) => report('whole', name) === report('killed', name));
      const failed = records.filter(({ failure }) => failure);
      return {
        figures: {
          users: users * 3,
          methods: [...methods],
          sessions: records.length,
          seconds: round(seconds, 1),
          usersPerSecond: round(records.length / seconds, 1),
          requests: counts.requests,
          requestsPerSecond: round(counts.requests / seconds, 1),
          injected: { 429: counts['429'], 500: counts['500'], stalled: counts.stalled, cut: counts.cut },
          retries: records.reduce((sum, { timing }) => sum + timing.retries, 0),
          usersMissing: users * 3 * methods.length - records.length,
          usersFailed: failed.length,
          failedBy: [...new Set(failed.map(({ failure }) => failure!.code))],
          kills: kills.length,
          usersDoneAtKills: kills,
          // An answer that was on its way when the process was killed is not in the journal: one a request in flight at most.
          answersGiven: { whole: counts.answered, killed: server.counts.answered - counts.answered },
          answersInJournal: { whole: accounted, killed: await spent('killed') },
          secondsWithKills: round(secondsWithKills, 1),
          usersPaidForTwice: keys.length - new Set(keys).size,
          reportsEqual: same,
          reportsDifferent: names.filter((name) => !same.includes(name)),
        },
      };
    } finally {
      await server.close();
    }
  },
};

export default program;
