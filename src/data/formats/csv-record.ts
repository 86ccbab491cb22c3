/**
 * One CSV record taken apart (RFC 4180: fields in double quotes may hold the delimiter, doubled quotes and line
 * breaks). Undefined when the text ends inside a quoted field: the record goes on in the next line. Quotes inside
 * an unquoted field, and text after a closing quote, are kept as they are, as spreadsheets do.
 */
export function splitCsvRecord(text: string, delimiter: string): string[] | undefined {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    if (text.charCodeAt(at) !== 34) {
      const end = text.indexOf(delimiter, at);
      if (end < 0) {
        fields.push(text.slice(at));
        return fields;
      }
      fields.push(text.slice(at, end));
      at = end + 1;
      continue;
    }
    let value = '';
    let from = at + 1;
    for (;;) {
      const quote = text.indexOf('"', from);
      if (quote < 0) return undefined;
      value += text.slice(from, quote);
      if (text.charCodeAt(quote + 1) !== 34) {
        at = quote + 1;
        break;
      }
      value += '"';
      from = quote + 2;
    }
    const end = text.indexOf(delimiter, at);
    fields.push(value + text.slice(at, end < 0 ? undefined : end));
    if (end < 0) return fields;
    at = end + 1;
  }
}

/** Writes a record that `splitCsvRecord` reads back. */
export function joinCsvRecord(fields: readonly string[], delimiter: string): string {
  return fields
    .map((field) =>
      field.startsWith('"') || field.includes(delimiter) || /["\r\n]/.test(field)
        ? `"${field.replaceAll('"', '""')}"`
        : field,
    )
    .join(delimiter);
}
