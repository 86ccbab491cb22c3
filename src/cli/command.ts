import { Command, type ErrorOptions, type Help } from 'commander';
import { UsageError } from '../shared/errors.ts';

/** A command line that does not fit: as UsageError, and with the usage line of the command it was meant for. */
export class CommandLineError extends UsageError {
  readonly usage: string;

  constructor(code: string, message: string, remedy: string, usage: string, flag?: string) {
    super(code, message, remedy, { place: flag === undefined ? undefined : { flag } });
    this.usage = usage;
  }
}

/** `commander.unknownOption` → `unknown-option`. */
function codeOf(commanderCode: string): string {
  return commanderCode.replace(/^commander\./, '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Commander's Command, except that errors are thrown as typed ones and all help has one form. */
export class ToolRecCommand extends Command {
  override createCommand(name?: string): ToolRecCommand {
    return new ToolRecCommand(name);
  }

  override createHelp(): Help {
    return Object.assign(super.createHelp(), { showGlobalOptions: true, sortSubcommands: false });
  }

  override error(text: string, options: ErrorOptions = {}): never {
    const [message, ...hints] = text.replace(/^error: /, '').split('\n');
    const suggestion = hints.join(' ').replace(/^\(|\)$/g, '');
    throw new CommandLineError(
      codeOf(options.code ?? 'commander.usage'),
      sentence(message!),
      suggestion || `Run “${this.path} --help” to see what it takes.`,
      this.usageLine,
      /--[a-z][\w-]*|'(?:-[A-Za-z])/.exec(message!)?.[0].replace(/^'/, ''),
    );
  }

  /** "toolrec dataset show". */
  get path(): string {
    const above = this.parent instanceof ToolRecCommand ? `${this.parent.path} ` : '';
    return above + this.name();
  }

  get usageLine(): string {
    return `Usage: ${this.createHelp().commandUsage(this)}`;
  }
}

function sentence(text: string): string {
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.?]$/.test(capital) ? capital : `${capital}.`;
}
