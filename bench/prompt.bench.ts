import { performance } from 'node:perf_hooks';
import type { BenchProgram, Figures } from './program.ts';

const program: BenchProgram = {
  name: 'prompt',
  description:
    'A 10 KB template as it is typed: milliseconds from the new text to diagnostics, to the preview with its changes marked, ' +
    'and to completion; p50 and p95 over 300 keystrokes. Aim: under 50 ms.',
  async run({ root, signal, log }) {
    const { readFileSync } = await import('node:fs');
    const path = await import('node:path');
    const { checkPrompt } = await import('../src/agent/prompts/language/diagnose.ts');
    const { completePrompt } = await import('../src/agent/prompts/language/complete.ts');
    const { readPrompt } = await import('../src/agent/prompts/language/document.ts');
    const { standardSignatures } = await import('../src/agent/tools/registry.ts');
    const { nextPreview, nothingShown } = await import('../src/workbench/prompts/preview-state.ts');

    const shipped = readFileSync(path.join(root, 'resources/prompts/surrogate.movies.toolrec.md'), 'utf8');
    // Grown to 10 KB by more of what such prompts hold: rules, conditions, loops.
    const rule =
      '{% if round > 1 %}- In round {{ round }} of {{ max_rounds }} look at {{ history.size }} films before Retrieve[genre, {{ n }}]; {% for item in history %}{{ item.title | downcase }}{% unless forloop.last %}, {% endunless %}{% endfor %}.{% endif %}\n';
    let base = shipped;
    while (base.length < 10_240) base = base.replace('\nRules:\n', `\nRules:\n${rule}`);
    const history = Array.from({ length: 10 }, (_, i) => ({
      id: String(i),
      title: `Film ${i} (19${50 + i})`,
      line: `${i}: "Film ${i} (19${50 + i})" | Drama | 19${50 + i}`,
      attributes: [{ name: 'genre', value: 'Drama' }],
    }));
    const document = readPrompt(base);
    const samples = Object.fromEntries(
      [...document.inputs.values()].map(({ name, sample }) => [name, sample]),
    );
    const options = {
      file: 'surrogate.movies.toolrec.md',
      signatures: standardSignatures(),
      attributes: ['genre', 'release_year'],
      values: { ...samples, history },
      renderMs: 100,
    };
    const typed = ' and say why {{ n }} films suit this person best.';
    const at = base.indexOf('\n', base.indexOf('You work in at most'));
    const times = { diagnostics: [] as number[], preview: [] as number[], completion: [] as number[] };
    let memory = nothingShown;
    const keystrokes = 300;
    const warmUps = 60;
    for (let i = -warmUps; i < keystrokes; i++) {
      signal.throwIfAborted();
      const text = base.slice(0, at) + typed.slice(0, 1 + ((i + warmUps) % typed.length)) + base.slice(at);
      const t0 = performance.now();
      const read = readPrompt(text);
      const check = checkPrompt(read, options);
      const t1 = performance.now();
      const next = nextPreview(memory, check, read.lines, { marks: true });
      JSON.stringify(next.memory.shown);
      const t2 = performance.now();
      completePrompt(read, text.indexOf('{{ round') + 3, options);
      const t3 = performance.now();
      memory = next.memory;
      if (i < 0) continue;
      times.diagnostics.push(t1 - t0);
      // Reading, checking, rendering and marking: all that stands between a key and the message to the page.
      times.preview.push(t2 - t0);
      times.completion.push(t3 - t2);
    }
    log(`${base.length} characters, ${keystrokes} keystrokes`);
    const summary = (all: readonly number[]): Figures => {
      const sorted = [...all].sort((a, b) => a - b);
      const quantile = (q: number) =>
        Number(sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!.toFixed(2));
      return {
        p50Milliseconds: quantile(0.5),
        p95Milliseconds: quantile(0.95),
        maxMilliseconds: quantile(1),
      };
    };
    return {
      figures: {
        templateCharacters: base.length,
        keystrokes,
        diagnostics: summary(times.diagnostics),
        preview: summary(times.preview),
        completion: summary(times.completion),
        note: 'In plain Node. The page then checks and draws the message; the log of the workbench gives that as “painted … ms after the edit”.',
      },
    };
  },
};
export default program;
