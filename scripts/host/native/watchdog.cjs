// Stands in for the native part of @vscode/native-watchdog in the test host: an extension host whose server has
// gone ends itself within six seconds, with exit code 87 as there.
exports.start = (pid) => {
  setInterval(() => {
    try {
      process.kill(pid, 0);
    } catch {
      process.exit(87);
    }
  }, 3000).unref();
};
exports.exit = (code) => process.exit(code);
