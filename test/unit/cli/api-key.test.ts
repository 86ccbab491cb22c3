import assert from 'node:assert/strict';
import { keyFor, keysFor, withheld } from '../../../src/cli/api-key.ts';

const openAi = 'https://api.openai.com/v1';
const other = 'https://models.example/v1';
const local = 'http://localhost:11434/v1';

describe('API keys of the environment', () => {
  it('OpenAI’s key goes to OpenAI alone', () => {
    const env = { OPENAI_API_KEY: 'sk-o' };
    assert.equal(keyFor(openAi, env), 'sk-o');
    for (const elsewhere of [
      other,
      local,
      'https://api.openai.com.evil.example/v1',
      'http://api.openai.com/v1',
      'no',
    ])
      assert.equal(keyFor(elsewhere, env), undefined, elsewhere);
    assert.match(withheld(other, undefined, env)!, /models\.example.*TOOLREC_API_KEY/);
    assert.equal(withheld(local, undefined, env), undefined, 'a server of this machine needs none');
    assert.equal(withheld(openAi, 'sk-o', env), undefined);
    assert.equal(withheld(other, undefined, {}), undefined);
  });

  it('or to the server that goes with it by its own variable', () => {
    const env = { OPENAI_API_KEY: 'sk-o', OPENAI_BASE_URL: `${other}/` };
    assert.equal(keyFor(other, env), 'sk-o');
    assert.equal(keyFor(openAi, env), undefined);
  });

  it('ours goes to the server that is named, before OpenAI’s', () => {
    const env = { TOOLREC_API_KEY: 'tk', OPENAI_API_KEY: 'sk-o' };
    assert.equal(keyFor(other, env), 'tk');
    assert.equal(keyFor(openAi, env), 'tk');
    assert.equal(keyFor(openAi, { ...env, TOOLREC_API_KEY: '' }), 'sk-o');
  });

  it('of a file with several hosts each gets its own, and none gets another’s', () => {
    const one = {
      big: { base_url: other },
      small: { base_url: local },
      old: { base_url: openAi, replay: true },
    };
    assert.equal(keysFor(one, { TOOLREC_API_KEY: 'tk' })(other), 'tk');
    assert.equal(keysFor(one, { TOOLREC_API_KEY: 'tk' })(local), undefined);
    assert.equal(keysFor({ small: { base_url: local } }, { TOOLREC_API_KEY: 'tk' })(local), 'tk');
    const two = { 'big-one': { base_url: other }, gpt: { base_url: openAi } };
    const env = { TOOLREC_API_KEY: 'tk', OPENAI_API_KEY: 'sk-o', TOOLREC_API_KEY_BIG_ONE: 'bk' };
    assert.equal(keysFor(two, env)(other), 'bk');
    assert.equal(keysFor(two, env)(openAi), 'sk-o');
    assert.equal(keysFor(two, { TOOLREC_API_KEY: 'tk' })(other), undefined);
  });
});
