/** Where an API key is looked for: never a flag (it would be in the shell's history), never a file. */
const keyVariables = ['TOOLREC_API_KEY', 'OPENAI_API_KEY'];

export function keyOf(env: Readonly<Record<string, string | undefined>>): string | undefined {
  return keyVariables.map((name) => env[name]).find((value) => value !== undefined && value !== '');
}
