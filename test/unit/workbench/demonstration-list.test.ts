import assert from 'node:assert/strict';
import { demonstrationsState, withEdited } from '../../../src/workbench/prompts/demonstration-list.ts';
import { english } from '../../../src/workbench/texts.ts';
import { demonstrationsActions, type OpenEntry } from '../../../webview/demonstrations-model.ts';

const text = `domain: movies
attributes: [genre]
demonstrations:
  # Of a person who likes it dark.
  - title: Dark
    enabled: false
    history: [Alien]
    rounds:
      - thought: Look.
        action: Retrieve[genre, 2]
        observation: [Heat, Aliens]
      - thought: Enough.
        action: Finish["Heat", "Nobody"]
`;
const about = { file: 'movies.yaml', items: undefined, texts: english };

describe('a list of demonstrations', () => {
  it('shows each example with what is wrong in it, at its line', () => {
    const { demonstrations, problem } = demonstrationsState(text, about);
    assert.equal(problem, undefined);
    const [one] = demonstrations;
    assert.deepEqual([one!.title, one!.enabled, one!.source], ['Dark', false, 'written']);
    assert.ok(one!.tokens > 10);
    assert.deepEqual(
      one!.findings.map(({ message, line }) => [message, line]),
      [['“Nobody” was in no observation.', 13]],
    );
  });

  it('says what a file that is none is', () => {
    const { demonstrations, problem } = demonstrationsState('domain: [', about);
    assert.deepEqual(demonstrations, []);
    assert.ok(problem);
    assert.ok(demonstrationsState('', about).problem);
  });

  it('takes what a person wrote where it fits, and keeps what was not written', () => {
    const rounds = [{ thought: 'New.', action: 'Finish["Heat"]' }];
    const changed = withEdited(text, 0, { title: 'Darker', history: ['Alien'], rounds });
    assert.match(changed, /# Of a person who likes it dark\./);
    const [one] = demonstrationsState(changed, about).demonstrations;
    assert.deepEqual([one!.title, one!.enabled, one!.rounds], ['Darker', false, rounds]);
    assert.throws(() => withEdited(text, 0, { title: '', history: ['Alien'], rounds }), {
      code: 'bad-demonstrations',
    });
    assert.throws(() => withEdited(text, 5, { title: 'x', history: ['Alien'], rounds }), {
      code: 'no-demonstration',
    });
  });

  it('opens one entry at a time, and keeps a form open while what it holds is refused', async () => {
    let entry: OpenEntry = {};
    const told: unknown[] = [];
    let refusal: Error | undefined = new Error('No.');
    const tell =
      (name: string) =>
      (...args: unknown[]) =>
        void told.push([name, ...args]);
    const actions = demonstrationsActions(
      {
        move: tell('move'),
        enable: tell('enable'),
        remove: tell('remove'),
        save: () => (refusal ? Promise.reject(refusal) : Promise.resolve({})),
        addFromSession: tell('add'),
        showText: tell('text'),
      },
      () => entry,
      (next) => (entry = next),
    );
    actions.toggle(1);
    actions.toggle(2);
    assert.deepEqual(entry, { open: 2 });
    actions.edit(0);
    const edited = { title: 'x', history: ['y'], rounds: [] };
    actions.save(0, edited);
    await Promise.resolve().then(() => undefined);
    assert.deepEqual(entry, { open: 0, editing: 0, problem: 'No.' });
    refusal = undefined;
    actions.save(0, edited);
    await Promise.resolve().then(() => undefined);
    assert.deepEqual(entry, { open: 0 });
    actions.toggle(0);
    actions.edit(1);
    actions.cancel();
    assert.deepEqual(entry, { open: 1 });
    actions.move(1, 0);
    assert.deepEqual([entry, told], [{}, [['move', 1, 0]]]);
  });
});
