import assert from 'node:assert/strict';
import { redact, withoutSecrets } from '../../../src/shared/log.ts';
import { manifest } from '../../../src/workbench/manifest.ts';
import { choiceOf, choiceText, sameChoice, settingsOf } from '../../../src/workbench/model-choice.ts';
import type { LanguageModelChoice } from '../../../src/workbench/model-choice.ts';
import { ModelKeys } from '../../../src/workbench/model-keys.ts';
import { connectionText } from '../../../src/workbench/model-text.ts';
import { settings } from '../../../src/workbench/settings-schema.ts';
import { english } from '../../../src/workbench/texts.ts';

function storage() {
  const secrets = new Map<string, string>();
  const memory = new Map<string, unknown>();
  const keys = new ModelKeys(
    {
      get: (key) => Promise.resolve(secrets.get(key)),
      store: (key, value) => Promise.resolve(void secrets.set(key, value)),
      delete: (key) => Promise.resolve(void secrets.delete(key)),
    },
    {
      get: <T>(key: string) => memory.get(key) as T | undefined,
      update: (key, value) => Promise.resolve(void memory.set(key, value)),
    },
  );
  return { keys, secrets, memory };
}

describe('language model of sessions', () => {
  it('gives a key only to the address that it was entered for', async () => {
    const { keys, memory } = storage();
    const key = 'plain words that no pattern knows';
    await keys.store('https://gateway.example/v1/', key);
    assert.equal(await keys.get('https://GATEWAY.example/v1'), key);
    for (const other of [
      'https://gateway.example/v2',
      'http://gateway.example/v1',
      'https://gateway.example:8443/v1',
      'https://gateway.example.evil.example/v1',
    ])
      assert.equal(await keys.get(other), undefined, other);
    assert.deepEqual(keys.servers(), ['https://gateway.example/v1']);
    assert.ok(!JSON.stringify([...memory]).includes(key), 'a key is outside the secret storage');
    // From now on it is taken out of logs and transcripts, whatever it looks like.
    assert.equal(redact(`sent ${key} there`), 'sent [redacted] there');
    assert.equal(withoutSecrets(`{"a":"${key}"}`), '{"a":"[redacted]"}');
    await keys.forget('https://gateway.example/v1');
    assert.equal(await keys.get('https://gateway.example/v1'), undefined);
    assert.deepEqual(keys.servers(), []);
  });

  it('keeps a choice in settings and reads the same one back', () => {
    const base = { provider: 'offline', baseUrl: 'http://a/v1', model: 'm', protocol: 'json' } as const;
    const choices: LanguageModelChoice[] = [
      { kind: 'offline' },
      { kind: 'vscode', id: 'x-1', protocol: 'tools' },
      { kind: 'openai', baseURL: 'http://127.0.0.1:1/v1', model: 'llama', protocol: 'react' },
    ];
    for (const choice of choices) assert.deepEqual(choiceOf({ ...base, ...settingsOf(choice) }), choice);
    assert.ok(sameChoice(choices[1]!, { ...choices[1]!, name: 'X One' } as LanguageModelChoice));
    assert.ok(!sameChoice(choices[1]!, choices[2]!));
    assert.deepEqual(
      choices.map((choice) => choiceText(choice, english)),
      ['offline', 'x-1 in VS Code', 'llama at 127.0.0.1:1'],
    );
    // What settings say wrongly is named as it is, never taken for offline.
    assert.equal(
      choiceText(choiceOf({ ...base, provider: 'openai', baseUrl: 'nonsense' }), english),
      'm at nonsense',
    );
  });

  it('lets no untrusted folder say where prompts go', () => {
    const { capabilities } = manifest().keys as {
      capabilities: { untrustedWorkspaces: { restrictedConfigurations: string[] } };
    };
    assert.deepEqual(
      capabilities.untrustedWorkspaces.restrictedConfigurations,
      Object.keys(settings).flatMap((key) => (key.startsWith('languageModel.') ? [`toolrec.${key}`] : [])),
    );
  });

  it('tells what a connection test showed', () => {
    const report = {
      model: 'small',
      durationMs: 1234,
      firstTokenMs: 87,
      usage: { prompt: 1200, completion: 3, estimated: false },
      cost: undefined,
      retries: 0,
    };
    assert.equal(
      connectionText('small at host', report, english),
      'small at host answered in 1.2 s, first word after 0.09 s; 1,200 + 3 tokens, price not known.',
    );
    assert.match(
      connectionText('x', { ...report, cost: 0.00012, usage: { ...report.usage, estimated: true } }, english),
      /≈ 1,200 \+ 3 tokens, \$0\.00012\.$/,
    );
    assert.match(connectionText('x', { ...report, cost: 0 }, english), /3 tokens, no cost\.$/);
  });
});
