/**
 * Sizes that are known only when a captured graph runs (batch, length, rows).
 *
 * TensorFlow.js shapes are plain numbers, so while recording each such dimension has a prime as its stand-in. A size
 * that TensorFlow.js derives by multiplication, `batch × length × 64` say, is read back as the product it is; the
 * graph then computes it from the shapes of its inputs. `record.ts` records twice with different primes and compares,
 * which finds any other use of a stand-in (a baked-in `1 / batch`, an addition).
 */

/** A size as `factor × Π dimension`. No dimensions: a plain number. */
export interface SymbolicSize {
  readonly factor: number;
  /** Names, one for each power, sorted. */
  readonly dimensions: readonly string[];
}

const primes = [
  10007, 10009, 10037, 10039, 10061, 10067, 10069, 10079, 10091, 10093, 10099, 10103, 10111, 10133, 10139,
  10141, 10151, 10159, 10163, 10169, 10177, 10181, 10193, 10211, 10223, 10243, 10247, 10253, 10259, 10267,
  10271, 10273,
] as const;
const round = primes.length / 2;

export class Dimensions {
  private readonly standIns = new Map<string, number>();

  /**
   * @param attempt 0 or 1: which half of the primes to use.
   * @param plainSizes sizes that occur as plain numbers; no stand-in divides any of them.
   */
  constructor(names: readonly string[], attempt: 0 | 1, plainSizes: readonly number[]) {
    const free = primes
      .slice(attempt * round, (attempt + 1) * round)
      .filter((prime) => plainSizes.every((size) => size === 0 || size % prime !== 0));
    for (const [index, name] of names.entries()) {
      const prime = free[index];
      if (prime === undefined) throw new RangeError(`No stand-in is left for dimension ${name}.`);
      this.standIns.set(name, prime);
    }
  }

  /** The number that stands for a dimension while recording. */
  standIn(dimension: number | string): number {
    if (typeof dimension === 'number') return dimension;
    const prime = this.standIns.get(dimension);
    if (prime === undefined) throw new RangeError(`There is no dimension ${dimension}.`);
    return prime;
  }

  /** Reads a recorded size back as a product of dimensions. */
  read(size: number): SymbolicSize {
    let factor = size;
    const dimensions: string[] = [];
    if (size !== 0)
      for (const [name, prime] of this.standIns)
        while (factor % prime === 0) {
          factor /= prime;
          dimensions.push(name);
        }
    return { factor, dimensions: dimensions.sort() };
  }

  isPlain(size: number): boolean {
    return this.read(size).dimensions.length === 0;
  }
}
