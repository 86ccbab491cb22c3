import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';

/** What the provider's model answers: by a part of what it is asked, the first that fits. */
type Replies = readonly (readonly [asked: string, reply: string])[];

const providerName = 'Provider of the Tests';
export const providedModel = 'Model of the Tests';

/**
 * Another extension that brings a language model to VS Code, packaged. VS Code asks nobody whether ToolRec may use it:
 * that question is for providers that sign a person in.
 * @param file where the .vsix is written
 */
export async function packageProvider(file: string, replies: Replies): Promise<void> {
  const vendor = 'toolrec-tests';
  const manifest = {
    name: 'model-provider',
    publisher: vendor,
    displayName: providerName,
    version: '1.0.0',
    engines: { vscode: '^1.105.0' },
    main: './extension.js',
    activationEvents: ['onStartupFinished'],
    contributes: { languageModelChatProviders: [{ vendor, displayName: providerName }] },
  };
  const zip = new ZipFile();
  const add = (name: string, text: string) => zip.addBuffer(Buffer.from(text), name);
  add('extension/package.json', JSON.stringify(manifest));
  add('extension/extension.js', program(vendor, replies));
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(file));
}

/** Streams its reply in small pieces, as models do. */
const program = (vendor: string, replies: Replies): string => `
const vscode = require('vscode');
const replies = ${JSON.stringify(replies)};
const pause = () => new Promise((resolve) => setTimeout(resolve, 20));
exports.activate = ({ subscriptions }) => {
  const provider = {
    provideLanguageModelChatInformation: () => [{
      id: 'model-of-the-tests', name: ${JSON.stringify(providedModel)}, family: 'tests', version: '1',
      maxInputTokens: 32000, maxOutputTokens: 4000, capabilities: {},
    }],
    async provideLanguageModelChatResponse(model, messages, options, progress, token) {
      const asked = messages.flatMap(({ content }) => content.map(({ value }) => value ?? '')).join('\\n');
      const [, reply] = replies.find(([part]) => asked.includes(part)) ?? ['', 'Action: Finish[]'];
      for (const piece of reply.match(/[^]{1,8}/g)) {
        await pause();
        if (token.isCancellationRequested) return;
        progress.report(new vscode.LanguageModelTextPart(piece));
      }
    },
    provideTokenCount: async (model, text) => Math.ceil(JSON.stringify(text).length / 4),
  };
  subscriptions.push(vscode.lm.registerLanguageModelChatProvider(${JSON.stringify(vendor)}, provider));
};
`;
