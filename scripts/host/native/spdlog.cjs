// Stands in for @vscode/spdlog in the test host: the same interface in plain Node. Its native part would have to
// be compiled (--ignore-scripts keeps it from that), and without one code-server writes no logs of extensions
// and shows nothing in output channels.
const fs = require('node:fs');
const path = require('node:path');

const names = ['trace', 'debug', 'info', 'warning', 'error', 'critical'];
const rawPattern = '%v';

/** Appends to a file, which is renamed to `<name>.1.<ext>` when it is full; the one before that is dropped. */
class Logger {
  #file;
  #maxBytes;
  #bytes = 0;
  #level = 2;
  #pattern = '[%Y-%m-%d %H:%M:%S.%e] [%l] %v';

  constructor(_kind, _name, file, maxBytes) {
    this.#file = file;
    this.#maxBytes = maxBytes || Infinity;
    fs.mkdirSync(path.dirname(file), { recursive: true });
    this.#bytes = fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  }

  trace(message) {
    this.#write(0, message);
  }
  debug(message) {
    this.#write(1, message);
  }
  info(message) {
    this.#write(2, message);
  }
  warn(message) {
    this.#write(3, message);
  }
  error(message) {
    this.#write(4, message);
  }
  critical(message) {
    this.#write(5, message);
  }
  getLevel() {
    return this.#level;
  }
  setLevel(level) {
    this.#level = level;
  }
  setPattern(pattern) {
    this.#pattern = pattern;
  }
  /** From now on messages are written as they are, without even an end of line. */
  clearFormatters() {
    this.#pattern = rawPattern;
  }
  flush() {} // every message is written at once
  drop() {}

  #write(level, message) {
    if (level < this.#level) return;
    const line = this.#pattern === rawPattern ? message : `${this.#format(level, message)}\n`;
    if (this.#bytes + line.length > this.#maxBytes) this.#rotate();
    try {
      fs.appendFileSync(this.#file, line);
      this.#bytes += Buffer.byteLength(line);
    } catch {
      // A log that cannot be written must not take its program down.
    }
  }

  #format(level, message) {
    const now = new Date();
    const two = (number) => String(number).padStart(2, '0');
    const fields = {
      Y: now.getFullYear(),
      m: two(now.getMonth() + 1),
      d: two(now.getDate()),
      H: two(now.getHours()),
      M: two(now.getMinutes()),
      S: two(now.getSeconds()),
      e: String(now.getMilliseconds()).padStart(3, '0'),
      l: names[level],
      v: message,
    };
    return this.#pattern.replace(/%([YmdHMSelv])/g, (_, field) => fields[field]);
  }

  #rotate() {
    const { dir, name, ext } = path.parse(this.#file);
    try {
      fs.renameSync(this.#file, path.join(dir, `${name}.1${ext}`));
    } catch {
      // There is nothing to move.
    }
    this.#bytes = 0;
  }
}

exports.version = 0;
exports.setLevel = () => undefined;
exports.setFlushOn = () => undefined;
exports.Logger = Logger;
exports.createRotatingLogger = async (name, file, maxBytes) => new Logger('rotating', name, file, maxBytes);
exports.createAsyncRotatingLogger = async (name, file, maxBytes) =>
  new Logger('rotating_async', name, file, maxBytes);
