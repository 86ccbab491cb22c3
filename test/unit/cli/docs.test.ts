import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { Cli } from '../../../src/cli/cli.ts';
import type { ToolRecCommand } from '../../../src/cli/command.ts';
import { exitCodes } from '../../../src/cli/exit-codes.ts';
import { createProgram } from '../../../src/cli/program.ts';

const page = fs.readFileSync(path.resolve(import.meta.dirname, '../../../docs/cli.md'), 'utf8');
const nowhere = { write: () => true };
const program = createProgram(
  new Cli({ stdout: nowhere, stderr: nowhere, env: {}, cwd: '/', signal: new AbortController().signal }),
);

/** All commands that do something, with their full names. */
function leaves(command: ToolRecCommand): ToolRecCommand[] {
  const below = command.commands as ToolRecCommand[];
  return below.length > 0 ? below.flatMap(leaves) : [command];
}

/** Rows of the tables in a section: first cell → second cell, without the backticks. */
function rows(section: string): Map<string, string> {
  const found = [...section.matchAll(/^\| *(.+?) *\| *(.+?) *\|$/gm)];
  const plain = (cell: string) => cell.replaceAll('`', '').replaceAll('\\|', '|');
  return new Map(found.map(([, first, second]) => [plain(first!), plain(second!)]));
}

function section(heading: string): string {
  const start = page.indexOf(`${heading}\n`);
  assert.ok(start >= 0, `docs/cli.md has no “${heading}”`);
  const end = page.slice(start + heading.length).search(/^#{2,3} /m);
  return end < 0 ? page.slice(start) : page.slice(start, start + heading.length + end);
}

describe('docs/cli.md', () => {
  it('lists the exit codes as they are', () => {
    const listed = rows(section('## Exit codes'));
    for (const { code, meaning } of Object.values(exitCodes)) assert.equal(listed.get(String(code)), meaning);
  });

  it('lists the options of every command as they are', () => {
    const listed = rows(section('## Options of every command'));
    for (const option of program.options)
      if (option.long !== '--version') assert.equal(listed.get(option.flags), option.description);
  });

  for (const command of leaves(program)) {
    it(`describes “${command.path}” with the options that it has, and no others`, () => {
      const listed = rows(section(`### \`${command.path}\``));
      for (const option of command.options) assert.equal(listed.get(option.flags), option.description);
      const described = [...listed.keys()].filter((flags) => flags.startsWith('-') && !/^-+$/.test(flags));
      assert.deepEqual(
        described,
        command.options.map(({ flags }) => flags),
      );
    });

    it(`“${command.path} --help” has a summary and examples`, () => {
      let help = '';
      command.configureOutput({ writeOut: (text) => (help += text) });
      command.outputHelp();
      assert.ok(command.summary() && command.description());
      assert.match(help, /Examples:\n {2}\$ toolrec /);
      assert.match(help, /--workspace <folder>/);
    });
  }
});
