import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onAbort } from '../../../src/shared/abort.ts';
import { appendLine } from '../../../src/shared/atomic-file.ts';

describe('a signal that many listen to', () => {
  it('calls each once, those that are done not at all, and warns of no leak', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on('warning', note);
    try {
      const controller = new AbortController();
      let called = 0;
      const all = Array.from({ length: 40 }, () => onAbort(controller.signal, () => called++));
      all[0]!.dispose();
      controller.abort();
      assert.equal(called, 39);
      onAbort(controller.signal, () => called++);
      assert.equal(called, 40, 'one that comes late is told at once');
      onAbort(undefined, () => called++).dispose();
      await new Promise((resolve) => setImmediate(resolve)); // warnings come a tick later
      assert.deepEqual(warnings, []);
    } finally {
      process.off('warning', note);
    }
  });
});

describe('a line that is added', () => {
  it('stands alone, also after half a line that a crash left', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'toolrec-lines-'));
    try {
      const file = path.join(folder, 'new', 'lines.jsonl');
      await appendLine(file, '{"a":1}');
      await appendLine(file, '{"a":2}');
      appendFileSync(file, '{"a":');
      await appendLine(file, '{"a":3}');
      assert.equal(readFileSync(file, 'utf8'), '{"a":1}\n{"a":2}\n{"a":\n{"a":3}\n');
      await assert.rejects(appendLine(folder, 'x'), { name: 'StorageError' });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
