/** An attribute's name as a person reads it: `release_year` → `release year`. */
export function describeAttribute(name: string): string {
  return name.replaceAll('_', ' ');
}
