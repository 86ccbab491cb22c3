/** Elements that our own figures are made of; anything else in an SVG text is left out. */
const elements = new Set([
  'svg',
  'g',
  'path',
  'line',
  'rect',
  'circle',
  'polyline',
  'polygon',
  'text',
  'tspan',
  'title',
  'desc',
  'style',
]);

/**
 * An SVG text as a node of the page: parsed as XML, never as the page's own markup, with nothing in it that runs or
 * loads. Empty when it is not SVG.
 */
export function drawing(text: string): Node {
  const parsed = new DOMParser().parseFromString(text, 'image/svg+xml').documentElement;
  if (parsed.localName !== 'svg') return document.createTextNode('');
  for (const element of [parsed, ...parsed.querySelectorAll('*')]) {
    if (!elements.has(element.localName)) {
      element.remove();
      continue;
    }
    for (const { name } of [...element.attributes])
      if (/^on/i.test(name) || /(^|:)href$/i.test(name)) element.removeAttribute(name);
  }
  return document.importNode(parsed, true);
}
