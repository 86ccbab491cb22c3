import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { ExtensionApi } from '../../src/extension.ts';
import { ModelFailure } from '../../src/llm/errors.ts';
import { CancelledError } from '../../src/shared/errors.ts';
import { commands, extensionId, languageModelTools } from '../../src/workbench/names.ts';
import { VscodeChatModel } from '../../src/workbench/vscode-chat-model.ts';

type Part = vscode.LanguageModelTextPart | vscode.LanguageModelToolCallPart;
type Send = vscode.LanguageModelChat['sendRequest'];

/** A model as another extension would bring it, with replies written here. */
function fake(
  reply: (...args: Parameters<Send>) => AsyncIterable<Part>,
  over: Partial<vscode.LanguageModelChat> = {},
): vscode.LanguageModelChat & { readonly sent: Parameters<Send>[] } {
  const sent: Parameters<Send>[] = [];
  return {
    id: 'fake-1',
    name: 'Fake One',
    vendor: 'test',
    family: 'fake',
    version: '1',
    maxInputTokens: 1000,
    countTokens: (text) => Promise.resolve(typeof text === 'string' ? text.split(/\s+/).length : 1),
    sendRequest: (...args) => {
      sent.push(args);
      const stream = reply(...args);
      return Promise.resolve({ stream, text: (async function* () {})() });
    },
    sent,
    ...over,
  };
}

async function* say(...texts: string[]): AsyncIterable<Part> {
  for (const text of texts) yield await Promise.resolve(new vscode.LanguageModelTextPart(text));
}

const ask = { messages: [{ role: 'user' as const, content: 'two words' }] };

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof ModelFailure, String(error));
    return error.code;
  }
  throw new assert.AssertionError({ message: 'it did not fail' });
}

describe('models of VS Code', () => {
  it('stream, count tokens, and stop where the policy says', async () => {
    const model = fake(() => say('Thought: yes\nAct', 'ion: Finish[]\nObser', 'vation: invented', ' more'));
    const deltas: string[] = [];
    const reply = await new VscodeChatModel({ model, prices: { fake: { prompt: 1, completion: 2 } } }).chat(
      { ...ask, stop: ['\nObservation'] },
      { onDelta: ({ text }) => deltas.push(text) },
    );
    assert.equal(reply.text, 'Thought: yes\nAction: Finish[]');
    assert.ok(deltas.length > 1);
    assert.deepEqual(reply.usage, { prompt: 6, completion: 4, estimated: true });
    assert.ok(Math.abs(reply.cost! - (6 + 8) / 1e6) < 1e-15);
  });

  it('take system, tool and assistant messages in the roles that VS Code has', async () => {
    const call = new vscode.LanguageModelToolCallPart('c1', 'Retrieve', { k: 10 });
    const model = fake(async function* () {
      yield await Promise.resolve(call);
    });
    const reply = await new VscodeChatModel({ model }).chat({
      messages: [
        { role: 'system', content: 'be brief' },
        { role: 'assistant', content: 'so', toolCalls: [{ id: 'c0', name: 'Rank', arguments: '{"k":5}' }] },
        { role: 'tool', toolCallId: 'c0', content: 'ranked' },
      ],
      tools: [{ name: 'Retrieve', description: 'd', parameters: { type: 'object' } }],
      toolChoice: 'required',
    });
    assert.deepEqual(reply.toolCalls, [{ id: 'c1', name: 'Retrieve', arguments: '{"k":10}' }]);
    assert.equal(reply.finishReason, 'tool_calls');
    const [messages, options] = model.sent[0]!;
    assert.deepEqual(
      messages.map(({ role }) => role),
      [1, 2, 1],
    );
    assert.equal(options?.toolMode, vscode.LanguageModelChatToolMode.Required);
    assert.equal(options?.tools?.[0]?.name, 'Retrieve');
  });

  it('stop at once when the person stops, and name each failure', async () => {
    const abort = new AbortController();
    const never = fake(async function* () {
      yield new vscode.LanguageModelTextPart('a');
      await new Promise(() => undefined);
    });
    const waiting = new VscodeChatModel({ model: never }).chat(ask, {
      signal: abort.signal,
      onDelta: () => abort.abort(),
    });
    await assert.rejects(waiting, CancelledError);
    assert.equal(never.sent[0]![2]!.isCancellationRequested, true);

    const failing = (error: Error) =>
      new VscodeChatModel({ model: fake(() => say(), { sendRequest: () => Promise.reject(error) }) }).chat(
        ask,
      );
    assert.equal(await codeOf(failing(vscode.LanguageModelError.NoPermissions('no'))), 'unauthorised');
    assert.equal(await codeOf(failing(vscode.LanguageModelError.Blocked('quota'))), 'quota-exceeded');
    assert.equal(await codeOf(failing(vscode.LanguageModelError.NotFound('gone'))), 'model-not-found');
    assert.equal(await codeOf(failing(new Error('boom'))), 'server-error');
    const chat = (model: vscode.LanguageModelChat, over = {}) =>
      new VscodeChatModel({ model, ...over }).chat(ask);
    assert.equal(await codeOf(chat(fake(() => say()))), 'empty-reply');
    assert.equal(await codeOf(chat(fake(() => say('x'), { maxInputTokens: 3 }))), 'context-too-long');
    assert.equal(await codeOf(chat(never, { idleTimeoutMs: 50 })), 'idle-timeout');
  });
});

describe('tools for chat agents', () => {
  const call = async (name: string, input: object, tokenBudget?: number): Promise<string> => {
    const result = await vscode.lm.invokeTool(name, {
      input,
      toolInvocationToken: undefined,
      ...(tokenBudget !== undefined && {
        tokenizationOptions: { tokenBudget, countTokens: (text) => Promise.resolve(text.length / 4) },
      }),
    });
    return (result.content as vscode.LanguageModelTextPart[]).map(({ value }) => value).join('');
  };

  it('recommend for a user offline, and explain the session and an item of it', async function () {
    this.timeout(90_000);
    await vscode.extensions.getExtension<ExtensionApi>(extensionId)!.activate();
    await vscode.commands.executeCommand(commands.createSample);
    const mine = vscode.lm.tools.filter(({ tags }) => tags.includes('toolrec')).map(({ name }) => name);
    assert.deepEqual(mine.sort(), Object.values(languageModelTools).sort());

    const answer = JSON.parse(
      await call(languageModelTools.recommend, { dataset: 'sample', user: 'simulated-1', n: 5 }),
    ) as { session: string; note: string; items: { title: string; foundBy: string[] }[] };
    assert.match(answer.note, /simulated/);
    assert.equal(new Set(answer.items.map(({ title }) => title)).size, 5);
    assert.ok(answer.items.some(({ foundBy }) => foundBy.length > 0));

    const { session } = answer;
    const whole = await call(languageModelTools.explainSession, { session });
    assert.match(whole, /## Result/);
    assert.ok(!/held out/i.test(whole));
    const short = await call(languageModelTools.explainSession, { session }, Math.floor(whole.length / 6));
    assert.ok(short.length <= whole.length / 2, `${short.length} of ${whole.length} characters`);
    assert.match(short, /## Result/);
    const found = answer.items.find(({ foundBy }) => foundBy.length > 0)!;
    const trail = await call(languageModelTools.explainSession, { session, item: found.title });
    assert.match(trail, /of the final list/);
    await assert.rejects(
      call(languageModelTools.recommend, { dataset: 'sample', user: 'nobody' }),
      /unknown-user/,
    );
    await assert.rejects(call(languageModelTools.explainSession, { session: 'no-such' }), /unknown-session/);
  });
});
