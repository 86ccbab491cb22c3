import { customEditors } from '../names.ts';
import { promptLanguage } from './language-id.ts';

/** What prompts contribute to package.json: the language with its grammar and snippets, the list of demonstrations. */
export function promptContributions(text: (key: string, english: string) => string): Record<string, unknown> {
  return {
    languages: [
      {
        id: promptLanguage,
        aliases: ['ToolRec Prompt'],
        extensions: ['.toolrec.md'],
        configuration: './resources/language/prompt.configuration.json',
        icon: { light: './media/prompt-light.svg', dark: './media/prompt-dark.svg' },
      },
    ],
    grammars: [
      {
        language: promptLanguage,
        scopeName: 'text.toolrec-prompt',
        path: './resources/language/prompt.tmLanguage.json',
        embeddedLanguages: { 'source.yaml': 'yaml', 'meta.embedded.block.frontmatter': 'yaml' },
      },
    ],
    snippets: [{ language: promptLanguage, path: './resources/language/prompt.snippets.json' }],
    // For those who have an extension that validates YAML; ToolRec checks the files itself, too.
    yamlValidation: [
      {
        fileMatch: '**/prompts/demonstrations/*.yaml',
        url: './resources/language/demonstrations.schema.json',
      },
    ],
    customEditors: [
      {
        viewType: customEditors.demonstrations,
        displayName: text('editor.demonstrations', 'ToolRec Demonstrations'),
        selector: [{ filenamePattern: '**/prompts/demonstrations/*.yaml' }],
        priority: 'option',
      },
    ],
    configurationDefaults: {
      [`[${promptLanguage}]`]: {
        'editor.wordWrap': 'on',
        'editor.quickSuggestions': { comments: 'off', strings: 'on', other: 'on' },
        'editor.unicodeHighlight.ambiguousCharacters': false,
        'files.insertFinalNewline': true,
      },
    },
  };
}
