import assert from 'node:assert/strict';
import os from 'node:os';
import { run } from './run.ts';

function errorOf(stdout: string): { code: string; message: string; remedy: string; place?: unknown } {
  return (JSON.parse(stdout) as { error: ReturnType<typeof errorOf> }).error;
}

describe('the command line', () => {
  it('an unknown flag: the usage line, the nearest match, exit 2', async () => {
    const { code, stdout, stderr } = await run(['doctor', '--jsno']);
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /--jsno/);
    assert.match(stderr, /Did you mean --json\?/);
    assert.match(stderr, /^Usage: toolrec doctor/m);
  });

  it('an unknown command: the usage line, the nearest match, exit 2', async () => {
    const { code, stderr } = await run(['docter']);
    assert.equal(code, 2);
    assert.match(stderr, /Did you mean doctor\?/);
    assert.match(stderr, /^Usage: toolrec /m);
  });

  it('under --json a failure is one JSON object on stdout, wherever the flag stands', async () => {
    for (const argv of [
      ['--json', 'doctor', '--nope'],
      ['doctor', '--nope', '--json'],
    ]) {
      const { code, stdout } = await run(argv);
      assert.equal(code, 2);
      const error = errorOf(stdout);
      assert.equal(error.code, 'unknown-option');
      assert.deepEqual(error.place, { flag: '--nope' });
      assert.ok(error.remedy);
    }
  });

  it('names the error of each kind of misuse', async () => {
    const cases: [string[], string][] = [
      [['nonsense'], 'unknown-command'],
      [['doctor', 'extra'], 'excess-arguments'],
      [['doctor', '--workspace'], 'option-missing-argument'],
      [['doctor', '--workspace', '/nonexistent/folder'], 'no-such-folder'],
      [['doctor', '--workspace', process.execPath], 'no-such-folder'],
      [[], 'no-command'],
    ];
    for (const [argv, expected] of cases) {
      const { code, stdout } = await run(['--json', ...argv]);
      assert.equal(errorOf(stdout).code, expected, argv.join(' '));
      assert.equal(code, 2);
    }
  });

  it('without a command: the help, on stderr, exit 2', async () => {
    const { code, stdout, stderr } = await run([]);
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /Commands:/);
  });

  it('help and version go to stdout, exit 0', async () => {
    const help = await run(['--help']);
    assert.equal(help.code, 0);
    assert.match(help.stdout, /Exit codes:/);
    const version = await run(['--version']);
    assert.equal(version.code, 0);
    assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
  });

  it('a signal that has fired stops a command with exit 130', async () => {
    const { code, stdout } = await run(['doctor', '--json'], { signal: AbortSignal.abort() });
    assert.equal(code, 130);
    assert.equal(errorOf(stdout).code, 'cancelled');
  });
});

describe('toolrec doctor', function () {
  this.timeout(40_000);

  it('--json: one document on stdout with every device, a reason for each that is missing', async () => {
    const { code, stdout } = await run(['doctor', '--json', '-w', os.tmpdir()]);
    const report = JSON.parse(stdout) as {
      ok: boolean;
      devices: { id: string; available: boolean; reason?: string; detail: string }[];
      workspace: { writable: boolean; freeBytes: number };
    };
    assert.equal(code, 0);
    assert.equal(report.ok, true);
    assert.equal(report.workspace.writable, true);
    assert.ok(report.workspace.freeBytes > 0);
    assert.equal(report.devices.length, 8);
    for (const device of report.devices)
      assert.ok(device.available ? device.detail : device.reason, device.id);
    const available = report.devices.filter(({ available: yes }) => yes).map(({ id }) => id);
    // These come with npm alone, on every platform.
    for (const id of ['onnx-cpu', 'tfjs-wasm', 'tfjs-cpu']) assert.ok(available.includes(id), id);
  });
});
